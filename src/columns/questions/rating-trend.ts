import {
  goodAnswers,
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
import { AnswerSums } from '../count/answer-sums.ts'
import { ratingSpans } from '../count/rating-spans.ts'
import type { Question } from './question.ts'

/** The three rates over time, without exempt closings. */
export const ratingTrend: Question<RatingTrendOptions, RatingTrend> = (rows, world, options) => {
  const { area: failsByArea, category: failsByCategory } = rows.rules
  const starts = new Map<number, number>()
  const steps = new Map<number, AnswerSums>()
  const sumsOf = (day: number): AnswerSums => {
    let start = starts.get(day)
    if (start === undefined) starts.set(day, (start = startOf(day, options.step)))
    let sums = steps.get(start)
    if (!sums) steps.set(start, (sums = new AnswerSums()))
    return sums
  }
  for (const span of ratingSpans(world.ratings, { months: null, days: options.days })) {
    const { run, columns, before, from, to } = span
    if (run.isExempt) continue
    const { area, category, answer, day } = columns
    // Rows stand in the order of days.
    for (let row = from; row < to;) {
      const own = day[row]!
      const bytes = sumsOf(before + own).bytesOf(run)
      for (; row < to && day[row] === own; row++)
        if ((failsByArea[area[row]!]! | failsByCategory[category[row]!]!) === 0)
          bytes[answer[row]!]!++
    }
  }
  const points = [...steps]
    .toSorted(([a], [b]) => a - b)
    .map(([from, { counts }]) => ({
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
