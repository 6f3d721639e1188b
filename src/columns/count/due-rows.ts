import type { DueRange } from '../../domain/filter/due.ts'
import type { MonthColumns } from './column-set.ts'

/** Edges from `low`, below `high`, part the due minutes of a month alike. */
interface Edges {
  low: number
  high: number
}
interface Picked {
  after: Edges
  until: Edges
  rows: MonthColumns
}

/** Months are replaced, never changed. */
const known = new WeakMap<MonthColumns, Picked[]>()
/** Both choices and their union. */
const maxKnown = 3

/**
 * The incidents of a month whose due minute lies in the range, as columns of their own. They stay
 * the same while the clock passes no due minute.
 */
export function dueRows(month: MonthColumns, { after, until }: DueRange): MonthColumns {
  let answers = known.get(month)
  if (!answers) known.set(month, (answers = []))
  const answer = answers.find((one) => isWithin(after, one.after) && isWithin(until, one.until))
  if (answer) return answer.rows
  const { minute } = month.due
  const rows = pick(month, { after, until })
  answers.push({ after: edgesAround(after, minute), until: edgesAround(until, minute), rows })
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

function pick(month: MonthColumns, { after, until }: DueRange): MonthColumns {
  const { due } = month
  const places = new Uint32Array(due.rows.length)
  let count = 0
  for (let at = 0; at < due.rows.length; at++) {
    const minute = due.minute[at]!
    if (minute > after && minute <= until) places[count++] = at
  }
  const picked = places.subarray(0, count)
  const rows = taken(due.rows, picked)
  return {
    ...takeRows(month, rows),
    due: { rows: Uint32Array.from(rows.keys()), minute: taken(due.minute, picked) },
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

function taken<Column extends Uint8Array | Uint16Array | Uint32Array>(
  column: Column,
  rows: Uint32Array,
): Column {
  const values = column.slice(0, rows.length) as Column
  for (let i = 0; i < rows.length; i++) values[i] = column[rows[i]!]!
  return values
}
