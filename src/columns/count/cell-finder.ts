import { hexagonPitch, type CellGrid } from '../../domain/answers/cell-grid.ts'
import { quantum } from '../../domain/answers/columns.ts'
import type { BoundingBox } from '../../domain/vocabulary.ts'
import type { FilteredRows } from './filtered-rows.ts'

/** The cell of a quantised place; −1 outside. */
export type CellFinder = (x: number, y: number) => number

/** Of the last grid: it stays while filters change, and its tables take as long as a million places. */
let last: { grid: CellGrid; cityBbox: BoundingBox; find: CellFinder } | null = null

/**
 * For millions of places: all that hangs on x or on y alone stands in tables.
 * @param cityBbox the box of the quantised places
 */
export function cellFinder(grid: CellGrid, cityBbox: BoundingBox): CellFinder {
  if (!last || !isSame(last.grid, grid) || last.cityBbox.some((side, n) => side !== cityBbox[n]))
    last = { grid, cityBbox, find: makeFinder(grid, cityBbox) }
  return last.find
}

const isSame = (a: CellGrid, b: CellGrid): boolean =>
  (Object.keys(a) as (keyof CellGrid)[]).every((key) => a[key] === b[key])

function makeFinder(grid: CellGrid, [west, south, east, north]: BoundingBox): CellFinder {
  const { columns, rows } = grid
  const x = tableOf(
    (place) => (west + (place / quantum) * (east - west) - grid.west) / grid.widthLng,
  )
  const y = tableOf(
    (place) => (south + (place / quantum) * (north - south) - grid.south) / grid.widthLat,
  )
  const cellOf = (column: number, row: number): number =>
    column < 0 || column >= columns || row < 0 || row >= rows ? -1 : row * columns + column
  if (grid.shape === 'square') {
    // Small tables stay near the processor.
    const column = Int16Array.from(x, (own) => placeIn(Math.floor(own), columns))
    const first = Int32Array.from(y, (own) => placeIn(Math.floor(own), rows) * columns)
    return (qx, qy) => {
      const [own, start] = [column[qx]!, first[qy]!]
      return (own | start) < 0 ? -1 : start + own
    }
  }
  // The nearest centre is in the row below or above; rows are even or odd.
  const low = Int32Array.from(y, (own) => Math.floor(own / hexagonPitch))
  const below = y.map((own, place) => (own - low[place]! * hexagonPitch) ** 2)
  const above = y.map((own, place) => (own - (low[place]! + 1) * hexagonPitch) ** 2)
  const even = columnsOf(x, 0)
  const odd = columnsOf(x, 0.5)
  return (qx, qy) => {
    const row = low[qy]!
    const isOdd = (row & 1) === 1
    const toOdd = odd.aside[qx]! + (isOdd ? below[qy]! : above[qy]!)
    const toEven = even.aside[qx]! + (isOdd ? above[qy]! : below[qy]!)
    // of two as near the lower one
    return (isOdd ? toEven < toOdd : toEven <= toOdd)
      ? cellOf(even.column[qx]!, isOdd ? row + 1 : row)
      : cellOf(odd.column[qx]!, isOdd ? row : row + 1)
  }
}

const placeIn = (place: number, places: number): number =>
  place < 0 || place >= places ? -1 : place

/** The nearest column of rows that are shifted so far, and the square of the distance from it. */
function columnsOf(x: Float64Array, shift: number): { column: Int32Array; aside: Float64Array } {
  const column = Int32Array.from(x, (own) => Math.round(own - shift))
  return { column, aside: x.map((own, place) => (own - shift - column[place]!) ** 2) }
}

function tableOf(valueAt: (place: number) => number): Float64Array {
  const table = new Float64Array(quantum + 1)
  for (let place = 0; place <= quantum; place++) table[place] = valueAt(place)
  return table
}

/** By cell. */
export function countCells(rows: FilteredRows, cells: number, find: CellFinder): Uint32Array {
  const counts = new Uint32Array(cells)
  const add = (cell: number): void => {
    if (cell >= 0) counts[cell]!++
  }
  for (const { month, spans, rows: listed } of rows.passing) {
    const { x, y } = month
    if (listed) for (const row of listed) add(find(x[row]!, y[row]!))
    else
      for (let at = 0; at < spans.length; at += 2)
        for (let row = spans[at]!, end = spans[at + 1]!; row < end; row++)
          add(find(x[row]!, y[row]!))
  }
  return counts
}
