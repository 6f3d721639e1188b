import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { stages } from '../../../src/domain/vocabulary.ts'
import { ImportFileError } from './text-source.ts'

const column = v.pipe(v.string(), v.minLength(1))
/** One column, or several whose non-empty values are joined. */
const columns = v.union([column, v.pipe(v.array(column), v.minLength(1))])
const code = v.pipe(v.string(), v.regex(/^[a-z0-9_]{1,60}$/, 'a code: a–z, 0–9 and _'))

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const mappingSchema = v.strictObject({
  /** Names the system the rows come from; with the row's id it makes the incident's identity. */
  source: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,60}$/, 'letters, digits, _ . -')),
  /** IANA zone of times without an offset; the city's own when left out. */
  timeZone: v.optional(v.pipe(v.string(), v.check(isTimeZone, 'an IANA time zone'))),
  /** How dates are written when not ISO 8601: month or day first. */
  dateOrder: v.optional(v.picklist(['ymd', 'mdy', 'dmy']), 'ymd'),
  delimiter: v.optional(v.picklist([',', ';', '\t', '|']), ','),
  /** Write spaces for the underscores of the source's description and address. */
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
  }),
  categories: v.strictObject({
    /**
     * Source value → leaf code. With several category columns the values are tried from the longest
     * combination (`a / b`) to the first column alone.
     */
    map: v.optional(v.record(v.string(), code), {}),
    /** For values the map does not know; without it such rows are rejected. */
    otherwise: v.optional(code),
  }),
  stages: v.optional(
    v.strictObject({
      map: v.optional(v.record(v.string(), v.picklist(stages)), {}),
      /**
       * For rows whose value is empty or not in the map and that have no closing time (with one they
       * are closed); without it such rows are rejected.
       */
      otherwise: v.optional(v.picklist(stages)),
    }),
    {},
  ),
  departments: v.optional(v.record(v.string(), code), {}),
  channels: v.optional(v.record(v.string(), v.string()), {}),
  /** Values for every row that brings none of its own. */
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

/** How the columns of one source become incidents; written as a JSON file. */
export type Mapping = v.InferOutput<typeof mappingSchema>

/**
 * @param name what to call the mapping in messages, usually its path.
 * @throws ImportFileError that lists every fault with the path of its field.
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

/** Every column the mapping names, with the field it serves. */
export function mappedColumns(mapping: Mapping): { field: string; column: string }[] {
  return Object.entries(mapping.columns).flatMap(([field, value]) =>
    value === undefined ? [] : [value].flat().map((name) => ({ field, column: name })),
  )
}
