import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import type { CityConfig } from '@/domain/city/config.ts'
import type { HeatGrid } from '@/domain/answers/heat-grid.ts'
import type { PointTile } from '@/domain/answers/point-tile.ts'
import type { AreaLevel, BoundingBox, LngLat, Stage } from '@/domain/vocabulary.ts'

export type MapTheme = 'light' | 'dark'
export type MapLocale = 'zh-CN' | 'en'

/** Texts of the map's own buttons; build them with `mapMessages(t)` from `./messages.ts`. */
export interface MapMessages {
  /** Name of the map for screen readers. */
  mapTitle: string
  zoomIn: string
  zoomOut: string
  resetNorth: string
  enterFullscreen: string
  exitFullscreen: string
  locate: string
  /** Units of the scale bar, as short as they are written on it. */
  meters: string
  kilometers: string
}

export interface MapView {
  center: LngLat
  /** 512-pixel tiles: 0 shows the world. */
  zoom: number
  /** Degrees clockwise from north; 0 when left out. */
  bearing?: number
}

/** `view` as reported by the engine; `bbox` is what is on screen (the box around it if rotated). */
export interface ReportedView extends Required<MapView> {
  bbox: BoundingBox
}

/** Feature `id` is `Area.idx`. */
export type AreaFeatures = FeatureCollection<Polygon | MultiPolygon, AreaProperties>
export interface AreaProperties {
  code: string
  parentCode: string | null
  path: string
  level: AreaLevel
  name: string
}

/** The choropleth: class 0 is below `breaks[0]`, class n at or above `breaks[n - 1]`. */
export interface AreaValues {
  /** By `Area.idx`; NaN, null or missing means "no value" and draws no fill. */
  values: ArrayLike<number | null>
  /** Ascending inner breaks, one fewer than `colors`; see `classBreaks` in the domain. */
  breaks: readonly number[]
  /** CSS hex colours, lowest class first; see `sequentialRamp` in `./ramps.ts`. */
  colors: readonly string[]
}

/** `Area.idx` each; the outline tells them apart (colour alone never does). */
export interface AreaHighlight {
  hovered?: number | null
  pinned?: number | null
  /** Areas of the filter. */
  selected?: readonly number[]
}

export interface PointsSource {
  /**
   * Changes whenever the answer may: filter, data cursor, scope. Tiles of another key are never
   * drawn: they are dropped at once and their requests aborted.
   */
  key: string
  /** Asked for zoom 14 to 16. Rejecting leaves the tile empty and raises `pointsError`. */
  load(z: number, x: number, y: number, signal: AbortSignal): Promise<PointTile>
  /** CSS hex colour by `Category.idx`. */
  colors: readonly (string | undefined)[]
}

/** An incident under the pointer. */
export interface PointHit {
  id: string
  /** `Category.idx`. */
  category: number
  stage: Stage
  onHold: boolean
  lngLat: LngLat
}

export type LocateFailure = 'denied' | 'unavailable' | 'timeout' | 'insecure' | 'unsupported'
export type LocateResult =
  | { ok: true; lngLat: LngLat; accuracyMeters: number; insideCity: boolean }
  | { ok: false; reason: LocateFailure }

/** Pixels from the container's top left corner. */
export interface PixelPoint {
  x: number
  y: number
}

export interface MapEvents {
  /** The view came to rest (debounced 150 ms), by hand or by code. */
  view: ReportedView
  /** Area of the drawn level under the pointer; null on leaving. A point above it wins. */
  areaHover: { idx: number; pixel: PixelPoint } | null
  areaClick: { idx: number; lngLat: LngLat; pixel: PixelPoint }
  /** Incidents under the pointer, several when they share a place; null on leaving. */
  pointHover: { hits: PointHit[]; pixel: PixelPoint } | null
  pointClick: { hits: PointHit[]; lngLat: LngLat; pixel: PixelPoint }
  /** Neither an incident nor an area. */
  backgroundClick: { lngLat: LngLat; pixel: PixelPoint }
  /** What the tiles in view hold: `shown < total` means the answer was capped. Null below zoom 14. */
  pointTotals: { shown: number; total: number } | null
  pointsError: unknown
  /** Outcome of the locate button or of `locate()`. */
  locate: LocateResult
  fullscreen: boolean
  /** The map cannot be drawn (no WebGL 2, context lost): show the table view instead. */
  fatal: Error
}

export interface MapEngineOptions {
  city: CityConfig
  theme: MapTheme
  locale: MapLocale
  messages: MapMessages
  /** Defaults to the city's box. */
  view?: MapView
  /** Zoom, compass, locate and full-screen buttons drawn by the map itself; true when left out. */
  controls?: boolean
  /** What fills the screen; defaults to the container. */
  fullscreenElement?: HTMLElement
}

/**
 * The map. Every setter may be called at once and in any order, before the style has loaded too:
 * the engine keeps what is wanted and draws it as soon as it can. No setter throws on a map that
 * has been destroyed; it does nothing.
 */
export interface MapEngine {
  setTheme(theme: MapTheme): void
  setLocale(locale: MapLocale, messages: MapMessages): void

  getView(): ReportedView
  /** Jumps unless `animate`; people who ask for less motion never get an animation. */
  setView(view: MapView, options?: { animate?: boolean }): void
  fitBounds(bbox: BoundingBox, options?: { animate?: boolean; paddingPixels?: number }): void
  zoomIn(): void
  zoomOut(): void
  resetNorth(): void
  toggleFullscreen(): Promise<void>
  /** Asks the device, shows dot and accuracy circle, moves there. Never rejects. */
  locate(): Promise<LocateResult>
  clearLocation(): void

  /** Geometry of one level, loaded once; giving the same object again costs nothing. */
  setAreas(level: AreaLevel, features: AreaFeatures): void
  /** Which level is drawn; null draws none. See `levelForZoom`. */
  setAreaLevel(level: AreaLevel | null): void
  /** Colours of the drawn level; null leaves outlines only. Feature state alone: no re-tiling. */
  setAreaValues(values: AreaValues | null): void
  setAreaHighlight(highlight: AreaHighlight): void

  /** Drawn under labels and outlines; fades out from zoom 14, where points take over. */
  setHeat(heat: HeatGrid | null): void

  setPoints(points: PointsSource | null): void
  setPointHighlight(highlight: { hovered?: string | null; pinned?: string | null }): void
  /** A pin that does not depend on the tiles, for the open incident; null removes it. */
  setMarker(marker: { lngLat: LngLat; color: string } | null): void

  /** Returns the way to stop listening. */
  on<E extends keyof MapEvents>(event: E, listener: (payload: MapEvents[E]) => void): () => void
  /** After a change of the container's size that the engine cannot see itself. */
  resize(): void
  /** Resolves when everything asked for so far is drawn and nothing loads any more. */
  whenIdle(): Promise<void>
  /** The next repaint, at once: for measuring. */
  whenRendered(): Promise<void>
  destroy(): void
}

/** What of the page a small map follows. */
export interface MapLook {
  theme: MapTheme
  locale: MapLocale
  messages: MapMessages
}

export interface LocatorMapOptions {
  city: CityConfig
  look: MapLook
  lngLat: LngLat
  /** CSS hex colour of the pin. */
  color: string
  zoom?: number
}

/** A small map of one place: no buttons, no interaction but what the caller adds. */
export interface LocatorMap {
  setLook(look: MapLook): void
  setPlace(lngLat: LngLat, color: string): void
  whenIdle(): Promise<void>
  destroy(): void
}
