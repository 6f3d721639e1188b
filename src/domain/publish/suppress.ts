import { audit, type Leak } from './audit.ts'
import type { PublishedSum } from './published-table.ts'

/** Fewest incidents, and fewest ratings or comments, that a published figure may tell of. */
export const leastPublished = { incidents: 5, ratings: 10 } as const

export interface Suppression {
  /** By cell: shown, too small, or hidden so that no other can be computed. */
  state: ('shown' | 'small' | 'complementary')[]
  /** Cells that earlier publications give away whatever is hidden now. */
  exposed: number[]
}

/**
 * Hides figures from 1 to `least` − 1 and as many others as it takes, so that no hidden figure can be
 * computed from the shown ones and from earlier publications. 0 stays. Of those that give a hidden figure away, the one over the fewest atoms, then the smallest.
 *
 * A figure can be computed exactly when its vector lies in the row space of the shown sums over
 * hidden atoms (`audit.ts`), or when hidden atoms are squeezed by being at least 1.
 *
 * For a share or a mean, pass its numbers of answers: numerator, sum and share are shown exactly where
 * this number is, since mean × n is a sum over the same atoms.
 *
 * @param cells of one publication; single atoms among them
 * @param least the smallest figure told; or which cells to hide, where hidden ones may be 0
 * @param earlier figures shown by earlier publications over the same atoms
 */
export function suppress(
  cells: readonly PublishedSum[],
  least: number | ((cell: number) => boolean),
  earlier: readonly PublishedSum[] = [],
  mayHide: (cell: number) => boolean = () => true,
): Suppression {
  const isCount = typeof least === 'number'
  const isSmall = isCount
    ? (cell: number) => cells[cell]!.value > 0 && cells[cell]!.value < least
    : least
  const state = cells.map((_, cell): Suppression['state'][number] =>
    isSmall(cell) ? 'small' : 'shown',
  )
  const exposed = new Set<number>()
  // A level with one area, or a period of one month, gives the same sum twice: both are hidden.
  const twins = Map.groupBy(cells.keys(), (cell) => cells[cell]!.atoms.join())
  const isShown = (cell: number): boolean => state[cell] === 'shown'
  const told = new Set(earlier.map(({ atoms }) => atoms.join()))
  const locked = new Set<number>()
  const canHide = (cell: number): boolean =>
    isShown(cell) &&
    !locked.has(cell) &&
    mayHide(cell) &&
    (!isCount || cells[cell]!.value !== 0) &&
    // hiding what was told already helps nobody
    !told.has(cells[cell]!.atoms.join())
  for (;;) {
    const leaks = audit(cells, isShown, earlier, isCount).filter(({ cell }) => !exposed.has(cell))
    if (leaks.length === 0) break
    const hiddenNow = new Set<number>()
    for (const leak of leaks) {
      // Closed perhaps by another of this round; the next round tells.
      if (leak.closers.some((cell) => hiddenNow.has(cell))) continue
      const other = choose(leak, cells, canHide)
      if (other === null) {
        // Told anyway, and large enough: it is shown, and counted on from here.
        const isLarge = state[leak.cell] === 'complementary'
        if (isLarge) state[leak.cell] = 'shown'
        ;(isLarge ? locked : exposed).add(leak.cell)
        continue
      }
      for (const twin of twins.get(cells[other]!.atoms.join())!) {
        state[twin] = 'complementary'
        hiddenNow.add(twin)
      }
    }
  }
  return { state, exposed: [...exposed] }
}

function choose(
  { closers }: Leak,
  cells: readonly PublishedSum[],
  canHide: (cell: number) => boolean,
): number | null {
  let best: number | null = null
  for (const cell of closers) {
    if (!canHide(cell)) continue
    if (best === null) best = cell
    const [now, other] = [cells[cell]!, cells[best]!]
    const order = now.atoms.length - other.atoms.length || now.value - other.value || cell - best
    if (order < 0) best = cell
  }
  return best
}
