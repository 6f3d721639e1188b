/** Numbers that repeat for equal seeds. */
export interface Random {
  /** A whole number from 0 to 2³² − 1. */
  uint32: () => number
  /** A number in [0, 1) with 53 random bits. */
  unit: () => number
  /** A whole number from 0 to n − 1, for n up to 2³². A value's chance is off by less than 2⁻³². */
  below: (n: number) => number
}

/**
 * The generator sfc32: 128 bits of state with a counter, so each seed has a period of at least 2³²
 * and streams of different seeds do not overlap in practice. (A 32-bit state would repeat itself
 * within the thousands of draws × thousands of runs that simulations take.)
 *
 * Source: C. Doty-Humphrey, PractRand (public domain); 12 rounds mix the seed.
 * @param seed a whole number; its lowest 32 bits count
 */
export function seededRandom(seed: number): Random {
  if (!Number.isInteger(seed)) throw new RangeError(`no whole number: seed ${seed}`)
  let a = 0x9e3779b9 | 0
  let b = 0x243f6a88 | 0
  let c = seed | 0
  let counter = 1
  const uint32 = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) uint32()
  return {
    uint32,
    unit: () => ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) / 2 ** 53,
    below: (n) => Math.floor((uint32() / 2 ** 32) * n),
  }
}

/**
 * Puts the values in a random order, each as likely (R. A. Fisher and F. Yates).
 * @param random a number in [0, 1)
 */
export function shuffle(values: Uint32Array | Float64Array, random: () => number): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const value = values[i]!
    values[i] = values[j]!
    values[j] = value
  }
}
