import type { ChartTheme } from '../chart-theme.ts'

/** Words and numbers in the page's language; options and views know no locale. */
export interface ChartText {
  t: (key: string, words?: Record<string, string>) => string
  /** A message with numbers; `count` chooses the plural form. */
  counted: (key: string, numbers: Record<string, number>, words?: Record<string, string>) => string
  /** @param maxFractionDigits 0 unless told */
  number: (value: number, maxFractionDigits?: number) => string
  percent: (value: number) => string
}

/** Plain text lines, because names come from users and text is never HTML. */
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

/** Names to the left of the bars, first entry on top. */
export const nameAxis = (theme: ChartTheme, names: string[]) => ({
  type: 'category' as const,
  inverse: true,
  data: names,
  axisLabel: { ...axisText(theme), color: theme.text, width: 150, overflow: 'truncate' as const },
  axisLine: { lineStyle: { color: theme.axisLine } },
  axisTick: { show: false },
})
