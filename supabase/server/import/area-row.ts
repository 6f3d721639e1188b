import type { AreaLevel } from '../../../src/domain/vocabulary.ts'
import { geometryFault } from './geojson-check.ts'
import type { AreaFeature } from './geojson-check.ts'
import type { ReportItem } from './report.ts'

export interface AreaImportOptions {
  file: string
  level: AreaLevel
  /** Property names. */
  code: string
  name: string
  parent?: string
  parentByPoint?: boolean
  households?: string
  /** End areas of this level that the file lacks. */
  closeMissing?: boolean
  onProgress?: (state: { checked: number; total: number }) => void
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
function textOf(feature: AreaFeature, property: string | undefined): string {
  const value = property === undefined ? undefined : feature.properties?.[property]
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
}

export function rowOf(
  feature: AreaFeature,
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
  if (options.level !== 'city' && options.parent !== undefined && parent === null)
    blame(options.parent, 'no_parent', null)
  if (parent !== null && !codePattern.test(parent))
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
