import type { EChartsCoreOption } from 'echarts/core'
import type { MonthFlow } from '@/domain/answers/projection.ts'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

/**
 * Received, closed and those overdue now as bars, month-end backlog as a line. Nothing is overdue in
 * a city without deadlines, so the bars come only where some are. The line has its own axis: backlog is a
 * stock, bars are flows.
 */
export function monthFlowOption(
  months: MonthFlow[],
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const bar = (name: string, color: string, values: number[]) => ({
    type: 'bar',
    name,
    data: values,
    itemStyle: { color },
    barMaxWidth: 14,
    barGap: '10%',
    cursor: 'pointer',
  })
  return {
    animation: false,
    grid: { left: 8, right: 8, top: 36, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, textStyle: axisText(theme), itemWidth: 12, itemHeight: 8 },
    tooltip: { ...plainTooltip(theme), trigger: 'axis' },
    xAxis: {
      type: 'category',
      data: months.map((m) => m.month),
      axisLabel: { ...axisText(theme), hideOverlap: true },
      axisLine: { lineStyle: { color: theme.axisLine } },
      axisTick: { show: false },
    },
    yAxis: [
      { ...valueAxis(theme), minInterval: 1 },
      { ...valueAxis(theme), minInterval: 1, splitLine: { show: false } },
    ],
    series: [
      bar(
        text.t('charts.received'),
        theme.received,
        months.map((m) => m.received),
      ),
      bar(
        text.t('charts.closed'),
        theme.closed,
        months.map((m) => m.closed),
      ),
      ...(months.some((m) => m.overdue > 0)
        ? [
            bar(
              text.t('charts.overdueNow'),
              theme.overdue,
              months.map((m) => m.overdue),
            ),
          ]
        : []),
      {
        type: 'line',
        name: text.t('charts.backlog'),
        yAxisIndex: 1,
        data: months.map((m) => m.backlog),
        lineStyle: { color: theme.backlog, width: 2, type: 'dashed' },
        itemStyle: { color: theme.backlog },
        symbol: 'diamond',
        symbolSize: 6,
        showSymbol: months.length <= 24,
      },
    ],
  }
}
