import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

export interface FunnelEntry {
  key: string
  name: string
  /** Answers, or expected count. */
  n: number
  value: number
  zone: 'inside' | 'low' | 'very-low' | 'high' | 'very-high'
  selected: boolean
}

/** Limits at one n, in ascending order of n. */
export interface FunnelStep {
  n: number
  inner: { low: number; high: number }
  outer: { low: number; high: number }
}

interface FunnelLabels {
  value: string
  target: number
  format: (value: number) => string
}

const zones = [
  { zones: ['inside'], symbol: 'circle', color: 'mutedText', size: 8, word: 'inside' },
  { zones: ['low', 'high'], symbol: 'diamond', color: 'backlog', size: 12, word: 'outside' },
  { zones: ['very-low', 'very-high'], symbol: 'triangle', color: 'overdue', size: 13, word: 'far' },
] as const

/** The target and the four limits come first. */
const curves = 5

/** Where an entry is drawn: in the series of its zone. */
export function funnelMark(entries: readonly FunnelEntry[], row: number) {
  const zone = entries[row]?.zone
  const at = zones.findIndex((one) => (one.zones as readonly string[]).includes(zone ?? ''))
  return at < 0 ? null : { seriesIndex: curves + at, dataIndex: row }
}

/** Values by their size, between limits that chance keeps to. Both form and colour tell the zone. */
export function funnelOption(
  entries: readonly FunnelEntry[],
  steps: readonly FunnelStep[],
  labels: FunnelLabels,
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const { t } = text
  const anySelected = entries.some(({ selected }) => selected)
  const curve = (name: string, type: 'solid' | 'dashed', value: (step: FunnelStep) => number) => ({
    type: 'line',
    name,
    silent: true,
    symbol: 'none',
    lineStyle: { color: theme.axisLine, width: 1.5, type },
    itemStyle: { color: theme.axisLine },
    data: steps.map((step) => [step.n, value(step)]),
    z: 1,
  })
  const [inner, outer] = [t('charts.funnel.inner'), t('charts.funnel.outer')]
  return {
    animation: false,
    grid: { left: 8, right: 16, top: 30, bottom: 22, containLabel: true },
    legend: { top: 0, left: 0, textStyle: axisText(theme), itemWidth: 16, itemHeight: 10 },
    tooltip: {
      ...plainTooltip(theme),
      trigger: 'item',
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const entry = entries[dataIndex]
        if (!entry) return ''
        return [
          entry.name,
          `${labels.value}: ${labels.format(entry.value)}`,
          text.counted('charts.answerCount', { count: entry.n }),
          t(`charts.funnel.zone.${entry.zone}`),
        ].join('\n')
      },
    },
    xAxis: {
      ...valueAxis(theme),
      min: 0,
      name: t('charts.answers'),
      nameLocation: 'middle',
      nameGap: 24,
      nameTextStyle: axisText(theme),
      axisLabel: {
        ...axisText(theme),
        hideOverlap: true,
        formatter: (value: number) => text.number(value),
      },
    },
    yAxis: {
      ...valueAxis(theme),
      scale: true,
      axisLabel: { ...axisText(theme), formatter: labels.format },
    },
    series: [
      {
        ...curve(t('charts.funnel.target'), 'solid', () => labels.target),
        lineStyle: { color: theme.accent, width: 1.5 },
        itemStyle: { color: theme.accent },
      },
      curve(inner, 'dashed', (step) => step.inner.low),
      curve(inner, 'dashed', (step) => step.inner.high),
      curve(outer, 'solid', (step) => step.outer.low),
      curve(outer, 'solid', (step) => step.outer.high),
      ...zones.map(({ zones: own, symbol, color, size, word }) => ({
        type: 'scatter',
        name: t(`charts.funnel.${word}`),
        symbol,
        symbolSize: size,
        cursor: 'pointer',
        itemStyle: { color: theme[color] },
        // One place an entry in each series, so that a click tells the row.
        data: entries.map((entry) => ({
          value: (own as readonly string[]).includes(entry.zone)
            ? [entry.n, entry.value]
            : ['-', '-'],
          itemStyle: { opacity: anySelected && !entry.selected ? 0.35 : 1 },
        })),
        z: 3,
      })),
    ],
  }
}
