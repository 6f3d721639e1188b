import type { ExpressionSpecification, GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl'
import type { Feature, FeatureCollection } from 'geojson'
import { inkOn } from '../ramps.ts'
import { palettes } from '../style/flavors.ts'
import { layerIds, sourceIds } from '../style/layer-ids.ts'
import { setLayout, setPaint } from '../style/set-paint.ts'
import type { MapTheme, PlaceMarks } from '../types.ts'

const layers = [
  layerIds.placeHull,
  layerIds.placeLine,
  layerIds.placeCircle,
  layerIds.placeCount,
] as const

/** A circle with a number at each place, larger with more; its outline from near by. */
export class PlacesLayer {
  #map: MapLibreMap | null = null
  #theme: MapTheme
  #marks: PlaceMarks | null = null

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

  set(marks: PlaceMarks | null): void {
    const before = this.#marks
    this.#marks = marks
    if (!this.#map || (!before && !marks)) return
    if (before && before.list === marks?.list) this.#paint(this.#map)
    else this.#draw()
  }

  #draw(): void {
    const map = this.#map
    if (!map) return
    if (!map.getSource(sourceIds.places)) {
      if (!this.#marks) return
      addLayers(map)
    }
    // Hidden when empty: a visible empty source still costs two passes a frame.
    for (const id of layers) setLayout(map, id, { visibility: this.#marks ? 'visible' : 'none' })
    map.getSource<GeoJSONSource>(sourceIds.places)?.setData(featuresOf(this.#marks))
    this.#paint(map)
  }

  #paint(map: MapLibreMap): void {
    if (!map.getLayer(layerIds.placeCircle)) return
    const { casing, pinned } = palettes[this.#theme]
    const isChosen: ExpressionSpecification = ['==', ['id'], this.#marks?.chosen ?? -1]
    const color: ExpressionSpecification = ['get', 'color']
    setPaint(map, layerIds.placeHull, { 'fill-color': color, 'fill-opacity': 0.25 })
    setPaint(map, layerIds.placeLine, { 'line-color': color, 'line-width': 2 })
    setPaint(map, layerIds.placeCircle, {
      'circle-color': color,
      'circle-radius': radius,
      'circle-opacity': ['interpolate', ['linear'], ['zoom'], 15, 1, 17, 0.6],
      'circle-stroke-color': ['case', isChosen, pinned, casing],
      'circle-stroke-width': ['case', isChosen, 4, 1.5],
    })
    setPaint(map, layerIds.placeCount, { 'text-color': ['get', 'ink'] })
  }
}

/** The area grows with the count, up to a hundred. */
const radius: ExpressionSpecification = [
  'interpolate',
  ['linear'],
  ['sqrt', ['get', 'count']],
  1.7,
  7.5,
  10,
  20,
]

function addLayers(map: MapLibreMap): void {
  const source = sourceIds.places
  map.addSource(source, { type: 'geojson', data: featuresOf(null), tolerance: 0 })
  const outline = { source, filter: ['==', ['geometry-type'], 'Polygon'] as never, minzoom: 13.5 }
  const spot = { source, filter: ['==', ['geometry-type'], 'Point'] as never }
  const before = layerIds.aboveLabels
  map.addLayer({ id: layerIds.placeHull, type: 'fill', ...outline }, before)
  map.addLayer({ id: layerIds.placeLine, type: 'line', ...outline }, before)
  // Above incidents: these circles are few.
  map.addLayer({
    ...{ id: layerIds.placeCircle, type: 'circle', ...spot },
    layout: { 'circle-sort-key': ['get', 'count'] },
  })
  map.addLayer({
    ...{ id: layerIds.placeCount, type: 'symbol', ...spot },
    layout: {
      'text-field': ['to-string', ['get', 'count']],
      'text-font': ['Noto Sans Bold,PingFang SC'],
      'text-size': ['step', ['get', 'count'], 10, 10, 11, 100, 12],
      // Of circles that overlap, the larger one keeps its number.
      'symbol-sort-key': ['-', 0, ['get', 'count']],
      'text-padding': 0,
    },
  })
}

function featuresOf(marks: PlaceMarks | null): FeatureCollection {
  const features = (marks?.list ?? []).flatMap(({ lngLat, count, hull, color }, id): Feature[] => {
    const properties = { count, color, ink: inkOn(color) }
    const spot: Feature = {
      ...{ type: 'Feature', id, properties },
      geometry: { type: 'Point', coordinates: [...lngLat] },
    }
    if (hull.length < 3) return [spot]
    const ring = [...hull, hull[0]!].map((corner) => [...corner])
    return [
      { type: 'Feature', id, properties, geometry: { type: 'Polygon', coordinates: [ring] } },
      spot,
    ]
  })
  return { type: 'FeatureCollection', features }
}
