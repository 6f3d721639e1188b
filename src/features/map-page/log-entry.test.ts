import { describe, expect, it } from 'vitest'
import { correctedFields, photosOfEntry } from './log-entry.ts'

describe('correctedFields', () => {
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
    expect(correctedFields({ data })).toEqual([
      { name: 'categoryCode', before: 'parking', after: 'rubbish' },
      { name: 'severity', before: 2, after: 3 },
      { name: 'place', before: [-122.4, 37.7], after: [-122.4, 37.8] },
      { name: 'description', before: 'Two bags', after: 'Three bags' },
    ])
  })

  it('is not led astray by what it does not know', () => {
    for (const changes of [null, 'x', [], { severity: 2 }, { severity: [2] }, { lon: [1, 2] }])
      expect(correctedFields({ data: { changes } })).toEqual([])
    expect(correctedFields({ data: null })).toEqual([])
  })
})

describe('photosOfEntry', () => {
  it('reads hashes only', () => {
    expect(photosOfEntry({ data: { photos: ['a', 1, null, 'b'] } })).toEqual(['a', 'b'])
    expect(photosOfEntry({ data: {} })).toEqual([])
  })
})
