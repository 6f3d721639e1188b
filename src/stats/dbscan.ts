import { finish, type InParts } from './in-parts.ts'
import { pointGrid, type PointGrid } from './point-grid.ts'
import { UnionFind } from './union-find.ts'

export interface Clusters {
  /** By point: 0 … count − 1 in the order of their first core points, −1 for noise. */
  labels: Int32Array
  count: number
  /** By point: 1 where enough points lie around it. */
  core: Uint8Array
}

/**
 * DBSCAN. A core point has at least `minPoints` points, itself among them, within `radiusMetres`,
 * the radius included. Core points within the radius of each other share a cluster. Any other
 * point within the radius of a core point joins the nearest of them, by index where several are as
 * near; PostGIS gives it to one that it happens to meet first.
 *
 * Cells of radius/√2 make all points of a cell neighbours, so a pile of n points costs O(n). Each cell
 * looks at the 24 around it.
 *
 * Sources: M. Ester, H.-P. Kriegel, J. Sander and X. Xu, KDD 1996; cells after A. Gunawan (2013).
 * @param x,y metres, in a plane
 * @throws RangeError when a coordinate is not finite, the radius is not above 0 or minPoints below 1
 */
export const dbscan = (
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  radiusMetres: number,
  minPoints: number,
): Clusters => finish(dbscanInParts(x, y, radiusMetres, minPoints))

/** So many cells or points a part: some tens of milliseconds. */
const partSize = 16_384

/** As `dbscan`, with pauses. */
export function* dbscanInParts(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  radiusMetres: number,
  minPoints: number,
): InParts<Clusters> {
  if (!(radiusMetres > 0 && Number.isFinite(radiusMetres)))
    throw new RangeError(`the radius must be above 0 metres, not ${radiusMetres}`)
  if (!(Number.isInteger(minPoints) && minPoints >= 1))
    throw new RangeError(`a cluster needs a whole number of points, not ${minPoints}`)
  // A hair smaller, or rounding could put points of one cell beyond the radius.
  const grid = pointGrid(x, y, (radiusMetres / Math.SQRT2) * (1 - 1e-9))
  yield
  const near = yield* cellsAround(grid)
  const space: Space = { x, y, grid, near, square: radiusMetres * radiusMetres }
  const core = new Uint8Array(x.length)
  const cells = grid.columns.length
  for (let from = 0; from < cells; from += partSize) {
    yield
    findCores(space, minPoints, core, { from, to: Math.min(cells, from + partSize) })
  }
  yield
  const cores = coresByCell(grid, core)
  const sets = new UnionFind(cells)
  for (let from = 0; from < cells; from += partSize) {
    yield
    joinCores(space, cores, sets, { from, to: Math.min(cells, from + partSize) })
  }
  yield
  const labels = new Int32Array(x.length).fill(-1)
  const numbers = new Int32Array(grid.columns.length).fill(-1)
  let count = 0
  for (let i = 0; i < labels.length; i++) {
    if (!core[i]) continue
    const set = sets.find(grid.cellOf[i]!)
    if (numbers[set]! < 0) numbers[set] = count++
    labels[i] = numbers[set]!
  }
  for (let i = 0; i < labels.length; i++) {
    if (i % partSize === 0) yield
    if (core[i]) continue
    const nearest = nearestCore(space, core, i)
    if (nearest >= 0) labels[i] = labels[nearest]!
  }
  return { labels, count, core }
}

interface Space {
  x: ArrayLike<number>
  y: ArrayLike<number>
  grid: PointGrid
  /** Cells within reach of cell c: `cells[starts[c] … starts[c + 1])`, itself not among them. */
  near: { starts: Uint32Array; cells: Uint32Array }
  /** Of the radius. */
  square: number
}

function* cellsAround(grid: PointGrid): InParts<Space['near']> {
  const count = grid.columns.length
  const starts = new Uint32Array(count + 1)
  const cells = new Uint32Array(count * 24)
  let size = 0
  for (let from = 0; from < count; from += partSize) {
    yield
    size = listAround(grid, { from, to: Math.min(count, from + partSize) }, starts, cells, size)
  }
  return { starts, cells: cells.slice(0, size) }
}

/** @returns how many cells are listed then */
function listAround(
  { columns, rows, find }: PointGrid,
  { from, to }: Cells,
  starts: Uint32Array,
  cells: Uint32Array,
  listed: number,
): number {
  let size = listed
  for (let cell = from; cell < to; cell++) {
    for (let row = -2; row <= 2; row++) {
      for (let column = -2; column <= 2; column++) {
        if (row === 0 && column === 0) continue
        const found = find(columns[cell]! + column, rows[cell]! + row)
        if (found >= 0) cells[size++] = found
      }
    }
    starts[cell + 1] = size
  }
  return size
}

interface Cells {
  from: number
  /** Exclusive. */
  to: number
}

/** Marks the core points of some cells. */
function findCores(
  { x, y, grid, near, square }: Space,
  minPoints: number,
  core: Uint8Array,
  { from, to }: Cells,
): void {
  const { starts, points } = grid
  for (let cell = from; cell < to; cell++) {
    const [start, end] = [starts[cell]!, starts[cell + 1]!]
    if (end - start >= minPoints) {
      for (let at = start; at < end; at++) core[points[at]!] = 1
      continue
    }
    for (let at = start; at < end; at++) {
      const i = points[at]!
      const [px, py] = [x[i]!, y[i]!]
      let found = end - start
      for (let n = near.starts[cell]!; n < near.starts[cell + 1]! && found < minPoints; n++) {
        const other = near.cells[n]!
        for (let q = starts[other]!; q < starts[other + 1]! && found < minPoints; q++) {
          const j = points[q]!
          const dx = x[j]! - px
          const dy = y[j]! - py
          if (dx * dx + dy * dy <= square) found++
        }
      }
      if (found >= minPoints) core[i] = 1
    }
  }
}

/** Core points by cell: those of cell c are `points[starts[c] … starts[c + 1])`. */
type Cores = Pick<PointGrid, 'starts' | 'points'>

function coresByCell({ columns, points, starts }: PointGrid, core: Uint8Array): Cores {
  const cores = { starts: new Uint32Array(columns.length + 1), points: points.slice() }
  let size = 0
  for (let cell = 0; cell < columns.length; cell++) {
    for (let at = starts[cell]!; at < starts[cell + 1]!; at++) {
      cores.points[size] = points[at]!
      size += core[points[at]!]!
    }
    cores.starts[cell + 1] = size
  }
  return cores
}

/** Joins some cells with those around that share a cluster. */
function joinCores(space: Space, cores: Cores, sets: UnionFind, { from, to }: Cells): void {
  const { near } = space
  const isEmpty = (cell: number): boolean => cores.starts[cell] === cores.starts[cell + 1]
  for (let cell = from; cell < to; cell++) {
    if (isEmpty(cell)) continue
    for (let n = near.starts[cell]!; n < near.starts[cell + 1]!; n++) {
      const other = near.cells[n]!
      if (other < cell || isEmpty(other) || sets.find(cell) === sets.find(other)) continue
      if (isWithin(space, cores, cell, other)) sets.join(cell, other)
    }
  }
}

/** Whether some core point of a cell lies within the radius of some of another cell. */
function isWithin(
  { x, y, square }: Space,
  { starts, points }: Cores,
  cell: number,
  other: number,
): boolean {
  let left = Infinity
  let right = -Infinity
  let bottom = Infinity
  let top = -Infinity
  for (let at = starts[other]!; at < starts[other + 1]!; at++) {
    const j = points[at]!
    left = Math.min(left, x[j]!)
    right = Math.max(right, x[j]!)
    bottom = Math.min(bottom, y[j]!)
    top = Math.max(top, y[j]!)
  }
  for (let own = starts[cell]!; own < starts[cell + 1]!; own++) {
    const [px, py] = [x[points[own]!]!, y[points[own]!]!]
    // Points too far from the box of the others are not compared with each of them.
    const outX = Math.max(left - px, 0, px - right)
    const outY = Math.max(bottom - py, 0, py - top)
    if (outX * outX + outY * outY > square) continue
    for (let at = starts[other]!; at < starts[other + 1]!; at++) {
      const dx = x[points[at]!]! - px
      const dy = y[points[at]!]! - py
      if (dx * dx + dy * dy <= square) return true
    }
  }
  return false
}

/** The nearest core point within the radius, the lowest of the nearest; −1 where there is none. */
function nearestCore({ x, y, grid, near, square }: Space, core: Uint8Array, i: number): number {
  const cell = grid.cellOf[i]!
  let best = -1
  let nearest = square
  const look = (other: number) => {
    for (let at = grid.starts[other]!; at < grid.starts[other + 1]!; at++) {
      const j = grid.points[at]!
      if (!core[j]) continue
      const distance = (x[j]! - x[i]!) ** 2 + (y[j]! - y[i]!) ** 2
      if (distance < nearest || (distance === nearest && (best < 0 || j < best))) {
        best = j
        nearest = distance
      }
    }
  }
  look(cell)
  for (let n = near.starts[cell]!; n < near.starts[cell + 1]!; n++) look(near.cells[n]!)
  return best
}
