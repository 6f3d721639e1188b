import { deviance, root, stirlingError, type Tails } from './gamma.ts'

const maxSteps = 100_000

/**
 * Γ(n + 1) / (Γ(k + 1) Γ(n − k + 1)) pᵏ (1 − p)ⁿ⁻ᵏ for real 0 ≤ k ≤ n: the binomial probability
 * where both are whole.
 *
 * Source: C. Loader, Fast and Accurate Computation of Binomial Probabilities (2000).
 */
export function binomialDensity(k: number, n: number, p: number): number {
  if (p <= 0) return k === 0 ? 1 : 0
  if (p >= 1) return k === n ? 1 : 0
  if (k === 0) return Math.exp(n * Math.log1p(-p))
  if (k === n) return p ** n
  const others = n - k
  const exponent =
    stirlingError(n) -
    stirlingError(k) -
    stirlingError(others) -
    deviance(k, n * p) -
    deviance(others, n * (1 - p))
  return Math.exp(exponent) * Math.sqrt(n / (2 * Math.PI * k * others))
}

/**
 * The regularised incomplete beta function: lower Iₓ(a, b) and upper 1 − Iₓ(a, b), by Lentz's
 * continued fraction on the side that converges.
 *
 * Source: Press et al., Numerical Recipes, 6.4; NIST DLMF 8.17.22.
 * @throws RangeError unless a > 0, b > 0 and 0 ≤ x ≤ 1
 */
export function betaTails(a: number, b: number, x: number): Tails {
  if (!(a > 0 && b > 0 && x >= 0 && x <= 1))
    throw new RangeError(`no incomplete beta of a = ${a}, b = ${b}, x = ${x}`)
  if (x === 0) return { lower: 0, upper: 1 }
  if (x === 1) return { lower: 1, upper: 0 }
  // xᵃ(1 − x)ᵇ / B(a, b)
  const front = (binomialDensity(a, a + b, x) * a * b) / (a + b)
  if (x < (a + 1) / (a + b + 2)) {
    const lower = Math.min(1, (front * fraction(a, b, x)) / a)
    return { lower, upper: 1 - lower }
  }
  const upper = Math.min(1, (front * fraction(b, a, 1 - x)) / b)
  return { lower: 1 - upper, upper }
}

function fraction(a: number, b: number, x: number): number {
  const tiny = 1e-300
  let c = 1
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || tiny)
  let h = d
  for (let m = 1; m < maxSteps; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / (1 + even * d || tiny)
    c = 1 + even / c || tiny
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / (1 + odd * d || tiny)
    c = 1 + odd / c || tiny
    h *= d * c
    if (Math.abs(d * c - 1) < 1e-16) break
  }
  return h
}

/**
 * The x with Iₓ(a, b) = p, or with 1 − Iₓ(a, b) = p for the upper tail.
 *
 * @throws RangeError unless 0 < p < 1, a > 0 and b > 0
 */
export function betaQuantile(p: number, a: number, b: number, tail: keyof Tails = 'lower'): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`no quantile at ${p}`)
  return root(0, 1, a / (a + b), (x) => {
    const tails = betaTails(a, b, x)
    const slope = (binomialDensity(a, a + b, x) * a * b) / ((a + b) * x * (1 - x))
    return { miss: tail === 'lower' ? tails.lower - p : p - tails.upper, slope }
  })
}
