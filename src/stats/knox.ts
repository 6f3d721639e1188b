import { finish, type InParts } from './in-parts.ts'
import { assertPoints, pointGrid } from './point-grid.ts'
import { shuffle } from './random.ts'

export interface KnoxOptions {
  /** Upper ends of the distance bands in metres, ascending, included. A first 0 is "the same place". */
  distances: ArrayLike<number>
  /** Upper ends of the time bands, ascending, included, in the unit of `times`. */
  delays: ArrayLike<number>
  /** Default 999. */
  permutations?: number
  random: () => number
  /** Pairs within the last distance that are held in memory. Default 20 million: 180 MB. */
  maxPairs?: number
}

export interface Knox {
  /** All by distance band × delays + time band. Pairs of incidents seen. */
  observed: Float64Array
  /** Mean over all permutations of the times: pairs in the distance band × pairs in the time band ÷ all pairs. */
  expected: Float64Array
  /** Observed ÷ expected; 1 where nothing is expected. */
  ratios: Float64Array
  /** Share of permutations, the data among them, with at least as many pairs. */
  p: Float64Array
  /** Pairs within the last distance. */
  pairs: number
}

/**
 * The Knox test of near repeats: are incidents that are close in space also close in time? Pairs are
 * counted by bands of distance and delay; times are shuffled among the incidents for p.
 *
 * Sources: E. G. Knox, Applied Statistics 13 (1964); S. D. Johnson et al., Journal of Quantitative
 * Criminology 23 (2007).
 * @param x,y metres by incident
 * @param times by incident, for example days
 * @throws RangeError when a place or time is missing, bands do not ascend, or too many pairs are close
 */
export const knox = (
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  times: ArrayLike<number>,
  options: KnoxOptions,
): Knox => finish(knoxInParts(x, y, times, options))

/** As `knox`, with pauses: one for each permutation. */
export function* knoxInParts(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  times: ArrayLike<number>,
  options: KnoxOptions,
): InParts<Knox> {
  const { distances, delays, permutations = 999, random, maxPairs = 20_000_000 } = options
  assertPoints(x, y)
  if (times.length !== x.length)
    throw new RangeError(`${x.length} places and ${times.length} times`)
  const shuffled = Float64Array.from(times)
  const missing = shuffled.findIndex((time) => !Number.isFinite(time))
  if (missing >= 0) throw new RangeError(`incident ${missing} has no time`)
  assertBands(distances, 'distance')
  assertBands(delays, 'time')
  if (!(Number.isInteger(permutations) && permutations >= 1))
    throw new RangeError(`no permutations: ${permutations}`)
  const close = closePairs(x, y, distances, maxPairs)
  const observed = countByDelay(close, shuffled, distances.length, delays)
  const expected = expectedPairs(close, shuffled, distances.length, delays)
  const exceeded = new Uint32Array(observed.length)
  for (let run = 0; run < permutations; run++) {
    yield run / permutations
    shuffle(shuffled, random)
    const counts = countByDelay(close, shuffled, distances.length, delays)
    for (let at = 0; at < counts.length; at++) if (counts[at]! >= observed[at]!) exceeded[at]!++
  }
  return {
    observed,
    expected,
    ratios: observed.map((pairs, at) => (expected[at]! > 0 ? pairs / expected[at]! : 1)),
    p: Float64Array.from(exceeded, (times) => (times + 1) / (permutations + 1)),
    pairs: close.first.length,
  }
}

interface ClosePairs {
  first: Uint32Array
  second: Uint32Array
  band: Uint8Array
}

function closePairs(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  distances: ArrayLike<number>,
  maxPairs: number,
): ClosePairs {
  const reach = distances[distances.length - 1]!
  // With "the same place" alone any cell will do: a metre.
  const grid = pointGrid(x, y, reach || 1)
  const squares = Array.from(distances, (distance) => distance * distance)
  const { starts, points } = grid
  const walk = (visit: (i: number, j: number, square: number) => void) => {
    for (let cell = 0; cell < grid.columns.length; cell++)
      for (let around = 0; around < 9; around++) {
        const other = grid.find(
          grid.columns[cell]! + (around % 3) - 1,
          grid.rows[cell]! + Math.floor(around / 3) - 1,
        )
        // Each pair of cells once.
        if (other < cell) continue
        for (let at = starts[cell]!; at < starts[cell + 1]!; at++) {
          const i = points[at]!
          const from = other === cell ? at + 1 : starts[other]!
          for (let to = from; to < starts[other + 1]!; to++) {
            const j = points[to]!
            const square = (x[i]! - x[j]!) ** 2 + (y[i]! - y[j]!) ** 2
            if (square <= squares.at(-1)!) visit(i, j, square)
          }
        }
      }
  }
  let size = 0
  walk(() => {
    if (++size > maxPairs)
      throw new RangeError(
        `more than ${maxPairs} pairs lie within ${reach} metres: narrow the bands or the filter`,
      )
  })
  const pairs = {
    first: new Uint32Array(size),
    second: new Uint32Array(size),
    band: new Uint8Array(size),
  }
  size = 0
  walk((i, j, square) => {
    pairs.first[size] = i
    pairs.second[size] = j
    pairs.band[size++] = squares.findIndex((limit) => square <= limit)
  })
  return pairs
}

function countByDelay(
  { first, second, band }: ClosePairs,
  times: Float64Array,
  bands: number,
  delays: ArrayLike<number>,
): Float64Array {
  const width = delays.length
  const counts = new Float64Array(bands * width)
  const longest = delays[width - 1]!
  for (let pair = 0; pair < first.length; pair++) {
    const delay = Math.abs(times[first[pair]!]! - times[second[pair]!]!)
    if (delay > longest) continue
    let at = 0
    while (delay > delays[at]!) at++
    counts[band[pair]! * width + at]!++
  }
  return counts
}

function expectedPairs(
  { band }: ClosePairs,
  times: Float64Array,
  bands: number,
  delays: ArrayLike<number>,
): Float64Array {
  const width = delays.length
  const byBand = new Float64Array(bands)
  for (const at of band) byBand[at]!++
  const sorted = times.slice().sort()
  const upTo = Float64Array.from(delays, (delay) => pairsWithin(sorted, delay))
  const all = (times.length * (times.length - 1)) / 2
  return Float64Array.from({ length: bands * width }, (_, at) => {
    const delay = at % width
    const inDelay = upTo[delay]! - (delay > 0 ? upTo[delay - 1]! : 0)
    return all > 0 ? (byBand[Math.floor(at / width)]! * inDelay) / all : 0
  })
}

/** Pairs of ascending times at most `delay` apart. */
function pairsWithin(sorted: Float64Array, delay: number): number {
  let pairs = 0
  let first = 0
  for (let i = 0; i < sorted.length; i++) {
    while (sorted[i]! - sorted[first]! > delay) first++
    pairs += i - first
  }
  return pairs
}

function assertBands(limits: ArrayLike<number>, name: string): void {
  if (limits.length < 1 || limits.length > 255)
    throw new RangeError(`${limits.length} ${name} bands`)
  for (let at = 0; at < limits.length; at++) {
    const before = at === 0 ? -1 : limits[at - 1]!
    if (!(limits[at]! >= 0 && limits[at]! > before && Number.isFinite(limits[at]!)))
      throw new RangeError(`the ${name} bands must ascend from 0, not to ${limits[at]}`)
  }
}
