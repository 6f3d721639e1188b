import type { Database } from '../base/database-types.ts'
import { codesOf, duplicates, rowOf } from './area-row.ts'
import type { AreaImportOptions, AreaRow } from './area-row.ts'
import { coordinateSystem } from './place/coordinate-system.ts'
import { planeGeometry } from './place/plane-geometry.ts'
import type { FeatureFile, SourceFeature } from './read/feature-file.ts'
import { readFeatures } from './read/formats.ts'
import { countReasons, onlyChecked } from './report.ts'
import type { ImportReport, ReportItem } from './report.ts'
import { storeWhole } from './store-areas.ts'
import type { AreasResult, ClosingResult } from './store-areas.ts'
import { ImportFileError } from './text-source.ts'

const warningText: Record<string, string> = {
  city_box_changed: "the city's box was set by its polygon",
  city_box_exceeded:
    "the polygon reaches beyond the city's box; places there are drawn on its edge",
  city_box_wide:
    "the city's box is much wider than the polygon: places are drawn coarser than need be",
  below_leaves: 'areas below these leave them: see the list of doubts in the app',
}

/** Stored areas that the file would move to another level. */
async function levelFaults(
  db: Database,
  rows: readonly AreaRow[],
  options: AreaImportOptions,
): Promise<ReportItem[]> {
  const others = await db.query<{ code: string; level: string; name: string }>(
    `select a.code, a.level, a.name from public.areas a
     join jsonb_array_elements_text($1::text::jsonb) as wanted (code) on wanted.code = a.code
     where a.level <> $2`,
    [JSON.stringify(codesOf(rows)), options.level],
  )
  const known = new Map(others.map((area) => [area.code, area]))
  return rows.flatMap(({ code, feature }) => {
    const area = known.get(code)
    if (!area) return []
    const detail = `${area.level} ${area.name} has this code`
    return [{ at: feature, id: code, field: options.code, reason: 'other_level', detail }]
  })
}

const namedCodes = 50

function warningsOf(result: AreasResult, closing: ClosingResult | null): string[] {
  const warnings = result.warnings.map(
    ({ reason, detail }) => `${warningText[reason] ?? reason}: ${detail}`,
  )
  if (result.replaced) warnings.push(`the box of the empty city (${result.replaced}) was replaced`)
  if (closing && closing.closed.length > 0) {
    const { closed } = closing
    const more = closed.length > namedCodes ? ', …' : ''
    const list = closed.slice(0, namedCodes).join(', ')
    warnings.push(`${closed.length} areas that the file does not hold end today: ${list}${more}`)
  }
  if (closing?.reopened) warnings.push(`${closing.reopened} areas that had ended are valid again`)
  if (closing?.people) {
    warnings.push(`${closing.people} people have a role in areas that ended: give them another`)
  }
  const restamped = result.restamped + (closing?.restamped ?? 0)
  if (restamped > 0) warnings.push(`${restamped} incidents now lie in another area`)
  return warnings
}

/** Features in degrees of WGS 84, flat, and what had to be done for that. */
export async function planeFeatures(
  options: Pick<AreaImportOptions, 'file' | 'layer' | 'encoding' | 'crs'> &
    Partial<AreaImportOptions>,
): Promise<{ features: SourceFeature[]; notes: string[]; read: FeatureFile; system: string }> {
  const { file, layer, encoding } = options
  const read = await readFeatures(file, { layer, encoding })
  if (read.features.length === 0) throw new ImportFileError(`${file}: no features in it`)
  const named = options.crs ?? read.crs
  const system = await coordinateSystem(named ?? 'WGS84').catch((error: unknown) => {
    throw error instanceof ImportFileError
      ? new ImportFileError(`${file}: ${error.message}`)
      : error
  })
  let heights = 0
  const features = read.features.map((feature) => {
    const { geometry, hadHeights } = planeGeometry(feature.geometry, system)
    if (hadHeights) heights += 1
    return { ...feature, geometry: geometry as SourceFeature['geometry'] }
  })
  const notes = [...read.notes]
  if (system.name !== 'WGS 84') notes.push(`coordinates were read as ${system.name}`)
  if (options.level !== 'city' && (options.parentByOverlap || options.parent === undefined))
    notes.push('parents are the areas above that hold most of each')
  if (heights > 0) notes.push(`${heights} areas have heights: they were left out`)
  return { features, notes, read, system: system.name }
}

/** Property names of the file that the command line does not match. */
function propertyNotes(features: readonly SourceFeature[], options: AreaImportOptions): string[] {
  const has = new Set(features.flatMap(({ properties }) => Object.keys(properties ?? {})))
  return [options.code, options.name, options.parent]
    .filter((name) => name !== undefined && !has.has(name))
    .map(
      (name) =>
        `no feature has the property "${name}"; there are ${[...has].slice(0, 20).join(', ')}`,
    )
}

/**
 * Imports the areas of one level, all or nothing. Changed areas get a new revision, and incidents
 * that now lie elsewhere are stamped again.
 * @throws ImportFileError when the file is unreadable; nothing is stored.
 */
export async function importAreas(db: Database, options: AreaImportOptions): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  const { features, notes } = await planeFeatures(options)
  const checked = features.map((feature, index) => rowOf(feature, index + 1, options))
  const rows = checked.map(({ row }) => row)
  const faults = [
    ...checked.flatMap((item) => item.faults),
    ...duplicates(rows, options.code),
    ...(await levelFaults(db, rows, options)),
  ]
  options.onProgress?.({ checked: features.length, total: features.length })

  const names: Record<string, string | undefined> = {
    code: options.code,
    name: options.name,
    parent: options.parent,
  }
  // The database checks the sound rows too, so that one run lists every fault.
  const broken = new Set(faults.map(({ at }) => at))
  options.signal?.throwIfAborted()
  const judged = rows.filter(({ feature }) => !broken.has(feature))
  const { result, closing } = await storeWhole(db, judged, faults.length > 0, options)
  const listed = (found: AreasResult['faults']): ReportItem[] =>
    found.map(({ feature, code, field, reason, detail }) => ({
      at: feature,
      id: code,
      field: names[field] ?? field,
      reason,
      detail,
    }))
  const items = [...faults, ...listed(result.faults)].toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))
  const doubts = listed(result.doubts)
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
    doubts: { counts: countReasons(doubts), items: doubts },
    warnings: [
      ...(options.checkOnly ? [onlyChecked] : []),
      ...notes,
      ...propertyNotes(features, options),
      ...warningsOf(result, closing),
    ],
    brokenOff: null,
  }
}
