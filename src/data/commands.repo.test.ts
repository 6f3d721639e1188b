import { describe, expect, it } from 'vitest'
import { receiptsFrom } from './commands.repo.ts'

const hash = 'ab'.repeat(32)
const applied = {
  id: 'c1',
  outcome: 'applied',
  hash,
  incident_id: 'i1',
  version: 1,
  error: null,
  case_number: '2026-000017',
  missing_photos: [],
}

describe('receiptsFrom', () => {
  it('reads a genuine receipt', () => {
    expect(receiptsFrom([applied])).toEqual([
      {
        id: 'c1',
        outcome: 'applied',
        hash,
        incidentId: 'i1',
        version: 1,
        caseNumber: '2026-000017',
        error: null,
        missingPhotos: [],
      },
    ])
  })

  it.each([
    ['a page', '<html>Log in</html>'],
    ['nothing', null],
    ['an object', { receipts: [applied] }],
    ['numbers', [1, 2]],
    ['no hash', [{ ...applied, hash: null }]],
    ['a hash of another kind', [{ ...applied, hash: 'ABC' }]],
    ['nobody looked for the photos', [{ ...applied, missing_photos: undefined }]],
    ['an unknown outcome', [{ ...applied, outcome: 'accepted' }]],
    ['applied with an error', [{ ...applied, error: { code: 'refused' } }]],
    ['a refusal without a reason', [{ ...applied, outcome: 'rejected', error: null }]],
    [
      'a conflict without the server’s row',
      [{ ...applied, outcome: 'conflict', error: { code: 'conflict' } }],
    ],
  ])('takes %s for no receipt', (_, answer) => {
    expect(receiptsFrom(answer)).toEqual([])
  })

  it('drops the bad one among good ones alone', () => {
    expect(receiptsFrom([{}, applied, 'x']).map(({ id }) => id)).toEqual(['c1'])
  })
})
