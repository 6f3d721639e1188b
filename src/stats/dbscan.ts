import { eachRange, finish, pairsPerPart, within, type InParts } from './in-parts.ts'
import { pointGridInParts, type PointGrid } from './point-grid.ts'
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
  const side = (radiusMetres / Math.SQRT2) * (1 - 1e-9)
  const grid = yield* within(pointGridInParts(x, y, side), 0, 0.2)
  const near = yield* within(cellsAround(grid), 0.2, 0.35)
  const space: Space = { x, y, grid, near, square: radiusMetres * radiusMetres }
  const core = new Uint8Array(x.length)
  const cells = grid.columns.length
  for (let cell = 0; cell < cells;) {
    yield 0.35 + (0.25 * cell) / cells
    cell = findCores(space, minPoints, core, cell)
  }
  const cores = yield* within(coresByCell(grid, core), 0.6, 0.65)
  const sets = new UnionFind(cells)
  yield* within(joinCores(space, cores, sets), 0.65, 0.85)
  const { labels, count } = yield* within(labelCores(grid, core, sets), 0.85, 0.9)
  for (let i = 0; i < labels.length;) {
    yield 0.9 + (0.1 * i) / labels.length
    i = labelOthers(space, core, labels, i)
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

/** Looks around so many cells a part. */
const cellsPerPart = 4096

function* cellsAround(grid: PointGrid): InParts<Space['near']> {
  const count = grid.columns.length
  const starts = new Uint32Array(count + 1)
  const cells = new Uint32Array(count * 24)
  let size = 0
  const list = (from: number, to: number): void => {
    size = listAround(grid, { from, to }, starts, cells, size)
  }
  yield* eachRange(count, list, cellsPerPart)
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

/** Marks the core points of a part's cells. @returns the cell after them */
function findCores(
  { x, y, grid, near, square }: Space,
  minPoints: number,
  core: Uint8Array,
  from: number,
): number {
  const { starts, points } = grid
  const cells = grid.columns.length
  let pairs = 0
  let cell = from
  for (; cell < cells && pairs < pairsPerPart; cell++) {
    const [start, end] = [starts[cell]!, starts[cell + 1]!]
    if (end - start >= minPoints) {
      for (let at = start; at < end; at++) core[points[at]!] = 1
      pairs += end - start
      continue
    }
    for (let at = start; at < end; at++) {
      const i = points[at]!
      const [px, py] = [x[i]!, y[i]!]
      let found = end - start
      for (let n = near.starts[cell]!; n < near.starts[cell + 1]! && found < minPoints; n++) {
        const other = near.cells[n]!
        let q = starts[other]!
        for (; q < starts[other + 1]! && found < minPoints; q++) {
          const j = points[q]!
          const dx = x[j]! - px
          const dy = y[j]! - py
          if (dx * dx + dy * dy <= square) found++
        }
        pairs += q - starts[other]! + 1
      }
      if (found >= minPoints) core[i] = 1
    }
  }
  return cell
}

/** Core points by cell: those of cell c are `points[starts[c] … starts[c + 1])`. */
type Cores = Pick<PointGrid, 'starts' | 'points'>

function* coresByCell({ columns, points, starts }: PointGrid, core: Uint8Array): InParts<Cores> {
  const cells = columns.length
  const cores = { starts: new Uint32Array(cells + 1), points: points.slice() }
  let size = 0
  for (let cell = 0; cell < cells;) {
    yield cell / cells
    for (
      const first = starts[cell]!;
      cell < cells && starts[cell]! - first < pairsPerPart;
      cell++
    ) {
      for (let at = starts[cell]!; at < starts[cell + 1]!; at++) {
        cores.points[size] = points[at]!
        size += core[points[at]!]!
      }
      cores.starts[cell + 1] = size
    }
  }
  return cores
}

/** Joins cells with those around that share a cluster. */
function* joinCores(space: Space, cores: Cores, sets: UnionFind): InParts<void> {
  const { near } = space
  const cells = cores.starts.length - 1
  const work: Work = { cell: 0, near: near.starts[0]!, own: 0, pairs: 0 }
  while (work.cell < cells) {
    yield work.cell / cells
    work.pairs = 0
    joinSome(space, cores, sets, work)
  }
}

/** The next to do: a cell, an entry of `Space.near.cells`, an own core point of the cell. */
interface Work {
  cell: number
  near: number
  own: number
  /** Compared in this part. */
  pairs: number
}

function joinSome(space: Space, cores: Cores, sets: UnionFind, work: Work): void {
  const { near } = space
  const cells = cores.starts.length - 1
  const isEmpty = (cell: number): boolean => cores.starts[cell] === cores.starts[cell + 1]
  for (; work.cell < cells; work.cell++, work.near = near.starts[work.cell]!) {
    const { cell } = work
    if (isEmpty(cell)) continue
    for (; work.near < near.starts[cell + 1]!; work.near++, work.own = 0) {
      if (work.pairs >= pairsPerPart) return
      const other = near.cells[work.near]!
      work.pairs++
      if (other < cell || isEmpty(other) || sets.find(cell) === sets.find(other)) continue
      const isClose = isWithin(space, cores, work, other)
      if (isClose === null) return
      if (isClose) sets.join(cell, other)
    }
  }
}

/**
 * Whether some core point of the work's cell lies within the radius of some of another cell; null
 * where the part ends before that is known.
 */
function isWithin(
  { x, y, square }: Space,
  { starts, points }: Cores,
  work: Work,
  other: number,
): boolean | null {
  const { cell } = work
  const [first, end] = [starts[other]!, starts[other + 1]!]
  let left = Infinity
  let right = -Infinity
  let bottom = Infinity
  let top = -Infinity
  for (let at = first; at < end; at++) {
    const j = points[at]!
    left = Math.min(left, x[j]!)
    right = Math.max(right, x[j]!)
    bottom = Math.min(bottom, y[j]!)
    top = Math.max(top, y[j]!)
  }
  work.pairs += end - first
  for (let own = starts[cell]! + work.own; own < starts[cell + 1]!; own++) {
    const [px, py] = [x[points[own]!]!, y[points[own]!]!]
    work.pairs++
    // Points too far from the box of the others are not compared with each of them.
    const outX = Math.max(left - px, 0, px - right)
    const outY = Math.max(bottom - py, 0, py - top)
    if (outX * outX + outY * outY > square) continue
    for (let at = first; at < end; at++) {
      const dx = x[points[at]!]! - px
      const dy = y[points[at]!]! - py
      if (dx * dx + dy * dy <= square) return true
    }
    work.pairs += end - first
    if (work.pairs < pairsPerPart) continue
    work.own = own + 1 - starts[cell]!
    return null
  }
  return false
}

function* labelCores(
  { cellOf }: PointGrid,
  core: Uint8Array,
  sets: UnionFind,
): InParts<Pick<Clusters, 'labels' | 'count'>> {
  const labels = new Int32Array(cellOf.length).fill(-1)
  const numbers = new Int32Array(cellOf.length).fill(-1)
  let count = 0
  const label = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      if (!core[i]) continue
      const set = sets.find(cellOf[i]!)
      if (numbers[set]! < 0) numbers[set] = count++
      labels[i] = numbers[set]!
    }
  }
  yield* eachRange(labels.length, label)
  return { labels, count }
}

/** Labels a part's points that are no cores. @returns the point after them */
function labelOthers(space: Space, core: Uint8Array, labels: Int32Array, from: number): number {
  const { grid, near } = space
  const sizeOf = (cell: number): number => grid.starts[cell + 1]! - grid.starts[cell]!
  let i = from
  for (let pairs = 0; i < labels.length && pairs < pairsPerPart; i++) {
    pairs++
    if (core[i]) continue
    const nearest = nearestCore(space, core, i)
    if (nearest >= 0) labels[i] = labels[nearest]!
    const cell = grid.cellOf[i]!
    pairs += sizeOf(cell)
    for (let n = near.starts[cell]!; n < near.starts[cell + 1]!; n++)
      pairs += sizeOf(near.cells[n]!)
  }
  return i
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
