import type { AreaLevel } from '../../../src/domain/vocabulary.ts'
import { geometryFault } from './geometry-check.ts'
import type { SourceFeature } from './read/feature-file.ts'
import type { ReportItem } from './report.ts'

export interface AreaImportOptions {
  file: string
  level: AreaLevel
  /** Property names. */
  code: string
  name: string
  /** Without it, each area's parent is the one above that holds most of it. */
  parent?: string
  /** Choose the parents by overlap, whatever the file says. */
  parentByOverlap?: boolean
  households?: string
  /** End areas of this level that the file lacks. */
  closeMissing?: boolean
  /** Store areas of one level that share ground. */
  allowOverlap?: boolean
  /** A city's polygon brings its own box. */
  replaceBox?: boolean
  /** Join the parts of a multipolygon that touch or overlap. */
  dissolve?: boolean
  /** Layer of a file with several. */
  layer?: string
  /** Of the file's texts, where its format does not say it. */
  encoding?: string
  /** Coordinate system; the file's own when left out, else WGS 84. */
  crs?: string
  /** Report and store nothing. */
  checkOnly?: boolean
  onProgress?: (state: { checked: number; total: number }) => void
  /** Ends the import before anything is stored. */
  signal?: AbortSignal
}

export interface AreaRow {
  feature: number
  code: string
  name: string
  parent: string | null
  households: number | null
  geometry: unknown
}

const codePattern = /^[A-Za-z0-9_.-]{1,40}$/

/** Codes often are numbers. */
function textOf(feature: SourceFeature, property: string | undefined): string {
  const value = property === undefined ? undefined : feature.properties?.[property]
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
}

/** `4.30102E+17`: a spreadsheet kept six of eighteen digits. */
export const isCutNumber = (text: string): boolean => /^\d(?:[.,]\d+)?e\+?\d{2,}$/i.test(text)

/** A number beyond the whole ones that are exact. `quoteBigIntegers` lets none through as digits. */
const isInexact = (feature: SourceFeature, property: string | undefined): boolean => {
  const value = property === undefined ? undefined : feature.properties?.[property]
  return typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER
}

export function rowOf(
  feature: SourceFeature,
  number: number,
  options: AreaImportOptions,
): { row: AreaRow; faults: ReportItem[] } {
  const code = textOf(feature, options.code)
  const name = textOf(feature, options.name)
  const parent = textOf(feature, options.parent) || null
  const householdsText = textOf(feature, options.households)
  const households = householdsText === '' ? null : Number(householdsText)
  const faults: ReportItem[] = []
  const blame = (field: string, reason: string, detail: string | null): void => {
    faults.push({ at: number, id: code || null, field, reason, detail })
  }
  if (code === '') blame(options.code, 'no_code', null)
  else if (isCutNumber(code) || isInexact(feature, options.code))
    blame(options.code, 'cut_number', code)
  else if (!codePattern.test(code))
    blame(options.code, 'bad_code', `${code.slice(0, 60)}: letters, digits, _ . -, at most 40`)
  if (name === '') blame(options.name, 'no_name', null)
  else if (name.length > 200 || name.includes('\u0000') || !name.isWellFormed())
    blame(options.name, 'bad_name', name.slice(0, 60))
  if (
    households !== null &&
    !(Number.isInteger(households) && households >= 0 && households < 2 ** 31)
  ) {
    blame(options.households ?? '', 'bad_households', householdsText.slice(0, 60))
  }
  if (parent !== null && (isCutNumber(parent) || isInexact(feature, options.parent)))
    blame(options.parent ?? '', 'cut_number', parent)
  else if (parent !== null && !codePattern.test(parent))
    blame(options.parent ?? '', 'bad_code', parent.slice(0, 60))
  const shape = geometryFault(feature.geometry)
  if (shape) blame('geometry', shape.reason, shape.detail)
  return {
    row: { feature: number, code, name, parent, households, geometry: feature.geometry },
    faults,
  }
}

export function duplicates(rows: readonly AreaRow[], field: string): ReportItem[] {
  const first = new Map<string, number>()
  return rows.flatMap(({ code, feature }) => {
    const before = first.get(code)
    if (code === '') return []
    if (before === undefined) {
      first.set(code, feature)
      return []
    }
    return [
      {
        at: feature,
        id: code,
        field,
        reason: 'duplicate_code',
        detail: `first in feature ${before}`,
      },
    ]
  })
}

export const codesOf = (rows: readonly AreaRow[]): string[] =>
  rows.map(({ code }) => code).filter((code) => codePattern.test(code))
