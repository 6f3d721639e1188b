import { describe, expect, it } from 'vitest'
import { emptyCaptureForm, isWorthKeeping } from './report-form.ts'
import { captureIssues, type CaptureSurroundings } from './report-rules.ts'
import { characterCount } from './text-limits.ts'
import type { CaptureForm } from './command.ts'

const complete: CaptureForm = {
  ...emptyCaptureForm(),
  categoryCode: 'street_light',
  lon: -122.4,
  lat: 37.7,
  accuracyMeters: 8,
  placedBy: 'gps',
}
const plain: CaptureSurroundings = {
  requiresDescription: false,
  isInsideCity: true,
  openOffers: 0,
  photoCount: 1,
}
const issues = (form: Partial<CaptureForm>, around: Partial<CaptureSurroundings> = {}) =>
  captureIssues({ ...complete, ...form }, { ...plain, ...around })

describe('captureIssues', () => {
  it('lets photo, category and pin through', () => {
    expect(issues({})).toEqual({})
    expect(issues({}, { photoCount: 0 })).toEqual({})
  })

  it('names what is missing', () => {
    expect(issues({ categoryCode: null, lon: null, lat: null, placedBy: null })).toEqual({
      category: 'capture.error.no-category',
      place: 'capture.error.no-place',
    })
  })

  it('asks for a look at a poor pin, until somebody looked or moved it', () => {
    expect(issues({ accuracyMeters: 51 }).place).toBe('capture.error.check-pin')
    expect(issues({ accuracyMeters: 50 }).place).toBeUndefined()
    expect(issues({ accuracyMeters: 51, isPinChecked: true }).place).toBeUndefined()
    expect(issues({ accuracyMeters: null, placedBy: 'hand' }).place).toBeUndefined()
  })

  it('refuses a pin outside the city, and leaves it to the server where the areas are not known', () => {
    expect(issues({}, { isInsideCity: false }).place).toBe('capture.error.outside-city')
    expect(issues({}, { isInsideCity: null }).place).toBeUndefined()
  })

  it('wants a description where the category does, and blanks are none', () => {
    const around = { requiresDescription: true }
    expect(issues({ description: ' \n ' }, around).description).toBe(
      'capture.error.description-required',
    )
    expect(issues({ description: '漏水' }, around).description).toBeUndefined()
  })

  it('lets 10,000 characters through and not one more', () => {
    expect(issues({ description: '字'.repeat(10_000) }).description).toBeUndefined()
    expect(issues({ description: '😀'.repeat(10_000) }).description).toBeUndefined()
    expect(issues({ description: 'a'.repeat(10_001) }).description).toBe(
      'capture.error.description-long',
    )
  })

  it('wants an answer to what was offered, and neither category nor text for a confirmation', () => {
    expect(issues({}, { openOffers: 2 }).duplicates).toBe('capture.error.unanswered-offers')
    const confirming = { confirmsIncidentId: 'one', categoryCode: null }
    expect(issues(confirming, { openOffers: 2, requiresDescription: true })).toEqual({})
    expect(issues({ ...confirming, lon: null, lat: null }).place).toBe('capture.error.no-place')
  })

  it('takes ten photos', () => {
    expect(issues({}, { photoCount: 10 }).photos).toBeUndefined()
    expect(issues({}, { photoCount: 11 }).photos).toBe('capture.error.too-many-photos')
  })
})

describe('characterCount', () => {
  it('counts pairs once and lone halves as they stand', () => {
    expect(characterCount('a😀b')).toBe(3)
    expect(characterCount('\ud83d')).toBe(1)
    expect(characterCount('\ude00\ud83d')).toBe(2)
  })
})

describe('isWorthKeeping', () => {
  it('keeps what a person put in, not what the device did', () => {
    const isKept = (form: Partial<CaptureForm>, photoHashes: string[] = []) =>
      isWorthKeeping({ kind: 'report', form: { ...emptyCaptureForm(), ...form }, photoHashes })
    expect(isKept({ ...complete, categoryCode: null })).toBe(false)
    expect(isKept({}, ['a'])).toBe(true)
    expect(isKept({ description: 'x' })).toBe(true)
    expect(isKept({ placedBy: 'hand' })).toBe(true)
  })

  it('keeps the incident of a confirmation, but not one that only waits for photos', () => {
    const form = { ...emptyCaptureForm(), confirmsIncidentId: 'i' }
    expect(isWorthKeeping({ kind: 'confirm', form, photoHashes: [] })).toBe(true)
    expect(isWorthKeeping({ kind: 'photos', form, photoHashes: [] })).toBe(false)
    expect(isWorthKeeping({ kind: 'photos', form, photoHashes: ['a'] })).toBe(true)
  })
})
