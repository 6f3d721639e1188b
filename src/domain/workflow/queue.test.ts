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
    expect(clock(null)).toEqual({ look: 'none', minutes: 0 })
    expect(clock('2026-02-14T02:00:00Z')).toEqual({ look: 'running', minutes: 60 })
    expect(clock('2026-02-14T02:00:00Z', '2026-02-14T01:00:01Z').look).toBe('running')
    expect(clock('2026-02-14T02:00:00Z', '2026-02-14T01:00:00Z').look).toBe('warned')
    // the last instant is still in time, as in the engine
    expect(clock('2026-02-14T01:00:00Z')).toEqual({ look: 'running', minutes: 0 })
    expect(clock('2026-02-14T00:59:59Z')).toEqual({ look: 'overdue', minutes: 0 })
    expect(clock('2026-02-13T23:30:00Z', '2026-02-13T20:00:00Z')).toEqual({
      look: 'overdue',
      minutes: 90,
    })
  })

  it('tells a due time beyond the calendar from none', () => {
    const row = { dueAt: null, warnAt: null, dueUnknown: { until: '2026-12-31' } }
    expect(queueClock(row, now)).toEqual({ look: 'unknown', minutes: 0 })
    expect(queueClock({ ...row, dueAt: '2026-02-14T02:00:00Z' }, now).look).toBe('running')
  })

  it('names the two largest units', () => {
    expect(spanParts(59)).toEqual({ unit: 'minutes', first: 59, second: 0 })
    expect(spanParts(60)).toEqual({ unit: 'hours', first: 1, second: 0 })
    expect(spanParts(1439)).toEqual({ unit: 'hours', first: 23, second: 59 })
    expect(spanParts(1440 + 119)).toEqual({ unit: 'days', first: 1, second: 1 })
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
