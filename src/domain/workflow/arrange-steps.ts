import type { OfferedTransition } from './workflow.ts'

const maxButtons = 3

/**
 * Primary steps first; the menu takes what makes more than three.
 * @param main its main step, which leads as in the list of work
 */
export function arrangeSteps(
  offered: readonly OfferedTransition[],
  main: string | null = null,
): {
  buttons: OfferedTransition[]
  menu: OfferedTransition[]
} {
  const rankOf = ({ name, tone }: OfferedTransition): number => {
    if (name === main) return 0
    return tone === 'primary' ? 1 : 2
  }
  const ordered = offered.toSorted((a, b) => rankOf(a) - rankOf(b))
  if (ordered.length <= maxButtons) return { buttons: ordered, menu: [] }
  const shown = maxButtons - 1
  return { buttons: ordered.slice(0, shown), menu: ordered.slice(shown) }
}
