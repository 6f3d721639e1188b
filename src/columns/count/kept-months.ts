import { notClosedHours } from '../../domain/answers/columns.ts'
import type { IncidentFilter, QuantisedPoint } from '../../domain/filter/filter.ts'
import { firstDayNumber } from '../../domain/time/calendar.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'
import type { ColumnSet, MonthColumns } from './column-set.ts'
import { takeRows } from './due-rows.ts'
import type { FilterWorld } from './filter-rules.ts'

/** Months are replaced, never changed. Only the last answer of each: it is a copy of the columns. */
const known = new WeakMap<MonthColumns, { key: string; month: MonthColumns }>()

/** Says of a row that it stays. */
type Keeps = (row: number) => boolean

/**
 * The months without the incidents on the filter's excepted points, and those that were open as long as it
 * asks for. They are copied once, so that counting stays as fast as without. A month may become empty: the time
 * axis stays.
 */
export function keptMonths(
  { months }: ColumnSet,
  { exceptPoints, openLonger }: Pick<IncidentFilter, 'exceptPoints' | 'openLonger'>,
  { asOfWallMinutes }: Pick<FilterWorld, 'asOfWallMinutes'>,
): readonly MonthColumns[] {
  if (exceptPoints.length === 0 && openLonger === null) return months
  const since = openLonger === null ? '' : `${openLonger} ${asOfWallMinutes}`
  const key = `${exceptPoints.join('~')} ${since}`
  return months.map((month) => {
    const before = known.get(month)
    if (before?.key === key) return before.month
    const rules: Keeps[] = []
    if (exceptPoints.length > 0) rules.push(besides(month, exceptPoints))
    if (openLonger !== null) rules.push(openFor(month, openLonger, asOfWallMinutes))
    const kept = only(month, rules)
    known.set(month, { key, month: kept })
    return kept
  })
}

function besides({ x, y }: MonthColumns, points: readonly QuantisedPoint[]): Keeps {
  const yOf = Map.groupBy(points, ([pointX]) => pointX)
  const isAt = new Uint8Array(65_536)
  for (const pointX of yOf.keys()) isAt[pointX] = 1
  return (row) => !isAt[x[row]!] || !yOf.get(x[row]!)!.some(([, pointY]) => pointY === y[row])
}

const closedStage = stages.indexOf('closed')
const isOpenAt = stages.map(isOpenStage)

/** As the time-to-close curve counts: hours to the closing, or to now by the wall clock. */
function openFor(
  { monthNumber, minute, hours, stage }: MonthColumns,
  longer: number,
  asOfWallMinutes: number,
): Keeps {
  const now = asOfWallMinutes - firstDayNumber(monthNumber) * 1440
  return (row) => {
    const at = stage[row]! & 15
    if (at === closedStage) return hours[row] !== notClosedHours && hours[row]! > longer
    return isOpenAt[at] === true && Math.floor((now - minute[row]!) / 60) > longer
  }
}

function only(month: MonthColumns, rules: readonly Keeps[]): MonthColumns {
  const { count, due } = month
  const rows = new Uint32Array(count)
  let found = 0
  for (let i = 0; i < count; i++) if (rules.every((keeps) => keeps(i))) rows[found++] = i
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
