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
    readClock(clock(1, 'handle', more), ms(now), { at: ms(asked) })

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

  describe('in working time', () => {
    // Monday to Friday, 9 to 12 and 14 to 18 in Los Angeles, which is 8 hours behind, 7 from Sunday the 8th on
    const hour = (date: string, hours: number): string =>
      new Date(ms(`${date} 00:00`) + hours * 3_600_000).toISOString()
    const day = (date: string, behind: number): [string, string][] => [
      [hour(date, 9 + behind), hour(date, 12 + behind)],
      [hour(date, 14 + behind), hour(date, 18 + behind)],
    ]
    const workAhead = {
      west: {
        until: at('12 17:00'),
        // clipped at the answer, in the middle of Thursday morning
        spans: [
          [hour('05', 18), hour('05', 20)] as const,
          ...day('05', 8).slice(1),
          ...day('06', 8),
          ...['09', '10', '11'].flatMap((date) => day(date, 7)),
          [hour('12', 16), hour('12', 17)] as const,
        ],
      },
    }
    const handling = clock(1, 'handle', {
      ...{ isWorkingTime: true, calendar: 'west', startedAt: at('05 17:00') },
      ...{ runningSince: at('05 17:00'), limitSeconds: 14 * 3600, usedSeconds: 3600 },
      // 7 hours on Thursday, 7 on Friday
      ...{ dueAt: at('07 02:00'), warnAt: at('06 22:30') },
    })
    const readAt = (now: string, more: Partial<IncidentClock> = {}) =>
      readClock({ ...handling, ...more }, ms(now), { at: ms('05 18:00'), workAhead })

    it.each([
      // used, left, over: before noon, in the break, after it, at night, in the morning
      ['05 18:00', 'running', 60, 780, 0],
      ['05 19:59', 'running', 179, 661, 0],
      ['05 20:00', 'running', 180, 660, 0],
      ['05 21:37', 'running', 180, 660, 0],
      ['05 22:01', 'running', 181, 659, 0],
      ['06 09:00', 'running', 420, 420, 0],
      ['06 17:10', 'running', 430, 410, 0],
      ['06 23:00', 'warned', 660, 180, 0],
      ['07 02:00', 'warned', 840, 0, 0],
      // over the weekend and the lost hour no minute is worked
      ['07 02:01', 'overdue', 840, null, 0],
      ['08 23:00', 'overdue', 840, null, 0],
      // 9:00 is one hour earlier than on Friday
      ['09 15:59', 'overdue', 840, null, 0],
      ['09 16:01', 'overdue', 841, null, 1],
      ['10 16:30', 'overdue', 1290, null, 450],
    ] as const)('at %s is %s with %i minutes used', (now, look, used, left, over) => {
      expect(readAt(now)).toMatchObject({
        ...{ look, usedMinutes: used, leftMinutes: left, overdueMinutes: over },
        ...{ usedUntil: null, isByTheWall: false },
      })
    })

    it('counts seconds on across the answer', () => {
      const halfway = { usedSeconds: 3600 + 29.75 }
      const asked = { at: ms('05 18:00') + 29_750, workAhead }
      const read = (seconds: number) =>
        readClock({ ...handling, ...halfway }, ms('05 18:00') + seconds * 1000, asked)
      expect([read(59.9), read(60), read(0)].map(({ usedMinutes }) => usedMinutes)).toEqual([
        60, 61, 60,
      ])
      expect(read(60).leftMinutes).toBe(779)
    })

    it('says up to when it counted, beyond the time that it knows', () => {
      expect(readAt('14 10:00')).toMatchObject({
        ...{ look: 'overdue', usedMinutes: 840 + 3 * 420 + 60, usedUntil: ms('12 17:00') },
        // from the due instant, by the wall
        ...{ isByTheWall: true, overdueMinutes: 7 * 1440 + 8 * 60 },
      })
      // kept by an older version
      expect(
        readClock({ ...handling, calendar: null }, ms('05 19:00'), { at: ms('05 18:00') }),
      ).toMatchObject({
        ...{ look: 'running', usedMinutes: 60, usedUntil: ms('05 18:00') },
        ...{ isByTheWall: true, leftMinutes: 31 * 60 },
      })
    })

    it('leaves a clock alone that rests', () => {
      const rests = { runningSince: null, dueAt: null, warnAt: null }
      expect(readAt('10 20:00', rests)).toMatchObject({
        ...{ look: 'resting', usedMinutes: 60, leftMinutes: 780, usedUntil: null },
      })
    })
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
      ...{ overdueMinutes: 30, overdueFrom: ms('10:10'), usedUntil: null, isByTheWall: false },
    })
  })

  it('says nothing of a deadline beyond the calendar', () => {
    expect(
      read({ runningSince: at('08:00'), limitSeconds: null, usedSeconds: null }, '09:00'),
    ).toEqual({
      ...{ look: 'none', usedMinutes: null, limitMinutes: null, leftMinutes: null },
      ...{ overdueMinutes: 0, overdueFrom: null, usedUntil: null, isByTheWall: false },
    })
  })
})
