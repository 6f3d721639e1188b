import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import type { CityConfig } from '@/domain/city/config.ts'
import type { CellGrid } from '@/domain/answers/cell-grid.ts'
import type { HeatGrid } from '@/domain/answers/heat-grid.ts'
import type { PointTile } from '@/domain/answers/point-tile.ts'
import type { AreaLevel, BoundingBox, LngLat, Stage } from '@/domain/vocabulary.ts'

export type MapTheme = 'light' | 'dark'
export type MapLocale = 'zh-CN' | 'en'

export interface MapMessages {
  mapTitle: string
  zoomIn: string
  zoomOut: string
  resetNorth: string
  enterFullscreen: string
  exitFullscreen: string
  locate: string
  meters: string
  kilometers: string
  /** In place of the attribution where no streets are drawn. */
  noStreets: string
}

export interface MapView {
  center: LngLat
  /** 512-pixel tiles. */
  zoom: number
  /** Degrees clockwise from north. */
  bearing?: number
}

/** `bbox` also surrounds a rotated view. */
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

/** Drawn as hatching: too few to judge. Other negative classes draw no fill. */
export const hatchedClass = -2

export interface AreaValues {
  /** By `Area.idx`: an index in `colors`, or negative. */
  classes: ArrayLike<number>
  /** CSS hex, opaque: the colours on the screen. */
  colors: readonly string[]
}

export interface CellValues {
  grid: CellGrid
  /** Numbers of the cells drawn. */
  cells: ArrayLike<number>
  /** An index in `colors` for each of `cells`. */
  classes: ArrayLike<number>
  /** CSS hex, opaque. */
  colors: readonly string[]
}

/** Spots with a number each, drawn above areas. */
export interface PlaceMarks {
  /** Place in the list is the id that `placeClick` tells. */
  list: readonly PlaceMark[]
  /** −1: none. */
  chosen: number
}

export interface PlaceMark {
  lngLat: LngLat
  count: number
  /** Outline; fewer than three corners draw none. */
  hull: readonly LngLat[]
  /** CSS hex. */
  color: string
}

/** Each is an `Area.idx`. */
export interface AreaHighlight {
  hovered?: number | null
  pinned?: number | null
  selected?: readonly number[]
}

export interface PointHighlight {
  hovered?: string | null
  pinned?: string | null
}

export interface MapPin {
  lngLat: LngLat
  /** CSS hex. */
  color: string
}

/** Drawn left of the divider, over the same streets and areas. */
export interface Compared {
  areaValues: AreaValues | null
  points: PointsSource | null
}

export interface PointsSource {
  /**
   * Changes with filter, data cursor or scope. Tiles of another key are dropped, their requests
   * aborted.
   */
  key: string
  /** For zoom 14 to 16. A rejection leaves the tile empty and emits `pointsError`. */
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
  /** The demo's script took its steps. */
  isGenerated: boolean
  lngLat: LngLat
}

/** Of the tiles in view; `shown < total` means capped. */
export interface PointTotals {
  shown: number
  total: number
  /** Incidents at places without a dot. */
  hidden: number
  /** Closer tiles are not cut: zooming in draws no more. */
  isClosest: boolean
}

export type LocateFailure = 'denied' | 'unavailable' | 'timeout' | 'insecure' | 'unsupported'
export type LocateResult =
  | { ok: true; lngLat: LngLat; accuracyMeters: number; insideCity: boolean }
  | { ok: false; reason: LocateFailure }

/** From the container's top left. */
export interface PixelPoint {
  x: number
  y: number
}

export interface MapEvents {
  /** Debounced by 150 ms. */
  view: ReportedView
  /** Null on leaving. Points win over areas. */
  areaHover: { idx: number; pixel: PixelPoint } | null
  /** `isAdding`: with Ctrl, Cmd or Shift. Comes once no second click has followed. */
  areaClick: { idx: number; lngLat: LngLat; pixel: PixelPoint; isAdding: boolean }
  /** Several at a shared place; null on leaving. */
  pointHover: { hits: PointHit[]; count: number; pixel: PixelPoint } | null
  /** `count` is true; a capped tile gives fewer hits. */
  pointClick: { hits: PointHit[]; count: number; lngLat: LngLat; pixel: PixelPoint }
  /** Index in `PlaceMarks.list`. Places win over points and areas. */
  placeClick: { place: number }
  backgroundClick: { lngLat: LngLat; pixel: PixelPoint }
  /** Null below zoom 14. */
  pointTotals: PointTotals | null
  pointsError: unknown
  locate: LocateResult
  fullscreen: boolean
  /** No WebGL 2, or context lost: show the table view. */
  fatal: Error
}

export interface MapEngineOptions {
  city: CityConfig
  theme: MapTheme
  locale: MapLocale
  messages: MapMessages
  /** Defaults to the city's box. */
  view?: MapView
  /** Default true. */
  controls?: boolean
  /** Defaults to the container. */
  fullscreenElement?: HTMLElement
}

/** Setters work in any order, also before the style has loaded; after `destroy` they do nothing. */
export interface MapEngine {
  setTheme(theme: MapTheme): void
  setLocale(locale: MapLocale, messages: MapMessages): void

  getView(): ReportedView
  /** Never animates under reduced motion. */
  setView(view: MapView, options?: { animate?: boolean }): void
  fitBounds(bbox: BoundingBox, options?: { animate?: boolean; paddingPixels?: number }): void
  zoomIn(): void
  zoomOut(): void
  resetNorth(): void
  toggleFullscreen(): Promise<void>
  /** Never rejects. */
  locate(): Promise<LocateResult>
  clearLocation(): void

  /** The same object again costs nothing. */
  setAreas(level: AreaLevel, features: AreaFeatures): void
  setAreaLevel(level: AreaLevel | null): void
  /** Null leaves outlines only. */
  setAreaValues(values: AreaValues | null): void
  setAreaHighlight(highlight: AreaHighlight): void

  setCells(cells: CellValues | null): void
  setHeat(heat: HeatGrid | null): void
  setPlaces(places: PlaceMarks | null): void

  setPoints(points: PointsSource | null): void
  setPointHighlight(highlight: PointHighlight): void
  /** Pin independent of tiles; null removes it. */
  setMarker(marker: MapPin | null): void

  /** Opens a second map left of the divider; null closes it. @throws without a graphics context */
  setCompared(compared: Compared | null): void
  /** Where the second map ends: share of the width from the left. */
  setDivider(share: number): void

  /** Pictures the map as it is seen now, in device pixels; pins are left out. @throws when it cannot be drawn */
  picture(): Promise<HTMLCanvasElement>

  on<E extends keyof MapEvents>(event: E, listener: (payload: MapEvents[E]) => void): () => void
  /** For size changes that the engine cannot see. */
  resize(): void
  /** Resolves when nothing loads any more. */
  whenIdle(): Promise<void>
  /** Forces a repaint; for measuring. */
  whenRendered(): Promise<void>
  destroy(): void
}

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
  /** The graphics are gone: destroy the map. */
  onLost: () => void
}

export interface LocatorMap {
  setLook(look: MapLook): void
  setPlace(lngLat: LngLat, color: string): void
  whenIdle(): Promise<void>
  destroy(): void
}
