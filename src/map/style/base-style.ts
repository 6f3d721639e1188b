import { layers as protomapsLayers, type Flavor } from '@protomaps/basemaps'
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl'
import type { CityConfig } from '@/domain/city/config.ts'
import type { MapLocale, MapTheme } from '../types.ts'
import { flavors } from './flavors.ts'
import { layerIds, sourceIds } from './layer-ids.ts'

/** Need a sprite from the net, or add nothing here. */
const leftOut = new Set([
  'roads_oneway',
  'roads_shields',
  'pois',
  'address_label',
  'boundaries_country',
  'boundaries',
])

// Device fonts. MapLibre reads weight and slant from the first name.
const fonts = {
  regular: 'Noto Sans,PingFang SC,Microsoft YaHei',
  bold: 'Noto Sans Medium,PingFang SC,Microsoft YaHei',
  italic: 'Noto Sans Italic,PingFang SC,Microsoft YaHei',
}

export function basemapLayers(theme: MapTheme, locale: MapLocale): LayerSpecification[] {
  const flavor: Flavor = { ...flavors[theme], ...fonts }
  const lang = locale === 'zh-CN' ? 'zh-Hans' : 'en'
  return protomapsLayers(sourceIds.basemap, flavor, { lang })
    .filter(({ id }) => !leftOut.has(id))
    .map((layer) => (layer.type === 'symbol' ? legible(withoutIcons(layer)) : layer))
}

/** CSS background: as a map layer it costs a pass every frame. */
export const groundColor = (city: CityConfig, theme: MapTheme): string =>
  city.basemap ? flavors[theme].background : flavors[theme].earth

/** Basemap, and empty slot layers for the engine's layers. */
export function baseStyle(
  city: CityConfig,
  theme: MapTheme,
  locale: MapLocale,
): StyleSpecification {
  if (!city.basemap)
    return {
      version: 8,
      sources: {},
      layers: [slot('ground'), slot('aboveFills'), ...slotsBelowLabels, slot('aboveLabels')],
    }
  const all = basemapLayers(theme, locale)
  const labels = all.filter(({ type }) => type === 'symbol')
  const land = all.filter(({ type }) => type === 'fill')
  const lines = all.filter(({ type }) => type === 'line')
  return {
    version: 8,
    sources: {
      [sourceIds.basemap]: { type: 'vector', url: pmtilesUrl(city.basemap.url) },
    },
    // Areas are opaque, so that they look like their legend; streets lie above them.
    layers: [
      slot('ground'),
      ...land,
      slot('aboveFills'),
      ...lines,
      ...slotsBelowLabels,
      ...labels,
      slot('aboveLabels'),
    ],
  }
}

/** PMTiles needs an absolute address. */
const pmtilesUrl = (url: string): string => `pmtiles://${new URL(url, location.href).href}`

const slot = (
  name: 'ground' | 'aboveFills' | 'belowOutlines' | 'belowLabels' | 'aboveLabels',
): LayerSpecification => ({
  id: layerIds[name],
  type: 'background',
  layout: { visibility: 'none' },
})

const slotsBelowLabels = [slot('belowOutlines'), slot('belowLabels')]

type LabelLayer = Extract<LayerSpecification, { type: 'symbol' }>

/** Keeps labels readable on light and dark areas. */
const legible = (layer: LabelLayer): LabelLayer => ({
  ...layer,
  paint: { ...layer.paint, 'text-halo-width': 1.7, 'text-halo-blur': 0.2 },
})

function withoutIcons(layer: LabelLayer): LabelLayer {
  const layout = Object.fromEntries(
    Object.entries(layer.layout ?? {}).filter(([name]) => !name.startsWith('icon-')),
  )
  // Its dot is removed, so the name is centred.
  if (layer.id === 'places_locality') {
    delete layout['text-variable-anchor']
    delete layout['text-radial-offset']
    layout['text-anchor'] = 'center'
    layout['text-justify'] = 'center'
  }
  return { ...layer, layout }
}
