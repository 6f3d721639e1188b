import type { Map as MapLibreMap, MapMouseEvent } from 'maplibre-gl'
import type { AreaLevel, LngLat } from '@/domain/vocabulary.ts'
import type { Emitter } from './emitter.ts'
import { hitsFromProperties, type IncidentProperties } from './protocols/incident-tile.ts'
import { layerIds } from './style/layer-ids.ts'
import type { MapEvents, PixelPoint, PointHit } from './types.ts'

/** Within it a second click makes a double click. */
const pairMs = 250
/** Half the side of the hit square. */
const reachPixels = { mouse: 3, touch: 12 }

interface Found {
  hits: PointHit[]
  /** With those that a capped tile left out. */
  count: number
}
const none: Found = { hits: [], count: 0 }

export interface PointerOptions {
  drawnLevel: () => AreaLevel | null
  /** The map seen at a place of this one: its points are meant. */
  mapAt: (pixel: PixelPoint) => MapLibreMap
}

export function listenToPointer(
  map: MapLibreMap,
  events: Emitter<MapEvents>,
  { drawnLevel, mapAt }: PointerOptions,
): void {
  let hoveredArea: number | null = null
  let waiting: { idx: number; choose: () => void; timer: ReturnType<typeof setTimeout> } | null =
    null
  function stopWaiting(): void {
    if (waiting) clearTimeout(waiting.timer)
    waiting = null
  }
  let hoveredPoints = ''

  const hover = (event: MapMouseEvent | null): void => {
    const isPlace = event !== null && placeAt(map, event) !== null
    const found = event && !isPlace ? pointsAt(mapAt(event.point), event, reachPixels.mouse) : none
    const { hits, count } = found
    const idx = event && hits.length === 0 && !isPlace ? areaAt(map, event, drawnLevel()) : null
    const pixel = event ? { x: event.point.x, y: event.point.y } : { x: 0, y: 0 }
    const names = hits.map(({ id }) => id).join()
    if (names !== hoveredPoints || hits.length > 0)
      events.emit('pointHover', hits.length > 0 ? { hits, count, pixel } : null)
    if (idx !== hoveredArea || idx !== null)
      events.emit('areaHover', idx === null ? null : { idx, pixel })
    hoveredPoints = names
    hoveredArea = idx
    map.getCanvas().style.cursor = isPlace || hits.length > 0 || idx !== null ? 'pointer' : ''
  }

  map.on('mousemove', (event) => {
    // Dragging moves the map under the pointer: no hover is meant.
    if (!map.isMoving()) hover(event)
  })
  map.on('mouseout', () => hover(null))
  map.on('dragstart', () => hover(null))

  map.on('click', (event) => {
    const lngLat: LngLat = [event.lngLat.lng, event.lngLat.lat]
    const pixel = { x: event.point.x, y: event.point.y }
    const isTouch =
      'pointerType' in event.originalEvent && event.originalEvent.pointerType === 'touch'
    const place = placeAt(map, event)
    if (place !== null) return events.emit('placeClick', { place })
    const { hits, count } = pointsAt(
      mapAt(event.point),
      event,
      isTouch ? reachPixels.touch : reachPixels.mouse,
    )
    if (hits.length > 0) return events.emit('pointClick', { hits, count, lngLat, pixel })
    const idx = areaAt(map, event, drawnLevel())
    if (idx === null) return events.emit('backgroundClick', { lngLat, pixel })
    const { ctrlKey, metaKey, shiftKey } = event.originalEvent
    const isAdding = ctrlKey || metaKey || shiftKey
    const first = waiting
    stopWaiting()
    // The second click of a pair zooms: then none of them chooses.
    if (first?.idx === idx) return
    first?.choose()
    const choose = (): void => {
      waiting = null
      events.emit('areaClick', { idx, lngLat, pixel, isAdding })
    }
    waiting = { idx, choose, timer: setTimeout(choose, pairMs) }
  })
  map.on('remove', stopWaiting)
}

function areaAt(map: MapLibreMap, event: MapMouseEvent, level: AreaLevel | null): number | null {
  if (!level || !map.getLayer(layerIds.areaFill(level))) return null
  const [feature] = map.queryRenderedFeatures(event.point, { layers: [layerIds.areaFill(level)] })
  return feature?.id === undefined ? null : Number(feature.id)
}

function placeAt(map: MapLibreMap, event: MapMouseEvent): number | null {
  if (!map.getLayer(layerIds.placeCircle)) return null
  const [feature] = map.queryRenderedFeatures(event.point, { layers: [layerIds.placeCircle] })
  return feature?.id === undefined ? null : Number(feature.id)
}

/** Topmost first, each incident once. */
function pointsAt(map: MapLibreMap, event: MapMouseEvent, reach: number): Found {
  if (!map.getLayer(layerIds.pointCircle)) return none
  const { x, y } = event.point
  const features = map.queryRenderedFeatures(
    [
      [x - reach, y - reach],
      [x + reach, y + reach],
    ],
    { layers: [layerIds.pointCircle] },
  )
  const hits = new Map<string, PointHit>()
  let covered = 0
  for (const { geometry, properties } of features) {
    if (geometry.type !== 'Point') continue
    const [lng = 0, lat = 0] = geometry.coordinates
    const found = hitsFromProperties(properties as IncidentProperties, [lng, lat])
    // a dot on the edge of two tiles comes twice
    if (found.every(({ id }) => hits.has(id))) continue
    covered += Number(properties.count) - found.length
    for (const hit of found) if (!hits.has(hit.id)) hits.set(hit.id, hit)
  }
  return { hits: [...hits.values()], count: hits.size + covered }
}
