export type ClockLook = 'none' | 'unknown' | 'running' | 'warned' | 'overdue'

/** A running clock ends beyond its calendar. */
export interface DueUnknown {
  /** Last local day that the calendar knows; null where the city has none. */
  until: string | null
}

export interface QueueClock {
  look: ClockLook
  /** To the deadline, or since it when overdue; whole, never negative. */
  minutes: number
}

/** A clock as it stands at `now` (epoch milliseconds), from the instants of the row alone. */
export function queueClock(
  {
    dueAt,
    warnAt,
    dueUnknown,
  }: { dueAt: string | null; warnAt: string | null; dueUnknown: DueUnknown | null },
  now: number,
): QueueClock {
  if (dueAt === null) return { look: dueUnknown ? 'unknown' : 'none', minutes: 0 }
  const left = Date.parse(dueAt) - now
  if (left < 0) return { look: 'overdue', minutes: Math.floor(-left / 60_000) }
  const isWarned = warnAt !== null && Date.parse(warnAt) <= now
  return { look: isWarned ? 'warned' : 'running', minutes: Math.ceil(left / 60_000) }
}

/** The two largest units of a span, for its words. */
export function spanParts(minutes: number): {
  unit: 'minutes' | 'hours' | 'days'
  first: number
  second: number
} {
  if (minutes < 60) return { unit: 'minutes', first: minutes, second: 0 }
  if (minutes < 1440)
    return { unit: 'hours', first: Math.floor(minutes / 60), second: minutes % 60 }
  return {
    unit: 'days',
    first: Math.floor(minutes / 1440),
    second: Math.floor((minutes % 1440) / 60),
  }
}
