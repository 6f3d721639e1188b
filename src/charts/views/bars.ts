const maxBars = 15

/** The entries a chart draws as bars; its table holds all of them. `height` is in pixels. */
export function bars<T>(entries: readonly T[]): { shown: T[]; hidden: number; height: number } {
  const shown = entries.slice(0, maxBars)
  return {
    shown,
    hidden: entries.length - shown.length,
    height: Math.max(140, 64 + shown.length * 24),
  }
}

/** A figure for a table; null stays null. */
export const rounded = (value: number | null, digits: number): number | null =>
  value === null ? null : Number(value.toFixed(digits))

/** An entry that the filter can be narrowed to. */
export interface Narrowing {
  key: string
  name: string
  selected: boolean
}

/** Hands the key of a row's entry to `narrow`. */
export const narrowBy =
  (entries: readonly { key: string }[], narrow: (key: string) => void) =>
  (row: number): void => {
    const entry = entries[row]
    if (entry) narrow(entry.key)
  }
