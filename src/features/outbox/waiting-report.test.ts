import { expect, it } from 'vitest'
import { emptyCaptureForm } from '@/domain/command/report-form.ts'
import type { Draft } from '@/domain/command/command.ts'
import type { QueuedItem } from '@/sync/index.ts'
import { waitingReport, waitingReportId } from './waiting-report.ts'

const place = { lon: -122.42, lat: 37.76 }
const report = {
  id: 'r',
  type: 'report_incident',
  incidentId: 'i',
  command: { type: 'report_incident', payload: { categoryCode: 'sewer', ...place } },
} as unknown as QueuedItem
const note = {
  id: 'n',
  type: 'add_note',
  command: { type: 'add_note', payload: { note: 'x' } },
} as unknown as QueuedItem
const outbox = (items: QueuedItem[], form?: Partial<Draft['form']>) => ({
  ofIncident: async () => items,
  loadDraft: async () => form && ({ id: 'd', form: { ...emptyCaptureForm(), ...form } } as Draft),
})
const filled = { categoryCode: 'noise', ...place, severity: 3, description: 'loud' }

it('is what the report says that waits, or its draft', async () => {
  expect(await waitingReport(outbox([report, note]), 'i')).toEqual({
    ...{ ...place, categoryCode: 'sewer', severity: 2, description: '', addressLabel: '' },
  })
  expect(await waitingReport(outbox([note], filled), 'i')).toEqual({ ...filled, addressLabel: '' })
})

it('is nothing without a report, or while its draft lacks category or place', async () => {
  expect(await waitingReport(outbox([note]), 'i')).toBeNull()
  expect(await waitingReport(outbox([note], { ...filled, categoryCode: null }), 'i')).toBeNull()
  expect(await waitingReport(outbox([note], { ...filled, lon: null }), 'i')).toBeNull()
})

it('has the id under which the outbox shows it', async () => {
  expect(await waitingReportId(outbox([report, note]), 'i')).toBe('r')
  expect(await waitingReportId(outbox([note], filled), 'i')).toBe('d')
  expect(await waitingReportId(outbox([note]), 'i')).toBeNull()
})
