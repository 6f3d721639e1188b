import { layers as protomapsLayers, type Flavor } from '@protomaps/basemaps'
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { CityConfig } from '@/domain/city/config.ts'
import type { MapLocale, MapTheme } from '../types.ts'
import { flavors } from './flavors.ts'
import { layerIds, sourceIds } from './layer-ids.ts'

/** Layers that need a sprite from the net, or say nothing on a map of incidents. */
const leftOut = new Set([
  'roads_oneway',
  'roads_shields',
  'pois',
  'address_label',
  'boundaries_country',
  'boundaries',
])

// Labels are drawn by the browser from fonts of the device. Weight and slant are read off the first
// name; the others are where a device without it looks next.
const fonts = {
  regular: 'Noto Sans,PingFang SC,Microsoft YaHei',
  bold: 'Noto Sans Medium,PingFang SC,Microsoft YaHei',
  italic: 'Noto Sans Italic,PingFang SC,Microsoft YaHei',
}

/** Basemap layers without ours; empty for a city without a basemap. */
export function basemapLayers(theme: MapTheme, locale: MapLocale): LayerSpecification[] {
  const flavor: Flavor = { ...flavors[theme], ...fonts }
  const lang = locale === 'zh-CN' ? 'zh-Hans' : 'en'
  return protomapsLayers(sourceIds.basemap, flavor, { lang })
    .filter(({ id }) => !leftOut.has(id))
    .map((layer) => (layer.type === 'symbol' ? legible(withoutIcons(layer)) : layer))
}

/**
 * What lies under everything, as CSS: behind a canvas that lets it through it costs nothing, drawn
 * by the map it is a pass over every pixel of every frame.
 */
export const groundColor = (city: CityConfig, theme: MapTheme): string =>
  city.basemap ? flavors[theme].background : flavors[theme].earth

/** The style the map starts with: ground, and the heights at which the engine puts its layers. */
export function baseStyle(
  city: CityConfig,
  theme: MapTheme,
  locale: MapLocale,
): StyleSpecification {
  if (!city.basemap)
    return {
      version: 8,
      sources: {},
      layers: [slot('ground'), ...slotsBelowLabels, slot('aboveLabels')],
    }
  const all = basemapLayers(theme, locale)
  const labels = all.filter(({ type }) => type === 'symbol')
  const ground = all.filter(({ type }) => type !== 'symbol' && type !== 'background')
  return {
    version: 8,
    sources: {
      [sourceIds.basemap]: { type: 'vector', url: pmtilesUrl(city.basemap.url) },
    },
    layers: [slot('ground'), ...ground, ...slotsBelowLabels, ...labels, slot('aboveLabels')],
  }
}

/** PMTiles needs a whole address; the city's may be a path on our own server. */
const pmtilesUrl = (url: string): string => `pmtiles://${new URL(url, location.href).href}`

const slot = (
  name: 'ground' | 'aboveFills' | 'belowOutlines' | 'belowLabels' | 'aboveLabels',
): LayerSpecification => ({
  id: layerIds[name],
  type: 'background',
  layout: { visibility: 'none' },
})

const slotsBelowLabels = [slot('aboveFills'), slot('belowOutlines'), slot('belowLabels')]

type LabelLayer = Extract<LayerSpecification, { type: 'symbol' }>

/** Labels lie on light and dark areas alike, so their halo has to carry them. */
const legible = (layer: LabelLayer): LabelLayer => ({
  ...layer,
  paint: { ...layer.paint, 'text-halo-width': 1.7, 'text-halo-blur': 0.2 },
})

function withoutIcons(layer: LabelLayer): LabelLayer {
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
