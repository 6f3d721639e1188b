import type { PublishedSum } from './published-table.ts'
import { RowSpace } from './row-space.ts'
import { suppress, type Suppression } from './suppress.ts'

interface Suppressed {
  /** Of the answers. */
  state: Suppression['state']
  exposed: number
}

interface Sums<T> {
  n: T
  yes: T
}

/**
 * Hides shares: a share is shown only where its answers are, and the answers by their number. What
 * remains between shown sums tells the share of hidden answers where all, or none, say yes: then one
 * of these sums keeps its share to itself.
 *
 * @param n answers by cell, single atoms among them @param yes of the same cells, those that say yes
 * @returns by cell whether it is hidden
 */
export function hideShares(
  n: readonly PublishedSum[],
  yes: readonly PublishedSum[],
  least: number,
  earlier: Sums<readonly PublishedSum[]>,
): Sums<boolean[]> & Suppressed {
  const counts = suppress(n, least, earlier.n)
  const isHidden = counts.state.map((one) => one !== 'shown')
  const exposed = counts.exposed.length
  const kept = new Set<number>()
  for (;;) {
    const isKept = (cell: number): boolean => isHidden[cell]! || kept.has(cell)
    // Without answers there is nothing to hide.
    const own = suppress(yes, isKept, earlier.yes, (cell) => n[cell]!.value > 0)
    const hidden = own.state.map((one) => one !== 'shown')
    const cell = tellingCell(n, yes, hidden, earlier)
    if (cell === null) return { n: isHidden, yes: hidden, state: counts.state, exposed }
    kept.add(cell)
  }
}

/**
 * A shown share that, with others, tells that hidden answers all say the same; null without any. A
 * difference of shown sums tells it exactly where it lives on atoms that all say yes, or all no. So the
 * other atoms are eliminated first; rows that are left lie in the differences of the rest.
 */
function tellingCell(
  n: readonly PublishedSum[],
  yes: readonly PublishedSum[],
  hidden: readonly boolean[],
  earlier: Sums<readonly PublishedSum[]>,
): number | null {
  const told = new Map(earlier.yes.map(({ atoms, value }) => [atoms.join(), value]))
  const before = earlier.n.flatMap(({ atoms, value }) => {
    const agreed = told.get(atoms.join())
    return agreed === undefined ? [] : [{ atoms, n: value, yes: agreed, at: -1 }]
  })
  const now = n.map(({ atoms, value }, at) => ({ atoms, n: value, yes: yes[at]!.value, at }))
  /** An earlier row is no cell; what was told cannot be kept any more. */
  const canKeep = (cell: number): boolean =>
    cell >= 0 && n[cell]!.value > 0 && !told.has(n[cell]!.atoms.join())
  const rows = [...now.filter(({ at }) => !hidden[at]), ...before]
  const single = new Map(
    [...now, ...before].flatMap((row) =>
      row.atoms.length === 1 ? [[row.atoms[0]!, row] as const] : [],
    ),
  )
  // A sum that itself says the same throughout is no secret, and neither are its parts.
  const isPlain = new Set(
    rows.filter((row) => row.yes === 0 || row.yes === row.n).flatMap(({ atoms }) => atoms),
  )
  const all = [...new Set(rows.flatMap(({ atoms }) => atoms))]
  for (const says of [(row: Answers) => row.yes === row.n, (row: Answers) => row.yes === 0]) {
    const kind = (atom: number): number => {
      const own = single.get(atom)
      return isPlain.has(atom) || own?.n === 0 ? 2 : own && says(own) ? 1 : 0
    }
    const kinds = [0, 1, 2].map((one) => all.filter((atom) => kind(atom) === one))
    const columns = new Map(kinds.flat().map((atom, column) => [atom, column]))
    const space = new RowSpace(all.length)
    rows
      .map((row, name) => ({ row, name }))
      .toSorted((a, b) => a.row.atoms.length - b.row.atoms.length)
      .forEach(({ row, name }) => {
        const own = row.atoms.map((atom) => columns.get(atom)!)
        space.add(own, name, row.yes)
      })
    const [others, alike] = kinds.map((atoms) => atoms.length)
    for (const names of space.rowsWithin(others!, others! + alike!)) {
      const closers = names.map((row) => rows[row]!.at).filter(canKeep)
      if (closers.length > 0) return closers.reduce((best, one) => smaller(n, best, one))
    }
  }
  return null
}

type Answers = { n: number; yes: number }

const smaller = (n: readonly PublishedSum[], a: number, b: number): number =>
  (n[a]!.atoms.length - n[b]!.atoms.length || n[a]!.value - n[b]!.value || a - b) <= 0 ? a : b
