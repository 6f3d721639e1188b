import type { Map as MapLibreMap } from 'maplibre-gl'
import { createMapCanvas, titleCanvas, type MapCanvasOptions } from './map-canvas.ts'
import { baseStyle } from './style/base-style.ts'
import { restyle } from './style/restyle.ts'
import type { MapLook } from './types.ts'
import { ScaleBar } from './ui/scale-bar.ts'

export type SmallMapOptions = Omit<MapCanvasOptions, 'title' | 'theme' | 'locale'> & {
  look: MapLook
  /** The graphics are gone: destroy the map. */
  onLost: () => void
}

export interface SmallMap {
  map: MapLibreMap
  setLook(look: MapLook): void
  remove(): void
}

/** City map with a scale only. @throws when WebGL 2 is missing */
export function createSmallMap(container: HTMLElement, options: SmallMapOptions): SmallMap {
  const { city } = options
  let { look } = options
  const map = createMapCanvas(container, { ...options, ...look, title: look.messages.mapTitle })
  // A map that cannot be moved needs no keyboard focus.
  if (!options.interactive) map.getCanvas().setAttribute('tabindex', '-1')
  map.on('webglcontextlost', options.onLost)
  map.on('error', ({ error }) => console.warn('Map:', error.message))
  const scale = new ScaleBar(look.messages, city.basemap?.attribution ?? null)
  container.append(scale.element)
  const showScale = (): void => scale.setPlace(map.getZoom(), map.getCenter().lat)
  showScale()
  map.on('move', showScale)

  return {
    map,
    setLook(next) {
      const [before, after] = [look, next].map(
        ({ theme, locale }) => baseStyle(city, theme, locale).layers,
      )
      look = next
      container.dataset['mapTheme'] = next.theme
      titleCanvas(map, next.messages.mapTitle)
      scale.setMessages(next.messages)
      const apply = (): void => restyle(map, before!, after!)
      if (map.getLayer('background')) apply()
      else map.once('style.load', apply)
    },
    remove() {
      map.remove()
      scale.element.remove()
    },
  }
}
