import { describe, expect, it } from 'vitest'
import type { Area } from '../../domain/area.ts'
import { rankAreas, rollUpCounts } from './area-rollup.ts'

const area = (idx: number, path: string): Area => {
  const codes = path.split('/').slice(0, -1)
  return {
    idx,
    code: codes.at(-1)!,
    parentCode: codes.at(-2) ?? null,
    path,
    level: codes.length === 1 ? 'city' : codes.length === 2 ? 'community' : 'grid',
    name: codes.at(-1)!,
    households: null,
    bbox: [0, 0, 1, 1],
    pointOnSurface: [0, 0],
  }
}
// Deliberately neither top-down nor with consecutive indices.
const areas = [area(7, 'C/N-1/G-2/'), area(0, 'C/'), area(3, 'C/N-1/'), area(5, 'C/N-1/G-1/'), area(9, 'C/N-10/')]

describe('rollUpCounts', () => {
  it('gives each area its own count and all below it', () => {
    const counts = Uint32Array.from([1, 0, 0, 10, 0, 100, 0, 1000])
    const rolled = rollUpCounts(counts, areas)
    expect(rolled[5]).toBe(100)
    expect(rolled[3]).toBe(1110)
    expect(rolled[0]).toBe(1111)
    expect(rolled[9]).toBe(0)
    expect(counts[0]).toBe(1)
  })

  it('does not take N-10 for a child of N-1', () => {
    const counts = new Uint32Array(10)
    counts[9] = 4
    const rolled = rollUpCounts(counts, areas)
    expect(rolled[3]).toBe(0)
    expect(rolled[0]).toBe(4)
  })

  it('keeps the count of an area whose parent is not visible', () => {
    const rolled = rollUpCounts(Uint32Array.from([0, 0, 0, 0, 0, 6]), [area(5, 'C/N-1/G-1/')])
    expect(rolled[5]).toBe(6)
  })
})

describe('rankAreas', () => {
  it('puts most first, equal ones by code, and shares that sum to one', () => {
    const counts = new Uint32Array(10)
    counts[5] = 3
    counts[7] = 3
    counts[9] = 6
    const ranked = rankAreas([areas[0]!, areas[3]!, areas[4]!], counts, new Uint32Array(10))
    expect(ranked.map(({ area: { code } }) => code)).toEqual(['N-10', 'G-1', 'G-2'])
    expect(ranked.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12)
  })

  it('shares nothing out of nothing', () => {
    expect(rankAreas([areas[0]!], new Uint32Array(0), new Uint32Array(0))[0]!.share).toBe(0)
  })
})
