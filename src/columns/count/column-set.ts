import { bytesFromBase64, uint16FromPlanes, uint24FromPlanes } from '../../domain/bytes.ts'
import { firstDayNumber, monthNumber } from '../../domain/time/calendar.ts'
import { changesDueChoice } from '../../domain/filter/due.ts'
import { dueBias, type PackedMonth } from '../../domain/answers/columns.ts'
import { isOpenStage, stages, type LocalMonth } from '../../domain/vocabulary.ts'

/** Columns hold `count` values in the same order. */
export interface MonthColumns {
  month: LocalMonth
  /** Months since year 0. */
  monthNumber: number
  revision: string
  count: number
  /** Minutes from the month's start, local wall clock. */
  minute: Uint16Array
  /** Whole hours from report to close, or `notClosedHours`. */
  hours: Uint16Array
  /** `Area.idx`. */
  area: Uint16Array
  /** `Category.idx`. */
  category: Uint8Array
  /** Low nibble: index in `stages`; high nibble: `incidentFlags`. */
  stage: Uint8Array
  /** Months from report to close, or `notClosedMonth`. */
  closedMonth: Uint8Array
  /** Quantised place. */
  x: Uint16Array
  y: Uint16Array
  due: DueColumn
}

/** Incidents with a deadline: open and not on hold. */
interface DueColumn {
  /** Ascending. */
  rows: Uint32Array
  /** The first minute at which each is overdue, since 1970 in UTC. */
  minute: Uint32Array
}

/** @throws RangeError for an invalid month or a wrong number of values */
export function unpackMonth(packed: PackedMonth): MonthColumns {
  const number = monthNumber(packed.month)
  if (Number.isNaN(number)) throw new RangeError(`no month: ${packed.month}`)
  const bytes = (name: 'category' | 'stage' | 'closedMonth'): Uint8Array =>
    checked(name, bytesFromBase64(packed[name]), packed.count)
  const words = (name: 'minute' | 'hours' | 'area' | 'x' | 'y'): Uint16Array => {
    const planes = checked(name, bytesFromBase64(packed[name]), packed.count * 2)
    return uint16FromPlanes(planes)
  }
  const minute = fromSteps(words('minute'))
  const stage = bytes('stage')
  return {
    month: packed.month,
    monthNumber: number,
    revision: packed.revision,
    count: packed.count,
    minute,
    hours: words('hours'),
    area: words('area'),
    category: bytes('category'),
    stage,
    closedMonth: bytes('closedMonth'),
    x: words('x'),
    y: words('y'),
    due: dueColumn(bytesFromBase64(packed.due), stage, minute, firstDayNumber(number) * 1440),
  }
}

const isOpenAt = stages.map(isOpenStage)

function dueColumn(
  planes: Uint8Array,
  stage: Uint8Array,
  minute: Uint16Array,
  monthStart: number,
): DueColumn {
  const open = stage.reduce((count, byte) => count + (isOpenAt[byte & 15] ? 1 : 0), 0)
  const values = uint24FromPlanes(checked('due', planes, open * 3))
  const count = values.reduce((some, value) => some + (value > 0 ? 1 : 0), 0)
  const due = { rows: new Uint32Array(count), minute: new Uint32Array(count) }
  for (let i = 0, at = 0, to = 0; to < count; i++) {
    if (!isOpenAt[stage[i]! & 15]) continue
    const value = values[at++]!
    if (value === 0) continue
    due.rows[to] = i
    due.minute[to++] = monthStart + minute[i]! + value - dueBias
  }
  return due
}

/** Minutes travel as steps from one incident to the next. */
function fromSteps(steps: Uint16Array): Uint16Array {
  for (let i = 1; i < steps.length; i++) steps[i]! += steps[i - 1]!
  return steps
}

function checked(name: string, bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length)
    throw new RangeError(`packed column ${name} holds ${bytes.length} bytes, not ${length}`)
  return bytes
}

export class ColumnSet {
  #months: MonthColumns[] = []

  /** In calendar order, none empty. */
  get months(): readonly MonthColumns[] {
    return this.#months
  }

  get count(): number {
    return this.#months.reduce((sum, month) => sum + month.count, 0)
  }

  /** Whether an incident gets another due choice between two minutes, or the clock went back. */
  changesDueBetween(from: number, to: number): boolean {
    if (to < from) return true
    return this.#months.some(({ due }) => due.minute.some((at) => changesDueChoice(at, from, to)))
  }

  /** An empty month is removed. */
  replace(month: MonthColumns): void {
    this.remove(month.month)
    if (month.count === 0) return
    const after = this.#months.findIndex((other) => other.monthNumber > month.monthNumber)
    this.#months.splice(after < 0 ? this.#months.length : after, 0, month)
  }

  remove(month: LocalMonth): void {
    this.#months = this.#months.filter((other) => other.month !== month)
  }

  clear(): void {
    this.#months = []
  }
}
