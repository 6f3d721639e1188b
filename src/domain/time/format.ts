/** In the mean of the Gregorian calendar. */
const daysOfMonth = 30.436_875

/** Uses the city's time zone. */
export interface Format {
  count(value: number): string
  /** `digits` is 1 by default. */
  decimal(value: number, digits?: number): string
  /** Of a share 0..1. */
  percent(share: number): string
  wholePercent(share: number): string
  /** As people say it: minutes, hours below two days, days below two months, months, years and months. */
  duration(hours: number): string
  instant(at: string | Date): string
  day(at: string | Date): string
  /** Of `YYYY-MM-DD`; no time zone applies. */
  localDay(day: string): string
  /** Of `YYYY-MM`; `short` fits an axis. */
  localMonth(month: string): string
  /** "3 hours ago". */
  ago(at: string | Date, now: Date): string
  /** Tens of metres from 100 m, kilometres from 1 km. */
  distance(meters: number): string
  /** Powers of 1,000. */
  bytes(count: number): string
  time(at: string | Date): string
}

const made = new Map<string, Format>()

/**
 * The same one for the same arguments: its two dozen formatters take milliseconds to make, and most
 * parts of a page ask for one.
 * @param locale BCP 47. @param timeZone IANA. @throws RangeError for an unknown zone
 */
export function createFormat(locale: string, timeZone: string): Format {
  const key = `${locale} ${timeZone}`
  const format = made.get(key) ?? newFormat(locale, timeZone)
  made.set(key, format)
  return format
}

function newFormat(locale: string, timeZone: string): Format {
  const count = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const wholePercent = new Intl.NumberFormat(locale, { style: 'percent' })
  const decimals = new Map<number, Intl.NumberFormat>()
  const decimalOf = (digits: number): Intl.NumberFormat => {
    const known = decimals.get(digits)
    if (known) return known
    const format = new Intl.NumberFormat(locale, { maximumFractionDigits: digits })
    decimals.set(digits, format)
    return format
  }
  const unit = (name: string, unitDisplay: 'long' | 'short', digits = 1) =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      unitDisplay,
      maximumFractionDigits: digits,
    })
  const minutes = unit('minute', 'long', 0)
  const hours = unit('hour', 'long')
  const wholeHours = unit('hour', 'long', 0)
  const days = unit('day', 'long')
  const wholeDays = unit('day', 'long', 0)
  const months = unit('month', 'long', 0)
  const years = unit('year', 'long', 0)
  const list = new Intl.ListFormat(locale, { type: 'unit', style: 'narrow' })
  const meters = unit('meter', 'short', 0)
  const kilometers = unit('kilometer', 'short')
  const kilobytes = unit('kilobyte', 'short', 0)
  const megabytes = unit('megabyte', 'short')
  const gigabytes = unit('gigabyte', 'short')
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
  const instant = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone,
  })
  const time = new Intl.DateTimeFormat(locale, { timeStyle: 'short', hourCycle: 'h23', timeZone })
  const localDay = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
  // Short, and with the whole year: “Dec 25” looks like a day.
  const month = new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    timeZone: 'UTC',
  })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })

  return {
    count: (value) => count.format(value),
    decimal: (value, digits = 1) => decimalOf(digits).format(value),
    percent: (share) => percent.format(share),
    wholePercent: (share) => wholePercent.format(share),
    duration: (value) => {
      const minute = Math.round(value * 60)
      if (minute < 1) return `<${minutes.format(1)}`
      if (minute < 90) return minutes.format(minute)
      if (value < 9.95) return hours.format(value)
      if (value < 47.5) return wholeHours.format(value)
      const day = value / 24
      if (day < 9.95) return days.format(day)
      if (day < 60) return wholeDays.format(day)
      const month = Math.round(day / daysOfMonth)
      if (month < 24) return months.format(month)
      const [year, rest] = [Math.floor(month / 12), month % 12]
      return rest === 0
        ? years.format(year)
        : list.format([years.format(year), months.format(rest)])
    },
    instant: (at) => instant.format(new Date(at)),
    day: (at) => day.format(new Date(at)),
    localDay: (value) => localDay.format(new Date(`${value}T00:00:00Z`)),
    localMonth: (value) => month.format(new Date(`${value}-01T00:00:00Z`)),
    ago: (at, now) => {
      const minutes = (new Date(at).getTime() - now.getTime()) / 60_000
      for (const [name, length] of steps)
        if (Math.abs(minutes) >= length) return relative.format(Math.trunc(minutes / length), name)
      return relative.format(0, 'minute')
    },
    distance: (value) => {
      // Round first: 999.6 m is 1 km.
      const rounded = value < 100 ? Math.round(value) : Math.round(value / 10) * 10
      return rounded < 1000 ? meters.format(rounded) : kilometers.format(rounded / 1000)
    },
    bytes: (value) => {
      if (value < 999_500)
        return kilobytes.format(Math.max(value > 0 ? 1 : 0, Math.round(value / 1000)))
      return value < 999_950_000
        ? megabytes.format(value / 1_000_000)
        : gigabytes.format(value / 1_000_000_000)
    },
    time: (at) => time.format(new Date(at)),
  }
}

/** Minutes, longest first. */
const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 525_600],
  ['month', 43_800],
  ['day', 1_440],
  ['hour', 60],
  ['minute', 1],
]
