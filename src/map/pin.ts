import { Marker, type Map as MapLibreMap } from 'maplibre-gl'
import type { LngLat } from '../domain/vocabulary.ts'

const svgNamespace = 'http://www.w3.org/2000/svg'

/** A drop-shaped pin whose tip is the place; decoration only, so hidden from screen readers. */
export function addPin(map: MapLibreMap, lngLat: LngLat, color: string): Marker {
  const marker = new Marker({ element: pinElement(color), anchor: 'bottom' })
    .setLngLat([...lngLat])
    .addTo(map)
  // MapLibre makes every marker a focusable button; this one does nothing.
  const element = marker.getElement()
  element.removeAttribute('role')
  element.removeAttribute('tabindex')
  element.removeAttribute('aria-label')
  element.setAttribute('aria-hidden', 'true')
  return marker
}

function pinElement(color: string): HTMLElement {
  const element = document.createElement('div')
  element.className = 'wangge-map-pin'
  const svg = document.createElementNS(svgNamespace, 'svg')
  svg.setAttribute('viewBox', '0 0 28 38')
  svg.setAttribute('width', '28')
  svg.setAttribute('height', '38')
  const drop = document.createElementNS(svgNamespace, 'path')
  drop.setAttribute(
    'd',
    'M14 36.5C9.5 29 2 22.5 2 14a12 12 0 0 1 24 0c0 8.5-7.5 15-12 22.5Z',
  )
  drop.setAttribute('fill', color)
  const heart = document.createElementNS(svgNamespace, 'circle')
  heart.setAttribute('cx', '14')
  heart.setAttribute('cy', '14')
  heart.setAttribute('r', '4.5')
  svg.append(drop, heart)
  element.append(svg)
  return element
}
