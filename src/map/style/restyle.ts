import type { LayerSpecification, Map as MapLibreMap } from 'maplibre-gl'
import { setLayout, setPaint } from './set-paint.ts'

/** Changes only differing properties. `setStyle` would also compare the geometry of our sources. */
export function restyle(
  map: MapLibreMap,
  before: readonly LayerSpecification[],
  after: readonly LayerSpecification[],
): void {
  const previous = new Map(before.map((layer) => [layer.id, layer]))
  for (const layer of after) {
    const old = previous.get(layer.id)
    if (!old) continue
    setPaint(map, layer.id, changes(old.paint, layer.paint))
    setLayout(map, layer.id, changes(old.layout, layer.layout))
  }
}

function changes(before: object | undefined, after: object | undefined): Record<string, unknown> {
  const old: Record<string, unknown> = { ...before }
  const wanted: Record<string, unknown> = { ...after }
  const names = [...new Set([...Object.keys(old), ...Object.keys(wanted)])]
  return Object.fromEntries(
    names
      .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(wanted[name]))
      .map((name) => [name, wanted[name]]),
  )
}
