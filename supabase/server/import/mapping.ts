import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { stages } from '../../../src/domain/vocabulary.ts'
import { numericDates } from './dates/numeric-date.ts'
import { ImportFileError } from './text-source.ts'

const column = v.pipe(v.string(), v.minLength(1))
/** Non-empty values are joined. */
const columns = v.union([column, v.pipe(v.array(column), v.minLength(1))])
const code = v.pipe(v.string(), v.regex(/^[a-z0-9_]{1,60}$/, 'a code: a–z, 0–9 and _'))

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

export const defaultEmptyWords = ['NULL', '(NULL)', 'N/A', '#N/A', '\\N', '-', '--', '—', '——', '/']

const mappingSchema = v.strictObject({
  /** Source and row id together identify an incident. */
  source: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,60}$/, 'letters, digits, _ . -')),
  /** IANA zone of times without an offset. Default: the city's. */
  timeZone: v.optional(v.pipe(v.string(), v.check(isTimeZone, 'an IANA time zone'))),
  /** Of dates that are not ISO 8601. */
  dateOrder: v.optional(v.picklist(['ymd', 'mdy', 'dmy']), 'ymd'),
  /** Of plain numbers: days of a spreadsheet, or since 1970. Default: found by their size. */
  dateFormat: v.optional(v.picklist(numericDates)),
  /** By how much a closing may precede the report and then counts as the same instant. */
  closingSlackSeconds: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(86_400)), 60),
  /** Default: found by the header. */
  delimiter: v.optional(v.picklist([',', ';', '\t', '|'])),
  /** Sheet or layer of a file with several. */
  layer: v.optional(v.string()),
  /** Coordinate system; the file's own when left out, else WGS 84. */
  coordinates: v.optional(v.string()),
  /** Coordinates like `112,95`. Default: found where another sign parts the columns. */
  decimalComma: v.optional(v.boolean()),
  /** The columns hold each other's values. */
  swapCoordinates: v.optional(v.boolean(), false),
  /** Written for nothing, in any case of letters. */
  emptyWords: v.optional(v.array(v.string()), [...defaultEmptyWords]),
  /** Rows to pass over. */
  skip: v.optional(v.array(v.strictObject({ column, values: v.array(v.string()) })), []),
  /** A column that says how the coordinates were found. */
  place: v.optional(
    v.strictObject({
      column,
      /** No place: `columns.area` names an area, in which the row is put. */
      unknown: v.optional(v.array(v.string()), []),
      /** Found by a fallback, such as the middle of a street: kept, and marked. */
      fallback: v.optional(v.array(v.string()), []),
    }),
  ),
  /** In description and address. */
  underscoresAsSpaces: v.optional(v.boolean(), false),
  columns: v.strictObject({
    id: column,
    reportedAt: column,
    lon: column,
    lat: column,
    closedAt: v.optional(column),
    category: v.optional(columns),
    stage: v.optional(column),
    department: v.optional(column),
    severity: v.optional(column),
    channel: v.optional(column),
    description: v.optional(columns),
    address: v.optional(columns),
    area: v.optional(column),
  }),
  categories: v.strictObject({
    /**
     * Source value → leaf code. Several category columns: tries the longest combination (`a / b`)
     * first.
     */
    map: v.optional(v.record(v.string(), code), {}),
    /** For unknown values; without it such rows are rejected. */
    otherwise: v.optional(code),
  }),
  stages: v.optional(
    v.strictObject({
      map: v.optional(v.record(v.string(), v.picklist(stages)), {}),
      /**
       * For rows without a mapped value or a closing time; without it they are rejected. Rows with
       * a closing time are closed.
       */
      otherwise: v.optional(v.picklist(stages)),
    }),
    {},
  ),
  departments: v.optional(v.record(v.string(), code), {}),
  channels: v.optional(v.record(v.string(), v.string()), {}),
  /** For rows that bring no value. */
  constants: v.optional(
    v.strictObject({
      severity: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4))),
      channel: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(100))),
      department: v.optional(code),
      onHold: v.optional(v.boolean()),
    }),
    {},
  ),
})

/** Turns a source's columns into incidents; a JSON file. */
export type Mapping = v.InferOutput<typeof mappingSchema>

/**
 * @param name shown in messages.
 * @throws ImportFileError listing every fault.
 */
export function parseMapping(text: string, name: string): Mapping {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new ImportFileError(`${name}: not JSON (${(error as Error).message})`)
  }
  const result = v.safeParse(mappingSchema, json)
  if (result.success) return result.output
  const faults = result.issues.map(
    (issue) => `  ${v.getDotPath(issue) ?? 'mapping'}: ${issue.message}`,
  )
  throw new ImportFileError(`${name}: the mapping is not usable\n${faults.join('\n')}`)
}

export async function readMapping(path: string): Promise<Mapping> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new ImportFileError(`${path}: no such mapping file`)
  })
  return parseMapping(text, path)
}

export function mappedColumns(mapping: Mapping): { field: string; column: string }[] {
  const fields = Object.entries(mapping.columns).flatMap(([field, value]) =>
    value === undefined ? [] : [value].flat().map((name) => ({ field, column: name })),
  )
  const others = [
    ...mapping.skip.map(({ column: name }) => ({ field: 'skip', column: name })),
    ...(mapping.place ? [{ field: 'place', column: mapping.place.column }] : []),
  ].filter(({ column: name }) => !fields.some((known) => known.column === name))
  return [...fields, ...others]
}
