import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import Papa from 'papaparse'

/** One real incident of the demo city, as far as the generator needs it. */
export interface SampleRow {
  lon: number
  lat: number
  /** Top category of the product. */
  top: string
  sourceCategory: string
  /** Wall clock of the city as if it were UTC, milliseconds. */
  reportedLocal: number
  /** Hours to close; null while open. */
  hours: number | null
  /** For the search. */
  description: string
}

interface SourceRow {
  category: string
  source_category: string
  reported_at: string
  closed_at: string
  lng: string
  lat: string
  source_type: string
  source_details: string
}

export const demoFolder = new URL('../../../supabase/seed/demo/', import.meta.url)

/** The demo city's incidents without those closed before they were opened. */
export function readSample(): SampleRow[] {
  const file = fileURLToPath(new URL('incidents.csv.gz', demoFolder))
  const { data } = Papa.parse<SourceRow>(gunzipSync(readFileSync(file)).toString('utf8'), {
    header: true,
    skipEmptyLines: true,
  })
  return data
    .map((row) => {
      const reportedLocal = Date.parse(`${row.reported_at}Z`)
      const closedLocal = row.closed_at ? Date.parse(`${row.closed_at}Z`) : null
      return {
        lon: Number(row.lng),
        lat: Number(row.lat),
        top: row.category,
        sourceCategory: row.source_category,
        reportedLocal,
        hours: closedLocal === null ? null : (closedLocal - reportedLocal) / 3_600_000,
        description: `${row.source_type} · ${row.source_details}`.replaceAll('_', ' '),
      }
    })
    .filter((row) => row.hours === null || row.hours >= 0)
}

/** How a category closes: hours are log-normal, `openShare` stay open. */
export interface ClosingModel {
  logMean: number
  logSpread: number
  openShare: number
}

/** Closing model by source category; anything under six minutes counts as six. */
export function closingModels(sample: SampleRow[]): Map<string, ClosingModel> {
  return new Map(
    [...Map.groupBy(sample, (row) => row.sourceCategory)].map(([category, rows]) => {
      const logs = rows.flatMap((row) =>
        row.hours === null ? [] : [Math.log(Math.max(0.1, row.hours))],
      )
      const logMean = logs.reduce((sum, value) => sum + value, 0) / Math.max(1, logs.length)
      const variance =
        logs.reduce((sum, value) => sum + (value - logMean) ** 2, 0) / Math.max(1, logs.length)
      const openShare = 1 - logs.length / rows.length
      return [category, { logMean, logSpread: Math.sqrt(variance), openShare }]
    }),
  )
}
