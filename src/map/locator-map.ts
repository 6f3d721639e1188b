import type { LngLat } from '@/domain/vocabulary.ts'
import { addPin } from './pin.ts'
import { createSmallMap } from './small-map.ts'
import type { LocatorMap, LocatorMapOptions } from './types.ts'

/** Still map of one place, without pointer or focus. @throws when WebGL 2 is missing */
export function createLocatorMap(container: HTMLElement, options: LocatorMapOptions): LocatorMap {
  const { city, look, zoom = 16 } = options
  let marker: ReturnType<typeof addPin>
  const { map, setLook, remove } = createSmallMap(container, {
    city,
    look,
    view: { center: options.lngLat, zoom },
    interactive: false,
    onLost: options.onLost,
  })

  function show(lngLat: LngLat, color: string): void {
    marker?.remove()
    marker = addPin(map, lngLat, color)
    map.jumpTo({ center: [...lngLat], zoom })
  }
  show(options.lngLat, options.color)

  return {
    setPlace: show,
    setLook,
    whenIdle: () =>
      new Promise((resolve) => {
        map.once('idle', () => resolve())
        map.triggerRepaint()
      }),
    destroy() {
      marker.remove()
      remove()
    },
  }
}
