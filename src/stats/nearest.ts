import { kdTree, leafSize, type KdTree } from './kd-tree.ts'
import { weightsFromPairs, type Weights } from './weights.ts'

/** The k nearest of each area. */
export interface Nearest {
  /** Binary; not symmetric: B may be near to A while others are nearer to B. */
  weights: Weights
  /** 1 where another point is exactly as far as the last one taken: the choice is arbitrary. */
  tied: Uint8Array
}

/**
 * Each area's k nearest by the distance of their points, for areas whose sizes differ much.
 * O(n log n). Of equally far ones it takes those that the tree meets first, and marks the area.
 * @param x metres east, one for each area
 * @param y metres north
 * @throws RangeError where k is no whole number from 1 to n − 1, or a point lies nowhere
 */
export function nearestWeights(x: ArrayLike<number>, y: ArrayLike<number>, k: number): Nearest {
  const n = x.length
  if (!(Number.isInteger(k) && k >= 1 && k < n)) {
    throw new RangeError(`no ${k} nearest among ${n} areas`)
  }
  const tree = kdTree(x, y)
  const tied = new Uint8Array(n)
  const neighbours = new Uint32Array(n * k)
  const search = new NearestSearch(tree, k)
  for (let i = 0; i < n; i++) {
    tied[i] = search.from(i, x[i]!, y[i]!) ? 1 : 0
    neighbours.set(search.found.toSorted(), i * k)
  }
  const starts = Uint32Array.from({ length: n + 1 }, (_, i) => i * k)
  return { weights: { n, starts, neighbours, weights: null, self: false }, tied }
}

/**
 * All areas whose points lie at most `bandMetres` apart, those at the same place included. O(n log n
 * + pairs).
 * @param x metres east, one for each area
 * @param y metres north
 * @param maxPairs refuses a band so wide that memory would not hold its pairs
 * @throws RangeError where the band is negative or has too many pairs, or a point lies nowhere
 */
export function bandWeights(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  bandMetres: number,
  maxPairs = 2e7,
): Weights {
  if (!(bandMetres >= 0)) throw new RangeError(`no distance: ${bandMetres}`)
  const { ids, coordinates } = kdTree(x, y)
  const first: number[] = []
  const second: number[] = []
  const square = bandMetres * bandMetres
  const stack: number[] = []
  for (let i = 0; i < x.length; i++) {
    const px = x[i]!
    const py = y[i]!
    const visit = (place: number): void => {
      const id = ids[place]!
      const dx = coordinates[2 * place]! - px
      const dy = coordinates[2 * place + 1]! - py
      if (id <= i || dx * dx + dy * dy > square) return
      if (first.length >= maxPairs) {
        throw new RangeError(`more than ${maxPairs} pairs lie within ${bandMetres} m`)
      }
      first.push(i)
      second.push(id)
    }
    stack.push(0, ids.length - 1, 0)
    while (stack.length > 0) {
      const axis = stack.pop()!
      const right = stack.pop()!
      const left = stack.pop()!
      if (right - left <= leafSize) {
        for (let place = left; place <= right; place++) visit(place)
        continue
      }
      const middle = (left + right) >> 1
      visit(middle)
      const away = (axis === 0 ? px : py) - coordinates[2 * middle + axis]!
      if (away <= bandMetres) stack.push(left, middle - 1, 1 - axis)
      if (-away <= bandMetres) stack.push(middle + 1, right, 1 - axis)
    }
  }
  return weightsFromPairs(x.length, first, second)
}

/** Finds the k nearest of one point after the other, in arrays it keeps. */
class NearestSearch {
  readonly found: Uint32Array
  private readonly squares: Float64Array
  private readonly tree: KdTree
  private count = 0
  private tied = false
  private self = 0
  private x = 0
  private y = 0

  constructor(tree: KdTree, k: number) {
    this.tree = tree
    this.found = new Uint32Array(k)
    this.squares = new Float64Array(k)
  }

  /** @returns true where another point is as far as the last of `found` */
  from(self: number, x: number, y: number): boolean {
    this.self = self
    this.x = x
    this.y = y
    this.count = 0
    this.tied = false
    this.descend(0, this.tree.ids.length - 1, 0)
    return this.tied
  }

  private descend(left: number, right: number, axis: 0 | 1): void {
    if (right - left <= leafSize) {
      for (let place = left; place <= right; place++) this.look(place)
      return
    }
    const middle = (left + right) >> 1
    const away = (axis === 0 ? this.x : this.y) - this.tree.coordinates[2 * middle + axis]!
    const next = axis === 0 ? 1 : 0
    if (away <= 0) this.descend(left, middle - 1, next)
    else this.descend(middle + 1, right, next)
    if (!this.mayHold(away * away)) return
    this.look(middle)
    if (away <= 0) this.descend(middle + 1, right, next)
    else this.descend(left, middle - 1, next)
  }

  /** Something at this distance could still be nearer, or be the first tie. */
  private mayHold(square: number): boolean {
    if (this.count < this.found.length) return true
    const farthest = this.squares[this.count - 1]!
    return square < farthest || (square === farthest && !this.tied)
  }

  private look(place: number): void {
    const { ids, coordinates } = this.tree
    const id = ids[place]!
    if (id === this.self) return
    const dx = coordinates[2 * place]! - this.x
    const dy = coordinates[2 * place + 1]! - this.y
    const square = dx * dx + dy * dy
    const { found, squares } = this
    const full = this.count === found.length
    const farthest = full ? squares[this.count - 1]! : Number.POSITIVE_INFINITY
    if (full && square >= farthest) {
      if (square === farthest) this.tied = true
      return
    }
    let at = full ? this.count - 1 : this.count++
    while (at > 0 && squares[at - 1]! > square) {
      squares[at] = squares[at - 1]!
      found[at] = found[at - 1]!
      at--
    }
    squares[at] = square
    found[at] = id
    // The one pushed out is a tie if the new last is as far as it was.
    if (full) this.tied = squares[this.count - 1] === farthest
  }
}
