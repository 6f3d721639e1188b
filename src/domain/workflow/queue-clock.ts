import { workBetween, type WorkSpans } from '../time/work-ahead.ts'

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
  /** The minutes are of working time. */
  isWorkingTime: boolean
}

interface ClockOfRow {
  dueAt: string | null
  warnAt: string | null
  dueUnknown: DueUnknown | null
  /** Of a clock in working time, around its due time; without it minutes run round the clock. */
  workSpans?: WorkSpans | null | undefined
}

/** A clock as it stands at `now` (epoch milliseconds), from what the row says alone. */
export function queueClock(
  { dueAt, warnAt, dueUnknown, workSpans }: ClockOfRow,
  now: number,
): QueueClock {
  if (dueAt === null)
    return { look: dueUnknown ? 'unknown' : 'none', minutes: 0, isWorkingTime: false }
  const due = Date.parse(dueAt)
  const [from, to] = due < now ? [due, now] : [now, due]
  const worked = workSpans ? workBetween(workSpans, from, to) : null
  const minutes = (worked ?? to - from) / 60_000
  const isWorkingTime = worked !== null
  if (due < now) return { look: 'overdue', minutes: Math.floor(minutes), isWorkingTime }
  const isWarned = warnAt !== null && Date.parse(warnAt) <= now
  return { look: isWarned ? 'warned' : 'running', minutes: Math.ceil(minutes), isWorkingTime }
}

/** The two largest units of a span, for its words. Working time has no days: they have no one length. */
export function spanParts(
  minutes: number,
  isWorkingTime = false,
): {
  unit: 'minutes' | 'hours' | 'days'
  first: number
  second: number
} {
  if (minutes < 60) return { unit: 'minutes', first: minutes, second: 0 }
  if (minutes < 1440 || isWorkingTime)
    return { unit: 'hours', first: Math.floor(minutes / 60), second: minutes % 60 }
  return {
    unit: 'days',
    first: Math.floor(minutes / 1440),
    second: Math.floor((minutes % 1440) / 60),
  }
}
