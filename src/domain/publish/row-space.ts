/** The largest prime below 2²⁶: products of two residues stay whole numbers in a double. */
const prime = 67_108_859

const inverse = (value: number): number => {
  // Fermat: value^(prime − 2).
  let result = 1
  let power = value
  for (let rest = prime - 2; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = (result * power) % prime
    power = (power * power) % prime
  }
  return result
}

interface BasisRow {
  pivot: number
  values: Float64Array
  /** Of the rows added, how much of each is in it. */
  shares: Map<number, number>
}

/**
 * The space of sums that follow from given ones. Arithmetic modulo a large prime is exact: sums of
 * zeros and ones reach no multiple of it in practice.
 */
export class RowSpace {
  private readonly basis: BasisRow[] = []
  private readonly width: number

  constructor(width: number) {
    this.width = width
  }

  /** Adds a sum over columns, named by its number. */
  add(columns: readonly number[], name: number): void {
    const { values, shares } = this.reduce(columns, new Map([[name, 1]]))
    const pivot = values.findIndex((value) => value !== 0)
    if (pivot < 0) return
    const factor = inverse(values[pivot]!)
    for (let at = pivot; at < this.width; at++) values[at] = (values[at]! * factor) % prime
    for (const [key, share] of shares) shares.set(key, (share * factor) % prime)
    this.basis.push({ pivot, values, shares })
  }

  /**
   * Null where the sum over these columns does not follow from the rows; otherwise the rows that it
   * follows from, with factors modulo the prime.
   */
  combination(columns: readonly number[]): Map<number, number> | null {
    const { values, shares } = this.reduce(columns, new Map())
    return values.every((value) => value === 0) ? shares : null
  }

  private reduce(columns: readonly number[], shares: Map<number, number>) {
    const values = new Float64Array(this.width)
    for (const column of columns) values[column] = 1
    for (const row of this.basis) {
      const factor = values[row.pivot]!
      if (factor === 0) continue
      const minus = prime - factor
      for (let at = row.pivot; at < this.width; at++) {
        if (row.values[at] !== 0) values[at] = (values[at]! + row.values[at]! * minus) % prime
      }
      for (const [key, share] of row.shares) {
        const sum = ((shares.get(key) ?? 0) + share * minus) % prime
        if (sum === 0) shares.delete(key)
        else shares.set(key, sum)
      }
    }
    return { values, shares }
  }
}

/** Adds factors of `combination`. */
export const addFactors = (a: number, b: number): number => (a + b) % prime
