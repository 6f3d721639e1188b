import { describe, expect, it } from 'vitest'
import { captureCommand } from './report-command.ts'
import { emptyCaptureForm } from './report-form.ts'
import type { CaptureForm, PhotoRef } from './command.ts'

const photo: PhotoRef = {
  hash: 'ab'.repeat(32),
  mediaType: 'image/jpeg',
  bytes: 9,
  width: 4,
  height: 3,
}
const form: CaptureForm = {
  ...emptyCaptureForm(),
  categoryCode: 'street_light',
  lon: -122.4,
  lat: 37.7,
  accuracyMeters: 7.6,
  placedBy: 'gps',
  description: '  lamp out\n',
  addressLabel: 'Mission',
  areaCode: 'SF-T-1',
  isPinChecked: true,
}
const contents = { form, incidentId: 'new', photos: [photo], deviceAt: '2026-02-03T00:00:00Z' }

describe('captureCommand', () => {
  it('reports with what was filled in, and nothing of the device’s own', () => {
    expect(captureCommand(contents)).toEqual({
      type: 'report_incident',
      payload: {
        incidentId: 'new',
        categoryCode: 'street_light',
        lon: -122.4,
        lat: 37.7,
        accuracyMeters: 8,
        placedBy: 'gps',
        severity: 2,
        description: 'lamp out',
        addressLabel: 'Mission',
        deviceAt: contents.deviceAt,
        photos: [photo],
      },
    })
  })
  it('leaves out what is empty', () => {
    const bare = {
      ...form,
      description: ' ',
      addressLabel: '',
      accuracyMeters: null,
      placedBy: null,
    }
    const { payload } = captureCommand({ ...contents, form: bare, photos: [] })
    expect(Object.keys(payload).sort()).toEqual([
      'categoryCode',
      'deviceAt',
      'incidentId',
      'lat',
      'lon',
      'severity',
    ])
  })
  it('adds to an incident already there', () => {
    const confirming = { ...form, confirmsIncidentId: 'old', categoryCode: null }
    expect(captureCommand({ ...contents, form: confirming })).toEqual({
      type: 'confirm_duplicate',
      payload: {
        incidentId: 'old',
        lon: -122.4,
        lat: 37.7,
        accuracyMeters: 8,
        note: 'lamp out',
        deviceAt: contents.deviceAt,
        photos: [photo],
      },
    })
  })
  it('refuses what has no place', () => {
    expect(() => captureCommand({ ...contents, form: { ...form, lon: null } })).toThrow(RangeError)
    expect(() => captureCommand({ ...contents, form: { ...form, categoryCode: null } })).toThrow(
      RangeError,
    )
  })
})
