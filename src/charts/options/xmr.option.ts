import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, inWords, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

export interface XmrPoint {
  /** Day, week or month. */
  label: string
  value: number
  n: number
  /** Null is common cause. */
  cause: {
    rule: 'outside' | 'trend' | 'two-of-three' | 'shift'
    direction: 'high' | 'low'
    meaning: 'improvement' | 'concern' | null
  } | null
}

export interface XmrLines {
  mean: number
  low: number
  high: number
  nearLow: number
  nearHigh: number
}

interface XmrLabels {
  value: string
  format: (value: number) => string
  target: number | null
}

/** Colour and symbol of each kind of point; neither alone carries the meaning. */
const kinds = [
  { kind: 'improvement', symbol: 'triangle', color: 'received' },
  { kind: 'concern', symbol: 'diamond', color: 'backlog' },
  { kind: 'special', symbol: 'rect', color: 'overdue' },
] as const

type CauseKind = (typeof kinds)[number]['kind']

export const kindOf = ({ cause }: Pick<XmrPoint, 'cause'>): CauseKind | null =>
  cause === null ? null : (cause.meaning ?? 'special')

/** A series with mean and limits. Points of special cause have a colour and a symbol of their own. */
export function xmrOption(
  points: readonly XmrPoint[],
  limits: XmrLines | null,
  labels: XmrLabels,
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const { t, month } = text
  const level = (
    name: string,
    value: number,
    type: 'solid' | 'dashed' | 'dotted',
    color: string,
  ) => ({
    type: 'line',
    name,
    silent: true,
    symbol: 'none',
    lineStyle: { color, width: 1.5, type },
    itemStyle: { color },
    data: points.map(() => value),
    z: 1,
  })
  const shownKinds = kinds.filter(({ kind }) => points.some((point) => kindOf(point) === kind))
  const lines = (point: XmrPoint): string =>
    [
      inWords(point.label, month),
      `${labels.value}: ${labels.format(point.value)}`,
      text.counted('charts.answerCount', { count: point.n }),
      ...(point.cause ? [t(`charts.xmr.cause.${point.cause.rule}-${point.cause.direction}`)] : []),
      ...(point.cause?.meaning ? [t(`charts.xmr.kind.${point.cause.meaning}`)] : []),
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
      // Shows changes: a process near 95 % would be a flat line above an axis from 0.
      scale: true,
      axisLabel: { ...axisText(theme), formatter: labels.format },
    },
    series: [
      {
        type: 'line',
        name: labels.value,
        data: points.map(({ value }) => value),
        lineStyle: { color: theme.mutedText, width: 1.5 },
        itemStyle: { color: theme.mutedText },
        symbol: 'circle',
        symbolSize: 6,
        showAllSymbol: true,
        z: 2,
      },
      ...(limits
        ? [
            level(t('charts.xmr.mean'), limits.mean, 'solid', theme.accent),
            level(t('charts.xmr.limits'), limits.low, 'dashed', theme.axisLine),
            level(t('charts.xmr.limits'), limits.high, 'dashed', theme.axisLine),
          ]
        : []),
      ...(labels.target === null
        ? []
        : [level(t('charts.xmr.target'), labels.target, 'dotted', theme.overdue)]),
      ...shownKinds.map(({ kind, symbol, color }) => ({
        type: 'scatter',
        name: t(`charts.xmr.kind.${kind}`),
        symbol,
        symbolSize: 12,
        cursor: 'pointer',
        itemStyle: { color: theme[color] },
        data: points.map((point) => (kindOf(point) === kind ? point.value : '-')),
        z: 3,
      })),
    ],
  }
}
