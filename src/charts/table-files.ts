import { csvFromTable } from '@/domain/csv.ts'
import type { ChartTable } from './chart-view.ts'

/** A table of one file, with what is said about it: under the rows of a CSV, on a sheet of its own. */
export interface TableFile extends ChartTable {
  about: readonly string[]
  /** Names of the sheets. */
  sheet: string
  aboutSheet: string
}

/** With a byte-order mark; texts that look like formulas are held by an apostrophe. */
export function csvFile({ header, rows, about }: TableFile): Blob {
  const below = about.length > 0 ? [[], ...about.map((line) => [line])] : []
  return new Blob([csvFromTable(header, [...rows, ...below])], { type: 'text/csv;charset=utf-8' })
}

/** Texts are never formulas. */
export async function workbook({
  header,
  rows,
  about,
  sheet,
  aboutSheet,
}: TableFile): Promise<Blob> {
  const { xlsxFile } = await import('@/domain/export/xlsx.ts')
  return xlsxFile([
    { name: sheet, header, rows, widths: header.map((_, i) => (i === 0 ? 32 : 14)) },
    { name: aboutSheet, rows: about.map((line) => [line]), widths: [80] },
  ])
}
