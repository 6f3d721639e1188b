/**
 * Neighbours of each area, and how much each counts: one row for each area, stored one after the
 * other. Every builder (`contiguity.ts`, `nearest.ts`, `lattice.ts`) gives this form and every
 * statistic reads it.
 */
export interface Weights {
  /** Number of areas. */
  n: number
  /** Row i lies from starts[i] up to, not including, starts[i + 1]; n + 1 entries. */
  starts: Uint32Array
  /** Areas, ascending in each row. */
  neighbours: Uint32Array
  /** A weight for each entry of `neighbours`; null where each weighs 1. */
  weights: Float64Array | null
  /** Each row holds its own area too, as Gi* wants; else no row does. */
  self: boolean
}

/** Weights as a statistic reads them that adds the areas themselves; without `weights` each weighs 1. */
export type Rows = Pick<Weights, 'starts' | 'neighbours'> & Partial<Pick<Weights, 'weights'>>

/**
 * Binary weights from pairs of areas, each pair given once in either order and read both ways.
 * @throws RangeError at an area outside 0 to n − 1 or a pair of an area with itself
 */
export function weightsFromPairs(
  n: number,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): Weights {
  const starts = new Uint32Array(n + 1)
  for (let k = 0; k < first.length; k++) {
    const a = first[k]!
    const b = second[k]!
    if (!(a >= 0 && a < n && b >= 0 && b < n) || a === b)
      throw new RangeError(`no pair: ${a}, ${b}`)
    starts[a + 1]!++
    starts[b + 1]!++
  }
  for (let i = 0; i < n; i++) starts[i + 1]! += starts[i]!
  const next = starts.slice(0, n)
  const neighbours = new Uint32Array(2 * first.length)
  for (let k = 0; k < first.length; k++) {
    neighbours[next[first[k]!]!++] = second[k]!
    neighbours[next[second[k]!]!++] = first[k]!
  }
  // A symmetric matrix is its own transpose, whose rows are ascending.
  return transposed({ n, starts, neighbours, weights: null, self: false })
}

/** The weights read from the neighbour's side; rows are ascending. */
export function transposed(weights: Weights): Weights {
  const { n, neighbours } = weights
  const starts = new Uint32Array(n + 1)
  for (let e = 0; e < neighbours.length; e++) starts[neighbours[e]! + 1]!++
  for (let i = 0; i < n; i++) starts[i + 1]! += starts[i]!
  const next = starts.slice(0, n)
  const turned = new Uint32Array(neighbours.length)
  const values = weights.weights && new Float64Array(neighbours.length)
  for (let i = 0; i < n; i++) {
    for (let e = weights.starts[i]!; e < weights.starts[i + 1]!; e++) {
      const place = next[neighbours[e]!]!++
      turned[place] = i
      if (values) values[place] = weights.weights![e]!
    }
  }
  return { n, starts, neighbours: turned, weights: values, self: weights.self }
}

/** Each area weighs for its neighbour as much as the neighbour for it. */
export function isSymmetric(weights: Weights): boolean {
  const other = transposed(weights)
  return (
    weights.starts.every((start, i) => start === other.starts[i]) &&
    weights.neighbours.every((area, e) => area === other.neighbours[e]) &&
    (!weights.weights || weights.weights.every((weight, e) => weight === other.weights![e]))
  )
}

/**
 * Adds each area to its own row, with weight 1.
 * @throws RangeError where rows are weighted already: a share of 1 would then no longer be one
 */
export function withSelf(weights: Weights): Weights {
  if (weights.self) return weights
  if (weights.weights) throw new RangeError('add the areas themselves before weighting the rows')
  const { n } = weights
  const starts = new Uint32Array(n + 1)
  const neighbours = new Uint32Array(weights.neighbours.length + n)
  let place = 0
  for (let i = 0; i < n; i++) {
    let waits = true
    for (let e = weights.starts[i]!; e < weights.starts[i + 1]!; e++) {
      const area = weights.neighbours[e]!
      if (waits && area > i) {
        neighbours[place++] = i
        waits = false
      }
      neighbours[place++] = area
    }
    if (waits) neighbours[place++] = i
    starts[i + 1] = place
  }
  return { n, starts, neighbours, weights: null, self: true }
}

/** Takes each area out of its own row. */
export function withoutSelf(weights: Weights): Weights {
  if (!weights.self) return weights
  const { n, neighbours } = weights
  const starts = new Uint32Array(n + 1)
  const others = new Uint32Array(neighbours.length - n)
  const values = weights.weights && new Float64Array(others.length)
  let place = 0
  for (let i = 0; i < n; i++) {
    for (let e = weights.starts[i]!; e < weights.starts[i + 1]!; e++) {
      if (neighbours[e] === i) continue
      if (values) values[place] = weights.weights![e]!
      others[place++] = neighbours[e]!
    }
    starts[i + 1] = place
  }
  return { n, starts, neighbours: others, weights: values, self: false }
}

/** Divides each row by its sum, so that a row is a mean: spdep's style W. Empty rows stay empty. */
export function rowStandardised(weights: Weights): Weights {
  const values = new Float64Array(weights.neighbours.length)
  for (let i = 0; i < weights.n; i++) {
    const end = weights.starts[i + 1]!
    let sum = 0
    for (let e = weights.starts[i]!; e < end; e++) sum += weights.weights ? weights.weights[e]! : 1
    for (let e = weights.starts[i]!; e < end; e++) {
      values[e] = (weights.weights ? weights.weights[e]! : 1) / sum
    }
  }
  return { ...weights, weights: values }
}

/** Areas without a neighbour, ascending; their own entry does not count. */
export function islands(weights: Weights): Uint32Array<ArrayBuffer> {
  const own = weights.self ? 1 : 0
  const found: number[] = []
  for (let i = 0; i < weights.n; i++) {
    if (weights.starts[i + 1]! - weights.starts[i]! <= own) found.push(i)
  }
  return Uint32Array.from(found)
}

/**
 * The weights among the areas marked in `keep` (1), numbered anew in their order. Row-standardise
 * afterwards, not before: a row that lost neighbours no longer sums to 1.
 */
export function subset(weights: Weights, keep: ArrayLike<number>): Weights {
  if (keep.length !== weights.n) throw new RangeError(`${weights.n} areas, ${keep.length} marks`)
  const number = new Int32Array(weights.n).fill(-1)
  let n = 0
  for (let i = 0; i < weights.n; i++) if (keep[i]) number[i] = n++
  const starts = new Uint32Array(n + 1)
  const neighbours = new Uint32Array(weights.neighbours.length)
  const values = weights.weights && new Float64Array(weights.neighbours.length)
  let place = 0
  for (let i = 0; i < weights.n; i++) {
    if (number[i]! < 0) continue
    for (let e = weights.starts[i]!; e < weights.starts[i + 1]!; e++) {
      const area = number[weights.neighbours[e]!]!
      if (area < 0) continue
      if (values) values[place] = weights.weights![e]!
      neighbours[place++] = area
    }
    starts[number[i]! + 1] = place
  }
  return {
    n,
    starts,
    neighbours: neighbours.slice(0, place),
    weights: values && values.slice(0, place),
    self: weights.self,
  }
}

/** @throws RangeError where there is not one value for each area */
export function assertFits(weights: Weights, values: ArrayLike<number>): void {
  if (weights.n !== values.length || weights.starts.length !== weights.n + 1) {
    throw new RangeError(`${values.length} values for weights of ${weights.n} areas`)
  }
}
