import type { MonthColumns } from './column-set.ts'
import { takeRows } from './due-rows.ts'
import type { FilterRules } from './filter-rules.ts'

/** Rows of one category and stage byte that stand together. */
interface KindRuns {
  /** `kindOf` each run. */
  kinds: Uint16Array
  /** The first row of each run, then the end of the last. */
  starts: Uint32Array
}

/** Months are replaced, never changed. */
const known = new WeakMap<MonthColumns, KindRuns>()

const kindOf = (category: number, stage: number): number => (category << 8) | stage
export const categoryOfKind = (kind: number): number => kind >> 8
export const stageOfKind = (kind: number): number => kind & 255

/** The same incidents by category, then stage byte, then in their old order. */
export function sortByKind(month: MonthColumns): MonthColumns {
  const { count, category, stage, due } = month
  const next = new Uint32Array(65_537)
  let isSorted = true
  let most = 0
  for (let row = 0, before = 0; row < count; row++) {
    const kind = kindOf(category[row]!, stage[row]!)
    if (kind < before) isSorted = false
    if (kind > most) most = kind
    before = kind
    next[kind + 1]!++
  }
  if (isSorted) return month
  for (let kind = 0; kind < most; kind++) next[kind + 1]! += next[kind]!
  const rows = new Uint32Array(count)
  /** One more than the place in `due`; 0 without. */
  const dueAt = new Uint32Array(count)
  for (let row = 0, at = 0; row < count; row++) {
    const place = next[kindOf(category[row]!, stage[row]!)]!++
    rows[place] = row
    if (due.rows[at] === row) dueAt[place] = ++at
  }
  const moved = { rows: new Uint32Array(due.rows.length), minute: new Uint32Array(due.rows.length) }
  for (let place = 0, to = 0; place < count; place++) {
    if (dueAt[place] === 0) continue
    moved.rows[to] = place
    moved.minute[to++] = due.minute[dueAt[place]! - 1]!
  }
  return { ...takeRows(month, rows), due: moved }
}

export function kindRuns(month: MonthColumns): KindRuns {
  let runs = known.get(month)
  if (!runs) {
    runs = findRuns(month)
    known.set(month, runs)
  }
  return runs
}

function findRuns({ count, category, stage }: MonthColumns): KindRuns {
  const kinds: number[] = []
  const starts: number[] = []
  for (let row = 0, before = -1; row < count; row++) {
    const kind = kindOf(category[row]!, stage[row]!)
    if (kind === before) continue
    kinds.push(kind)
    starts.push(row)
    before = kind
  }
  return { kinds: Uint16Array.from(kinds), starts: Uint32Array.from([...starts, count]) }
}

/** The rows that categories and stages let pass, as pairs of first and end. */
export function kindSpans(month: MonthColumns, rules: FilterRules): Uint32Array {
  if (rules.onlyPlaces) return Uint32Array.of(0, month.count)
  const { category, stage } = rules
  const { kinds, starts } = kindRuns(month)
  const spans = new Uint32Array(2 * kinds.length)
  let end = 0
  for (let run = 0; run < kinds.length; run++) {
    const kind = kinds[run]!
    if ((category[categoryOfKind(kind)]! | stage[stageOfKind(kind)]!) !== 0) continue
    if (end > 0 && spans[end - 1] === starts[run]) spans[end - 1] = starts[run + 1]!
    else {
      spans[end++] = starts[run]!
      spans[end++] = starts[run + 1]!
    }
  }
  return spans.slice(0, end)
}
