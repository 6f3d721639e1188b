import type { Marker } from 'maplibre-gl'
import type { CityConfig } from '@/domain/city/config.ts'
import type { AreaLevel, BoundingBox, LngLat } from '@/domain/vocabulary.ts'
import { AreasLayer } from './layers/areas.layer.ts'
import { LocationLayer } from './layers/location.layer.ts'
import { boundsOf } from './map-canvas.ts'
import { addPin } from './pin.ts'
import { createSmallMap } from './small-map.ts'
import type { AreaFeatures, MapLook } from './types.ts'

const pinZoom = 17

export interface CaptureMapOptions {
  city: CityConfig
  /** Defaults to the city. */
  box?: BoundingBox | undefined
  look: MapLook
  onPlace: (lngLat: LngLat) => void
  onLost: () => void
}

export interface CaptureMap {
  setLook(look: MapLook): void
  /** No effect once there is a pin or device place, or after the map was moved. */
  setBox(box: BoundingBox): void
  /** `color` is CSS hex. */
  setPin(lngLat: LngLat | null, color: string): void
  setDevice(place: { lngLat: LngLat; accuracyMeters: number } | null): void
  setOthers(places: readonly { lngLat: LngLat; color: string }[]): void
  setAreas(level: AreaLevel, features: AreaFeatures): void
  setHeldBy(idx: number | null): void
  center(lngLat: LngLat): void
  zoomBy(step: number): void
  destroy(): void
}

/** @throws when WebGL 2 is missing */
export function createCaptureMap(container: HTMLElement, options: CaptureMapOptions): CaptureMap {
  const { city, look, onPlace } = options
  const { map, setLook, remove } = createSmallMap(container, {
    city,
    look,
    view: undefined,
    box: options.box,
    onLost: options.onLost,
    interactive: true,
    isInPage: true,
  })
  const areas = new AreasLayer(look.theme)
  const location = new LocationLayer(look.theme)
  /** Set by a person or a place. */
  let isPlaced = false
  let pin: Marker | null = null
  let pinColor = ''
  let others: Marker[] = []

  map.once('style.load', () => {
    areas.attach(map)
    location.attach(map)
  })
  map.on('click', ({ lngLat }) => onPlace([lngLat.lng, lngLat.lat]))
  map.on('movestart', ({ originalEvent }) => {
    isPlaced ||= originalEvent !== undefined
  })

  function center(lngLat: LngLat): void {
    isPlaced = true
    map.jumpTo({ center: [...lngLat], zoom: Math.max(map.getZoom(), pinZoom) })
  }

  /** Near the edge counts as outside: the surroundings must be visible. */
  function isInView([lng, lat]: LngLat): boolean {
    const { x, y } = map.project([lng, lat])
    const { clientWidth, clientHeight } = container
    const margin = 24
    return x > margin && x < clientWidth - margin && y > margin * 2 && y < clientHeight - margin
  }

  function setPin(lngLat: LngLat | null, color: string): void {
    const isFirst = pin === null
    if (!lngLat || color !== pinColor) {
      pin?.remove()
      pin = null
    }
    pinColor = color
    if (!lngLat) return
    if (pin) pin.setLngLat([...lngLat])
    else {
      const added = addPin(map, lngLat, color, true)
      added.on('dragend', () => {
        const { lng, lat } = added.getLngLat()
        onPlace([lng, lat])
      })
      pin = added
    }
    if (isFirst || !isInView(lngLat)) center(lngLat)
  }

  return {
    setPin,
    setLook(next) {
      setLook(next)
      for (const layer of [areas, location]) layer.setTheme(next.theme)
    },
    setBox(box) {
      if (!isPlaced) map.fitBounds(boundsOf(box), { padding: 16, duration: 0 })
    },
    setDevice(place) {
      location.set(place)
      if (place && !pin) center(place.lngLat)
    },
    setOthers(places) {
      for (const marker of others) marker.remove()
      others = places.map(({ lngLat, color }) => addPin(map, lngLat, color))
      for (const marker of others) marker.getElement().classList.add('is-other')
    },
    setAreas(level, features) {
      areas.setAreas(level, features)
      areas.setLevel(level)
    },
    setHeldBy: (idx) => areas.setHighlight({ selected: idx === null ? [] : [idx] }),
    center,
    zoomBy(step) {
      isPlaced = true
      map.jumpTo({ zoom: map.getZoom() + step })
    },
    destroy: remove,
  }
}
