import { describe, expect, it } from 'vitest'
import { asProposed, countOfEach, payloadOfEach, restKey, type Proposal } from './proposals.ts'
import type { FieldKind, OfferedField } from './workflow.ts'

const field = (name: string, kind: FieldKind): OfferedField => ({
  ...{ name, kind, isRequired: false, choices: null, least: null, most: null },
  ...{ labelZh: name, labelEn: name },
})
const fields = [field('unit', 'department'), field('worker', 'handler'), field('note', 'text')]
const proposals = new Map<string, Proposal>([
  ['a', { id: 'a', department: 'parks', handler: 'li', handlerName: 'Li' }],
  ['b', { id: 'b', department: 'roads', handler: null, handlerName: null }],
  ['c', { id: 'c', department: null, handler: null, handlerName: null }],
])
const each = { unit: asProposed, worker: asProposed, note: 'now' }

describe('a batch', () => {
  it('gives each incident its own proposal, and lets those without one wait', () => {
    const payloadOf = payloadOfEach(fields, each, each, proposals)
    expect(payloadOf('a')).toEqual({ unit: 'parks', worker: 'li', note: 'now' })
    expect(payloadOf('b')).toEqual({ unit: 'roads', note: 'now' })
    expect(payloadOf('c')).toBeNull()
    expect(payloadOf('unknown')).toBeNull()
  })

  it('gives the incidents without a proposal the department chosen for them', () => {
    const values = { ...each, [restKey('unit')]: 'water' }
    const payloadOf = payloadOfEach(fields, values, each, proposals)
    expect(payloadOf('c')).toEqual({ unit: 'water', note: 'now' })
    expect(payloadOf('a')).toMatchObject({ unit: 'parks' })
  })

  it('keeps one department for all', () => {
    const one = { unit: 'water', worker: 'wu' }
    const payloadOf = payloadOfEach(fields, one, one, proposals)
    for (const id of ['a', 'b', 'c']) expect(payloadOf(id)).toEqual(one)
  })

  it('counts the most frequent first, nothing last', () => {
    expect(countOfEach([null, 'b', 'a', null, 'a', null])).toEqual([
      ['a', 2],
      ['b', 1],
      [null, 3],
    ])
  })
})
