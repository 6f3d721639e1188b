import type { ChartView } from '@/charts/chart-view.ts'

type ChartOption = ChartView['option']

export interface WallLegendItem {
  name: string
  color: string
  /** Drawn as a letter: neither colour nor shape alone tells the entries apart. */
  sign: string
}

interface Series {
  name?: string
  type?: string
  symbol?: string
  itemStyle?: { color?: string }
  lineStyle?: { type?: string }
}
const symbolSigns: Record<string, string> = { triangle: '▲', diamond: '◆', rect: '■' }
const lineSigns: Record<string, string> = { dashed: '╌', dotted: '┈' }

function signOf({ type, symbol = '', lineStyle }: Series): string {
  if (type === 'bar') return '■'
  if (type === 'scatter') return symbolSigns[symbol] ?? '●'
  return lineSigns[lineStyle?.type ?? ''] ?? '━'
}

/** The entries of a chart's legend, each name once. The wall writes them itself: they break into lines that count. */
export function legendOf({ series }: ChartOption): WallLegendItem[] {
  const items = new Map<string, WallLegendItem>()
  for (const one of (series ?? []) as Series[]) {
    const { name, itemStyle } = one
    if (name && !items.has(name))
      items.set(name, { name, color: itemStyle?.color ?? 'currentColor', sign: signOf(one) })
  }
  return [...items.values()]
}

type Part = Record<string, unknown>
const eachOf = (parts: unknown, change: (part: Part, at: number) => Part): unknown =>
  Array.isArray(parts) ? (parts as Part[]).map(change) : change(parts as Part, 0)

/** Room above the highest axis label, half of whose letters stand above the plot. Chart pixels. */
const topPixels = 10
/** Names may take this share of the width. */
const nameShare = 0.45
/** Between two labels of an axis. Chart pixels. */
const stepPixels = { across: 44, upwards: 30 }

/**
 * The chart without its legend, for a small place: every name of an axis is written, and of numbers as many as have
 * room.
 * @param size of the place, in the chart's pixels
 */
export function wallOption(
  option: ChartOption,
  { width, height }: { width: number; height: number },
): ChartOption {
  const { grid, xAxis, yAxis } = option
  const steps = (pixels: number, each: number) => ({
    splitNumber: Math.min(5, Math.max(2, Math.floor(pixels / each))),
  })
  const fitted = (axis: Part, pixels: number, each: number): Part =>
    axis.type === 'value' && axis.splitNumber === undefined
      ? { ...axis, ...steps(pixels, each) }
      : axis
  return {
    ...option,
    legend: { show: false },
    grid: eachOf(grid, (one, at) => (at === 0 ? { ...one, top: topPixels } : one)),
    xAxis: eachOf(xAxis, (one) => fitted(one, width * (1 - nameShare), stepPixels.across)),
    yAxis: eachOf(yAxis, (one) => {
      const label = one.axisLabel as { width?: number } | undefined
      if (!label?.width) return fitted(one, height, stepPixels.upwards)
      const most = Math.min(label.width, Math.floor(width * nameShare))
      return { ...one, axisLabel: { ...label, width: most, interval: 0 } }
    }),
  }
}
