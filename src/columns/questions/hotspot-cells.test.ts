import { describe, expect, it } from 'vitest'
import { emptyMonth, randomSource } from '../../../tests/fixtures/columns.ts'
import { cellShapes, maxCells, type CellShape } from '../../domain/answers/cell-grid.ts'
import { cellAt } from '../../../tests/fixtures/cell-at.ts'
import { quantum } from '../../domain/answers/columns.ts'
import type { HotspotCellOptions } from '../../domain/answers/hotspot-cells.ts'
import { emergingClasses } from '../../domain/answers/hotspots.ts'
import { emptyFilter, type IncidentFilter } from '../../domain/filter/filter.ts'
import { polygonsFrom } from '../../stats/polygons.ts'
import { AreaShapes } from '../count/area-shapes.ts'
import { ColumnSet, type MonthColumns } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { hotspotCells } from './hotspot-cells.ts'
import { world } from '../../../tests/fixtures/lattice-world.ts'

/** A city of about 9 × 11 km whose eastern half is one area. */
const cityBbox = [120, 31, 120.1, 31.1] as const
const known = new AreaShapes()
known.set('grid', {
  areas: Uint32Array.of(2),
  polygons: polygonsFrom(
    [
      [
        [
          [120.05, 31],
          [120.1, 31],
          [120.1, 31.1],
          [120.05, 31.1],
        ],
      ],
    ],
    'degrees',
  ),
  squareKm: Float64Array.of(50),
  households: Float64Array.of(0),
})
const here = { ...world(known), cityBbox }

function monthOf(
  places: readonly (readonly [lng: number, lat: number])[],
  monthNumber = 2022 * 12 + 5,
): MonthColumns {
  const columns = emptyMonth(monthNumber, places.length)
  places.forEach(([lng, lat], i) => {
    columns.area[i] = 2
    columns.x[i] = Math.round(((lng - 120) / 0.1) * quantum)
    columns.y[i] = Math.round(((lat - 31) / 0.1) * quantum)
  })
  return columns
}
function setOf(places: readonly (readonly [lng: number, lat: number])[]): ColumnSet {
  const set = new ColumnSet()
  set.replace(monthOf(places))
  return set
}
const ask = (
  places: readonly (readonly [number, number])[],
  shape: CellShape,
  over: Partial<HotspotCellOptions> = {},
  filter: Partial<IncidentFilter> = {},
) =>
  hotspotCells(new FilteredRows(setOf(places), { ...emptyFilter(), ...filter }, here), here, {
    method: 'chance',
    test: 'normal',
    correction: 'benjamini_hochberg',
    rates: 'own',
    window: null,
    lastDay: '2022-06-30',
    shape,
    widthMetres: 500,
    level: 'grid',
    ...over,
  })
const noise = (times: number, seed = 1) => {
  const random = randomSource(seed)
  return Array.from(
    { length: times },
    () => [120.05 + random() * 0.05, 31 + random() * 0.1] as const,
  )
}
const cluster = [120.072, 31.043] as const
const planted = [
  ...noise(600),
  ...Array.from({ length: 60 }, (_, n) => {
    const angle = n * 2.4
    const away = 0.004 * Math.sqrt(n / 60)
    return [cluster[0] + away * Math.cos(angle), cluster[1] + away * Math.sin(angle)] as const
  }),
]

describe.each(cellShapes)('the question "hotspotCells" by %ss', (shape) => {
  it('finds a planted cluster, hottest at its place, and nothing in noise', () => {
    const found = ask(planted, shape)
    expect(found.obstacle).toBeNull()
    const at = found.cells.indexOf(cellAt(found.grid, ...cluster))
    expect(found.classes[at]).toBe(3)
    const hot = [...found.classes.keys()].filter((n) => found.classes[n]! > 0)
    expect(hot.length).toBeLessThan(30)
    expect(Math.max(...found.scores)).toBeGreaterThan(5)
    expect(found.scores[at]).toBeGreaterThan(0.7 * Math.max(...found.scores))
    expect(found.counts.reduce((sum, n) => sum + n, 0)).toBe(planted.length)

    const alarms = Array.from({ length: 30 }, (_, seed) =>
      ask(noise(3_000, seed + 1), shape).classes.some((c) => c !== 0),
    )
    expect(alarms.filter(Boolean).length).toBeLessThan(10)
  })

  it('judges the cells inside areas alone, and tells the others that hold an incident', () => {
    const outside = [120.01, 31.05] as const
    const inside = ask(noise(50), shape)
    const cellKm2 =
      (inside.grid.widthMetres / 1_000) ** 2 * (shape === 'square' ? 1 : Math.sqrt(3) / 2)
    // 4.76 × 11.12 km; a row of cells at each edge is half in it
    expect(Math.abs((inside.judged * cellKm2) / (4.76 * 11.12) - 1)).toBeLessThan(0.1)
    expect(cellAt(inside.grid, ...outside)).toBe(-1)
    const wide = ask([...noise(50), outside], shape, {}, { bbox: cityBbox })
    const at = wide.cells.indexOf(cellAt(wide.grid, ...outside))
    expect([wide.counts[at], wide.classes[at], wide.p[at]]).toEqual([1, 0, 1])
    expect(Math.abs(wide.judged / inside.judged - 1)).toBeLessThan(0.1)
  })

  it('answers the other questions too: outliers, change, and how it was over the months', () => {
    const outliers = ask(planted, shape, { method: 'outlier' })
    const at = outliers.cells.indexOf(cellAt(outliers.grid, ...cluster))
    expect(outliers.classes[at]).toBe(1)
    expect(outliers.alike!.p).toBeLessThan(0.001)

    const months = new ColumnSet()
    for (let back = 0; back < 14; back++)
      months.replace(monthOf(back === 0 ? planted : noise(600, back + 1), 2022 * 12 + 5 - back))
    const filter = { ...emptyFilter(), period: { from: '2022-06-01', to: '2022-06-30' } }
    const of = (over: Partial<HotspotCellOptions>) =>
      hotspotCells(new FilteredRows(months, filter, here), here, {
        ...outliers.options,
        ...over,
      })
    const window = { period: { from: '2022-05-01', to: '2022-05-31' }, shiftDays: 30 }
    const change = of({ method: 'change', window })
    expect(change.classes[change.cells.indexOf(cellAt(change.grid, ...cluster))]).toBeGreaterThan(0)
    expect(change.expected.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(500)
    const pattern = of({ method: 'pattern' })
    const name =
      emergingClasses[pattern.classes[pattern.cells.indexOf(cellAt(pattern.grid, ...cluster))]! - 1]
    expect(['new', 'consecutive']).toContain(name)
    expect(pattern.cells).toHaveLength(pattern.judged)
  })

  it('says what hinders: too many cells with a width that works, no incidents, equal cells', () => {
    const many = ask(planted, shape, { widthMetres: 5 })
    expect(many.obstacle).toBe('too_many')
    const { grid } = ask(planted, shape, { widthMetres: many.leastMetres })
    expect(grid.columns * grid.rows).toBeLessThanOrEqual(maxCells)
    expect(ask([], shape).obstacle).toBe('no_incidents')
    expect(ask(planted, shape, { widthMetres: 1e9 }).obstacle).toBe('few_cells')
    expect(ask([cluster], shape).obstacle).toBe('few_incidents')
    expect(
      ask(
        Array.from({ length: 50 }, () => cluster),
        shape,
      ).obstacle,
    ).toBe('one_place')
    for (const [places, over] of [
      [planted, { widthMetres: 0.001 }],
      [[cluster], {}],
      [[], { method: 'outlier' }],
      [planted, { widthMetres: 1e9, test: 'shuffle' }],
    ] as const) {
      const { scores, p, expected, classes } = ask(places, shape, over)
      expect([...scores, ...p, ...expected].every(Number.isFinite)).toBe(true)
      expect(classes.every((one) => one === 0)).toBe(true)
    }
    const usual = ask(planted, shape, { widthMetres: null })
    expect(usual.grid.widthMetres).toBe(usual.usualMetres)
  })
})
