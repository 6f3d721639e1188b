import type { CustomSeriesRenderItem } from 'echarts'
import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, nameAxis, plainTooltip, type ChartText } from './shared.option.ts'

export interface WeekHoursWords {
  /** From Monday. */
  weekdays: readonly string[]
  /** Names an hour of a weekday. */
  at: (weekday: number, hour: number) => string
}

/** A cell for each hour of the week, stronger with more incidents; none is left blank. */
export function weekHoursOption(
  counts: ArrayLike<number>,
  words: WeekHoursWords,
  theme: ChartTheme,
  text: ChartText,
): EChartsCoreOption {
  const cells = Array.from(counts, (count, i) => [i % 24, Math.floor(i / 24), count] as const)
  const most = Math.max(1, ...cells.map(([, , count]) => count))
  return {
    animation: false,
    grid: { left: 8, right: 8, top: 4, bottom: 4, containLabel: true },
    tooltip: {
      ...plainTooltip(theme),
      trigger: 'item',
      formatter: ({ value: [hour, weekday, count] }: { value: readonly number[] }) =>
        `${words.at(weekday!, hour!)}\n${text.counted('charts.cases', { count: count! })}`,
    },
    xAxis: {
      type: 'category',
      data: Array.from({ length: 24 }, (_, hour) => String(hour)),
      axisLabel: { ...axisText(theme), interval: 2 },
      axisLine: { lineStyle: { color: theme.axisLine } },
      axisTick: { show: false },
    },
    yAxis: nameAxis(theme, [...words.weekdays]),
    series: [
      {
        type: 'custom',
        renderItem: cell(theme, most),
        encode: { x: 0, y: 1 },
        data: cells,
      },
    ],
  }
}

const gapPixels = 1
/** Opacity of the cell with the fewest incidents: one is told from none. */
const faintest = 0.12

const cell =
  (theme: ChartTheme, most: number): CustomSeriesRenderItem =>
  (_params, api) => {
    const [x = 0, y = 0] = api.coord([api.value(0), api.value(1)])
    const size = api.size?.([1, 1])
    const [width = 0, height = 0] = Array.isArray(size) ? size : []
    const count = Number(api.value(2))
    return {
      type: 'rect',
      shape: {
        x: x - width / 2 + gapPixels,
        y: y - height / 2 + gapPixels,
        width: Math.max(1, width - 2 * gapPixels),
        height: Math.max(1, height - 2 * gapPixels),
        r: 2,
      },
      style:
        count === 0
          ? { fill: 'transparent', stroke: theme.gridLine }
          : { fill: theme.accent, opacity: faintest + (1 - faintest) * (count / most) },
    }
  }
