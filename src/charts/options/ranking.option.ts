import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, nameAxis, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

export interface RankedEntry {
  key: string
  name: string
  count: number
  open: number
  /** Of the open ones. */
  overdue: number
  selected: boolean
}

/** Counts as bars with the open and the overdue part at the end. A selection fades the others. */
export function rankingOption(
  entries: RankedEntry[],
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const anySelected = entries.some((e) => e.selected)
  const shown = (e: RankedEntry): number => (anySelected && !e.selected ? 0.35 : 1)
  const part = (name: string, color: string, value: (e: RankedEntry) => number) => ({
    type: 'bar',
    name,
    stack: 'all',
    barMaxWidth: 16,
    cursor: 'pointer',
    itemStyle: { color },
    data: entries.map((e) => ({ value: value(e), itemStyle: { opacity: shown(e) } })),
  })
  return {
    animation: false,
    grid: { left: 8, right: 24, top: 30, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, textStyle: axisText(theme), itemWidth: 12, itemHeight: 8 },
    tooltip: { ...plainTooltip(theme), trigger: 'axis', axisPointer: { type: 'shadow' } },
    xAxis: { ...valueAxis(theme), minInterval: 1 },
    yAxis: nameAxis(
      theme,
      entries.map((e) => e.name),
    ),
    series: [
      part(text.t('charts.notOpen'), theme.closed, (e) => e.count - e.open),
      ...(entries.some((e) => e.overdue > 0)
        ? [
            part(text.t('charts.openInTime'), theme.backlog, (e) => e.open - e.overdue),
            part(text.t('charts.overdueNow'), theme.overdue, (e) => e.overdue),
          ]
        : [part(text.t('charts.open'), theme.backlog, (e) => e.open)]),
    ],
  }
}
