import { dayNumber, firstDayNumber } from '../../domain/time/calendar.ts'
import { isOpenStage, stages, type LocalDay } from '../../domain/vocabulary.ts'
import { within, type InParts } from '../../stats/in-parts.ts'
import { eachPassingInParts, type FilteredRows } from '../count/filtered-rows.ts'

const categories = 256
const isOpenAt = stages.map(isOpenStage)

/** Incidents by category; those of category c are at `starts[c] … starts[c + 1]`. */
export interface Cases {
  starts: Uint32Array
  /** Metres. */
  x: Float64Array
  y: Float64Array
  category: Uint8Array
  /** Slot of its area, −1 in none. */
  slot: Int32Array
  /** From `firstDay` on. */
  day: Uint16Array
  open: Uint8Array
  firstDay: number
  days: number
}

/** @param metres of a quantised step to the east and to the north */
export function* casesInParts(
  rows: FilteredRows,
  slots: ArrayLike<number>,
  [east, north]: readonly [number, number],
  from: LocalDay,
  to: LocalDay,
): InParts<Cases> {
  const counts = yield* within(categoryCounts(rows), 0, 0.2)
  const starts = new Uint32Array(categories + 1)
  for (let category = 0; category < categories; category++)
    starts[category + 1] = starts[category]! + counts[category]!
  const n = rows.count
  const firstDay = dayNumber(from)
  const cases = {
    ...{ starts, firstDay, days: dayNumber(to) - firstDay + 1 },
    ...{ x: new Float64Array(n), y: new Float64Array(n) },
    ...{ category: new Uint8Array(n), slot: new Int32Array(n) },
    ...{ day: new Uint16Array(n), open: new Uint8Array(n) },
  }
  const next = starts.slice()
  const fill = eachPassingInParts(rows, ({ monthNumber, minute, area, category, stage, x, y }) => {
    const monthDay = firstDayNumber(monthNumber) - firstDay
    return (row) => {
      const at = next[category[row]!]!++
      cases.x[at] = x[row]! * east
      cases.y[at] = y[row]! * north
      cases.category[at] = category[row]!
      cases.slot[at] = slots[area[row]!]!
      cases.day[at] = monthDay + Math.floor(minute[row]! / 1440)
      cases.open[at] = isOpenAt[stage[row]! & 15] ? 1 : 0
    }
  })
  yield* within(fill, 0.2, 1)
  return cases
}

export function* categoryCounts(rows: FilteredRows): InParts<Float64Array> {
  const counts = new Float64Array(categories)
  yield* eachPassingInParts(
    rows,
    ({ category }) =>
      (row) =>
        void counts[category[row]!]!++,
  )
  return counts
}
