import { emptyMonth } from '../../../tests/fixtures/columns.ts'
import { dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import { polygonsFrom } from '../../stats/polygons.ts'
import { AreaShapes } from '../count/area-shapes.ts'
import { ColumnSet } from '../count/column-set.ts'

/** Grids of 100 × 100 m in 10 rows. */
const side = 10
export const grids = Array.from({ length: side * side }, (_, n) => ({
  idx: n + 2,
  code: `G${n}`,
  path: `C/G${n}/`,
  level: 'grid',
}))
export const shapes = (count = grids.length, households = 0) => {
  const known = new AreaShapes()
  known.set('grid', {
    areas: Uint32Array.from(grids.slice(0, count), ({ idx }) => idx),
    polygons: polygonsFrom(
      grids.slice(0, count).map((_, n) => {
        const [x, y] = [(n % side) * 100, Math.floor(n / side) * 100]
        return [
          [
            [x, y],
            [x + 100, y],
            [x + 100, y + 100],
            [x, y + 100],
          ],
        ]
      }),
      'metres',
    ),
    squareKm: new Float64Array(count).fill(0.01),
    households: new Float64Array(count).fill(households),
  })
  return known
}
export const lastDay = '2022-06-30'
export const world = (known = shapes()) => ({
  areas: [{ idx: 1, code: 'C', path: 'C/', level: 'city' }, ...grids],
  categories: [],
  cityBbox: [0, 0, 1, 1] as const,
  nowMinute: 0,
  asOfWallMinutes: dayNumber(lastDay) * 1440 + 1439,
  shapes: known,
})

/** Incidents by area (0…99) and day. */
export function setOf(
  rows: readonly (readonly [area: number, day: string, category?: number])[],
): ColumnSet {
  const set = new ColumnSet()
  const byMonth = Map.groupBy(rows, ([, day]) => day.slice(0, 7))
  for (const [month, own] of byMonth) {
    const number = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1
    const columns = emptyMonth(number, own.length)
    own
      .toSorted((a, b) => (a[1] < b[1] ? -1 : 1))
      .forEach(([area, day, category = 1], i) => {
        columns.area[i] = area + 2
        columns.category[i] = category
        columns.minute[i] = (dayNumber(day) - firstDayNumber(number)) * 1440
      })
    set.replace(columns)
  }
  return set
}
