import type { DueRange } from '../../domain/filter/due.ts'
import { incidentFlags, isOpenStage, stages } from '../../domain/vocabulary.ts'
import type { MonthColumns } from './column-set.ts'

/** Edges from `low`, below `high`, part the due minutes of a month alike. */
interface Edges {
  low: number
  high: number
}
interface Picked {
  after: Edges
  until: Edges
  orNone: boolean
  rows: MonthColumns
}

/** Months are replaced, never changed. */
const known = new WeakMap<MonthColumns, Picked[]>()
/** All choices and the union of some. */
const maxKnown = 4

/** By stage byte: open and not on hold. */
const isCounted = Uint8Array.from({ length: 256 }, (_, byte) => {
  const stage = stages[byte & 15]
  return stage && isOpenStage(stage) && !((byte >> 4) & incidentFlags.onHold) ? 1 : 0
})

/**
 * The incidents of a month whose due minute lies in the range, as columns of their own. They stay
 * the same while the clock passes no due minute.
 */
export function dueRows(month: MonthColumns, range: DueRange): MonthColumns {
  const { after, until, orNone } = range
  let answers = known.get(month)
  if (!answers) known.set(month, (answers = []))
  const answer = answers.find(
    (one) => one.orNone === orNone && isWithin(after, one.after) && isWithin(until, one.until),
  )
  if (answer) return answer.rows
  const { minute } = month.due
  const rows = pick(month, range)
  const edges = { after: edgesAround(after, minute), until: edgesAround(until, minute) }
  answers.push({ ...edges, orNone, rows })
  if (answers.length > maxKnown) answers.shift()
  return rows
}

const isWithin = (edge: number, { low, high }: Edges): boolean => edge >= low && edge < high

function edgesAround(edge: number, minutes: Uint32Array): Edges {
  let low = Number.NEGATIVE_INFINITY
  let high = Number.POSITIVE_INFINITY
  for (let i = 0; i < minutes.length; i++) {
    const minute = minutes[i]!
    if (minute > edge) high = Math.min(high, minute)
    else low = Math.max(low, minute)
  }
  return { low, high }
}

function pick(month: MonthColumns, { after, until, orNone }: DueRange): MonthColumns {
  const { due } = month
  const places = new Uint32Array(due.rows.length)
  let count = 0
  for (let at = 0; at < due.rows.length; at++) {
    const minute = due.minute[at]!
    if (minute > after && minute <= until) places[count++] = at
  }
  const picked = places.subarray(0, count)
  const dated = taken(due.rows, picked)
  const rows = orNone ? merged(dated, undated(month)) : dated
  return {
    ...takeRows(month, rows),
    due: { rows: placesIn(rows, dated), minute: taken(due.minute, picked) },
  }
}

/** All columns but `due`, which stays the month's. */
export function takeRows(month: MonthColumns, rows: Uint32Array): MonthColumns {
  return {
    ...month,
    count: rows.length,
    minute: taken(month.minute, rows),
    hours: taken(month.hours, rows),
    area: taken(month.area, rows),
    category: taken(month.category, rows),
    stage: taken(month.stage, rows),
    closedMonth: taken(month.closedMonth, rows),
    x: taken(month.x, rows),
    y: taken(month.y, rows),
  }
}

/** Rows that are open and not on hold, and have no due minute; ascending. */
function undated({ count, stage, due }: MonthColumns): Uint32Array {
  const rows = new Uint32Array(count)
  let length = 0
  for (let row = 0, at = 0; row < count; row++) {
    if (due.rows[at] === row) at++
    else if (isCounted[stage[row]!]) rows[length++] = row
  }
  return rows.slice(0, length)
}

function merged(a: Uint32Array, b: Uint32Array): Uint32Array {
  const rows = new Uint32Array(a.length + b.length)
  rows.set(a)
  rows.set(b, a.length)
  return rows.sort()
}

/** Places of `some` in `rows`; both ascend. */
function placesIn(rows: Uint32Array, some: Uint32Array): Uint32Array {
  const places = new Uint32Array(some.length)
  for (let at = 0, row = 0; at < some.length; row++) if (rows[row] === some[at]) places[at++] = row
  return places
}

function taken<Column extends Uint8Array | Uint16Array | Uint32Array>(
  column: Column,
  rows: Uint32Array,
): Column {
  const values = column.slice(0, rows.length) as Column
  for (let i = 0; i < rows.length; i++) values[i] = column[rows[i]!]!
  return values
}
