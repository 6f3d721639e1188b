import { describe, expect, it } from 'vitest'
import { cellAt } from '../../../tests/fixtures/cell-at.ts'
import {
  cellCentre,
  cellGrid,
  cellRing,
  cellShapes,
  leastCellWidth,
  maxCells,
  usualCellWidth,
} from './cell-grid.ts'

const city = [-122.52, 37.7, -122.35, 37.84] as const

describe.each(cellShapes)('cells as %ss', (shape) => {
  it('are 30 to 60 across by the usual width, whatever the size of the box', () => {
    for (const share of [1, 0.37, 0.1, 0.033]) {
      const box = [city[0], city[1], city[0] + 0.17 * share, city[1] + 0.14 * share] as const
      const { columns, rows } = cellGrid(box, shape, usualCellWidth(box))
      expect(Math.max(columns, rows)).toBeGreaterThanOrEqual(30)
      expect(columns).toBeLessThanOrEqual(61)
    }
  })

  it('never number more than the most by the least width', () => {
    const least = leastCellWidth(city, shape)
    const { columns, rows } = cellGrid(city, shape, least)
    expect(columns * rows).toBeLessThanOrEqual(maxCells)
    const finer = cellGrid(city, shape, least * 0.6)
    expect(finer.columns * finer.rows).toBeGreaterThan(maxCells)
  })

  it('hold their centre, and all of the box without gap or overlap', () => {
    const grid = cellGrid(city, shape, 500)
    for (let cell = 0; cell < grid.columns * grid.rows; cell++)
      expect(cellAt(grid, ...cellCentre(grid, cell))).toBe(cell)
    for (let n = 0; n < 2_000; n++) {
      const lng = city[0] + 0.17 * ((n * 0.618) % 1)
      const lat = city[1] + 0.14 * ((n * 0.7549) % 1)
      const cell = cellAt(grid, lng, lat)
      expect(cell).toBeGreaterThanOrEqual(0)
      expect(isInside(cellRing(grid, cell), lng, lat)).toBe(true)
    }
    expect(cellAt(grid, city[0] - 1, city[1])).toBe(-1)
    expect(cellAt(grid, city[0], city[3] + 1)).toBe(-1)
  })
})

/** Left of each edge of a convex ring, rounding aside. */
const isInside = (
  ring: readonly (readonly [number, number])[],
  lng: number,
  lat: number,
): boolean =>
  ring.slice(1).every(([x, y], n) => {
    const [fromX, fromY] = ring[n]!
    return (x - fromX) * (lat - fromY) - (y - fromY) * (lng - fromX) >= -1e-12
  })
