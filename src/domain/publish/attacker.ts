/** The attacker of the tests: exact fractions, whole elimination and bounds, sharing no code with the audit. */

/** A fraction of two whole numbers; the second is positive. */
type Fraction = readonly [bigint, bigint]
const zero: Fraction = [0n, 1n]
function fraction(top: bigint, bottom: bigint): Fraction {
  let [a, b] = [top < 0n ? -top : top, bottom < 0n ? -bottom : bottom]
  while (b !== 0n) [a, b] = [b, a % b]
  const shared = bottom < 0n ? -a : a
  return [top / shared, bottom / shared]
}
const minusTimes = (a: Fraction, b: Fraction, c: Fraction): Fraction =>
  b[0] === 0n || c[0] === 0n
    ? a
    : fraction(a[0] * b[1] * c[1] - b[0] * c[0] * a[1], a[1] * b[1] * c[1])
const over = (a: Fraction, b: Fraction): Fraction => fraction(a[0] * b[1], a[1] * b[0])

/** Σ over `atoms` = each of `values`. */
export interface Known {
  atoms: readonly number[]
  values: readonly number[]
}

/** Reduced equations: coefficients by atom, then their values. */
export interface Equation {
  terms: ReadonlyMap<number, number>
  values: readonly number[]
}

/** Eliminates until each pivot stands in one equation alone. */
export function solve(known: readonly Known[], atoms: number): Equation[] {
  const columns = known[0]?.values.length ?? 0
  const rows = known.map(({ atoms: own, values }) => {
    const row: Fraction[] = new Array<Fraction>(atoms + columns).fill(zero)
    for (const atom of own) row[atom] = [1n, 1n]
    values.forEach((value, at) => (row[atoms + at] = [BigInt(value), 1n]))
    return row
  })
  let done = 0
  for (let column = 0; column < atoms; column++) {
    const at = rows.findIndex((row, index) => index >= done && row[column]![0] !== 0n)
    if (at < 0) continue
    ;[rows[done], rows[at]] = [rows[at]!, rows[done]!]
    const pivot = rows[done]!.map((value, _, row) => over(value, row[column]!))
    rows[done] = pivot
    rows.forEach((row, index) => {
      const times = row[column]!
      if (index === done || times[0] === 0n) return
      rows[index] = row.map((value, i) => minusTimes(value, times, pivot[i]!))
    })
    done++
  }
  const plain = ([top, bottom]: Fraction): number => Number(top) / Number(bottom)
  return rows.slice(0, done).map((row) => ({
    terms: new Map(
      row
        .slice(0, atoms)
        .flatMap((value, atom): [number, number][] =>
          value[0] === 0n ? [] : [[atom, plain(value)]],
        ),
    ),
    values: row.slice(atoms).map(plain),
  }))
}

/** The value of a sum that follows from reduced equations; null where none does. */
export function follows(equations: readonly Equation[], atoms: readonly number[]): number[] | null {
  const left = new Map(atoms.map((atom) => [atom, 1]))
  const values = equations[0]?.values.map(() => 0) ?? []
  for (const { terms, values: own } of equations) {
    // Its first term is its pivot, which stands in no other.
    const [pivot] = terms.keys()
    const factor = left.get(pivot!) ?? 0
    if (factor === 0) continue
    for (const [atom, coefficient] of terms)
      left.set(atom, (left.get(atom) ?? 0) - factor * coefficient)
    own.forEach((value, at) => (values[at]! += factor * value))
  }
  return [...left.values()].every((value) => Math.abs(value) < 1e-6) ? values : null
}

/** Shaves whole-number bounds of each atom by every equation; hidden atoms are at least 1. */
export function bound(
  equations: readonly { terms: ReadonlyMap<number, number>; value: number }[],
  zeros: ReadonlySet<number>,
  atoms: number,
): (readonly [number, number])[] {
  const bounds = Array.from({ length: atoms }, (_, atom): [number, number] =>
    zeros.has(atom) ? [0, 0] : [1, 1e7],
  )
  for (let moved = true, round = 0; moved && round < 100; round++) {
    moved = false
    for (const { terms, value } of equations)
      for (const [atom, own] of terms) {
        let [least, most] = [value, value]
        for (const [other, coefficient] of terms) {
          if (other === atom) continue
          const ends = bounds[other]!.map((end) => coefficient * end)
          least -= Math.max(...ends)
          most -= Math.min(...ends)
        }
        const ends = [least / own, most / own].sort((a, b) => a - b)
        const low = Math.max(bounds[atom]![0], Math.ceil(ends[0]! - 1e-6))
        const high = Math.min(bounds[atom]![1], Math.floor(ends[1]! + 1e-6))
        if (low === bounds[atom]![0] && high === bounds[atom]![1]) continue
        bounds[atom] = [low, high]
        moved = true
      }
  }
  return bounds
}
