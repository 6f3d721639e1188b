import type { ClosingGroup } from '@/domain/answers/closing.ts'
import type { ChartLook, ChartView } from '../chart-view.ts'
import { intervalOption } from '../options/interval.option.ts'
import { bars, narrowBy, rounded, type Narrowing } from './bars.ts'

interface ShareClosedData {
  by: 'category' | 'area'
  /** Largest first; null while unknown. */
  groups: readonly (ClosingGroup & Narrowing)[] | null
  withinDays: number
  /** Displayed name of the level. */
  level: string
  narrow: (code: string) => void
}

export function shareClosedView(data: ShareClosedData, { theme, text }: ChartLook): ChartView {
  const { t, counted } = text
  const { by, withinDays: count, level } = data
  const groups = data.groups ?? []
  const { shown, hidden, height } = bars(groups)
  const entries = shown.map(({ within, ...group }) => ({
    ...group,
    n: within.n,
    value: within.share,
    low: within.low,
    high: within.high,
  }))
  const labels = {
    value: t('charts.shareClosed.share'),
    format: text.percent,
    missing: t('charts.tooRecent'),
  }
  const percent = (share: number | null) => rounded(share === null ? null : share * 100, 1)
  return {
    fileName: `share-by-${by}`,
    title:
      by === 'category'
        ? counted('charts.shareClosed.byCategory', { count })
        : counted('charts.shareClosed.byArea', { count }, { level }),
    note: counted('charts.shareClosed.note', { count }),
    option: intervalOption(entries, labels, theme, text),
    table: {
      header: [
        by === 'category' ? t('charts.category') : t('charts.area'),
        t('charts.shareClosed.judged'),
        t('charts.shareClosed.closedInTime'),
        t('charts.shareClosed.sharePercent'),
        t('charts.low'),
        t('charts.high'),
        t('charts.shareClosed.leftOut'),
      ],
      rows: groups.map(({ name, within }) => [
        name,
        within.n,
        within.count,
        percent(within.share),
        percent(within.low),
        percent(within.high),
        within.tooRecent,
      ]),
    },
    height,
    loading: data.groups === null,
    empty: groups.length === 0,
    hidden,
    // whiskers come first
    markOf: (row) => (row < shown.length ? { seriesIndex: 1, dataIndex: row } : null),
    select: narrowBy(groups, data.narrow),
  }
}
