/** Above, by the normal approximation with Yates's correction. */
const maxExact = 1000
const z95 = 1.959963984540054

/**
 * Whether two Poisson counts of equally long windows differ at 5 %, two-sided. Of n in both
 * together the later count is binomial with p = 1/2 if nothing changed. Exact up to 1,000.
 *
 * Source: J. Przyborowski and H. Wilenski, Biometrika 31 (1940).
 */
export function isBeyondChance(count: number, before: number): boolean {
  const n = count + before
  const fewer = Math.min(count, before)
  if (n > maxExact) return Math.abs(count - before) - 1 > z95 * Math.sqrt(n)
  let term = 2 ** -n
  let tail = 0
  for (let k = 0; k <= fewer; k++) {
    tail += term
    term *= (n - k) / (k + 1)
  }
  return 2 * tail <= 0.05
}
