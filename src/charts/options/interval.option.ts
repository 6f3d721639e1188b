import type { CustomSeriesRenderItem } from 'echarts'
import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, nameAxis, plainTooltip, valueAxis, type ChartText } from './shared.option.ts'

export interface IntervalEntry {
  key: string
  name: string
  /** Null when unknown, for example with half of the cases open. */
  value: number | null
  low: number | null
  high: number | null
  n: number
  /** One more line of the tooltip. */
  more?: string
  /** Second mark, for example the 90th percentile. */
  second?: number | null
  selected: boolean
}

export interface IntervalLabels {
  value: string
  second?: string
  /** Formats with the unit. */
  format: (value: number) => string
  missing: string
}

/** A point with its 95 % interval for each entry. The axis starts at zero, to compare distances. */
export function intervalOption(
  entries: IntervalEntry[],
  labels: IntervalLabels,
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const opacity = (e: IntervalEntry): number =>
    entries.some((x) => x.selected) && !e.selected ? 0.35 : 1
  const marks = (
    value: (e: IntervalEntry) => number | null | undefined,
    symbol: string,
    color: string,
  ) => ({
    type: 'scatter' as const,
    symbol,
    symbolSize: 11,
    cursor: 'pointer',
    data: entries.map((e, row) => ({
      value: [value(e) ?? '-', row],
      itemStyle: { color, opacity: opacity(e) },
    })),
    z: 3,
  })
  const lines = (e: IntervalEntry): string =>
    [
      e.name,
      e.value === null
        ? `${labels.value}: ${labels.missing}`
        : `${labels.value}: ${labels.format(e.value)}` +
          (e.low === null || e.high === null
            ? ''
            : ` (95 % ${labels.format(e.low)} – ${labels.format(e.high)})`),
      ...(labels.second
        ? [
            `${labels.second}: ${e.second === null || e.second === undefined ? labels.missing : labels.format(e.second)}`,
          ]
        : []),
      text.counted('charts.cases', { count: e.n }),
      ...(e.more ? [e.more] : []),
    ].join('\n')
  return {
    animation: false,
    grid: { left: 8, right: 24, top: labels.second ? 30 : 8, bottom: 4, containLabel: true },
    ...(labels.second
      ? {
          legend: {
            top: 0,
            left: 0,
            itemWidth: 12,
            itemHeight: 10,
            textStyle: { color: theme.mutedText, fontFamily: theme.fontFamily },
            data: [labels.value, labels.second],
          },
        }
      : {}),
    tooltip: {
      ...plainTooltip(theme),
      trigger: 'axis',
      axisPointer: { type: 'shadow', axis: 'y' },
      formatter: (params: { dataIndex: number }[]) => {
        const entry = entries[params[0]?.dataIndex ?? -1]
        return entry ? lines(entry) : ''
      },
    },
    xAxis: {
      ...valueAxis(theme),
      min: 0,
      axisLabel: {
        ...axisText(theme),
        formatter: (value: number) => labels.format(value),
        hideOverlap: true,
      },
    },
    yAxis: nameAxis(
      theme,
      entries.map((e) => e.name),
    ),
    series: [
      {
        type: 'custom',
        silent: true,
        renderItem: whisker(theme),
        encode: { x: [0, 1], y: 2 },
        data: entries.map((e, row) => [e.low ?? '-', e.high ?? '-', row]),
        z: 2,
      },
      {
        ...marks((e) => e.value, 'circle', theme.accent),
        name: labels.value,
        itemStyle: { color: theme.accent },
      },
      ...(labels.second
        ? [
            {
              ...marks((e) => e.second, 'diamond', theme.backlog),
              name: labels.second,
              itemStyle: { color: theme.backlog },
            },
          ]
        : []),
    ],
  }
}

/** Line with short caps. */
const whisker =
  (theme: ChartTheme): CustomSeriesRenderItem =>
  (_params, api) => {
    const low = Number(api.value(0))
    const high = Number(api.value(1))
    if (!Number.isFinite(low) || !Number.isFinite(high)) return null
    const [x1 = 0, y = 0] = api.coord([low, api.value(2)])
    const [x2 = 0] = api.coord([high, api.value(2)])
    const style = { stroke: theme.axisLine, lineWidth: 2, fill: undefined }
    const line = (ax: number, ay: number, bx: number, by: number) => ({
      type: 'line' as const,
      shape: { x1: ax, y1: ay, x2: bx, y2: by },
      style,
    })
    return {
      type: 'group',
      children: [line(x1, y, x2, y), line(x1, y - 4, x1, y + 4), line(x2, y - 4, x2, y + 4)],
    }
  }
