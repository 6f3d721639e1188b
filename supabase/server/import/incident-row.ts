import { createHash } from 'node:crypto'
import type { Stage } from '../../../src/domain/vocabulary.ts'
import { parseInstant } from './local-time.ts'
import { mappedColumns } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { movedInstant } from './moved-dates.ts'

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
}

export interface RowFault {
  /** Column of the file or setting of the mapping. */
  field: string
  reason: string
  detail: string | null
}

export type RowResult =
  | { row: ImportRow; faults: null }
  | { row: null; id: string; faults: RowFault[] }

export interface RowContext {
  timeZone: string
  /** Leaf codes. */
  categories: ReadonlySet<string>
  departments: ReadonlySet<string>
  /** ISO 8601 in UTC. */
  now: string
  moveWeeks: number
}

const limits = { id: 200, description: 10_000, address: 500, channel: 100 } as const
type Limited = keyof typeof limits

/** Postgres cannot hold NUL or half surrogates. */
const isPoisoned = (text: string): boolean => text.includes('\u0000') || !text.isWellFormed()

export class RowReader {
  readonly #mapping: Mapping
  readonly #context: RowContext
  readonly #index: Map<string, number>
  readonly #columns: { field: string; column: string }[]
  readonly #categoryOf: Map<string, string>
  readonly #stageOf: Map<string, Stage>
  readonly #departmentOf: Map<string, string>
  readonly #channelOf: Map<string, string>
  #fields: readonly string[] = []
  #faults: RowFault[] = []

  /** @throws Error listing the columns that the header lacks or has twice. */
  constructor(header: readonly string[], mapping: Mapping, context: RowContext) {
    this.#mapping = mapping
    this.#context = context
    this.#index = new Map(header.map((name, index) => [name.trim(), index]))
    this.#columns = mappedColumns(mapping)
    const missing = this.#columns.filter(({ column }) => !this.#index.has(column))
    if (missing.length > 0) {
      const list = missing.map(({ field, column }) => `"${column}" (for ${field})`).join(', ')
      throw new Error(
        `the file lacks the columns ${list}; it has ${[...this.#index.keys()].join(', ')}`,
      )
    }
    const twice = this.#columns.filter(
      ({ column }) => header.filter((name) => name.trim() === column).length > 1,
    )
    if (twice.length > 0) {
      const list = twice.map(({ field, column }) => `"${column}" (for ${field})`).join(', ')
      throw new Error(`the header names more than one column ${list}: which is meant?`)
    }
    this.#categoryOf = new Map(Object.entries(mapping.categories.map))
    this.#stageOf = new Map(Object.entries(mapping.stages.map))
    this.#departmentOf = new Map(Object.entries(mapping.departments))
    this.#channelOf = new Map(Object.entries(mapping.channels))
  }

  read(fields: readonly string[], line: number): RowResult {
    this.#fields = fields
    this.#faults = []
    for (const { column } of this.#columns) {
      if (isPoisoned(this.#cell(column)))
        this.#blame(column, 'bad_character', 'a NUL or half a character')
    }
    const { columns, constants } = this.#mapping
    const id = this.#text('id')
    if (id === '') this.#blame(columns.id, 'no_id')
    const { lon, lat } = this.#place()
    const category = this.#category()
    const { reportedAt, closedAt } = this.#times()
    const stage = this.#stage()
    const given = this.#cell(columns.department)
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
    const hash = createHash('sha256').update(JSON.stringify(content)).digest('hex')
    return { row: { line, id, hash, ...content }, faults: null }
  }

  #blame(field: string | undefined, reason: string, detail: string | null = null): void {
    this.#faults.push({
      field: field ?? '',
      reason,
      detail: detail === null ? null : detail.slice(0, 200),
    })
  }

  /** Empty for a column the mapping leaves out. */
  #cell(column: string | undefined): string {
    const index = column === undefined ? undefined : this.#index.get(column)
    return index === undefined ? '' : (this.#fields[index] ?? '').trim()
  }

  #cells(columns: string | string[] | undefined): string[] {
    return [columns ?? []]
      .flat()
      .map((column) => this.#cell(column))
      .filter((text) => text !== '')
  }

  #text(field: Limited): string {
    const columns = this.#mapping.columns[field]
    const joined = this.#cells(columns).join(' · ')
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
    const { columns } = this.#mapping
    const lonText = this.#cell(columns.lon)
    const latText = this.#cell(columns.lat)
    const lon = Number(lonText)
    const lat = Number(latText)
    // Systems write 0, 0 for an unknown place.
    if (lonText === '' || latText === '' || (lon === 0 && lat === 0)) {
      this.#blame(
        lonText === '' ? columns.lon : columns.lat,
        'no_coordinates',
        `${lonText} ${latText}`.trim() || null,
      )
    } else {
      if (!(Math.abs(lon) <= 180)) this.#blame(columns.lon, 'bad_coordinates', lonText)
      if (!(Math.abs(lat) <= 90)) this.#blame(columns.lat, 'bad_coordinates', latText)
    }
    return { lon, lat }
  }

  /** Tries `a / b`, then `a`, then the fallback. */
  #category(): string | null {
    const { columns, categories } = this.#mapping
    const values = this.#cells(columns.category)
    let code = categories.otherwise ?? null
    for (let length = values.length; length > 0; length--) {
      const mapped = this.#categoryOf.get(values.slice(0, length).join(' / '))
      if (mapped !== undefined) {
        code = mapped
        break
      }
    }
    if (code !== null && this.#context.categories.has(code)) return code
    const field = [columns.category ?? 'categories.otherwise'].flat().join('+')
    this.#blame(field, 'unknown_category', code ?? (values.join(' / ') || null))
    return null
  }

  #instant(column: string | undefined): string | null {
    const written = this.#cell(column)
    if (written === '') return null
    const timeZone = this.#mapping.timeZone ?? this.#context.timeZone
    const at = parseInstant(written, timeZone, this.#mapping.dateOrder)
    if (at === null) this.#blame(column, 'bad_date', written)
    else if (this.#moved(at) > this.#context.now) this.#blame(column, 'future_date', written)
    return at
  }

  #moved(at: string): string {
    return movedInstant(at, this.#context.moveWeeks, this.#context.timeZone)
  }

  #times(): { reportedAt: string | null; closedAt: string | null } {
    const { columns } = this.#mapping
    const reportedAt = this.#instant(columns.reportedAt)
    if (this.#cell(columns.reportedAt) === '') this.#blame(columns.reportedAt, 'bad_date', 'empty')
    const closedAt = this.#instant(columns.closedAt)
    if (reportedAt !== null && closedAt !== null && closedAt < reportedAt) {
      const detail = `${this.#cell(columns.reportedAt)} → ${this.#cell(columns.closedAt)}`
      this.#blame(columns.closedAt, 'closed_before_opened', detail)
    }
    const reported = reportedAt && this.#moved(reportedAt)
    const closed = closedAt && this.#moved(closedAt)
    // A report moved into the hour skipped in spring shifts one hour later.
    const isTurned = reported !== null && closed !== null && closed < reported
    return { reportedAt: reported, closedAt: isTurned ? reported : closed }
  }

  #stage(): Stage | null {
    const { columns, stages } = this.#mapping
    const value = this.#cell(columns.stage)
    const closing = this.#cell(columns.closedAt)
    const isUnknown = value !== '' && stages.otherwise === undefined && !this.#stageOf.has(value)
    const unsaid = closing === '' ? (stages.otherwise ?? null) : 'closed'
    const stage = isUnknown ? null : (this.#stageOf.get(value) ?? unsaid)
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
    const text = this.#cell(columns.severity)
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
