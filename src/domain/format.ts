/**
 * Numbers and dates as people of one language read them, in the city's time zone.
 * Pure: the same input gives the same text in browser, worker and Node.
 */
export interface Format {
  /** Whole numbers with the language's grouping. */
  count(value: number): string
  /** `digits` decimals, 1 unless told. */
  decimal(value: number, digits?: number): string
  /** A share 0..1 as a percentage with at most one decimal. */
  percent(share: number): string
  /** Hours below two days, days above, with at most one decimal. */
  duration(hours: number): string
  /** An instant's day and minute in the city. */
  instant(at: string | Date): string
  /** An instant's day in the city. */
  day(at: string | Date): string
  /** A calendar day `YYYY-MM-DD`, whatever the time zone. */
  localDay(day: string): string
  /** A calendar month `YYYY-MM`; `short` leaves out what an axis has no room for. */
  localMonth(month: string, short?: boolean): string
  /** "3 hours ago", from minutes up to years; `now` is given by the caller. */
  ago(at: string | Date, now: Date): string
}

/** @param locale BCP 47. @param timeZone IANA; throws RangeError when it is not one. */
export function createFormat(locale: string, timeZone: string): Format {
  const count = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const unit = (name: 'hour' | 'day') =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      unitDisplay: 'long',
      maximumFractionDigits: 1,
    })
  const hours = unit('hour')
  const days = unit('day')
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone })
  const instant = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'short',
    hourCycle: 'h23',
    timeZone,
  })
  const localDay = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' })
  const month = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'long', timeZone: 'UTC' })
  const shortMonth = new Intl.DateTimeFormat(locale, {
    year: '2-digit',
    month: 'short',
    timeZone: 'UTC',
  })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })

  return {
    count: (value) => count.format(value),
    decimal: (value, digits = 1) =>
      new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value),
    percent: (share) => percent.format(share),
    duration: (value) => (value < 48 ? hours.format(value) : days.format(value / 24)),
    instant: (at) => instant.format(new Date(at)),
    day: (at) => day.format(new Date(at)),
    localDay: (value) => localDay.format(new Date(`${value}T00:00:00Z`)),
    localMonth: (value, short = false) =>
      (short ? shortMonth : month).format(new Date(`${value}-01T00:00:00Z`)),
    ago: (at, now) => {
      const minutes = (new Date(at).getTime() - now.getTime()) / 60_000
      for (const [name, length] of steps)
        if (Math.abs(minutes) >= length) return relative.format(Math.trunc(minutes / length), name)
      return relative.format(0, 'minute')
    },
  }
}

/** Minutes in each unit, longest first. */
const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 525_600],
  ['month', 43_800],
  ['day', 1_440],
  ['hour', 60],
  ['minute', 1],
]
