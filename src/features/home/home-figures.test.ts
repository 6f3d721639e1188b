import { describe, expect, it } from 'vitest'
import type { Area } from '@/domain/city/area.ts'
import { comparedAreas, dailyReceived, openByStage, sumOf, topAreas } from './home-figures.ts'

const area = (idx: number, code: string, parent: Area | null, level: Area['level']): Area => ({
  idx,
  code,
  parentCode: parent?.code ?? null,
  path: `${parent?.path ?? ''}${code}/`,
  level,
  name: code,
  households: null,
  revision: 1,
  bbox: [0, 0, 1, 1],
  pointOnSurface: [0.5, 0.5],
})
const city = area(1, 'C', null, 'city')
const one = area(2, 'C-1', city, 'community')
const ten = area(3, 'C-10', city, 'community')
const gridA = area(4, 'C-1-a', one, 'grid')
const gridB = area(5, 'C-1-b', one, 'grid')
const all = [city, one, ten, gridA, gridB]

describe('dailyReceived', () => {
  const histogram = { firstDay: '2026-02-27', counts: Uint32Array.of(3, 5, 7) }

  it('ends at the last day and crosses months', () => {
    expect(dailyReceived(histogram, '2026-03-01', 2)).toEqual([
      { day: '2026-02-28', count: 5 },
      { day: '2026-03-01', count: 7 },
    ])
  })

  it('counts nothing before the first and after the last known day', () => {
    expect(sumOf(dailyReceived(histogram, '2026-03-02', 30))).toBe(15)
    expect(dailyReceived(histogram, '2026-03-02', 1)).toEqual([{ day: '2026-03-02', count: 0 }])
  })
})

describe('openByStage', () => {
  it('keeps the order of the path and leaves out what is done', () => {
    expect(openByStage([4, 0, 2, 0, 99, 9, 9])).toEqual([
      { stage: 'reported', count: 4 },
      { stage: 'dispatched', count: 2 },
    ])
  })
})

describe('comparedAreas', () => {
  it('takes the highest level that has something to compare', () => {
    expect(comparedAreas(all, [])).toEqual([one, ten])
    expect(comparedAreas(all, [city.path])).toEqual([one, ten])
  })

  it('stays inside the scope by path, not by the beginning of the code', () => {
    expect(comparedAreas(all, [one.path])).toEqual([gridA, gridB])
    expect(comparedAreas(all, [ten.path])).toEqual([ten])
  })
})

describe('topAreas', () => {
  it('counts what lies below, ranks, and leaves out what has none', () => {
    const counts = [0, 0, 1, 2, 5, 0]
    expect(topAreas(counts, all, [one, ten], 5)).toEqual([
      { area: one, count: 6 },
      { area: ten, count: 2 },
    ])
    expect(topAreas(counts, all, [gridA, gridB], 5)).toEqual([{ area: gridA, count: 5 }])
    expect(topAreas(counts, all, [one, ten], 1)).toHaveLength(1)
  })
})
