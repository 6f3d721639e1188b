import type { ChartTheme } from '../chart-theme.ts'

/** Format helpers come from outside: options know neither locale nor time zone. */
export interface ChartText {
  /** Translates a key of the `charts` namespace. */
  t: (key: string, values?: Record<string, string | number>) => string
  /** A message with numbers; `count` chooses the plural. */
  counted: (key: string, numbers: Record<string, number>) => string
  number: (value: number, maximumFractionDigits?: number) => string
  percent: (value: number) => string
}

/** Tooltip as plain text lines: names come from users and text is never HTML. */
export const plainTooltip = (theme: ChartTheme) => ({
  renderMode: 'richText' as const,
  confine: true,
  backgroundColor: theme.surface,
  borderColor: theme.axisLine,
  textStyle: { color: theme.text, fontFamily: theme.fontFamily, fontSize: 12 },
})

export const axisText = (theme: ChartTheme) => ({
  color: theme.mutedText,
  fontFamily: theme.fontFamily,
  fontSize: 12,
})

export const valueAxis = (theme: ChartTheme) => ({
  type: 'value' as const,
  axisLabel: { ...axisText(theme), hideOverlap: true },
  splitLine: { lineStyle: { color: theme.gridLine } },
  axisLine: { show: false },
  axisTick: { show: false },
})

/** One bar an entry, longest first; names to the left, read as a list. */
export const nameAxis = (theme: ChartTheme, names: string[]) => ({
  type: 'category' as const,
  inverse: true,
  data: names,
  axisLabel: { ...axisText(theme), color: theme.text, width: 150, overflow: 'truncate' as const },
  axisLine: { lineStyle: { color: theme.axisLine } },
  axisTick: { show: false },
})
