import { expect, it } from 'vitest'
import type { OpenIncident } from '@/data/field.repo.ts'
import type { ItemSummary } from '@/sync/index.ts'
import { withWaiting } from './waiting-reports.ts'

const row = (id: string): OpenIncident => ({
  ...{ id, version: 1, categoryCode: 'graffiti', lon: 10, lat: 20, areaCode: 'G1' },
  ...{ stage: 'reported', description: '', addressLabel: '', reportedAt: '2026-03-02T08:00:00Z' },
  ...{ reportedByMe: true, photo: null },
})
const item = (incidentId: string, more: Partial<ItemSummary> = {}): ItemSummary =>
  ({
    ...{ id: `c-${incidentId}`, incidentId, type: 'report_incident', state: 'queued' },
    ...{ categoryCode: 'graffiti', lon: 10, lat: 20, text: 'mine', addressLabel: '', at: '' },
    ...more,
  }) as ItemSummary

it('marks what waits on this device, once each, and leaves notes and reports without a pin out', () => {
  const rows = withWaiting(
    [row('theirs'), row('answer-lost')],
    [
      item('answer-lost', { state: 'sending' }),
      item('new'),
      item('theirs', { type: 'add_note' }),
      item('no-pin', { lon: null, lat: null }),
    ],
  )
  expect(rows.map(({ id, isWaiting, reportedByMe }) => [id, isWaiting, reportedByMe])).toEqual([
    ['new', true, true],
    ['theirs', false, true],
    ['answer-lost', true, true],
  ])
})
