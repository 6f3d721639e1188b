import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, inWords, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

export interface PChartPoint {
  label: string
  value: number
  n: number
  /** Limits of the plain p-chart, and Laney's. */
  low: number
  high: number
  laneyLow: number
  laneyHigh: number
}

interface PChartLabels {
  value: string
  format: (value: number) => string
}

export const isOutside = ({ value, laneyLow, laneyHigh }: PChartPoint): boolean =>
  value < laneyLow || value > laneyHigh

/** Shares with limits that are the wider the fewer answers a point has. Those outside Laney's limits are marked. */
export function pChartOption(
  points: readonly PChartPoint[],
  mean: number | null,
  labels: PChartLabels,
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const { t, month } = text
  const steps = (
    name: string,
    type: 'solid' | 'dotted',
    value: (point: PChartPoint) => number,
  ) => ({
    type: 'line',
    name,
    silent: true,
    symbol: 'none',
    step: 'middle',
    lineStyle: { color: theme.axisLine, width: 1.5, type },
    itemStyle: { color: theme.axisLine },
    data: points.map(value),
    z: 1,
  })
  const [laney, plain] = [t('charts.pChart.laney'), t('charts.pChart.plain')]
  const lines = (point: PChartPoint): string =>
    [
      inWords(point.label, month),
      `${labels.value}: ${labels.format(point.value)}`,
      text.counted('charts.answerCount', { count: point.n }),
      `${laney}: ${labels.format(point.laneyLow)} – ${labels.format(point.laneyHigh)}`,
      ...(isOutside(point) ? [t('charts.pChart.outside')] : []),
    ].join('\n')
  return {
    animation: false,
    grid: { left: 8, right: 12, top: 30, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, textStyle: axisText(theme), itemWidth: 16, itemHeight: 10 },
    tooltip: {
      ...plainTooltip(theme),
      trigger: 'axis',
      formatter: (params: { dataIndex: number }[]) => {
        const point = points[params[0]?.dataIndex ?? -1]
        return point ? lines(point) : ''
      },
    },
    xAxis: {
      type: 'category',
      data: points.map(({ label }) => inWords(label, month)),
      axisLabel: { ...axisText(theme), hideOverlap: true },
      axisLine: { lineStyle: { color: theme.axisLine } },
      axisTick: { show: false },
    },
    yAxis: {
      ...valueAxis(theme),
      scale: true,
      axisLabel: { ...axisText(theme), formatter: labels.format },
    },
    series: [
      {
        type: 'scatter',
        name: labels.value,
        cursor: 'pointer',
        symbolSize: 7,
        itemStyle: { color: theme.mutedText },
        data: points.map((point) => (isOutside(point) ? '-' : point.value)),
        z: 3,
      },
      ...(mean === null
        ? []
        : [
            {
              type: 'line',
              name: t('charts.pChart.mean'),
              silent: true,
              symbol: 'none',
              lineStyle: { color: theme.accent, width: 1.5 },
              itemStyle: { color: theme.accent },
              data: points.map(() => mean),
              z: 1,
            },
          ]),
      steps(laney, 'solid', (point) => point.laneyLow),
      steps(laney, 'solid', (point) => point.laneyHigh),
      steps(plain, 'dotted', (point) => point.low),
      steps(plain, 'dotted', (point) => point.high),
      {
        type: 'scatter',
        name: t('charts.pChart.outside'),
        symbol: 'rect',
        symbolSize: 11,
        cursor: 'pointer',
        itemStyle: { color: theme.overdue },
        data: points.map((point) => (isOutside(point) ? point.value : '-')),
        z: 3,
      },
    ],
  }
}
