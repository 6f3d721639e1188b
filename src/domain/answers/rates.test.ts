import { describe, expect, it } from 'vitest'
import { periodBefore, rateNames } from './rates.ts'

describe('periodBefore', () => {
  it('is as long and ends the day before', () => {
    expect(periodBefore({ period: { from: '2026-03-01', to: '2026-03-31' } })).toEqual({
      from: '2026-01-29',
      to: '2026-02-28',
    })
    expect(periodBefore({ period: { from: '2026-01-01', to: '2026-01-01' } })).toEqual({
      from: '2025-12-31',
      to: '2025-12-31',
    })
    expect(periodBefore({ period: null })).toBeNull()
  })
})

it('names each rate once', () => {
  expect(new Set(rateNames).size).toBe(25)
  expect(rateNames).toHaveLength(25)
})
