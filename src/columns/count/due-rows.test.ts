import fc from 'fast-check'
import { expect, it } from 'vitest'
import { randomMonths } from '../../../tests/fixtures/columns.ts'
import { dueChoices, dueRange } from '../../domain/filter/due.ts'
import { isOpenStage, stages } from '../../domain/vocabulary.ts'
import { dueRows } from './due-rows.ts'

const [month] = randomMonths({ rows: 300, months: 1 })
const { rows, minute } = month!.due
// a stage byte of 16 or more is on hold
const undated = [...month!.stage.keys()].filter((row) => {
  const byte = month!.stage[row]!
  return byte < 16 && isOpenStage(stages[byte]!) && !rows.includes(row)
})

it('picks the incidents of a range however the clock moves', () => {
  // few minutes, so that the clock often stands at a deadline
  const clock = fc.constantFrom(...minute).chain((due) => fc.constantFrom(due - 1440, due - 1, due))
  const ranges = fc.tuple(clock, fc.subarray([...dueChoices], { minLength: 1 }))
  fc.assert(
    fc.property(fc.array(ranges, { maxLength: 12 }), (asked) => {
      for (const [now, choices] of asked) {
        const range = dueRange(choices, now)
        const places = [...rows.keys()].filter(
          (at) => minute[at]! > range.after && minute[at]! <= range.until,
        )
        const expected = new Set(places.map((at) => rows[at]!))
        if (choices.includes('none')) for (const row of undated) expected.add(row)
        const wanted = [...expected].toSorted((a, b) => a - b)
        const picked = dueRows(month!, range)
        expect([...picked.due.minute]).toEqual(places.map((at) => minute[at]))
        expect([...picked.due.rows].map((at) => picked.x[at])).toEqual(
          places.map((at) => month!.x[rows[at]!]),
        )
        expect([...picked.x]).toEqual(wanted.map((row) => month!.x[row]))
        expect(picked.count).toBe(wanted.length)
      }
    }),
  )
})
