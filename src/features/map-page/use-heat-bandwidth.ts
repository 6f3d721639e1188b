import { computed, type WritableComputedRef } from 'vue'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'

/** Standard deviation of the heat picture's kernel on the ground, in metres. */
export const heatBandwidths = [50, 75, 100, 150, 200, 300, 500, 750, 1_000, 1_500, 2_000] as const

/** Null: as wide on the screen at every zoom; in the URL. */
export function useHeatBandwidth(): WritableComputedRef<number | null> {
  const choices = [null, ...heatBandwidths.map(String)]
  const text = useQueryChoice<string | null>(
    'bandwidth',
    () => choices,
    () => null,
  )
  return computed({
    get: () => (text.value === null ? null : Number(text.value)),
    set: (next) => (text.value = next === null ? null : String(next)),
  })
}

const equatorMetres = 40_075_017

/**
 * Radius of `HeatRequest` whose three box blurs of 2h + 1 cells have the standard deviation: their
 * variances add up to h(h + 1), so h is that less a half, within 2 % from two cells on.
 * @param cellPixels screen pixels of a heat cell
 */
export function heatRadius(metres: number, zoom: number, lat: number, cellPixels: number): number {
  const perPixel = (equatorMetres * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** zoom)
  return Math.max(0, 3 * (metres / (perPixel * cellPixels) - 0.5))
}
