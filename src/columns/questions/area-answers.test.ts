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
    windowCounts(rowsOf(), world, { ...window, shiftDays }).byArea

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
    const { byDay } = windowCounts(rowsOf(), world, { ...window, shiftDays: -100 })
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
  const options = { withinDays: 7, areaLevel: 'grid' as const }
  const everywhere = closing(rowsOf({ areas: [] }), world, options).byArea
  const { areas, areaLevel } = closingByArea(rowsOf(), world, options)
  expect(areas.map(({ idx }) => idx)).toEqual([2, 3])
  expect(areas).toEqual(everywhere)
  expect(areaLevel).toBe('grid')
})
