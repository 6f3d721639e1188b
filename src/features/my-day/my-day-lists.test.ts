import { describe, expect, it } from 'vitest'
import type { OwnIncident } from '@/data/field.repo.ts'
import type { ItemSummary } from '@/sync/index.ts'
import { openOwn, returnedOf, todaysPins, type KeptDay } from './my-day-lists.ts'

const own = (id: string, more: Partial<OwnIncident> = {}): OwnIncident => ({
  id,
  version: 1,
  categoryCode: 'graffiti',
  lon: -122.41,
  lat: 37.76,
  areaCode: 'G1',
  stage: 'reported',
  description: `About ${id}`,
  addressLabel: '',
  reportedAt: '2026-02-03T09:00:00Z',
  reportedByMe: true,
  photo: null,
  closedAt: null,
  last: null,
  asked: null,
  ...more,
})
const last = (at: string, more: Partial<NonNullable<OwnIncident['last']>> = {}) => ({
  kind: 'note',
  stageTo: null,
  at,
  actorName: 'Lin',
  note: 'Seen',
  byMe: false,
  ...more,
})
const asked = { note: 'Which door?', at: '2026-02-03T10:00:00Z', actorName: 'Lin' }
const kept = (...incidents: OwnIncident[]): KeptDay => ({
  day: { asOf: '2026-02-03T12:00:00Z', own: incidents, receivedToday: 0 },
  fetchedAt: '2026-02-03T12:00:00Z',
})
const item = (id: string, more: Partial<ItemSummary> = {}): ItemSummary => ({
  id,
  cursor: id,
  notBefore: null,
  state: 'queued',
  type: 'report_incident',
  incidentId: `incident of ${id}`,
  at: '2026-02-03T11:00:00Z',
  categoryCode: 'graffiti',
  lon: -122.42,
  lat: 37.77,
  text: '',
  addressLabel: '',
  photoHashes: [],
  bytes: 100,
  attempts: 0,
  error: null,
  waitingFor: null,
  replaces: null,
  receivedAt: null,
  version: null,
  caseNumber: null,
  applied: false,
  ...more,
})
const kinds = (...args: Parameters<typeof returnedOf>): string[] =>
  returnedOf(...args).map(({ kind, key }) => `${kind} ${key}`)

describe('returnedOf', () => {
  it('puts what the device could not get through before what others want', () => {
    const day = kept(
      own('a', { last: last('2026-02-03T09:30:00Z') }),
      own('b', { asked }),
      own('c', { stage: 'rejected', last: last('2026-02-03T09:40:00Z', { stageTo: 'rejected' }) }),
    )
    const items = [
      item('r', { state: 'rejected' }),
      item('k', { state: 'conflict', type: 'correct_incident' }),
      item('q'),
    ]
    expect(kinds(day, items, {})).toEqual([
      'conflict k',
      'refused r',
      'asked b',
      'withdrawn c',
      'changed a',
    ])
  })

  it('lets go of a question as soon as its answer lies on this device', () => {
    const day = kept(own('a', { asked }))
    const answer = item('n', { type: 'add_note', incidentId: 'a' })
    expect(kinds(day, [], {})).toEqual(['asked a'])
    expect(kinds(day, [answer], {})).toEqual([])
    const arrived = { ...answer, state: 'received' as const, receivedAt: '2026-02-03T12:30:00Z' }
    expect(kinds(day, [arrived], {})).toEqual([])
  })

  it('asks again when the server, asked after the answer arrived, still wants more', () => {
    const day = kept(own('a', { asked }))
    const early = item('n', {
      type: 'add_note',
      incidentId: 'a',
      state: 'received',
      receivedAt: '2026-02-03T11:59:00Z',
    })
    expect(kinds(day, [early], {})).toEqual(['asked a'])
    const refused = item('m', { type: 'add_note', incidentId: 'a', state: 'rejected' })
    expect(kinds(day, [refused], {})).toEqual(['refused m', 'asked a'])
  })

  it('shows a change once, and the next one again', () => {
    const day = (at: string) => kept(own('a', { last: last(at) }))
    const seen = { a: '2026-02-03T09:30:00Z' }
    expect(kinds(day('2026-02-03T09:30:00Z'), [], seen)).toEqual([])
    expect(kinds(day('2026-02-03T09:45:00Z'), [], seen)).toEqual(['changed a'])
  })

  it('does not tell people what they did themselves', () => {
    const day = kept(own('a', { last: last('2026-02-03T09:30:00Z', { byMe: true }) }))
    expect(kinds(day, [], {})).toEqual([])
  })
})

describe('openOwn', () => {
  const day = kept(
    own('near', { lon: -122.4, lat: 37.76, reportedAt: '2026-02-01T09:00:00Z' }),
    own('far', { lon: -122.5, lat: 37.76, reportedAt: '2026-02-02T09:00:00Z' }),
    own('done', { stage: 'closed' }),
  )
  const ids = (rows: ReturnType<typeof openOwn>) => rows.map(({ incidentId }) => incidentId)

  it('comes nearest first, with what is still on the device', () => {
    const waiting = item('w', { lon: -122.41, lat: 37.76, incidentId: 'waiting' })
    const rows = openOwn(day, [waiting], [-122.4, 37.76])
    expect(ids(rows)).toEqual(['near', 'waiting', 'far'])
    expect(rows[0]?.distanceMeters).toBe(0)
    expect(Math.round(rows[2]!.distanceMeters! / 100)).toBe(88)
  })

  it('comes newest first where there is no position', () => {
    expect(ids(openOwn(day, [], null))).toEqual(['far', 'near'])
  })

  it('does not show a report twice once it has arrived', () => {
    const still = item('w', { incidentId: 'near', state: 'sending' })
    expect(ids(openOwn(day, [still], null))).toEqual(['far', 'near'])
  })

  it('works before there ever was an answer', () => {
    expect(ids(openOwn(null, [item('w', { incidentId: 'x' })], null))).toEqual(['x'])
  })
})

describe('todaysPins', () => {
  const cityDay = (today: string, timeZone: string, skewMs = 0) => ({ today, timeZone, skewMs })

  it('sets right the times of a device that is two days ahead', () => {
    const items = [
      item('w', { at: '2026-02-05T16:30:00Z', incidentId: 'new' }),
      item('y', { at: '2026-02-05T15:30:00Z', incidentId: 'yesterday' }),
    ]
    const pins = todaysPins(null, items, cityDay('2026-02-04', 'Asia/Shanghai', -2 * 86_400_000))
    expect(pins.map(({ incidentId, reportedAt }) => [incidentId, reportedAt])).toEqual([
      ['new', '2026-02-03T16:30:00.000Z'],
    ])
  })

  it('counts by the days of the city, sent and waiting apart', () => {
    const day = kept(
      own('today', { reportedAt: '2026-02-03T16:30:00Z' }),
      own('yesterday', { reportedAt: '2026-02-03T15:30:00Z' }),
    )
    const items = [
      item('w', { at: '2026-02-03T17:00:00Z', incidentId: 'new' }),
      item('s', { at: '2026-02-03T17:10:00Z', incidentId: 'just-in', state: 'received' }),
      item('n', { at: '2026-02-03T17:00:00Z', type: 'add_note' }),
    ]
    const pins = todaysPins(day, items, cityDay('2026-02-04', 'Asia/Shanghai'))
    expect(pins.map(({ incidentId, state }) => `${incidentId} ${state}`)).toEqual([
      'just-in received',
      'new queued',
      'today received',
    ])
  })

  it('says of a report that was not taken that it was not, here and among the open ones', () => {
    const items = [
      item('r', { incidentId: 'refused', state: 'rejected' }),
      item('c', { incidentId: 'decide', state: 'conflict' }),
      item('o', { incidentId: 'old', state: 'replaced' }),
    ]
    const expected = [
      ['refused', 'rejected'],
      ['decide', 'conflict'],
    ]
    const pairs = (rows: { incidentId: string; state: string }[]) =>
      rows.map(({ incidentId, state }) => [incidentId, state])
    expect(pairs(todaysPins(null, items, cityDay('2026-02-03', 'UTC')))).toEqual(expected)
    expect(pairs(openOwn(null, items, null))).toEqual(expected)
  })
})
