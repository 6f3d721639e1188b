import { basename } from 'node:path'
import type { BoundingBox, LngLat } from '../../../src/domain/vocabulary.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf } from '../base/errors.ts'
import type { DraftMapping } from './draft-mapping.ts'
import { completed } from './draft-mapping.ts'
import { planeFeatures } from './import-areas.ts'
import { middleOf } from './place/middle.ts'
import { columnsOf, proposeDraft } from './proposal/propose-draft.ts'
import {
  proposeAreas,
  proposeIncidents,
  proposeLevel,
  proposeSource,
  proposeStages,
  proposeValues,
} from './proposal/propose-mapping.ts'
import type {
  LookedValue,
  LookedValues,
  CityWord,
  Glimpse,
  ProposedAreas,
  ProposedIncidents,
  ProposedValue,
} from './proposal/propose-mapping.ts'
import { LayerNeeded } from './read/feature-file.ts'
import type { SourceFeature } from './read/feature-file.ts'
import { featureFormat, holdsFeatures } from './read/formats.ts'
import { plainName } from './read/header.ts'
import { openUnmapped } from './read/unmapped.ts'
import type { UnmappedTable } from './read/unmapped.ts'
import { readPlace } from './row-place.ts'
import { surveyRows, SurveyRemedy } from './survey.ts'
import { ImportFileError } from './text-source.ts'

/** Rows shown as they are written. */
const rowsShown = 10
/** Rows whose values the proposal is made from. */
const rowsGlimpsed = 500
/** Places drawn. */
const pointsShown = 1_000
/** Values named of a column; a column with more has no list. */
const valuesNamed = 200

export interface LookOptions {
  file: string
  /** Name that people know the file by; tells the source and the level. */
  name?: string
  encoding?: string
  /** Sheet or layer. */
  layer?: string
  /** Parts of the mapping that a person chose; the rest is proposed. */
  draft?: DraftMapping
}

export interface LookedColumn {
  name: string
  /** Rows with a value. */
  filled: number
}

/** A first look at a file, before anything is stored. */
export interface Look {
  kind: 'incidents' | 'areas'
  format: string
  /** Of texts; null where the format says it. */
  encoding: string | null
  layer: string | null
  layers: string[]
  header: string[]
  rows: string[][]
  total: number
  columns: LookedColumn[]
  values: LookedValues
  incidents: ProposedIncidents | null
  areas: ProposedAreas | null
  /** Of areas. */
  level: string | null
  source: string
  /** Mapping a person may go on from; null for areas. */
  mapping: DraftMapping | null
  /** Choices that the file's places and dates ask for beyond the columns. */
  settings: { coordinates?: string; swapCoordinates?: boolean; dateOrder?: 'ymd' | 'mdy' | 'dmy' }
  /** In degrees of WGS 84. Areas are shown by a point in their middle. */
  points: LngLat[]
  /** Of the first rows, those without a place. */
  unplaced: number
  notes: string[]
  doubts: string[]
}

interface CityWords {
  box: BoundingBox
  timeZone: string
  categories: CityWord[]
  departments: CityWord[]
}

async function cityWords(db: Database): Promise<CityWords> {
  const [city] = await db.query<
    Record<'west' | 'south' | 'east' | 'north', number> & { zone: string }
  >('select time_zone as zone, west, south, east, north from public.city_settings')
  if (!city) throw new ImportFileError('there is no city yet: start the server once')
  return {
    box: [city.west, city.south, city.east, city.north],
    timeZone: city.zone,
    categories: await db.query<CityWord>(
      `select c.code, c.name_zh as "nameZh", c.name_en as "nameEn" from public.categories c
       where not exists (select 1 from public.categories d where d.parent_code = c.code)
       order by c.sort`,
    ),
    departments: await db.query<CityWord>(
      'select code, name_zh as "nameZh", name_en as "nameEn" from public.departments order by code',
    ),
  }
}

interface Counted {
  rows: string[][]
  glimpses: Glimpse[]
  columns: LookedColumn[]
  /** By the column's name. */
  counts: Map<string, { value: string; count: number }[] | null>
  total: number
}

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
  const listed = known.map((own) =>
    own
      ? [...own].toSorted(([, a], [, b]) => b - a).map(([value, count]) => ({ value, count }))
      : null,
  )
  return {
    ...{ rows, total },
    glimpses: names.map((name, at) => ({ name, values: early[at]! })),
    columns: names.map((name, at) => ({ name, filled: filled[at]! })),
    counts: new Map(names.map((name, at) => [name, listed[at] ?? null])),
  }
}

const first = (column: string | readonly string[] | undefined): string | undefined =>
  [column ?? []].flat()[0]

/** The values of the mapped columns, each with the code that it may mean. */
function valuesOf(
  columns: DraftMapping['columns'],
  { counts }: Counted,
  words: CityWords,
): LookedValues {
  const valued = (
    column: string | undefined,
    propose: (values: readonly string[]) => ProposedValue[],
  ): LookedValue[] | null => {
    const known = counts.get(column ?? '')
    if (!known) return null
    const proposed = propose(known.map(({ value }) => value))
    return known.map(({ count }, at) => ({ ...proposed[at]!, count }))
  }
  const { category, stage, department } = columns ?? {}
  return {
    ...(category
      ? { category: valued(first(category), (values) => proposeValues(values, words.categories)) }
      : {}),
    ...(stage ? { stage: valued(stage, proposeStages) } : {}),
    ...(department
      ? { department: valued(department, (values) => proposeValues(values, words.departments)) }
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
): Promise<Pick<Look, 'settings' | 'points' | 'unplaced' | 'notes' | 'doubts'>> {
  const settings: Look['settings'] = {}
  const result = { settings, points: [] as LngLat[], unplaced: 0, notes: [] as string[] }
  const doubts: string[] = []
  const { lon, lat, reportedAt } = draft.columns ?? {}
  if (!lon || !lat) return { ...result, doubts }
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
  return { ...result, doubts }
}

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
    const { department } = valuesOf({ department: incidents.department.column }, counted, words)
    if (!department?.every(({ code }) => code !== null)) delete incidents.department
  }
  const source = draft.source ?? proposeSource(name)
  const chosen = draft.columns ?? columnsOf(incidents)
  const values = valuesOf(chosen, counted, words)
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
    source,
    ...tried,
    mapping: { ...mapping, ...tried.settings },
    notes: [...table.notes, ...table.file.notes, ...tried.notes],
  }
}

const isShape = ({ geometry }: SourceFeature): boolean =>
  geometry?.type === 'Polygon' || geometry?.type === 'MultiPolygon'

const cellOf = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : (typeof value === 'object' ? JSON.stringify(value) : String(value)).slice(0, 200)

/** Null where the features are points: they are incidents. */
async function lookAtAreas(options: LookOptions, format: string): Promise<Look | null> {
  const { file, layer, encoding, draft = {}, name = basename(file) } = options
  const { features, notes } = await planeFeatures({
    file,
    level: 'city',
    ...(layer ? { layer } : {}),
    ...(encoding ? { encoding } : {}),
    ...(draft.coordinates ? { crs: draft.coordinates } : {}),
  })
  if (!features.some(isShape)) return null
  const header = [...new Set(features.flatMap(({ properties }) => Object.keys(properties ?? {})))]
  const rows = features.map(({ properties }) => header.map((key) => cellOf(properties?.[key])))
  const glimpses = header.map((key, at) => ({
    name: key,
    values: rows.flatMap((row) => (row[at] === '' ? [] : [row[at]!])).slice(0, rowsGlimpsed),
  }))
  const shapes = features.slice(0, pointsShown)
  const points = shapes.flatMap(({ geometry }) => middleOf(geometry) ?? [])
  return {
    kind: 'areas',
    format,
    encoding: encoding ?? null,
    layer: layer ?? null,
    layers: layer ? [layer] : [],
    header,
    rows: rows.slice(0, rowsShown),
    total: features.length,
    columns: glimpses.map((one) => ({
      name: one.name,
      filled: rows.filter((row) => row[header.indexOf(one.name)] !== '').length,
    })),
    values: {},
    incidents: null,
    areas: proposeAreas(glimpses),
    level: proposeLevel([name, ...header]),
    source: proposeSource(name),
    mapping: null,
    settings: {},
    points,
    unplaced: shapes.length - points.length,
    notes,
    doubts: [],
  }
}

/** A file with several layers, of which a person must choose one. */
const unchosen = (format: string, { layers }: LayerNeeded): Look => ({
  ...{ kind: 'areas', format, encoding: null, layer: null, layers: [...layers], header: [] },
  ...{
    rows: [],
    total: 0,
    columns: [],
    values: {},
    incidents: null,
    areas: null,
    level: null,
    source: '',
  },
  ...{ mapping: null, settings: {}, points: [], unplaced: 0, notes: [], doubts: [] },
})

/**
 * Says what is in a file and proposes how to read it. Stores nothing.
 * @throws ImportFileError when the file cannot be read.
 */
export async function lookAtFile(db: Database, options: LookOptions): Promise<Look> {
  const words = await cityWords(db)
  if (!(await holdsFeatures(options.file))) return lookAtRows(options, words, { format: 'CSV' })
  const format = await featureFormat(options.file)
  try {
    return (await lookAtAreas(options, format)) ?? (await lookAtRows(options, words, { format }))
  } catch (error) {
    if (error instanceof LayerNeeded && error.layers.length > 1) return unchosen(format, error)
    throw error instanceof Error ? error : new Error(messageOf(error))
  }
}
