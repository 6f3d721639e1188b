import { describe, expect, it } from 'vitest'
import type { IncidentPhoto } from '@/data/incidents.repo.ts'
import {
  beforeAndAfter,
  correctedFields,
  deviceTime,
  lastChanges,
  linkedIncident,
  loggedStep,
  photosOfEntry,
  placeAccuracy,
} from './log-entry.ts'

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

  it('names both areas of a move, as the server noted them', () => {
    const data = { changes: { lat: [37.7, 37.8] }, areaCode: ['N-1', 'N-2'] }
    expect(
      correctedFields({ data }, near).map(({ name, before, after }) => [name, before, after]),
    ).toEqual([
      ['place', [-122.4, 37.7], [-122.4, 37.8]],
      ['areaCode', 'N-1', 'N-2'],
    ])
    expect(correctedFields({ data: { changes: {}, areaCode: ['N-1', 2] } }, near)).toEqual([])
  })

  it('is not led astray by what it does not know', () => {
    for (const changes of [null, 'x', [], { severity: 2 }, { severity: [2] }, { lon: ['1', 2] }])
      expect(correctedFields({ data: { changes } }, near)).toEqual([])
    expect(correctedFields({ data: null }, near)).toEqual([])
  })
})

describe('placeAccuracy', () => {
  const reported = { kind: 'reported', data: { accuracyMeters: 30, placedBy: 'gps' } }
  it('is that of the fix, until a person moves the pin', () => {
    expect(
      placeAccuracy([reported, { kind: 'corrected', data: { changes: { severity: [1, 2] } } }]),
    ).toBe(30)
    expect(
      placeAccuracy([reported, { kind: 'corrected', data: { changes: { lat: [1, 2] } } }]),
    ).toBeNull()
  })
  it('is unknown for a pin by hand and for what was imported', () => {
    expect(
      placeAccuracy([{ kind: 'reported', data: { accuracyMeters: 30, placedBy: 'hand' } }]),
    ).toBeNull()
    expect(placeAccuracy([])).toBeNull()
  })
})

describe('photosOfEntry', () => {
  it('reads hashes only', () => {
    expect(photosOfEntry({ data: { photos: ['a', 1, null, 'b'] } })).toEqual(['a', 'b'])
    expect(photosOfEntry({ data: {} })).toEqual([])
  })
})

describe('loggedStep', () => {
  it('tells the step, its states and what was filled in', () => {
    const data = {
      name: 'dispatch',
      from: 'filed',
      to: 'dispatched',
      department: 'parks',
      photos: [],
    }
    expect(loggedStep({ kind: 'transition', data })).toEqual({
      name: 'dispatch',
      from: 'filed',
      to: 'dispatched',
      fields: [['department', 'parks']],
    })
    expect(loggedStep({ kind: 'corrected', data })).toBeNull()
    expect(loggedStep({ kind: 'transition', data: null })).toBeNull()
  })
})

describe('lastChanges', () => {
  const log = ['reported', 'transition', 'note', 'corrected', 'photo', 'transition'].map(
    (kind) => ({
      kind,
    }),
  )
  it('has one entry for each version, notes left out', () => {
    expect(lastChanges(log, 2)).toEqual([{ kind: 'corrected' }, { kind: 'transition' }])
    expect(lastChanges(log, 0)).toEqual([{ kind: 'transition' }])
  })
})

describe('beforeAndAfter', () => {
  const photo = (hash: string): IncidentPhoto => ({
    owner: 'o',
    hash,
    mediaType: 'image/jpeg',
    bytes: 1,
    width: 1,
    height: 1,
    takenAt: null,
    lon: null,
    lat: null,
    at: null,
    byName: null,
    isChecked: true,
  })
  const entry = (kind: string, photos: string[], stageTo: 'handled' | 'closed' | null = null) => ({
    kind,
    data: { photos },
    stageFrom: stageTo && ('dispatched' as const),
    stageTo,
  })
  const [a, b, c] = [photo('a'), photo('b'), photo('c')]

  it('sets the report against the last handling', () => {
    const log = [
      entry('reported', ['a']),
      entry('transition', ['b'], 'handled'),
      entry('transition', ['c'], 'handled'),
      entry('transition', ['b'], 'closed'),
    ]
    expect(beforeAndAfter(log, [a, b, c])).toEqual({ before: [a], after: [c] })
  })

  it('begins with the first photos before the handling where the report has none', () => {
    const imported = entry('imported', [])
    const handled = entry('transition', ['c'], 'handled')
    expect(beforeAndAfter([imported, entry('photo', ['a']), handled], [a, c])).toEqual({
      before: [a],
      after: [c],
    })
    expect(beforeAndAfter([imported, handled, entry('photo', ['a'])], [a, c])).toBeNull()
  })

  it('is nothing where a side has no photo that may be shown', () => {
    const log = [entry('reported', ['a']), entry('transition', ['b'], 'handled')]
    expect(beforeAndAfter(log, [b])).toBeNull()
    expect(beforeAndAfter(log.slice(0, 1), [a, b])).toBeNull()
  })
})

describe('deviceTime', () => {
  const entry = (deviceAt: unknown) => ({ at: '2026-03-02T08:00:00Z', data: { deviceAt } })

  it('says how much later the server had it, and whether that is worth a word', () => {
    expect(deviceTime(entry('2026-03-02T07:56:00Z'))).toMatchObject({
      minutesLate: 4,
      isFar: false,
    })
    expect(deviceTime(entry('2026-03-02T06:00:00Z'))).toMatchObject({
      minutesLate: 120,
      isFar: true,
    })
    expect(deviceTime(entry('2026-03-02T08:30:00Z'))).toMatchObject({
      minutesLate: -30,
      isFar: true,
    })
  })

  it('doubts a clock that was measured three hours behind, and sets its time right', () => {
    const sent = (deviceSkewSeconds: number | null) =>
      deviceTime({ ...entry('2026-03-02T04:30:00Z'), deviceSkewSeconds })
    expect(sent(3 * 3600)).toMatchObject({
      minutesBehind: 180,
      isDoubtful: true,
      rightAt: '2026-03-02T07:30:00.000Z',
    })
    // waited for a network on a device whose clock is right
    expect(sent(4)).toMatchObject({
      minutesBehind: 0,
      isDoubtful: false,
      isFar: true,
      rightAt: '2026-03-02T04:30:00.000Z',
    })
    expect(sent(null)).toMatchObject({ minutesBehind: null, isDoubtful: false })
  })

  it('is nothing without a time that can be read', () => {
    for (const claim of [undefined, 5, 'yesterday']) expect(deviceTime(entry(claim))).toBeNull()
    expect(deviceTime({ at: '2026-03-02T08:00:00Z', data: null })).toBeNull()
  })
})

describe('linkedIncident', () => {
  it('is the parent that an entry about a family names', () => {
    expect(linkedIncident({ kind: 'parent_closed', data: { parent: 'p' } })).toBe('p')
    expect(linkedIncident({ kind: 'parent_merged', data: { parent: 'p', into: 'q' } })).toBe('q')
    expect(linkedIncident({ kind: 'note', data: { parent: 'p' } })).toBeNull()
  })
})
