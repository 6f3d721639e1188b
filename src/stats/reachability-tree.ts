import {
  boxSquare,
  boxedTreeInParts,
  nearestSquaresInParts,
  searchesPerPart,
} from './boxed-tree.ts'
import { within, type InParts } from './in-parts.ts'
import { UnionFind } from './union-find.ts'

export interface SpanningTree {
  /** n − 1 edges, shortest first. */
  from: Uint32Array
  to: Uint32Array
  lengths: Float64Array
}

/**
 * The minimum spanning tree of mutual reachability max(core(a), core(b), |a − b|), where core is the
 * distance to the `minPoints`-th nearest point, the point itself the first. Borůvka's rounds over a k-d tree.
 *
 * Source: R. J. G. B. Campello, D. Moulavi and J. Sander, PAKDD 2013.
 */
export function* reachabilityTree(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  minPoints: number,
): InParts<SpanningTree> {
  const n = x.length
  const tree = yield* within(boxedTreeInParts(x, y), 0, 0.1)
  const cores = yield* within(nearestSquaresInParts(tree, x, y, minPoints), 0.1, 0.3)
  const nodes = tree.from.length
  const lowestCore = new Float64Array(nodes).fill(Infinity)
  for (let node = 0; node < nodes; node++)
    for (let at = tree.from[node]!; at < tree.to[node]!; at++)
      lowestCore[node] = Math.min(lowestCore[node]!, cores[tree.order[at]!]!)
  const sets = new UnionFind(n)
  const setOf = new Int32Array(n)
  // The set that all points of a node are in, −1 where there are several.
  const nodeSet = new Int32Array(nodes)
  const bestTo = new Int32Array(n)
  const bestFrom = new Int32Array(n)
  const bestSquare = new Float64Array(n)
  const edges: { from: number; to: number; square: number }[] = []
  while (edges.length < n - 1) {
    for (let i = 0; i < n; i++) setOf[i] = sets.find(i)
    for (let node = nodes - 1; node >= 0; node--) {
      if (tree.isLeaf(node)) {
        const points = tree.order.subarray(tree.from[node], tree.to[node])
        const first = points.length > 0 ? setOf[points[0]!]! : -1
        nodeSet[node] = points.every((i) => setOf[i] === first) ? first : -1
      } else {
        const [a, b] = [nodeSet[2 * node + 1]!, nodeSet[2 * node + 2]!]
        nodeSet[node] = a === b ? a : -1
      }
    }
    bestSquare.fill(Infinity)
    const search = (i: number): void => {
      const own = setOf[i]!
      const look = (node: number, boxAt: number): void => {
        const bound = Math.max(boxAt, cores[i]!, lowestCore[node]!)
        if (nodeSet[node] === own || bound >= bestSquare[own]!) return
        if (!tree.isLeaf(node)) {
          const [a, b] = [2 * node + 1, 2 * node + 2]
          const [atA, atB] = [boxSquare(tree, a, x[i]!, y[i]!), boxSquare(tree, b, x[i]!, y[i]!)]
          look(atA <= atB ? a : b, Math.min(atA, atB))
          look(atA <= atB ? b : a, Math.max(atA, atB))
          return
        }
        for (let at = tree.from[node]!; at < tree.to[node]!; at++) {
          const j = tree.order[at]!
          if (setOf[j] === own) continue
          const apart = (x[j]! - x[i]!) ** 2 + (y[j]! - y[i]!) ** 2
          const square = Math.max(apart, cores[i]!, cores[j]!)
          if (square >= bestSquare[own]!) continue
          bestSquare[own] = square
          bestFrom[own] = i
          bestTo[own] = j
        }
      }
      look(0, 0)
    }
    for (let i = 0; i < n; i++) {
      // A round at least halves the sets that are left.
      if (i % searchesPerPart === 0) yield 0.3 + 0.7 * (edges.length / n)
      search(i)
    }
    // Joins that would close a ring of equal lengths are refused by the sets.
    for (let set = 0; set < n; set++) {
      if (bestSquare[set] === Infinity || !sets.join(bestFrom[set]!, bestTo[set]!)) continue
      edges.push({ from: bestFrom[set]!, to: bestTo[set]!, square: bestSquare[set]! })
    }
  }
  edges.sort((a, b) => a.square - b.square)
  return {
    from: Uint32Array.from(edges, (edge) => edge.from),
    to: Uint32Array.from(edges, (edge) => edge.to),
    lengths: Float64Array.from(edges, (edge) => Math.sqrt(edge.square)),
  }
}
