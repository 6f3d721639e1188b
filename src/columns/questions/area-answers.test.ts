import { describe, expect, it } from 'vitest'
import { AreaShapes } from '../count/area-shapes.ts'
import { randomMonths } from '../../../tests/fixtures/columns.ts'
import { emptyFilter } from '../../domain/filter/filter.ts'
import { dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import { ColumnSet } from '../count/column-set.ts'
import { FilteredRows } from '../count/filtered-rows.ts'
import { closingByArea } from './closing-by-area.ts'
import { closing } from './closing.ts'
import { windowCounts } from './window-counts.ts'
import { smoothedRates } from './smoothed-rates.ts'
import {
  setOf,
  shapes as latticeShapes,
  world as latticeWorld,
} from '../../../tests/fixtures/lattice-world.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'
import { globalSmoothedRates } from '../../stats/empirical-bayes.ts'

const world = {
  areas: [
    { idx: 1, code: 'C', path: 'C/', level: 'city' },
    { idx: 2, code: 'D', path: 'C/D/', level: 'grid' },
    { idx: 3, code: 'E', path: 'C/E/', level: 'grid' },
  ],
  categories: [1, 2, 3].map((idx) => ({ idx, code: `c${idx}`, path: `c${idx}/` })),
  cityBbox: [0, 0, 1, 1] as const,
  nowMinute: 0,
  asOfWallMinutes: Date.UTC(2020, 4, 15, 9, 30) / 60_000,
  shapes: new AreaShapes(),
}
const set = new ColumnSet()
for (const month of randomMonths({ rows: 3000, months: 6, areas: 3, categories: 3 }))
  set.replace(month)
const filter = { ...emptyFilter(), areas: ['D'], categories: ['c2'] }
const period = { from: '2020-05-01', to: '2020-05-31' }
const rowsOf = (some = {}) => new FilteredRows(set, { ...filter, period, ...some }, world)

describe('windowCounts', () => {
  const window = { period: { from: '2020-04-16', to: '2020-05-15' }, shiftDays: 30 }
  const counted = (shiftDays: number) =>
    windowCounts(rowsOf(), world, { window: { ...window, shiftDays }, figure: 'reported' }).byArea

  it('counts the window instead of the period, by the rest of the filter, in every area', () => {
    const [from, to] = [dayNumber(window.period.from), dayNumber(window.period.to)]
    const wanted = [0, 0, 0, 0]
    for (const month of set.months)
      for (let i = 0; i < month.count; i++) {
        const day = firstDayNumber(month.monthNumber) + Math.floor(month.minute[i]! / 1440)
        if (day < from || day > to || month.category[i] !== 2) continue
        wanted[month.area[i]!]!++
      }
    expect(wanted[3]).toBeGreaterThan(10)
    expect([...counted(-100)]).toEqual(wanted)
  })

  it('counts each day of the window in the filter’s areas', () => {
    const { byDay } = windowCounts(rowsOf(), world, {
      window: { ...window, shiftDays: -100 },
      figure: 'reported',
    })
    const first = dayNumber(window.period.from)
    const wanted = new Array<number>(30).fill(0)
    for (const month of set.months)
      for (let i = 0; i < month.count; i++) {
        const day = firstDayNumber(month.monthNumber) + Math.floor(month.minute[i]! / 1440) - first
        const isInArea = rowsOf({ period: null, areas: ['D'] }).passing.some(
          ({ month: own, rows }) => own === month && (rows === null || [...rows].includes(i)),
        )
        if (day >= 0 && day < 30 && isInArea) wanted[day]!++
      }
    expect([...byDay]).toEqual(wanted)
  })

  it('counts each category of the filter’s areas, also beside the chosen ones', () => {
    const options = { window: { ...window, shiftDays: -100 }, figure: 'reported' as const }
    const { byCategory, byDay } = windowCounts(rowsOf(), world, options)
    const total = byDay.reduce((sum, one) => sum + one, 0)
    expect(byCategory[2]).toBe(total)
    for (const idx of [1, 3]) {
      const one = windowCounts(rowsOf({ categories: [`c${idx}`] }), world, options)
      expect(byCategory[idx]).toBe(one.byDay.reduce((sum, count) => sum + count, 0))
      expect(byCategory[idx]).toBeGreaterThan(10)
    }
  })

  it('ends at the counterpart of the last known minute', () => {
    // The last day of the window lies no days before the last known one.
    const isCut = (minute: number) => minute > 14 * 1440 + 9 * 60 + 30
    const may = set.months.find(({ month }) => month === '2020-05')!
    const cut = may.minute.filter(
      (minute, i) => minute < 15 * 1440 && isCut(minute) && may.category[i] === 2,
    ).length
    const sum = (counts: Uint32Array) => counts.reduce((total, one) => total + one, 0)
    expect(cut).toBeGreaterThan(0)
    expect(sum(counted(-100)) - sum(counted(0))).toBe(cut)
  })
})

it('closingByArea tells of every area, also beside the chosen ones', () => {
  const options = { withinDays: 7, areaLevel: 'grid' as const, window: null }
  const everywhere = closing(rowsOf({ areas: [] }), world, options).byArea
  const { areas, areaLevel } = closingByArea(rowsOf(), world, options)
  expect(areas.map(({ idx }) => idx)).toEqual([2, 3])
  expect(areas).toEqual(everywhere)
  expect(areaLevel).toBe('grid')
})

describe('smoothedRates and open ones of a window', () => {
  it('counts those still open when the window ended', () => {
    const window = { period: { from: '2020-02-01', to: '2020-02-29' }, shiftDays: 40 }
    const { byArea } = windowCounts(rowsOf(), world, { window, figure: 'open' })
    const end = dayNumber('2020-03-01') * 1440 - 1
    const wanted = [0, 0, 0, 0]
    const february = set.months.find(({ month }) => month === '2020-02')!
    for (let i = 0; i < february.count; i++) {
      if (february.category[i] !== 2) continue
      const stage = stages[february.stage[i]! & 15]!
      const closedAt =
        firstDayNumber(february.monthNumber) * 1440 + february.minute[i]! + february.hours[i]! * 60
      if (stage === 'closed' ? closedAt > end : isOpenStage(stage)) wanted[february.area[i]!]!++
    }
    expect(wanted[2]).toBeGreaterThan(3)
    expect([...byArea]).toEqual(wanted)
  })

  it('counts those of its days that are overdue now', () => {
    const window = { period: { from: '2020-02-05', to: '2020-02-27' }, shiftDays: 40 }
    const february = set.months.find(({ month }) => month === '2020-02')!
    const { rows, minute } = february.due
    const nowMinute = minute.toSorted().at(-9)!
    const options = { window, figure: 'overdue' } as const
    const { byArea } = windowCounts(rowsOf(), { ...world, nowMinute }, options)
    const wanted = [0, 0, 0, 0]
    rows.forEach((row, at) => {
      const day = Math.floor(february.minute[row]! / 1440) + 1
      if (day < 5 || day > 27 || february.category[row] !== 2 || minute[at]! > nowMinute) return
      wanted[february.area[row]!]!++
    })
    expect(Math.min(...wanted.slice(1))).toBeGreaterThan(1)
    expect([...byArea]).toEqual(wanted)
  })

  it('draws rates towards all, or towards neighbours, as the statistics do', () => {
    const here = latticeWorld(latticeShapes(100, 200))
    const rows = new FilteredRows(
      setOf(Array.from({ length: 300 }, (_, n) => [(n * n) % 100, '2022-06-10'] as const)),
      { ...emptyFilter(), areas: ['G4'] },
      here,
    )
    const options = { level: 'grid', window: null } as const
    const all = smoothedRates(rows, here, { ...options, towards: 'all' })
    const near = smoothedRates(rows, here, { ...options, towards: 'neighbours' })
    const counts = Array.from({ length: 100 }, (_, area) => all.areas[area]!.count)
    expect(counts.reduce((sum, one) => sum + one, 0)).toBe(300)
    const { rates } = globalSmoothedRates(counts, new Float64Array(100).fill(200))
    expect(all.areas.map(({ perHouseholds }) => perHouseholds / 1000)).toEqual([...rates])
    expect(near.areas[0]!.perHouseholds).not.toBe(all.areas[0]!.perHouseholds)
    const none = latticeWorld(latticeShapes(100, 0))
    expect(smoothedRates(rows, none, { ...options, towards: 'all' }).areas).toEqual([])
    const window = { period: { from: '2022-05-01', to: '2022-05-31' }, shiftDays: 31 }
    const before = smoothedRates(rows, here, { level: 'grid', towards: 'all', window })
    expect(before.areas.every(({ count }) => count === 0)).toBe(true)
  })
})
