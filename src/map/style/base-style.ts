import { layers as protomapsLayers, type Flavor } from '@protomaps/basemaps'
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { CityConfig } from '@/domain/city/config.ts'
import type { MapLocale, MapTheme } from '../types.ts'
import { flavors } from './flavors.ts'
import { layerIds, sourceIds } from './layer-ids.ts'

/** Need a sprite from the net, or add nothing to a map of incidents. */
const leftOut = new Set([
  'roads_oneway',
  'roads_shields',
  'pois',
  'address_label',
  'boundaries_country',
  'boundaries',
])

// Browser fonts of the device. MapLibre reads weight and slant from the first name; the others are
// fallbacks.
const fonts = {
  regular: 'Noto Sans,PingFang SC,Microsoft YaHei',
  bold: 'Noto Sans Medium,PingFang SC,Microsoft YaHei',
  italic: 'Noto Sans Italic,PingFang SC,Microsoft YaHei',
}

/** Empty for a city without a basemap. */
export function basemapLayers(theme: MapTheme, locale: MapLocale): LayerSpecification[] {
  const flavor: Flavor = { ...flavors[theme], ...fonts }
  const lang = locale === 'zh-CN' ? 'zh-Hans' : 'en'
  return protomapsLayers(sourceIds.basemap, flavor, { lang })
    .filter(({ id }) => !leftOut.has(id))
    .map((layer) => (layer.type === 'symbol' ? legible(withoutIcons(layer)) : layer))
}

/** CSS colour behind the canvas. As a map layer it would cost a full pass every frame. */
export const groundColor = (city: CityConfig, theme: MapTheme): string =>
  city.basemap ? flavors[theme].background : flavors[theme].earth

/** Start style: basemap, and empty slot layers at the heights of the engine's layers. */
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

/** PMTiles needs an absolute address; the city's may be a path. */
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

/** A wide halo keeps labels readable on light and dark areas. */
const legible = (layer: LabelLayer): LabelLayer => ({
  ...layer,
  paint: { ...layer.paint, 'text-halo-width': 1.7, 'text-halo-blur': 0.2 },
})

function withoutIcons(layer: LabelLayer): LabelLayer {
  const layout = Object.fromEntries(
    Object.entries(layer.layout ?? {}).filter(([name]) => !name.startsWith('icon-')),
  )
  // The town's dot is removed, so its name is centred on the place.
  if (layer.id === 'places_locality') {
    delete layout['text-variable-anchor']
    delete layout['text-radial-offset']
    layout['text-anchor'] = 'center'
    layout['text-justify'] = 'center'
  }
  return { ...layer, layout }
}
