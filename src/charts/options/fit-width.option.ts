import type { EChartsCoreOption } from 'echarts/core'

type Part = Record<string, unknown>
interface Fitted {
  option: EChartsCoreOption
  /** Pixels that the chart needs besides its height. */
  more: number
}

/** Of the legend's text and the axes'. @returns pixels of one line */
export type MeasureText = (text: string) => number

/** Of ECharts' legend, pixels: around it, between sign and name, between entries and rows. */
const legendPixels = { padding: 5, beforeName: 5, between: 8 }
const rowPixels = 22
/** Between the legend and the highest label of an axis. */
const belowLegend = 8

/** Names may take this share of the width, and never more or less than so many pixels. */
const nameShare = 0.3
const namePixels = { least: 110, most: 220 }
/** Pixels. A plot's edges and the labels of its axis take about so much. */
const besidesPlot = 24
/** Names of columns that have no room side by side. */
const slanted = { rotate: 40, width: 96 }

/**
 * Adapts a chart to the width of its place: a legend of several rows pushes the plot down and makes the chart higher,
 * names are cut where the width wants it and not before, and names of columns slant when they would touch.
 * @param width pixels
 */
export function fitWidth(option: EChartsCoreOption, width: number, measure: MeasureText): Fitted {
  const names = fitNames(option, width)
  const { top, more } = roomForLegend(option, width, measure)
  return {
    option: {
      ...option,
      ...(more > 0 && { grid: firstOf(option.grid, (grid) => ({ ...grid, top })) }),
      ...(names !== null && { yAxis: withLabel(option.yAxis, { width: names }) }),
      ...fitColumns(option, width, measure),
    },
    more,
  }
}

/** How many rows the legend takes, as ECharts breaks them. */
export function legendRows(option: EChartsCoreOption, width: number, measure: MeasureText): number {
  const legend = option.legend as { data?: string[]; itemWidth?: number } | undefined
  if (!legend) return 0
  const { padding, beforeName, between } = legendPixels
  let rows = 1
  let at = 0
  for (const name of legend.data ?? seriesNames(option)) {
    const own = (legend.itemWidth ?? 0) + beforeName + measure(name)
    if (at > 0 && at + own > width - 2 * padding) {
      rows++
      at = 0
    }
    at += own + between
  }
  return rows
}

const seriesNames = ({ series }: EChartsCoreOption): string[] => [
  ...new Set((series as { name?: string }[]).flatMap(({ name }) => name ?? [])),
]

function roomForLegend(option: EChartsCoreOption, width: number, measure: MeasureText) {
  const rows = legendRows(option, width, measure)
  const { top: own } = partsOf(option.grid)[0] as { top: number }
  const top = rows === 0 ? own : Math.max(own, rows * rowPixels + belowLegend)
  return { top, more: top - own }
}

/** Of the names beside rows; null where rows have none. */
function fitNames({ yAxis }: EChartsCoreOption, width: number): number | null {
  const label = labelOf(yAxis)
  if (label?.width === undefined) return null
  return Math.round(Math.min(namePixels.most, Math.max(namePixels.least, width * nameShare)))
}

function fitColumns(option: EChartsCoreOption, width: number, measure: MeasureText): Part {
  const { xAxis, yAxis } = option
  const label = labelOf(xAxis)
  const names = namesOf(xAxis)
  if (label?.width === undefined || label.rotate || names.length === 0) return {}
  const widest = (all: string[], most: number): number =>
    Math.min(most, Math.max(...all.map(measure)))
  const plot = width - widest(namesOf(yAxis), fitNames(option, width) ?? 0) - besidesPlot
  const room = Math.floor(plot / names.length) - legendPixels.between
  const hasRoom = widest(names, label.width) <= room
  return { xAxis: withLabel(xAxis, hasRoom ? { width: room } : slanted) }
}

const partsOf = (parts: unknown): Part[] => (Array.isArray(parts) ? parts : [parts]) as Part[]
const firstOf = (parts: unknown, change: (part: Part) => Part): unknown =>
  Array.isArray(parts)
    ? (parts as Part[]).map((part, at) => (at === 0 ? change(part) : part))
    : change(parts as Part)
const namesOf = (axis: unknown): string[] => (partsOf(axis)[0]?.data as string[] | undefined) ?? []
const labelOf = (axis: unknown) =>
  partsOf(axis)[0]?.axisLabel as { width?: number; rotate?: number } | undefined
const withLabel = (axis: unknown, more: Part): unknown =>
  firstOf(axis, (one) => ({ ...one, axisLabel: { ...(one.axisLabel as Part), ...more } }))
