/** Coefficients, lowest power first. */
const middle = {
  top: [
    18154.981253343561249, 1067.6894854603709582, 161.02823106855587881, 2.2352520354606839287,
    0.065682337918207449113,
  ],
  bottom: [
    45507.789335026729956, 10260.932208618978205, 976.09855173777669322, 47.20258190468824187, 1,
  ],
}
const tailNear = {
  top: [
    9842.7148383839780218, 11602.651437647350124, 6848.1904505362823326, 2494.5375852903726711,
    597.27027639480026226, 93.506656132177855979, 8.8831497943883759412, 0.39894151208813466764,
    1.0765576773720192317e-8,
  ],
  bottom: [
    19685.429676859990727, 38912.003286093271411, 34900.952721145977266, 18615.571640885098091,
    6485.558298266760755, 1519.377599407554805, 235.38790178262499861, 22.266688044328115691, 1,
  ],
}
const tailFar = {
  top: [
    2.9112874951168792e-5, 0.001421619193227893466, 0.022235277870649807, 0.1274011611602473639,
    0.21589853405795699, 0.02307344176494017303,
  ],
  bottom: [
    7.29751555083966205e-5, 0.00378239633202758244, 0.0659881378689285515, 0.468238212480865118,
    1.28426009614491121, 1,
  ],
}

/**
 * 1 − Φ(z), the chance of more than z under the standard normal distribution, to about 1e-15 of
 * itself, far into the tail.
 *
 * Source: W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of
 * Computation 23 (1969), with his split of exp(−z²/2) into two factors.
 */
export function normalTail(z: number): number {
  const size = Math.abs(z)
  // Φ⁻¹(3/4): nearer to the middle the difference from ½ is what is computed.
  if (size <= 0.67448975) return 0.5 - z * fraction(middle, z * z)
  const far = size > Math.sqrt(32)
  const squareInverse = 1 / (size * size)
  const scaled = far
    ? (1 / Math.sqrt(2 * Math.PI) - squareInverse * fraction(tailFar, squareInverse)) / size
    : fraction(tailNear, size)
  const coarse = Math.trunc(size * 16) / 16
  const rest = (size - coarse) * (size + coarse)
  const tail = Math.exp(-coarse * coarse * 0.5) * Math.exp(-rest * 0.5) * scaled
  return z > 0 ? tail : 1 - tail
}

/** Φ(z), the chance of at most z. */
export const normalCdf = (z: number): number => normalTail(-z)

/** The chance of a value at least as far from 0 as z, on either side. */
export const twoSidedP = (z: number): number => 2 * normalTail(Math.abs(z))

const quantileMiddle = {
  top: [
    3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
    45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ],
  bottom: [
    1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867,
    39307.89580009271061, 28729.085735721942674, 5226.495278852854561,
  ],
}
const quantileNear = {
  top: [
    1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
    1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833,
    7.7454501427834140764e-4,
  ],
  bottom: [
    1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455,
    0.14810397642748007459, 0.0151986665636164571966, 5.475938084995344946e-4,
    1.05075007164441684324e-9,
  ],
}
const quantileFar = {
  top: [
    6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123,
    0.026532189526576123093, 0.0012426609473880784386, 2.71155556874348757815e-5,
    2.01033439929228813265e-7,
  ],
  bottom: [
    1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525,
    7.868691311456132591e-4, 1.8463183175100546818e-5, 1.4215117583164458887e-7,
    2.04426310338993978564e-15,
  ],
}

/**
 * Φ⁻¹(p), to about 1e-15 of itself. 0 gives −Infinity, 1 gives Infinity.
 *
 * Source: M. J. Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988).
 * @throws RangeError where p lies outside 0 to 1
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`no probability: ${p}`)
  const fromMiddle = p - 0.5
  if (Math.abs(fromMiddle) <= 0.425) {
    return fromMiddle * fraction(quantileMiddle, 0.180625 - fromMiddle * fromMiddle)
  }
  const tail = Math.min(p, 1 - p)
  if (tail === 0) return fromMiddle < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const depth = Math.sqrt(-Math.log(tail))
  const size = depth <= 5 ? fraction(quantileNear, depth - 1.6) : fraction(quantileFar, depth - 5)
  return fromMiddle < 0 ? -size : size
}

/** `twoSidedP` of each known z; 1 for the others. */
export function twoSidedPs(z: Float64Array, known: Uint8Array): Float64Array {
  const p = new Float64Array(z.length).fill(1)
  for (let i = 0; i < z.length; i++) if (known[i]) p[i] = twoSidedP(z[i]!)
  return p
}

/** The quotient of two polynomials of x. */
function fraction({ top, bottom }: { top: number[]; bottom: number[] }, x: number): number {
  let upper = 0
  let lower = 0
  for (let i = top.length - 1; i >= 0; i--) upper = upper * x + top[i]!
  for (let i = bottom.length - 1; i >= 0; i--) lower = lower * x + bottom[i]!
  return upper / lower
}
