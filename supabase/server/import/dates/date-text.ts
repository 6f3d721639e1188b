import { plainDateText } from './plain-date-text.ts'
import { instantsOf } from './wall-clock.ts'

export type DateOrder = 'ymd' | 'mdy' | 'dmy'

export interface ReadDate {
  /** ISO 8601 in UTC. A day alone is its first instant. */
  at: string
  /** Whether no time was written. */
  isDay: boolean
  /** The other instant, of a wall time that comes twice in autumn. */
  later: string | null
}

interface Parts {
  year: number
  month: number
  day: number
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const monthName = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?'

const yearFirst = /^(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?(?=$|[^\d])/
const yearLast = /^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?=$|[^\d])/
const compact = /^(20\d{2}|19\d{2})(\d{2})(\d{2})(?:t?(\d{2})(\d{2})(\d{2})?)?(?=$|[^\d])/
const dayNamed = new RegExp(
  `^(\\d{1,2})(?:st|nd|rd|th)?[-/ ]${monthName}[-/, ]+(\\d{4}|\\d{2})(?=$|[^\\d])`,
)
const monthNamed = new RegExp(
  `^${monthName}[- ]+(\\d{1,2})(?:st|nd|rd|th)?[-, ]+(\\d{4})(?=$|[^\\d])`,
)

const time =
  /^(am|pm)?\s*(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?|(?=\s*(?:am|pm)))\s*(am|pm)?(?=$|[^\d])/
const offset = /^(?:utc|gmt)?\s*([+-])(\d{1,2})(?::?(\d{2}))?$/
const named = /^\[?([a-z]+(?:[_/+-][a-z0-9_+-]+)+)\]?$/

const century = (year: string): number =>
  year.length === 4 ? Number(year) : Number(year) + (Number(year) < 70 ? 2000 : 1900)

/** The date at the text's beginning, and what follows it. */
function dateOf(
  text: string,
  order: DateOrder,
): { parts: Parts; rest: string; written: string[] } | null {
  const made = (match: RegExpExecArray, year: string, month: number, day: string) => ({
    parts: { year: century(year), month, day: Number(day) },
    rest: text.slice(match[0].length).replace(/^[t,\s]+/, ''),
    written: match.slice(4).filter((part) => part !== undefined),
  })
  let match = yearFirst.exec(text)
  if (match) return { ...made(match, match[1]!, Number(match[2]), match[3]!), written: [] }
  match = compact.exec(text)
  if (match) return made(match, match[1]!, Number(match[2]), match[3]!)
  match = dayNamed.exec(text)
  if (match)
    return { ...made(match, match[3]!, months.indexOf(match[2]!) + 1, match[1]!), written: [] }
  match = monthNamed.exec(text)
  if (match)
    return { ...made(match, match[3]!, months.indexOf(match[1]!) + 1, match[2]!), written: [] }
  match = order === 'ymd' ? null : yearLast.exec(text)
  if (!match) return null
  const [, first = '', second = '', year = ''] = match
  return order === 'mdy'
    ? { ...made(match, year, Number(first), second), written: [] }
    : { ...made(match, year, Number(second), first), written: [] }
}

interface Clock {
  hour: number
  minute: number
  second: number
  millisecond: number
}

/** Null for `13:30 PM`, `0:30 AM`, 25:00. 24:00 and 23:59:60 run on into the next day. */
function clockOf(match: RegExpExecArray): Clock | null {
  const [, before, h = '', m = '0', s = '0', fraction = '', after] = match
  if (before && after) return null
  const half = before ?? after
  const hour = Number(h)
  if (half && (hour < 1 || hour > 12)) return null
  const hour24 = half ? (hour % 12) + (half === 'pm' ? 12 : 0) : hour
  const [minute, second] = [Number(m), Number(s)]
  const isEndOfDay = hour24 === 24 && minute === 0 && second === 0
  if ((hour24 > 23 && !isEndOfDay) || minute > 59 || second > 60) return null
  return { hour: hour24, minute, second, millisecond: Number(fraction.slice(0, 3).padEnd(3, '0')) }
}

/** Null for a name such as CST, which means Chicago, Shanghai and Havana. */
function zoneOf(text: string, timeZone: string): string | null {
  if (text === '') return timeZone
  if (/^\[?(z|utc|gmt)\]?$/.test(text)) return 'UTC'
  const match = offset.exec(text)
  if (match) {
    const [, sign, hours = '', minutes = '00'] = match
    if (Number(hours) > 14 || Number(minutes) > 59) return null
    return `${sign}${hours.padStart(2, '0')}:${minutes}`
  }
  // an offset, then the zone's name: the offset decides
  const both = /^(.+?)\s*\[[a-z0-9_/+-]+\]$/.exec(text)
  if (both?.[1]) return zoneOf(both[1].trim(), timeZone)
  const name = named.exec(text)?.[1]
  if (name === undefined) return null
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
  } catch {
    return null
  }
}

/** A wall time as if it were UTC; null for the 30th of February. */
function localMilliseconds(
  { year, month, day }: Parts,
  { hour, minute, second, millisecond }: Clock,
): number | null {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond
}

/** A time before its date, as some systems print it. */
const timeFirst = /^((?:am|pm)?\s*\d{1,2}:\d{2}(?::\d{2})?\s*(?:am|pm)?)[,\s]+(.*\d.*)$/

/**
 * Reads a date with or without a time, as people and Chinese systems write them. Without a zone,
 * times are on the wall clock of `timeZone`. A time repeated in autumn means the first; one skipped
 * in spring becomes an hour later.
 * @param order of day and month where only numbers are written and the year comes last.
 * @returns null when the text is no date, or means more than one.
 */
export function readDate(text: string, timeZone: string, order: DateOrder): ReadDate | null {
  const plain = plainDateText(text)
  const turned = timeFirst.exec(plain)
  const found = dateOf(turned ? `${turned[2]} ${turned[1]}` : plain, order)
  if (!found) return null
  const { parts, rest, written } = found
  const whole = written.length > 0 ? `${written.join(':')} ${rest}`.trim() : rest
  const clock = time.exec(whole)
  const zoneText = clock ? whole.slice(clock[0].length).trim() : whole
  // a zone without a time says nothing
  if (!clock && whole !== '') return null
  const read = clock ? clockOf(clock) : { hour: 0, minute: 0, second: 0, millisecond: 0 }
  const zone = zoneOf(zoneText, timeZone)
  if (!read || zone === null) return null
  const local = localMilliseconds(parts, read)
  const instants = local === null ? null : instantsOf(local, zone)
  return instants && { at: instants.at, isDay: !clock, later: instants.later }
}
