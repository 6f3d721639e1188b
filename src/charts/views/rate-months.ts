import { shareOf, type Fraction, type MainRate } from '@/domain/answers/rates.ts'
import type { LocalMonth } from '@/domain/vocabulary.ts'
import type { ChartLook, ChartView } from '../chart-view.ts'
import { rateMonthsOption } from '../options/rate-months.option.ts'
import { rounded } from './bars.ts'

interface RateMonthsData {
  rate: MainRate
  /** Null while unknown. */
  months: readonly ({ month: string } & Fraction)[] | null
  narrow?: (month: LocalMonth) => void
}

/** One rate by month of the report. */
export function rateMonthsView(data: RateMonthsData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const { narrow } = data
  const name = t(`rates.name.${data.rate}`)
  const months = (data.months ?? []).map(({ month, ...rate }) => ({ month, ...shareOf(rate) }))
  const percent = (share: number | null) => rounded(share === null ? null : share * 100, 1)
  return {
    fileName: `rate-months-${data.rate}`,
    title: t('rates.months.title-of', { name }),
    note: t('rates.months.note'),
    option: rateMonthsOption(months, name, theme, text),
    table: {
      header: [
        t('charts.month'),
        t('rates.months.numerator'),
        t('rates.months.denominator'),
        t('rates.months.percent'),
        t('charts.low'),
        t('charts.high'),
      ],
      rows: months.map(({ month, count, n, share, low, high }) => [
        month,
        count,
        n,
        percent(share),
        percent(low),
        percent(high),
      ]),
    },
    height: 180,
    loading: data.months === null,
    empty: months.every(({ n }) => n === 0),
    hidden: 0,
    // whiskers come first
    markOf: (row) => ({ seriesIndex: 1, dataIndex: row }),
    ...(narrow && {
      select: (row: number) => {
        const one = months[row]
        if (one) narrow(one.month)
      },
    }),
  }
}
