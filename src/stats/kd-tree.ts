/**
 * Points in a tree that halves them by x and y in turn: near ones are found without looking at all.
 * Far outliers and many points at one place do not slow it down, as they would a grid.
 *
 * Sources: J. L. Bentley, Communications of the ACM 18 (1975); the flat layout and the selection
 * (R. W. Floyd and R. L. Rivest, 1975) as in kdbush by V. Agafonkin (ISC).
 */
export interface KdTree {
  /** The points' numbers in the order of the tree. */
  ids: Uint32Array
  /** x, y, x, y, … in the order of the tree. */
  coordinates: Float64Array
}

/** Points in a leaf, which is searched one by one. */
export const leafSize = 12

/**
 * @param x metres
 * @param y metres
 * @throws RangeError at a coordinate that is not finite, or unequal lengths
 */
export function kdTree(x: ArrayLike<number>, y: ArrayLike<number>): KdTree {
  if (x.length !== y.length) throw new RangeError(`${x.length} x, ${y.length} y`)
  const ids = new Uint32Array(x.length)
  const coordinates = new Float64Array(2 * x.length)
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i]!) || !Number.isFinite(y[i]!)) {
      throw new RangeError(`point ${i} lies nowhere: ${x[i]}, ${y[i]}`)
    }
    ids[i] = i
    coordinates[2 * i] = x[i]!
    coordinates[2 * i + 1] = y[i]!
  }
  const tree = { ids, coordinates }
  sort(tree, 0, ids.length - 1, 0)
  return tree
}

function sort(tree: KdTree, left: number, right: number, axis: 0 | 1): void {
  if (right - left <= leafSize) return
  const middle = (left + right) >> 1
  select(tree, middle, left, right, axis)
  sort(tree, left, middle - 1, axis === 0 ? 1 : 0)
  sort(tree, middle + 1, right, axis === 0 ? 1 : 0)
}

/** Puts the k-th by `axis` in its place, smaller ones before it, larger ones behind. */
function select(tree: KdTree, k: number, from: number, to: number, axis: 0 | 1): void {
  const { coordinates } = tree
  let left = from
  let right = to
  while (right > left) {
    if (right - left > 600) {
      const n = right - left + 1
      const rank = k - left + 1
      const log = Math.log(n)
      const sample = 0.5 * Math.exp((2 * log) / 3)
      const spread =
        0.5 * Math.sqrt((log * sample * (n - sample)) / n) * (rank - n / 2 < 0 ? -1 : 1)
      const low = Math.max(left, Math.floor(k - (rank * sample) / n + spread))
      const high = Math.min(right, Math.floor(k + ((n - rank) * sample) / n + spread))
      select(tree, k, low, high, axis)
    }
    const pivot = coordinates[2 * k + axis]!
    let i = left
    let j = right
    swap(tree, left, k)
    if (coordinates[2 * right + axis]! > pivot) swap(tree, left, right)
    while (i < j) {
      swap(tree, i++, j--)
      while (coordinates[2 * i + axis]! < pivot) i++
      while (coordinates[2 * j + axis]! > pivot) j--
    }
    if (coordinates[2 * left + axis] === pivot) swap(tree, left, j)
    else swap(tree, ++j, right)
    if (j <= k) left = j + 1
    if (k <= j) right = j - 1
  }
}

function swap({ ids, coordinates }: KdTree, a: number, b: number): void {
  const id = ids[a]!
  ids[a] = ids[b]!
  ids[b] = id
  for (let axis = 0; axis < 2; axis++) {
    const value = coordinates[2 * a + axis]!
    coordinates[2 * a + axis] = coordinates[2 * b + axis]!
    coordinates[2 * b + axis] = value
  }
}
