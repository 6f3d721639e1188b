import type { ChartTheme } from '../chart-theme.ts'

/** Options and views know no locale. */
export interface ChartText {
  t: (key: string, words?: Record<string, string>) => string
  /** `count` chooses the plural form. */
  counted: (key: string, numbers: Record<string, number>, words?: Record<string, string>) => string
  /** @param maxFractionDigits default 0 */
  number: (value: number, maxFractionDigits?: number) => string
  percent: (value: number) => string
  /** @param month `YYYY-MM` */
  month: (month: string) => string
}

const isMonth = (value: string | number): boolean => /^\d{4}-(0[1-9]|1[0-2])$/.test(String(value))
/** Months of axes and shown tables in words, any other value as it is. Files keep `YYYY-MM` for machines. */
export const inWords = <T extends string | number>(
  value: T,
  month: ChartText['month'],
): T | string => (isMonth(value) ? month(String(value)) : value)

/** Plain text: user-written names must never become HTML. */
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

/** First entry on top. */
export const nameAxis = (theme: ChartTheme, names: string[]) => ({
  type: 'category' as const,
  inverse: true,
  data: names,
  axisLabel: { ...axisText(theme), color: theme.text, width: 150, overflow: 'truncate' as const },
  axisLine: { lineStyle: { color: theme.axisLine } },
  axisTick: { show: false },
})
