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
  /** What it shows until there is a pin; the city when left out. */
  box?: BoundingBox | undefined
  look: MapLook
  /** Somebody tapped a place or let go of the pin. */
  onPlace: (lngLat: LngLat) => void
}

/** A small map to put one pin on. */
export interface CaptureMap {
  setLook(look: MapLook): void
  /** Shows this as long as there is neither pin nor device, and nobody has moved the map. */
  setBox(box: BoundingBox): void
  /** Comes into view when it would lie outside; `color` is CSS hex. */
  setPin(lngLat: LngLat | null, color: string): void
  /** Where the device is, with a ring as wide as it is unsure. */
  setDevice(place: { lngLat: LngLat; accuracyMeters: number } | null): void
  /** Other places to tell apart from the pin, such as incidents already there. */
  setOthers(places: readonly { lngLat: LngLat; color: string }[]): void
  /** Outlines of one level, and which of them holds the pin. */
  setAreas(level: AreaLevel, features: AreaFeatures): void
  setHeldBy(idx: number | null): void
  /** Brings a place to the middle, as near as one needs to see a doorstep. */
  center(lngLat: LngLat): void
  zoomBy(step: number): void
  destroy(): void
}

/** @throws when the browser cannot draw it (no WebGL 2) */
export function createCaptureMap(container: HTMLElement, options: CaptureMapOptions): CaptureMap {
  const { city, look, onPlace } = options
  const { map, setLook, remove } = createSmallMap(container, {
    city,
    look,
    view: undefined,
    box: options.box,
    interactive: true,
    isInPage: true,
  })
  const areas = new AreasLayer(look.theme)
  const location = new LocationLayer(look.theme)
  /** Somebody or something has chosen what is in view. */
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

  /** Near the edge counts as outside: what the pin stands on must be seen around it. */
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
