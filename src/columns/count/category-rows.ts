import type { MonthColumns } from './column-set.ts'

interface CategoryRows {
  rows: Uint32Array
  /** The first place in `rows` of each `Category.idx`, then the end of the last. */
  starts: Uint32Array
}

/** Months are replaced, never changed. */
const known = new WeakMap<MonthColumns, CategoryRows>()

/** Costs 4 bytes an incident. */
export function rowsByCategory(month: MonthColumns): CategoryRows {
  let found = known.get(month)
  if (!found) {
    found = sortRows(month)
    known.set(month, found)
  }
  return found
}

export function rowsOfCategories(
  { rows, starts }: CategoryRows,
  categories: readonly number[],
): Uint32Array {
  const parts = categories.map((idx) => rows.subarray(starts[idx]!, starts[idx + 1]!))
  const picked = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let end = 0
  for (const part of parts) {
    picked.set(part, end)
    end += part.length
  }
  return picked
}

function sortRows({ count, category }: MonthColumns): CategoryRows {
  const starts = new Uint32Array(257)
  for (let i = 0; i < count; i++) starts[category[i]! + 1]!++
  for (let idx = 0; idx < 256; idx++) starts[idx + 1]! += starts[idx]!
  const next = starts.slice()
  const rows = new Uint32Array(count)
  for (let i = 0; i < count; i++) rows[next[category[i]!]!++] = i
  return { rows, starts }
}
