import { pointGrid, type PointGrid } from './point-grid.ts'

export interface Disc {
  /** Number of the point in the middle. */
  centre: number
  /** Sum of the weights of `members`. */
  weight: number
  /** Numbers of all points within the radius that no heavier disc holds, ascending. */
  members: number[]
}

/**
 * The heaviest disc around one of the points, then the heaviest of the rest, and so on. Unlike
 * clusters of DBSCAN, a disc cannot grow along a street.
 *
 * Cells as wide as the radius give each point's disc an upper bound, the sum of the 3 × 3 cells
 * around it. Only points whose bound can win are looked at.
 *
 * @param x,y metres, in a plane
 * @param weights for example incidents on each point
 * @param minWeight of a disc
 * @throws RangeError when lengths differ, a coordinate is not finite, or the radius is not above 0
 */
export function densestDiscs(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  weights: ArrayLike<number>,
  { radiusMetres, maxDiscs, minWeight }: DiscOptions,
): Disc[] {
  if (weights.length !== x.length)
    throw new RangeError(`${x.length} points and ${weights.length} weights`)
  const grid = pointGrid(x, y, radiusMetres)
  const space: Space = { x, y, weights, grid, square: radiusMetres * radiusMetres }
  const bounds = boundsOf(space)
  const cells = Uint32Array.from(bounds.keys()).sort((a, b) => bounds[b]! - bounds[a]! || a - b)
  const isTaken = new Uint8Array(x.length)
  /** By point; −1 is to be computed. */
  const known = new Float64Array(x.length).fill(-1)
  const discs: Disc[] = []
  while (discs.length < maxDiscs) {
    const best = heaviest(space, cells, bounds, isTaken, known)
    if (!best || best.weight < minWeight) break
    const members: number[] = []
    forEachNear(space, best.centre, 1, (other) => {
      if (isTaken[other] || !isWithin(space, best.centre, other)) return
      members.push(other)
      isTaken[other] = 1
    })
    forEachNear(space, best.centre, 2, (other) => (known[other] = -1))
    discs.push({ ...best, members: members.sort((a, b) => a - b) })
  }
  return discs
}

export interface DiscOptions {
  radiusMetres: number
  maxDiscs: number
  minWeight: number
}

interface Space {
  x: ArrayLike<number>
  y: ArrayLike<number>
  weights: ArrayLike<number>
  grid: PointGrid
  square: number
}

/** By cell: the weight of the cell and the eight around it. */
function boundsOf({ weights, grid }: Space): Float64Array {
  const { cellOf, columns, rows } = grid
  const own = new Float64Array(columns.length)
  for (let i = 0; i < cellOf.length; i++) own[cellOf[i]!]! += weights[i]!
  return own.map((_, cell) => {
    let sum = 0
    for (let dx = -1; dx <= 1; dx++)
      for (let dy = -1; dy <= 1; dy++) {
        const other = grid.find(columns[cell]! + dx, rows[cell]! + dy)
        if (other >= 0) sum += own[other]!
      }
    return sum
  })
}

function heaviest(
  space: Space,
  cells: Uint32Array,
  bounds: Float64Array,
  isTaken: Uint8Array,
  known: Float64Array,
): { centre: number; weight: number } | null {
  const { starts, points } = space.grid
  let best: { centre: number; weight: number } | null = null
  for (const cell of cells) {
    if (best && bounds[cell]! < best.weight) break
    for (let at = starts[cell]!; at < starts[cell + 1]!; at++) {
      const centre = points[at]!
      if (isTaken[centre]) continue
      if (known[centre]! < 0) known[centre] = weightAround(space, centre, isTaken)
      const weight = known[centre]!
      if (!best || weight > best.weight || (weight === best.weight && centre < best.centre))
        best = { centre, weight }
    }
  }
  return best
}

function weightAround(space: Space, centre: number, isTaken: Uint8Array): number {
  let weight = 0
  forEachNear(space, centre, 1, (other) => {
    if (!isTaken[other] && isWithin(space, centre, other)) weight += space.weights[other]!
  })
  return weight
}

/** Visits the points of the cells up to `reach` cells away. */
function forEachNear(
  { grid }: Space,
  point: number,
  reach: number,
  visit: (other: number) => void,
): void {
  const { cellOf, columns, rows, starts, points } = grid
  const cell = cellOf[point]!
  for (let dx = -reach; dx <= reach; dx++)
    for (let dy = -reach; dy <= reach; dy++) {
      const other = grid.find(columns[cell]! + dx, rows[cell]! + dy)
      if (other < 0) continue
      for (let at = starts[other]!; at < starts[other + 1]!; at++) visit(points[at]!)
    }
}

const isWithin = ({ x, y, square }: Space, a: number, b: number): boolean =>
  (x[a]! - x[b]!) ** 2 + (y[a]! - y[b]!) ** 2 <= square
