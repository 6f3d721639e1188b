import { eachRange, finish, pointsPerPart, type InParts } from './in-parts.ts'

const leafSize = 12

/** Points in a binary tree: node k has the children 2k + 1 and 2k + 2. */
export interface BoxedTree {
  /** Points by leaf. */
  order: Uint32Array
  /** By node: its points are `order[from[k] … to[k])`; empty where the node does not exist. */
  from: Uint32Array
  to: Uint32Array
  /** By node × 4: left, bottom, right, top. */
  boxes: Float64Array
  isLeaf(node: number): boolean
}

/**
 * Splits points at the median of the longer side until leaves hold 12; each node knows its box. Far
 * outliers and many points at one place do not slow searches down, as they would in a grid.
 *
 * Source: J. L. Bentley, Communications of the ACM 18 (1975).
 * @param x,y in the same unit, finite
 */
export const boxedTree = (x: ArrayLike<number>, y: ArrayLike<number>): BoxedTree =>
  finish(boxedTreeInParts(x, y))

/** As `boxedTree`, with pauses. */
export function* boxedTreeInParts(x: ArrayLike<number>, y: ArrayLike<number>): InParts<BoxedTree> {
  const n = x.length
  const depth = Math.max(0, Math.ceil(Math.log2(n / leafSize)))
  const nodes = 2 ** (depth + 1) - 1
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  const from = new Uint32Array(nodes)
  const to = new Uint32Array(nodes)
  const boxes = new Float64Array(nodes * 4)
  const firstLeaf = 2 ** depth - 1
  to[0] = n
  let done = 0
  for (let node = 0; node < nodes; node++) {
    if (done >= pointsPerPart) {
      yield node / nodes
      done = 0
    }
    done += to[node]! - from[node]!
    const box = [Infinity, Infinity, -Infinity, -Infinity] as [number, number, number, number]
    for (let at = from[node]!; at < to[node]!; at++) {
      const i = order[at]!
      box[0] = Math.min(box[0], x[i]!)
      box[1] = Math.min(box[1], y[i]!)
      box[2] = Math.max(box[2], x[i]!)
      box[3] = Math.max(box[3], y[i]!)
    }
    boxes.set(box, node * 4)
    if (node >= firstLeaf) continue
    const along = box[2] - box[0] >= box[3] - box[1] ? x : y
    order.subarray(from[node], to[node]).sort((a, b) => along[a]! - along[b]!)
    const middle = (from[node]! + to[node]!) >> 1
    from[2 * node + 1] = from[node]!
    to[2 * node + 1] = middle
    from[2 * node + 2] = middle
    to[2 * node + 2] = to[node]!
  }
  return { order, from, to, boxes, isLeaf: (node) => node >= firstLeaf }
}

/** The square of the distance from a point to a node's box; Infinity for an empty one. */
export function boxSquare({ boxes }: BoxedTree, node: number, px: number, py: number): number {
  const dx = Math.max(boxes[node * 4]! - px, 0, px - boxes[node * 4 + 2]!)
  const dy = Math.max(boxes[node * 4 + 1]! - py, 0, py - boxes[node * 4 + 3]!)
  return dx * dx + dy * dy
}

/** Squares of the distance of each point to its k-th nearest, itself the first. */
export const nearestSquares = (
  tree: BoxedTree,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  k: number,
): Float64Array => finish(nearestSquaresInParts(tree, x, y, k))

/** Searches for so many points a part. */
export const searchesPerPart = 1024

/** As `nearestSquares`, with pauses. */
export function* nearestSquaresInParts(
  tree: BoxedTree,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  k: number,
): InParts<Float64Array> {
  const squares = new Float64Array(x.length)
  const best = new Float64Array(k)
  const search = (i: number): void => {
    best.fill(Infinity)
    const look = (node: number): void => {
      if (boxSquare(tree, node, x[i]!, y[i]!) >= best[k - 1]!) return
      if (!tree.isLeaf(node)) {
        const [a, b] = [2 * node + 1, 2 * node + 2]
        const isFirst = boxSquare(tree, a, x[i]!, y[i]!) <= boxSquare(tree, b, x[i]!, y[i]!)
        look(isFirst ? a : b)
        look(isFirst ? b : a)
        return
      }
      for (let at = tree.from[node]!; at < tree.to[node]!; at++) {
        const j = tree.order[at]!
        const square = (x[j]! - x[i]!) ** 2 + (y[j]! - y[i]!) ** 2
        let rank = k - 1
        if (square >= best[rank]!) continue
        for (; rank > 0 && best[rank - 1]! > square; rank--) best[rank] = best[rank - 1]!
        best[rank] = square
      }
    }
    look(0)
    squares[i] = best[k - 1]!
  }
  const searchAll = (from: number, to: number): void => {
    for (let i = from; i < to; i++) search(i)
  }
  yield* eachRange(x.length, searchAll, searchesPerPart)
  return squares
}
