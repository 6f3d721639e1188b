import { describe, expect, it } from 'vitest'
import { randomSource } from '../../../tests/fixtures/columns.ts'
import { stepDays, type HotspotOptions, type Hotspots } from '../../domain/answers/hotspots.ts'
import { emptyFilter, type IncidentFilter } from '../../domain/filter/filter.ts'
import { addDays } from '../../domain/time/calendar.ts'
import { emergingClasses } from '../../stats/emerging.ts'
import { polygonsFrom } from '../../stats/polygons.ts'
import { AreaShapes } from '../count/area-shapes.ts'
import type { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { hotspots } from './hotspots.ts'
import { grids, lastDay, setOf, shapes, world } from '../../../tests/fixtures/lattice-world.ts'

const options = (over: Partial<HotspotOptions> = {}): HotspotOptions => ({
  method: 'chance',
  test: 'normal',
  correction: 'benjamini_hochberg',
  rates: 'own',
  level: 'grid',
  window: null,
  lastDay,
  ...over,
})
const ask = (
  set: ColumnSet,
  over: Partial<HotspotOptions> = {},
  filter: Partial<IncidentFilter> = {},
  known = shapes(),
): Hotspots =>
  hotspots(
    new FilteredRows(set, { ...emptyFilter(), ...filter }, world(known)),
    world(known),
    options(over),
  )
const repeated = (area: number, day: string, times: number) =>
  Array.from({ length: times }, () => [area, day] as const)
const noise = (day: string, times: number, seed = 1) => {
  const random = randomSource(seed)
  return Array.from({ length: times }, () => [Math.floor(random() * grids.length), day] as const)
}
/** A block of nine grids around row 5, column 5. */
const block = [44, 45, 46, 54, 55, 56, 64, 65, 66]
/** Every other grid of the first five: none touches another. */
const apart = new AreaShapes()
apart.set('grid', {
  areas: Uint32Array.from([0, 2, 4, 6, 8], (n) => grids[n]!.idx),
  polygons: polygonsFrom(
    [0, 2, 4, 6, 8].map((n) => [
      [
        [n * 100, 0],
        [n * 100 + 100, 0],
        [n * 100 + 100, 100],
        [n * 100, 100],
      ],
    ]),
    'metres',
  ),
  squareKm: new Float64Array(5).fill(0.01),
  households: new Float64Array(5),
})
const june = { period: { from: '2022-06-01', to: '2022-06-30' } }

describe('the question "hotspots"', () => {
  it('finds a planted block by Gi*, hottest in its middle, and nothing in noise', () => {
    const planted = setOf([
      ...noise('2022-06-10', 400),
      ...block.flatMap((area) => repeated(area, '2022-06-11', 12)),
    ])
    const found = ask(planted, {}, june)
    expect(found).toMatchObject({ obstacle: null, value: 'per_square_km', islands: 0 })
    expect(found.classes[55]).toBe(3)
    const hot = [...found.classes.keys()].filter((n) => found.classes[n]! > 0)
    for (const area of [45, 54, 55, 56, 65]) expect(hot).toContain(area)
    expect(hot.length).toBeLessThan(26)
    expect(Math.max(...found.scores)).toBe(found.scores[55])
    expect(found.expected[55]).toBeCloseTo((400 + 108) / 100)

    const alarms = Array.from({ length: 40 }, (_, seed) =>
      ask(setOf(noise('2022-06-10', 400, seed + 1)), {}, june).classes.some((c) => c !== 0),
    )
    // at 90 % about one map in ten has a false alarm
    expect(alarms.filter(Boolean).length).toBeLessThan(12)
  })

  it('is the same when the filter narrows to one area, and follows its period', () => {
    const planted = setOf([
      ...noise('2022-06-10', 400),
      ...block.flatMap((area) => repeated(area, '2022-06-11', 12)),
      ...repeated(3, '2022-05-11', 500),
    ])
    const whole = ask(planted, {}, june)
    expect(ask(planted, {}, { ...june, areas: ['G3'] })).toEqual(whole)
    expect(whole.counts[3]).toBeLessThan(20)
  })

  it('divides by households where all areas have some', () => {
    const set = setOf(noise('2022-06-10', 400))
    expect(ask(set, {}, june, shapes(grids.length, 500)).value).toBe('per_household')
  })

  it('compares with a window, up and down, and leaves noise alone', () => {
    const before = grids.flatMap((_, area) => repeated(area, '2022-05-15', area === 7 ? 60 : 10))
    const now = grids.flatMap((_, area) => repeated(area, '2022-06-14', area === 9 ? 60 : 11))
    const window = { period: { from: '2022-05-02', to: '2022-05-31' }, shiftDays: 30 }
    const found = ask(setOf([...before, ...now]), { method: 'change', window }, june)
    expect([...found.classes.entries()].filter(([, c]) => c !== 0)).toEqual([
      [7, -3],
      [9, 3],
    ])
    expect([found.scores[9], found.expected[9]]).toEqual([6, 10])
    expect(ask(setOf(now), { method: 'change' }, june).obstacle).toBe('no_window')
  })

  it('tells a new hot spot from one that stays', () => {
    const steps = 24
    const dayOf = (step: number) => addDays(lastDay, (step - steps) * stepDays + 1)
    const rows = Array.from({ length: steps }, (_, step) => [
      ...noise(dayOf(step), 300, step + 1),
      ...block.flatMap((area) => repeated(area, dayOf(step), 15)),
      ...(step === steps - 1 ? [0, 1, 10, 11].flatMap((a) => repeated(a, dayOf(step), 20)) : []),
    ]).flat()
    const found = ask(setOf(rows), { method: 'pattern' })
    expect(found.steps).toBe(steps)
    const nameOf = (area: number) => emergingClasses[found.classes[area]! - 1]
    expect(nameOf(0)).toBe('new')
    expect(['persistent', 'intensifying', 'diminishing']).toContain(nameOf(55))
    expect(found.counts[0]).toBe(found.series[steps - 1])
  })

  it('by shuffling says less of few incidents, and leaves noise alone', () => {
    const pile = repeated(55, '2022-06-11', 40)
    const few = setOf([...noise('2022-06-10', 20), ...pile])
    const hot = (found: Hotspots): number => found.classes.filter((one) => one > 0).length
    const formula = ask(few, {}, june)
    const shuffled = ask(few, { test: 'shuffle' }, june)
    // one area full of incidents makes all nine around it hot
    expect(hot(formula)).toBeGreaterThanOrEqual(9)
    expect(hot(shuffled)).toBeLessThan(3)
    expect([formula.shuffles, shuffled.shuffles]).toEqual([0, 9_999])
    expect([formula.isSparse, ask(setOf(noise('2022-06-10', 600)), {}, june).isSparse]).toEqual([
      true,
      false,
    ])
    const planted = setOf([
      ...noise('2022-06-10', 400),
      ...block.flatMap((area) => repeated(area, '2022-06-11', 12)),
    ])
    const found = ask(planted, { test: 'shuffle' }, june)
    expect(found.classes[55]).toBe(3)
    expect(ask(planted, { test: 'shuffle' }, june)).toEqual(found)
    const strict = ask(planted, { correction: 'bonferroni' }, june)
    expect(hot(strict)).toBeLessThan(hot(ask(planted, {}, june)))
    expect(strict.classes[55]).toBe(3)
  })

  it('tells the odd ones from their surroundings, and whether the whole map clusters', () => {
    const high = grids.map((_, area) => area).filter((area) => area % 10 < 5)
    const rows = [
      ...high.flatMap((area) => repeated(area, '2022-06-10', area === 32 ? 1 : 20 + (area % 3))),
      ...grids
        .map((_, area) => area)
        .filter((area) => area % 10 >= 5)
        .flatMap((area) => repeated(area, '2022-06-10', area === 67 ? 20 : 2 + (area % 2))),
    ]
    const found = ask(setOf(rows), { method: 'outlier' }, june)
    expect([found.classes[12], found.classes[18], found.classes[32], found.classes[67]]).toEqual([
      1, -1, -2, 2,
    ])
    expect(found.alike!.z).toBeGreaterThan(5)
    expect(found.together!.p).toBeLessThan(0.05)
    const flat = ask(setOf(noise('2022-06-10', 400)), { method: 'outlier' }, june)
    expect(flat.alike!.p).toBeGreaterThan(0.05)
    const shuffled = ask(setOf(rows), { method: 'outlier', test: 'shuffle' }, june)
    expect(shuffled.classes[32]).toBe(-2)
  })

  it('smooths rates: an area of few households no longer stands out', () => {
    const known = shapes(grids.length, 500)
    const { households } = known.of('grid')
    households[55] = 2
    households[3] = 0
    const elsewhere = noise('2022-06-10', 2_000).filter(([area]) => area !== 55)
    const set = setOf([...elsewhere, ...repeated(55, '2022-06-11', 1)])
    const loud = ask(set, { rates: 'own' }, june, known)
    // one area without households: by km² as it is, by households when smoothed
    expect(loud.value).toBe('per_square_km')
    households[3] = 500
    expect(ask(set, {}, june, known).scores[55]).toBeGreaterThan(3)
    households[3] = 0
    const found = ask(set, { rates: 'smoothed' }, june, known)
    expect(found).toMatchObject({ value: 'per_household', isSmoothed: true, withoutSize: 1 })
    expect(found.scores[55]).toBeLessThan(2)
    expect([...found.scores, ...found.p, ...found.expected].every(Number.isFinite)).toBe(true)
  })

  it.each([
    ['no incident', setOf([[5, '2022-05-01']]), {}, undefined, 'no_incidents'],
    [
      'equal values',
      setOf(grids.flatMap((_, area) => repeated(area, '2022-06-10', 2))),
      {},
      undefined,
      'all_equal',
    ],
    ['one incident', setOf([[5, '2022-06-10']]), {}, undefined, 'few_incidents'],
    ['one place', setOf(repeated(5, '2022-06-10', 50)), {}, undefined, 'one_place'],
    [
      'no incident to compare',
      setOf([]),
      { method: 'outlier' as const, test: 'shuffle' as const },
      undefined,
      'no_incidents',
    ],
    [
      'no neighbours',
      setOf(noise('2022-06-10', 200)),
      { method: 'outlier' as const },
      apart,
      'no_neighbours',
    ],
    [
      'one area',
      setOf([[0, '2022-06-10']]),
      { method: 'outlier' as const },
      shapes(1),
      'few_areas',
    ],
    ['three areas', setOf([[1, '2022-06-10']]), {}, shapes(3), 'few_areas'],
    [
      'two months',
      setOf([[1, '2022-05-10']]),
      { method: 'pattern' as const },
      undefined,
      'few_steps',
    ],
  ])('says why it knows nothing: %s', (_, set, over, known, obstacle) => {
    const found = ask(set, over, june, known)
    expect(found.obstacle).toBe(obstacle)
    expect([...found.scores, ...found.p, ...found.expected].every(Number.isFinite)).toBe(true)
    expect(found.classes.every((one) => one === 0)).toBe(true)
  })
})
