import type { Marker } from 'maplibre-gl'
import type { CityConfig } from '../domain/config.ts'
import type { AreaLevel, BoundingBox, LngLat } from '../domain/vocabulary.ts'
import { AreasLayer } from './layers/areas.layer.ts'
import { LocationLayer } from './layers/location.layer.ts'
import { createMapCanvas, titleCanvas } from './map-canvas.ts'
import { addPin } from './pin.ts'
import { baseStyle } from './style/base-style.ts'
import { restyle } from './style/restyle.ts'
import type { AreaFeatures, MapLocale, MapMessages, MapTheme } from './types.ts'
import { ScaleBar } from './ui/scale-bar.ts'

const pinZoom = 17

export interface CaptureMapOptions {
  city: CityConfig
  /** What it shows until there is a pin; the city when left out. */
  box?: BoundingBox | undefined
  theme: MapTheme
  locale: MapLocale
  messages: MapMessages
  /** Somebody tapped a place or let go of the pin. */
  onPlace: (lngLat: LngLat) => void
}

/** A small map to put one pin on. */
export interface CaptureMap {
  setTheme(theme: MapTheme): void
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
  const { city, locale, messages, onPlace } = options
  let { theme } = options
  const map = createMapCanvas(container, {
    city,
    theme,
    locale,
    title: messages.mapTitle,
    view: undefined,
    box: options.box,
    interactive: true,
    isInPage: true,
  })
  titleCanvas(map, messages.mapTitle)
  const areas = new AreasLayer(theme)
  const location = new LocationLayer(theme)
  let pin: Marker | null = null
  let pinColor = ''
  let others: Marker[] = []

  map.once('style.load', () => {
    areas.attach(map)
    location.attach(map)
  })
  map.on('error', ({ error }) => console.warn('Map:', error.message))
  map.on('click', ({ lngLat }) => onPlace([lngLat.lng, lngLat.lat]))
  const scale = new ScaleBar(messages, city.basemap?.attribution ?? '')
  container.append(scale.element)
  const showScale = (): void => scale.setPlace(map.getZoom(), map.getCenter().lat)
  showScale()
  map.on('move', showScale)

  const center = (lngLat: LngLat): void =>
    void map.jumpTo({ center: [...lngLat], zoom: Math.max(map.getZoom(), pinZoom) })

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
    setTheme(next) {
      if (next === theme) return
      const [before, after] = [theme, next].map((look) => baseStyle(city, look, locale).layers)
      theme = next
      container.dataset['mapTheme'] = next
      for (const layer of [areas, location]) layer.setTheme(next)
      if (map.getLayer('background')) restyle(map, before!, after!)
      else map.once('style.load', () => restyle(map, before!, after!))
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
    zoomBy: (step) => void map.jumpTo({ zoom: map.getZoom() + step }),
    destroy() {
      map.remove()
      scale.element.remove()
    },
  }
}
