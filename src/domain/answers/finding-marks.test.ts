import { describe, expect, it } from 'vitest'
import {
  noMarks,
  withChanges,
  type Dismissal,
  type FindingChange,
  type FindingFacts,
  type FindingMarks,
  type FollowUp,
} from './finding-marks.ts'

const at = '2026-03-01T08:00:00Z'
const key = { areaCode: 'N-1', categoryCode: 'noise' }
const facts: FindingFacts = {
  method: 'count',
  observed: 41,
  expected: 13,
  ratio: 3.1,
  from: null,
  to: null,
}
const task = { id: 'task', ...key, departmentCode: null, note: 'Go', dueDay: null, facts }
const dismissal = { id: 'no', ...key, reason: 'A fair', untilDay: null }
const server: FindingMarks = {
  ...noMarks,
  followUps: [{ ...task, madeByName: 'Li', madeAt: at } satisfies FollowUp],
  dismissals: [{ ...dismissal, madeByName: 'Li', madeAt: at } satisfies Dismissal],
}
const after = (...changes: FindingChange[]): FindingMarks =>
  withChanges(
    server,
    changes.map((change) => ({ change, at })),
  )

describe('marks with what is not sent yet', () => {
  it('hold a new follow-up as the person’s own, until it is finished', () => {
    const change: FindingChange = { kind: 'follow-up', id: 'new', mark: { ...task, id: 'new' } }
    expect(after(change).followUps.map(({ id, madeByName }) => [id, madeByName])).toEqual([
      ['task', 'Li'],
      ['new', null],
    ])
    expect(after(change, { kind: 'finished', id: 'new' }).followUps).toEqual(server.followUps)
    expect(after({ kind: 'finished', id: 'task' }).followUps).toEqual([])
  })

  it('hold a new dismissal in the place of the one before, and not one taken back', () => {
    const change: FindingChange = {
      kind: 'dismissal',
      id: 'new',
      mark: { ...dismissal, id: 'new' },
    }
    expect(after(change).dismissals.map(({ id }) => id)).toEqual(['new'])
    const elsewhere = { ...dismissal, id: 'else', areaCode: 'N-10' }
    expect(
      after({ kind: 'dismissal', id: 'else', mark: elsewhere }).dismissals.map(({ id }) => id),
    ).toEqual(['else', 'no'])
    expect(after({ kind: 'restored', id: 'no' }).dismissals).toEqual([])
  })

  it('keep the maker where the answer has the change already', () => {
    expect(
      after(
        { kind: 'follow-up', id: 'task', mark: task },
        { kind: 'dismissal', id: 'no', mark: dismissal },
      ),
    ).toEqual(server)
  })
})
