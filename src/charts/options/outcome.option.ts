import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, nameAxis, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

export interface OutcomeEntry {
  name: string
  inTime: number
  overdue: number
  running: number
}

/** In time, overdue and still running as parts of one bar. */
export function outcomeOption(
  entries: readonly OutcomeEntry[],
  theme: ChartTheme,
  { t }: ChartText,
): EChartsCoreOption {
  const part = (name: string, color: string, value: (entry: OutcomeEntry) => number) => ({
    type: 'bar',
    name,
    stack: 'all',
    barMaxWidth: 18,
    itemStyle: { color },
    data: entries.map(value),
  })
  return {
    animation: false,
    grid: { left: 8, right: 24, top: 30, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, textStyle: axisText(theme), itemWidth: 12, itemHeight: 8 },
    tooltip: { ...plainTooltip(theme), trigger: 'axis', axisPointer: { type: 'shadow' } },
    xAxis: { ...valueAxis(theme), minInterval: 1 },
    yAxis: nameAxis(
      theme,
      entries.map(({ name }) => name),
    ),
    series: [
      part(t('rates.inTime'), theme.closed, (entry) => entry.inTime),
      part(t('rates.overdue'), theme.backlog, (entry) => entry.overdue),
      part(t('rates.running'), theme.faded, (entry) => entry.running),
    ],
  }
}
