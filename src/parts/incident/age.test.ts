import { describe, expect, it } from 'vitest'
import { ageHours } from './age.ts'

const reportedAt = '2024-03-01T00:00:00Z'
const asOf = '2024-03-03T12:00:00Z'

describe('ageHours', () => {
  it('ends at closing, else at the end of what is known', () => {
    const closed = { reportedAt, closedAt: '2024-03-01T06:30:00Z', stage: 'closed' } as const
    expect(ageHours(closed, asOf)).toBe(6.5)
    expect(ageHours({ reportedAt, closedAt: null, stage: 'filed' }, asOf)).toBe(60)
  })

  it('is not known for what ended without a time, or before the data are known', () => {
    expect(ageHours({ reportedAt, closedAt: null, stage: 'merged' }, asOf)).toBeNull()
    expect(ageHours({ reportedAt, closedAt: null, stage: 'filed' }, null)).toBeNull()
  })

  it('is never below zero', () => {
    expect(ageHours({ reportedAt: asOf, closedAt: null, stage: 'filed' }, reportedAt)).toBe(0)
  })
})
