import { layers as protomapsLayers, type Flavor } from '@protomaps/basemaps'
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { CityConfig } from '../../domain/config.ts'
import type { MapLocale, MapTheme } from '../types.ts'
import { flavors } from './flavors.ts'
import { layerIds, sourceIds } from './layer-ids.ts'

/** Layers that need a sprite from the net, or say nothing on a map of incidents. */
const leftOut = new Set(['roads_oneway', 'roads_shields', 'pois', 'address_label', 'boundaries_country', 'boundaries'])

// Labels are drawn by the browser from fonts of the device; the names pick weight and slant.
const fonts = {
  regular: 'Noto Sans, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif',
  bold: 'Noto Sans Medium, Noto Sans CJK SC Medium, PingFang SC Medium, sans-serif medium',
  italic: 'Noto Sans Italic, Noto Sans CJK SC, sans-serif italic',
}

/** Basemap layers without ours; empty for a city without a basemap. */
export function basemapLayers(theme: MapTheme, locale: MapLocale): LayerSpecification[] {
  const flavor: Flavor = { ...flavors[theme], ...fonts }
  const lang = locale === 'zh-CN' ? 'zh-Hans' : 'en'
  return protomapsLayers(sourceIds.basemap, flavor, { lang })
    .filter(({ id }) => !leftOut.has(id))
    .map((layer) => (layer.type === 'symbol' ? withoutIcons(layer) : layer))
}

/** The style the map starts with: ground, and three heights at which the engine puts its layers. */
export function baseStyle(city: CityConfig, theme: MapTheme, locale: MapLocale): StyleSpecification {
  if (!city.basemap) {
    const ground: LayerSpecification = {
      id: 'background',
      type: 'background',
      paint: { 'background-color': flavors[theme].earth },
    }
    return { version: 8, sources: {}, layers: [ground, slot('belowRoads'), slot('belowLabels'), slot('aboveLabels')] }
  }
  const all = basemapLayers(theme, locale)
  const labels = all.filter(({ type }) => type === 'symbol')
  const ground = all.filter(({ type }) => type !== 'symbol')
  const firstRoad = ground.findIndex(({ id }) => id.startsWith('roads_tunnels'))
  return {
    version: 8,
    sources: {
      [sourceIds.basemap]: { type: 'vector', url: pmtilesUrl(city.basemap.url) },
    },
    layers: [
      ...ground.slice(0, firstRoad),
      slot('belowRoads'),
      ...ground.slice(firstRoad),
      slot('belowLabels'),
      ...labels,
      slot('aboveLabels'),
    ],
  }
}

/** PMTiles needs a whole address; the city's may be a path on our own server. */
const pmtilesUrl = (url: string): string => `pmtiles://${new URL(url, location.href).href}`

const slot = (name: 'belowRoads' | 'belowLabels' | 'aboveLabels'): LayerSpecification => ({
  id: layerIds[name],
  type: 'background',
  layout: { visibility: 'none' },
})

function withoutIcons(
  layer: Extract<LayerSpecification, { type: 'symbol' }>,
): LayerSpecification {
  const layout = Object.fromEntries(
    Object.entries(layer.layout ?? {}).filter(([name]) => !name.startsWith('icon-')),
  )
  // Without the town's dot the name belongs on its place, not beside it.
  if (layer.id === 'places_locality') {
    delete layout['text-variable-anchor']
    delete layout['text-radial-offset']
    layout['text-anchor'] = 'center'
    layout['text-justify'] = 'center'
  }
  return { ...layer, layout }
}
