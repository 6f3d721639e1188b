import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { forgetProblems, onProblems, problems, report } from './problems.ts'

const at = Date.parse('2026-03-01T08:00:00Z')

describe('report', () => {
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}))
  afterEach(() => {
    vi.restoreAllMocks()
    forgetProblems()
  })

  it('logs the error and keeps it with its place and time', () => {
    const error = new RangeError('too far')
    report('map', error, at)
    expect(console.warn).toHaveBeenCalledExactlyOnceWith('map:', error)
    expect(problems()).toEqual([
      { place: 'map', message: 'RangeError: too far', count: 1, at: '2026-03-01T08:00:00.000Z' },
    ])
  })

  it('counts equal problems together and puts the newest first', () => {
    report('map', new Error('a'), at)
    report('draft', new Error('a'), at)
    report('map', new Error('a'), at + 60_000)
    expect(problems().map(({ place, count }) => [place, count])).toEqual([
      ['map', 2],
      ['draft', 1],
    ])
    expect(problems()[0]!.at).toBe('2026-03-01T08:01:00.000Z')
  })

  it('keeps the last ten, each at most 300 characters long', () => {
    for (let n = 0; n < 12; n++) report('photo', new Error(`${n}`.repeat(400)), at)
    expect(problems()).toHaveLength(10)
    expect(problems()[0]!.message).toHaveLength(300)
    expect(problems().at(-1)!.message).toContain('Error: 22')
  })

  it('takes what is no error, and tells its listeners until they stop', () => {
    const listener = vi.fn()
    const stop = onProblems(listener)
    report('page', 'text\ud800', at)
    forgetProblems()
    stop()
    report('page', null, at)
    expect(listener).toHaveBeenCalledTimes(2)
    expect(problems().map(({ message }) => message)).toEqual(['null'])
  })
})
