import { ColumnSet } from '../../../src/columns/count/column-set.ts'
import { FilteredRows } from '../../../src/columns/count/filtered-rows.ts'
import { sortByKind } from '../../../src/columns/count/kind-runs.ts'
import { repeatPlacesInParts } from '../../../src/columns/questions/repeat-places.ts'
import {
  repeatRadii,
  type RepeatPlacesOptions,
  type RepeatRadius,
} from '../../../src/domain/answers/repeat-places.ts'
import { emptyFilter } from '../../../src/domain/filter/filter.ts'
import { randomMonths } from '../../fixtures/columns.ts'
import { shapes } from '../../fixtures/lattice-world.ts'
import type { BenchResult } from '../run.ts'

const mostIncidents = 1_000_000
const mostPartMillis = 100

/**
 * Repeat places among incidents that all lie in the 365 days looked at. The worker answers others
 * between the parts, so the longest part is what they wait for. By processor time: machines are shared.
 */
export function run({ rows, log }: { rows: number; log: (line: string) => void }): BenchResult[] {
  const incidents = Math.min(rows, mostIncidents)
  const of = { rows: incidents, months: 12, firstMonth: '2025-01', placed: true }
  const world = {
    ...{ areas: [], categories: [], cityBbox: [-122.52, 37.7, -122.35, 37.83] as const },
    nowMinute: Date.UTC(2026, 0, 1) / 60_000,
    asOfWallMinutes: Date.UTC(2026, 0, 1) / 60_000,
    shapes: shapes(195),
  }
  return [30, 1].flatMap((categories) => {
    const set = new ColumnSet()
    for (const month of randomMonths(of)) {
      if (categories === 1) month.category.fill(1)
      set.replace(sortByKind(month))
    }
    return repeatRadii.map((radiusMetres) => measure(set, categories, radiusMetres))
  })

  function measure(set: ColumnSet, categories: number, radiusMetres: RepeatRadius): BenchResult {
    const options: RepeatPlacesOptions = {
      ...{ level: 'grid', lastDay: '2025-12-31', method: 'radius', radiusMetres, times: 3 },
    }
    const parts = repeatPlacesInParts(new FilteredRows(set, emptyFilter(), world), world, options)
    const millis: number[] = []
    for (let isDone = false; !isDone;) {
      const begun = process.cpuUsage()
      isDone = parts.next().done ?? false
      const { user, system } = process.cpuUsage(begun)
      millis.push((user + system) / 1000)
    }
    const total = millis.reduce((sum, one) => sum + one, 0)
    const longest = Math.max(...millis)
    const detail = `${incidents} incidents of ${categories === 1 ? 'one category' : `${categories} categories`} in a year, ${total.toFixed(0)} ms in ${millis.length} parts`
    log(`${radiusMetres} m: longest ${longest.toFixed(0)} ms; ${detail}`)
    return {
      name: `repeat places of ${radiusMetres} m, categories ${categories}: longest part without a pause, ms`,
      ratio: longest,
      target: `≤ ${mostPartMillis}`,
      pass: longest <= mostPartMillis,
      detail,
    }
  }
}
