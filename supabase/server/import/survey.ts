import type { BoundingBox } from '../../../src/domain/vocabulary.ts'
import { numericKind } from './dates/numeric-date.ts'
import type { NumericDate } from './dates/numeric-date.ts'
import { readDate } from './dates/date-text.ts'
import { orderEvidence } from './dates/order-evidence.ts'
import type { Mapping } from './mapping.ts'
import { coordinateSystem } from './place/coordinate-system.ts'
import type { CoordinateSystem } from './place/coordinate-system.ts'
import { likelySystem } from './place/likely-system.ts'
import { plainName } from './read/header.ts'
import type { RowFile } from './read/table.ts'
import { readPlace } from './row-place.ts'
import type { PlaceRules } from './row-place.ts'
import { ImportFileError } from './text-source.ts'

/** Rows looked at before any is stored. */
const sampleRows = 2_000
/** Of the sample, below which a reading is taken to be wrong. */
const hardlyAny = 0.05
const most = 0.5

export interface Survey {
  places: PlaceRules
  numeric: NumericDate | null
  notes: string[]
}

export interface SurveyContext {
  file: string
  mapping: Mapping
  timeZone: string
  bbox: BoundingBox
}

/** The file contradicts its mapping, and says what to put there. */
export class SurveyRemedy extends ImportFileError {
  readonly put: Partial<Mapping>
  constructor(message: string, put: Partial<Mapping>) {
    super(message)
    this.put = put
  }
}

type Sample = (column: string | undefined) => string[]

async function sampleOf(table: RowFile): Promise<Sample> {
  const rows: string[][] = []
  for await (const { fields, fault } of table.rows()) {
    if (!fault) rows.push(fields)
    if (rows.length === sampleRows) break
  }
  const names = table.header.fields.map(plainName)
  return (column) => {
    const index = column === undefined ? -1 : names.indexOf(plainName(column))
    return index === -1 ? [] : rows.map((fields) => (fields[index] ?? '').trim())
  }
}

/** Commas are decimal signs where every number has one and another sign parts the columns. */
function hasDecimalCommas(lons: readonly string[], lats: readonly string[]): boolean {
  const filled = [...lons, ...lats].filter((text) => text !== '')
  return filled.length > 0 && filled.every((text) => /^-?\d{1,8},\d+$/.test(text.normalize('NFKC')))
}

/** Share of the places that lie in the city's box, a tenth wider. */
function shareInBox(
  lons: readonly string[],
  lats: readonly string[],
  rules: PlaceRules,
  [west, south, east, north]: BoundingBox,
): number {
  const [dx, dy] = [(east - west) / 10, (north - south) / 10]
  let filled = 0
  let inside = 0
  lons.forEach((lon, index) => {
    const lat = lats[index] ?? ''
    if (lon === '' || lat === '') return
    filled += 1
    const { at } = readPlace(lon, lat, rules)
    if (!at) return
    const [x, y] = at
    if (x >= west - dx && x <= east + dx && y >= south - dy && y <= north + dy) inside += 1
  })
  return filled === 0 ? 1 : inside / filled
}

/** @throws ImportFileError naming what the coordinates look like, where they are not in the city as they are. */
async function surveyPlaces(
  sample: Sample,
  table: RowFile,
  { file, mapping, bbox }: SurveyContext,
): Promise<{ places: PlaceRules; notes: string[] }> {
  const { columns, decimalComma, swapCoordinates } = mapping
  const [lons, lats] = [sample(columns.lon), sample(columns.lat)]
  const notes: string[] = []
  const named = mapping.coordinates ?? table.crs
  let system: CoordinateSystem
  try {
    system = await coordinateSystem(named ?? 'WGS84')
  } catch (error) {
    throw error instanceof ImportFileError
      ? new ImportFileError(`${file}: ${error.message}`)
      : error
  }
  if (system.name !== 'WGS 84') notes.push(`coordinates are read as ${system.name}`)
  const isFound = decimalComma === undefined && hasDecimalCommas(lons, lats)
  if (isFound) notes.push('coordinates have decimal commas, such as 112,95')
  const places = { system, decimalComma: decimalComma ?? isFound, isSwapped: swapCoordinates }
  if (shareInBox(lons, lats, places, bbox) > hardlyAny) return { places, notes }
  const turned = { ...places, isSwapped: !places.isSwapped }
  const swapped = shareInBox(lons, lats, turned, bbox)
  if (swapped >= most) {
    throw new SurveyRemedy(
      `${file}: none of the places lies in the city; with ${columns.lon} and ${columns.lat} exchanged ${Math.round(swapped * 100)} % do: say "swapCoordinates": ${!swapCoordinates} in the mapping`,
      { swapCoordinates: !swapCoordinates },
    )
  }
  const likely =
    named === null
      ? await likelySystem(bbox, (other, isSwapped) =>
          shareInBox(lons, lats, { ...places, system: other, isSwapped }, bbox),
        )
      : null
  if (likely && likely.share >= most) {
    const also = likely.isSwapped ? ' and "swapCoordinates": true' : ''
    throw new SurveyRemedy(
      `${file}: the coordinates are no degrees in the city; as ${likely.title} ${Math.round(likely.share * 100)} % lie in it: say "coordinates": "${likely.name}"${also} in the mapping`,
      { coordinates: likely.name, ...(likely.isSwapped ? { swapCoordinates: true } : {}) },
    )
  }
  return { places, notes }
}

const example = (texts: readonly string[]): string => texts.slice(0, 3).join(', ')

/** @throws ImportFileError where the order of day and month must be said. */
function surveyDates(
  sample: Sample,
  { file, mapping, timeZone }: SurveyContext,
): { numeric: NumericDate | null; notes: string[] } {
  const { columns, dateOrder, dateFormat } = mapping
  if (dateFormat) return { numeric: dateFormat, notes: [] }
  const texts = sample(columns.reportedAt).filter((text) => text !== '')
  const kind = numericKind(texts)
  if (kind) {
    const names = {
      excel: 'days of a spreadsheet (from 1900)',
      excel1904: 'days of a spreadsheet (from 1904)',
      epoch: 'seconds since 1970',
      epochMilliseconds: 'milliseconds since 1970',
    }
    return {
      numeric: kind,
      notes: [`${columns.reportedAt} holds ${names[kind]}, such as ${texts[0]}`],
    }
  }
  const unread = texts.filter((text) => readDate(text, timeZone, dateOrder) === null)
  if (dateOrder !== 'ymd' || unread.length < most * texts.length)
    return { numeric: null, notes: [] }
  const readable = (order: 'mdy' | 'dmy'): boolean =>
    unread.some((text) => readDate(text, timeZone, order) !== null)
  if (!readable('mdy') && !readable('dmy')) return { numeric: null, notes: [] }
  const { mdy, dmy } = orderEvidence(texts)
  const where = `${file}: the dates of ${columns.reportedAt} (${example(unread)}) do not begin with the year`
  if (mdy.length > 0 !== dmy.length > 0) {
    const [order, proof] = mdy.length > 0 ? (['mdy', mdy[0]] as const) : (['dmy', dmy[0]] as const)
    throw new SurveyRemedy(
      `${where}; ${proof} says "dateOrder": "${order}": put it into the mapping`,
      { dateOrder: order },
    )
  }
  throw new ImportFileError(
    `${where}, and the file does not say whether the day or the month comes first: put "dateOrder": "dmy" or "mdy" into the mapping`,
  )
}

/**
 * Looks at the first rows, before anything is stored: how places and dates are to be read.
 * @throws ImportFileError saying what to put into the mapping.
 */
export async function surveyRows(table: RowFile, context: SurveyContext): Promise<Survey> {
  const sample = await sampleOf(table)
  const dates = surveyDates(sample, context)
  const { places, notes } = await surveyPlaces(sample, table, context)
  return { places, numeric: dates.numeric, notes: [...notes, ...dates.notes] }
}

/** Contradictions that are slips, of the dates that decide. */
const slips = 0.01

/**
 * Reads the dates of the whole file, where the mapping says day or month first.
 * @throws ImportFileError when the file's own dates say the other; nothing is stored.
 */
export async function checkDateOrder(
  table: RowFile,
  { file, mapping }: SurveyContext,
): Promise<void> {
  const { dateOrder, columns } = mapping
  if (dateOrder === 'ymd') return
  const names = table.header.fields.map(plainName)
  const indexes = [columns.reportedAt, columns.closedAt]
    .filter((column) => column !== undefined)
    .map((column) => names.indexOf(plainName(column)))
  const other = dateOrder === 'mdy' ? 'dmy' : 'mdy'
  let agreeing = 0
  let contradicting = 0
  let first: { line: number; text: string } | null = null
  for await (const { fields, line } of table.rows()) {
    for (const index of indexes) {
      const text = fields[index] ?? ''
      const evidence = orderEvidence([text])
      agreeing += evidence[dateOrder].length
      if (evidence[other].length === 0) continue
      contradicting += 1
      first ??= { line, text }
    }
  }
  if (first && contradicting >= slips * (agreeing + contradicting)) {
    throw new ImportFileError(
      `${file}: the mapping says "dateOrder": "${dateOrder}", but ${contradicting} dates can only be ${other} (line ${first.line}: ${first.text}) and ${agreeing} only ${dateOrder}. Nothing was stored.`,
    )
  }
}
