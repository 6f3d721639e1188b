import { AreaShapes } from '../../../src/columns/count/area-shapes.ts'
import { randomMonths } from '../../fixtures/columns.ts'
import { ColumnSet } from '../../../src/columns/count/column-set.ts'
import { density } from '../../../src/columns/count/density.ts'
import { FilteredRows } from '../../../src/columns/count/filtered-rows.ts'
import { filteredMonths } from '../../../src/columns/count/passing-rows.ts'
import { emptyFilter, type IncidentFilter } from '../../../src/domain/filter/filter.ts'
import { sortByKind } from '../../../src/columns/count/kind-runs.ts'
import { project } from '../../../src/columns/count/project.ts'
import { closing } from '../../../src/columns/questions/closing.ts'
import type { QuestionWorld } from '../../../src/columns/questions/question.ts'

interface BenchOptions {
  rows: number
  log: (line: string) => void
}
export interface BenchResult {
  name: string
  ratio: number
  target: string
  pass: boolean
  detail: string
}

const months = 120
const repeatsAt = (rows: number): number => (rows > 1_000_000 ? 5 : 30)

const areas = Array.from({ length: 236 }, (_, i) => ({
  idx: i + 1,
  code: `A-${i + 1}`,
  path: i === 0 ? 'A-1/' : `A-1/A-${i + 1}/`,
  level: i === 0 ? 'city' : 'grid',
}))
const categories = Array.from({ length: 30 }, (_, i) => ({
  idx: i + 1,
  code: `c${i + 1}`,
  path: `c${i + 1}/`,
}))
const world: QuestionWorld = {
  areas,
  categories,
  cityBbox: [-122.52, 37.7, -122.35, 37.83],
  nowMinute: Date.UTC(2026, 0, 1) / 60_000,
  asOfWallMinutes: Date.UTC(2026, 0, 1) / 60_000,
  shapes: new AreaShapes(),
}

/** Everything passes; a third of the areas in one year; open ones of some categories in a box; overdue ones. */
const filters: Record<string, IncidentFilter> = {
  all: emptyFilter(),
  'a year, 80 areas': {
    ...emptyFilter(),
    period: { from: '2023-01-01', to: '2023-12-31' },
    areas: areas.slice(100, 180).map((area) => area.code),
  },
  'open, 10 categories, in a box': {
    ...emptyFilter(),
    openOnly: true,
    categories: categories.slice(0, 10).map((category) => category.code),
    bbox: [-122.48, 37.72, -122.4, 37.8],
  },
  overdue: { ...emptyFilter(), due: ['overdue'] },
}

/**
 * Costs of one filter change in the columns worker, against the floor of any answer from columns:
 * one plain pass that only sums a byte column. Best of the repeats on one thread: other work on the
 * machine can only add to a time, and adds more to a long one than to the floor: judge it on a quiet
 * machine. With a floor of 0.45 ms at a million, 15 × is 7 ms where only a period is asked for and
 * months are added as a whole, 60 × is 27 ms where every row must be looked at, 80 × is 36 ms for a
 * picture of everything, and 450 × is 200 ms for times to close, which sort a million rows by area.
 */
export function run({ rows, log }: BenchOptions): BenchResult[] {
  const set = new ColumnSet()
  for (const month of randomMonths({ rows, months, firstMonth: '2016-01', placed: true }))
    set.replace(sortByKind(month))
  log(`columns: ${set.count} incidents in ${months} months`)

  const repeats = repeatsAt(rows)
  const floor = bestMs(repeats, () => {
    let sum = 0
    for (const { stage, count } of set.months) for (let i = 0; i < count; i++) sum += stage[i]!
    return sum
  })
  const result = (name: string, most: number, work: () => unknown): BenchResult => {
    const millis = bestMs(repeats, work)
    const ratio = millis / floor
    const detail = `${millis.toFixed(1)} ms against ${floor.toFixed(2)} ms at ${rows} incidents`
    log(`${name}: ${detail}`)
    return { name, ratio, target: `≤ ${most} × the floor`, pass: ratio <= most, detail }
  }
  let minutes = 0
  const picture = { bbox: world.cityBbox, width: 480, height: 360, radiusPixels: 9 }
  return [
    ...Object.entries(filters).map(([name, filter]) =>
      result(`projection, ${name}`, name === 'all' ? 15 : 60, () => project(set, filter, world)),
    ),
    result('heat picture, all', 80, () =>
      density(filteredMonths(set, emptyFilter(), world), world.cityBbox, picture),
    ),
    result('times to close, all', 450, () =>
      closing(new FilteredRows(set, emptyFilter(), world), world, {
        withinDays: 7,
        areaLevel: 'grid',
      }),
    ),
    result('projection, all, a minute later', 60, () =>
      project(set, emptyFilter(), { ...world, nowMinute: world.nowMinute - ++minutes }),
    ),
  ]
}

function bestMs(repeats: number, work: () => unknown): number {
  for (let i = 0; i < 3; i++) work()
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < repeats; i++) {
    const start = performance.now()
    work()
    best = Math.min(best, performance.now() - start)
  }
  return best
}
