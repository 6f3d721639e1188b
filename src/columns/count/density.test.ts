import { describe, expect, it } from 'vitest'
import { randomMonths } from '../../../tests/fixtures/columns.ts'
import { ColumnSet, type MonthColumns } from './column-set.ts'
import { quantise } from '../../domain/answers/columns.ts'
import type { HeatRequest } from '../../domain/answers/heat-grid.ts'
import { density } from './density.ts'
import type { FilterWorld } from './filter-rules.ts'
import { emptyFilter, type IncidentFilter } from '../../domain/filter/filter.ts'
import { filteredMonths } from './passing-rows.ts'

const world: FilterWorld = {
  areas: [{ idx: 1, code: 'A', path: 'A/' }],
  categories: [],
  cityBbox: [0, 0, 60, 60],
  nowMinute: 0,
  asOfWallMinutes: 0,
}
const bbox = world.cityBbox

function setAt(places: [lng: number, lat: number][]): ColumnSet {
  const [month] = randomMonths({ rows: places.length, months: 1, areas: 1 }) as [MonthColumns]
  month.x.set(places.map(([lng]) => quantise(lng, 0, 60)))
  month.y.set(places.map(([, lat]) => quantise(lat, 0, 60)))
  const set = new ColumnSet()
  set.replace(month)
  return set
}
const picture = (set: ColumnSet, filter: IncidentFilter, request: HeatRequest) =>
  density(filteredMonths(set, filter, world), world.cityBbox, request)
const lit = (bytes: Uint8Array, width: number) =>
  [...bytes].flatMap((value, i) => (value ? [[i % width, Math.floor(i / width), value]] : []))

describe('density', () => {
  it('puts places into rows from north to south, equally spaced in mercator', () => {
    // Mercator's y of 60° is 1.3170, of 40° 0.7629: 58 % of the way up, row 4 of 10.
    const grid = picture(setAt([[15, 40]]), emptyFilter(), {
      bbox,
      width: 4,
      height: 10,
      radiusPixels: 0,
    })
    expect(lit(grid.density, 4)).toEqual([[1, 4, 255]])
  })

  it('scales by the square root of the count', () => {
    const places: [number, number][] = [
      [5, 5],
      [5, 5],
      [5, 5],
      [5, 5],
      [55, 55],
    ]
    const size = { width: 2, height: 2, radiusPixels: 0 }
    const grid = picture(setAt(places), emptyFilter(), { bbox, ...size })
    expect([...grid.density]).toEqual([0, 128, 255, 0])
  })

  it('counts only what passes the filter and lies in the picture', () => {
    const set = setAt([
      [5, 5],
      [55, 55],
    ])
    const size = { width: 2, height: 2, radiusPixels: 0 }
    const none = picture(set, { ...emptyFilter(), areas: ['B'] }, { bbox, ...size })
    expect(none.density.every((value) => value === 0)).toBe(true)
    const boxed = { ...emptyFilter(), bbox: [50, 50, 60, 60] as const }
    const east = picture(set, boxed, { bbox, ...size })
    expect([...east.density]).toEqual([0, 255, 0, 0])
    const part = picture(set, emptyFilter(), { bbox: [0, 0, 30, 30], ...size })
    expect(lit(part.density, 2)).toEqual([[0, 1, 255]])
  })

  it('smears evenly to all sides, from outside the picture too', () => {
    const middle = picture(setAt([[30, 0.001]]), emptyFilter(), {
      bbox: [0, -30, 60, 30],
      width: 21,
      height: 21,
      radiusPixels: 6,
    })
    const at = (x: number, y: number) => middle.density[y * 21 + x]!
    expect(at(10, 10)).toBe(255)
    for (let d = 1; d <= 6; d++) {
      expect(at(10 - d, 10)).toBe(at(10 + d, 10))
      expect(at(10, 10 - d)).toBe(at(10, 10 + d))
      expect(at(10 + d, 10)).toBe(at(10, 10 + d))
      expect(at(10 + d, 10)).toBeLessThan(at(9 + d, 10))
    }
    expect(at(17, 10)).toBe(0)
    const outside = picture(setAt([[31, 10]]), emptyFilter(), {
      bbox: [0, 0, 30, 30],
      width: 20,
      height: 20,
      radiusPixels: 6,
    })
    expect(Math.max(...outside.density)).toBe(255)
  })

  it('draws a sample of millions that looks like all of them', () => {
    const part = (seed: number): MonthColumns[] =>
      randomMonths({ rows: 330_001, months: 1, areas: 30, placed: true, seed })
    const size = { bbox, width: 120, height: 120, radiusPixels: 7 }
    const few = new ColumnSet()
    const many = new ColumnSet()
    const [month] = part(1) as [MonthColumns]
    few.replace(month)
    // the same places four times: over the number that is drawn whole
    for (const at of [0, 1, 2, 3])
      many.replace({ ...month, month: `2020-0${at + 1}`, monthNumber: month.monthNumber + at })
    const [sampled, whole] = [many, few].map((set) => picture(set, emptyFilter(), size).density)
    const off = sampled!.map((shade, at) => Math.abs(shade - whole![at]!))
    expect(Math.max(...off)).toBeGreaterThan(0)
    expect(off.reduce((sum, one) => sum + one, 0) / off.length).toBeLessThan(2)
    expect(Math.max(...off)).toBeLessThan(8)
  })

  it('refuses an empty picture', () => {
    const request = { bbox, width: 0, height: 4, radiusPixels: 0 }
    expect(() => picture(setAt([]), emptyFilter(), request)).toThrow(RangeError)
  })
})
