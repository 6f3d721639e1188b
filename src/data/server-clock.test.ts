import { describe, expect, it, vi } from 'vitest'
import { serverClock } from './server-clock.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const answer = (at: number, init: ResponseInit & { type?: string } = {}) =>
  new Response('{}', {
    ...init,
    headers: { 'content-type': init.type ?? 'application/json', date: new Date(at).toUTCString() },
  })

describe('the server’s clock', () => {
  it('is measured at each answer, to a second', () => {
    const clock = serverClock()
    const changed = vi.fn<() => void>()
    clock.onChange(changed)
    expect(clock.skewMs()).toBeNull()
    const twoDaysAhead = noon + 2 * 86_400_000
    clock.note(answer(noon), twoDaysAhead, twoDaysAhead + 200)
    expect(Math.abs(clock.skewMs()! + 2 * 86_400_000)).toBeLessThanOrEqual(1000)
    const before = clock.skewMs()
    // the same second, said again by a slow answer
    clock.note(answer(noon), twoDaysAhead, twoDaysAhead + 900)
    expect(clock.skewMs()).toBe(before)
    expect(changed).toHaveBeenCalledTimes(1)
    // the person sets the clock right
    clock.note(answer(noon + 5000), noon + 5000, noon + 5100)
    expect(Math.abs(clock.skewMs()!)).toBeLessThanOrEqual(1000)
    expect(changed).toHaveBeenCalledTimes(2)
  })

  it('learns nothing from a portal’s page, a refusal or an answer without a time', () => {
    const clock = serverClock()
    clock.note(answer(noon, { type: 'text/html' }), 0, 1)
    clock.note(answer(noon, { status: 502 }), 0, 1)
    clock.note(new Response('{}', { headers: { 'content-type': 'application/json' } }), 0, 1)
    expect(clock.skewMs()).toBeNull()
  })
})
