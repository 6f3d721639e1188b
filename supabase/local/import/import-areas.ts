import { readFile } from 'node:fs/promises'
import type { AreaLevel } from '../../../src/domain/vocabulary.ts'
import type { Database } from '../database-types.ts'
import { geometryFault, parseFeatures } from './geojson-check.ts'
import type { AreaFeature } from './geojson-check.ts'
import { countReasons } from './report.ts'
import type { ImportReport, ReportItem } from './report.ts'
import { ImportFileError } from './text-source.ts'

export interface AreaImportOptions {
  file: string
  level: AreaLevel
  /** Property names. */
  code: string
  name: string
  /** Property that holds the parent's code. */
  parent?: string
  /** Find the parent by the area's point on surface instead. */
  parentByPoint?: boolean
  /** Property that holds the number of households. */
  households?: string
  onProgress?: (state: { checked: number; total: number }) => void
}

interface AreaRow {
  feature: number
  code: string
  name: string
  parent: string | null
  households: number | null
  geometry: unknown
}

interface AreasResult {
  stored: number
  updated: number
  unchanged: number
  replaced: string | null
  restamped: number
  warnings: { reason: string; detail: string }[]
  faults: { feature: number; code: string; field: string; reason: string; detail: string | null }[]
}

const codePattern = /^[A-Za-z0-9_.-]{1,40}$/

/** Text of a property; numbers count as text, because codes often are numbers. */
function textOf(feature: AreaFeature, property: string | undefined): string {
  const value = property === undefined ? undefined : feature.properties?.[property]
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
}

function rowOf(
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

function duplicates(rows: readonly AreaRow[], field: string): ReportItem[] {
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

const warningText: Record<string, string> = {
  city_box_widened: "the city's box was widened to hold the polygon",
  city_box_exceeded:
    "the polygon reaches beyond the city's box; places there are drawn on its edge",
}

async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch(() => {
    throw new ImportFileError(`${file}: no such file`)
  })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ImportFileError(`${file}: GeoJSON is UTF-8, this is not`)
  }
}

/**
 * Imports the areas of one level: all of the file or, with any fault, nothing. Areas stored before
 * with the same content stay as they are; changed ones get a new revision, and incidents that lie
 * elsewhere now are stamped again.
 * @throws ImportFileError when the file cannot be read as GeoJSON; nothing was stored then.
 */
export async function importAreas(db: Database, options: AreaImportOptions): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  const features = parseFeatures(await readText(options.file), options.file)
  if (features.length === 0) throw new ImportFileError(`${options.file}: no features in it`)
  const checked = features.map((feature, index) => rowOf(feature, index + 1, options))
  const rows = checked.map(({ row }) => row)
  const faults = [...checked.flatMap((item) => item.faults), ...duplicates(rows, options.code)]
  options.onProgress?.({ checked: features.length, total: features.length })

  const names: Record<string, string | undefined> = {
    code: options.code,
    name: options.name,
    parent: options.parent,
  }
  // what the database can still judge goes there, so that one run lists every fault
  const broken = new Set(faults.map(({ at }) => at))
  const judged = rows.filter(({ feature }) => !broken.has(feature))
  const [answer] = await db.query<{ result: AreasResult }>(
    `select private.import_areas($1, $2::text::jsonb, $3, $4) as result`,
    [options.level, JSON.stringify(judged), options.parentByPoint ?? false, faults.length > 0],
  )
  if (!answer) throw new Error('the database gave no answer to the areas')
  const { result } = answer
  const items = [
    ...faults,
    ...result.faults.map(({ feature, code, field, reason, detail }) => ({
      at: feature,
      id: code,
      field: names[field] ?? field,
      reason,
      detail,
    })),
  ].toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))
  const warnings = result.warnings.map(
    ({ reason, detail }) => `${warningText[reason] ?? reason}: ${detail}`,
  )
  if (result.replaced) warnings.push(`the box of the empty city (${result.replaced}) was replaced`)
  if (result.restamped > 0) warnings.push(`${result.restamped} incidents now lie in another area`)
  return {
    kind: 'areas',
    file: options.file,
    startedAt,
    finishedAt: new Date().toISOString(),
    read: features.length,
    stored: result.stored,
    updated: result.updated,
    unchanged: result.unchanged,
    rejected: items.length === 0 ? 0 : features.length,
    byLevel: {},
    reasons: countReasons(items),
    items,
    warnings,
  }
}
