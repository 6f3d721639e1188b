import type { MonthColumns } from './column-set.ts'
import { takeRows } from './due-rows.ts'
import type { FilterRules } from './filter-rules.ts'

/** Rows of one area that stand together, and the quantised box around their places. */
interface AreaRuns {
  area: Uint16Array
  /** The first row of each run, then the end of the last. */
  starts: Uint32Array
  minX: Uint16Array
  minY: Uint16Array
  maxX: Uint16Array
  maxY: Uint16Array
}
export type QuantisedBox = NonNullable<FilterRules['box']>

/** Months are replaced, never changed. */
const known = new WeakMap<MonthColumns, AreaRuns | null>()

/** The same incidents, those of one area together and in order of their reports. */
export function sortByArea(month: MonthColumns): MonthColumns {
  const { count, area, due } = month
  if (area.every((idx, row) => row === 0 || area[row - 1]! <= idx)) return month
  const next = new Uint32Array(65_537)
  for (const idx of area) next[idx + 1]!++
  for (let idx = 0; idx < 65_536; idx++) next[idx + 1]! += next[idx]!
  const rows = new Uint32Array(count)
  const dueAt = new Uint32Array(count)
  for (let row = 0, at = 0; row < count; row++) {
    const place = next[area[row]!]!++
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

/**
 * The row numbers that areas and box let through at most, as pairs of first and end. Fewer rows to
 * look at: the spans may still hold rows that fail.
 * @param areas failing bits by `Area.idx`; null for all
 */
export function spansOf(
  month: MonthColumns,
  areas: Uint8Array | null,
  box: QuantisedBox | null,
): Uint32Array {
  const runs = areas || box ? runsOf(month) : null
  if (!runs) return Uint32Array.of(0, month.count)
  const { area, starts, minX, minY, maxX, maxY } = runs
  const [west, south, east, north] = box ?? [0, 0, 65_535, 65_535]
  const spans = new Uint32Array(2 * area.length)
  let end = 0
  for (let run = 0; run < area.length; run++) {
    if (areas && areas[area[run]!] !== 0) continue
    if (minX[run]! > east || maxX[run]! < west || minY[run]! > north || maxY[run]! < south) continue
    if (end > 0 && spans[end - 1] === starts[run]) spans[end - 1] = starts[run + 1]!
    else {
      spans[end++] = starts[run]!
      spans[end++] = starts[run + 1]!
    }
  }
  return spans.subarray(0, end)
}

/** The box around each area's places, by `Area.idx`; null where a month does not tell. */
export function areaBoxes(months: readonly MonthColumns[]): Map<number, QuantisedBox> | null {
  const boxes = new Map<number, QuantisedBox>()
  for (const month of months) {
    const runs = runsOf(month)
    if (!runs) return null
    for (let run = 0; run < runs.area.length; run++) {
      const box = boxes.get(runs.area[run]!) ?? [65_535, 65_535, 0, 0]
      boxes.set(runs.area[run]!, [
        Math.min(box[0], runs.minX[run]!),
        Math.min(box[1], runs.minY[run]!),
        Math.max(box[2], runs.maxX[run]!),
        Math.max(box[3], runs.maxY[run]!),
      ])
    }
  }
  return boxes
}

/** Visits rows of one area that stand together; an area may come again. */
export function forEachRun(month: MonthColumns, visit: (area: number, rows: number) => void): void {
  const runs = runsOf(month)
  if (!runs) for (const idx of month.area) visit(idx, 1)
  else
    for (let run = 0; run < runs.area.length; run++)
      visit(runs.area[run]!, runs.starts[run + 1]! - runs.starts[run]!)
}

/** Null where runs are too short to be worth their memory. */
function runsOf(month: MonthColumns): AreaRuns | null {
  let runs = known.get(month)
  if (runs === undefined) {
    runs = findRuns(month)
    known.set(month, runs)
  }
  return runs
}

function findRuns({ count, area, x, y }: MonthColumns): AreaRuns | null {
  let length = 0
  for (let row = 0; row < count; row++) if (row === 0 || area[row] !== area[row - 1]) length++
  if (length * 4 > count) return null
  const words = (): Uint16Array => new Uint16Array(length)
  const runs = {
    area: words(),
    starts: new Uint32Array(length + 1),
    minX: words().fill(65_535),
    minY: words().fill(65_535),
    maxX: words(),
    maxY: words(),
  }
  for (let row = 0, run = -1; row < count; row++) {
    if (row === 0 || area[row] !== area[row - 1]) {
      runs.area[++run] = area[row]!
      runs.starts[run] = row
    }
    if (x[row]! < runs.minX[run]!) runs.minX[run] = x[row]!
    if (x[row]! > runs.maxX[run]!) runs.maxX[run] = x[row]!
    if (y[row]! < runs.minY[run]!) runs.minY[run] = y[row]!
    if (y[row]! > runs.maxY[run]!) runs.maxY[run] = y[row]!
  }
  runs.starts[length] = count
  return runs
}
