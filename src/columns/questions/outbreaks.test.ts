import { describe, expect, it } from 'vitest'
import { emptyMonth, randomSource } from '../../../tests/fixtures/columns.ts'
import { grids, lastDay, shapes, world } from '../../../tests/fixtures/lattice-world.ts'
import { maxOutbreakIncidents, type Outbreaks } from '../../domain/answers/outbreaks.ts'
import { quantum } from '../../domain/answers/columns.ts'
import { emptyFilter } from '../../domain/filter/filter.ts'
import { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { outbreaks } from './outbreaks.ts'

/** About 5.5 × 5.5 km; a grid is a tenth of each side. */
const here = { ...world(shapes()), cityBbox: [0, 0, 0.05, 0.05] as const }

type Case = readonly [area: number, dayOfJune: number]
function ask(cases: readonly Case[], seed = 1): Outbreaks {
  const random = randomSource(seed)
  const set = new ColumnSet()
  const month = emptyMonth(2022 * 12 + 5, cases.length)
  cases
    .toSorted((a, b) => a[1] - b[1])
    .forEach(([area, day], i) => {
      month.area[i] = grids[area]!.idx
      month.minute[i] = (day - 1) * 1440
      month.x[i] = ((area % 10) + random()) * (quantum / 10)
      month.y[i] = (Math.floor(area / 10) + random()) * (quantum / 10)
    })
  set.replace(month)
  const filter = { ...emptyFilter(), period: { from: '2022-06-01', to: lastDay } }
  return outbreaks(new FilteredRows(set, filter, here), here, { level: 'grid', lastDay })
}
const noise = (times: number, seed = 1): Case[] => {
  const random = randomSource(seed)
  return Array.from({ length: times }, () => [
    Math.floor(random() * 100),
    1 + Math.floor(random() * 30),
  ])
}

describe('the question "outbreaks"', () => {
  it('finds areas and last days that hold more than both let expect', () => {
    const planted = [44, 45].flatMap((area) =>
      Array.from({ length: 15 }, (_, n): Case => [area, 28 + (n % 3)]),
    )
    const found = ask([...noise(400), ...planted])
    const [best] = found.list
    expect(found.obstacle).toBeNull()
    expect(best!.areas).toEqual(expect.arrayContaining([grids[44]!.idx, grids[45]!.idx]))
    expect(best!.to).toBe(lastDay)
    expect(best!.from >= '2022-06-26').toBe(true)
    expect(best!.observed).toBeGreaterThanOrEqual(30)
    expect(best!.observed / best!.expected).toBeGreaterThan(3)
    expect(best!.p).toBe(0.001)
    expect(found.nearby!.ratio).toBeGreaterThan(1)
    expect(ask([...noise(400), ...planted])).toEqual(found)
  })

  it('keeps quiet about a place that is always full, and about noise', () => {
    const full = Array.from({ length: 300 }, (_, n): Case => [44, 1 + (n % 30)])
    expect(ask([...noise(300), ...full]).list).toEqual([])
    const alarms = Array.from({ length: 6 }, (_, seed) => ask(noise(100, seed + 1), seed).list)
    expect(alarms.filter((list) => list.length > 0).length).toBeLessThan(3)
  })

  it('sees repeats at one point', () => {
    const base = noise(300)
    const found = ask(base)
    expect([found.samePlace!.observed, found.samePlace!.ratio]).toEqual([0, 1])
    expect(found.nearby!.p).toBeGreaterThan(0.01)
  })

  it.each([
    [[], 'no_incidents'],
    [noise(3), 'few_incidents'],
    [Array.from({ length: 40 }, (_, n): Case => [5, 1 + (n % 30)]), 'one_place'],
    [noise(maxOutbreakIncidents + 1), 'many'],
  ] as const)('says why it knows nothing', (cases, obstacle) => {
    expect(ask(cases)).toMatchObject({ obstacle, list: [] })
  })
})
