import { Marker, type Map as MapLibreMap } from 'maplibre-gl'
import type { LngLat } from '@/domain/vocabulary.ts'

const svgNamespace = 'http://www.w3.org/2000/svg'

/** Hidden from screen readers: offer buttons beside a draggable pin. */
export function addPin(map: MapLibreMap, lngLat: LngLat, color: string, draggable = false): Marker {
  const marker = new Marker({ element: pinElement(color), anchor: 'bottom', draggable })
    .setLngLat([...lngLat])
    .addTo(map)
  // MapLibre makes markers focusable; this one has no action.
  const element = marker.getElement()
  element.classList.toggle('is-draggable', draggable)
  element.removeAttribute('role')
  element.removeAttribute('tabindex')
  element.removeAttribute('aria-label')
  element.setAttribute('aria-hidden', 'true')
  return marker
}

/** @param state `waiting`: not arrived yet; `task`: to be done there */
export function pinElement(
  color: string,
  state: 'sent' | 'waiting' | 'task' = 'sent',
): HTMLElement {
  const isHollow = state === 'waiting'
  const element = document.createElement('div')
  element.className = isHollow ? 'wangge-map-pin is-hollow' : 'wangge-map-pin'
  const svg = document.createElementNS(svgNamespace, 'svg')
  svg.setAttribute('viewBox', '0 0 28 38')
  svg.setAttribute('width', '28')
  svg.setAttribute('height', '38')
  const drop = document.createElementNS(svgNamespace, 'path')
  drop.setAttribute('d', 'M14 36.5C9.5 29 2 22.5 2 14a12 12 0 0 1 24 0c0 8.5-7.5 15-12 22.5Z')
  if (isHollow) drop.setAttribute('stroke', color)
  else drop.setAttribute('fill', color)
  const heart = document.createElementNS(svgNamespace, state === 'task' ? 'rect' : 'circle')
  const place: Record<string, string> =
    state === 'task'
      ? { x: '9', y: '9', width: '10', height: '10', rx: '1' }
      : { cx: '14', cy: '14', r: '4.5' }
  for (const [name, value] of Object.entries(place)) heart.setAttribute(name, value)
  svg.append(drop, heart)
  element.append(svg)
  return element
}
