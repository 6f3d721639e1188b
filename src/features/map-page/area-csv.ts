import { csvFromTable } from '@/domain/csv.ts'
import type { Measure } from '@/domain/measure/measure.ts'
import type { RankedArea } from '@/domain/measure/rank.ts'

/** Words of the columns, in their order. */
export const areaCsvColumns = [
  'name',
  'code',
  'count',
  'open',
  'overdue',
  'within_day',
  'households',
  'squareKm',
  'before',
  'measure',
  'n',
  'low',
  'high',
  'verdict',
] as const
export type AreaCsvColumn = (typeof areaCsvColumns)[number]

/** Numbers as counted, not as printed; an empty cell where a figure is missing. */
export function areaCsv(
  rows: readonly RankedArea[],
  measure: Measure,
  header: (column: AreaCsvColumn) => string,
  verdictOf: (row: RankedArea) => string,
): string {
  return csvFromTable(
    areaCsvColumns.map(header),
    rows.map((row) => {
      const interval = measure.interval(row)
      return [
        row.area.name,
        row.area.code,
        row.count,
        row.open,
        row.overdue,
        row.within_day,
        row.households,
        row.squareKm,
        row.before,
        finite(row.reading.value),
        row.reading.n,
        finite(interval?.low),
        finite(interval?.high),
        verdictOf(row),
      ]
    }),
  )
}

const finite = (value: number | null | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null
