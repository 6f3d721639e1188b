import type { MonthColumns } from './column-set.ts'
import type { FilterRules } from './filter-rules.ts'

/** Rows between two rows, every `step`th. */
export interface Span {
  start: number
  end: number
  step: number
}

/** Minutes of a month that pass: `from` inclusive, `to` exclusive. */
export interface Minutes {
  from: number
  to: number
}

let room = new Uint32Array(0)

/** Room for row numbers; the next call may give the same. */
export function rowRoom(count: number): Uint32Array {
  if (room.length < count) room = new Uint32Array(Math.max(count, 2 * room.length))
  return room
}

/**
 * Lists the rows of a span that box, areas and minutes let pass. The loops have no branches: about
 * half of all rows pass, in no order, and a branch guessed wrong costs more than all comparisons of
 * a row.
 * @param minutes null for all
 * @param into has room for the span and one more from `first` on
 * @returns the end of what is listed
 */
export function pickRows(
  month: MonthColumns,
  rules: Pick<FilterRules, 'area' | 'box' | 'hasAreas'>,
  minutes: Minutes | null,
  span: Span,
  into: Uint32Array,
  first = 0,
): number {
  let end: number
  if (rules.box) {
    end = startInBox(month, rules.box, span, into, first)
    if (rules.hasAreas) end = keepAreas(month.area, rules.area, into, first, end)
  } else if (rules.hasAreas) end = startInAreas(month.area, rules.area, span, into, first)
  else end = startWithAll(span, into, first)
  if (minutes) end = keepMinutes(month.minute, minutes, into, first, end)
  return end
}

function startWithAll({ start, end, step }: Span, into: Uint32Array, first: number): number {
  let found = first
  for (let row = start; row < end; row += step) into[found++] = row
  return found
}

function startInAreas(
  area: Uint16Array,
  rules: Uint8Array,
  { start, end, step }: Span,
  into: Uint32Array,
  first: number,
): number {
  let found = first
  for (let row = start; row < end; row += step) {
    into[found] = row
    found += 1 - rules[area[row]!]!
  }
  return found
}

function startInBox(
  { x, y }: MonthColumns,
  [minX, minY, maxX, maxY]: NonNullable<FilterRules['box']>,
  { start, end, step }: Span,
  into: Uint32Array,
  first: number,
): number {
  let found = first
  for (let row = start; row < end; row += step) {
    const east = x[row]!
    const north = y[row]!
    into[found] = row
    // the sign of any difference: −1 shifted
    found += 1 + (((east - minX) | (maxX - east) | (north - minY) | (maxY - north)) >> 31)
  }
  return found
}

/** Lists the rows of a month in a box, but not in another one. */
export function pickBetween(
  { count, x, y }: MonthColumns,
  box: NonNullable<FilterRules['box']>,
  but: NonNullable<FilterRules['box']>,
  into: Uint32Array,
): number {
  const [minX, minY, maxX, maxY] = box
  const [butMinX, butMinY, butMaxX, butMaxY] = but
  let found = 0
  for (let row = 0; row < count; row++) {
    const east = x[row]!
    const north = y[row]!
    into[found] = row
    const out = (east - minX) | (maxX - east) | (north - minY) | (maxY - north)
    const outBut = (east - butMinX) | (butMaxX - east) | (north - butMinY) | (butMaxY - north)
    found += (~out & outBut) >>> 31
  }
  return found
}

/** In place: it reads ahead of what it writes. @param rules 1 for areas that fail, else 0 */
export function keepAreas(
  area: Uint16Array,
  rules: Uint8Array,
  rows: Uint32Array,
  first: number,
  end: number,
): number {
  let found = first
  for (let at = first; at < end; at++) {
    const row = rows[at]!
    rows[found] = row
    found += 1 - rules[area[row]!]!
  }
  return found
}

function keepMinutes(
  minute: Uint16Array,
  { from, to }: Minutes,
  rows: Uint32Array,
  first: number,
  end: number,
): number {
  let found = first
  for (let at = first; at < end; at++) {
    const row = rows[at]!
    const when = minute[row]!
    rows[found] = row
    found += 1 + (((when - from) | (to - 1 - when)) >> 31)
  }
  return found
}
