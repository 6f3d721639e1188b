import { centred } from './centred.ts'
import { finish, type InParts } from './in-parts.ts'
import { seededRandom, type Random } from './random.ts'
import { assertFits, type Weights } from './weights.ts'

export interface PermutationTest {
  /** Two-sided p-value; 1 where not `known`. */
  p: Float64Array
  /** 1 where there is a result, 0 where none can be had. */
  known: Uint8Array
}

/**
 * Areas that share one set of draws. One set for all areas, as others use, lets its luck move all
 * p-values together: the false alarms of a whole map then vary from 4.3 to 5.7 %.
 */
const areasPerTable = 64

/**
 * Conditional permutation: how often is the sum of values drawn from the other areas as extreme as
 * that of the area's row? It needs no normal distribution, so it holds for few and skewed values.
 * The answer is one for three statistics, which rank the draws alike: Gi and local Moran's I for
 * rows without the area itself, Gi* for rows with it (as in spdep its own place is drawn too).
 *
 * p = 2 · (min(above, below) + ½ equal + 1)/(permutations + 1), at most 1: two-sided by definition.
 * PySAL and GeoDa give the half of it. Draws are without replacement (spdep's are with, which
 * widens the spread where the areas are few).
 *
 * No result: no neighbours, all others equal, a row of all others.
 *
 * Sources: L. Anselin, Geographical Analysis 27 (1995); draws by R. A. Fisher and F. Yates, stopped
 * after the longest row.
 * @param options the same seed gives the same answer
 * @throws RangeError at values that are not finite or do not fit, and permutations outside 19 to 1e6
 */
export const conditionalPermutation = (
  values: ArrayLike<number>,
  weights: Weights,
  options: PermutationOptions = {},
): PermutationTest => finish(conditionalPermutationInParts(values, weights, options))

export interface PermutationOptions {
  /** Default 999. */
  permutations?: number
  /** Default 1. */
  seed?: number
}

/** Draws so many values a part, and compares as many sums. */
const drawsPerPart = 262_144

/** As `conditionalPermutation`, with pauses. */
export function* conditionalPermutationInParts(
  values: ArrayLike<number>,
  weights: Weights,
  { permutations = 999, seed = 1 }: PermutationOptions = {},
): InParts<PermutationTest> {
  assertFits(weights, values)
  if (!(Number.isInteger(permutations) && permutations >= 19 && permutations <= 1e6)) {
    throw new RangeError(`no number of permutations: ${permutations}`)
  }
  const { deviations, maxAbsolute, allEqual, odd } = centred(values)
  const n = weights.n
  const p = new Float64Array(n).fill(1)
  const known = new Uint8Array(n)
  let width = 0
  for (let i = 0; i < n; i++) {
    const length = weights.starts[i + 1]! - weights.starts[i]!
    if (length === 0 || length >= n - 1 || i === odd || allEqual) continue
    known[i] = 1
    width = Math.max(width, length)
  }
  if (width === 0) return { p, known }

  const random = seededRandom(seed)
  const pool = Uint32Array.from({ length: n - 1 }, (_, slot) => slot)
  const table = new Uint32Array(permutations * width)
  const sums = new Sums(table, permutations, width, deviations)
  let done = 0
  const rowsPerPart = Math.ceil(drawsPerPart / width)
  for (let i = 0; i < n; i++) {
    if (i % areasPerTable === 0) {
      for (let r = 0; r < permutations; r += rowsPerPart) {
        yield i / n
        drawRows(random, pool, table, width, r, Math.min(permutations, r + rowsPerPart))
      }
      sums.begin(i)
    }
    if (done >= drawsPerPart) {
      yield i / n
      done = 0
    }
    if (known[i]) {
      done += permutations
      p[i] = twoSidedP(sums.ofRow(weights, i, maxAbsolute))
    }
    sums.leave(i)
  }
  return { p, known }
}

function twoSidedP({ own, drawn, tolerance }: Row): number {
  const permutations = drawn.length
  let above = 0
  let below = 0
  for (let r = 0; r < permutations; r++) {
    const excess = drawn[r]! - own
    if (excess > tolerance) above++
    else if (excess < -tolerance) below++
  }
  const equal = permutations - above - below
  return Math.min(1, (2 * (Math.min(above, below) + equal / 2 + 1)) / (permutations + 1))
}

/** An area's own sum and those of all draws; smaller differences are rounding. */
interface Row {
  own: number
  drawn: Float64Array
  tolerance: number
}

/** Draws rows `from … to` of a table. */
function drawRows(
  random: Random,
  pool: Uint32Array,
  table: Uint32Array,
  width: number,
  from: number,
  to: number,
): void {
  for (let r = from; r < to; r++) drawDistinct(random, pool, width, table, r * width)
}

/** Draws `count` different entries of `pool`, whose order this changes, into `into` from `at`. */
export function drawDistinct(
  random: Random,
  pool: Uint32Array,
  count: number,
  into: Uint32Array,
  at = 0,
): void {
  for (let k = 0; k < count; k++) {
    const other = k + random.below(pool.length - k)
    const drawn = pool[other]!
    pool[other] = pool[k]!
    pool[k] = drawn
    into[at + k] = drawn
  }
}

/**
 * Sums of the drawn values by row length. A draw names slots of the values without the present
 * area's; the next area's differ in one slot alone, so only draws of that slot are summed anew.
 */
class Sums {
  private readonly others: Float64Array
  /** By row length; filled when first asked for in a table. */
  private readonly byLength: (Float64Array | undefined)[]
  private readonly fresh: Uint8Array
  /** Draws in which each of the table's first slots stands. */
  private readonly drawsOf: number[][] = Array.from({ length: areasPerTable }, () => [])
  private readonly weighted: Float64Array
  private first = 0
  private readonly table: Uint32Array
  private readonly permutations: number
  private readonly width: number
  private readonly values: Float64Array

  constructor(table: Uint32Array, permutations: number, width: number, values: Float64Array) {
    this.table = table
    this.permutations = permutations
    this.width = width
    this.values = values
    this.others = values.slice(1)
    this.byLength = Array.from({ length: width + 1 })
    this.fresh = new Uint8Array(width + 1)
    this.weighted = new Float64Array(permutations)
  }

  /** A new table is drawn, and area `first` is left out. */
  begin(first: number): void {
    this.first = first
    this.fresh.fill(0)
    for (const draws of this.drawsOf) draws.length = 0
    const { table, width } = this
    for (let e = 0; e < table.length; e++) {
      const slot = table[e]! - first
      if (slot >= 0 && slot < areasPerTable) this.drawsOf[slot]!.push((e - (e % width)) / width)
    }
  }

  /** The next area is left out instead of area i. */
  leave(i: number): void {
    if (i >= this.others.length) return
    this.others[i] = this.values[i]!
    for (const draw of this.drawsOf[i - this.first]!) this.sumDraw(draw)
  }

  private sumDraw(draw: number): void {
    const { others, table, fresh } = this
    let sum = 0
    let e = draw * this.width
    for (let length = 1; length <= this.width; length++, e++) {
      sum += others[table[e]!]!
      if (fresh[length]) this.byLength[length]![draw] = sum
    }
  }

  ofRow({ starts, neighbours, weights }: Weights, i: number, maxAbsolute: number): Row {
    const start = starts[i]!
    const length = starts[i + 1]! - start
    let own = 0
    if (!weights || isUniform(weights, start, length)) {
      for (let k = 0; k < length; k++) own += this.values[neighbours[start + k]!]!
      return { own, drawn: this.ofLength(length), tolerance: 1e-13 * length * maxAbsolute }
    }
    let size = 0
    for (let k = 0; k < length; k++) {
      own += weights[start + k]! * this.values[neighbours[start + k]!]!
      size += Math.abs(weights[start + k]!)
    }
    const { weighted, others, table, width } = this
    for (let r = 0; r < this.permutations; r++) {
      let sum = 0
      for (let k = 0; k < length; k++) sum += weights[start + k]! * others[table[r * width + k]!]!
      weighted[r] = sum
    }
    return { own, drawn: weighted, tolerance: 1e-13 * size * maxAbsolute }
  }

  private ofLength(length: number): Float64Array {
    const sums = (this.byLength[length] ??= new Float64Array(this.permutations))
    if (this.fresh[length]) return sums
    this.fresh[length] = 1
    const { others, table, width } = this
    for (let r = 0; r < this.permutations; r++) {
      let sum = 0
      for (let k = 0; k < length; k++) sum += others[table[r * width + k]!]!
      sums[r] = sum
    }
    return sums
  }
}

/** Equal weights change no rank: the plain sums answer. A row-standardised binary row is one. */
function isUniform(weights: Float64Array, start: number, length: number): boolean {
  for (let k = 1; k < length; k++) if (weights[start + k] !== weights[start]) return false
  return weights[start]! > 0
}
