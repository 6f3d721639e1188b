import type { EChartsCoreOption } from 'echarts/core'
import type { MonthFlow } from '@/domain/answers/projection.ts'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

/**
 * Received, closed and those overdue now as bars; below them, on axes of its own from zero, the month-end
 * backlog: a stock beside flows would look like one. Nothing is overdue in a city without deadlines, so the
 * bars come only where some are.
 * @param hasBacklog false where there is no room for it
 */
export function monthFlowOption(
  months: MonthFlow[],
  theme: ChartTheme,
  text: ChartText,
  hasBacklog = true,
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
  const monthAxis = {
    type: 'category',
    data: months.map((m) => text.month(m.month)),
    axisLine: { lineStyle: { color: theme.axisLine } },
    axisTick: { show: false },
  }
  const named = { axisLabel: { ...axisText(theme), hideOverlap: true } }
  return {
    animation: false,
    grid: hasBacklog
      ? [
          // the bars take what a higher chart has to give
          { left: 48, right: 8, top: 32, bottom: 104 },
          { left: 48, right: 8, bottom: 28, height: 56 },
        ]
      : [{ left: 48, right: 8, top: 32, bottom: 28 }],
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    legend: { top: 0, left: 0, textStyle: axisText(theme), itemWidth: 12, itemHeight: 8 },
    tooltip: { ...plainTooltip(theme), trigger: 'axis' },
    xAxis: hasBacklog
      ? [
          { ...monthAxis, gridIndex: 0, axisLabel: { show: false } },
          { ...monthAxis, gridIndex: 1, ...named },
        ]
      : [{ ...monthAxis, gridIndex: 0, ...named }],
    yAxis: [
      { ...valueAxis(theme), gridIndex: 0, minInterval: 1 },
      ...(hasBacklog
        ? [{ ...valueAxis(theme), gridIndex: 1, minInterval: 1, min: 0, splitNumber: 2 }]
        : []),
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
      ...(hasBacklog
        ? [
            {
              type: 'line',
              name: text.t('charts.backlog'),
              xAxisIndex: 1,
              yAxisIndex: 1,
              areaStyle: { color: theme.backlog, opacity: 0.12 },
              data: months.map((m) => m.backlog),
              lineStyle: { color: theme.backlog, width: 2 },
              itemStyle: { color: theme.backlog },
              symbol: 'diamond',
              symbolSize: 6,
              showSymbol: months.length <= 24,
            },
          ]
        : []),
    ],
  }
}
