import type { OfferedTransition } from './workflow.ts'

const maxButtons = 3

/** Primary steps first; the menu takes what makes more than three. */
export function arrangeSteps(offered: readonly OfferedTransition[]): {
  buttons: OfferedTransition[]
  menu: OfferedTransition[]
} {
  const ordered = [
    ...offered.filter(({ tone }) => tone === 'primary'),
    ...offered.filter(({ tone }) => tone !== 'primary'),
  ]
  if (ordered.length <= maxButtons) return { buttons: ordered, menu: [] }
  const shown = maxButtons - 1
  return { buttons: ordered.slice(0, shown), menu: ordered.slice(shown) }
}
