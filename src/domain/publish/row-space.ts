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

/** Residues above the half stand for negative numbers. */
const signed = (residue: number): number => (residue > prime / 2 ? residue - prime : residue)

interface SparseRow {
  /** The first is the pivot, with coefficient 1. */
  columns: number[]
  values: number[]
  /** Σ value × column, modulo the prime. */
  total: number
  /** Of the rows added, how much of each is in it. */
  shares: Map<number, number>
}

/** Σ coefficient × column = total, in whole numbers. */
export interface Relation {
  columns: readonly number[]
  coefficients: readonly number[]
  total: number
  /** Names of the rows that it follows from. */
  rows: readonly number[]
}

/**
 * The space of sums that follow from given ones. Arithmetic modulo a large prime is exact: sums of
 * zeros and ones reach no multiple of it in practice. Rows are kept sparse: most sums have few
 * hidden members.
 */
export class RowSpace {
  private readonly byPivot: (SparseRow | undefined)[]
  private readonly scratch: Float64Array
  private readonly isQueued: Uint8Array

  constructor(width: number) {
    this.byPivot = Array.from({ length: width }, () => undefined)
    this.scratch = new Float64Array(width)
    this.isQueued = new Uint8Array(width)
  }

  /** Adds a sum over columns, named by its number. @param total its value, a whole number */
  add(columns: readonly number[], name: number, total: number): void {
    const row = this.reduce({
      columns: [...columns],
      values: columns.map(() => 1),
      total: total % prime,
      shares: new Map([[name, 1]]),
    })
    const pivot = row.columns[0]
    if (pivot === undefined) return
    const factor = inverse(row.values[0]!)
    row.values = row.values.map((value) => (value * factor) % prime)
    row.total = (row.total * factor) % prime
    for (const [key, share] of row.shares) row.shares.set(key, (share * factor) % prime)
    this.byPivot[pivot] = row
  }

  /**
   * Null where the sum over these columns does not follow from the rows; otherwise the rows that it
   * follows from, with factors modulo the prime.
   */
  combination(columns: readonly number[]): Map<number, number> | null {
    const values = columns.map(() => 1)
    const row = this.reduce({ columns: [...columns], values, total: 0, shares: new Map() })
    return row.columns.length === 0 ? row.shares : null
  }

  /** The fully reduced rows whose coefficients are small whole numbers: what differences tell. */
  relations(): Relation[] {
    const reduced: Relation[] = []
    for (const row of this.byPivot) {
      if (!row) continue
      const [pivot, ...columns] = row.columns
      const shares = new Map(row.shares)
      const rest = this.reduce({ ...row, columns, values: row.values.slice(1), shares })
      const coefficients = [1, ...rest.values.map(signed)]
      if (coefficients.every((value) => Math.abs(value) <= 64))
        reduced.push({
          columns: [pivot!, ...rest.columns],
          coefficients,
          total: signed(rest.total),
          rows: [...shares.keys()],
        })
    }
    return reduced
  }

  /** By row of the space that lives on columns from `first` on, with its first before `end`: what it follows from. */
  rowsWithin(first: number, end: number): number[][] {
    return this.byPivot.slice(first, end).flatMap((row) => (row ? [[...row.shares.keys()]] : []))
  }

  /** Takes basis rows away until no pivot is left; columns come out ascending. */
  private reduce({ columns, values, total, shares }: SparseRow): SparseRow {
    const { scratch, isQueued } = this
    const queue = new ColumnQueue()
    const push = (column: number): void => {
      if (isQueued[column]) return
      isQueued[column] = 1
      queue.push(column)
    }
    columns.forEach((column, at) => {
      scratch[column] = values[at]!
      push(column)
    })
    const left: SparseRow = { columns: [], values: [], total, shares }
    for (let column = queue.pop(); column !== undefined; column = queue.pop()) {
      isQueued[column] = 0
      const factor = scratch[column]!
      scratch[column] = 0
      if (factor === 0) continue
      const row = this.byPivot[column]
      if (!row) {
        left.columns.push(column)
        left.values.push(factor)
        continue
      }
      const minus = prime - factor
      for (let at = 1; at < row.columns.length; at++) {
        const other = row.columns[at]!
        scratch[other] = (scratch[other]! + row.values[at]! * minus) % prime
        push(other)
      }
      left.total = (left.total + row.total * minus) % prime
      for (const [key, share] of row.shares) {
        const sum = ((shares.get(key) ?? 0) + share * minus) % prime
        if (sum === 0) shares.delete(key)
        else shares.set(key, sum)
      }
    }
    return left
  }
}

/** A binary heap: the smallest column first. */
class ColumnQueue {
  private readonly heap: number[] = []

  push(column: number): void {
    const { heap } = this
    let at = heap.length
    heap.push(column)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]! <= column) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = column
  }

  pop(): number | undefined {
    const { heap } = this
    const top = heap[0]
    const last = heap.pop()
    if (heap.length === 0 || last === undefined) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++
      if (heap[child]! >= last) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return top
  }
}

/** Adds factors of `combination`. */
export const addFactors = (a: number, b: number): number => (a + b) % prime
