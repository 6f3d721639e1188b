import type { GeoJSONSource, Map as MapLibreMap } from 'maplibre-gl'
import type { FeatureCollection } from 'geojson'
import type { LngLat } from '@/domain/vocabulary.ts'
import { groundCircle } from '@/geo/circle.ts'
import { palettes } from '../style/flavors.ts'
import { layerIds, sourceIds } from '../style/layer-ids.ts'
import { setLayout, setPaint } from '../style/set-paint.ts'
import type { MapTheme } from '../types.ts'

export interface Location {
  lngLat: LngLat
  accuracyMeters: number
}

export class LocationLayer {
  #map: MapLibreMap | null = null
  #theme: MapTheme
  #place: Location | null = null

  constructor(theme: MapTheme) {
    this.#theme = theme
  }

  attach(map: MapLibreMap): void {
    this.#map = map
    const source = sourceIds.location
    map.addSource(source, { type: 'geojson', data: this.#features() })
    // Hidden when empty: a visible empty source still costs two tile-mask passes a frame.
    const layout = this.#layout()
    map.addLayer(
      {
        id: layerIds.locationAccuracy,
        type: 'fill',
        source,
        layout,
        filter: ['==', ['geometry-type'], 'Polygon'],
      },
      layerIds.aboveLabels,
    )
    map.addLayer({
      id: layerIds.locationDot,
      type: 'circle',
      source,
      layout,
      filter: ['==', ['geometry-type'], 'Point'],
    })
    this.setTheme(this.#theme)
  }

  setTheme(theme: MapTheme): void {
    this.#theme = theme
    const map = this.#map
    if (!map) return
    const { location, pointGround } = palettes[theme]
    setPaint(map, layerIds.locationAccuracy, {
      'fill-color': location,
      'fill-opacity': 0.16,
      'fill-outline-color': location,
    })
    setPaint(map, layerIds.locationDot, {
      'circle-color': location,
      'circle-radius': 7,
      'circle-stroke-color': pointGround,
      'circle-stroke-width': 2.5,
    })
  }

  set(place: Location | null): void {
    this.#place = place
    const map = this.#map
    if (!map) return
    map.getSource<GeoJSONSource>(sourceIds.location)?.setData(this.#features())
    for (const layer of [layerIds.locationAccuracy, layerIds.locationDot])
      setLayout(map, layer, this.#layout())
  }

  #layout(): { visibility: 'visible' | 'none' } {
    return { visibility: this.#place ? 'visible' : 'none' }
  }

  #features(): FeatureCollection {
    if (!this.#place) return { type: 'FeatureCollection', features: [] }
    const { lngLat, accuracyMeters } = this.#place
    return {
      type: 'FeatureCollection',
      features: [
        groundCircle(lngLat, Math.max(1, accuracyMeters)),
        { type: 'Feature', properties: {}, geometry: { type: 'Point', coordinates: [...lngLat] } },
      ],
    }
  }
}
