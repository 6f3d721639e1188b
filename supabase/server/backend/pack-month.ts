import type { PackedMonth } from '../../../src/domain/answers/columns.ts'
import { isOpenStage, stages } from '../../../src/domain/vocabulary.ts'

/** Of `private.incident_records`: 16 bytes an incident in the order of the report's wall clock, as base64. */
export interface MonthRecords {
  month: string
  revision: string
  count: number
  records: string
}

const recordBytes = 16
const isOpenAt = stages.map(isOpenStage)

/** A month without incidents. */
export const emptyMonth = (month: string): MonthRecords => ({
  month,
  revision: '0.0.0',
  count: 0,
  records: '',
})

/** Packs a month as `private.pack_incidents` does. */
export function packMonth({ month, revision, count, records }: MonthRecords): PackedMonth {
  const from = Buffer.from(records, 'base64')
  if (from.length !== count * recordBytes)
    throw new RangeError(`${month}: ${from.length} bytes for ${count} incidents`)
  const words = (): Buffer => Buffer.alloc(2 * count)
  const bytes = (): Buffer => Buffer.alloc(count)
  const [minute, hours, area, x, y] = [words(), words(), words(), words(), words()]
  const [category, stage, closedMonth] = [bytes(), bytes(), bytes()]
  const open: number[] = []
  let before = 0
  for (let row = 0, at = 0; row < count; row++, at += recordBytes) {
    const now = (from[at]! << 8) | from[at + 1]!
    const step = now - before
    before = now
    minute[row] = step >> 8
    minute[count + row] = step & 255
    hours[row] = from[at + 2]!
    hours[count + row] = from[at + 3]!
    area[row] = from[at + 4]!
    area[count + row] = from[at + 5]!
    x[row] = from[at + 6]!
    x[count + row] = from[at + 7]!
    y[row] = from[at + 8]!
    y[count + row] = from[at + 9]!
    category[row] = from[at + 10]!
    stage[row] = from[at + 11]!
    closedMonth[row] = from[at + 12]!
    if (isOpenAt[stage[row]! & 15]) open.push(at + 13)
  }
  const due = Buffer.alloc(3 * open.length)
  for (let plane = 0, to = 0; plane < 3; plane++)
    for (const at of open) due[to++] = from[at + plane]!
  return {
    ...{ month, revision, count },
    minute: minute.toString('base64'),
    hours: hours.toString('base64'),
    area: area.toString('base64'),
    category: category.toString('base64'),
    stage: stage.toString('base64'),
    closedMonth: closedMonth.toString('base64'),
    x: x.toString('base64'),
    y: y.toString('base64'),
    due: due.toString('base64'),
  }
}
