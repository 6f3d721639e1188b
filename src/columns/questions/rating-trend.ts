import {
  goodAnswers,
  noAskCounts,
  type AskCounts,
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
import { addRating, forEachRating } from './satisfaction.ts'
import type { Question } from './question.ts'

/** The three rates over time, without exempt closings. */
export const ratingTrend: Question<RatingTrendOptions, RatingTrend> = (rows, world, options) => {
  const steps = new Map<number, AskCounts>()
  forEachRating(rows, world, { months: null, days: options.days }, ({ day, answer, run }) => {
    if (run.isExempt) return
    const from = startOf(day, options.step)
    let counts = steps.get(from)
    if (!counts) steps.set(from, (counts = noAskCounts()))
    addRating(counts, answer, run)
  })
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
