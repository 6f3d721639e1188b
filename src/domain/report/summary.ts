import { benjaminiHochberg } from '../../stats/correct.ts'
import { answersToJudge, satisfactionRates } from '../answers/satisfaction.ts'
import { judgedChange, judgedShare } from '../answers/satisfaction-judged.ts'
import type { LocalMonth } from '../vocabulary.ts'
import { dayChange } from './day-change.ts'
import type { Compared, Counted, DayCount, ReportFigures } from './figures.ts'
import { say, type Paragraph, type Sentence } from './sentence.ts'

/**
 * Says what the figures of a month show, and nothing that they do not carry: each figure with its
 * interval and its n, a change only where its 95 % interval leaves out none, areas and categories only
 * after correction for their number. Paragraphs of sentences.
 */
export function summaryOf(figures: ReportFigures): Paragraph[] {
  const paragraphs: Paragraph[] = [
    {
      topic: 'reports',
      sentences: [
        ...partial(figures),
        ...reported(figures),
        ...categories(figures),
        ...flow(figures),
      ],
    },
    { topic: 'closing', sentences: [...time(figures), ...inTime(figures)] },
    { topic: 'residents', sentences: [...answers(figures), ...trend(figures)] },
    { topic: 'areas', sentences: areas(figures) },
  ]
  return paragraphs.filter(({ sentences }) => sentences.length > 0)
}

const partial = ({ until }: ReportFigures): Sentence[] =>
  until ? [say('partial', {}, { day: { day: until } })] : []

function reported({ month, monthBefore, yearAgo, reported: all }: ReportFigures): Sentence[] {
  const { now } = all
  return [
    say('reported', { count: now.count }, { month: { month } }),
    ...countChange(now, all.before, monthBefore),
    ...countChange(now, all.yearAgo, yearAgo),
  ]
}

function countChange(now: DayCount, then: DayCount | null, month: LocalMonth): Sentence[] {
  if (!then) return []
  const numbers = { number: then.count }
  const name = { month }
  const change = dayChange(now, then)
  if (!change) return [say('count.few', numbers, { name })]
  const { ratio, low, high } = change
  if (ratio === null) return [say('count.new', numbers, { name })]
  const isClear = low > 1 || (high !== null && high < 1)
  const interval = { low: { ratio: low }, high: { ratio: high } }
  return [
    say(isClear ? 'count.clear' : 'count.same', numbers, { name, share: { ratio }, ...interval }),
  ]
}

/** Counts of categories differ clearly only after correction for their number. */
function categories({ categories: all, days, monthBefore }: ReportFigures): Sentence[] {
  const compared = all.flatMap(({ idx, now, before }) => {
    if (before === null || days.before === null) return []
    const change = dayChange({ count: now, days: days.now }, { count: before, days: days.before })
    return change ? [{ idx, now, before, change }] : []
  })
  if (compared.length === 0) return []
  const adjusted = benjaminiHochberg(compared.map(({ change }) => change.p))
  const clear = compared.filter((_, at) => adjusted[at]! <= 0.05)
  const month = { month: monthBefore }
  if (clear.length === 0) return [say('category.same', { count: compared.length }, { month })]
  return clear.map(({ idx, now, before: number, change: { ratio, low, high } }) =>
    say(
      ratio === null ? 'category.new' : 'category.clear',
      { count: now, number },
      {
        ...{ name: { category: idx }, month, share: { ratio } },
        ...{ low: { ratio: low }, high: { ratio: high } },
      },
    ),
  )
}

function flow({ flow: all, monthBefore }: ReportFigures): Sentence[] {
  if (!all) return []
  const { closed, open, openBefore } = all
  return openBefore === null
    ? [say('flow.first', { closed, open })]
    : [say('flow.since', { closed, open, number: openBefore }, { month: { month: monthBefore } })]
}

function time({
  time: { n, open, median },
  week,
  monthBefore,
  yearAgo,
}: ReportFigures): Sentence[] {
  if (n === 0) return []
  const { time: hours, low, high } = median
  const numbers = { count: n, open }
  const half =
    n < answersToJudge.least || (hours !== null && low === null)
      ? say('time.tooFew', numbers)
      : hours === null
        ? say('time.notHalf', numbers)
        : high === null
          ? say('time.from', numbers, { duration: { hours }, low: { hours: low } })
          : say('time.half', numbers, {
              ...{ duration: { hours }, low: { hours: low }, high: { hours: high } },
            })
  return [half, ...shareSentences('week', week, [monthBefore, yearAgo])]
}

function inTime({ inTime: all, withoutClock, monthBefore, yearAgo }: ReportFigures): Sentence[] {
  if (all.now.n === 0) return [say('inTime.none')]
  const share = shareSentences('inTime', all, [monthBefore, yearAgo])
  // Figures of a part must not pass for all.
  return withoutClock > 0 ? [...share, say('inTime.without', { count: withoutClock })] : share
}

const answers = ({ rates, monthBefore, yearAgo }: ReportFigures): Sentence[] =>
  satisfactionRates
    .toReversed()
    .flatMap((rate) => shareSentences(rate, rates[rate], [monthBefore, yearAgo]))

function shareSentences(
  kind: string,
  { now, before, yearAgo }: Compared<Counted>,
  [monthBefore, year]: [LocalMonth, LocalMonth],
): Sentence[] {
  if (now.n < answersToJudge.least) return [say(`${kind}.tooFew`, { count: now.n })]
  const { share, low, high, count, n } = judgedShare(now)
  const interval = { low: { share: low! }, high: { share: high! } }
  return [
    say(`${kind}.share`, { count: n, done: count }, { share: { share: share! }, ...interval }),
    ...(n < answersToJudge.firm ? [say('weak', { number: answersToJudge.firm })] : []),
    ...shareChange(now, before, monthBefore),
    ...shareChange(now, yearAgo, year),
  ]
}

function shareChange(now: Counted, then: Counted | null, month: LocalMonth): Sentence[] {
  if (!then) return []
  const name = { month }
  if (then.n < answersToJudge.least) return [say('share.few', { count: then.n }, { name })]
  const { difference, low, high } = judgedChange(now, then)
  const kind = low! > 0 ? 'better' : high! < 0 ? 'worse' : 'same'
  const points = { points: { points: difference! }, low: { points: low! }, high: { points: high! } }
  return [say(`share.${kind}`, {}, { name, ...points })]
}

function trend({ trend: found }: ReportFigures): Sentence[] {
  if (!found) return []
  const { cause, share, low, high, points, isTrial } = found
  const words = { share: { share }, low: { share: low }, high: { share: high } }
  const kind = cause?.meaning ?? 'usual'
  return [
    say(`trend.${kind}`, {}, cause ? { ...words, state: { cause } } : words),
    ...(isTrial ? [say('trend.trial', { count: points })] : []),
  ]
}

function areas({ areas: found }: ReportFigures): Sentence[] {
  if (!found) return []
  const { judged, tooFew, low, high } = found
  const months = found.months === 1 ? 'month' : 'year'
  const rest =
    tooFew > 0 ? [say('areas.tooFew', { count: tooFew, number: answersToJudge.least })] : []
  if (judged < 2) return rest
  const apart = [
    ...(low.length > 0 ? [say('areas.low', { count: judged }, { names: { areas: low } })] : []),
    ...(high.length > 0 ? [say('areas.high', { count: judged }, { names: { areas: high } })] : []),
  ]
  return [
    say(`areas.${months}`, { count: judged }),
    ...(apart.length > 0 ? apart : [say('areas.same')]),
    ...rest,
  ]
}
