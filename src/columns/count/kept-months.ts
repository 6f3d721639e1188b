import type { IncidentFilter, QuantisedPoint } from '../../domain/filter/filter.ts'
import type { ColumnSet, MonthColumns } from './column-set.ts'
import { takeRows } from './due-rows.ts'

/** Months are replaced, never changed. Only the last answer of each: it is a copy of the columns. */
const known = new WeakMap<MonthColumns, { points: string; month: MonthColumns }>()

/**
 * The months without the incidents on the filter's excepted points. They are copied once, so that
 * counting stays as fast as without such points. A month may become empty: the time axis stays.
 */
export function keptMonths(
  { months }: ColumnSet,
  { exceptPoints }: Pick<IncidentFilter, 'exceptPoints'>,
): readonly MonthColumns[] {
  if (exceptPoints.length === 0) return months
  const points = exceptPoints.join('~')
  return months.map((month) => {
    const before = known.get(month)
    if (before?.points === points) return before.month
    const kept = without(month, exceptPoints)
    known.set(month, { points, month: kept })
    return kept
  })
}

function without(month: MonthColumns, points: readonly QuantisedPoint[]): MonthColumns {
  const { count, x, y, due } = month
  const yOf = Map.groupBy(points, ([pointX]) => pointX)
  const isAt = new Uint8Array(65_536)
  for (const pointX of yOf.keys()) isAt[pointX] = 1
  const rows = new Uint32Array(count)
  let found = 0
  for (let i = 0; i < count; i++) {
    if (isAt[x[i]!] && yOf.get(x[i]!)!.some(([, pointY]) => pointY === y[i])) continue
    rows[found++] = i
  }
  if (found === count) return month
  const kept = rows.subarray(0, found)
  const dueRows: number[] = []
  const dueMinutes: number[] = []
  // both lists ascend
  for (let at = 0, to = 0; at < due.rows.length; at++) {
    while (kept[to]! < due.rows[at]!) to++
    if (kept[to] !== due.rows[at]) continue
    dueRows.push(to)
    dueMinutes.push(due.minute[at]!)
  }
  return {
    ...takeRows(month, kept),
    due: { rows: Uint32Array.from(dueRows), minute: Uint32Array.from(dueMinutes) },
  }
}
