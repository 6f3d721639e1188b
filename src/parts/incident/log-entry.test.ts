import { describe, expect, it } from 'vitest'
import { correctedFields, photosOfEntry } from './log-entry.ts'

const near = [-122.4, 37.8] as const

describe('correctedFields', () => {
  it('knows a pin moved due north or due east', () => {
    expect(correctedFields({ data: { changes: { lat: [37.7, 37.8] } } }, near)).toEqual([
      { name: 'place', before: [-122.4, 37.7], after: [-122.4, 37.8] },
    ])
    expect(correctedFields({ data: { changes: { lon: [-122.5, -122.4] } } }, near)).toEqual([
      { name: 'place', before: [-122.5, 37.8], after: [-122.4, 37.8] },
    ])
  })

  it('shows a place as one thing and leaves the area out', () => {
    const data = {
      changes: {
        areaCode: ['A', 'B'],
        description: ['Two bags', 'Three bags'],
        lat: [37.7, 37.8],
        lon: [-122.4, -122.4],
        severity: [2, 3],
        categoryCode: ['parking', 'rubbish'],
      },
    }
    expect(correctedFields({ data }, near)).toEqual([
      { name: 'categoryCode', before: 'parking', after: 'rubbish' },
      { name: 'severity', before: 2, after: 3 },
      { name: 'place', before: [-122.4, 37.7], after: [-122.4, 37.8] },
      { name: 'description', before: 'Two bags', after: 'Three bags' },
    ])
  })

  it('is not led astray by what it does not know', () => {
    for (const changes of [null, 'x', [], { severity: 2 }, { severity: [2] }, { lon: ['1', 2] }])
      expect(correctedFields({ data: { changes } }, near)).toEqual([])
    expect(correctedFields({ data: null }, near)).toEqual([])
  })
})

describe('photosOfEntry', () => {
  it('reads hashes only', () => {
    expect(photosOfEntry({ data: { photos: ['a', 1, null, 'b'] } })).toEqual(['a', 'b'])
    expect(photosOfEntry({ data: {} })).toEqual([])
  })
})
