import { workMilliseconds, type WorkAhead } from '../time/work-ahead.ts'
import type { Stage } from '../vocabulary.ts'
import { queueClock, type ClockLook } from './queue-clock.ts'
import type { Workflow } from './workflow.ts'

/** A clock of `incident_detail`; instants are ISO 8601. */
export interface IncidentClock {
  seq: number
  kind: string
  /** Code of the filing condition's milestone. */
  milestone: string | null
  departmentCode: string | null
  /** False: it runs round the clock. */
  isWorkingTime: boolean
  /** Null round the clock. */
  calendar?: string | null | undefined
  extensions: number
  startedAt: string
  /** When it ran, without the present run. */
  runs: readonly (readonly [from: string, to: string])[]
  /** Null while it rests. */
  runningSince: string | null
  /** In its own time; null beyond the years of its calendar. */
  limitSeconds: number | null
  /** In its own time, up to the server's answer. */
  usedSeconds: number | null
  dueAt: string | null
  warnAt: string | null
  stoppedAt: string | null
  isReached: boolean
}

/** Epoch milliseconds; `to` is excluded. */
export interface Span {
  from: number
  to: number
}

/** A stay in one state of the workflow. */
export interface StageVisit extends Span {
  /** Null: nothing says where the incident was, as before an import. */
  state: string | null
  stage: Stage | null
  /** The incident is still in it; `to` is now. */
  isPresent: boolean
  held: readonly Span[]
  /** `seq` of the clocks that ran in it, that of the state first. */
  clocks: readonly number[]
}

export interface ClockReading {
  look: ClockLook | 'resting' | 'stopped'
  /** Null beyond the calendar's years. */
  usedMinutes: number | null
  /** The time used is that of this instant: no working time is known beyond it. Null: of now. */
  usedUntil: number | null
  limitMinutes: number | null
  /** To the deadline, in its own time unless `isByTheWall`. */
  leftMinutes: number | null
  /** Past the deadline, in its own time unless `isByTheWall`. */
  overdueMinutes: number
  /** It runs, and its own time is not known: what is left or over is counted round the clock. */
  isByTheWall: boolean
  /** From here on it was overdue; exact for a clock round the clock and for one that runs. */
  overdueFrom: number | null
}

interface LoggedChange {
  at: string
  kind: string
  stageFrom: Stage | null
  stageTo: Stage | null
  data: Record<string, unknown> | null
}

export interface BarInput {
  incident: { reportedAt: string; stage: Stage; state?: string | undefined }
  log: readonly LoggedChange[]
  clocks: readonly IncidentClock[]
  holds: readonly (readonly [from: string, to: string | null])[]
  /** Unknown while the words of the workflow are not on the device. */
  workflow: Pick<Workflow, 'stages' | 'firstState'> | undefined
}

const minuteMs = 60_000
/** Clocks run in whole minutes. */
const minuteOf = (at: string | number): number =>
  Math.floor((typeof at === 'string' ? Date.parse(at) : at) / minuteMs) * minuteMs
export const minutesOf = ({ from, to }: Span): number => Math.round((to - from) / minuteMs)

/** The stays of an incident, oldest first, each with its holds and clocks, as they stand at `now`. */
export function stageVisits(
  { incident, log, clocks, holds, workflow }: BarInput,
  now: number,
): StageVisit[] {
  const stageOf = (state: string | null): Stage | null =>
    workflow?.stages.find(({ code }) => code === state)?.stage ?? null
  const kindOf = (state: string): string | null | undefined =>
    workflow?.stages.find(({ code }) => code === state)?.clock
  const changes = log.flatMap((entry) => {
    const state = stateAfter(entry, workflow)
    return state === null ? [] : [{ at: minuteOf(entry.at), stage: entry.stageTo, state }]
  })
  const first = log.find((entry) => stateAfter(entry, workflow) !== null)
  const begin = minuteOf(incident.reportedAt)
  const starts = [
    { at: begin, ...firstState(first, log[0]?.kind === 'reported', incident, workflow) },
    ...changes,
  ]
  return starts.map(({ at, state, stage }, index) => {
    const next = starts[index + 1]
    const isPresent = next === undefined
    const from = Math.max(begin, at)
    const to = Math.max(from, isPresent ? minuteOf(now) : next.at)
    const span = { from, to }
    return {
      ...{ ...span, state, stage: stage ?? stageOf(state), isPresent },
      held: holds.flatMap(([start, end]) => {
        const part = overlap(span, { from: minuteOf(start), to: minuteOf(end ?? now) })
        return part ? [part] : []
      }),
      // Without the workflow nothing says whose clock it was.
      clocks:
        state !== null && !workflow
          ? []
          : clocksIn(span, state === null ? undefined : kindOf(state), clocks, now),
    }
  })
}

/** The state that an entry of the log leads to; null when it leads nowhere. */
function stateAfter(
  { stageFrom, stageTo, data }: LoggedChange,
  workflow: BarInput['workflow'],
): string | null {
  // A step has a name and says from where to where.
  const { name, from, to } = data ?? {}
  if (typeof name === 'string') return typeof to === 'string' && to !== from ? to : null
  if (stageFrom === null || stageTo === null || stageFrom === stageTo) return null
  return workflow?.stages.find(({ stage }) => stage === stageTo)?.code ?? stageTo
}

function firstState(
  change: LoggedChange | undefined,
  isReported: boolean,
  incident: BarInput['incident'],
  workflow: BarInput['workflow'],
): { state: string | null; stage: Stage | null } {
  if (change) {
    const from = change.data?.['from']
    const first = isReported ? (workflow?.firstState ?? null) : null
    return { state: typeof from === 'string' ? from : first, stage: change.stageFrom }
  }
  // An import may bring a later stage without the states before it.
  const { stage, state } = incident
  return stage === 'reported' ? { state: state ?? null, stage } : { state: null, stage: null }
}

/** @param wanted kind of the clock; undefined takes all kinds */
function clocksIn(
  span: Span,
  wanted: string | null | undefined,
  clocks: readonly IncidentClock[],
  now: number,
): number[] {
  return clocks
    .filter(
      (clock) =>
        (wanted === undefined ||
          clock.kind === wanted ||
          (clock.milestone !== null && wanted === 'handle')) &&
        (runsOf(clock, now).some((run) => overlap(span, run)) ||
          // It ran for less than a minute.
          (wanted !== undefined && startsIn(span, clock))),
    )
    .toSorted((a, b) => rankOf(a) - rankOf(b) || a.seq - b.seq)
    .map(({ seq }) => seq)
}
const startsIn = ({ from, to }: Span, { startedAt }: IncidentClock): boolean => {
  const at = minuteOf(startedAt)
  return from <= at && at <= to
}
const rankOf = ({ milestone }: IncidentClock): number => (milestone === null ? 0 : 1)

const runsOf = ({ runs, runningSince }: IncidentClock, now: number): Span[] => [
  ...runs.map(([from, to]) => ({ from: minuteOf(from), to: minuteOf(to) })),
  // A run of this minute has a length of nothing and still counts.
  ...(runningSince === null
    ? []
    : [{ from: minuteOf(runningSince), to: Math.max(minuteOf(now), minuteOf(runningSince) + 1) }]),
]

const overlap = (a: Span, b: Span): Span | null => {
  const from = Math.max(a.from, b.from)
  const to = Math.min(a.to, b.to)
  if (from < to) return { from, to }
  // The stay began in this minute.
  return a.from === a.to && b.from <= a.from && a.from < b.to ? { from, to: from } : null
}

/** The server's answer on clocks; `at` is in epoch milliseconds of its own clock. */
export interface ClocksAsked {
  at: number
  /** By calendar, from `at` on; missing in what older versions kept. */
  workAhead?: Readonly<Record<string, WorkAhead>> | undefined
}

/** A clock as it stands at `now`, epoch milliseconds of the server's clock. */
export function readClock(clock: IncidentClock, now: number, asked: ClocksAsked): ClockReading {
  const { runningSince, stoppedAt, isWorkingTime, limitSeconds } = clock
  const { usedMs, until } = usedTime(clock, now, asked)
  const limitMs = limitSeconds === null ? null : Math.round(limitSeconds * 1000)
  const left = usedMs === null || limitMs === null ? null : limitMs - usedMs
  const base = {
    usedMinutes: usedMs === null ? null : Math.floor(usedMs / minuteMs),
    usedUntil: until,
    limitMinutes: limitMs === null ? null : Math.round(limitMs / minuteMs),
    leftMinutes: left === null ? null : Math.max(0, Math.ceil(left / minuteMs)),
    overdueMinutes: left === null ? 0 : Math.max(0, Math.floor(-left / minuteMs)),
    isByTheWall: false,
  }
  if (runningSince !== null && stoppedAt === null) {
    // A limit in working time has no due time only beyond its calendar.
    const dueUnknown = isWorkingTime ? { until: null } : null
    const { look, minutes } = queueClock({ ...clock, dueUnknown }, now)
    const isOverdue = look === 'overdue'
    const isByTheWall = clock.dueAt !== null && (left === null || until !== null)
    const counted = {
      leftMinutes: isByTheWall ? minutes : base.leftMinutes,
      overdueMinutes: isByTheWall ? minutes : base.overdueMinutes,
    }
    return {
      ...{ ...base, look, isByTheWall },
      leftMinutes: isOverdue || clock.dueAt === null ? null : counted.leftMinutes,
      overdueMinutes: isOverdue ? counted.overdueMinutes : 0,
      overdueFrom: isOverdue ? Date.parse(clock.dueAt!) : null,
    }
  }
  const isStopped = stoppedAt !== null
  return {
    ...{ ...base, look: isStopped ? 'stopped' : 'resting' },
    leftMinutes: isStopped ? null : base.leftMinutes,
    overdueFrom: base.overdueMinutes > 0 ? instantOfUse(clock, now, limitMs! / usedMs!) : null,
  }
}

/** Milliseconds in the clock's own time, up to `now` or as far as working time is known. */
function usedTime(
  { usedSeconds, runningSince, isWorkingTime, calendar }: IncidentClock,
  now: number,
  { at, workAhead }: ClocksAsked,
): { usedMs: number | null; until: number | null } {
  if (usedSeconds === null) return { usedMs: null, until: null }
  const usedMs = Math.round(usedSeconds * 1000)
  if (runningSince === null || now <= at) return { usedMs, until: null }
  if (!isWorkingTime) return { usedMs: usedMs + now - at, until: null }
  const ahead = workAhead?.[calendar ?? '']
  if (!ahead) return { usedMs, until: at }
  const end = Date.parse(ahead.until)
  const known = Math.min(now, end)
  return { usedMs: usedMs + workMilliseconds(ahead, at, known), until: now > end ? end : null }
}

/** When this share of the time that it ran had passed. */
function instantOfUse(clock: IncidentClock, now: number, share: number): number {
  const runs = runsOf(clock, now)
  let left = runs.reduce((sum, { from, to }) => sum + to - from, 0) * share
  for (const { from, to } of runs) {
    if (left < to - from) return from + left
    left -= to - from
  }
  return runs.at(-1)?.to ?? now
}
