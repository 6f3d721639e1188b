import type { CityConfig } from '@/domain/city/config.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { AreasLayer } from './layers/areas.layer.ts'
import { createSmallMap } from './small-map.ts'
import { layerIds } from './style/layer-ids.ts'
import type { AreaFeatures, AreaHighlight, AreaValues, MapLook } from './types.ts'

export interface AreaValuesMapOptions {
  city: CityConfig
  look: MapLook
  /** The graphics are gone: destroy the map. */
  onLost: () => void
  /** Each with an `Area.idx`; null: the pointer is over none. */
  onHover: (idx: number | null) => void
  onClick: (idx: number) => void
}

export interface AreaValuesMap {
  show(level: AreaLevel, features: AreaFeatures, values: AreaValues | null): void
  highlight(highlight: AreaHighlight): void
  /** Brings the areas into view. */
  fit(bbox: readonly [west: number, south: number, east: number, north: number]): void
  setLook(look: MapLook): void
  destroy(): void
}

/** A small map of areas in colours of their values. @throws when WebGL 2 is missing */
export function createAreaValuesMap(
  container: HTMLElement,
  { city, look, onLost, onHover, onClick }: AreaValuesMapOptions,
): AreaValuesMap {
  const { map, setLook, remove } = createSmallMap(container, {
    ...{ city, look, onLost },
    view: undefined,
    interactive: true,
  })
  // The page scrolls past it: the wheel belongs to the page.
  map.scrollZoom.disable()
  const areas = new AreasLayer(look.theme)
  map.once('style.load', () => areas.attach(map))
  const areaAt = (point: { x: number; y: number }): number | null => {
    const { level } = areas
    if (!level || !map.getLayer(layerIds.areaFill(level))) return null
    const [found] = map.queryRenderedFeatures([point.x, point.y], {
      layers: [layerIds.areaFill(level)],
    })
    return found?.id === undefined ? null : Number(found.id)
  }
  map.on('mousemove', ({ point }) => {
    const idx = areaAt(point)
    map.getCanvas().style.cursor = idx === null ? '' : 'pointer'
    onHover(idx)
  })
  map.on('mouseout', () => onHover(null))
  map.on('click', ({ point }) => {
    const idx = areaAt(point)
    if (idx !== null) onClick(idx)
  })

  return {
    show(level, features, values) {
      areas.setAreas(level, features)
      areas.setLevel(level)
      areas.setValues(values)
    },
    highlight: (highlight) => areas.setHighlight(highlight),
    fit: ([west, south, east, north]) =>
      map.fitBounds([west, south, east, north], { padding: 16, duration: 0, maxZoom: 15 }),
    setLook(next) {
      setLook(next)
      areas.setTheme(next.theme)
    },
    destroy: remove,
  }
}
