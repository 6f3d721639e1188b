import { describe, expect, it } from 'vitest'
import { queueClock, spanParts } from './queue-clock.ts'
import { commonSteps, lettersOf, mainStep } from './queue-keys.ts'
import { badgeText, waitingCount } from './queue.ts'

describe('waitingCount', () => {
  it('counts no incident twice and stops where the server does', () => {
    expect(
      waitingCount([
        { queue: 'to_file', count: 3 },
        { queue: 'requests', count: 2 },
        { queue: 'escalated', count: 4 },
        { queue: 'open', count: 9 },
      ]),
    ).toBe(5)
    expect(
      waitingCount([
        { queue: 'to_file', count: 1000 },
        { queue: 'to_check', count: 700 },
      ]),
    ).toBe(1000)
    expect([badgeText(999), badgeText(1000)]).toEqual(['999', '999+'])
  })
})

describe('queueClock', () => {
  const now = Date.parse('2026-02-14T01:00:00Z')
  const clock = (dueAt: string | null, warnAt: string | null = null) =>
    queueClock({ dueAt, warnAt, dueUnknown: null }, now)

  it('runs, warns and is overdue to the minute', () => {
    expect(clock(null)).toMatchObject({ look: 'none', minutes: 0 })
    expect(clock('2026-02-14T02:00:00Z')).toEqual({
      look: 'running',
      minutes: 60,
      isWorkingTime: false,
    })
    expect(clock('2026-02-14T02:00:00Z', '2026-02-14T01:00:01Z').look).toBe('running')
    expect(clock('2026-02-14T02:00:00Z', '2026-02-14T01:00:00Z').look).toBe('warned')
    // the last instant is still in time, as in the engine
    expect(clock('2026-02-14T01:00:00Z')).toMatchObject({ look: 'running', minutes: 0 })
    expect(clock('2026-02-14T00:59:59Z')).toMatchObject({ look: 'overdue', minutes: 0 })
    expect(clock('2026-02-13T23:30:00Z', '2026-02-13T20:00:00Z')).toMatchObject({
      look: 'overdue',
      minutes: 90,
    })
  })

  it('tells a due time beyond the calendar from none', () => {
    const row = { dueAt: null, warnAt: null, dueUnknown: { until: '2026-12-31' } }
    expect(queueClock(row, now)).toMatchObject({ look: 'unknown', minutes: 0 })
    expect(queueClock({ ...row, dueAt: '2026-02-14T02:00:00Z' }, now).look).toBe('running')
  })

  it('counts working time where the page says it, and round the clock beyond', () => {
    const workSpans = {
      from: '2026-02-13T00:00:00Z',
      until: '2026-02-16T12:00:00Z',
      spans: [
        ['2026-02-13T01:00:00Z', '2026-02-13T09:00:00Z'],
        ['2026-02-16T01:00:00Z', '2026-02-16T04:00:00Z'],
      ],
    } as const
    const worked = (dueAt: string, at = now) =>
      queueClock({ dueAt, warnAt: null, dueUnknown: null, workSpans }, at)
    const [running, overdue] = [
      { look: 'running', isWorkingTime: true },
      { look: 'overdue', isWorkingTime: true },
    ]
    // over the weekend nothing passes
    expect(worked('2026-02-16T03:30:00Z')).toEqual({ ...running, minutes: 150 })
    expect(worked('2026-02-16T03:30:00Z', now + 86_400_000)).toEqual({ ...running, minutes: 150 })
    expect(worked('2026-02-13T08:00:00Z')).toEqual({ ...overdue, minutes: 60 })
    expect(worked('2026-02-13T09:00:00Z')).toEqual({ ...overdue, minutes: 0 })
    expect(worked('2026-02-16T12:00:01Z').isWorkingTime).toBe(false)
    expect(worked('2026-02-12T23:59:00Z')).toMatchObject({ minutes: 1501, isWorkingTime: false })
  })

  it('names the two largest units, of working time no days', () => {
    expect(spanParts(59)).toEqual({ unit: 'minutes', first: 59, second: 0 })
    expect(spanParts(60)).toEqual({ unit: 'hours', first: 1, second: 0 })
    expect(spanParts(1439)).toEqual({ unit: 'hours', first: 23, second: 59 })
    expect(spanParts(1440 + 119)).toEqual({ unit: 'days', first: 1, second: 1 })
    expect(spanParts(1440 + 119, true)).toEqual({ unit: 'hours', first: 25, second: 59 })
  })
})

describe('lettersOf', () => {
  it('gives each step a letter of its own, never one of the list', () => {
    expect(Object.fromEntries(lettersOf(['reject', 'file', 'verify', 'merge', 'assign']))).toEqual({
      assign: 'a',
      file: 'f',
      merge: 'm',
      reject: 'r',
      verify: 'v',
    })
    expect(lettersOf(['reject', 'return', 'jk', 'return'])).toEqual(
      new Map([
        ['reject', 'r'],
        ['return', 'e'],
      ]),
    )
  })
})

describe('commonSteps', () => {
  it('are those that every row offers', () => {
    const rows = [{ steps: ['file', 'reject', 'merge'] }, { steps: ['merge', 'file'] }]
    expect(commonSteps(rows)).toEqual(['file', 'merge'])
    expect(commonSteps([])).toEqual([])
  })
})

describe('mainStep', () => {
  const words = { nameZh: '', nameEn: '' }
  const transition = (name: string, to: string, tone: 'primary' | 'neutral' = 'primary') => ({
    ...words,
    name,
    to,
    tone,
    from: 'reported',
    roles: [],
    canUndo: true,
  })
  const workflow = {
    stages: [
      { ...words, code: 'reported', stage: 'reported' as const },
      { ...words, code: 'verified', stage: 'reported' as const },
      { ...words, code: 'filed', stage: 'filed' as const },
    ],
    transitions: [
      transition('verify', 'verified'),
      transition('file', 'filed'),
      transition('reject', 'filed', 'neutral'),
    ],
  }
  const main = (...steps: string[]) => mainStep(workflow, { state: 'reported', steps })

  it('is the primary step that leads on, else the first primary one', () => {
    expect(main('verify', 'file', 'reject')).toBe('file')
    expect(main('verify', 'reject')).toBe('verify')
    expect(main('reject')).toBeNull()
    expect(mainStep(undefined, { state: 'reported', steps: ['file'] })).toBeNull()
  })
})
