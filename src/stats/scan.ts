import { finish, within, type InParts } from './in-parts.ts'
import { assertPoints } from './point-grid.ts'
import { shuffle } from './random.ts'

export interface ScanCases {
  /** Metres, by place. */
  x: ArrayLike<number>
  y: ArrayLike<number>
  /** By case: its place and its step, 0 the oldest. */
  places: ArrayLike<number>
  times: ArrayLike<number>
  steps: number
}

export interface ScanOptions {
  maxRadiusMetres: number
  /** Longest window. Default a quarter of the steps, at least one. */
  maxSteps?: number
  /** Windows that end with the last step find what goes on now, all windows also what is over. Default `last`. */
  ending?: 'last' | 'any'
  /** Cylinders with more than this share of all cases are left out. Default 0.5. */
  maxShare?: number
  /** Default 999. */
  permutations?: number
  random: () => number
}

export interface SpaceTimeCluster {
  centre: number
  /** Places within, nearest first. */
  places: number[]
  radiusMetres: number
  /** Both within. */
  firstStep: number
  lastStep: number
  observed: number
  expected: number
  /** Log of the likelihood ratio. */
  logRatio: number
  /** Share of permutations, the data among them, whose best cylinder is at least as good. */
  p: number
}

/**
 * The space-time permutation scan: circles around each place × windows of time, cases only. With cₛ and cₜ
 * cases in circle and window, μ = cₛcₜ/C are expected if times have nothing to do with places. The best
 * cylinder maximises c log(c/μ) + (C − c) log((C − c)/(C − μ)) where c > μ. Times are shuffled among
 * the cases for its p, which allows for all cylinders tried.
 *
 * Source: M. Kulldorff, R. Heffernan, J. Hartman, R. Assunção and F. Mostashari, PLoS Medicine 2 (2005).
 * @returns the best cylinder and those after it that share no place with a better one
 * @throws RangeError when a case has no place or step, or an option is out of range
 */
export const spaceTimeScan = (cases: ScanCases, options: ScanOptions): SpaceTimeCluster[] =>
  finish(spaceTimeScanInParts(cases, options))

/** As `spaceTimeScan`, with pauses: one for each permutation. */
export function* spaceTimeScanInParts(
  cases: ScanCases,
  options: ScanOptions,
): InParts<SpaceTimeCluster[]> {
  assertCases(cases, options)
  const { permutations = 999, random } = options
  const world = yield* within(prepare(cases, options), 0, 0.1)
  const times = Uint32Array.from(cases.times)
  const found = collect(world, count(world, cases.places, times))
  const exceeded = new Uint32Array(found.length)
  if (found.length > 0) {
    for (let run = 0; run < permutations; run++) {
      yield 0.1 + (0.9 * run) / permutations
      shuffle(times, random)
      const best = maxLogRatio(world, count(world, cases.places, times))
      // A hair for rounding: an equal cylinder counts.
      found.forEach((cluster, i) => best >= cluster.logRatio - 1e-9 && exceeded[i]!++)
    }
  }
  return found.map((cluster, i) => ({ ...cluster, p: (exceeded[i]! + 1) / (permutations + 1) }))
}

interface World {
  steps: number
  total: number
  /** Circles of place p: itself and `nearest[starts[p] … starts[p + 1])`, by distance. */
  starts: Uint32Array
  nearest: Uint32Array
  distances: Float64Array
  /** Window w covers steps `from[w] … to[w] − 1`. */
  from: Uint16Array
  to: Uint16Array
  /** By circle × windows + window; Infinity where the cylinder is left out. */
  expected: Float64Array
  /** log i, with log 0 as 0: 0 log 0 is 0. */
  logs: Float64Array
}

/** Looks around so many places a part. */
const placesPerPart = 32

function* prepare(cases: ScanCases, options: ScanOptions): InParts<World> {
  const { x, y, steps } = cases
  const { maxRadiusMetres, maxShare = 0.5, ending = 'last' } = options
  const maxSteps = options.maxSteps ?? Math.max(1, Math.floor(steps / 4))
  const total = cases.places.length
  const starts = new Uint32Array(x.length + 1)
  const nearest: number[] = []
  const distances: number[] = []
  for (let place = 0; place < x.length; place++) {
    if (place % placesPerPart === 0) yield place / x.length
    const around: { other: number; distance: number }[] = []
    for (let other = 0; other < x.length; other++) {
      const distance = Math.hypot(x[other]! - x[place]!, y[other]! - y[place]!)
      if (distance <= maxRadiusMetres) around.push({ other, distance })
    }
    // The centre first, also where another place has the same point.
    const rank = (other: number) => (other === place ? -1 : other)
    around.sort((a, b) => a.distance - b.distance || rank(a.other) - rank(b.other))
    for (const { other, distance } of around) {
      nearest.push(other)
      distances.push(distance)
    }
    starts[place + 1] = nearest.length
  }
  const from: number[] = []
  const to: number[] = []
  for (let end = ending === 'last' ? steps : 1; end <= steps; end++)
    for (let start = end - 1; start >= Math.max(0, end - maxSteps); start--) {
      from.push(start)
      to.push(end)
    }
  const byPlace = new Float64Array(x.length)
  const byStep = new Float64Array(steps)
  for (let i = 0; i < total; i++) {
    byPlace[cases.places[i]!]!++
    byStep[cases.times[i]!]!++
  }
  const inWindow = from.map((start, w) => byStep.subarray(start, to[w]).reduce((a, b) => a + b, 0))
  const expected = new Float64Array(nearest.length * from.length)
  for (let place = 0; place < x.length; place++) {
    let inCircle = 0
    for (let at = starts[place]!; at < starts[place + 1]!; at++) {
      inCircle += byPlace[nearest[at]!]!
      for (let w = 0; w < from.length; w++) {
        const mean = (inCircle * inWindow[w]!) / total
        expected[at * from.length + w] = mean <= maxShare * total && mean > 0 ? mean : Infinity
      }
    }
  }
  return {
    steps,
    total,
    starts,
    nearest: Uint32Array.from(nearest),
    distances: Float64Array.from(distances),
    from: Uint16Array.from(from),
    to: Uint16Array.from(to),
    expected,
    logs: Float64Array.from({ length: total + 1 }, (_, i) => (i === 0 ? 0 : Math.log(i))),
  }
}

/** Cases by place × (steps + 1), summed up over the steps before. */
function count(world: World, places: ArrayLike<number>, times: Uint32Array): Float64Array {
  const stride = world.steps + 1
  const sums = new Float64Array((world.starts.length - 1) * stride)
  for (let i = 0; i < times.length; i++) sums[places[i]! * stride + times[i]! + 1]!++
  for (let at = 0; at < sums.length; at++) if (at % stride !== 0) sums[at]! += sums[at - 1]!
  return sums
}

/** Calls `visit` with each cylinder that holds more cases than expected. */
function forEachExcess(
  { steps, starts, nearest, from, to, expected }: World,
  sums: Float64Array,
  visit: (circle: number, window: number, observed: number, mean: number) => void,
): void {
  const stride = steps + 1
  const windows = from.length
  const circle = new Float64Array(stride)
  for (let place = 0; place < starts.length - 1; place++) {
    circle.fill(0)
    for (let at = starts[place]!; at < starts[place + 1]!; at++) {
      const own = nearest[at]! * stride
      for (let t = 0; t < stride; t++) circle[t]! += sums[own + t]!
      for (let w = 0; w < windows; w++) {
        const observed = circle[to[w]!]! - circle[from[w]!]!
        const mean = expected[at * windows + w]!
        if (observed > mean) visit(at, w, observed, mean)
      }
    }
  }
}

function logRatio({ total, logs }: World, observed: number, mean: number): number {
  const rest = total - observed
  return (
    observed * (logs[observed]! - Math.log(mean)) + rest * (logs[rest]! - Math.log(total - mean))
  )
}

function maxLogRatio(world: World, sums: Float64Array): number {
  let best = 0
  forEachExcess(world, sums, (_circle, _window, observed, mean) => {
    // χ² = (c − μ)²C / μ(C − μ) bounds the log, half of it where c + μ ≤ C: few cylinders need logarithms.
    const excess = observed - mean
    const square = (excess * excess * world.total) / (mean * (world.total - mean))
    if (square * (observed + mean <= world.total ? 0.5 : 1) <= best) return
    best = Math.max(best, logRatio(world, observed, mean))
  })
  return best
}

function collect(world: World, sums: Float64Array): Omit<SpaceTimeCluster, 'p'>[] {
  // The best cylinder of each centre, best first; then those that share a place with a better one go.
  const centres = new Map<
    number,
    { circle: number; window: number; observed: number; mean: number; value: number }
  >()
  let centre = 0
  forEachExcess(world, sums, (circle, window, observed, mean) => {
    while (circle >= world.starts[centre + 1]!) centre++
    const value = logRatio(world, observed, mean)
    if (value > (centres.get(centre)?.value ?? 0))
      centres.set(centre, { circle, window, observed, mean, value })
  })
  const taken = new Set<number>()
  const clusters: Omit<SpaceTimeCluster, 'p'>[] = []
  for (const [place, best] of [...centres].sort((a, b) => b[1].value - a[1].value)) {
    const places = [...world.nearest.subarray(world.starts[place]!, best.circle + 1)]
    if (places.some((other) => taken.has(other))) continue
    for (const other of places) taken.add(other)
    clusters.push({
      centre: place,
      places,
      radiusMetres: world.distances[best.circle]!,
      firstStep: world.from[best.window]!,
      lastStep: world.to[best.window]! - 1,
      observed: best.observed,
      expected: best.mean,
      logRatio: best.value,
    })
  }
  return clusters
}

function assertCases(cases: ScanCases, options: ScanOptions): void {
  const { x, y, places, times, steps } = cases
  const { maxRadiusMetres, maxSteps = 1, maxShare = 0.5, permutations = 999 } = options
  assertPoints(x, y)
  if (places.length !== times.length)
    throw new RangeError(`${places.length} places and ${times.length} times`)
  if (!(Number.isInteger(steps) && steps >= 1 && steps < 2 ** 16))
    throw new RangeError(`no steps: ${steps}`)
  const isIndex = (value: number, end: number) =>
    Number.isInteger(value) && value >= 0 && value < end
  for (let i = 0; i < places.length; i++)
    if (!isIndex(places[i]!, x.length) || !isIndex(times[i]!, steps))
      throw new RangeError(`case ${i} is at place ${places[i]}, step ${times[i]}`)
  if (!(maxRadiusMetres >= 0)) throw new RangeError(`no radius: ${maxRadiusMetres}`)
  if (!(maxSteps >= 1)) throw new RangeError(`no window: ${maxSteps}`)
  if (!(maxShare > 0 && maxShare <= 1)) throw new RangeError(`no share: ${maxShare}`)
  if (!(Number.isInteger(permutations) && permutations >= 1))
    throw new RangeError(`no permutations: ${permutations}`)
}
