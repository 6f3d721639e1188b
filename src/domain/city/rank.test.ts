import { describe, expect, it } from 'vitest'
import type { Area } from './area.ts'
import { rankAreas, sortRanked } from './rank.ts'

const area = (idx: number, code: string): Area => ({
  idx,
  code,
  parentCode: null,
  path: `${code}/`,
  level: 'community',
  name: code,
  households: null,
  revision: 1,
  bbox: [0, 0, 1, 1],
  pointOnSurface: [0, 0],
})
const counts = { count: [3, 0, 3, 0, 6], open: [1], overdue: [1, 0, 2], within_day: [] }
const areas = [area(0, 'N-2'), area(4, 'N-10'), area(2, 'N-1')]

describe('rankAreas', () => {
  it('puts most first, equal ones by code, and shares that sum to one', () => {
    const ranked = rankAreas(areas, counts)
    expect(ranked.map((row) => [row.area.code, row.count, row.open])).toEqual([
      ['N-10', 6, 0],
      ['N-1', 3, 0],
      ['N-2', 3, 1],
    ])
    expect(ranked.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12)
  })

  it('orders and shares by another measure', () => {
    const ranked = rankAreas(areas, counts, 'overdue')
    expect(ranked.map((row) => [row.area.code, row.overdue, row.share])).toEqual([
      ['N-1', 2, 2 / 3],
      ['N-2', 1, 1 / 3],
      ['N-10', 0, 0],
    ])
  })

  it('shares nothing out of nothing', () => {
    expect(rankAreas(areas, counts, 'within_day')[0]!.share).toBe(0)
  })
})

describe('sortRanked', () => {
  const ranked = rankAreas(areas, counts)
  const codes = (
    ...args: Parameters<typeof sortRanked> extends [unknown, ...infer R] ? R : never
  ) => sortRanked(ranked, ...args).map((row) => row.area.code)

  it('counts numbers in names as numbers', () => {
    expect(codes('name', 'asc', 'en')).toEqual(['N-1', 'N-2', 'N-10'])
    expect(codes('code', 'desc', 'zh-CN')).toEqual(['N-10', 'N-2', 'N-1'])
  })

  it('keeps ties in the order of their codes, whichever way it sorts', () => {
    expect(codes('count', 'desc', 'en')).toEqual(['N-10', 'N-1', 'N-2'])
    expect(codes('count', 'asc', 'en')).toEqual(['N-1', 'N-2', 'N-10'])
  })
})
