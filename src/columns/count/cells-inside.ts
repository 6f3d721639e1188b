import { cellCentre, type CellGrid } from '../../domain/answers/cell-grid.ts'
import type { BoundingBox } from '../../domain/vocabulary.ts'
import type { Polygons } from '../../stats/polygons.ts'

/** The box around all areas; null without any. */
export function boxOf({ coordinates }: Polygons): BoundingBox | null {
  if (coordinates.length === 0) return null
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity]
  for (let i = 0; i < coordinates.length; i += 2) {
    west = Math.min(west, coordinates[i]!)
    east = Math.max(east, coordinates[i]!)
    south = Math.min(south, coordinates[i + 1]!)
    north = Math.max(north, coordinates[i + 1]!)
  }
  return [west, south, east, north]
}

/** 1 for each cell whose centre lies in an area. Row by row, by the crossings of each area's rings. */
export function cellsInside(grid: CellGrid, { coordinates, rings, areas }: Polygons): Uint8Array {
  const { columns, rows } = grid
  const marks = new Uint8Array(columns * rows)
  for (let area = 0; area + 1 < areas.length; area++) {
    const crossings = new Map<number, number[]>()
    for (let ring = areas[area]!; ring < areas[area + 1]!; ring++) {
      const [first, end] = [rings[ring]!, rings[ring + 1]!]
      for (let point = first; point < end; point++) {
        const next = point + 1 < end ? point + 1 : first
        cross(grid, coordinates, point, next, crossings)
      }
    }
    for (const [row, found] of crossings) {
      found.sort((a, b) => a - b)
      const [startLng] = cellCentre(grid, row * columns)
      for (let n = 0; n + 1 < found.length; n += 2) {
        const from = Math.max(0, Math.ceil((found[n]! - startLng) / grid.widthLng))
        const to = Math.min(columns - 1, Math.floor((found[n + 1]! - startLng) / grid.widthLng))
        for (let column = from; column <= to; column++) marks[row * columns + column] = 1
      }
    }
  }
  return marks
}

/** Adds the longitudes at which an edge crosses the rows' centre lines. */
function cross(
  grid: CellGrid,
  coordinates: Float64Array,
  a: number,
  b: number,
  crossings: Map<number, number[]>,
): void {
  const [x1, y1] = [coordinates[2 * a]!, coordinates[2 * a + 1]!]
  const [x2, y2] = [coordinates[2 * b]!, coordinates[2 * b + 1]!]
  if (y1 === y2) return
  const latOf = (row: number): number => cellCentre(grid, row * grid.columns)[1]
  const pitch = grid.rows > 1 ? latOf(1) - latOf(0) : grid.widthLat
  const first = Math.max(0, Math.ceil((Math.min(y1, y2) - latOf(0)) / pitch))
  for (let row = first; row < grid.rows; row++) {
    const lat = latOf(row)
    // half-open, so that a shared end counts once
    if (lat >= Math.max(y1, y2)) return
    if (lat < Math.min(y1, y2)) continue
    const at = x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1)
    const found = crossings.get(row)
    if (found) found.push(at)
    else crossings.set(row, [at])
  }
}
