import { expect, it } from 'vitest'
import { ColumnSet } from '@/columns/count/column-set.ts'
import { density } from '@/columns/count/density.ts'
import { FilteredRows } from '@/columns/count/filtered-rows.ts'
import { quantum } from '@/domain/answers/columns.ts'
import { emptyFilter } from '@/domain/filter/filter.ts'
import { emptyMonth } from '../../../tests/fixtures/columns.ts'
import { world } from '../../../tests/fixtures/lattice-world.ts'
import { heatRadius } from './use-heat-bandwidth.ts'

it.each([
  [300, 12],
  [1_000, 11],
  [150, 13.5],
])('spreads one incident by the bandwidth: %d m at zoom %d', (metres, zoom) => {
  const city = [0, -0.1, 0.2, 0.1] as const
  const set = new ColumnSet()
  const month = emptyMonth(2022 * 12, 1)
  month.x[0] = Math.round(quantum / 2)
  month.y[0] = Math.round(quantum / 2)
  set.replace(month)
  // three screen pixels a cell
  const cellMetres = (40_075_017 / (512 * 2 ** zoom)) * 3
  const side = Math.round((0.2 * 111_319.5) / cellMetres)
  const { months } = new FilteredRows(set, emptyFilter(), world())
  const request = {
    bbox: city,
    width: side,
    height: side,
    radiusPixels: heatRadius(metres, zoom, 0, 3),
  }
  const { density: bytes } = density(months, city, request)
  // the picture shows the square root
  const row = bytes.subarray(Math.floor(side / 2) * side, (Math.floor(side / 2) + 1) * side)
  const centre = row.indexOf(Math.max(...row))
  const weight = (n: number) => row[n]! ** 2
  const sum = row.reduce((all, _, n) => all + weight(n), 0)
  const variance = row.reduce((all, _, n) => all + weight(n) * (n - centre) ** 2, 0) / sum
  expect(Math.abs((Math.sqrt(variance) * cellMetres) / metres - 1)).toBeLessThan(0.06)
})
