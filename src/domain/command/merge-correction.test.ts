import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isDecided,
  mergedCorrection,
  mergeFieldsOf,
  type MergeChoices,
} from './merge-correction.ts'

const server = {
  version: 7,
  categoryCode: 'parking',
  lon: -122.4,
  lat: 37.7,
  description: 'Two cars',
  severity: 2,
  addressLabel: '',
  areaCode: 'A',
  stage: 'dispatched',
  changedAt: '2026-02-01T10:00:00Z',
  changedBy: 'Lin',
}
const mine = {
  incidentId: 'i1',
  baseVersion: 5,
  changes: {
    categoryCode: 'rubbish',
    lon: -122.5,
    lat: 37.8,
    description: 'Three cars',
    severity: 2,
  },
}

describe('mergeFieldsOf', () => {
  it('names what differs, and a place as one field', () => {
    expect(mergeFieldsOf(mine.changes, server)).toEqual([
      { name: 'categoryCode', mine: 'rubbish', theirs: 'parking' },
      { name: 'place', mine: [-122.5, 37.8], theirs: [-122.4, 37.7] },
      { name: 'description', mine: 'Three cars', theirs: 'Two cars' },
    ])
  })

  it('leaves out what was not touched here, whatever the server says', () => {
    expect(mergeFieldsOf({ severity: 3 }, server)).toEqual([
      { name: 'severity', mine: 3, theirs: 2 },
    ])
  })

  it('takes an emptied text as a change', () => {
    expect(mergeFieldsOf({ description: '' }, server)).toHaveLength(1)
  })
})

describe('mergedCorrection', () => {
  it('sends what was chosen of mine on the version of the server', () => {
    const choices: MergeChoices = {
      categoryCode: { side: 'theirs' },
      place: { side: 'mine' },
      description: { side: 'own', text: 'Two or three cars' },
    }
    expect(mergedCorrection(mine, server, choices)).toEqual({
      incidentId: 'i1',
      baseVersion: 7,
      changes: { lon: -122.5, lat: 37.8, description: 'Two or three cars' },
    })
  })

  it('has nothing to send when the server keeps everything', () => {
    const theirs = { side: 'theirs' } as const
    const choices = { categoryCode: theirs, place: theirs, description: theirs }
    expect(mergedCorrection(mine, server, choices)).toBeNull()
    expect(
      mergedCorrection(mine, server, { description: { side: 'own', text: 'Two cars' } }),
    ).toBeNull()
  })

  it('never sends a field that was not chosen', () => {
    const side = fc.constantFrom<'mine' | 'theirs'>('mine', 'theirs')
    const choices = fc.record({
      categoryCode: fc.record({ side }),
      place: fc.record({ side }),
      description: fc.record({ side }),
    })
    fc.assert(
      fc.property(choices, (chosen) => {
        const fields = mergeFieldsOf(mine.changes, server)
        expect(isDecided(fields, chosen)).toBe(true)
        const sent = mergedCorrection(mine, server, chosen)?.changes ?? {}
        expect('categoryCode' in sent).toBe(chosen.categoryCode.side === 'mine')
        expect('lon' in sent && 'lat' in sent).toBe(chosen.place.side === 'mine')
        expect('description' in sent).toBe(chosen.description.side === 'mine')
        expect('severity' in sent).toBe(false)
      }),
    )
  })
})

describe('isDecided', () => {
  it('wants every field', () => {
    const fields = mergeFieldsOf(mine.changes, server)
    expect(isDecided(fields, { place: { side: 'mine' } })).toBe(false)
  })
})
