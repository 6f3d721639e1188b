import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import type { CityConfig } from '@/domain/city/config.ts'
import type { HeatGrid } from '@/domain/answers/heat-grid.ts'
import type { PointTile } from '@/domain/answers/point-tile.ts'
import type { AreaLevel, BoundingBox, LngLat, Stage } from '@/domain/vocabulary.ts'

export type MapTheme = 'light' | 'dark'
export type MapLocale = 'zh-CN' | 'en'

/** Texts of the map's buttons; see `mapMessages(t)`. */
export interface MapMessages {
  /** For screen readers. */
  mapTitle: string
  zoomIn: string
  zoomOut: string
  resetNorth: string
  enterFullscreen: string
  exitFullscreen: string
  locate: string
  /** Short unit names on the scale bar. */
  meters: string
  kilometers: string
}

export interface MapView {
  center: LngLat
  /** For 512-pixel tiles; 0 shows the world. */
  zoom: number
  /** Degrees clockwise from north; defaults to 0. */
  bearing?: number
}

/** `bbox` surrounds the visible part, also when rotated. */
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

/** Class 0 is below `breaks[0]`; class n is at or above `breaks[n - 1]`. */
export interface AreaValues {
  /** By `Area.idx`. NaN, null or missing draws no fill. */
  values: ArrayLike<number | null>
  /** Ascending, one fewer than `colors`; see `classBreaks`. */
  breaks: readonly number[]
  /** CSS hex, lowest class first; see `sequentialRamp`. */
  colors: readonly string[]
}

/** Each is an `Area.idx`. Outlines differ in width too, not in colour alone. */
export interface AreaHighlight {
  hovered?: number | null
  pinned?: number | null
  /** Areas in the filter. */
  selected?: readonly number[]
}

export interface PointsSource {
  /**
   * Changes with filter, data cursor or scope. Tiles of another key are dropped and their requests
   * aborted.
   */
  key: string
  /** Called for zoom 14 to 16. A rejection leaves the tile empty and emits `pointsError`. */
  load(z: number, x: number, y: number, signal: AbortSignal): Promise<PointTile>
  /** CSS hex by `Category.idx`. */
  colors: readonly (string | undefined)[]
}

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

/** From the container's top left corner. */
export interface PixelPoint {
  x: number
  y: number
}

export interface MapEvents {
  /** Debounced by 150 ms. */
  view: ReportedView
  /** Area of the drawn level; null on leaving. Points win over areas. */
  areaHover: { idx: number; pixel: PixelPoint } | null
  areaClick: { idx: number; lngLat: LngLat; pixel: PixelPoint }
  /** Several when incidents share a place; null on leaving. */
  pointHover: { hits: PointHit[]; pixel: PixelPoint } | null
  pointClick: { hits: PointHit[]; lngLat: LngLat; pixel: PixelPoint }
  /** Click on no incident and no area. */
  backgroundClick: { lngLat: LngLat; pixel: PixelPoint }
  /** Sums of the tiles in view; `shown < total` means capped. Null below zoom 14. */
  pointTotals: { shown: number; total: number } | null
  pointsError: unknown
  /** Result of the button or of `locate()`. */
  locate: LocateResult
  fullscreen: boolean
  /** No WebGL 2, or context lost: show the table view instead. */
  fatal: Error
}

export interface MapEngineOptions {
  city: CityConfig
  theme: MapTheme
  locale: MapLocale
  messages: MapMessages
  /** Defaults to the city's box. */
  view?: MapView
  /** Shows the map's own buttons; default true. */
  controls?: boolean
  /** Defaults to the container. */
  fullscreenElement?: HTMLElement
}

/**
 * Setters may be called in any order, also before the style has loaded: the engine keeps the
 * values. After `destroy` they do nothing.
 */
export interface MapEngine {
  setTheme(theme: MapTheme): void
  setLocale(locale: MapLocale, messages: MapMessages): void

  getView(): ReportedView
  /** Jumps unless `animate`; never animates under reduced motion. */
  setView(view: MapView, options?: { animate?: boolean }): void
  fitBounds(bbox: BoundingBox, options?: { animate?: boolean; paddingPixels?: number }): void
  zoomIn(): void
  zoomOut(): void
  resetNorth(): void
  toggleFullscreen(): Promise<void>
  /** Shows the device's place and moves there. Never rejects. */
  locate(): Promise<LocateResult>
  clearLocation(): void

  /** Geometry of one level; the same object again costs nothing. */
  setAreas(level: AreaLevel, features: AreaFeatures): void
  /** Null draws no level. See `levelForZoom`. */
  setAreaLevel(level: AreaLevel | null): void
  /** Null leaves outlines only. Changes feature state, so no re-tiling. */
  setAreaValues(values: AreaValues | null): void
  setAreaHighlight(highlight: AreaHighlight): void

  /** Lies under labels and outlines; fades out around zoom 14. */
  setHeat(heat: HeatGrid | null): void

  setPoints(points: PointsSource | null): void
  setPointHighlight(highlight: { hovered?: string | null; pinned?: string | null }): void
  /** Pin of the open incident, independent of tiles; null removes it. */
  setMarker(marker: { lngLat: LngLat; color: string } | null): void

  /** Returns the function that stops listening. */
  on<E extends keyof MapEvents>(event: E, listener: (payload: MapEvents[E]) => void): () => void
  /** Call after size changes that the engine cannot see. */
  resize(): void
  /** Resolves when everything is drawn and nothing loads. */
  whenIdle(): Promise<void>
  /** Resolves after an immediate repaint; for measuring. */
  whenRendered(): Promise<void>
  destroy(): void
}

/** Page settings that a small map follows. */
export interface MapLook {
  theme: MapTheme
  locale: MapLocale
  messages: MapMessages
}

export interface LocatorMapOptions {
  city: CityConfig
  look: MapLook
  lngLat: LngLat
  /** CSS hex. */
  color: string
  zoom?: number
}

/** Small map of one place, without buttons or interaction. */
export interface LocatorMap {
  setLook(look: MapLook): void
  setPlace(lngLat: LngLat, color: string): void
  whenIdle(): Promise<void>
  destroy(): void
}
