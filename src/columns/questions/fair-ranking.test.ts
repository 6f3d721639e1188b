import { expect, it } from 'vitest'
import { emptyFilter } from '../../domain/filter/filter.ts'
import { AreaShapes } from '../count/area-shapes.ts'
import { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { RatingSet, unpackRatings } from '../count/rating-set.ts'
import type { FairRankingOptions } from '../../domain/answers/satisfaction.ts'
import { fairRanking } from './fair-ranking.ts'

const base64 = (bytes: number[]): string => btoa(String.fromCharCode(...bytes))
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

it('ties 12 of 13 with 13 of 13, sets 20 of 60 apart, and ranks none with 3 answers', () => {
  // area, satisfied with 5 points, with 1 point
  const asked = [
    [2, 12, 1],
    [3, 13, 0],
    [4, 20, 40],
    [5, 0, 3],
  ] as const
  const areaOf = asked.flatMap(([area, good, bad]) => times(good + bad, area))
  const answers = asked.flatMap(([, good, bad]) => [...times(good, 5), ...times(bad, 1)])
  const run = { department: null, way: 'callback', isGenerated: false } as const
  // of area 2 three more were called and did not answer, one is still to be called; one of area 3 answered by link
  const more = [130, 129, 129, 128]
  const count = areaOf.length + 1 + more.length + 1
  const ratings = new RatingSet()
  ratings.replace(
    unpackRatings({
      ...{ month: '2026-03', revision: '1', count },
      runs: [
        { ...run, isExempt: false, count: count - 2, days: [count - 2] },
        { ...run, isExempt: true, count: 1, days: [0, 1] },
        { ...run, way: 'link', isExempt: false, count: 1, days: [1] },
      ],
      area: base64([...times(count, 0), ...areaOf, ...more.map(() => 2), 2, 3]),
      category: base64(times(count, 1)),
      // by link: responded alone
      answer: base64([...answers, ...more, 1, 16]),
    }),
  )
  const world = {
    areas: [
      { idx: 1, code: 'C', path: 'C/', level: 'city' },
      ...[2, 3, 4, 5].map((idx) => ({ idx, code: `${idx}`, path: `C/${idx}/`, level: 'grid' })),
    ],
    categories: [{ idx: 1, code: 'c1', path: 'c1/' }],
    ...{ cityBbox: [0, 0, 1, 1] as const, nowMinute: 0, asOfWallMinutes: 0 },
    ...{ shapes: new AreaShapes(), ratings },
  }
  const at = (areaLevel: 'grid' | 'city') =>
    fairRanking(new FilteredRows(new ColumnSet(), emptyFilter(), world), world, {
      ...{ areaLevel, months: null, rate: 'satisfied' },
    })
  expect(at('city').ranked).toMatchObject([{ idx: 1, count: 45, n: 89 }])
  const answer = at('grid')
  expect(answer).toMatchObject({ count: 45, n: 89, tooFew: [5] })
  expect(answer.ranked.map(({ idx, count: yes, n, group }) => [idx, yes, n, group])).toEqual([
    [3, 13, 13, 1],
    [2, 12, 13, 1],
    [4, 20, 60, 2],
  ])
  expect(answer.ranked.map(({ idx, called, answered }) => [idx, called, answered])).toEqual([
    [3, 13, 13],
    [2, 16, 13],
    [4, 60, 60],
  ])
  expect(answer.table).toMatchObject({ categories: [1], areas: [4, 2, 3], others: 1 })
  const line = [
    { count: 20, n: 60 },
    { count: 12, n: 13 },
    { count: 13, n: 13 },
    { count: 0, n: 3 },
    { count: 45, n: 89 },
  ]
  expect(answer.table.cells).toEqual([...line, ...line])
})

/** Good and bad answers of categories 3 and 4 below 1, by area from 2 on. */
function askAbout(
  counts: readonly (readonly [area: number, category: number, good: number, bad: number])[],
  options: Partial<FairRankingOptions> = {},
) {
  const each = <T>(of: (one: (typeof counts)[number]) => T[]): T[] => counts.flatMap(of)
  const count = each(([, , good, bad]) => times(good + bad, 0)).length
  const run = { department: null, way: 'callback', isGenerated: false, isExempt: false } as const
  const ratings = new RatingSet()
  ratings.replace(
    unpackRatings({
      ...{ month: '2026-03', revision: '1', count, runs: [{ ...run, count, days: [count] }] },
      area: base64([...times(count, 0), ...each(([area, , good, bad]) => times(good + bad, area))]),
      category: base64(each(([, category, good, bad]) => times(good + bad, category))),
      answer: base64(each(([, , good, bad]) => [...times(good, 5), ...times(bad, 1)])),
    }),
  )
  const areas = [...new Set(counts.map(([area]) => area))]
  const world = {
    areas: [
      { idx: 1, code: 'C', path: 'C/', level: 'city' },
      ...areas.map((idx) => ({ idx, code: `${idx}`, path: `C/${idx}/`, level: 'grid' })),
    ],
    categories: [
      { idx: 1, code: 'c1', path: 'c1/' },
      { idx: 3, code: 'c3', path: 'c1/c3/' },
      { idx: 4, code: 'c4', path: 'c1/c4/' },
    ],
    ...{ cityBbox: [0, 0, 1, 1] as const, nowMinute: 0, asOfWallMinutes: 0 },
    ...{ shapes: new AreaShapes(), ratings },
  }
  return fairRanking(new FilteredRows(new ColumnSet(), emptyFilter(), world), world, {
    ...{ areaLevel: 'grid', months: null, rate: 'satisfied', ...options },
  })
}

it('ties areas that differ by their mix of categories alone, once it is adjusted for', () => {
  // nine of ten and four of ten are glad in both
  const mixes = [
    [2, 3, 270, 30],
    [2, 4, 40, 60],
    [3, 3, 90, 10],
    [3, 4, 120, 180],
  ] as const
  const plain = askAbout(mixes)
  expect(plain.ranked.map(({ idx, group, share }) => [idx, group, share])).toEqual([
    [2, 1, 0.775],
    [3, 2, 0.525],
  ])
  const fair = askAbout(mixes, { isAdjusted: true })
  expect(fair.ranked.map(({ group, count }) => [group, count]).toSorted()).toEqual([
    [1, 210],
    [1, 310],
  ])
  for (const { share, size, n, low, high } of fair.ranked) {
    expect(share).toBeCloseTo(0.65, 12)
    expect(size).toBeLessThanOrEqual(n)
    expect(low).toBeLessThan(0.65)
    expect(high).toBeGreaterThan(0.65)
  }
})

it('says what an adjusted share leaves out, and ranks none with too few good answers to adjust', () => {
  const fair = askAbout(
    [
      [2, 3, 20, 0],
      [2, 4, 20, 20],
      [3, 3, 30, 10],
      [4, 3, 9, 30],
    ],
    { isAdjusted: true },
  )
  const [lacking] = fair.ranked.filter(({ idx }) => idx === 3)
  // of 139 answers 40 are of the category that it lacks
  expect(lacking!.missingWeight).toBeCloseTo(40 / 139, 12)
  expect(lacking!.share).toBeCloseTo(0.75, 12)
  expect(fair.tooFew).toEqual([4])
})

it('shows the highest categories, or larger areas, where cells would be too small to judge', () => {
  const small = [2, 3, 4, 5].flatMap((area) => [[area, 3, 5, 1] as const, [area, 4, 3, 3] as const])
  const tops = askAbout(small)
  expect(tops.table).toMatchObject({ areaLevel: 'grid', categories: [1], areas: [2, 3, 4, 5] })
  const scarce = [2, 3, 4, 5].flatMap((area) => [
    [area, 3, 3, 0] as const,
    [area, 4, 1, 2] as const,
  ])
  const city = askAbout(scarce).table
  expect(city).toMatchObject({ areaLevel: 'city', categories: [3, 4], areas: [1], others: 0 })
  expect(city.cells[0]).toEqual({ count: 12, n: 12 })
})
