import type { CustomSeriesRenderItem } from 'echarts'
import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

/** The share still open from `days` on, until the next step. Limits are null where not known. */
export interface OpenStep {
  days: number
  share: number
  low: number | null
  high: number | null
  /** Incidents seen open for longer. */
  longer: number
}

type Limits = Pick<OpenStep, 'days' | 'low' | 'high'>

/** A falling staircase with its band. It starts at 0 days with all open. */
export function survivalOption(
  steps: readonly OpenStep[],
  name: string,
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const days = (value: number): string => text.t('charts.days', { days: text.number(value, 1) })
  const start = { days: 0, share: 1, low: 1, high: 1, longer: null }
  const all = [start, ...steps]
  return {
    animation: false,
    grid: { left: 8, right: 16, top: 12, bottom: 4, containLabel: true },
    tooltip: {
      ...plainTooltip(theme),
      trigger: 'axis',
      formatter: (params: { dataIndex: number }[]) => {
        const step = all[params.at(-1)?.dataIndex ?? -1]
        if (!step) return ''
        const { share, low, high, longer } = step
        return [
          days(step.days),
          `${name}: ${text.percent(share)}`,
          ...(low === null || high === null
            ? []
            : [text.t('rates.interval', { low: text.percent(low), high: text.percent(high) })]),
          ...(longer === null ? [] : [text.counted('charts.stillOpen.longer', { count: longer })]),
        ].join('\n')
      },
    },
    xAxis: {
      ...valueAxis(theme),
      min: 0,
      axisLabel: { ...axisText(theme), hideOverlap: true, formatter: days },
    },
    yAxis: {
      ...valueAxis(theme),
      min: 0,
      max: 1,
      axisLabel: { ...axisText(theme), formatter: text.percent },
    },
    series: [
      {
        type: 'custom',
        silent: true,
        renderItem: band(all, theme),
        tooltip: { show: false },
        encode: { x: 0, y: 1 },
        data: [[0, 1]],
        z: 1,
      },
      {
        type: 'line',
        name,
        step: 'end',
        symbol: 'none',
        lineStyle: { color: theme.accent, width: 2 },
        itemStyle: { color: theme.accent },
        data: all.map(({ days: at, share }) => [at, share]),
        z: 2,
      },
    ],
  }
}

/** One polygon between the two limits. */
const band =
  (steps: readonly Limits[], theme: ChartTheme): CustomSeriesRenderItem =>
  (_params, api) => {
    const known = steps.filter(({ low, high }) => low !== null && high !== null)
    const edge = (value: (step: Limits) => number): number[][] =>
      known.flatMap((step, at) => {
        const after = known[at + 1]
        const own = api.coord([step.days, value(step)])
        return after ? [own, api.coord([after.days, value(step)])] : [own]
      })
    const points = [...edge(({ high }) => high!), ...edge(({ low }) => low!).toReversed()]
    return { type: 'polygon', shape: { points }, style: { fill: theme.accent, opacity: 0.18 } }
  }
