import {
  minIncidents,
  sparseBelow,
  type Judged,
  type JudgeOptions,
} from '../../domain/answers/hotspots.ts'
import { compareCounts } from '../../stats/change.ts'
import { globalSmoothedRates } from '../../stats/empirical-bayes.ts'
import { globalG, localG, type GlobalTest } from '../../stats/getis-ord.ts'
import { globalMoran, localMoran, quadrants } from '../../stats/moran.ts'
import type { InParts } from '../../stats/in-parts.ts'
import { conditionalPermutationInParts } from '../../stats/permutation.ts'
import { islands, withoutSelf } from '../../stats/weights.ts'
import { confidenceClass, confidenceLevels } from '../count/confidence-class.ts'
import { judgePattern } from './judge-pattern.ts'
import { corrected, countInto, type Ground, type Units } from './units.ts'
import { forEachInWindow } from './window-counts.ts'

const minUnits = 4

/** Pauses only while it shuffles; the rows are read before. */
export function* judge(ground: Ground, options: JudgeOptions): InParts<Judged> {
  const { units, counts } = ground
  const nothing: Judged = {
    value: units.value,
    obstacle: null,
    counts,
    classes: new Int8Array(units.n),
    scores: new Float64Array(units.n),
    p: new Float64Array(units.n).fill(1),
    expected: new Float64Array(units.n),
    islands: islands(units.neighbours).length,
    shuffles: 0,
    isSmoothed: false,
    withoutSize: 0,
    isSparse: false,
    alike: null,
    together: null,
    steps: 0,
    series: new Uint32Array(0),
  }
  if (units.n < minUnits) return { ...nothing, obstacle: 'few_areas' }
  if (options.method === 'change') return byChange(nothing, ground, options)
  if (options.method === 'pattern') return judgePattern(nothing, ground, options)
  const total = sum(counts)
  const filled = counts.reduce((found, count) => found + (count > 0 ? 1 : 0), 0)
  if (total === 0) return { ...nothing, obstacle: 'no_incidents' }
  if (total < minIncidents) return { ...nothing, obstacle: 'few_incidents' }
  if (filled === 1) return { ...nothing, obstacle: 'one_place' }
  return yield* byNeighbours(nothing, units, options)
}

function* byNeighbours(answer: Judged, units: Units, options: JudgeOptions): InParts<Judged> {
  const { counts } = answer
  const { size, neighbours } = units
  const isSmoothed = options.rates === 'smoothed' && units.value !== 'count'
  const rates = isSmoothed
    ? globalSmoothedRates(counts, size).rates
    : Float64Array.from(counts, (count, i) => count / size[i]!)
  const others = withoutSelf(neighbours)
  const isOutlier = options.method === 'outlier'
  const local = isOutlier ? localMoran(rates, others) : localG(rates, neighbours)
  const shuffles = options.test === 'shuffle' ? shufflesFor(units.n) : 0
  const shuffled =
    shuffles > 0
      ? yield* conditionalPermutationInParts(rates, isOutlier ? others : neighbours, {
          permutations: shuffles,
        })
      : null
  const known = local.known.map((own, i) => (own && (shuffled?.known[i] ?? 1) ? 1 : 0))
  const p = corrected(options)(shuffled?.p ?? local.p, known)
  const quadrant = 'quadrant' in local ? (local.quadrant as Uint8Array) : null
  const total = sum(counts)
  const whole = sum(size)
  return {
    ...answer,
    obstacle: known.includes(1)
      ? null
      : isOutlier && answer.islands === units.n
        ? 'no_neighbours'
        : 'all_equal',
    scores: local.z,
    p,
    classes: Int8Array.from(local.z, (score, i) =>
      quadrant ? outlierClass(p[i]!, quadrant[i]!) : confidenceClass(p[i]!, score),
    ),
    expected: size.map((own) => (total * own) / whole),
    shuffles,
    isSmoothed,
    withoutSize: size.reduce((none, own) => none + (own > 0 ? 0 : 1), 0),
    isSparse: total / units.n < sparseBelow,
    alike: figure(globalMoran(rates, others)),
    together: figure(globalG(rates, others)),
  }
}

const figure = (test: GlobalTest | null): Judged['alike'] =>
  test && { statistic: test.statistic, z: test.z, p: test.p }

const classOfQuadrant = { none: 0, 'high-high': 1, 'high-low': 2, 'low-low': -1, 'low-high': -2 }

const outlierClass = (p: number, quadrant: number): number =>
  p <= confidenceLevels[1] ? classOfQuadrant[quadrants[quadrant]!] : 0

/** Values read per shuffle; more would take over a second. */
const maxDraws = 2e8

/**
 * So many that one area alone can pass Benjamini–Hochberg at 95 %: the smallest p is 2 ÷ (shuffles
 * + 1). Fewer where areas are so many that it would take long.
 */
function shufflesFor(n: number): number {
  const enough = [999, 9_999].find((shuffles) => (2 * n) / (shuffles + 1) <= confidenceLevels[1])
  return enough ?? (n * 99_999 <= maxDraws ? 99_999 : 9_999)
}

function byChange(answer: Judged, { units, rows, world }: Ground, options: JudgeOptions): Judged {
  const { window } = options
  const { counts } = answer
  if (!window) return { ...answer, obstacle: 'no_window' }
  const before = new Uint32Array(units.n)
  forEachInWindow(rows, world, window, countInto(before, units))
  if (sum(counts) + sum(before) === 0) return { ...answer, obstacle: 'no_incidents' }
  const p = new Float64Array(units.n).fill(1)
  const known = new Uint8Array(units.n)
  const scores = new Float64Array(units.n)
  for (let i = 0; i < units.n; i++) {
    const now = counts[i]!
    if (now + before[i]! === 0) continue
    p[i] = compareCounts(now, before[i]!).p
    scores[i] = before[i] === 0 ? Infinity : now / before[i]!
    known[i] = 1
  }
  const adjusted = corrected(options)(p, known)
  return {
    ...answer,
    scores,
    p: adjusted,
    classes: Int8Array.from(scores, (ratio, i) =>
      known[i] ? confidenceClass(adjusted[i]!, ratio - 1) : 0,
    ),
    expected: Float64Array.from(before),
  }
}

const sum = (values: Uint32Array | Float64Array): number => {
  let total = 0
  for (const value of values) total += value
  return total
}
