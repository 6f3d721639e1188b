import type { ExpressionSpecification, Map as MapLibreMap } from 'maplibre-gl'
import { finalStages, stages, type BoundingBox } from '@/domain/vocabulary.ts'
import { incidentLayer } from '../protocols/incident-tile.ts'
import { PointFeed, TileCache } from '../protocols/points-protocol.ts'
import { palettes } from '../style/flavors.ts'
import { layerIds, sourceIds } from '../style/layer-ids.ts'
import { setPaint } from '../style/set-paint.ts'
import type { MapTheme, PointsSource, PointTotals } from '../types.ts'

export const minPointZoom = 14
export const maxPointZoom = 16
const now = { duration: 0, delay: 0 }

/**
 * Colour is the category, shape the stage. Disc: open. Disc with dark centre: awaits verification.
 * Ring: final. Two bars: on hold. Number: several at one place.
 */
export class PointsLayer {
  #map: MapLibreMap | null = null
  #theme: MapTheme
  #source: PointsSource | null = null
  #feed: PointFeed | null = null
  readonly #cache = new TileCache()
  readonly #onError: (error: unknown) => void
  #highlight: { hovered?: string | null; pinned?: string | null } = {}
  #drawn = new Map<string, { hovered: boolean; pinned: boolean }>()

  constructor(theme: MapTheme, onError: (error: unknown) => void) {
    this.#theme = theme
    this.#onError = onError
  }

  attach(map: MapLibreMap): void {
    this.#map = map
    this.#open()
    // A new tile may hold the highlighted incident, drawn under another's id.
    map.on('sourcedata', (event) => {
      if (event.sourceId === sourceIds.points && event.tile) this.#drawHighlight()
    })
  }

  setTheme(theme: MapTheme): void {
    this.#theme = theme
    this.#paint()
  }

  set(source: PointsSource | null): void {
    const sameAnswer = source?.key === this.#source?.key
    this.#source = source
    if (sameAnswer && this.#feed) this.#paint()
    else this.#open()
  }

  setHighlight(highlight: { hovered?: string | null; pinned?: string | null }): void {
    this.#highlight = highlight
    this.#drawHighlight()
  }

  /** Null below zoom 14 or without points. */
  totals(zoom: number, bbox: BoundingBox): PointTotals | null {
    if (!this.#feed || zoom < minPointZoom) return null
    const z = Math.min(maxPointZoom, Math.floor(zoom))
    const [west, north] = tileAt(bbox[0], bbox[3], z)
    const [east, south] = tileAt(bbox[2], bbox[1], z)
    const sum = { shown: 0, total: 0, hidden: 0, isClosest: z === maxPointZoom }
    for (let x = west; x <= east; x++)
      for (let y = north; y <= south; y++) {
        const tile = this.#feed.totals(z, x, y)
        sum.shown += tile?.shown ?? 0
        sum.total += tile?.total ?? 0
        sum.hidden += tile?.hidden ?? 0
      }
    return sum
  }

  close(): void {
    this.#feed?.close()
    this.#feed = null
  }

  /** Replaces the source: the old one shows its tiles until new ones arrive. */
  #open(): void {
    this.close()
    this.#drawn.clear()
    const map = this.#map
    if (!map) return
    for (const id of [layerIds.pointMark, layerIds.pointCircle, layerIds.pointHalo])
      if (map.getLayer(id)) map.removeLayer(id)
    if (map.getSource(sourceIds.points)) map.removeSource(sourceIds.points)
    if (!this.#source) return
    this.#feed = new PointFeed(this.#source, this.#cache, this.#onError)
    map.addSource(sourceIds.points, {
      type: 'vector',
      tiles: [this.#feed.url],
      minzoom: minPointZoom,
      maxzoom: maxPointZoom,
      promoteId: 'id',
    })
    const common = {
      source: sourceIds.points,
      'source-layer': incidentLayer,
      minzoom: minPointZoom,
    }
    const order = { 'circle-sort-key': ['-', 0, ['get', 'stage']] as ExpressionSpecification }
    const before = layerIds.aboveLabels
    map.addLayer({ ...common, id: layerIds.pointHalo, type: 'circle', layout: order }, before)
    map.addLayer({ ...common, id: layerIds.pointCircle, type: 'circle', layout: order }, before)
    map.addLayer({ ...common, id: layerIds.pointMark, type: 'symbol', layout: markLayout }, before)
    this.#paint()
    this.#drawHighlight()
  }

  #paint(): void {
    const map = this.#map
    if (!map || !this.#feed || !this.#source) return
    const palette = palettes[this.#theme]
    const color = categoryColor(this.#source.colors, palette.boundary)
    const over: ExpressionSpecification = ['==', ['get', 'count'], 1]
    const hollow: ExpressionSpecification = [
      'all',
      over,
      ['in', ['get', 'stage'], ['literal', finalIndexes]],
    ]
    const pinned: ExpressionSpecification = ['boolean', ['feature-state', 'pinned'], false]
    const hovered: ExpressionSpecification = ['boolean', ['feature-state', 'hovered'], false]
    setPaint(map, layerIds.pointHalo, {
      'circle-color': [
        'case',
        pinned,
        palette.pinned,
        hovered,
        palette.accent,
        palette.pointGround,
      ],
      'circle-opacity': ['case', ['any', pinned, hovered], 1, 0.9],
      'circle-radius': radius(['case', pinned, 5, hovered, 4, 1.6]),
      'circle-radius-transition': now,
      'circle-color-transition': now,
      'circle-opacity-transition': now,
    })
    setPaint(map, layerIds.pointCircle, {
      'circle-color': ['case', hollow, palette.pointGround, color],
      'circle-radius': radius(['case', hollow, -1.1, 0]),
      'circle-stroke-color': color,
      'circle-stroke-width': ['case', hollow, 2.2, 0],
    })
    setPaint(map, layerIds.pointMark, {
      'text-color': ['case', over, palette.pointGround, palette.pointText],
    })
  }

  #drawHighlight(): void {
    const map = this.#map
    if (!map || !this.#feed) return
    const next = new Map<string, { hovered: boolean; pinned: boolean }>()
    const { hovered, pinned } = this.#highlight
    if (hovered) next.set(this.#feed.drawnId(hovered), { hovered: true, pinned: false })
    if (pinned) {
      const id = this.#feed.drawnId(pinned)
      next.set(id, { hovered: next.has(id), pinned: true })
    }
    const target = { source: sourceIds.points, sourceLayer: incidentLayer }
    for (const id of this.#drawn.keys())
      if (!next.has(id)) map.setFeatureState({ ...target, id }, { hovered: false, pinned: false })
    for (const [id, state] of next) {
      const old = this.#drawn.get(id)
      if (old?.hovered !== state.hovered || old.pinned !== state.pinned)
        map.setFeatureState({ ...target, id }, { ...state })
    }
    this.#drawn = next
  }
}

const finalIndexes = stages.flatMap((stage, index) => (finalStages.includes(stage) ? [index] : []))

const handledIndex = stages.indexOf('handled')

const markLayout = {
  'text-field': [
    'case',
    ['>', ['get', 'count'], 99],
    '99+',
    ['>', ['get', 'count'], 1],
    ['to-string', ['get', 'count']],
    ['==', ['get', 'onHold'], 1],
    'II',
    ['==', ['get', 'stage'], handledIndex],
    '•',
    '',
  ] as ExpressionSpecification,
  'text-font': ['Noto Sans Bold,PingFang SC'],
  'text-size': [
    'interpolate',
    ['linear'],
    ['zoom'],
    14,
    ['case', ['>', ['get', 'count'], 99], 8, 9],
    18,
    ['case', ['>', ['get', 'count'], 99], 10, 13],
  ] as ExpressionSpecification,
  'text-allow-overlap': true,
  'text-ignore-placement': true,
}

/** Pixels. A point with a number is larger. */
function radius(extra: ExpressionSpecification | number): ExpressionSpecification {
  const at = (single: number, several: number): ExpressionSpecification => [
    '+',
    ['case', ['>', ['get', 'count'], 1], several, single],
    extra,
  ]
  return ['interpolate', ['linear'], ['zoom'], 14, at(4.6, 7.2), 16, at(6.5, 9), 18, at(9, 11.5)]
}

function categoryColor(
  colors: readonly (string | undefined)[],
  fallback: string,
): ExpressionSpecification | string {
  const stops = colors.flatMap((color, index) => (color ? [index, color] : []))
  if (stops.length === 0) return fallback
  return ['match', ['get', 'category'], ...stops, fallback] as unknown as ExpressionSpecification
}

function tileAt(lng: number, lat: number, z: number): [x: number, y: number] {
  const size = 2 ** z
  const sine = Math.sin((lat * Math.PI) / 180)
  const x = Math.floor(((lng + 180) / 360) * size)
  const y = Math.floor((0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * size)
  return [Math.min(size - 1, Math.max(0, x)), Math.min(size - 1, Math.max(0, y))]
}
