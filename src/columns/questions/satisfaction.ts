import {
  noAskCounts,
  type AskCounts,
  type Satisfaction,
  type SatisfactionOptions,
} from '../../domain/answers/satisfaction.ts'
import {
  answersOf,
  type RatingAnswers,
  type RatingRun,
} from '../../domain/answers/rating-columns.ts'
import { areaSlots } from '../count/area-slots.ts'
import { compileFilter } from '../count/filter-rules.ts'
import type { FilteredRows } from '../count/filtered-rows.ts'
import { dayNumber, firstDayNumber, monthNumber } from '../../domain/time/calendar.ts'
import type { LocalMonth } from '../../domain/vocabulary.ts'
import type { Question, QuestionWorld } from './question.ts'

/** Sums by whatever key asked for, in the order of first use. */
class Sums<Key> {
  readonly #byKey = new Map<Key, AskCounts>()
  of(key: Key): AskCounts {
    let found = this.#byKey.get(key)
    if (!found) this.#byKey.set(key, (found = noAskCounts()))
    return found
  }
  get entries(): [Key, AskCounts][] {
    return [...this.#byKey]
  }
}

/** Answers about closings, by area, category, month of closing and department. */
export const satisfaction: Question<SatisfactionOptions, Satisfaction> = (rows, world, options) => {
  const level = world.areas.filter((area) => area.level === options.areaLevel)
  const slots = areaSlots(
    world.areas,
    level.map(({ idx }) => idx),
  )
  const [all, exempt] = [noAskCounts(), noAskCounts()]
  const areas = new Sums<number>()
  const categories = new Sums<number>()
  const months = new Sums<string>()
  const departments = new Sums<string | null>()

  forEachRating(rows, world, options, ({ area, category, month, answer, run }) => {
    const into = run.isExempt
      ? [exempt]
      : [all, categories.of(category), months.of(month), departments.of(run.department)]
    const slot = slots[area]!
    if (!run.isExempt && slot >= 0) into.push(areas.of(level[slot]!.idx))
    for (const counts of into) addRating(counts, answer, run)
  })
  return {
    ...{ all, exempt, areaLevel: options.areaLevel },
    areas: areas.entries.map(([idx, counts]) => ({ idx, ...counts })),
    categories: categories.entries.map(([idx, counts]) => ({ idx, ...counts })),
    months: months.entries.map(([month, counts]) => ({ month, ...counts })),
    departments: departments.entries.map(([code, counts]) => ({ code, ...counts })),
  }
}

interface Rating {
  /** `Area.idx`. */
  area: number
  /** `Category.idx`. */
  category: number
  month: LocalMonth
  /** Day number of the closing. */
  day: number
  answer: RatingAnswers
  run: RatingRun
}

/** Visits those that pass the filter's areas and categories and the months. */
export function forEachRating(
  rows: FilteredRows,
  world: QuestionWorld,
  { months, days = null }: Pick<SatisfactionOptions, 'months' | 'days'>,
  visit: (rating: Rating) => void,
): void {
  const rules = compileFilter(rows.filter, world)
  const answers = Array.from({ length: 256 }, (_, byte) => readByte(byte))
  const [from, to] = days ? [dayNumber(days.from), dayNumber(days.to)] : [-Infinity, Infinity]
  for (const columns of world.ratings?.months ?? []) {
    const { month } = columns
    if (months && (month < months.from || month > months.to)) continue
    const before = firstDayNumber(monthNumber(month)) - 1
    if (before + 1 > to || before + 31 < from) continue
    let row = 0
    for (const run of columns.runs)
      for (const end = row + run.count; row < end; row++) {
        const [area, category] = [columns.area[row]!, columns.category[row]!]
        const answer = answers[columns.answer[row]!]
        const day = before + columns.day[row]!
        if (!answer || rules.area[area] || rules.category[category]) continue
        if (day >= from && day <= to) visit({ area, category, month, day, answer, run })
      }
  }
}

/** Null for a byte that a newer server may send. */
function readByte(byte: number): RatingAnswers | null {
  try {
    return answersOf(byte)
  } catch {
    return null
  }
}

export function addRating(counts: AskCounts, answer: RatingAnswers, run: RatingRun): void {
  const isCall = run.way === 'callback'
  if (isCall) counts.asked++
  if (run.isGenerated) counts.generated++
  switch (answer.outcome) {
    case 'waiting':
      counts.waiting++
      return
    case 'refused':
      counts.refused++
      return
    case 'not_reached':
      counts.notReached++
      return
    case 'reached':
  }
  counts.answered++
  if (isCall) counts.answeredByCall++
  for (const name of ['responded', 'solved'] as const) {
    if (answer[name] === null) continue
    counts[name].of++
    if (answer[name]) counts[name].yes++
  }
  if (answer.satisfied !== null) counts.satisfied[answer.satisfied - 1]!++
}
