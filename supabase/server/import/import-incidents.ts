import type { BoundingBox } from '../../../src/domain/vocabulary.ts'
import { basemapFile } from '../base/basemap-folder.ts'
import { dataDirFrom } from '../base/settings.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf } from '../base/errors.ts'
import { BatchSender } from './batch-sender.ts'
import { RowReader } from './incident-row.ts'
import type { ImportRow, RowContext } from './incident-row.ts'
import type { Mapping } from './mapping.ts'
import { mappedColumns } from './mapping.ts'
import type { LngLat } from './place/coordinate-system.ts'
import { plainName } from './read/header.ts'
import { openRows } from './read/row-file.ts'
import type { RowFile } from './read/table.ts'
import { onlyChecked } from './report.ts'
import type { ImportReport } from './report.ts'
import { StreetLabels } from './place/street-labels.ts'
import { SeenIds } from './seen-ids.ts'
import { checkDateOrder, surveyRows } from './survey.ts'
import type { Survey, SurveyContext } from './survey.ts'
import { Tally } from './tally.ts'
import { ImportFileError } from './text-source.ts'
import { Watch } from './watch.ts'

export interface IncidentImportOptions {
  file: string
  mapping: Mapping
  /** Default: by the file's mark, else utf-8. */
  encoding?: string
  /** Sheet or layer of a file with several. */
  layer?: string
  /** Report and store nothing. */
  checkOnly?: boolean
  /** Told what was found in the file, before anything is stored. */
  onFound?: (text: string) => void
  /** Replace rows changed at the source, unless people worked on them. */
  update?: boolean
  /** On the city's wall clock. Default 0. */
  moveWeeks?: number
  /** CSV for the rejected rows, when the report cannot name them all. */
  rejectedFile?: string
  onProgress?: (state: { read: number; stored: number; rejected: number }) => void
  /** Told before each index that is made after the rows. */
  onIndexes?: () => void
  /** Ends the import after the batch under way. */
  signal?: AbortSignal
}

interface City {
  timeZone: string
  /** File of its basemap; null without one on this server. */
  basemap: string | null
  bbox: BoundingBox
}

async function cityOf(db: Database): Promise<City> {
  const [city] = await db.query<
    Record<'west' | 'south' | 'east' | 'north', number> & { zone: string; url: string | null }
  >(
    'select time_zone as zone, west, south, east, north, basemap_url as url from public.city_settings',
  )
  if (!city)
    throw new ImportFileError('there is no city yet: start the server once, or with --demo none')
  return {
    timeZone: city.zone,
    bbox: [city.west, city.south, city.east, city.north],
    basemap: city.url?.startsWith('/') ? basemapFile(dataDirFrom(process.env), city.url) : null,
  }
}

async function areaPoints(db: Database, mapping: Mapping): Promise<Map<string, LngLat>> {
  if (mapping.columns.area === undefined) return new Map()
  const rows = await db.query<{ code: string; lng: number; lat: number }>(
    `select a.code, extensions.st_x(a.label_point) as lng, extensions.st_y(a.label_point) as lat
     from public.areas a where a.valid_to is null or a.valid_to > private.city_today()`,
  )
  return new Map(rows.map(({ code, lng, lat }) => [code, [lng, lat]]))
}

async function contextOf(
  db: Database,
  options: IncidentImportOptions,
  city: City,
  survey: Survey,
): Promise<RowContext> {
  const { mapping, moveWeeks = 0 } = options
  const leaves = await db.query<{ code: string }>(
    `select c.code from public.categories c
     where not exists (select 1 from public.categories d where d.parent_code = c.code)`,
  )
  const departments = await db.query<{ code: string }>('select code from public.departments')
  return {
    timeZone: city.timeZone,
    places: survey.places,
    dates: {
      timeZone: mapping.timeZone ?? city.timeZone,
      order: mapping.dateOrder,
      numeric: survey.numeric,
      slackSeconds: mapping.closingSlackSeconds,
    },
    areaPoints: await areaPoints(db, mapping),
    categories: new Set(leaves.map(({ code }) => code)),
    departments: new Set(departments.map(({ code }) => code)),
    now: new Date().toISOString(),
    moveWeeks,
  }
}

function headerReader(
  { header: row }: RowFile,
  options: IncidentImportOptions,
  context: RowContext,
): RowReader {
  if (row.fault) {
    throw new ImportFileError(
      `${options.file}, line ${row.line}: the header is broken: ${row.fault.code} (${row.fault.detail})`,
    )
  }
  try {
    return new RowReader(row.fields, options.mapping, context)
  } catch (error) {
    throw new ImportFileError(`${options.file}, line ${row.line}: ${(error as Error).message}`)
  }
}

async function* soundRows(
  table: RowFile,
  reader: RowReader,
  { mapping }: IncidentImportOptions,
  tally: Tally,
  watch: Watch,
): AsyncGenerator<ImportRow> {
  const seen = new SeenIds()
  const idColumn = mapping.columns.id
  const names = table.header.fields.map(plainName)
  const [lonAt, latAt] = [mapping.columns.lon, mapping.columns.lat].map((column) =>
    names.indexOf(plainName(column)),
  )
  for await (const row of table.rows()) {
    const skipped = row.fault ? null : reader.isSkipped(row.fields)
    if (skipped) {
      tally.skip(skipped, row.line)
      continue
    }
    tally.read += 1
    if (row.fault) {
      const { code, detail } = row.fault
      tally.reject(row.line, null, [{ field: null, reason: code, detail }])
      continue
    }
    const result = reader.read(row.fields, row.line)
    if (result.row === null) {
      tally.reject(row.line, result.id, result.faults)
      continue
    }
    const { id } = result.row
    const before = seen.note(id, row.line)
    if (before !== null) {
      const detail = `first on line ${before}`
      tally.reject(row.line, id, [{ field: idColumn, reason: 'duplicate_id', detail }])
      continue
    }
    watch.look(result.row, row.fields[lonAt ?? -1] ?? '', row.fields[latAt ?? -1] ?? '')
    for (const { field, reason, detail } of result.doubts)
      tally.doubt(row.line, id, field, reason, detail)
    yield result.row
  }
}

const valuesNamed = 8

/** How many rows each `otherwise` caught, and for which values. */
function otherwiseNotes({ otherwise }: RowReader): string[] {
  if (otherwise.size === 0) return []
  const total = [...otherwise.values()].reduce((sum, count) => sum + count, 0)
  const sorted = [...otherwise].toSorted(([, a], [, b]) => b - a)
  const list = sorted.slice(0, valuesNamed).map(([value, count]) => `${value} (${count})`)
  const more = sorted.length > valuesNamed ? ', …' : ''
  return [`${total} values fell to the mapping's "otherwise": ${list.join(', ')}${more}`]
}

/**
 * Opens the file and looks at it.
 * @throws ImportFileError when it cannot be used, or its own dates and places contradict the mapping.
 */
async function prepare(
  db: Database,
  options: IncidentImportOptions,
): Promise<{ table: RowFile; reader: RowReader; notes: string[]; basemap: string | null }> {
  const { file, mapping, encoding } = options
  const { columns, delimiter } = mapping
  const table = await openRows(file, {
    encoding,
    delimiter,
    layer: options.layer ?? mapping.layer,
    columns: mappedColumns(mapping).map(({ column }) => column),
    lon: columns.lon,
    lat: columns.lat,
  })
  const city = await cityOf(db)
  const look: SurveyContext = {
    file,
    mapping,
    ...city,
    timeZone: mapping.timeZone ?? city.timeZone,
  }
  const survey = await surveyRows(table, look)
  const reader = headerReader(table, options, await contextOf(db, options, city, survey))
  await checkDateOrder(table, look)
  const notes = [...table.notes, ...survey.notes]
  for (const note of notes) options.onFound?.(note)
  return { table, reader, notes, basemap: city.basemap }
}

/** Batches are atomic, so only those under way are uncertain. */
function breakOffText(error: unknown, { underWay }: Tally, isStopped: boolean): string {
  if (isStopped)
    return `${messageOf(error)} (what is counted here is stored, nothing after it). Run the import again: what is stored is left alone.`
  const first = Math.min(...[...underWay].map(([line]) => line))
  const last = Math.max(...[...underWay].map(([, line]) => line))
  const unknown =
    underWay.size > 0
      ? `lines ${first} to ${last} were under way and may be stored or not, nothing after them is`
      : 'what is not counted here is not stored'
  return `${messageOf(error)} (${unknown}). Run the import again: what is stored is left alone.`
}

/**
 * Imports a table or points of a map, one transaction per batch. Can be repeated: stored rows count
 * as unchanged. The report names every row not stored, and why the import broke off.
 * @throws ImportFileError when the file or mapping is unusable; nothing is stored.
 */
export async function importIncidents(
  db: Database,
  options: IncidentImportOptions,
): Promise<ImportReport> {
  const startedAt = new Date().toISOString()
  const { table, reader, notes, basemap } = await prepare(db, options)
  const streets = basemap === null ? null : await StreetLabels.open(basemap)
  const tally = new Tally(options.rejectedFile ?? null)
  const watch = new Watch()
  const sender = new BatchSender(db, options, tally, streets, table.rowsAbout)
  let brokenOff: string | null = null
  try {
    for await (const row of soundRows(table, reader, options, tally, watch)) await sender.add(row)
    await sender.end()
    await sender.close()
  } catch (error) {
    if (tally.read === 0) throw error
    await sender.close().catch(() => undefined)
    brokenOff = breakOffText(error, tally, error === options.signal?.reason)
  } finally {
    await streets?.close()
  }
  tally.rejected.close()
  const { rejected } = tally

  return {
    kind: 'incidents',
    file: options.file,
    startedAt,
    finishedAt: new Date().toISOString(),
    read: tally.read,
    stored: tally.stored,
    updated: tally.updated,
    unchanged: tally.unchanged,
    rejected: rejected.rows,
    byLevel: tally.byLevel,
    reasons: { ...rejected.counts },
    items: rejected.items.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0)),
    ...(rejected.file === null ? {} : { rejectedFile: rejected.file }),
    doubts: tally.doubts,
    warnings: [
      ...(options.checkOnly ? [onlyChecked] : []),
      ...(tally.read === 0 ? ['the file holds a header and no rows'] : []),
      ...notes,
      ...tally.skippedNotes(),
      ...otherwiseNotes(reader),
      ...watch.notes(),
    ],
    brokenOff,
  }
}
