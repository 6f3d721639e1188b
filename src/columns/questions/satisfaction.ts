import {
  type AskCounts,
  type Satisfaction,
  type SatisfactionOptions,
} from '../../domain/answers/satisfaction.ts'
import type { RatingRun } from '../../domain/answers/rating-columns.ts'
import { dayNumber, firstDayNumber, monthNumber } from '../../domain/time/calendar.ts'
import type { LocalMonth } from '../../domain/vocabulary.ts'
import { AnswerSums, isKnownByte, runFields } from '../count/answer-sums.ts'
import { areaSlots } from '../count/area-slots.ts'
import { compileFilter } from '../count/filter-rules.ts'
import type { FilteredRows } from '../count/filtered-rows.ts'
import type { Question, QuestionWorld } from './question.ts'

/** Answers about closings, by area, category, month of closing and department. */
export const satisfaction: Question<SatisfactionOptions, Satisfaction> = (rows, world, options) => {
  const level = world.areas.filter((area) => area.level === options.areaLevel)
  const slots = areaSlots(
    world.areas,
    level.map(({ idx }) => idx),
  )
  const [all, exempt] = [new AnswerSums(1), new AnswerSums(1)]
  const areas = new AnswerSums(level.length)
  const categories = new AnswerSums(256)
  const months = new Named<LocalMonth>()
  const departments = new Named<string | null>()

  eachRun(rows, world, options, ({ run, month }) => {
    const fields = runFields(run)
    if (run.isExempt) return (_area, _category, _day, byte) => exempt.add(0, fields[byte]!)
    const [byMonth, byDepartment] = [months.of(month), departments.of(run.department)]
    return (area, category, _day, byte) => {
      const added = fields[byte]!
      all.add(0, added)
      categories.add(category, added)
      byMonth.add(0, added)
      byDepartment.add(0, added)
      if (slots[area]! >= 0) areas.add(slots[area]!, added)
    }
  })
  return {
    ...{ all: all.of(0), exempt: exempt.of(0), areaLevel: options.areaLevel },
    areas: areas.entries.map(([slot, counts]) => ({ idx: level[slot]!.idx, ...counts })),
    categories: categories.entries.map(([idx, counts]) => ({ idx, ...counts })),
    months: months.entries.map(([month, counts]) => ({ month, ...counts })),
    departments: departments.entries.map(([code, counts]) => ({ code, ...counts })),
  }
}

/** Sums by name; without names that nothing was added to. */
class Named<Name> {
  readonly #sums = new Map<Name, AnswerSums>()
  of(name: Name): AnswerSums {
    let found = this.#sums.get(name)
    if (!found) this.#sums.set(name, (found = new AnswerSums(1)))
    return found
  }
  get entries(): [Name, AskCounts][] {
    return [...this.#sums].flatMap(([name, sums]) =>
      sums.entries.map(([, counts]): [Name, AskCounts] => [name, counts]),
    )
  }
}

/** @param day number of the day of closing @param byte see `answersOf` */
export type VisitRating = (area: number, category: number, day: number, byte: number) => void

/**
 * Visits the rows that pass the filter's areas and categories and the months, run by run.
 * @param visitor of a run's rows; null leaves the run out
 */
export function eachRun(
  rows: FilteredRows,
  world: QuestionWorld,
  { months, days = null }: Pick<SatisfactionOptions, 'months' | 'days'>,
  visitor: (run: { run: RatingRun; month: LocalMonth }) => VisitRating | null,
): void {
  const rules = compileFilter(rows.filter, world)
  const [from, to] = days ? [dayNumber(days.from), dayNumber(days.to)] : [-Infinity, Infinity]
  for (const { month, runs, ...columns } of world.ratings?.months ?? []) {
    if (months && (month < months.from || month > months.to)) continue
    const before = firstDayNumber(monthNumber(month)) - 1
    if (before + 1 > to || before + 31 < from) continue
    let row = 0
    for (const run of runs) {
      const visit = visitor({ run, month })
      const end = row + run.count
      if (!visit) row = end
      for (; row < end; row++) {
        const [area, category, byte] = [
          columns.area[row]!,
          columns.category[row]!,
          columns.answer[row]!,
        ]
        const day = before + columns.day[row]!
        if (rules.area[area] || rules.category[category] || day < from || day > to) continue
        if (isKnownByte[byte] === 1) visit!(area, category, day, byte)
      }
    }
  }
}
