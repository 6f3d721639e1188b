const halfLogTwoPi = 0.918938533204672741780329736406
const maxSteps = 100_000

/**
 * The error of Stirling's formula: log Γ(x + 1) − (x + ½) log x + x − ½ log 2π, for x > 0.
 *
 * Source: C. Loader, Fast and Accurate Computation of Binomial Probabilities (2000).
 */
export function stirlingError(x: number): number {
  if (x < 15) {
    // Shifts up: δ(x) = δ(x + 1) − 1 − (x + ½) log(x / (x + 1)), by the recurrence of Γ.
    let error = 0
    let at = x
    for (; at < 15; at++) error += (at + 0.5) * Math.log1p(1 / at) - 1
    return error + stirlingError(at)
  }
  const square = 1 / (x * x)
  const inner = 1 / 1260 - square * (1 / 1680 - square * (1 / 1188 - square * (691 / 360360)))
  return (1 / 12 - square * (1 / 360 - square * inner)) / x
}

/** The deviance x log(x/m) + m − x, without cancellation near x = m. Source: Loader (2000). */
export function deviance(x: number, m: number): number {
  if (x === 0) return m
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x
  const v = (x - m) / (x + m)
  let sum = (x - m) * v
  let term = 2 * x * v
  for (let k = 1; k < 1000; k++) {
    term *= v * v
    const next = sum + term / (2 * k + 1)
    if (next === sum) break
    sum = next
  }
  return sum
}

/** mᵏ e⁻ᵐ / Γ(k + 1) for real k ≥ 0 and m ≥ 0: the Poisson probability where k is whole. */
export function poissonDensity(k: number, m: number): number {
  if (m === 0) return k === 0 ? 1 : 0
  if (k === 0) return Math.exp(-m)
  return Math.exp(-stirlingError(k) - deviance(k, m) - halfLogTwoPi) / Math.sqrt(k)
}

/** The two tails of a distribution; both are exact to the last digits, however small. */
export interface Tails {
  lower: number
  upper: number
}

/**
 * The regularised incomplete gamma functions: lower P(a, x) = γ(a, x)/Γ(a) and upper Q = 1 − P.
 * Series below x = a + 1, Lentz's continued fraction above.
 *
 * Source: Press et al., Numerical Recipes, 6.2; NIST DLMF 8.7.1 and 8.9.2.
 * @throws RangeError unless a > 0 and x ≥ 0, both finite
 */
export function gammaTails(a: number, x: number): Tails {
  if (!(a > 0 && x >= 0 && Number.isFinite(a) && Number.isFinite(x)))
    throw new RangeError(`no incomplete gamma of a = ${a}, x = ${x}`)
  if (x === 0) return { lower: 0, upper: 1 }
  const density = poissonDensity(a, x)
  if (x < a + 1) {
    let term = 1
    let sum = 1
    for (let n = 1; n < maxSteps && term > sum * 1e-17; n++) {
      term *= x / (a + n)
      sum += term
    }
    const lower = Math.min(1, density * sum)
    return { lower, upper: 1 - lower }
  }
  const tiny = 1e-300
  let b = x + 1 - a
  let c = 1 / tiny
  let d = 1 / b
  let h = d
  for (let n = 1; n < maxSteps; n++) {
    const an = -n * (n - a)
    b += 2
    d = 1 / (an * d + b || tiny)
    c = b + an / c || tiny
    const step = d * c
    h *= step
    if (Math.abs(step - 1) < 1e-16) break
  }
  const upper = Math.min(1, density * a * h)
  return { lower: 1 - upper, upper }
}

/**
 * The x with P(a, x) = p, or with Q(a, x) = p for the upper tail. Newton steps from the
 * mean, kept within a bracket.
 *
 * @throws RangeError unless 0 < p < 1 and a > 0
 */
export function gammaQuantile(p: number, a: number, tail: keyof Tails = 'lower'): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`no quantile at ${p}`)
  let high = a + 10
  while (isBelow(gammaTails(a, high), p, tail)) high *= 2
  return root(0, high, a, (x) => {
    const tails = gammaTails(a, x)
    // dP/dx = x^(a−1) e^−x / Γ(a)
    const slope = (poissonDensity(a, x) * a) / x
    const miss = tail === 'lower' ? tails.lower - p : p - tails.upper
    return { miss, slope }
  })
}

function isBelow(tails: Tails, p: number, tail: keyof Tails): boolean {
  return tail === 'lower' ? tails.lower < p : tails.upper > p
}

/** Finds the root of a growing function between `low` and `high`: Newton, else halving. */
export function root(
  low: number,
  high: number,
  start: number,
  at: (x: number) => { miss: number; slope: number },
): number {
  let x = Math.min(Math.max(start, (low + high) * 1e-9), high)
  for (let step = 0; step < 200; step++) {
    const { miss, slope } = at(x)
    if (miss === 0) return x
    if (miss < 0) low = x
    else high = x
    let next = x - miss / slope
    if (!(next > low && next < high)) next = (low + high) / 2
    if (Math.abs(next - x) <= 1e-15 * Math.abs(next)) return next
    x = next
  }
  return x
}
