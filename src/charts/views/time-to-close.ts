import type { ClosingGroup, ClosingSummary } from '@/domain/answers/closing.ts'
import type { ChartLook, ChartView } from '../chart-view.ts'
import { intervalOption } from '../options/interval.option.ts'
import { bars, narrowBy, rounded, type Narrowing } from './bars.ts'

interface TimeToCloseData {
  /** Null while unknown. */
  summary: Pick<ClosingSummary, 'n' | 'open' | 'withdrawn'> | null
  /** Largest first. */
  categories: readonly (ClosingGroup & Narrowing)[]
  narrow: (categoryCode: string) => void
}

const days = (hours: number | null): number | null => (hours === null ? null : hours / 24)

/** Median and 90th percentile of days to close, by category. */
export function timeToCloseView(data: TimeToCloseData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const { categories } = data
  const { shown, hidden, height } = bars(categories)
  const entries = shown.map(({ median, p90, ...group }) => ({
    ...group,
    value: days(median.time),
    low: days(median.low),
    high: days(median.high),
    second: days(p90.time),
  }))
  const labels = {
    value: t('charts.timeToClose.median'),
    second: t('charts.timeToClose.p90'),
    format: (value: number) => t('charts.days', { days: text.number(value, 1) }),
    missing: t('charts.notReached'),
  }
  return {
    fileName: 'time-to-close',
    title: t('charts.timeToClose.title'),
    note: noteOf(data.summary, text),
    option: intervalOption(entries, labels, theme, text),
    table: {
      header: [
        t('charts.category'),
        t('charts.timeToClose.n'),
        t('charts.open'),
        t('charts.timeToClose.medianDays'),
        t('charts.low'),
        t('charts.high'),
        t('charts.timeToClose.p90Days'),
      ],
      rows: categories.map(({ name, n, open, median, p90 }) => [
        name,
        n,
        open,
        ...[median.time, median.low, median.high, p90.time].map((hours) => rounded(days(hours), 2)),
      ]),
    },
    height,
    loading: data.summary === null,
    empty: categories.length === 0,
    hidden,
    // whiskers come first
    markOf: (row) => (row < shown.length ? { seriesIndex: 1, dataIndex: row } : null),
    select: narrowBy(categories, data.narrow),
  }
}

function noteOf(summary: TimeToCloseData['summary'], { counted }: ChartLook['text']): string {
  if (!summary) return ''
  const { n, open, withdrawn } = summary
  const note = counted('charts.timeToClose.note', { count: n, open })
  return withdrawn > 0
    ? counted('charts.timeToClose.withdrawn', { count: withdrawn }, { note })
    : note
}
