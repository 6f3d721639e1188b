import type { ClosingSummary } from '@/domain/answers/closing.ts'
import { tableWhenRead, type ChartLook, type ChartView } from '../chart-view.ts'
import { survivalOption, type OpenStep } from '../options/survival.option.ts'
import { rounded } from './bars.ts'

/** Days that the table tells. */
const tableDays = [1, 3, 7, 14, 30, 60, 90, 180, 365]

/** The chart of an answer of the columns; null while unknown. */
export function closingView(
  answer: ClosingSummary | null,
  names: Pick<StillOpenData, 'fileName' | 'title'>,
  look: ChartLook,
): ChartView {
  const inDays = (hours: number | null): number | null => (hours === null ? null : hours / 24)
  const known = (limit: number | undefined): number | null =>
    limit === undefined || Number.isNaN(limit) ? null : limit
  const { time = null, low = null, high = null } = answer?.median ?? {}
  return stillOpenView(
    {
      ...{ ...names, n: answer?.n ?? 0, open: answer?.open ?? 0, tableDays },
      steps:
        answer &&
        Array.from(answer.curve.hours, (hours, at) => ({
          days: hours / 24,
          share: answer.curve.open[at]!,
          low: known(answer.curve.low[at]),
          high: known(answer.curve.high[at]),
        })),
      medianDays: { time: inDays(time), low: inDays(low), high: inDays(high) },
    },
    look,
  )
}

interface StillOpenData {
  fileName: string
  title: string
  n: number
  /** Open, counted with their age so far. */
  open: number
  /** In ascending order of days; null while unknown. */
  steps: readonly OpenStep[] | null
  /** Null where half are not closed. */
  medianDays: { time: number | null; low: number | null; high: number | null }
  /** Days that the table tells. */
  tableDays: readonly number[]
}

/** The share still open by days since the report: open ones count with their age, they are not dropped. */
export function stillOpenView(data: StillOpenData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const steps = data.steps ?? []
  const at = (days: number): OpenStep =>
    steps.findLast((step) => step.days <= days) ?? { days, share: 1, low: 1, high: 1 }
  const last = steps.at(-1)?.days ?? 0
  const percent = (share: number | null) => rounded(share === null ? null : share * 100, 1)
  return {
    fileName: data.fileName,
    title: data.title,
    note: noteOf(data, text),
    option: survivalOption(steps, t('charts.stillOpen.share'), theme, text),
    table: tableWhenRead(() => ({
      header: [
        t('charts.stillOpen.day'),
        t('charts.stillOpen.percent'),
        t('charts.low'),
        t('charts.high'),
      ],
      // Beyond the last step nothing is known.
      rows: data.tableDays
        .filter((days) => days <= last)
        .map((days) => {
          const { share, low, high } = at(days)
          return [text.number(days, 1), percent(share), percent(low), percent(high)]
        }),
    })),
    height: 260,
    loading: data.steps === null,
    empty: steps.length === 0,
    hidden: 0,
    // its table has days of its own
    markOf: () => null,
  }
}

function noteOf({ n, open, medianDays }: StillOpenData, { t, counted, number }: ChartLook['text']) {
  const note = counted('charts.stillOpen.note', { count: n, open })
  const { time, low, high } = medianDays
  if (time === null) return t('charts.stillOpen.notHalf', { note })
  const end = (value: number | null): string =>
    value === null ? t('charts.notReached') : number(value, 1)
  return t('charts.stillOpen.median', {
    note,
    days: number(time, 1),
    low: end(low),
    high: end(high),
  })
}
