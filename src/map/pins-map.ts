import { Marker } from 'maplibre-gl'
import type { BoundingBox, LngLat } from '@/domain/vocabulary.ts'
import { boundsOf } from './map-canvas.ts'
import { pinElement } from './pin.ts'
import { createSmallMap } from './small-map.ts'
import type { LocatorMapOptions, MapLook } from './types.ts'

export interface MapPin {
  key: string
  lngLat: LngLat
  color: string
  /** `waiting` (not arrived yet) is hollow; `task` (to be done there) has a square heart. */
  state: 'sent' | 'waiting' | 'task'
}

export interface PinsMapOptions extends Pick<LocatorMapOptions, 'city' | 'look' | 'onLost'> {
  pins: readonly MapPin[]
  here?: LngLat | null
  interactive?: boolean
}

export interface PinsMap {
  setPins(pins: readonly MapPin[], here: LngLat | null): void
  setLook(look: MapLook): void
  /** Call after a container resize. */
  fit(): void
  destroy(): void
}

const closestZoom = 16

/** List the same places as text beside it. @throws when WebGL 2 is missing */
export function createPinsMap(container: HTMLElement, options: PinsMapOptions): PinsMap {
  const { city, look, interactive = false } = options
  let { pins } = options
  let here = options.here ?? null
  let markers: Marker[] = []
  const { map, setLook, remove } = createSmallMap(container, {
    city,
    look,
    view: undefined,
    interactive,
    onLost: options.onLost,
  })

  function fit(): void {
    map.resize()
    const places = pins.map(({ lngLat }) => lngLat)
    const box = boxAround(here ? [...places, here] : places)
    map.fitBounds(boundsOf(box ?? city.bbox), {
      padding: { top: 48, right: 28, bottom: 28, left: 28 },
      maxZoom: closestZoom,
      duration: 0,
    })
  }

  function draw(): void {
    for (const marker of markers) marker.remove()
    // North to south: no pin covers another's tip.
    markers = [...pins]
      .sort((a, b) => b.lngLat[1] - a.lngLat[1])
      .map(({ lngLat, color, state }) => mark(pinElement(color, state), lngLat, 'bottom'))
    if (here) {
      const dot = document.createElement('div')
      dot.className = 'wangge-map-here'
      markers.push(mark(dot, here, 'center'))
    }
    fit()
  }
  const mark = (element: HTMLElement, lngLat: LngLat, anchor: 'bottom' | 'center'): Marker => {
    const marker = new Marker({ element, anchor }).setLngLat([...lngLat]).addTo(map)
    // MapLibre makes markers focusable; these have no action.
    for (const name of ['role', 'tabindex', 'aria-label']) element.removeAttribute(name)
    element.setAttribute('aria-hidden', 'true')
    return marker
  }
  draw()

  return {
    setPins(next, place) {
      pins = next
      here = place
      draw()
    },
    setLook,
    fit,
    destroy() {
      for (const marker of markers) marker.remove()
      remove()
    },
  }
}

export function boxAround(places: readonly LngLat[]): BoundingBox | null {
  if (places.length === 0) return null
  const [lngs, lats] = [places.map(([lng]) => lng), places.map(([, lat]) => lat)]
  return [Math.min(...lngs), Math.min(...lats), Math.max(...lngs), Math.max(...lats)]
}
