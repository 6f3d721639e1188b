import type { LngLat } from '../domain/vocabulary.ts'
import { createMapCanvas } from './map-canvas.ts'
import { addPin } from './pin.ts'
import { baseStyle } from './style/base-style.ts'
import { restyle } from './style/restyle.ts'
import type { LocatorMap, LocatorMapOptions } from './types.ts'
import { ScaleBar } from './ui/scale-bar.ts'

/**
 * A small still map of one place, for an incident's detail. It takes no pointer and no focus.
 * @throws when the browser cannot draw it (no WebGL 2)
 */
export function createLocatorMap(container: HTMLElement, options: LocatorMapOptions): LocatorMap {
  const { city, locale, messages, zoom = 16 } = options
  let { theme } = options
  let marker: ReturnType<typeof addPin>
  const map = createMapCanvas(container, {
    city,
    theme,
    locale,
    title: messages.mapTitle,
    view: { center: options.lngLat, zoom },
    interactive: false,
  })
  map.getCanvas().setAttribute('tabindex', '-1')
  const scale = new ScaleBar(messages, city.basemap?.attribution ?? '')
  container.append(scale.element)
  map.on('error', ({ error }) => console.warn('Map:', error.message))

  function show(lngLat: LngLat, color: string): void {
    marker?.remove()
    marker = addPin(map, lngLat, color)
    map.jumpTo({ center: [...lngLat], zoom })
    scale.setPlace(zoom, lngLat[1])
  }
  show(options.lngLat, options.color)

  return {
    setPlace: show,
    setTheme(next) {
      if (next === theme) return
      const [before, after] = [theme, next].map((look) => baseStyle(city, look, locale).layers)
      theme = next
      container.dataset['mapTheme'] = next
      if (map.getLayer('background')) restyle(map, before!, after!)
      else map.once('style.load', () => restyle(map, before!, after!))
    },
    whenIdle: () =>
      new Promise((resolve) => {
        map.once('idle', () => resolve())
        map.triggerRepaint()
      }),
    destroy() {
      marker.remove()
      map.remove()
      scale.element.remove()
    },
  }
}
