import { Map as MapLibreMap, type LngLatBoundsLike } from 'maplibre-gl'
import 'maplibre-gl/dist/maplibre-gl.css'
import type { CityConfig } from '@/domain/city/config.ts'
import type { BoundingBox } from '@/domain/vocabulary.ts'
import './map.css'
import { setUpMaps } from './map-setup.ts'
import { baseStyle, groundColor } from './style/base-style.ts'
import { sourceIds } from './style/layer-ids.ts'
import type { MapLocale, MapTheme, MapView } from './types.ts'

export interface MapCanvasOptions {
  city: CityConfig
  theme: MapTheme
  locale: MapLocale
  title: string
  view: MapView | undefined
  /** Used without a view; defaults to the city. */
  box?: BoundingBox | undefined
  interactive: boolean
  /** One finger scrolls the page; two move the map. */
  isInPage?: boolean
  /** Told whether streets are drawn, once that is known. */
  onStreets?: (drawn: boolean) => void
}

/** @throws when WebGL 2 is missing */
export function createMapCanvas(container: HTMLElement, options: MapCanvasOptions): MapLibreMap {
  setUpMaps()
  container.classList.add('wangge-map')
  container.dataset['mapTheme'] = options.theme
  const { city, view, box = options.city.bbox } = options
  showGround(container, city)
  const map = new MapLibreMap({
    container,
    style: baseStyle(city, options.theme, options.locale),
    ...(view
      ? { center: [...view.center], zoom: view.zoom, bearing: view.bearing ?? 0 }
      : { bounds: boundsOf(box), fitBoundsOptions: { padding: 16 } }),
    interactive: options.interactive,
    cooperativeGestures: options.isInPage ?? false,
    attributionControl: false,
    maxPitch: 0,
    pitchWithRotate: false,
    maxZoom: 19,
    maxBounds: boundsOf(surroundings(city.bbox)),
    renderWorldCopies: false,
    // Fading labels delay every measurement and screenshot.
    fadeDuration: 0,
    localIdeographFontFamily: 'Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif',
    validateStyle: false,
  })
  // Without basemap tiles show land: blue would look like water.
  let hasBasemap = false
  map.on('error', (event) => {
    if (!isOfBasemap(event) || hasBasemap) return
    showGround(container, { ...city, basemap: null })
    options.onStreets?.(false)
  })
  map.on('sourcedata', (event) => {
    if (hasBasemap || !isOfBasemap(event) || !event.tile) return
    hasBasemap = true
    showGround(container, city)
    options.onStreets?.(true)
  })
  map.touchZoomRotate.disableRotation()
  map.once('style.load', () => leaveOutSky(map))
  titleCanvas(map, options.title)
  return map
}

function showGround(container: HTMLElement, city: CityConfig): void {
  for (const theme of ['light', 'dark'] as const)
    container.style.setProperty(`--map-ground-${theme}`, groundColor(city, theme))
}
const isOfBasemap = (event: object): boolean =>
  (event as { sourceId?: unknown }).sourceId === sourceIds.basemap

/**
 * MapLibre shades even a transparent sky: a quarter of a frame without a graphics card. No option
 * turns it off.
 */
function leaveOutSky({ style }: MapLibreMap): void {
  Object.assign(style.sky, { getEvaluated: () => undefined })
}

/** For screen readers. */
export const titleCanvas = (map: MapLibreMap, title: string): void =>
  map.getCanvas().setAttribute('aria-label', title)

export const boundsOf = ([west, south, east, north]: BoundingBox): LngLatBoundsLike => [
  [west, south],
  [east, north],
]

/** Adds the city's size on each side, for wide screens. */
function surroundings([west, south, east, north]: BoundingBox): BoundingBox {
  const [width, height] = [east - west, north - south]
  return [
    Math.max(-180, west - width),
    Math.max(-85, south - height),
    Math.min(180, east + width),
    Math.min(85, north + height),
  ]
}
