import type { HotspotOptions, Hotspots, JudgeOptions } from '../../domain/answers/hotspots.ts'
import type { LevelShapes } from '../count/area-shapes.ts'
import { sizeOf } from '../count/area-size.ts'
import { areaSlots } from '../count/area-slots.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { judge } from './judge.ts'
import { finish } from '../../stats/in-parts.ts'
import type { Question, QuestionInParts, QuestionWorld } from './question.ts'
import { projection } from './projection.ts'
import type { Units } from './units.ts'

/**
 * Areas of a level that stand out. The filter's areas do not narrow it: an area is judged against
 * all others the person sees.
 */
export const hotspots: Question<HotspotOptions, Hotspots> = (rows, world, options) =>
  finish(hotspotsInParts(rows, world, options))

export const hotspotsInParts: QuestionInParts<HotspotOptions, Hotspots> = function* (
  rows,
  world,
  options,
) {
  const shapes = world.shapes.of(options.level)
  const slots = areaSlots(world.areas, shapes.areas)
  const units: Units = {
    n: shapes.areas.length,
    neighbours: shapes.neighbours,
    ...sizesFor(shapes, options),
    slotOf:
      ({ area }) =>
      (row) =>
        slots[area[row]!]!,
  }
  const all = everywhere(rows, world)
  const counts = new Uint32Array(units.n)
  // A facet ignores its own part of the filter: these are counts of all areas.
  projection(rows, world, null).byArea.forEach((count, idx) => {
    if (slots[idx]! >= 0) counts[slots[idx]!]! += count
  })
  return {
    ...(yield* judge({ units, rows: all, world, counts }, options)),
    options,
    areas: shapes.areas,
  }
}

/** Smoothed rates can do without some areas' households: those take the rate of all. */
function sizesFor(shapes: LevelShapes, { method, rates }: JudgeOptions): ReturnType<typeof sizeOf> {
  const { households } = shapes
  const known = households.reduce((all, count) => all + (count > 0 ? 1 : 0), 0)
  const isSmoothed = rates === 'smoothed' && (method === 'chance' || method === 'outlier')
  return isSmoothed && known * 2 > households.length
    ? { value: 'per_household', size: households }
    : sizeOf(shapes)
}

export const everywhere = (rows: FilteredRows, world: QuestionWorld): FilteredRows =>
  rows.filter.areas.length === 0
    ? rows
    : new FilteredRows(rows.set, { ...rows.filter, areas: [] }, world)
