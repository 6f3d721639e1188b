import type { Area } from '@/domain/city/area.ts'
import { isWithin } from '@/domain/city/area.ts'
import { addDays, dayNumber } from '@/domain/time/calendar.ts'
import type { Projection } from '@/domain/answers/projection.ts'
import { rollUp } from '@/domain/city/roll-up.ts'
import { areaLevels, isOpenStage, stages, type LocalDay, type Stage } from '@/domain/vocabulary.ts'

export interface DayCount {
  day: LocalDay
  count: number
}

/** Incidents received on each of `days` days, ending with `last`. */
export function dailyReceived(
  histogram: Projection['histogram'],
  last: LocalDay,
  days: number,
): DayCount[] {
  const offset = dayNumber(last) - dayNumber(histogram.firstDay)
  return Array.from({ length: days }, (_, index) => {
    const back = days - 1 - index
    return { day: addDays(last, -back), count: histogram.counts[offset - back] ?? 0 }
  })
}

export const sumOf = (days: readonly DayCount[]): number =>
  days.reduce((sum, { count }) => sum + count, 0)

/** Open incidents by stage, without empty stages. */
export const openByStage = (byStage: ArrayLike<number>): { stage: Stage; count: number }[] =>
  stages
    .map((stage, index) => ({ stage, count: byStage[index] ?? 0 }))
    .filter(({ stage, count }) => isOpenStage(stage) && count > 0)

/**
 * The highest level in the person's scope with more than one area.
 * @param scopePaths paths of the membership areas; empty for everything
 */
export function comparedAreas(areas: readonly Area[], scopePaths: readonly string[]): Area[] {
  const inScope = scopePaths.length
    ? areas.filter((area) => scopePaths.some((path) => isWithin(area, { path })))
    : areas
  for (const level of areaLevels) {
    const same = inScope.filter((area) => area.level === level)
    if (same.length > 1) return same
  }
  return [...inScope]
}

/** The `most` candidates with the highest rolled-up counts, without zeros. */
export function topAreas(
  countsByIdx: ArrayLike<number>,
  areas: readonly Area[],
  candidates: readonly Area[],
  most: number,
): { area: Area; count: number }[] {
  const sums = rollUp(countsByIdx, areas)
  return candidates
    .map((area) => ({ area, count: sums[area.idx] ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || a.area.code.localeCompare(b.area.code))
    .slice(0, most)
}
