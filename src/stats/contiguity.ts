import { containedAreas, type Contained } from './containment.ts'
import { linkExactEdges } from './exact-edges.ts'
import { LinkSet } from './link-set.ts'
import { linkNearEdges } from './near-edges.ts'
import { toMetres, type Polygons } from './polygons.ts'
import { islands, weightsFromPairs, type Weights } from './weights.ts'

export interface Contiguity {
  /** Binary, symmetric, without the areas themselves. */
  weights: Weights
  /** Areas without any neighbour. */
  islands: Uint32Array
  /** Areas inside another that has no hole for them; each counts as its neighbour. */
  contained: Contained[]
  /** Pairs whose borders do not agree point by point; the tolerance made them neighbours. */
  tolerated: number
}

/**
 * Finds areas that border on each other. Queen: boundaries meet at least in a point. Rook: they share an edge, or run
 * within the tolerance of each other along at least four times its length.
 *
 * Points and edges that are equal bit by bit are found by hashing; only edges left over, as at
 * slivers, gaps, and corners on another's edge, are compared by distance. Parts and holes of an area
 * count as its boundary. About O(points).
 * @param toleranceMetres how far apart two drawings of one border may lie; less than any real gap,
 *   as a street between areas that shall not be neighbours
 * @throws RangeError at a tolerance that is negative or not finite
 */
export function contiguity(
  polygons: Polygons,
  rule: 'queen' | 'rook',
  toleranceMetres = 1,
): Contiguity {
  if (!(toleranceMetres >= 0 && Number.isFinite(toleranceMetres))) {
    throw new RangeError(`no tolerance: ${toleranceMetres}`)
  }
  const n = polygons.areas.length - 1
  const links = new LinkSet(n)
  const minShared = rule === 'queen' ? 0 : Math.max(4 * toleranceMetres, Number.MIN_VALUE)
  const loose = linkExactEdges(polygons, links)
  const exact = links.pairs(minShared).first.length
  const metres = toMetres(polygons)
  linkNearEdges(loose, metres, toleranceMetres, minShared, links)
  const { first } = links.pairs(minShared)
  const tolerated = first.length - exact
  const contained = containedAreas(polygons, metres, groups(n, links))
  for (const { inner, outer } of contained) links.add(inner, outer, Infinity)
  const pairs = links.pairs(minShared)
  const weights = weightsFromPairs(n, pairs.first, pairs.second)
  return { weights, islands: islands(weights), contained, tolerated }
}

/** A number for each area, equal for those that touch each other directly or by others. */
function groups(n: number, links: LinkSet): Uint32Array {
  const parent = Uint32Array.from({ length: n }, (_, i) => i)
  const rootOf = (area: number): number => {
    let root = area
    while (parent[root] !== root) root = parent[root] = parent[parent[root]!]!
    return root
  }
  const { first, second } = links.pairs(0)
  for (let k = 0; k < first.length; k++) parent[rootOf(first[k]!)] = rootOf(second[k]!)
  return parent.map((_, area) => rootOf(area))
}
