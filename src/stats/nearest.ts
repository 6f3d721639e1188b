import { boxSquare, boxedTree, type BoxedTree } from './boxed-tree.ts'
import { assertPoints } from './point-grid.ts'
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
  assertPoints(x, y)
  const tied = new Uint8Array(n)
  const neighbours = new Uint32Array(n * k)
  const search = new NearestSearch(x, y, k)
  for (let i = 0; i < n; i++) {
    tied[i] = search.from(i) ? 1 : 0
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
  assertPoints(x, y)
  const tree = boxedTree(x, y)
  const first: number[] = []
  const second: number[] = []
  const square = bandMetres * bandMetres
  const stack: number[] = []
  for (let i = 0; i < x.length; i++) {
    stack.push(0)
    while (stack.length > 0) {
      const node = stack.pop()!
      if (boxSquare(tree, node, x[i]!, y[i]!) > square) continue
      if (!tree.isLeaf(node)) {
        stack.push(2 * node + 1, 2 * node + 2)
        continue
      }
      for (let at = tree.from[node]!; at < tree.to[node]!; at++) {
        const j = tree.order[at]!
        if (j <= i || (x[j]! - x[i]!) ** 2 + (y[j]! - y[i]!) ** 2 > square) continue
        if (first.length >= maxPairs)
          throw new RangeError(`more than ${maxPairs} pairs lie within ${bandMetres} m`)
        first.push(i)
        second.push(j)
      }
    }
  }
  return weightsFromPairs(x.length, first, second)
}

/** Finds the k nearest of one point after the other, in arrays it keeps. */
class NearestSearch {
  readonly found: Uint32Array
  private readonly squares: Float64Array
  private readonly tree: BoxedTree
  private readonly x: ArrayLike<number>
  private readonly y: ArrayLike<number>
  private count = 0
  private tied = false
  private self = 0

  constructor(x: ArrayLike<number>, y: ArrayLike<number>, k: number) {
    this.x = x
    this.y = y
    this.tree = boxedTree(x, y)
    this.found = new Uint32Array(k)
    this.squares = new Float64Array(k)
  }

  /** @returns true where another point is as far as the last of `found` */
  from(self: number): boolean {
    this.self = self
    this.count = 0
    this.tied = false
    this.descend(0, 0)
    return this.tied
  }

  private descend(node: number, boxAt: number): void {
    const { tree } = this
    if (!this.mayHold(boxAt)) return
    if (tree.isLeaf(node)) {
      for (let at = tree.from[node]!; at < tree.to[node]!; at++) this.look(tree.order[at]!)
      return
    }
    const [px, py] = [this.x[this.self]!, this.y[this.self]!]
    const [a, b] = [2 * node + 1, 2 * node + 2]
    const [atA, atB] = [boxSquare(tree, a, px, py), boxSquare(tree, b, px, py)]
    this.descend(atA <= atB ? a : b, Math.min(atA, atB))
    this.descend(atA <= atB ? b : a, Math.max(atA, atB))
  }

  /** Something at this distance could still be nearer, or be the first tie. */
  private mayHold(square: number): boolean {
    if (this.count < this.found.length) return true
    const farthest = this.squares[this.count - 1]!
    return square < farthest || (square === farthest && !this.tied)
  }

  private look(id: number): void {
    const { found, squares, self, x, y } = this
    if (id === self) return
    const square = (x[id]! - x[self]!) ** 2 + (y[id]! - y[self]!) ** 2
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
