import { expect, it } from 'vitest'
import type { CallbackRow } from '@/data/ratings.repo.ts'
import type { ItemSummary } from '@/sync/index.ts'
import { callList, type KeptSheet } from './call-list.ts'

const row = (incidentId: string, until = '2026-03-15T00:00:00Z') =>
  ({ incidentId, closing: 1, until }) as CallbackRow
const kept = (...rows: CallbackRow[]): KeptSheet => ({
  sheet: { asOf: '', drawsIn: [], rows, asks: [], draws: [] },
  fetchedAt: '2026-03-10T08:00:00Z',
})
const item = (incidentId: string, changes: Partial<ItemSummary> = {}) =>
  ({
    ...{ id: incidentId, incidentId, type: 'rate', state: 'queued', at: '2026-03-10T07:00:00Z' },
    ...changes,
  }) as ItemSummary
const now = Date.parse('2026-03-10T09:00:00Z')
const ids = (...items: ItemSummary[]) =>
  callList(kept(row('a'), row('b')), items, now).calls.map(({ row: { incidentId } }) => incidentId)

it('leaves out what this device has answered, until the server says the same', () => {
  expect(ids()).toEqual(['a', 'b'])
  expect(ids(item('a'))).toEqual(['b'])
  expect(ids(item('a', { type: 'callback_outcome', state: 'sending' }))).toEqual(['b'])
  // a sheet that was asked for later lists it again: not reached
  expect(ids(item('a', { state: 'received' }))).toEqual(['a', 'b'])
  expect(ids(item('a', { state: 'received', at: '2026-03-10T08:00:01Z' }))).toEqual(['b'])
  // a note says nothing about the call
  expect(ids(item('a', { type: 'add_note' }))).toEqual(['a', 'b'])
})

it('shows refused answers at their call, and counts those underway', () => {
  const list = callList(
    kept(row('a'), row('b')),
    [item('a', { state: 'rejected' }), item('b'), item('gone')],
    now,
  )
  expect(list.calls.map(({ row: { incidentId }, stuck }) => [incidentId, stuck?.id])).toEqual([
    ['a', 'a'],
  ])
  expect(list.waiting.map(({ id }) => id)).toEqual(['b', 'gone'])
})

it('ends with the time to ask, and is empty before the first answer', () => {
  const late = callList(kept(row('a', '2026-03-10T09:00:00Z'), row('b')), [], now)
  expect(late.calls).toHaveLength(1)
  expect(callList(null, [], now)).toEqual({ calls: [], waiting: [] })
})
