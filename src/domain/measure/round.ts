import type { Measure } from './measure.ts'

/** Digits after the point of a printed rate: three figures, two below one. */
export function rateDigits(value: number): number {
  if (value >= 100 || value === 0) return 0
  if (value >= 10) return 1
  return value >= 1 ? 2 : 1 - Math.floor(Math.log10(value))
}

/** As printed, so that no two classes of a legend print the same limit. */
export function rounded(value: number, unit: Measure['unit']): number {
  if (unit === 'rate') return Number(value.toFixed(rateDigits(value)))
  // hours below two days, else tenths of a day
  if (unit === 'hours') return value < 48 ? Math.round(value) : Math.round(value / 2.4) * 2.4
  return value
}
