import { z95 } from './wilson.ts'

/** Counts by whole time: index = time, value = count. */
export interface TimeCounts {
  /** Closed. */
  events: ArrayLike<number>
  /** Still open: censored, not dropped. */
  censored: ArrayLike<number>
}

/** Survival right after each event time. */
export interface SurvivalCurve {
  n: number
  events: number
  censored: number
  times: Float64Array
  survival: Float64Array
  /** Pointwise 95 % limits, log-log; NaN where survival is 0. */
  low: Float64Array
  high: Float64Array
}

/** Null means "not reached". */
export interface SurvivalQuantile {
  time: number | null
  low: number | null
  high: number | null
}

/**
 * The product-limit estimate S(t) = Π (1 − dᵢ/nᵢ) over event times tᵢ ≤ t. nᵢ are at risk just
 * before tᵢ, including those censored at tᵢ. Variance by Greenwood, Σ dᵢ/(nᵢ(nᵢ − dᵢ)). Limits on
 * the log(−log S) scale, S^exp(±z·se/log S), stay within 0 and 1.
 *
 * Sources: E. L. Kaplan and P. Meier, JASA 53 (1958); J. D. Kalbfleisch and R. L. Prentice, The
 * Statistical Analysis of Failure Time Data, 1.4.
 */
export function kaplanMeier({ events, censored }: TimeCounts, z = z95): SurvivalCurve {
  const eventTotal = total(events)
  const censoredTotal = total(censored)
  const steps = nonZero(events)
  const times = new Float64Array(steps)
  const survival = new Float64Array(steps)
  const low = new Float64Array(steps)
  const high = new Float64Array(steps)
  let atRisk = eventTotal + censoredTotal
  let s = 1
  let greenwood = 0
  let step = 0
  for (let time = 0; time < events.length; time++) {
    const d = events[time]!
    if (d) {
      s = d === atRisk ? 0 : s * (1 - d / atRisk)
      greenwood += d / (atRisk * (atRisk - d))
      const width = (z * Math.sqrt(greenwood)) / Math.log(s)
      times[step] = time
      survival[step] = s
      // log s is negative: the exponent above 1 gives the lower limit.
      low[step] = s === 0 ? Number.NaN : s ** Math.exp(-width)
      high[step] = s === 0 ? Number.NaN : s ** Math.exp(width)
      step++
    }
    atRisk -= d + (censored[time] ?? 0)
  }
  return {
    n: eventTotal + censoredTotal,
    events: eventTotal,
    censored: censoredTotal,
    times,
    survival,
    low,
    high,
  }
}

/**
 * The first time with S(t) ≤ 1 − p. Its 95 % interval ends where the log-log limit curves cross 1 −
 * p. At S = 1 − p exactly, R's survfit would give the middle of the flat part.
 *
 * Source: R. Brookmeyer and J. Crowley, Biometrics 38 (1982).
 * @param p between 0 and 1, for example 0.5 for the median
 */
export function survivalQuantile(curve: SurvivalCurve, p: number): SurvivalQuantile {
  // Allows for rounding in products of fractions.
  const level = 1 - p + 1e-12
  const first = (values: Float64Array): number | null => {
    const step = values.findIndex((value) => value <= level)
    return step < 0 ? null : curve.times[step]!
  }
  return { time: first(curve.survival), low: first(curve.low), high: first(curve.high) }
}

function total(counts: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < counts.length; i++) sum += counts[i]!
  return sum
}

function nonZero(counts: ArrayLike<number>): number {
  let found = 0
  for (let i = 0; i < counts.length; i++) if (counts[i]) found++
  return found
}
