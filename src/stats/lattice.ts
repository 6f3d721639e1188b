import type { Weights } from './weights.ts'

/** A regular grid of cells, numbered row by row: cell = row · columns + column. */
export interface Lattice {
  columns: number
  rows: number
  /** In `hexagon`, every odd row is shifted half a cell towards higher columns. */
  shape: 'square' | 'hexagon'
}

/** [row, column] of neighbours, in ascending order of the cell. */
type Steps = readonly (readonly [number, number])[]
const rook: Steps = [
  [-1, 0],
  [0, -1],
  [0, 1],
  [1, 0],
]
const queen: Steps = [
  [-1, -1],
  [-1, 0],
  [-1, 1],
  [0, -1],
  [0, 1],
  [1, -1],
  [1, 0],
  [1, 1],
]
const hexagonEven: Steps = [
  [-1, -1],
  [-1, 0],
  [0, -1],
  [0, 1],
  [1, -1],
  [1, 0],
]
const hexagonOdd: Steps = [
  [-1, 0],
  [-1, 1],
  [0, -1],
  [0, 1],
  [1, 0],
  [1, 1],
]

/**
 * Binary weights of the cells: queen counts the up to 8 cells around, rook the up to 4 that share an
 * edge. A hexagon has its up to 6 either way. Cells outside the city go by `subset`.
 * @param self with each cell in its own row, as Gi* wants
 * @throws RangeError where a side is no whole number from 1 or there are more than 2²⁸ cells
 */
export function latticeWeights(
  { columns, rows, shape }: Lattice,
  rule: 'queen' | 'rook',
  self = false,
): Weights {
  const n = columns * rows
  if (!(Number.isInteger(columns) && Number.isInteger(rows) && columns > 0 && rows > 0)) {
    throw new RangeError(`no lattice: ${columns} × ${rows}`)
  }
  if (n > 2 ** 28) throw new RangeError(`${n} cells are too many`)
  const even = shape === 'square' ? (rule === 'queen' ? queen : rook) : hexagonEven
  const odd = shape === 'square' ? even : hexagonOdd
  const starts = new Uint32Array(n + 1)
  const neighbours = new Uint32Array(n * (even.length + (self ? 1 : 0)))
  let place = 0
  for (let row = 0; row < rows; row++) {
    const steps = flat(row % 2 === 0 ? even : odd, self)
    for (let column = 0; column < columns; column++) {
      for (let s = 0; s < steps.length; s += 2) {
        const toRow = row + steps[s]!
        const toColumn = column + steps[s + 1]!
        if (toRow < 0 || toRow >= rows || toColumn < 0 || toColumn >= columns) continue
        neighbours[place++] = toRow * columns + toColumn
      }
      starts[row * columns + column + 1] = place
    }
  }
  return { n, starts, neighbours: neighbours.subarray(0, place), weights: null, self }
}

/** Steps as row, column, row, column, …; the cell itself comes before the cell to its right. */
function flat(steps: Steps, self: boolean): Int32Array {
  if (!self) return Int32Array.from(steps.flat())
  const right = steps.findIndex(([row, column]) => row === 0 && column === 1)
  return Int32Array.from(steps.toSpliced(right, 0, [0, 0]).flat())
}
