import type { Map as MapLibreMap } from 'maplibre-gl'

type PaintName = Parameters<MapLibreMap['setPaintProperty']>[1]
type LayoutName = Parameters<MapLibreMap['setLayoutProperty']>[1]

/** Undefined resets a property to its default. */
export function setPaint(map: MapLibreMap, layer: string, paint: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(paint))
    map.setPaintProperty(layer, name as PaintName, value as never)
}

export function setLayout(map: MapLibreMap, layer: string, layout: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(layout))
    map.setLayoutProperty(layer, name as LayoutName, value as never)
}
