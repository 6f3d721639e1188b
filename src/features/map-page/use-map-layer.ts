import type { WritableComputedRef } from 'vue'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'

const mapLayers = ['areas', 'hotspots', 'heat'] as const
export type MapLayer = (typeof mapLayers)[number]

/** The layer that the map shows; in the URL. */
export const useMapLayer = (): WritableComputedRef<MapLayer> =>
  useQueryChoice<MapLayer>(
    'layer',
    () => mapLayers,
    () => 'areas',
  )
