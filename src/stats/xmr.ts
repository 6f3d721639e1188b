/** Four rules, in the order in which a point is named by the first that it meets. */
export type SpecialCauseRule = 'outside' | 'trend' | 'two-of-three' | 'shift'

export interface SpecialCause {
  rule: SpecialCauseRule
  /** Towards higher or lower values. */
  direction: 'high' | 'low'
  /** Null where neither direction is better. */
  meaning: 'improvement' | 'concern' | null
}

export interface XmrLimits {
  mean: number
  /** Mean moving range, the large ranges left out. */
  range: number
  low: number
  high: number
  /** At two thirds of the limits. */
  nearLow: number
  nearHigh: number
  /** Points that the limits rest on. */
  points: number
  /** Moving ranges left out as too large. */
  leftOut: number
  /** Fewer than 12 points: the limits will still move. */
  isTrial: boolean
}

export interface XmrChart {
  /** Null without points. */
  limits: XmrLimits | null
  /** By point; null means common cause. */
  causes: (SpecialCause | null)[]
  /** Whether the process meets the target: always, never, or by chance. Null without target or direction. */
  assurance: 'always' | 'never' | 'chance' | null
}

export interface XmrOptions {
  better?: 'high' | 'low' | null
  target?: number | null
  /** Limits rest on the first so many points. At least 12. */
  lockedTo?: number | null
}

/** Points needed before limits may be trusted or locked. */
export const leastXmrPoints = 12
const runLength = 7
/** 3/d₂ of two points, as the NHS writes it. */
const limitFactor = 2.66
/** D₄ of two points: larger ranges are not of the process. */
const rangeFactor = 3.267

/**
 * Mean ± 2.66 · mean moving range. Ranges of at least 3.267 · mean range are left out once and the mean
 * range taken again; the points stay.
 *
 * Source: NHS England, Making Data Count; D. J. Wheeler, Understanding Variation (1993).
 * @throws RangeError at a value that is not finite
 */
export function xmrLimits(values: ArrayLike<number>): XmrLimits | null {
  const points = values.length
  if (points === 0) return null
  let sum = 0
  for (let i = 0; i < points; i++) {
    if (!Number.isFinite(values[i]!)) throw new RangeError(`value ${i} is ${values[i]}`)
    sum += values[i]!
  }
  const mean = sum / points
  const ranges: number[] = []
  for (let i = 1; i < points; i++) ranges.push(Math.abs(values[i]! - values[i - 1]!))
  const first = average(ranges)
  // Equal values have no range to leave out.
  const kept = ranges.filter((range) => first === 0 || range < rangeFactor * first)
  const range = average(kept)
  const width = limitFactor * range
  return {
    mean,
    range,
    low: mean - width,
    high: mean + width,
    nearLow: mean - (2 / 3) * width,
    nearHigh: mean + (2 / 3) * width,
    points,
    leftOut: ranges.length - kept.length,
    isTrial: points < leastXmrPoints,
  }
}

/**
 * An XmR chart with special causes by the NHS rules: a point outside the limits; 7 points, each above
 * (below) the one before; 2 of 3 points beyond a near limit with all 3 on that side of the mean; 7
 * points on one side of the mean. All points of a run are marked, of two-of-three only those beyond
 * the near limit. A point on the mean belongs to no side.
 *
 * Source: NHS England, Making Data Count; rules as in the R package NHSRplotthedots, where a point
 * outside the limits also counts as beyond the near limit here.
 * @param values in order of time, without gaps
 * @throws RangeError at a value that is not finite, or limits locked to fewer than 12 points
 */
export function xmrChart(values: ArrayLike<number>, options: XmrOptions = {}): XmrChart {
  const { better = null, target = null, lockedTo = null } = options
  const all = Array.from(values)
  if (lockedTo !== null && !(lockedTo >= leastXmrPoints && lockedTo <= all.length))
    throw new RangeError(`limits cannot be locked to ${lockedTo} of ${all.length} points`)
  const limits = xmrLimits(lockedTo === null ? all : all.slice(0, lockedTo))
  if (limits === null) return { limits, causes: [], assurance: null }
  const marks = ruleMarks(all, limits)
  const causes = all.map((_, i): SpecialCause | null => {
    for (const [rule, mark] of marks) {
      const sign = mark[i]!
      if (sign === 0) continue
      const direction = sign > 0 ? 'high' : 'low'
      const meaning = better === null ? null : direction === better ? 'improvement' : 'concern'
      return { rule, direction, meaning }
    }
    return null
  })
  return { limits, causes, assurance: assuranceOf(limits, better, target) }
}

/** +1 or −1 at each point that a rule marks. */
function ruleMarks(values: number[], limits: XmrLimits): [SpecialCauseRule, Int8Array][] {
  const beyond = (high: number, low: number): Int8Array =>
    Int8Array.from(values, (value) => (value > high ? 1 : value < low ? -1 : 0))
  const side = beyond(limits.mean, limits.mean)
  const near = beyond(limits.nearHigh, limits.nearLow)
  const step = Int8Array.from(values, (value, i) =>
    i === 0 ? 0 : Math.sign(value - values[i - 1]!),
  )
  return [
    ['outside', beyond(limits.high, limits.low)],
    // Seven points have six steps between them; the point before the first step belongs to them.
    ['trend', runs(step, runLength - 1, 1)],
    ['two-of-three', twoOfThree(near, side)],
    ['shift', runs(side, runLength, 0)],
  ]
}

/** Marks runs of at least `least` equal signs, and `before` points ahead of each where still free. */
function runs(signs: Int8Array, least: number, before: number): Int8Array {
  const marks = new Int8Array(signs.length)
  for (let start = 0, end = 0; start < signs.length; start = end) {
    end = start + 1
    while (end < signs.length && signs[end] === signs[start]) end++
    if (signs[start] === 0 || end - start < least) continue
    for (let i = Math.max(0, start - before); i < end; i++) marks[i] ||= signs[start]!
  }
  return marks
}

function twoOfThree(near: Int8Array, side: Int8Array): Int8Array {
  const marks = new Int8Array(near.length)
  for (let start = 0; start + 2 < near.length; start++) {
    const sign = side[start]!
    const three = [start, start + 1, start + 2]
    if (sign === 0 || three.some((i) => side[i] !== sign)) continue
    const beyond = three.filter((i) => near[i] === sign)
    if (beyond.length >= 2) for (const i of beyond) marks[i] = sign
  }
  return marks
}

function assuranceOf(
  { low, high }: XmrLimits,
  better: 'high' | 'low' | null,
  target: number | null,
): XmrChart['assurance'] {
  if (better === null || target === null) return null
  if (target < low) return better === 'high' ? 'always' : 'never'
  if (target > high) return better === 'high' ? 'never' : 'always'
  return 'chance'
}

const average = (values: number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
