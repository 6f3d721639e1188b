import type { BoundingBox } from '../../../../src/domain/vocabulary.ts'
import { readDate } from '../dates/date-text.ts'
import { numericKind } from '../dates/numeric-date.ts'
import { readCoordinate } from '../place/degree-text.ts'
import {
  areaFields,
  areaWords,
  incidentFields,
  incidentWords,
  levelWords,
  stageWords,
} from './column-words.ts'
import type { AreaField, IncidentField } from './column-words.ts'

/** `sure`: name and values agree. `likely`: a similar name, or no values. `guess`: one of both alone. */
export type Confidence = 'sure' | 'likely' | 'guess'

/** A column, by its name and the values of its first rows that are not empty. */
export interface Glimpse {
  name: string
  values: readonly string[]
}

export interface ProposedColumn {
  column: string
  confidence: Confidence
}

/** A word of the city: a category, department or stage. */
export interface CityWord {
  code: string
  nameZh: string
  nameEn: string
  /** Names of what stands above it. */
  branches?: readonly string[]
}

/** A value of a column and the code that it is taken for. */
export interface ProposedValue {
  value: string
  code: string | null
  confidence: Confidence | null
}

/** A value of a column, and the city's code that it may mean. */
export interface LookedValue extends ProposedValue {
  count: number
}
export type ValueKind = 'category' | 'stage' | 'department'
/** Of the mapped columns, the commonest first; null where there are too many. */
export type LookedValues = Partial<Record<ValueKind, LookedValue[] | null>>

/** As names are compared: `Opened At`, `opened_at` and `OPENED AT` are the same. */
export const plainWord = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number}]+/gu, '')

type NameFit = 'whole' | 'part' | null
interface Words {
  names: string
  like: RegExp
}

/** A bracketed unit or remark is no part of a name: 经度(WGS84). */
const bare = (name: string): string =>
  plainWord(name.normalize('NFKC').replaceAll(/\([^)]*\)/g, ''))

function nameFit(name: string, { names, like }: Words): { fit: NameFit; rank: number } {
  const list = names.split(/\s+/)
  const at = [plainWord(name), bare(name)].map((one) => list.indexOf(one)).find((n) => n >= 0)
  if (at !== undefined) return { fit: 'whole', rank: at }
  return { fit: like.test(bare(name)) ? 'part' : null, rank: list.length }
}

const share = (values: readonly string[], is: (value: string) => boolean): number =>
  values.length === 0 ? 0 : values.filter(is).length / values.length
const most = 0.8

/** Plain numbers count as dates where a name says so. */
const isDate = (text: string): boolean =>
  (['ymd', 'mdy', 'dmy'] as const).some((order) => readDate(text, 'UTC', order) !== null)
const holdsDates = (values: readonly string[]): boolean =>
  share(values, isDate) >= most || numericKind([...values]) !== null

const isCoordinate = (text: string, axis: 'lon' | 'lat'): boolean =>
  readCoordinate(text, axis) !== null || readCoordinate(text, axis, true) !== null
const isText = (text: string): boolean => !/^[\d\s.,:/+-]*$/.test(text)
const distinct = (values: readonly string[]): number => new Set(values).size

/** Whether the values can be the field's; null without any, or for any text. */
function valuesFit(field: IncidentField | AreaField, values: readonly string[]): boolean | null {
  if (values.length === 0) return null
  switch (field) {
    case 'id':
    case 'code':
      return (
        distinct(values) >= 0.99 * values.length && share(values, (one) => one.length <= 60) === 1
      )
    case 'reportedAt':
    case 'closedAt':
      // some are dates: the check names the others
      return holdsDates(values) || (values.some(isDate) ? null : false)
    case 'lon':
    case 'lat':
      return share(values, (one) => isCoordinate(one, field)) >= most
    case 'category':
    case 'mainCategory':
      return distinct(values) <= Math.max(1, values.length * 0.9) || values.length < 20
    case 'stage':
      return distinct(values) <= 20
    case 'department':
      return share(values, isText) >= most && (distinct(values) <= 200 || values.length < 20)
    case 'severity':
      return share(values, (one) => /^[1-4]$/.test(one)) === 1
    case 'channel':
      return share(values, (one) => one.length <= 100) === 1
    case 'households':
      return share(values, (one) => /^\d{1,9}$/.test(one)) === 1
    default:
      return null
  }
}

const confidenceOf = (fit: NameFit, values: boolean | null): Confidence =>
  fit === 'whole' && values !== false
    ? 'sure'
    : fit === 'part' && values !== false
      ? 'likely'
      : 'guess'

/** Each column goes to the field that fits best; each field gets at most one. */
function assign<Field extends IncidentField | AreaField>(
  fields: readonly Field[],
  words: Readonly<Record<Field, Words>>,
  columns: readonly Glimpse[],
): Partial<Record<Field, ProposedColumn>> {
  const pairs = fields.flatMap((field) =>
    columns.flatMap(({ name, values }, at) => {
      const { fit, rank } = nameFit(name, words[field])
      const own = valuesFit(field, values)
      // a severity of another scale, or many texts as a department, would cost every row
      if (fit === null || (own === false && field !== 'lon' && field !== 'lat')) return []
      const points = (fit === 'whole' ? 1000 : 500) + (own ? 300 : 0) - rank - at / 1000
      return [{ field, column: name, points, confidence: confidenceOf(fit, own) }]
    }),
  )
  const found: Partial<Record<Field, ProposedColumn>> = {}
  const taken = new Set<string>()
  for (const { field, column, confidence } of pairs.toSorted((a, b) => b.points - a.points)) {
    if (found[field] || taken.has(column)) continue
    found[field] = { column, confidence }
    taken.add(column)
  }
  return found
}

export type ProposedIncidents = Partial<Record<IncidentField, ProposedColumn>>

/**
 * Which column holds what, by names in Chinese and English and by the values. Needed columns without a
 * known name are guessed by their values alone.
 * @param box of the city, by which unnamed coordinates are known.
 */
export function proposeIncidents(
  columns: readonly Glimpse[],
  box: BoundingBox | null,
): ProposedIncidents {
  const found: ProposedIncidents = assign(incidentFields, incidentWords, columns)
  const { mainCategory, category } = found
  // "category" is a branch only beside a column that says it is below
  const isPair =
    plainWord(mainCategory?.column ?? '') !== 'category' ||
    /sub|小类|子类|二级/.test(plainWord(category?.column ?? ''))
  if (mainCategory && !(category && isPair)) {
    found.category = mainCategory
    delete found.mainCategory
  }
  const taken = (): Set<string> => new Set(Object.values(found).map(({ column }) => column))
  const guess = (field: IncidentField, fits: (one: Glimpse) => boolean): void => {
    if (found[field]) return
    const claimed = taken()
    const column = columns.find(
      (one) => one.values.length > 0 && !claimed.has(one.name) && fits(one),
    )
    if (column) found[field] = { column: column.name, confidence: 'guess' }
  }
  if (box) {
    const [west, south, east, north] = box
    const within = (axis: 'lon' | 'lat', low: number, high: number) => (one: Glimpse) =>
      share(one.values, (text) => {
        const value = readCoordinate(text, axis)
        return value !== null && /[.°度′']/.test(text) && value >= low && value <= high
      }) >= most
    guess('lon', within('lon', west, east))
    guess('lat', within('lat', south, north))
  }
  guess('reportedAt', ({ values }) => share(values, isDate) >= most)
  guess(
    'id',
    ({ values }) =>
      values.length > 1 &&
      share(values, (one) => /\d/.test(one)) >= most &&
      valuesFit('id', values) === true &&
      !holdsDates(values),
  )
  return found
}

export type ProposedAreas = Partial<Record<AreaField, ProposedColumn>>

/** Which property of a map's features holds what. */
export const proposeAreas = (columns: readonly Glimpse[]): ProposedAreas =>
  assign(areaFields, areaWords, columns)

/** The level that the names speak of, the lowest first; null where they say nothing. */
export function proposeLevel(names: readonly string[]): string | null {
  const text = names.map((name) => name.normalize('NFKC').toLowerCase()).join(' ')
  return levelWords.find(([, words]) => words.test(text))?.[0] ?? null
}

/**
 * Codes for the values of a column: by code or whole name, else by the one name that holds the value or
 * is held by it. A value that fits several is left to a person.
 */
export function proposeValues(
  values: readonly string[],
  words: readonly CityWord[],
): ProposedValue[] {
  const known = words.map(({ code, nameZh, nameEn }) => ({
    code,
    names: [code, nameZh, nameEn].map(plainWord).filter((name) => name !== ''),
  }))
  return values.map((value) => {
    const own = plainWord(value)
    if (own === '') return { value, code: null, confidence: null }
    const whole = known.filter(({ names }) => names.includes(own))
    if (whole.length === 1) return { value, code: whole[0]!.code, confidence: 'sure' }
    const isLong = own.length >= (/^\p{ASCII}+$/u.test(own) ? 4 : 2)
    const like = isLong
      ? known.filter(({ names }) =>
          names.some((name) => name.length >= 2 && (name.includes(own) || own.includes(name))),
        )
      : []
    return like.length === 1
      ? { value, code: like[0]!.code, confidence: 'likely' }
      : { value, code: null, confidence: null }
  })
}

/** Parts of a value that stands in several columns, as a mapping joins them. */
export const joinedBy = ' / '

/**
 * Codes for values of several columns, the branch first: the leaf is looked for in the branch, then
 * anywhere.
 */
export function proposeJoined(
  values: readonly string[],
  words: readonly CityWord[],
): ProposedValue[] {
  return values.map((value) => {
    const parts = value.split(joinedBy)
    const leaf = parts.at(-1)!
    const main = parts.length > 1 ? plainWord(parts[0]!) : ''
    const within = words.filter(({ branches = [] }) => branches.map(plainWord).includes(main))
    const proposed = [within, words].map((some) => proposeValues([leaf], some)[0]!)
    const best = proposed.find(({ code }) => code !== null) ?? proposed[1]!
    return { ...best, value }
  })
}

const stageOf = new Map(
  stageWords.flatMap(([stage, words]) => words.split(/\s+/).map((word) => [word, stage] as const)),
)

/** The glossary's stages for the values of a column. */
export function proposeStages(values: readonly string[]): ProposedValue[] {
  return values.map((value) => {
    const code = stageOf.get(plainWord(value)) ?? null
    return { value, code, confidence: code === null ? null : 'sure' }
  })
}

/** A name for the source of a file's rows, the same next month: digits and dates are left out. */
export function proposeSource(fileName: string): string {
  const word = fileName
    .replace(/(\.[a-z]{2,8}){1,2}$/i, '')
    .toLowerCase()
    .replaceAll(/\d+/g, '')
    .replaceAll(/[^a-z]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
  return word === '' ? 'ledger' : word
}
