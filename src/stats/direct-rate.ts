import { assertCount, byarInterval } from './poisson.ts'
import { z95 } from './wilson.ts'

/** Null where hidden or not known. */
export interface StandardisedRate {
  events: number
  cases: number
  rate: number | null
  variance: number | null
  low: number | null
  high: number | null
  /** Too few events to show a rate. */
  hidden: boolean
  /** Share of the standard's weight in strata where this group has no cases: they are left out. */
  missingWeight: number
}

/** Fewer events make a directly standardised rate a game of chance. */
export const leastStandardisedEvents = 10

export interface StandardiseOptions {
  /** `share`: each case has the event or not. `count`: events are Poisson. */
  kind: 'share' | 'count'
  /** Default 10. */
  least?: number
  z?: number
}

/**
 * The rate that a group would have with the standard's mix of strata, for example of categories:
 * Σ wᵢ xᵢ/nᵢ ÷ Σ wᵢ over strata with nᵢ > 0.
 *
 * Counts: variance Σ wᵢ² xᵢ/nᵢ² ÷ (Σ wᵢ)²; limits by Dobson from Byar's limits of the events O:
 * rate + √(variance/O) · (limit − O). Shares: variance Σ wᵢ² pᵢ(1 − pᵢ)/nᵢ ÷ (Σ wᵢ)²; limits by
 * Wilson with the size rate(1 − rate)/variance that such a variance belongs to (the cases, where the
 * variance is 0).
 *
 * Sources: A. J. Dobson et al., Statistics in Medicine 10 (1991); APHO Technical Briefing 3 (2008).
 * @param events xᵢ by stratum
 * @param cases nᵢ by stratum
 * @param weights wᵢ by stratum, for example the city's cases
 * @throws RangeError when lengths differ or a number is none
 */
export function directRate(
  events: ArrayLike<number>,
  cases: ArrayLike<number>,
  weights: ArrayLike<number>,
  { kind, least = leastStandardisedEvents, z = z95 }: StandardiseOptions,
): StandardisedRate {
  if (events.length !== cases.length || events.length !== weights.length)
    throw new RangeError(
      `${events.length} events, ${cases.length} cases, ${weights.length} weights`,
    )
  const sum = { events: 0, cases: 0, weight: 0, missing: 0, rate: 0, variance: 0 }
  for (let i = 0; i < events.length; i++) {
    const [x, n, w] = [events[i]!, cases[i]!, weights[i]!]
    assertCount(x, `events ${i}`)
    assertCount(n, `cases ${i}`)
    if (!(w >= 0 && Number.isFinite(w))) throw new RangeError(`weight ${i} is ${w}`)
    if (x > 0 && n === 0) throw new RangeError(`events without cases in stratum ${i}`)
    if (kind === 'share' && x > n) throw new RangeError(`no share: ${x} of ${n}`)
    sum.events += x
    sum.cases += n
    if (n === 0) {
      sum.missing += w
      continue
    }
    sum.weight += w
    sum.rate += (w * x) / n
    sum.variance += (w * w * (kind === 'share' ? (x * (n - x)) / n : x)) / (n * n)
  }
  const known = { events: sum.events, cases: sum.cases }
  const allWeight = sum.weight + sum.missing
  const missingWeight = allWeight === 0 ? 0 : sum.missing / allWeight
  const hidden = sum.events < least
  if (hidden || sum.weight === 0) {
    return { ...known, rate: null, variance: null, low: null, high: null, hidden, missingWeight }
  }
  const rate = sum.rate / sum.weight
  const variance = sum.variance / sum.weight ** 2
  const limits =
    kind === 'share'
      ? scoreLimits(rate, variance, sum.cases, z)
      : dobsonLimits(rate, variance, sum.events, z)
  return { ...known, rate, variance, ...limits, hidden, missingWeight }
}

function dobsonLimits(rate: number, variance: number, events: number, z: number) {
  if (events === 0) return { low: null, high: null }
  const { low, high } = byarInterval(events, z)
  const scale = Math.sqrt(variance / events)
  return { low: rate + scale * (low - events), high: rate + scale * (high - events) }
}

function scoreLimits(rate: number, variance: number, cases: number, z: number) {
  const size = variance > 0 ? (rate * (1 - rate)) / variance : cases
  const scale = 1 + (z * z) / size
  const middle = (rate + (z * z) / (2 * size)) / scale
  const half = (z * Math.sqrt((rate * (1 - rate)) / size + (z * z) / (4 * size * size))) / scale
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}
