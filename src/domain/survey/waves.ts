import { monthIn, numberIn, readingOf } from './fault.ts'
import type { SourceRow, SurveyFault, SurveyFaultCode, SurveyReading } from './fault.ts'

/** The answers of one area to one item in one wave. */
export interface WaveRow {
  areaCode: string
  /** Month of the wave, YYYY-MM. */
  period: string
  item: string
  /** Answers, without "don't know". */
  n: number
  mean: number | null
  sd: number | null
  /** 0 to 1. */
  satisfied: number | null
  dissatisfied: number | null
  /** Share that names the item among the most important, 0 to 1; missing where it was not asked. */
  important?: number | null
}

/** Which column holds what; a column left out is not read. */
export interface WaveMapping {
  area: string
  period: string
  item: string
  n: string
  mean?: string
  sd?: string
  satisfiedPercent?: string
  dissatisfiedPercent?: string
  importantPercent?: string
  /** People asked, who cannot be fewer than those that answered. */
  asked?: string
  scale: Scale
  /** Names in the file → the city's codes, where they differ. */
  areaCodes?: ReadonlyMap<string, string>
}

export interface Scale {
  least: number
  most: number
}

/** Percentages rounded to whole numbers may reach this together. */
const mostPercents = 101

/**
 * Reads aggregated waves by a mapping. Every fault is told with its line; with any, no row is taken.
 *
 * @param header columns of the file
 * @param isArea whether a code is an area of the city
 */
export function readWaves(
  header: readonly string[],
  rows: readonly SourceRow[],
  mapping: WaveMapping,
  isArea: (code: string) => boolean,
): SurveyReading<WaveRow> {
  const { scale, areaCodes, ...columns } = mapping
  const missing = Object.values(columns).filter((column) => !header.includes(column))
  if (missing.length > 0) {
    const code = 'missing-column'
    return { rows: null, faults: missing.map((column) => ({ line: 1, code, column, value: '' })) }
  }
  const faults: SurveyFault[] = []
  const seen = new Set<string>()
  const read = rows.flatMap((row): WaveRow[] => {
    const before = faults.length
    const cell = (column: string | undefined): string =>
      column === undefined ? '' : (row.cells[column] ?? '').trim()
    const fault = (code: SurveyFaultCode, column: string): null => {
      faults.push({ line: row.line, code, column, value: cell(column) })
      return null
    }
    const optional = (column: string | undefined): number | null => {
      if (column === undefined || cell(column) === '') return null
      return numberIn(cell(column)) ?? fault('no-number', column)
    }
    const share = (column: string | undefined): number | null => {
      const percent = optional(column)
      if (percent === null) return null
      return percent < 0 || percent > 100 ? fault('bad-percent', column!) : percent / 100
    }
    const areaCode = areaCodes?.get(cell(mapping.area)) ?? cell(mapping.area)
    if (!isArea(areaCode)) fault('unknown-area', mapping.area)
    const period = monthIn(cell(mapping.period)) ?? fault('no-period', mapping.period)
    const item = cell(mapping.item)
    if (item === '') fault('no-item', mapping.item)
    const n = numberIn(cell(mapping.n))
    if (n === null || !Number.isSafeInteger(n) || n < 0) fault('bad-count', mapping.n)
    const asked = optional(mapping.asked)
    if (asked !== null && n !== null && asked < n) fault('fewer-asked-than-answers', mapping.asked!)
    const mean = optional(mapping.mean)
    if (mean !== null && (mean < scale.least || mean > scale.most))
      fault('outside-scale', mapping.mean!)
    const sd = optional(mapping.sd)
    // No spread on a scale exceeds its width.
    if (sd !== null && (sd < 0 || sd > scale.most - scale.least))
      fault('outside-scale', mapping.sd!)
    const satisfied = share(mapping.satisfiedPercent)
    const dissatisfied = share(mapping.dissatisfiedPercent)
    if (
      satisfied !== null &&
      dissatisfied !== null &&
      (satisfied + dissatisfied) * 100 > mostPercents
    )
      fault('percents-over-100', mapping.dissatisfiedPercent!)
    const important = share(mapping.importantPercent)
    const key = JSON.stringify([areaCode, period, item])
    if (seen.has(key)) fault('duplicate', mapping.item)
    seen.add(key)
    if (faults.length > before) return []
    const result = { areaCode, period: period!, item, n: n!, mean, sd, satisfied, dissatisfied }
    return [mapping.importantPercent === undefined ? result : { ...result, important }]
  })
  return readingOf(read, faults)
}
