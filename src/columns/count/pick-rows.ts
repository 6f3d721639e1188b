import type { MonthColumns } from './column-set.ts'
import type { FilterRules } from './filter-rules.ts'
import { boxTiles } from './box-tiles.ts'
import type { Span } from './span.ts'
import { startInTiles } from './tile-column.ts'

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
    const { touched, isSmall } = boxTiles(rules.box)
    end = isSmall
      ? pickInTiles(month, touched, rules.box, span, into, first)
      : startInBox(month, rules.box, span, into, first)
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

/** Lists the rows of a span in a box and in some tiles, given as 1 by `tileAt`. */
export function pickInTiles(
  month: MonthColumns,
  tiles: Uint8Array,
  box: NonNullable<FilterRules['box']>,
  span: Span,
  into: Uint32Array,
  first = 0,
): number {
  return keepInBox(month, box, into, first, startInTiles(month, tiles, span, into, first))
}

/** In place, as `keepAreas`. */
function keepInBox(
  { x, y }: MonthColumns,
  [minX, minY, maxX, maxY]: NonNullable<FilterRules['box']>,
  rows: Uint32Array,
  first: number,
  end: number,
): number {
  let found = first
  for (let at = first; at < end; at++) {
    const row = rows[at]!
    const east = x[row]!
    const north = y[row]!
    rows[found] = row
    found += 1 + (((east - minX) | (maxX - east) | (north - minY) | (maxY - north)) >> 31)
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
