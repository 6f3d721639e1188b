import { addFactors, RowSpace, type Relation } from './row-space.ts'
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
 * Bounds are found by passing through each shown sum, and through the differences of the fully
 * reduced ones, until nothing changes; not by linear programming. A reader is taken not to know which
 * hidden figures are small.
 *
 * @param hasBounds false where hidden atoms may be 0: only sums and differences count
 */
export function audit(
  cells: readonly PublishedSum[],
  isShown: (cell: number) => boolean,
  earlier: readonly PublishedSum[] = [],
  hasBounds = true,
): Leak[] {
  const known = knownAtoms(cells, isShown, earlier, hasBounds)
  const sums = [...cells, ...earlier]
  const isOpen = (atom: number): boolean => !known.has(atom)
  const atoms = [...new Set(sums.flatMap((sum) => sum.atoms.filter(isOpen)))].sort((a, b) => a - b)
  const columns = new Map(atoms.map((atom, column) => [atom, column]))
  const rows = sums.map((sum, at): Row => {
    const shown = at >= cells.length || isShown(at)
    const open = sum.atoms.filter(isOpen)
    const rest = sum.atoms.reduce((left, atom) => left - (known.get(atom) ?? 0), sum.value)
    return { sum, at, shown, open: open.map((atom) => columns.get(atom)!), rest }
  })
  const space = new RowSpace(atoms.length)
  // Short rows first: they keep the others short.
  const told = rows.filter(({ shown, open }) => shown && open.length > 0)
  const inOrder = told.toSorted((a, b) => a.open.length - b.open.length)
  for (const { at, open, rest } of inOrder) space.add(open, at, rest)
  const single = new Map<number, number>()
  cells.forEach(({ atoms: own }, at) => own.length === 1 && single.set(own[0]!, at))
  const leaks: Leak[] = []
  for (const { sum, at, shown, open } of rows) {
    if (shown) continue
    const combination = space.combination(open)
    if (combination)
      leaks.push({ cell: at, closers: closersOf(sum, combination, rows, single, cells.length) })
  }
  // Bounds cost most: they wait until sums alone tell nothing.
  if (!hasBounds || leaks.length > 0) return leaks
  // Reduced from both ends: each order leaves other differences.
  const mirrored = new RowSpace(atoms.length)
  const mirror = (column: number): number => atoms.length - 1 - column
  for (const { at, open, rest } of inOrder) mirrored.add(open.map(mirror), at, rest)
  const others = mirrored
    .relations()
    .map((relation) => ({ ...relation, columns: relation.columns.map(mirror) }))
  const relations = [...told.map(relationOf), ...space.relations(), ...others]
  const tight = squeezed(relations, atoms.length)
  for (const { at, shown, open } of rows) {
    if (shown || open.length === 0) continue
    if (!open.every((column) => tight.isFixed(column))) continue
    const cause = open.map((column) => tight.causes[column]).find((one) => one !== undefined)
    if (!cause) continue
    const near = cause.columns.flatMap((column) => single.get(atoms[column]!) ?? [])
    leaks.push({ cell: at, closers: [...near, ...cause.rows.filter((row) => row < cells.length)] })
  }
  return leaks
}

/** `open`: columns of its hidden atoms; `rest`: its value less its known atoms. */
type Row = { sum: PublishedSum; at: number; shown: boolean; open: number[]; rest: number }

const relationOf = ({ open, rest, at }: Row): Relation => ({
  columns: open,
  coefficients: open.map(() => 1),
  total: rest,
  rows: [at],
})

function knownAtoms(
  cells: readonly PublishedSum[],
  isShown: (cell: number) => boolean,
  earlier: readonly PublishedSum[],
  zerosTell: boolean,
): Map<number, number> {
  const known = new Map<number, number>()
  for (const { atoms, value } of earlier) if (atoms.length === 1) known.set(atoms[0]!, value)
  cells.forEach(({ atoms, value }, at) => {
    if (!isShown(at)) return
    if (atoms.length === 1) known.set(atoms[0]!, value)
    // A shown 0 says that all its atoms are 0.
    else if (zerosTell && value === 0) for (const atom of atoms) known.set(atom, 0)
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

/** More rounds would only follow bounds that never meet. */
const mostRounds = 200

/** Bounds of columns from relations between them, each column being at least 1. */
function squeezed(relations: readonly Relation[], width: number) {
  const low = new Float64Array(width).fill(1)
  const high = new Float64Array(width).fill(Number.POSITIVE_INFINITY)
  const causes: (Relation | undefined)[] = Array.from({ length: width }, () => undefined)
  for (let round = 0, changed = true; changed && round < mostRounds; round++) {
    changed = false
    for (const relation of relations) {
      const { columns, coefficients, total } = relation
      // The least and the most of each term; several may be without a limit.
      const terms = columns.map((column, at) => {
        const ends = [coefficients[at]! * low[column]!, coefficients[at]! * high[column]!]
        return { least: Math.min(...ends), most: Math.max(...ends) }
      })
      const least = openSum(terms.map((term) => term.least))
      const most = openSum(terms.map((term) => term.most))
      columns.forEach((column, at) => {
        const coefficient = coefficients[at]!
        const ends = [
          (total - least.without(terms[at]!.least)) / coefficient,
          (total - most.without(terms[at]!.most)) / coefficient,
        ].sort((a, b) => a - b)
        // Counts are whole numbers.
        const [from, to] = [Math.ceil(ends[0]! - 1e-9), Math.floor(ends[1]! + 1e-9)]
        if (from <= low[column]! && to >= high[column]!) return
        low[column] = Math.max(low[column]!, from)
        high[column] = Math.min(high[column]!, to)
        causes[column] = relation
        changed = true
      })
    }
  }
  return { causes, isFixed: (column: number): boolean => low[column] === high[column] }
}

/** A sum from which one term can be taken, infinite ones too. */
function openSum(terms: readonly number[]) {
  const finite = terms.reduce((sum, term) => (Number.isFinite(term) ? sum + term : sum), 0)
  const infinite = terms.filter((term) => !Number.isFinite(term))
  return {
    without(term: number): number {
      const isInfinite = !Number.isFinite(term)
      if (infinite.length > (isInfinite ? 1 : 0)) return infinite[0]!
      return isInfinite ? finite : finite - term
    },
  }
}
