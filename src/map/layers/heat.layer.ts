import type { Map as MapLibreMap } from 'maplibre-gl'
import type { HeatGrid } from '@/domain/answers/heat-grid.ts'
import { heatRamp } from '../ramps.ts'
import { layerIds } from '../style/layer-ids.ts'
import type { MapTheme } from '../types.ts'
import { PictureLayer } from './picture-layer.ts'

/** Fades out around zoom 14, where points begin. */
export class HeatLayer {
  #map: MapLibreMap | null = null
  #layer: PictureLayer | null = null
  #theme: MapTheme
  #heat: HeatGrid | null = null

  constructor(theme: MapTheme) {
    this.#theme = theme
  }

  attach(map: MapLibreMap): void {
    this.#map = map
    this.#draw()
  }

  setTheme(theme: MapTheme): void {
    this.#theme = theme
    this.#draw()
  }

  /** @throws RangeError when `density` is not `width` × `height` values */
  set(heat: HeatGrid | null): void {
    if (heat && heat.density.length !== heat.width * heat.height)
      throw new RangeError(`heat: ${heat.density.length} values for ${heat.width} × ${heat.height}`)
    this.#heat = heat
    this.#draw()
  }

  #draw(): void {
    const map = this.#map
    if (!map) return
    if (!this.#layer) {
      if (!this.#heat) return
      this.#layer = new PictureLayer(layerIds.heat, () => map.getZoom(), heatOpacity)
      map.addLayer(this.#layer, layerIds.belowOutlines)
    }
    const heat = this.#heat
    this.#layer.set(heat && { ...heat, pixels: colorize(heat.density, this.#theme) })
    map.triggerRepaint()
  }
}

const heatOpacity = (zoom: number): number => 0.85 * Math.min(1, Math.max(0, 14.5 - zoom))

/** RGBA pixels. */
export function colorize(density: Uint8Array, theme: MapTheme): Uint8ClampedArray<ArrayBuffer> {
  // One 32-bit copy a pixel, in the machine's byte order.
  const table = new Uint32Array(heatRamp(theme).buffer)
  const pixels = new Uint32Array(density.length)
  for (let i = 0; i < density.length; i++) pixels[i] = table[density[i]!]!
  return new Uint8ClampedArray(pixels.buffer)
}
