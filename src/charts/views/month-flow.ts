import type { MonthFlow } from '@/domain/answers/projection.ts'
import type { LocalMonth } from '@/domain/vocabulary.ts'
import type { ChartLook, ChartView } from '../chart-view.ts'
import { monthFlowOption } from '../options/month-flow.option.ts'

interface MonthFlowData {
  /** Null while unknown. */
  months: MonthFlow[] | null
  /** Older months are missing, so the backlog is too low. */
  isPartial: boolean
  /** The bars alone. */
  withoutBacklog?: boolean
  narrow: (month: LocalMonth) => void
}

export function monthFlowView(data: MonthFlowData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const months = data.months ?? []
  return {
    fileName: 'flow',
    title: t('charts.flow.title'),
    note: data.isPartial ? t('charts.flow.partial') : t('charts.flow.note'),
    option: monthFlowOption(months, theme, text, !data.withoutBacklog),
    table: {
      header: [
        t('charts.month'),
        t('charts.received'),
        t('charts.closed'),
        t('charts.backlog'),
        t('charts.overdueNow'),
      ],
      rows: months.map((one) => [one.month, one.received, one.closed, one.backlog, one.overdue]),
    },
    height: 260,
    loading: data.months === null,
    empty: months.length === 0,
    hidden: 0,
    wide: true,
    select: (row) => {
      const one = months[row]
      if (one) data.narrow(one.month)
    },
  }
}
