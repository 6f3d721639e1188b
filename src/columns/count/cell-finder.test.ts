import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cellGrid, cellShapes } from '../../domain/answers/cell-grid.ts'
import { cellAt } from '../../../tests/fixtures/cell-at.ts'
import { quantum } from '../../domain/answers/columns.ts'
import { cellFinder } from './cell-finder.ts'

it('finds the same cell as by longitude and latitude', () => {
  const city = [8.2, 47.1, 8.6, 47.4] as const
  const place = fc.nat(quantum)
  fc.assert(
    fc.property(
      fc.constantFrom(...cellShapes),
      fc.double({ min: 300, max: 9000, noNaN: true }),
      fc.constantFrom(city, [8.3, 47.2, 8.4, 47.3] as const),
      fc.array(fc.tuple(place, place), { minLength: 20, maxLength: 20 }),
      (shape, width, box, places) => {
        const grid = cellGrid(box, shape, width)
        const find = cellFinder(grid, city)
        for (const [x, y] of places) {
          const lng = city[0] + (x / quantum) * (city[2] - city[0])
          const lat = city[1] + (y / quantum) * (city[3] - city[1])
          expect(find(x, y)).toBe(cellAt(grid, lng, lat))
        }
      },
    ),
    { numRuns: 12 },
  )
})
