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
export function pointGrid(x: ArrayLike<number>, y: ArrayLike<number>, side: number): PointGrid {
  assertPoints(x, y)
  if (!(side > 0 && Number.isFinite(side)))
    throw new RangeError(`a cell's side must be above 0 metres, not ${side}`)
  const n = x.length
  let left = Infinity
  let bottom = Infinity
  let right = -Infinity
  let top = -Infinity
  for (let i = 0; i < n; i++) {
    left = Math.min(left, x[i]!)
    right = Math.max(right, x[i]!)
    bottom = Math.min(bottom, y[i]!)
    top = Math.max(top, y[i]!)
  }
  if (n > 0 && Math.max(right - left, top - bottom) / side > maxCellsAcross)
    throw new RangeError(`cells of ${side} metres are too small for this extent`)
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
  for (let i = 0; i < n; i++) {
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
  const starts = new Uint32Array(cells + 1)
  for (let i = 0; i < n; i++) starts[cellOf[i]! + 1]!++
  for (let cell = 0; cell < cells; cell++) starts[cell + 1]! += starts[cell]!
  const next = starts.slice()
  const points = new Uint32Array(n)
  for (let i = 0; i < n; i++) points[next[cellOf[i]!]!++] = i
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

/** @throws RangeError when lengths differ or a coordinate is not finite */
export function assertPoints(x: ArrayLike<number>, y: ArrayLike<number>): void {
  if (x.length !== y.length) throw new RangeError(`${x.length} x and ${y.length} y`)
  for (let i = 0; i < x.length; i++)
    if (!Number.isFinite(x[i]! + y[i]!)) throw new RangeError(`point ${i} has no place`)
}
