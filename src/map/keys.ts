import type { Map as MapLibreMap } from 'maplibre-gl'

const crossPixels = 22

/**
 * Lets the keys choose. While the map has the keyboard's focus a cross marks its middle; the thing there
 * is told as under a pointer, and Enter or the space bar choose it.
 */
export function listenToKeys(map: MapLibreMap): void {
  const canvas = map.getCanvas()
  const cross = crossElement()
  map.getContainer().append(cross)
  let isDue = false
  const isFocused = (): boolean => canvas.matches(':focus-visible')
  const middle = () => map.project(map.getCenter())

  function tell(type: 'mousemove' | 'click', originalEvent: Event): void {
    const point = middle()
    map.fire(type, { point, lngLat: map.unproject(point), originalEvent })
  }
  function showCross(): void {
    cross.hidden = !isFocused()
    const { x, y } = middle()
    cross.style.transform = `translate(${x - crossPixels / 2}px, ${y - crossPixels / 2}px)`
  }

  canvas.addEventListener('focus', (event) => {
    showCross()
    if (isFocused()) tell('mousemove', event)
  })
  canvas.addEventListener('blur', () => {
    showCross()
    map.fire('mouseout')
  })
  canvas.addEventListener('pointerdown', () => (cross.hidden = true))
  canvas.addEventListener('keydown', (event) => {
    showCross()
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    tell('click', event)
  })
  map.on('resize', showCross)
  map.on('moveend', () => (isDue = true))
  // Features can be asked for once they are drawn.
  map.on('idle', () => {
    if (!isDue) return
    isDue = false
    if (isFocused() && !cross.hidden) tell('mousemove', new Event('idle'))
  })
  map.on('remove', () => cross.remove())
}

/** Light in dark, so that it is seen on every colour. */
function crossElement(): HTMLElement {
  const cross = document.createElement('div')
  cross.hidden = true
  cross.dataset.testid = 'map-cross'
  Object.assign(cross.style, {
    position: 'absolute',
    left: '0',
    top: '0',
    width: `${crossPixels}px`,
    height: `${crossPixels}px`,
    pointerEvents: 'none',
    background:
      'linear-gradient(#000, #000) center / 2px 100% no-repeat, linear-gradient(#000, #000) center / 100% 2px no-repeat',
    filter: 'drop-shadow(0 0 1px #fff) drop-shadow(0 0 1px #fff)',
  })
  return cross
}
