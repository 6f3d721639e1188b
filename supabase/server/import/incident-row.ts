import { hash as digest } from 'node:crypto'
import type { Stage } from '../../../src/domain/vocabulary.ts'
import { isCutNumber } from './area-row.ts'
import { mappedColumns } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { movedInstant } from './moved-dates.ts'
import type { LngLat } from './place/coordinate-system.ts'
import { RowCells } from './row-cells.ts'
import { readPlace } from './row-place.ts'
import type { PlaceRules } from './row-place.ts'
import type { ReadDate } from './dates/date-text.ts'
import { closingInstant, readByRules } from './row-times.ts'
import type { DateRules } from './row-times.ts'

/** As `private.import_incidents` takes it. */
export interface ImportRow {
  line: number
  id: string
  /** SHA-256 of the fields below; detects unchanged rows. */
  hash: string
  category: string
  /** Null: the category's default. */
  department: string | null
  stage: Stage
  onHold: boolean
  severity: number | null
  /** Degrees, WGS 84. */
  lon: number
  lat: number
  description: string
  address: string
  /** ISO 8601 in UTC. */
  reportedAt: string
  closedAt: string | null
  channel: string | null
  /** Reasons why something of it may not be so; kept in its log. */
  doubts: string[]
}

export interface RowFault {
  /** Column of the file or setting of the mapping. */
  field: string
  reason: string
  detail: string | null
}

export type RowResult =
  | { row: ImportRow; faults: null; doubts: RowFault[] }
  | { row: null; id: string; faults: RowFault[] }

export interface RowContext {
  timeZone: string
  places: PlaceRules
  dates: DateRules
  /** A point of each area, for rows that only name one. */
  areaPoints: ReadonlyMap<string, LngLat>
  /** Leaf codes. */
  categories: ReadonlySet<string>
  departments: ReadonlySet<string>
  /** ISO 8601 in UTC. */
  now: string
  moveWeeks: number
}

/** Values kept of those that `otherwise` caught; further ones are counted together. */
const otherwiseKept = 200

function countKept(counts: Map<string, number>, value: string): void {
  const key = counts.has(value) || counts.size < otherwiseKept ? value : 'others'
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const limits = { id: 200, description: 10_000, address: 500, channel: 100 } as const
type Limited = keyof typeof limits

/** Postgres cannot hold NUL or half surrogates. */
const isPoisoned = (text: string): boolean => text.includes('\u0000') || !text.isWellFormed()

export class RowReader {
  readonly #mapping: Mapping
  readonly #context: RowContext
  readonly #cells: RowCells
  readonly #columns: { field: string; column: string }[]
  readonly #categoryOf: Map<string, string>
  readonly #stageOf: Map<string, Stage>
  readonly #departmentOf: Map<string, string>
  readonly #channelOf: Map<string, string>
  #faults: RowFault[] = []
  #doubts: RowFault[] = []
  #caught: string[] = []
  /** Sound rows by field and value that a mapping's `otherwise` caught. */
  readonly otherwise = new Map<string, number>()

  /** @throws Error listing the columns that the header lacks or has twice. */
  constructor(header: readonly string[], mapping: Mapping, context: RowContext) {
    this.#mapping = mapping
    this.#context = context
    this.#cells = new RowCells(header, mapping)
    this.#columns = mappedColumns(mapping)
    this.#categoryOf = new Map(Object.entries(mapping.categories.map))
    this.#stageOf = new Map(Object.entries(mapping.stages.map))
    this.#departmentOf = new Map(Object.entries(mapping.departments))
    this.#channelOf = new Map(Object.entries(mapping.channels))
  }

  /** Whether the row is none of an incident. */
  isSkipped(fields: readonly string[]): 'skipped' | 'total' | null {
    this.#cells.take(fields)
    return this.#cells.skipped()
  }

  read(fields: readonly string[], line: number): RowResult {
    this.#cells.take(fields)
    this.#faults = []
    this.#doubts = []
    this.#caught = []
    for (const { column } of this.#columns) {
      if (isPoisoned(this.#cells.one(column)))
        this.#blame(column, 'bad_character', 'a NUL or half a character')
    }
    const { columns, constants } = this.#mapping
    const id = this.#text('id')
    if (id === '') this.#blame(columns.id, 'no_id')
    else if (isCutNumber(id)) this.#blame(columns.id, 'cut_number', id)
    const { lon, lat } = this.#place()
    const category = this.#category()
    const { reportedAt, closedAt } = this.#times()
    const stage = this.#stage()
    const given = this.#cells.one(columns.department)
    const content = {
      category: category ?? '',
      department: this.#department(given),
      stage: stage ?? 'reported',
      onHold: constants.onHold ?? false,
      severity: this.#severity(),
      lon,
      lat,
      description: this.#text('description'),
      address: this.#text('address'),
      reportedAt: reportedAt ?? '',
      closedAt,
      channel: this.#channel(),
    }
    if (this.#faults.length > 0) {
      return { row: null, id: id.slice(0, limits.id), faults: this.#faults }
    }
    const hash = digest('sha256', JSON.stringify(content))
    for (const value of this.#caught) countKept(this.otherwise, value.slice(0, 80))
    const doubts = this.#doubts
    const row = { line, id, hash, ...content, doubts: doubts.map(({ reason }) => reason) }
    return { row, faults: null, doubts }
  }

  #doubt(field: string | undefined, reason: string, detail: string | null = null): void {
    this.#doubts.push({ field: field ?? '', reason, detail })
  }

  #blame(field: string | undefined, reason: string, detail: string | null = null): void {
    this.#faults.push({
      field: field ?? '',
      reason,
      detail: detail === null ? null : detail.slice(0, 200),
    })
  }

  #text(field: Limited): string {
    const columns = this.#mapping.columns[field]
    const joined = this.#cells.some(columns).join(' · ')
    const isProse = field === 'description' || field === 'address'
    const text = isProse && this.#mapping.underscoresAsSpaces ? joined.replaceAll('_', ' ') : joined
    if (text.length > limits[field]) {
      this.#blame(
        [columns ?? field].flat().join('+'),
        'field_too_long',
        `${text.length} characters, at most ${limits[field]}`,
      )
    }
    return text
  }

  #place(): { lon: number; lat: number } {
    const { columns, place } = this.#mapping
    const said = this.#cells.one(place?.column)
    if (place && place.unknown.includes(said)) return this.#areaPlace(said)
    if (place && place.fallback.includes(said))
      this.#doubt(place.column, 'geocoded_by_fallback', said)
    const [lonText, latText] = [this.#cells.one(columns.lon), this.#cells.one(columns.lat)]
    const { at, faults } = readPlace(lonText, latText, this.#context.places)
    for (const { axis, reason } of faults ?? []) {
      const written = reason === 'no_coordinates' ? `${lonText} ${latText}`.trim() || null : null
      this.#blame(columns[axis], reason, written ?? (this.#cells.one(columns[axis]) || null))
    }
    const [lon, lat] = at ?? [Number.NaN, Number.NaN]
    return { lon, lat }
  }

  /** An unknown place lies at a point of its area. */
  #areaPlace(said: string): { lon: number; lat: number } {
    const { columns, place } = this.#mapping
    const area = this.#cells.one(columns.area)
    const point = this.#context.areaPoints.get(area)
    if (point) this.#doubt(columns.area, 'place_unknown', area)
    else if (area === '') this.#blame(place?.column, 'place_unknown', said)
    else this.#blame(columns.area, 'unknown_area', area)
    const [lon, lat] = point ?? [Number.NaN, Number.NaN]
    return { lon, lat }
  }

  /** Tries `a / b`, then `a`, then the fallback. */
  #category(): string | null {
    const { columns, categories } = this.#mapping
    const values = this.#cells.some(columns.category)
    let code: string | null = null
    for (let length = values.length; length > 0; length--) {
      const mapped = this.#categoryOf.get(values.slice(0, length).join(' / '))
      if (mapped !== undefined) {
        code = mapped
        break
      }
    }
    if (code === null && categories.otherwise !== undefined) {
      code = categories.otherwise
      if (columns.category !== undefined)
        this.#caught.push(`categories: ${values.join(' / ') || '(empty)'}`)
    }
    if (code !== null && this.#context.categories.has(code)) return code
    const field = [columns.category ?? 'categories.otherwise'].flat().join('+')
    this.#blame(field, 'unknown_category', code ?? (values.join(' / ') || null))
    return null
  }

  #date(column: string | undefined): ReadDate | null {
    const written = this.#cells.one(column)
    if (written === '') return null
    const read = readByRules(written, this.#context.dates)
    if (read === null) this.#blame(column, 'bad_date', written)
    else if (this.#moved(read.at) > this.#context.now) this.#blame(column, 'future_date', written)
    return read
  }

  #moved(at: string): string {
    return movedInstant(at, this.#context.moveWeeks, this.#context.timeZone)
  }

  #times(): { reportedAt: string | null; closedAt: string | null } {
    const { columns } = this.#mapping
    const { dates, now } = this.#context
    const reported = this.#date(columns.reportedAt)
    if (this.#cells.one(columns.reportedAt) === '')
      this.#blame(columns.reportedAt, 'bad_date', 'empty')
    const closed = this.#date(columns.closedAt)
    if (!reported) return { reportedAt: null, closedAt: null }
    const reportedAt = this.#moved(reported.at)
    if (!closed) return { reportedAt, closedAt: null }
    const closing = closingInstant(closed, reported.at, dates, now)
    const detail = `${this.#cells.one(columns.reportedAt)} → ${this.#cells.one(columns.closedAt)}`
    if (!closing) {
      this.#blame(columns.closedAt, 'closed_before_opened', detail)
      return { reportedAt, closedAt: null }
    }
    if (closing.doubt) this.#doubt(columns.closedAt, closing.doubt, detail)
    const closedAt = this.#moved(closing.at)
    // A report moved into the hour skipped in spring shifts one hour later.
    return { reportedAt, closedAt: closedAt < reportedAt ? reportedAt : closedAt }
  }

  #stage(): Stage | null {
    const { columns, stages } = this.#mapping
    const value = this.#cells.one(columns.stage)
    const closing = this.#cells.one(columns.closedAt)
    const isUnknown = value !== '' && stages.otherwise === undefined && !this.#stageOf.has(value)
    const unsaid = closing === '' ? (stages.otherwise ?? null) : 'closed'
    const stage = isUnknown ? null : (this.#stageOf.get(value) ?? unsaid)
    if (value !== '' && !isUnknown && !this.#stageOf.has(value))
      this.#caught.push(`stages: ${value}`)
    const field = columns.stage ?? columns.closedAt ?? 'stages.otherwise'
    if (stage === null) this.#blame(field, 'unknown_stage', value || null)
    else if (stage === 'closed' && closing === '') this.#blame(field, 'closed_without_date')
    else if (stage !== 'closed' && closing !== '')
      this.#blame(field, 'open_with_closing_date', `${value} ${closing}`)
    return stage
  }

  #department(given: string): string | null {
    const { columns, constants } = this.#mapping
    const code =
      given === '' ? (constants.department ?? null) : (this.#departmentOf.get(given) ?? given)
    if (code !== null && !this.#context.departments.has(code)) {
      this.#blame(columns.department ?? 'constants.department', 'unknown_department', code)
    }
    return code
  }

  #severity(): number | null {
    const { columns, constants } = this.#mapping
    const text = this.#cells.one(columns.severity)
    if (text === '') return constants.severity ?? null
    const severity = Number(text)
    if (![1, 2, 3, 4].includes(severity)) this.#blame(columns.severity, 'bad_severity', text)
    return severity
  }

  #channel(): string | null {
    const text = this.#text('channel')
    if (text === '') return this.#mapping.constants.channel ?? null
    return this.#channelOf.get(text) ?? text
  }
}
