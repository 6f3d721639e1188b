import { finish, within, type InParts } from './in-parts.ts'
import { assertPoints } from './point-grid.ts'
import { reachabilityTree, type SpanningTree } from './reachability-tree.ts'
import { UnionFind } from './union-find.ts'

export interface HierarchicalClusters {
  /** By point: 0 … count − 1, −1 for noise. */
  labels: Int32Array
  count: number
  /** By cluster: Σ (λ of the point's leaving − λ of the cluster's birth), with λ = 1/metres. */
  stabilities: Float64Array
}

export interface HdbscanOptions {
  /** Points that make a cluster. */
  minSize: number
  /** Neighbours that make a place dense, the point itself among them. Default `minSize`. */
  minPoints?: number
  /** Distances below are the same: positions are no better, and equal points would weigh infinitely. Default 0.01. */
  resolutionMetres?: number
}

/**
 * HDBSCAN: clusters of any density, without a radius. The spanning tree of mutual reachability is cut from
 * its longest edge on; a branch under `minSize` points is noise that leaves. Of all branches those with
 * the largest stability that do not contain each other are the clusters (excess of mass). The root,
 * all points at once, is none. Edges of equal length are cut in the order of the points, which can change
 * clusters of a handful of points.
 *
 * Sources: R. J. G. B. Campello, D. Moulavi and J. Sander, PAKDD 2013; L. McInnes and J. Healy, ICDM
 * Workshops 2017.
 * @param x,y metres, in a plane
 * @throws RangeError when a point has no place or an option is out of range
 */
export const hdbscan = (
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  options: HdbscanOptions,
): HierarchicalClusters => finish(hdbscanInParts(x, y, options))

/** As `hdbscan`, with pauses. */
export function* hdbscanInParts(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { minSize, minPoints = minSize, resolutionMetres = 0.01 }: HdbscanOptions,
): InParts<HierarchicalClusters> {
  assertPoints(x, y)
  if (!(Number.isInteger(minSize) && minSize >= 2))
    throw new RangeError(`a cluster needs 2 points or more, not ${minSize}`)
  if (!(Number.isInteger(minPoints) && minPoints >= 1))
    throw new RangeError(`density needs a whole number of points, not ${minPoints}`)
  if (!(resolutionMetres > 0)) throw new RangeError(`no resolution: ${resolutionMetres}`)
  const n = x.length
  if (n < Math.max(minSize, minPoints))
    return { labels: new Int32Array(n).fill(-1), count: 0, stabilities: new Float64Array(0) }
  const tree = yield* within(reachabilityTree(x, y, minPoints), 0, 0.95)
  yield 0.95
  const merges = dendrogram(tree, n, resolutionMetres)
  const condensed = condense(merges, n, minSize)
  const chosen = mostStable(condensed)
  const labels = condensed.clusterOf.map((cluster) => chosen.labels[cluster]!)
  return { labels, count: chosen.stabilities.length, stabilities: chosen.stabilities }
}

/** Node n + m joins `left[m]` and `right[m]`, which are points below n or nodes. */
interface Merges {
  left: Uint32Array
  right: Uint32Array
  sizes: Uint32Array
  lambdas: Float64Array
}

function dendrogram({ from, to, lengths }: SpanningTree, n: number, resolution: number): Merges {
  const sets = new UnionFind(n)
  const nodeOf = Uint32Array.from({ length: n }, (_, i) => i)
  const merges: Merges = {
    left: new Uint32Array(n - 1),
    right: new Uint32Array(n - 1),
    sizes: new Uint32Array(n - 1),
    lambdas: lengths.map((length) => 1 / Math.max(length, resolution)),
  }
  const sizeOf = (node: number) => (node < n ? 1 : merges.sizes[node - n]!)
  for (let m = 0; m < n - 1; m++) {
    const [a, b] = [nodeOf[sets.find(from[m]!)]!, nodeOf[sets.find(to[m]!)]!]
    merges.left[m] = a
    merges.right[m] = b
    merges.sizes[m] = sizeOf(a) + sizeOf(b)
    sets.join(from[m]!, to[m]!)
    nodeOf[sets.find(from[m]!)] = n + m
  }
  return merges
}

interface Condensed {
  /** By cluster; 0 is the root, parents come before children. */
  parents: number[]
  stabilities: number[]
  /** By point: the smallest cluster that held it. */
  clusterOf: Int32Array
}

function condense({ left, right, sizes, lambdas }: Merges, n: number, minSize: number): Condensed {
  const parents = [-1]
  const births = [0]
  const stabilities = [0]
  const clusterOf = new Int32Array(n)
  const sizeOf = (node: number) => (node < n ? 1 : sizes[node - n]!)
  const clusterAt = new Int32Array(n - 1).fill(-1)
  clusterAt[n - 2] = 0
  // From the last join down: a parent is seen before its children.
  for (let m = n - 2; m >= 0; m--) {
    const cluster = clusterAt[m]!
    if (cluster < 0) continue
    const lambda = lambdas[m]!
    const sides = [left[m]!, right[m]!]
    const isSplit = sides.every((node) => sizeOf(node) >= minSize)
    for (const node of sides) {
      if (!isSplit && sizeOf(node) >= minSize) {
        clusterAt[node - n] = cluster
        continue
      }
      stabilities[cluster]! += sizeOf(node) * (lambda - births[cluster]!)
      if (isSplit) {
        clusterAt[node - n] = parents.length
        parents.push(cluster)
        births.push(lambda)
        stabilities.push(0)
      } else leave(node, cluster)
    }
  }
  function leave(top: number, cluster: number): void {
    const rest = [top]
    for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
      if (node < n) clusterOf[node] = cluster
      else rest.push(left[node - n]!, right[node - n]!)
    }
  }
  return { parents, stabilities, clusterOf }
}

/** Labels by cluster of the condensed tree, −1 for noise. */
function mostStable({ parents, stabilities }: Condensed): {
  labels: Int32Array
  stabilities: Float64Array
} {
  const children = new Float64Array(parents.length)
  const isChosen = new Uint8Array(parents.length)
  for (let cluster = parents.length - 1; cluster > 0; cluster--) {
    isChosen[cluster] = stabilities[cluster]! >= children[cluster]! ? 1 : 0
    children[parents[cluster]!]! += Math.max(stabilities[cluster]!, children[cluster]!)
  }
  const labels = new Int32Array(parents.length).fill(-1)
  const found: number[] = []
  for (let cluster = 1; cluster < parents.length; cluster++) {
    const above = labels[parents[cluster]!]!
    if (above >= 0) labels[cluster] = above
    else if (isChosen[cluster]) labels[cluster] = found.push(stabilities[cluster]!) - 1
  }
  return { labels, stabilities: Float64Array.from(found) }
}
