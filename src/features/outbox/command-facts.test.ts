import { describe, expect, it } from 'vitest'
import { factsOf } from './command-facts.ts'

const incidentId = '11111111-1111-4111-8111-111111111111'

describe('factsOf', () => {
  it('reads a report from what it is about down to when it was', () => {
    const facts = factsOf({
      type: 'report_incident',
      payload: {
        incidentId,
        categoryCode: 'graffiti',
        lon: 1,
        lat: 2,
        accuracyMeters: 8,
        severity: 3,
        description: 'On the wall',
        addressLabel: '',
        deviceAt: '2026-02-01T10:00:00Z',
      },
    })
    expect(facts.map(({ name }) => name)).toEqual([
      'categoryCode',
      'severity',
      'description',
      'place',
      'accuracyMeters',
      'deviceAt',
    ])
  })

  it('shows that a correction empties a text', () => {
    const payload = { incidentId, baseVersion: 1, changes: { description: '' } }
    expect(factsOf({ type: 'correct_incident', payload })).toEqual([
      { name: 'description', text: '' },
    ])
  })

  it('leaves out what a note does not say', () => {
    expect(factsOf({ type: 'add_note', payload: { incidentId, note: 'Gone' } })).toEqual([
      { name: 'note', text: 'Gone' },
    ])
  })
})
