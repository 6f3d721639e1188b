import { describe, expect, it } from 'vitest'
import { backOffMs } from './back-off.ts'

describe('back-off', () => {
  it('doubles its bound with every try, up to five minutes', () => {
    expect([1, 2, 3, 9].map((tries) => backOffMs(tries, 1, 'server'))).toEqual([
      1000, 2000, 4000, 256_000,
    ])
    expect(backOffMs(30, 1, 'server')).toBe(300_000)
    expect(backOffMs(30, 0.5, 'server')).toBe(150_000)
  })

  it('never hammers, and without a network never waits longer than half a minute', () => {
    expect(backOffMs(1, 0, 'server')).toBe(200)
    expect(backOffMs(30, 1, 'offline')).toBe(30_000)
  })
})
