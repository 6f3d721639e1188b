import { tableWhenRead, type ChartLook, type ChartView } from '../chart-view.ts'
import { isOutside, pChartOption, type PChartPoint } from '../options/p-chart.option.ts'

interface PChartData {
  fileName: string
  title: string
  measure: string
  /** In order of time; null while unknown. */
  points: readonly PChartPoint[] | null
  mean: number | null
  /** How many times chance's deviation the shares vary by. */
  sigma: number
  format: (value: number) => string
  narrow: (row: number) => void
}

/** Shares over time against limits that know the number of answers: Laney's p′ beside the plain ones. */
export function pChartView(data: PChartData, { theme, text }: ChartLook): ChartView {
  const { t } = text
  const points = data.points ?? []
  const { measure, format, mean, sigma } = data
  const outside = points.filter(isOutside).length
  return {
    fileName: data.fileName,
    title: data.title,
    note:
      points.length === 0
        ? ''
        : text.counted(
            'charts.pChart.note',
            { count: points.length, rest: outside },
            { share: text.number(sigma, 2) },
          ),
    option: pChartOption(points, mean, { value: measure, format }, theme, text),
    table: tableWhenRead(() => ({
      header: [
        t('charts.xmr.time'),
        measure,
        t('charts.answers'),
        t('charts.pChart.laneyLow'),
        t('charts.pChart.laneyHigh'),
        t('charts.pChart.plainLow'),
        t('charts.pChart.plainHigh'),
        t('charts.pChart.place'),
      ],
      rows: points.map((point) => [
        point.label,
        format(point.value),
        point.n,
        format(point.laneyLow),
        format(point.laneyHigh),
        format(point.low),
        format(point.high),
        t(isOutside(point) ? 'charts.pChart.outside' : 'charts.pChart.inside'),
      ]),
    })),
    height: 260,
    loading: data.points === null,
    empty: points.length === 0,
    hidden: 0,
    // points outside the limits are drawn in the last of seven series, or of six without a mean
    markOf: (row) => ({
      seriesIndex: points[row] && isOutside(points[row]) ? (mean === null ? 5 : 6) : 0,
      dataIndex: row,
    }),
    select: (row) => {
      if (row < points.length) data.narrow(row)
    },
  }
}
