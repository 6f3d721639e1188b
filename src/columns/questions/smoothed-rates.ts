import type { SmoothedRates, SmoothedRatesOptions } from '../../domain/answers/area-answers.ts'
import { globalSmoothedRates, localSmoothedRates } from '../../stats/empirical-bayes.ts'
import { withoutSelf } from '../../stats/weights.ts'
import { areaSlots } from '../count/area-slots.ts'
import { everywhere } from './hotspots.ts'
import type { Question } from './question.ts'
import { countInto } from './units.ts'
import { forEachInWindow } from './window-counts.ts'
import { forEachPassing } from '../count/filtered-rows.ts'

/** Rates by households of the areas that the person sees, whatever areas the filter chooses. */
export const smoothedRates: Question<SmoothedRatesOptions, SmoothedRates> = (
  rows,
  world,
  options,
) => {
  const { areas, households, neighbours } = world.shapes.of(options.level)
  const slots = areaSlots(world.areas, areas)
  const counts = new Uint32Array(areas.length)
  const visit = countInto(counts, {
    slotOf:
      ({ area }) =>
      (row) =>
        slots[area[row]!]!,
  })
  if (options.window) forEachInWindow(rows, world, options.window, visit)
  else forEachPassing(everywhere(rows, world), visit)
  const found =
    options.towards === 'all'
      ? globalSmoothedRates(counts, households)
      : localSmoothedRates(counts, households, withoutSelf(neighbours))
  return {
    options,
    areas: [...areas].flatMap((idx, at) =>
      households[at]! > 0
        ? [
            {
              idx,
              count: counts[at]!,
              perHouseholds: found.rates[at]! * 1000,
              ownWeight: found.ownWeights[at]!,
            },
          ]
        : [],
    ),
  }
}
