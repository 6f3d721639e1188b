import { describe, expect, it } from 'vitest'
import { changesOf, correctionIssues, type CorrectionForm } from './correction-form.ts'
import { characterCount } from './text-limits.ts'

const before: CorrectionForm = {
  categoryCode: 'parking',
  severity: 2,
  lon: -122.4,
  lat: 37.7,
  addressLabel: 'Mission St',
  description: 'Two cars',
}

describe('changesOf', () => {
  it('holds what differs and nothing else', () => {
    expect(changesOf(before, before)).toEqual({})
    expect(changesOf(before, { ...before, severity: 3, description: '' })).toEqual({
      severity: 3,
      description: '',
    })
  })

  it('sends a place as a pair', () => {
    expect(changesOf(before, { ...before, lat: 37.8 })).toEqual({ lon: -122.4, lat: 37.8 })
  })
})

describe('correctionIssues', () => {
  it('counts code points, as the database does', () => {
    expect(characterCount('😀灯')).toBe(2)
    expect(correctionIssues({ ...before, description: '😀'.repeat(10_000) }, false)).toEqual({})
    expect(correctionIssues({ ...before, description: '灯'.repeat(10_001) }, false)).toEqual({
      description: 'too-long',
    })
    expect(correctionIssues({ ...before, addressLabel: 'x'.repeat(501) }, false)).toEqual({
      addressLabel: 'too-long',
    })
  })

  it('asks for a description where the category demands one', () => {
    expect(correctionIssues({ ...before, description: ' \n' }, true)).toEqual({
      description: 'missing',
    })
    expect(correctionIssues({ ...before, description: ' ' }, false)).toEqual({})
  })
})
