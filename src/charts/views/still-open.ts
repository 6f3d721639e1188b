import { openDays, type ClosingSummary } from '@/domain/answers/closing.ts'
import { tableWhenRead, type ChartLook, type ChartView } from '../chart-view.ts'
import { survivalOption, type OpenStep } from '../options/survival.option.ts'
import { rounded } from './bars.ts'

/**
 * The chart of an answer of the columns; null while unknown.
 * @param open shows incidents seen open for more than so many hours
 */
export function closingView(
  answer: ClosingSummary | null,
  names: Pick<StillOpenData, 'fileName' | 'title' | 'isPartial'>,
  look: ChartLook,
  open?: StillOpenData['open'],
): ChartView {
  const inDays = (hours: number | null): number | null => (hours === null ? null : hours / 24)
  const known = (limit: number | undefined): number | null =>
    limit === undefined || Number.isNaN(limit) ? null : limit
  const { time = null, low = null, high = null } = answer?.median ?? {}
  return stillOpenView(
    {
      ...{ ...names, n: answer?.n ?? 0, stillOpen: answer?.open ?? 0, open },
      rows: (answer?.longerThanDays ?? []).map((longer, at) => ({ days: openDays[at]!, longer })),
      steps:
        answer &&
        Array.from(answer.curve.hours, (hours, at) => ({
          days: hours / 24,
          share: answer.curve.open[at]!,
          low: known(answer.curve.low[at]),
          high: known(answer.curve.high[at]),
          longer: answer.curve.longer[at]!,
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
  stillOpen: number
  /** In ascending order of days; null while unknown. */
  steps: readonly OpenStep[] | null
  /** Null where half are not closed. */
  medianDays: { time: number | null; low: number | null; high: number | null }
  /** Days that the table tells, and how many were seen open for longer. Beyond the last step nothing is known. */
  rows: readonly { days: number; longer: number }[]
  open?: ((hours: number) => void) | undefined
  /** Months are missing, so all counts still grow. */
  isPartial?: boolean
}

/** The share still open by days since the report: open ones count with their age, they are not dropped. */
export function stillOpenView(data: StillOpenData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const steps = data.steps ?? []
  const at = (days: number): Omit<OpenStep, 'longer'> =>
    steps.findLast((step) => step.days <= days) ?? { days, share: 1, low: 1, high: 1 }
  const { rows, open } = data
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
        t('charts.stillOpen.longerHeader'),
      ],
      rows: rows.map(({ days, longer }) => {
        const { share, low, high } = at(days)
        return [text.number(days, 1), percent(share), percent(low), percent(high), longer]
      }),
    })),
    height: 260,
    loading: data.steps === null || (steps.length === 0 && data.isPartial === true),
    empty: steps.length === 0 && !data.isPartial,
    hidden: 0,
    // its table has days of its own
    markOf: () => null,
    ...(open && {
      select: (row: number) => rows[row] && open(rows[row].days * 24),
      selectAt: (days: number) => {
        const step = nearest(steps, days)
        if (step) open(Math.round(step.days * 24))
      },
    }),
  }
}

/** As the tooltip finds it. */
const nearest = (steps: readonly OpenStep[], days: number): OpenStep | undefined =>
  steps.reduce<OpenStep | undefined>(
    (best, step) =>
      best && Math.abs(best.days - days) <= Math.abs(step.days - days) ? best : step,
    undefined,
  )

function noteOf(data: StillOpenData, text: ChartLook['text']): string {
  const arrived = curveNote(data, text)
  const note = data.isPartial ? text.t('charts.stillOpen.partial', { note: arrived }) : arrived
  return data.open ? text.t('charts.stillOpen.open', { note }) : note
}

function curveNote(
  { n, stillOpen, medianDays }: StillOpenData,
  { t, counted, number }: ChartLook['text'],
): string {
  const note = counted('charts.stillOpen.note', { count: n, open: stillOpen })
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
