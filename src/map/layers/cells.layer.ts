import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl'
import type { FeatureCollection, Polygon } from 'geojson'
import { cellRing } from '@/domain/answers/cell-grid.ts'
import { layerIds, sourceIds } from '../style/layer-ids.ts'
import type { CellValues } from '../types.ts'
import { fillColor } from './areas.layer.ts'

const noClass = -1

/** Squares or hexagons in the colours of their classes. Other classes load no shapes anew. */
export class CellsLayer {
  #map: MapLibreMap | null = null
  #values: CellValues | null = null
  #gridKey = ''
  /** Class by number of a cell whose shape is on the map. */
  readonly #drawn = new Map<number, number>()
  #drawnColors = ''

  attach(map: MapLibreMap): void {
    this.#map = map
    this.#draw()
  }

  set(values: CellValues | null): void {
    this.#values = values
    this.#draw()
  }

  #draw(): void {
    const map = this.#map
    if (!map) return
    const values = this.#values
    if (!map.getLayer(layerIds.cells)) {
      if (!values) return
      map.addSource(sourceIds.cells, { type: 'geojson', data: noCells, tolerance: 0 })
      map.addLayer(
        {
          id: layerIds.cells,
          type: 'fill',
          source: sourceIds.cells,
          paint: { 'fill-antialias': false },
        },
        layerIds.aboveFills,
      )
    }
    // Opacity 0 is not drawn; a change of visibility would load the tiles again.
    map.setPaintProperty(layerIds.cells, 'fill-opacity', values ? 1 : 0)
    if (!values) return
    this.#drawShapes(map, values)
    this.#drawClasses(map, values)
  }

  #drawShapes(map: MapLibreMap, { grid, cells }: CellValues): void {
    const key = JSON.stringify(grid)
    let isNew = false
    if (key !== this.#gridKey) {
      this.#gridKey = key
      this.#drawn.clear()
      map.removeFeatureState({ source: sourceIds.cells })
      isNew = true
    }
    for (let i = 0; i < cells.length; i++) {
      if (this.#drawn.has(cells[i]!)) continue
      this.#drawn.set(cells[i]!, noClass)
      isNew = true
    }
    if (!isNew) return
    const data: FeatureCollection<Polygon> = {
      type: 'FeatureCollection',
      features: Array.from(this.#drawn.keys(), (id) => ({
        type: 'Feature',
        id,
        properties: null,
        geometry: {
          type: 'Polygon',
          coordinates: [cellRing(grid, id).map(([lng, lat]) => [lng, lat])],
        },
      })),
    }
    map.getSource<GeoJSONSource>(sourceIds.cells)?.setData(data)
  }

  #drawClasses(map: MapLibreMap, { cells, classes, colors }: CellValues): void {
    const key = colors.join()
    if (key !== this.#drawnColors) {
      map.setPaintProperty(layerIds.cells, 'fill-color', fillColor(colors))
      this.#drawnColors = key
    }
    const next = new Map<number, number>()
    for (let i = 0; i < cells.length; i++) next.set(cells[i]!, classes[i]!)
    for (const [id, before] of this.#drawn) {
      const own = next.get(id) ?? noClass
      if (own === before) continue
      map.setFeatureState({ source: sourceIds.cells, id }, { class: own })
      this.#drawn.set(id, own)
    }
  }
}

const noCells: FeatureCollection = { type: 'FeatureCollection', features: [] }
