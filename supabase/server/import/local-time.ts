import { Temporal } from 'temporal-polyfill'

export type DateOrder = 'ymd' | 'mdy' | 'dmy'

const shape =
  /^(\d{1,4})[-/.年](\d{1,2})[-/.月](\d{1,4})日?(?:[T ,]+(\d{1,2})[:时](\d{2})(?:[:分](\d{2})(?:[.,](\d{1,9}))?秒?)?\s*(AM|PM)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/i

function hour24(hour: number, half: string | undefined): number {
  if (!half) return hour
  if (hour < 1 || hour > 12) return Number.NaN
  return (hour % 12) + (half.toUpperCase() === 'PM' ? 12 : 0)
}

/**
 * Without an offset, times are on the wall clock of `timeZone`. A time repeated in autumn means the
 * first; one skipped in spring becomes an hour later.
 * @param order of the parts when the year is not first.
 * @returns ISO 8601 in UTC, or null.
 */
export function parseInstant(text: string, timeZone: string, order: DateOrder): string | null {
  const match = shape.exec(text.trim())
  if (!match) return null
  const [
    ,
    first = '',
    second = '',
    third = '',
    h = '0',
    m = '0',
    s = '0',
    fraction = '',
    half,
    offset,
  ] = match
  const isYearFirst = first.length === 4
  if (!isYearFirst && (order === 'ymd' || third.length !== 4)) return null
  if (isYearFirst && third.length > 2) return null
  const year = Number(isYearFirst ? first : third)
  const month = Number(isYearFirst ? second : order === 'mdy' ? first : second)
  const day = Number(isYearFirst ? third : order === 'mdy' ? second : first)
  const millisecond = Number(fraction.slice(0, 3).padEnd(3, '0'))
  const fields = {
    year,
    month,
    day,
    hour: hour24(Number(h), half),
    minute: Number(m),
    second: Number(s),
    millisecond,
  }
  try {
    const local = Temporal.PlainDateTime.from(fields, { overflow: 'reject' })
    const zone = offset ? (offset.toUpperCase() === 'Z' ? 'UTC' : offset) : timeZone
    return new Date(local.toZonedDateTime(zone).epochMilliseconds).toISOString()
  } catch {
    return null
  }
}
