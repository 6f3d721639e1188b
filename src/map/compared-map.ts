import type { Map as MapLibreMap, Marker } from 'maplibre-gl'
import type { CityConfig } from '@/domain/city/config.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { AreasLayer } from './layers/areas.layer.ts'
import { LocationLayer, type Location } from './layers/location.layer.ts'
import { PointsLayer } from './layers/points.layer.ts'
import { createMapCanvas } from './map-canvas.ts'
import { addPin } from './pin.ts'
import { baseStyle } from './style/base-style.ts'
import { restyle } from './style/restyle.ts'
import type {
  AreaFeatures,
  AreaHighlight,
  Compared,
  MapLook,
  MapPin,
  PointHighlight,
} from './types.ts'

export interface ComparedMapOptions {
  city: CityConfig
  look: MapLook
  onError: (error: { message: string }) => void
  onPointsError: (error: unknown) => void
  onLost: () => void
}

interface Opened {
  element: HTMLElement
  map: MapLibreMap
  areas: AreasLayer
  points: PointsLayer
  location: LocationLayer
  marker: Marker | null
  unfollow: () => void
}

/**
 * A second map over the first, cut off at the divider: the same place in other days. It takes no
 * pointer and draws in the same frame as the first, so that their streets never part. Remembers its
 * settings while it is closed.
 */
export class ComparedMap {
  readonly #first: MapLibreMap
  readonly #options: ComparedMapOptions
  #look: MapLook
  #divider = 0.5
  readonly #features = new Map<AreaLevel, AreaFeatures>()
  #level: AreaLevel | null = null
  #highlight: AreaHighlight = {}
  #pointHighlight: PointHighlight = {}
  #pin: MapPin | null = null
  #location: Location | null = null
  #opened: Opened | null = null

  constructor(first: MapLibreMap, options: ComparedMapOptions) {
    this.#first = first
    this.#options = options
    this.#look = options.look
  }

  /** Null closes it. @throws when the device has no graphics context left */
  set(compared: Compared | null): void {
    if (!compared) return this.close()
    this.#opened ??= this.#open()
    this.#opened.areas.setValues(compared.areaValues)
    this.#opened.points.set(compared.points)
  }

  /** Where it ends: share of the width from the left. */
  setDivider(share: number): void {
    this.#divider = share
    if (this.#opened) this.#clip(this.#opened.element)
  }

  /** The map seen at a place: pixels from the left. */
  mapAt(x: number): MapLibreMap {
    const width = this.#first.getContainer().clientWidth
    return this.#opened && x < this.#divider * width ? this.#opened.map : this.#first
  }

  /** The part that is seen. Null while closed. */
  seen(): { map: MapLibreMap; share: number } | null {
    return this.#opened && { map: this.#opened.map, share: this.#divider }
  }

  setLook(next: MapLook): void {
    const before = this.#look
    this.#look = next
    const { city } = this.#options
    if (!this.#opened || (next.theme === before.theme && next.locale === before.locale)) return
    const { map, element, areas, points, location } = this.#opened
    const [old, now] = [before, next].map(
      ({ theme, locale }) => baseStyle(city, theme, locale).layers,
    )
    const apply = (): void => restyle(map, old!, now!)
    if (map.getLayer('background')) apply()
    else map.once('style.load', apply)
    element.dataset['mapTheme'] = next.theme
    for (const layer of [areas, points, location]) layer.setTheme(next.theme)
  }

  setAreas(level: AreaLevel, features: AreaFeatures): void {
    this.#features.set(level, features)
    this.#opened?.areas.setAreas(level, features)
  }

  setLevel(level: AreaLevel | null): void {
    this.#level = level
    this.#opened?.areas.setLevel(level)
  }

  setHighlight(highlight: AreaHighlight): void {
    this.#highlight = highlight
    this.#opened?.areas.setHighlight(highlight)
  }

  setPointHighlight(highlight: PointHighlight): void {
    this.#pointHighlight = highlight
    this.#opened?.points.setHighlight(highlight)
  }

  setLocation(location: Location | null): void {
    this.#location = location
    this.#opened?.location.set(location)
  }

  setMarker(pin: MapPin | null): void {
    this.#pin = pin
    if (!this.#opened) return
    this.#opened.marker?.remove()
    this.#opened.marker = pin && addPin(this.#opened.map, pin.lngLat, pin.color)
  }

  close(): void {
    if (!this.#opened) return
    const { map, element, points, marker, unfollow } = this.#opened
    this.#opened = null
    unfollow()
    points.close()
    marker?.remove()
    map.remove()
    element.remove()
  }

  #open(): Opened {
    const first = this.#first
    const { city, onLost, onError, onPointsError } = this.#options
    const { theme, locale, messages } = this.#look
    const element = document.createElement('div')
    // The first map carries name, keys and pointer of both.
    element.setAttribute('aria-hidden', 'true')
    element.dataset['testid'] = 'compared-map'
    Object.assign(element.style, { position: 'absolute', inset: '0', pointerEvents: 'none' })
    this.#clip(element)
    first.getCanvasContainer().after(element)
    let map: MapLibreMap
    try {
      const { lng, lat } = first.getCenter()
      map = createMapCanvas(element, {
        city,
        theme,
        locale,
        title: messages.mapTitle,
        view: { center: [lng, lat], zoom: first.getZoom(), bearing: first.getBearing() },
        interactive: false,
      })
    } catch (error) {
      element.remove()
      throw error
    }
    map.getCanvas().setAttribute('tabindex', '-1')
    map.on('error', ({ error }) => onError(error))
    map.on('webglcontextlost', onLost)
    const areas = new AreasLayer(theme)
    const points = new PointsLayer(theme, onPointsError)
    const location = new LocationLayer(theme)
    for (const [level, features] of this.#features) areas.setAreas(level, features)
    areas.setLevel(this.#level)
    areas.setHighlight(this.#highlight)
    points.setHighlight(this.#pointHighlight)
    location.set(this.#location)
    map.once('style.load', () => {
      for (const layer of [areas, points, location]) layer.attach(map)
    })
    const marker = this.#pin && addPin(map, this.#pin.lngLat, this.#pin.color)
    return { element, map, areas, points, location, marker, unfollow: follow(first, map) }
  }

  #clip(element: HTMLElement): void {
    element.style.clipPath = `inset(0 ${((1 - this.#divider) * 100).toFixed(3)}% 0 0)`
  }
}

/** Returns its end. */
function follow(first: MapLibreMap, second: MapLibreMap): () => void {
  let isBehind = false
  const move = (): void => {
    second.jumpTo({
      center: first.getCenter(),
      zoom: first.getZoom(),
      bearing: first.getBearing(),
    })
    isBehind = true
  }
  const resize = (): void => {
    second.resize()
    move()
  }
  const draw = (): void => {
    if (isBehind) second.redraw()
    isBehind = false
  }
  first.on('move', move)
  first.on('resize', resize)
  first.on('render', draw)
  return () => {
    first.off('move', move)
    first.off('resize', resize)
    first.off('render', draw)
  }
}
