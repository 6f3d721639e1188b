import type { LngLat } from '@/domain/vocabulary.ts'

export interface MapPlace {
  zoom: number
  center: LngLat
}

/** `zoom/lat/lng`, precise to about one pixel. */
export function encodeView(view: MapPlace): string {
  const digits = view.zoom >= 13 ? 5 : 4
  return [
    view.zoom.toFixed(2).replace(/\.?0+$/, ''),
    view.center[1].toFixed(digits),
    view.center[0].toFixed(digits),
  ].join('/')
}

/** Null for an invalid place. */
export function decodeView(text: string | null | undefined): MapPlace | null {
  const match = /^(\d{1,2}(?:\.\d+)?)\/(-?\d{1,2}(?:\.\d+)?)\/(-?\d{1,3}(?:\.\d+)?)$/.exec(
    text ?? '',
  )
  if (!match) return null
  const [zoom, lat, lng] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (zoom > 24 || Math.abs(lat) > 85 || Math.abs(lng) > 180) return null
  return { zoom, center: [lng, lat] }
}

/** Degrees of latitude per pixel (web mercator, 512-pixel tiles). */
export const latPerPixel = (zoom: number, lat: number): number =>
  (360 / (512 * 2 ** zoom)) * Math.cos((lat * Math.PI) / 180)
