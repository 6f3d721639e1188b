const maxBars = 15

/** Entries drawn as bars, `most` at most; the table holds all. `height` is in pixels. */
export function bars<T>(
  entries: readonly T[],
  most = maxBars,
): { shown: T[]; hidden: number; height: number } {
  const shown = entries.slice(0, most)
  return {
    shown,
    hidden: entries.length - shown.length,
    height: Math.max(140, 64 + shown.length * 24),
  }
}

export const rounded = (value: number | null, digits: number): number | null =>
  value === null ? null : Number(value.toFixed(digits))

export interface Narrowing {
  key: string
  name: string
  selected: boolean
}

export const narrowBy =
  (entries: readonly { key: string }[], narrow: (key: string) => void) =>
  (row: number): void => {
    const entry = entries[row]
    if (entry) narrow(entry.key)
  }
