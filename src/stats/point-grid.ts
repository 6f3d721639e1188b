import { eachRange, finish, within, type InParts } from './in-parts.ts'

/** Points sorted into square cells. Only cells with points exist. */
export interface PointGrid {
  side: number
  /** Cell of each point. */
  cellOf: Uint32Array
  /** Points by cell: those of cell c are `points[starts[c] … starts[c + 1])`, in ascending order. */
  starts: Uint32Array
  points: Uint32Array
  columns: Int32Array
  rows: Int32Array
  /** The cell in a column and row, −1 where it is empty. */
  find(column: number, row: number): number
}

/** Columns and rows stay exact in 32 bits. */
const maxCellsAcross = 2 ** 30

/**
 * Sorts points into cells in O(n), by a hash table over columns and rows.
 *
 * @param x,y metres, in any plane
 * @param side of a cell in metres
 * @throws RangeError when lengths differ, a coordinate is not finite, or cells are too small to number
 */
export const pointGrid = (x: ArrayLike<number>, y: ArrayLike<number>, side: number): PointGrid =>
  finish(pointGridInParts(x, y, side))

/** As `pointGrid`, with pauses. */
export function* pointGridInParts(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  side: number,
): InParts<PointGrid> {
  if (!(side > 0 && Number.isFinite(side)))
    throw new RangeError(`a cell's side must be above 0 metres, not ${side}`)
  const n = x.length
  const { left, bottom } = yield* within(cornerOf(x, y, side), 0, 0.25)
  const slots = 2 ** Math.ceil(Math.log2(2 * n + 2))
  const table = new Int32Array(slots).fill(-1)
  const columns = new Int32Array(n)
  const rows = new Int32Array(n)
  const cellOf = new Uint32Array(n)
  const slotOf = (column: number, row: number) => {
    let hash = Math.imul(column, 0x9e3779b1) ^ Math.imul(row, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    let slot = (hash ^ (hash >>> 13)) & (slots - 1)
    while (table[slot]! >= 0) {
      const cell = table[slot]!
      if (columns[cell] === column && rows[cell] === row) break
      slot = (slot + 1) & (slots - 1)
    }
    return slot
  }
  let cells = 0
  const place = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const column = Math.floor((x[i]! - left) / side)
      const row = Math.floor((y[i]! - bottom) / side)
      const slot = slotOf(column, row)
      if (table[slot]! < 0) {
        table[slot] = cells
        columns[cells] = column
        rows[cells++] = row
      }
      cellOf[i] = table[slot]!
    }
  }
  yield* within(eachRange(n, place), 0.25, 0.7)
  const { starts, points } = yield* within(groupsInParts(cellOf, cells), 0.7, 1)
  return {
    side,
    cellOf,
    starts,
    points,
    columns: columns.subarray(0, cells),
    rows: rows.subarray(0, cells),
    find: (column, row) => table[slotOf(column, row)]!,
  }
}

/** Entries by group: those of group g are `points[starts[g] … starts[g + 1])`, in ascending order. */
export function* groupsInParts(
  groupOf: ArrayLike<number>,
  groups: number,
): InParts<Pick<PointGrid, 'starts' | 'points'>> {
  const n = groupOf.length
  const starts = new Uint32Array(groups + 1)
  const count = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (groupOf[i]! >= 0) starts[groupOf[i]! + 1]!++
  }
  yield* within(eachRange(n, count), 0, 0.4)
  for (let group = 0; group < groups; group++) starts[group + 1]! += starts[group]!
  const next = starts.slice()
  const points = new Uint32Array(starts[groups]!)
  const fill = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (groupOf[i]! >= 0) points[next[groupOf[i]!]!++] = i
  }
  yield* within(eachRange(n, fill), 0.4, 1)
  return { starts, points }
}

/** The lowest x and y. @throws RangeError as `pointGrid` */
function* cornerOf(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  side: number,
): InParts<{ left: number; bottom: number }> {
  // left, bottom, right, top
  const box = Float64Array.of(Infinity, Infinity, -Infinity, -Infinity)
  const look = (from: number, to: number): void => {
    let [left, bottom, right, top] = box as unknown as [number, number, number, number]
    for (let i = from; i < to; i++) {
      const [px, py] = [x[i]!, y[i]!]
      if (!Number.isFinite(px + py)) throw new RangeError(`point ${i} has no place`)
      left = Math.min(left, px)
      bottom = Math.min(bottom, py)
      right = Math.max(right, px)
      top = Math.max(top, py)
    }
    box.set([left, bottom, right, top])
  }
  if (x.length !== y.length) throw new RangeError(`${x.length} x and ${y.length} y`)
  yield* eachRange(x.length, look)
  const [left, bottom, right, top] = box as unknown as [number, number, number, number]
  if (x.length > 0 && Math.max(right - left, top - bottom) / side > maxCellsAcross)
    throw new RangeError(`cells of ${side} metres are too small for this extent`)
  return { left, bottom }
}

/** @throws RangeError when lengths differ or a coordinate is not finite */
export function assertPoints(x: ArrayLike<number>, y: ArrayLike<number>): void {
  if (x.length !== y.length) throw new RangeError(`${x.length} x and ${y.length} y`)
  for (let i = 0; i < x.length; i++)
    if (!Number.isFinite(x[i]! + y[i]!)) throw new RangeError(`point ${i} has no place`)
}
