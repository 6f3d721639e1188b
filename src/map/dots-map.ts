import type { GeoJSONSource } from 'maplibre-gl'
import type { BoundingBox, LngLat } from '@/domain/vocabulary.ts'
import { boundsOf } from './map-canvas.ts'
import { boxAround } from './pins-map.ts'
import { createSmallMap } from './small-map.ts'
import type { LocatorMapOptions, MapLook } from './types.ts'

export interface DotsMap {
  setDots(dots: readonly LngLat[]): void
  setLook(look: MapLook): void
  destroy(): void
}

const source = 'wangge-dots'
/** CSS hex; both keep 3:1 on the land of both themes. */
const [inside, outside] = ['#0072b2', '#d55e00']

const isWithin = ([lng, lat]: LngLat, [west, south, east, north]: BoundingBox): boolean =>
  lng >= west && lng <= east && lat >= south && lat <= north

/**
 * Places of a file as dots, those outside of the city's box in another colour and size. Say their
 * numbers as text beside it. @throws when WebGL 2 is missing
 */
export function createDotsMap(
  container: HTMLElement,
  options: Pick<LocatorMapOptions, 'city' | 'look' | 'onLost'> & { dots: readonly LngLat[] },
): DotsMap {
  const { city, look, onLost } = options
  let { dots } = options
  const { map, setLook, remove } = createSmallMap(container, {
    ...{ city, look, onLost, view: undefined, interactive: true, isInPage: true },
  })
  // A file with coordinates of another system lies far away, and is to be seen there.
  map.setMaxBounds(null)
  const features = () => ({
    type: 'FeatureCollection' as const,
    features: dots.map(([lng, lat]) => ({
      type: 'Feature' as const,
      properties: { isOutside: !isWithin([lng, lat], city.bbox) },
      geometry: { type: 'Point' as const, coordinates: [lng, lat] },
    })),
  })
  function fit(): void {
    const within = dots.filter((dot) => isWithin(dot, city.bbox))
    const box = boxAround(within.length > 0 ? within : dots) ?? city.bbox
    map.fitBounds(boundsOf(box), { padding: 28, maxZoom: 15, duration: 0 })
  }
  map.once('style.load', () => {
    map.addSource(source, { type: 'geojson', data: features() })
    map.addLayer({
      id: source,
      type: 'circle',
      source,
      paint: {
        'circle-radius': ['case', ['get', 'isOutside'], 6, 4],
        'circle-color': ['case', ['get', 'isOutside'], outside, inside],
        'circle-opacity': 0.75,
        'circle-stroke-color': '#ffffff',
        'circle-stroke-width': 1,
      },
    })
  })
  fit()
  return {
    setDots(next) {
      dots = next
      map.getSource<GeoJSONSource>(source)?.setData(features())
      fit()
    },
    setLook,
    destroy: remove,
  }
}
