import { describe, expect, it } from 'vitest'
import type { Stage } from '../vocabulary.ts'
import {
  minutesOf,
  readClock,
  stageVisits,
  type BarInput,
  type IncidentClock,
} from './stage-bar.ts'

/** Times are of 2 March 2026, `HH:MM` or `DD HH:MM`, in UTC. */
const at = (time: string): string => {
  const [day, clock] = time.includes(' ') ? time.split(' ') : ['02', time]
  return `2026-03-${day}T${clock}:00.000Z`
}
const ms = (time: string): number => Date.parse(at(time))

const stages: [code: string, stage: Stage, clock: string | null][] = [
  ['reported', 'reported', 'accept'],
  ['filed', 'filed', 'dispatch'],
  ['returned', 'filed', 'dispatch'],
  ['dispatched', 'dispatched', 'handle'],
  ['handled', 'handled', 'check'],
  ['closed', 'closed', null],
]
const stageOf = new Map(stages.map(([code, stage]) => [code, stage]))
const workflow = {
  firstState: 'reported',
  stages: stages.map(([code, stage, kind]) => ({
    ...{ code, stage, clock: kind, nameZh: code, nameEn: code },
  })),
}
const step = (time: string, from: string, to: string, name = 'x') => ({
  at: at(time),
  kind: 'transition',
  stageFrom: stageOf.get(from)!,
  stageTo: stageOf.get(to)!,
  data: { name, from, to },
})
const reported = {
  ...{ at: at('08:00'), kind: 'reported', stageFrom: null, stageTo: 'reported' as const },
  data: {},
}
const clock = (seq: number, kind: string, more: Partial<IncidentClock>): IncidentClock => ({
  ...{ seq, kind, milestone: null, departmentCode: null, isWorkingTime: false, extensions: 0 },
  ...{ startedAt: at('08:00'), runs: [], runningSince: null, limitSeconds: 900, usedSeconds: 0 },
  ...{ dueAt: null, warnAt: null, stoppedAt: null, isReached: false },
  ...more,
})
const run = (from: string, to: string): [string, string] => [at(from), at(to)]
const input = (more: Partial<BarInput>): BarInput => ({
  ...{ incident: { reportedAt: at('08:00'), stage: 'reported', state: 'reported' } },
  ...{ log: [reported], clocks: [], holds: [], workflow },
  ...more,
})
const shown = (bar: BarInput, now: string) =>
  stageVisits(bar, ms(now)).map((visit) => [
    visit.state,
    minutesOf(visit),
    visit.held.reduce((sum, part) => sum + minutesOf(part), 0),
    visit.clocks,
  ])

describe('stageVisits', () => {
  it('counts the first stay up to now, seconds left out', () => {
    const bar = input({ clocks: [clock(1, 'accept', { runningSince: at('08:00') })] })
    expect(shown(bar, '08:12')).toEqual([['reported', 12, 0, [1]]])
    const [visit] = stageVisits(bar, ms('08:12') + 59_000)
    expect([minutesOf(visit!), visit!.isPresent, visit!.stage]).toEqual([12, true, 'reported'])
  })

  it('gives no stay a clock while the workflow is unknown', () => {
    const bar = input({
      log: [reported, step('08:10', 'reported', 'filed')],
      clocks: [
        clock(1, 'accept', { runs: [run('08:00', '08:10')] }),
        clock(2, 'dispatch', { runningSince: at('08:10') }),
      ],
    })
    const clocksOf = (one: BarInput) => stageVisits(one, ms('08:20')).map(({ clocks }) => clocks)
    expect(clocksOf(bar)).toEqual([[1], [2]])
    expect(clocksOf({ ...bar, workflow: undefined })).toEqual([[], []])
  })

  it('puts a hold into the stay in which it lies, and its clock with it', () => {
    const bar = input({
      log: [reported, step('08:10', 'reported', 'filed'), step('08:40', 'filed', 'dispatched')],
      clocks: [
        clock(1, 'accept', { runs: [run('08:00', '08:10')] }),
        clock(2, 'dispatch', { runs: [run('08:10', '08:40')] }),
        clock(3, 'handle', { runs: [run('08:40', '09:00')], runningSince: at('11:30') }),
      ],
      holds: [[at('09:00'), at('11:30')]],
    })
    // dispatched 8:40 to 12:00 is 200 minutes, 150 of them on hold
    expect(shown(bar, '12:00')).toEqual([
      ['reported', 10, 0, [1]],
      ['filed', 30, 0, [2]],
      ['dispatched', 200, 150, [3]],
    ])
  })

  it('lets an open hold last until now', () => {
    const bar = input({
      log: [reported, step('08:10', 'reported', 'filed')],
      holds: [[at('08:30'), null]],
    })
    expect(shown(bar, '09:00')).toEqual([
      ['reported', 10, 0, []],
      ['filed', 50, 30, []],
    ])
  })

  it('shows rework as a stay of its own on the same clock', () => {
    const bar = input({
      log: [
        reported,
        step('09:00', 'reported', 'filed'),
        step('09:00', 'filed', 'dispatched'),
        step('13:00', 'dispatched', 'handled', 'handle'),
        step('14:00', 'handled', 'dispatched', 'check_fail'),
      ],
      clocks: [
        clock(1, 'handle', { runs: [run('09:00', '13:00')], runningSince: at('14:00') }),
        clock(2, 'check', { runs: [run('13:00', '14:00')] }),
        clock(3, 'dispatch', { startedAt: at('09:00') }),
      ],
    })
    expect(shown(bar, '14:30')).toEqual([
      ['reported', 60, 0, []],
      // filed and dispatched in the same minute
      ['filed', 0, 0, [3]],
      ['dispatched', 240, 0, [1]],
      ['handled', 60, 0, [2]],
      ['dispatched', 30, 0, [1]],
    ])
  })

  it('gives each department its own clock, with milestones after it', () => {
    const bar = input({
      log: [
        reported,
        step('08:05', 'reported', 'filed'),
        step('08:10', 'filed', 'dispatched'),
        step('10:10', 'dispatched', 'returned', 'return'),
        step('10:20', 'returned', 'dispatched'),
      ],
      clocks: [
        clock(3, 'milestone', { milestone: 'stop', runs: [run('08:10', '10:10')] }),
        clock(4, 'handle', { departmentCode: 'a', runs: [run('08:10', '10:10')] }),
        clock(5, 'handle', { departmentCode: 'b', runningSince: at('10:20') }),
      ],
    })
    expect(shown(bar, '10:50')).toEqual([
      ['reported', 5, 0, []],
      ['filed', 5, 0, []],
      ['dispatched', 120, 0, [4, 3]],
      ['returned', 10, 0, []],
      ['dispatched', 30, 0, [5]],
    ])
  })

  it('counts the time a case was closed before it was opened again', () => {
    const bar = input({
      log: [
        reported,
        step('08:10', 'reported', 'closed'),
        step('03 08:10', 'closed', 'dispatched', 'reopen'),
      ],
    })
    expect(shown(bar, '03 09:00')).toEqual([
      ['reported', 10, 0, []],
      ['closed', 1440, 0, []],
      ['dispatched', 50, 0, []],
    ])
  })

  it('reads what was handled on the spot, and says nothing about what an import left out', () => {
    const onTheSpot = { ...step('08:00', 'reported', 'closed'), kind: 'self_handled', data: {} }
    expect(shown(input({ log: [reported, onTheSpot] }), '09:00')).toEqual([
      ['reported', 0, 0, []],
      ['closed', 60, 0, []],
    ])
    const incident = { reportedAt: at('08:00'), stage: 'dispatched' as const, state: 'dispatched' }
    expect(shown(input({ incident, log: [] }), '09:00')).toEqual([[null, 60, 0, []]])
  })

  it('never runs backwards when an entry is older than the report', () => {
    const bar = input({ log: [reported, step('07:00', 'reported', 'filed')] })
    expect(shown(bar, '08:30')).toEqual([
      ['reported', 0, 0, []],
      ['filed', 30, 0, []],
    ])
  })
})

describe('readClock', () => {
  const read = (more: Partial<IncidentClock>, now: string, asked = now) =>
    readClock(clock(1, 'handle', more), ms(now), ms(asked))

  it('runs to its deadline, warns and is overdue by the minutes since', () => {
    const running = { runningSince: at('08:00'), dueAt: at('08:15'), warnAt: at('08:12') }
    // asked at 8:05 with 300 seconds used; the client counts on by itself
    const used = { ...running, usedSeconds: 300 }
    expect(read(used, '08:10', '08:05')).toMatchObject({
      ...{ look: 'running', usedMinutes: 10, limitMinutes: 15, leftMinutes: 5, overdueMinutes: 0 },
    })
    expect(read(used, '08:13', '08:05')).toMatchObject({ look: 'warned', leftMinutes: 2 })
    expect(read(used, '09:00', '08:05')).toMatchObject({
      ...{ look: 'overdue', usedMinutes: 60, overdueMinutes: 45, overdueFrom: ms('08:15') },
    })
  })

  it('leaves used working time as the server counted it', () => {
    const night = { isWorkingTime: true, runningSince: at('08:00'), dueAt: at('03 09:00') }
    expect(
      read({ ...night, limitSeconds: 28_800, usedSeconds: 14_400 }, '20:00', '12:00'),
    ).toMatchObject({ look: 'running', usedMinutes: 240, limitMinutes: 480, leftMinutes: 780 })
  })

  it('rests with what is left of its own time', () => {
    expect(read({ runs: [run('08:00', '08:05')], usedSeconds: 300 }, '12:00')).toMatchObject({
      ...{ look: 'resting', usedMinutes: 5, leftMinutes: 10, overdueMinutes: 0 },
      overdueFrom: null,
    })
  })

  it('finds when a stopped clock ran out, across its pauses', () => {
    // 20 and 40 minutes; the limit of 30 was reached 10 minutes into the second run
    expect(
      read(
        {
          runs: [run('08:00', '08:20'), run('10:00', '10:40')],
          ...{ limitSeconds: 1800, usedSeconds: 3600, stoppedAt: at('10:40') },
        },
        '12:00',
      ),
    ).toEqual({
      ...{ look: 'stopped', usedMinutes: 60, limitMinutes: 30, leftMinutes: null },
      ...{ overdueMinutes: 30, overdueFrom: ms('10:10') },
    })
  })

  it('says nothing of a deadline beyond the calendar', () => {
    expect(
      read({ runningSince: at('08:00'), limitSeconds: null, usedSeconds: null }, '09:00'),
    ).toEqual({
      ...{ look: 'none', usedMinutes: null, limitMinutes: null, leftMinutes: null },
      ...{ overdueMinutes: 0, overdueFrom: null },
    })
  })
})
