import { Temporal } from 'temporal-polyfill'
import type { ReadDate } from './date-text.ts'

/** How a column of plain numbers counts: days of a spreadsheet, or since 1970. */
export const numericDates = ['excel', 'excel1904', 'epoch', 'epochMilliseconds'] as const
export type NumericDate = (typeof numericDates)[number]

const number = /^\d+(?:\.\d+)?$/
/** Days from 1899-12-30, which makes up for the 29 February 1900 that Excel believes in. */
const dayZero: Record<'excel' | 'excel1904', string> = {
  excel: '1899-12-30',
  excel1904: '1904-01-01',
}

/** @returns null for what is no number, or lies outside 1901 to 2100. */
export function readNumericDate(
  text: string,
  kind: NumericDate,
  timeZone: string,
): ReadDate | null {
  const plain = text.normalize('NFKC').trim()
  if (!number.test(plain)) return null
  const value = Number(plain)
  if (kind === 'epoch' || kind === 'epochMilliseconds') {
    const milliseconds = kind === 'epoch' ? value * 1000 : value
    return milliseconds < 4_102_444_800_000
      ? { at: new Date(milliseconds).toISOString(), isDay: false, later: null }
      : null
  }
  if (value < 367 || value >= 73_050) return null
  // to the second: a 64-bit day has crumbs below a millisecond, and nobody means them
  const seconds = Math.round((value % 1) * 86_400)
  const local = Temporal.PlainDate.from(dayZero[kind])
    .add({ days: Math.floor(value) })
    .toPlainDateTime()
    .add({ seconds })
  const instant = (disambiguation: 'compatible' | 'later'): string =>
    new Date(local.toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds).toISOString()
  const at = instant('compatible')
  const later = instant('later')
  return { at, isDay: Number.isInteger(value), later: later === at ? null : later }
}

/** How the numbers of a column count, by their size; null when they are no dates. */
export function numericKind(texts: readonly string[]): NumericDate | null {
  const values = texts.map((text) => text.normalize('NFKC').trim())
  if (values.length === 0 || !values.every((text) => number.test(text))) return null
  const all = (low: number, high: number): boolean =>
    values.every((text) => Number(text) >= low && Number(text) < high)
  if (all(20_000, 73_050)) return 'excel'
  if (all(1e8, 4_102_444_800)) return 'epoch'
  if (all(1e11, 4_102_444_800_000)) return 'epochMilliseconds'
  return null
}
