import type { CustomSeriesRenderItem } from 'echarts'
import type { EChartsCoreOption } from 'echarts/core'
import type { ChartTheme } from '../chart-theme.ts'
import { axisText, nameAxis, plainTooltip } from './shared.option.ts'

export interface HeatCell {
  column: number
  row: number
  /** Null where too few to tell. */
  value: number | null
  /** Written into the cell. */
  label: string
}

/**
 * Cells of rows and columns, stronger with larger values. A dash stands where too few are to tell.
 * @param wordsOf lines of a cell's tooltip
 */
export function heatTableOption(
  columns: readonly string[],
  rows: readonly string[],
  cells: readonly HeatCell[],
  wordsOf: (at: number) => string[],
  theme: ChartTheme,
): EChartsCoreOption {
  const values = cells.flatMap(({ value }) => (value === null ? [] : [value]))
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return {
    animation: false,
    grid: { left: 8, right: 8, top: 4, bottom: 4, containLabel: true },
    tooltip: {
      ...plainTooltip(theme),
      trigger: 'item',
      formatter: ({ dataIndex }: { dataIndex: number }) => wordsOf(dataIndex).join('\n'),
    },
    xAxis: {
      type: 'category',
      data: [...columns],
      axisLabel: {
        ...axisText(theme),
        interval: 0,
        width: columns.length > 8 ? 120 : 72,
        overflow: 'truncate',
        rotate: columns.length > 8 ? 40 : 0,
      },
      axisLine: { lineStyle: { color: theme.axisLine } },
      axisTick: { show: false },
    },
    yAxis: nameAxis(theme, [...rows]),
    series: [
      {
        type: 'custom',
        cursor: 'pointer',
        renderItem: heatCell(cells, { least, most }, theme),
        encode: { x: 0, y: 1 },
        data: cells.map(({ column, row }) => [column, row]),
      },
    ],
  }
}

const gapPixels = 1
const faintest = 0.12
/** Above this the text is drawn in the colour of the surface. */
const strong = 0.6
/** Narrower cells hold no text. */
const leastTextPixels = 32
/** Narrower ones hold small text. */
const largeTextPixels = 44

const heatCell =
  (
    cells: readonly HeatCell[],
    { least, most }: { least: number; most: number },
    theme: ChartTheme,
  ): CustomSeriesRenderItem =>
  (params, api) => {
    const cell = cells[params.dataIndex]
    const [x = 0, y = 0] = api.coord([api.value(0), api.value(1)])
    const size = api.size?.([1, 1])
    const [width = 0, height = 0] = Array.isArray(size) ? size : []
    const value = cell?.value ?? null
    const strength = value === null ? 0 : most === least ? 1 : (value - least) / (most - least)
    const opacity = faintest + (1 - faintest) * strength
    return {
      type: 'group',
      children: [
        {
          type: 'rect',
          shape: {
            x: x - width / 2 + gapPixels,
            y: y - height / 2 + gapPixels,
            width: Math.max(1, width - 2 * gapPixels),
            height: Math.max(1, height - 2 * gapPixels),
            r: 2,
          },
          style:
            value === null
              ? { fill: 'transparent', stroke: theme.gridLine }
              : { fill: theme.accent, opacity },
        },
        {
          type: 'text',
          silent: true,
          style: {
            x,
            y,
            text: width < leastTextPixels ? '' : (cell?.label ?? ''),
            align: 'center',
            verticalAlign: 'middle',
            fill: value !== null && opacity > strong ? theme.surface : theme.text,
            fontFamily: theme.fontFamily,
            fontSize: width < largeTextPixels ? 10 : 12,
          },
        },
      ],
    }
  }
