import { describe, expect, it } from 'vitest'
import type { Area } from '../city/area.ts'
import { measures } from './index.ts'
import { countFigures, rankAreas, sortRanked } from './rank.ts'

const area = (idx: number, code: string, households: number | null = null): Area => ({
  idx,
  code,
  parentCode: null,
  path: `${code}/`,
  level: 'community',
  name: code,
  households,
  revision: 1,
  bbox: [0, 0, 1, 1],
  pointOnSurface: [0, 0],
})
const counts = { count: [3, 0, 3, 0, 6], open: [1], overdue: [1, 0, 2], within_day: [] }
const figuresOf = (one: Area) => countFigures(counts, one)
const areas = [area(0, 'N-2'), area(4, 'N-10'), area(2, 'N-1')]

describe('rankAreas', () => {
  it('puts most first, equal ones by code, and shares that sum to one', () => {
    const ranked = rankAreas(areas, figuresOf, measures.count)
    expect(ranked.map((row) => [row.area.code, row.count, row.open])).toEqual([
      ['N-10', 6, 0],
      ['N-1', 3, 0],
      ['N-2', 3, 1],
    ])
    expect(ranked.reduce((sum, { share }) => sum + share!, 0)).toBeCloseTo(1, 12)
  })

  it('orders and shares by another measure', () => {
    const ranked = rankAreas(areas, figuresOf, measures.overdue)
    expect(ranked.map((row) => [row.area.code, row.overdue, row.share])).toEqual([
      ['N-1', 2, 2 / 3],
      ['N-2', 1, 1 / 3],
      ['N-10', 0, 0],
    ])
  })

  it('shares nothing out of nothing, and no rates', () => {
    expect(rankAreas(areas, figuresOf, measures.within_day)[0]!.share).toBe(0)
    expect(rankAreas(areas, figuresOf, measures.per_km2)[0]!.share).toBeNull()
  })

  const mixed = [
    area(0, 'few', 60),
    area(4, 'judged', 6000),
    area(2, 'unknown'),
    area(1, 'zero', 100),
  ]
  const byHouseholds = rankAreas(mixed, figuresOf, measures.per_households)

  it('puts judged areas before those with too few, and those before unknown ones', () => {
    expect(byHouseholds.map((row) => row.area.code)).toEqual(['judged', 'zero', 'few', 'unknown'])
  })

  it('orders a change from sure increases over chance to sure decreases', () => {
    const pairs: [string, number, number][] = [
      ['sure less', 100, 200],
      ['chance more', 20, 12],
      ['sure more', 150, 100],
      ['chance less', 12, 20],
      ['new', 12, 0],
    ]
    const ranked = rankAreas(
      pairs.map(([code], idx) => area(idx, code)),
      (one) => ({
        ...figuresOf(one),
        count: pairs[one.idx]![1],
        before: pairs[one.idx]![2],
      }),
      measures.period_change,
    )
    expect(ranked.map((row) => row.area.code)).toEqual([
      'new',
      'sure more',
      'chance more',
      'chance less',
      'sure less',
    ])
  })

  it('keeps areas that are not judged last, whichever way the measure is sorted', () => {
    const codes = (direction: 'asc' | 'desc') =>
      sortRanked(byHouseholds, 'measure', direction, 'en').map((row) => row.area.code)
    expect(codes('desc')).toEqual(['judged', 'zero', 'few', 'unknown'])
    expect(codes('asc')).toEqual(['zero', 'judged', 'few', 'unknown'])
  })
})

describe('sortRanked', () => {
  const ranked = rankAreas(areas, figuresOf, measures.count)
  const codes = (
    ...args: Parameters<typeof sortRanked> extends [unknown, ...infer R] ? R : never
  ) => sortRanked(ranked, ...args).map((row) => row.area.code)

  it('counts numbers in names as numbers', () => {
    expect(codes('name', 'asc', 'en')).toEqual(['N-1', 'N-2', 'N-10'])
    expect(codes('code', 'desc', 'zh-CN')).toEqual(['N-10', 'N-2', 'N-1'])
  })

  it('puts sure increases first, sure decreases last, and what is too few to judge between', () => {
    const before = new Map([
      ['sure up', 20],
      ['up', 50],
      ['few', 0],
      ['down', 62],
      ['sure down', 200],
    ])
    const named = [...before.keys()].map((code, idx) => area(idx, code))
    const count = [60, 60, 3, 60, 60]
    const rows = rankAreas(named, (one) => countFigures({ ...counts, count }, one), measures.count)
    const sorted = sortRanked(rows, 'change', 'desc', 'en', (row) => before.get(row.area.code)!)
    expect(sorted.map((row) => row.area.code)).toEqual([...before.keys()])
  })

  it('keeps ties in the order of their codes, whichever way it sorts', () => {
    expect(codes('count', 'desc', 'en')).toEqual(['N-10', 'N-1', 'N-2'])
    expect(codes('count', 'asc', 'en')).toEqual(['N-1', 'N-2', 'N-10'])
  })
})
