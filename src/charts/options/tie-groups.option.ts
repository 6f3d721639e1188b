import type { CustomSeriesRenderItem } from 'echarts'
import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { intervalOption, type IntervalEntry, type IntervalLabels } from './interval.option.ts'
import { axisText, type ChartText } from './shared.option.ts'

export interface TiedEntry extends IntervalEntry {
  /** Entries of one group stand together. */
  group: number
}

/**
 * Points with intervals; every second tie group has a band behind it. The axis starts below the
 * lowest limit: points are compared, not lengths.
 */
export function tieGroupsOption(
  entries: TiedEntry[],
  labels: IntervalLabels,
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const option = intervalOption(entries, labels, theme, text)
  const lowest = Math.min(1, ...entries.map(({ low, value }) => low ?? value ?? 1))
  const bands = [...new Set(entries.map(({ group }) => group))].flatMap((group, at) => {
    if (at % 2 === 0) return []
    const first = entries.findIndex((entry) => entry.group === group)
    const last = entries.findLastIndex((entry) => entry.group === group)
    return [[first, last]]
  })
  return {
    ...option,
    xAxis: {
      ...(option.xAxis as object),
      min: Math.max(0, Math.floor(lowest * 10) / 10),
      max: 1,
      axisLabel: { ...axisText(theme), formatter: labels.format, hideOverlap: true },
    },
    series: [
      {
        type: 'custom',
        silent: true,
        renderItem: band(theme),
        encode: { y: [0, 1] },
        data: bands,
        z: 0,
      },
      ...(option.series as object[]),
    ],
  }
}

/** A stripe over the whole width, from the first to the last row of a group. */
const band =
  (theme: ChartTheme): CustomSeriesRenderItem =>
  (params, api) => {
    const system = params.coordSys as unknown as { x: number; width: number }
    const [, first = 0] = api.coord([0, api.value(0)])
    const [, last = 0] = api.coord([0, api.value(1)])
    const size = api.size?.([0, 1])
    const row = Array.isArray(size) ? (size[1] ?? 0) : 0
    return {
      type: 'rect',
      shape: { x: system.x, y: first - row / 2, width: system.width, height: last - first + row },
      style: { fill: theme.gridLine, opacity: 0.6 },
    }
  }
