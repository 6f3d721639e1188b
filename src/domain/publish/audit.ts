import { addFactors, RowSpace } from './row-space.ts'
import type { PublishedSum } from './published-table.ts'

/** A hidden figure that can be computed. */
export interface Leak {
  /** Number of the cell. */
  cell: number
  /** Cells of this publication of which hiding one closes the leak; empty where earlier ones give it away. */
  closers: number[]
}

/**
 * The hidden figures that a reader can compute from the shown ones and from earlier publications, by
 * sums and differences, or because hidden atoms are at least 1: 0 is always shown.
 *
 * Bounds are found by passing through each shown sum until nothing changes, not by linear
 * programming. A reader is taken not to know which hidden figures are small.
 */
export function audit(
  cells: readonly PublishedSum[],
  isShown: (cell: number) => boolean,
  earlier: readonly PublishedSum[] = [],
): Leak[] {
  const known = knownAtoms(cells, isShown, earlier)
  const columns = new Map<number, number>()
  const rows = [...cells, ...earlier].map((sum, at) => {
    const shown = at >= cells.length || isShown(at)
    const open = sum.atoms.filter((atom) => !known.has(atom))
    for (const atom of open) if (!columns.has(atom)) columns.set(atom, columns.size)
    return { sum, at, shown, open }
  })
  const place = (atoms: readonly number[]): number[] => atoms.map((atom) => columns.get(atom)!)
  const space = new RowSpace(columns.size)
  for (const { at, shown, open } of rows) if (shown && open.length > 0) space.add(place(open), at)
  const single = new Map<number, number>()
  cells.forEach(({ atoms }, at) => atoms.length === 1 && single.set(atoms[0]!, at))
  const leaks: Leak[] = []
  for (const { sum, at, shown, open } of rows) {
    if (shown) continue
    const combination = space.combination(place(open))
    if (combination)
      leaks.push({ cell: at, closers: closersOf(sum, combination, rows, single, cells.length) })
  }
  // An atom that follows helps to squeeze the others.
  const following = new Map(known)
  for (const { cell } of leaks) {
    const { sum, open } = rows[cell]!
    if (open.length === 1) following.set(open[0]!, valueOf(sum, open[0]!, cells, single))
  }
  const told = new Set(leaks.map(({ cell }) => cell))
  const more = squeezed(rows, following, single, cells.length).filter(({ cell }) => !told.has(cell))
  return [...leaks, ...more]
}

type Row = { sum: PublishedSum; at: number; shown: boolean; open: number[] }

function valueOf(
  sum: PublishedSum,
  atom: number,
  cells: readonly PublishedSum[],
  single: ReadonlyMap<number, number>,
): number {
  const own = single.get(atom)
  return own === undefined ? sum.value : cells[own]!.value
}

function knownAtoms(
  cells: readonly PublishedSum[],
  isShown: (cell: number) => boolean,
  earlier: readonly PublishedSum[],
): Map<number, number> {
  const known = new Map<number, number>()
  for (const { atoms, value } of earlier) if (atoms.length === 1) known.set(atoms[0]!, value)
  cells.forEach(({ atoms, value }, at) => {
    // A shown 0 says that all its atoms are 0.
    if (!isShown(at)) return
    if (atoms.length === 1) known.set(atoms[0]!, value)
    else if (value === 0) for (const atom of atoms) known.set(atom, 0)
  })
  return known
}

/** The rows of a combination, and single atoms that remain in it once they are hidden. */
function closersOf(
  hidden: PublishedSum,
  combination: ReadonlyMap<number, number>,
  rows: readonly Row[],
  single: ReadonlyMap<number, number>,
  own: number,
): number[] {
  // The hidden sum + Σ factor × row is 0 over the open atoms.
  const factors = new Map(hidden.atoms.map((atom) => [atom, 1]))
  for (const [row, factor] of combination)
    for (const atom of rows[row]!.sum.atoms) {
      const sum = addFactors(factors.get(atom) ?? 0, factor)
      factors.set(atom, sum)
    }
  const atoms = [...factors].flatMap(([atom, factor]) => {
    const cell = single.get(atom)
    return factor !== 0 && cell !== undefined ? [cell] : []
  })
  return [...atoms, ...[...combination.keys()].filter((row) => row < own)]
}

function squeezed(
  rows: readonly Row[],
  known: ReadonlyMap<number, number>,
  single: ReadonlyMap<number, number>,
  own: number,
): Leak[] {
  const low = new Map<number, number>()
  const high = new Map<number, number>()
  const cause = new Map<number, Row>()
  const isOpen = (atom: number): boolean => !known.has(atom)
  const sums = rows
    .filter(({ shown }) => shown)
    .map((row) => ({ ...row, open: row.sum.atoms.filter(isOpen) }))
    .filter(({ open }) => open.length > 0)
  const rest = sums.map(({ sum }) =>
    sum.atoms.reduce((left, atom) => left - (known.get(atom) ?? 0), sum.value),
  )
  for (const { sum } of rows)
    for (const atom of sum.atoms) {
      low.set(atom, known.get(atom) ?? 1)
      high.set(atom, known.get(atom) ?? Number.POSITIVE_INFINITY)
    }
  for (let changed = true; changed;) {
    changed = false
    sums.forEach((row, at) => {
      const lows = row.open.reduce((sum, atom) => sum + low.get(atom)!, 0)
      const highs = row.open.reduce((sum, atom) => sum + high.get(atom)!, 0)
      for (const atom of row.open) {
        const most = rest[at]! - (lows - low.get(atom)!)
        const others = Number.isFinite(highs) ? highs - high.get(atom)! : Number.POSITIVE_INFINITY
        const least = rest[at]! - others
        if (most < high.get(atom)!) {
          high.set(atom, most)
          cause.set(atom, row)
          changed = true
        }
        if (least > low.get(atom)!) {
          low.set(atom, least)
          cause.set(atom, row)
          changed = true
        }
        if (changed) break
      }
    })
  }
  const isFixed = (atom: number): boolean => low.get(atom) === high.get(atom)
  return rows.flatMap(({ shown, open, at }): Leak[] => {
    if (shown || open.length === 0 || !open.every(isFixed)) return []
    const row = open.map((atom) => cause.get(atom)).find((one) => one !== undefined)
    if (!row) return []
    const atoms = row.sum.atoms.flatMap((atom) => single.get(atom) ?? [])
    return [{ cell: at, closers: [...atoms, ...(row.at < own ? [row.at] : [])] }]
  })
}
