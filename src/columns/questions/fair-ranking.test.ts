import { expect, it } from 'vitest'
import { emptyFilter } from '../../domain/filter/filter.ts'
import { AreaShapes } from '../count/area-shapes.ts'
import { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { RatingSet, unpackRatings } from '../count/rating-set.ts'
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
  const count = areaOf.length + 1
  const ratings = new RatingSet()
  ratings.replace(
    unpackRatings({
      ...{ month: '2026-03', revision: '1', count },
      runs: [
        { ...run, isExempt: false, count: count - 1, days: [count - 1] },
        { ...run, isExempt: true, count: 1, days: [0, 1] },
      ],
      area: base64([...times(count, 0), ...areaOf, 2]),
      category: base64(times(count, 1)),
      answer: base64([...answers, 1]),
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
  const answer = fairRanking(new FilteredRows(new ColumnSet(), emptyFilter(), world), world, {
    ...{ areaLevel: 'grid', months: null, rate: 'satisfied' },
  })
  expect(answer).toMatchObject({ count: 45, n: 89, tooFew: [5] })
  expect(answer.ranked.map(({ idx, count: yes, n, group }) => [idx, yes, n, group])).toEqual([
    [3, 13, 13, 1],
    [2, 12, 13, 1],
    [4, 20, 60, 2],
  ])
  expect(answer.table.areas).toEqual([4, 2, 3, 5])
  expect(answer.table.cells).toEqual([
    { count: 20, n: 60 },
    { count: 12, n: 13 },
    { count: 13, n: 13 },
    { count: 0, n: 3 },
  ])
})
