import { basename } from 'node:path'
import type { LngLat } from '../../../src/domain/vocabulary.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf } from '../base/errors.ts'
import { isCutNumber } from './area-row.ts'
import type { DraftMapping } from './draft-mapping.ts'
import { completed } from './draft-mapping.ts'
import { lookAtAreas, unchosen } from './look-areas.ts'
import { pointsShown, rowsGlimpsed, rowsShown } from './looked.ts'
import type { CityWords, Look, LookedColumn, LookOptions } from './looked.ts'
import { defaultEmptyWords } from './mapping.ts'
import { columnsOf, proposeDraft } from './proposal/propose-draft.ts'
import {
  joinedBy,
  proposeIncidents,
  proposeJoined,
  proposeSource,
  proposeStages,
  proposeValues,
} from './proposal/propose-mapping.ts'
import type {
  CityWord,
  Glimpse,
  LookedValue,
  LookedValues,
  ProposedValue,
} from './proposal/propose-mapping.ts'
import { LayerNeeded } from './read/feature-file.ts'
import { featureFormat, holdsFeatures } from './read/formats.ts'
import { plainName } from './read/header.ts'
import { openUnmapped } from './read/unmapped.ts'
import type { UnmappedTable } from './read/unmapped.ts'
import { readPlace } from './row-place.ts'
import { surveyRows, SurveyRemedy } from './survey.ts'
import { ImportFileError } from './text-source.ts'

/** Values named of a column; a column with more has no list. */
const valuesNamed = 200

async function cityWords(db: Database): Promise<CityWords> {
  const [city] = await db.query<
    Record<'west' | 'south' | 'east' | 'north', number> & { zone: string }
  >('select time_zone as zone, west, south, east, north from public.city_settings')
  if (!city) throw new ImportFileError('there is no city yet: start the server once')
  return {
    box: [city.west, city.south, city.east, city.north],
    timeZone: city.zone,
    categories: await db.query<CityWord>(
      `select c.code, c.name_zh as "nameZh", c.name_en as "nameEn",
         (select coalesce(jsonb_agg(b.name), '[]') from (
            select unnest(array[p.code, p.name_zh, p.name_en]) as name from public.categories p
            where starts_with(c.path, p.path) and p.code <> c.code) b) as branches
       from public.categories c
       where not exists (select 1 from public.categories d where d.parent_code = c.code)
       order by c.sort`,
    ),
    departments: await db.query<CityWord>(
      'select code, name_zh as "nameZh", name_en as "nameEn" from public.departments order by code',
    ),
  }
}

interface ValueCount {
  value: string
  count: number
}

interface Counted {
  rows: string[][]
  glimpses: Glimpse[]
  columns: LookedColumn[]
  /** By the column's name. */
  counts: Map<string, ValueCount[] | null>
  total: number
}

const byCount = (known: ReadonlyMap<string, number>): ValueCount[] =>
  [...known].toSorted(([, a], [, b]) => b - a).map(([value, count]) => ({ value, count }))

/** Reads all rows once: how many there are, and which values the columns with few have. */
async function countValues(table: UnmappedTable): Promise<Counted> {
  const header = table.file.header.fields
  const known: (Map<string, number> | null)[] = header.map(() => new Map())
  const filled = header.map(() => 0)
  const early: string[][] = header.map(() => [])
  const rows: string[][] = []
  let total = 0
  for await (const { fields, fault } of table.file.rows()) {
    total += 1
    if (rows.length < rowsShown) rows.push(header.map((_, at) => (fields[at] ?? '').slice(0, 200)))
    if (fault) continue
    for (let at = 0; at < header.length; at++) {
      const value = (fields[at] ?? '').trim()
      if (value === '') continue
      filled[at]! += 1
      if (early[at]!.length < rowsGlimpsed) early[at]!.push(value)
      const own = known[at]
      if (!own) continue
      own.set(value, (own.get(value) ?? 0) + 1)
      if (own.size > valuesNamed) known[at] = null
    }
  }
  const names = header.map((name) => name.trim())
  const listed = known.map((own) => (own ? byCount(own) : null))
  return {
    ...{ rows, total },
    glimpses: names.map((name, at) => ({ name, values: early[at]! })),
    columns: names.map((name, at) => ({ name, filled: filled[at]! })),
    counts: new Map(names.map((name, at) => [name, listed[at] ?? null])),
  }
}

const emptyWords = new Set(defaultEmptyWords)

/** Values of several columns together, as rows are read; null where there are too many. */
async function countJoined(
  { file }: UnmappedTable,
  columns: readonly string[],
): Promise<ValueCount[] | null> {
  const names = file.header.fields.map(plainName)
  const places = columns.map((column) => names.indexOf(plainName(column)))
  const known = new Map<string, number>()
  for await (const { fields, fault } of file.rows()) {
    if (fault) continue
    const parts = places
      .map((at) => (fields[at] ?? '').trim())
      .filter((text) => text !== '' && !emptyWords.has(text.toUpperCase()))
    if (parts.length === 0) continue
    const value = parts.join(joinedBy)
    known.set(value, (known.get(value) ?? 0) + 1)
    if (known.size > valuesNamed) return null
  }
  return byCount(known)
}

/** The values of the mapped columns, each with the code that it may mean. */
async function valuesOf(
  columns: DraftMapping['columns'],
  table: UnmappedTable,
  { counts }: Counted,
  words: CityWords,
): Promise<LookedValues> {
  const valued = (
    known: ValueCount[] | null | undefined,
    propose: (values: readonly string[]) => ProposedValue[],
  ): LookedValue[] | null => {
    if (!known) return null
    const proposed = propose(known.map(({ value }) => value))
    return known.map(({ count }, at) => ({ ...proposed[at]!, count }))
  }
  const { category, stage, department } = columns ?? {}
  const [only = '', ...more] = [category ?? []].flat()
  const ofCategory = more.length > 0 ? await countJoined(table, [only, ...more]) : counts.get(only)
  const proposeCategories = more.length > 0 ? proposeJoined : proposeValues
  return {
    ...(category
      ? { category: valued(ofCategory, (values) => proposeCategories(values, words.categories)) }
      : {}),
    ...(stage ? { stage: valued(counts.get(stage), proposeStages) } : {}),
    ...(department
      ? {
          department: valued(counts.get(department), (values) =>
            proposeValues(values, words.departments),
          ),
        }
      : {}),
  }
}

/**
 * Looks at places and dates as an import would. What the file contradicts is put right for the look,
 * and told as a doubt: a person decides.
 */
async function tryOut(
  table: UnmappedTable,
  options: LookOptions,
  words: CityWords,
  draft: DraftMapping,
): Promise<Pick<Look, 'settings' | 'system' | 'points' | 'unplaced' | 'notes' | 'doubts'>> {
  const settings: Look['settings'] = {}
  const result = { settings, points: [] as LngLat[], unplaced: 0, notes: [] as string[] }
  let system: string | null = null
  const doubts: string[] = []
  const { lon, lat, reportedAt } = draft.columns ?? {}
  if (!lon || !lat) return { ...result, system, doubts }
  // places can be looked at before the other columns are chosen
  const mapping = completed({
    ...draft,
    columns: { ...draft.columns, lon, lat, reportedAt: reportedAt ?? lon, id: lon },
  })
  for (let round = 0; round < 3; round++) {
    try {
      const survey = await surveyRows(table.file, {
        file: options.file,
        mapping: { ...mapping, ...settings },
        timeZone: words.timeZone,
        bbox: words.box,
      })
      if (reportedAt) result.notes.push(...survey.notes)
      system = survey.places.system.name
      const names = table.file.header.fields.map(plainName)
      const [lonAt, latAt] = [names.indexOf(plainName(lon)), names.indexOf(plainName(lat))]
      for await (const { fields, fault } of table.file.rows()) {
        if (fault) continue
        const cell = (at: number): string => (fields[at] ?? '').trim()
        const { at } = readPlace(cell(lonAt), cell(latAt), survey.places)
        if (at) result.points.push([at[0], at[1]])
        else result.unplaced += 1
        if (result.points.length + result.unplaced === pointsShown) break
      }
      break
    } catch (error) {
      if (!(error instanceof ImportFileError)) throw error
      doubts.push(error.message)
      if (!(error instanceof SurveyRemedy)) break
      Object.assign(settings, error.put)
    }
  }
  return { ...result, system, doubts }
}

/** Ids of which a spreadsheet has left six digits. */
const cutNumbers = (glimpses: readonly Glimpse[]): string[] =>
  glimpses.flatMap(({ name, values }) => {
    const cut = values.find(isCutNumber)
    return cut ? [`the column ${name} holds numbers that a spreadsheet cut, such as ${cut}`] : []
  })

async function lookAtRows(
  options: LookOptions,
  words: CityWords,
  base: Pick<Look, 'format'>,
): Promise<Look> {
  const { draft = {}, name = basename(options.file) } = options
  const table = await openUnmapped(options.file, options)
  const counted = await countValues(table)
  const { rows, columns, total } = counted
  const incidents = proposeIncidents(counted.glimpses, words.box)
  if (!draft.columns && incidents.department) {
    // departments that the city does not know would cost their rows
    const named = { department: incidents.department.column }
    const { department } = await valuesOf(named, table, counted, words)
    if (!department?.every(({ code }) => code !== null)) delete incidents.department
  }
  const source = draft.source ?? proposeSource(name)
  const chosen = draft.columns ?? columnsOf(incidents)
  const values = await valuesOf(chosen, table, counted, words)
  const mapping = proposeDraft(chosen, values, { ...draft, source })
  const tried = await tryOut(table, options, words, mapping)
  return {
    kind: 'incidents',
    format: table.format ?? base.format,
    encoding: table.encoding,
    layer: table.layer,
    layers: table.layers,
    header: table.file.header.fields.map((field) => field.trim()),
    ...{ rows, total, columns, values, incidents, areas: null, level: null },
    ...{ cityAreas: [], parentByOverlap: false, source },
    ...tried,
    mapping: { ...mapping, ...tried.settings },
    doubts: [
      ...tried.doubts,
      ...cutNumbers(counted.glimpses),
      ...(tried.points.length === 0 && tried.unplaced > 0
        ? ['none of the first rows has a place']
        : []),
    ],
    notes: [...table.notes, ...table.file.notes, ...tried.notes],
  }
}

/**
 * Says what is in a file and proposes how to read it. Stores nothing.
 * @throws ImportFileError when the file cannot be read.
 */
export async function lookAtFile(db: Database, options: LookOptions): Promise<Look> {
  const words = await cityWords(db)
  if (!(await holdsFeatures(options.file))) return lookAtRows(options, words, { format: 'CSV' })
  const format = await featureFormat(options.file)
  try {
    return (
      (await lookAtAreas(db, options, words, format)) ??
      (await lookAtRows(options, words, { format }))
    )
  } catch (error) {
    if (error instanceof LayerNeeded && error.layers.length > 1) return unchosen(format, error)
    throw error instanceof Error ? error : new Error(messageOf(error))
  }
}
