import { shareOf, type Fraction } from '@/domain/answers/rates.ts'
import type { ChartLook, ChartView } from '../chart-view.ts'
import { intervalOption } from '../options/interval.option.ts'
import { bars, narrowBy, rounded } from './bars.ts'

interface DepartmentsInTimeData {
  /** Most due first; null while unknown. */
  departments: readonly ({ key: string; name: string } & Fraction)[] | null
  narrow?: (departmentCode: string) => void
}

/** Handled in time by department, in the order of what was due: few cases give no ranking. */
export function departmentsInTimeView(
  data: DepartmentsInTimeData,
  { theme, text }: ChartLook,
): ChartView {
  const { t } = text
  const entries = (data.departments ?? []).map(({ key, name, ...rate }) => {
    const { count, n, share: value, low, high } = shareOf(rate)
    return { key, name, value, low, high, n, count, selected: false }
  })
  const { shown, hidden, height } = bars(entries)
  const labels = {
    value: t('rates.name.handling_in_time'),
    format: text.percent,
    missing: t('rates.noneDue'),
  }
  const percent = (share: number | null) => rounded(share === null ? null : share * 100, 1)
  return {
    fileName: 'departments-in-time',
    title: t('rates.departments.title'),
    note: t('rates.departments.note'),
    option: intervalOption(shown, labels, theme, text),
    table: {
      header: [
        t('rates.departments.department'),
        t('rates.departments.due'),
        t('rates.inTime'),
        t('rates.stages.inTimePercent'),
        t('charts.low'),
        t('charts.high'),
      ],
      rows: entries.map(({ name, n, count, value, low, high }) => [
        name,
        n,
        count,
        percent(value),
        percent(low),
        percent(high),
      ]),
    },
    height,
    loading: data.departments === null,
    empty: entries.length === 0,
    hidden,
    // whiskers come first
    markOf: (row) => (row < shown.length ? { seriesIndex: 1, dataIndex: row } : null),
    ...(data.narrow && { select: narrowBy(entries, data.narrow) }),
  }
}
