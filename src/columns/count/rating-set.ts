import type { PackedRatings, RatingRun } from '../../domain/answers/rating-columns.ts'
import { bytesFromBase64, uint16FromPlanes } from '../../domain/bytes.ts'
import { monthNumber } from '../../domain/time/calendar.ts'
import type { LocalMonth } from '../../domain/vocabulary.ts'

/** Columns hold `count` values; runs follow each other through them. */
export interface RatingColumns {
  month: LocalMonth
  count: number
  runs: readonly RatingRun[]
  /** `Area.idx`. */
  area: Uint16Array
  /** `Category.idx`. */
  category: Uint8Array
  /** See `answersOf`. */
  answer: Uint8Array
  /** Day of the month, from 1. */
  day: Uint8Array
}

/** @throws RangeError for an invalid month or a wrong number of values */
export function unpackRatings(packed: PackedRatings): RatingColumns {
  const { month, count, runs } = packed
  if (Number.isNaN(monthNumber(month))) throw new RangeError(`no month: ${month}`)
  const bytes = (name: 'area' | 'category' | 'answer', length: number): Uint8Array => {
    const found = bytesFromBase64(packed[name])
    if (found.length !== length)
      throw new RangeError(`${name}: ${found.length} bytes instead of ${length}`)
    return found
  }
  if (runs.reduce((sum, run) => sum + run.count, 0) !== count)
    throw new RangeError('runs do not cover the rows')
  const day = new Uint8Array(count)
  let row = 0
  for (const run of runs) {
    const end = row + run.count
    run.days.forEach((rows, at) => day.fill(at + 1, row, (row += rows)))
    if (row !== end) throw new RangeError('days do not cover the rows')
  }
  return {
    ...{ month, count, runs, day },
    area: uint16FromPlanes(bytes('area', count * 2)),
    category: bytes('category', count),
    answer: bytes('answer', count),
  }
}

/** Closings that were asked about or rated, by month of closing. */
export class RatingSet {
  readonly #months = new Map<LocalMonth, RatingColumns>()

  /** The oldest first. */
  get months(): RatingColumns[] {
    return [...this.#months.values()].sort((a, b) => (a.month < b.month ? -1 : 1))
  }

  replace(columns: RatingColumns): void {
    if (columns.count > 0) this.#months.set(columns.month, columns)
    else this.#months.delete(columns.month)
  }

  remove(month: LocalMonth): void {
    this.#months.delete(month)
  }
}
