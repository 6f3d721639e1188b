import {
  goodAnswers,
  type AskCounts,
  type SatisfactionRate,
  type RatingTrend,
  type RatingTrendOptions,
  type TrendStep,
} from '../../domain/answers/satisfaction.ts'
import {
  dayFromNumber,
  firstDayNumber,
  monthNumber,
  monthOfDay,
} from '../../domain/time/calendar.ts'
import { AnswerSums, runFields } from '../count/answer-sums.ts'
import { eachRun } from './satisfaction.ts'
import type { Question } from './question.ts'

/** The three rates over time, without exempt closings. */
export const ratingTrend: Question<RatingTrendOptions, RatingTrend> = (rows, world, options) => {
  // By day first: a step has many.
  const days = new Map<number, AnswerSums>()
  eachRun(rows, world, { months: null, days: options.days }, ({ run }) => {
    if (run.isExempt) return null
    const fields = runFields(run)
    return (_area, _category, day, byte) => {
      let sums = days.get(day)
      if (!sums) days.set(day, (sums = new AnswerSums(1)))
      sums.add(0, fields[byte]!)
    }
  })
  const steps = new Map<number, Rates>()
  for (const [day, sums] of days) {
    const from = startOf(day, options.step)
    const counts = sums.of(0)
    const before = steps.get(from)
    steps.set(from, before ? together(before, counts) : counts)
  }
  const points = [...steps]
    .toSorted(([a], [b]) => a - b)
    .map(([from, counts]) => ({
      from: dayFromNumber(from),
      to: dayFromNumber(endOf(from, options.step)),
      responded: goodAnswers(counts, 'responded'),
      solved: goodAnswers(counts, 'solved'),
      satisfied: goodAnswers(counts, 'satisfied'),
    }))
    .filter(({ responded, solved, satisfied }) => responded.n + solved.n + satisfied.n > 0)
  return { options, points }
}

type Rates = Pick<AskCounts, SatisfactionRate>
function together(one: Rates, other: Rates): Rates {
  const both = (rate: 'responded' | 'solved') => ({
    yes: one[rate].yes + other[rate].yes,
    of: one[rate].of + other[rate].of,
  })
  return {
    responded: both('responded'),
    solved: both('solved'),
    satisfied: one.satisfied.map(
      (count, at) => count + other.satisfied[at]!,
    ) as AskCounts['satisfied'],
  }
}

/** 1970-01-01 was a Thursday. */
const weekdayFromMonday = (day: number): number => (((day + 3) % 7) + 7) % 7

function startOf(day: number, step: TrendStep): number {
  if (step === 'day') return day
  if (step === 'week') return day - weekdayFromMonday(day)
  return firstDayNumber(monthNumber(monthOfDay(dayFromNumber(day))))
}

function endOf(from: number, step: TrendStep): number {
  if (step === 'day') return from
  if (step === 'week') return from + 6
  return firstDayNumber(monthNumber(monthOfDay(dayFromNumber(from))) + 1) - 1
}
