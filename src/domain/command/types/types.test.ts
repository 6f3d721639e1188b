import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { draftKinds } from '../command.ts'
import {
  commandTypeNames,
  commandTypeOfDraft,
  commandTypes,
  draftOf,
  factsOf,
  findingChangeOf,
  isOfIncident,
  noteOf,
  photosOf,
  subjectOf,
  titleOf,
  withDevice,
  withNote,
  type NewCommand,
} from './index.ts'

const incidentId = '11111111-1111-4111-8111-111111111111'
const photo = {
  hash: 'a'.repeat(64),
  mediaType: 'image/webp',
  bytes: 9,
  width: 4,
  height: 3,
  takenAt: '2026-02-01T09:59:00Z',
  lon: 1,
  lat: 2,
} as const
const deviceAt = '2026-02-01T10:00:00Z'

/** Payloads as they were first written to the disk. */
const stored: { [T in NewCommand as T['type']]: string } = {
  report_incident: `{"incidentId":"${incidentId}","categoryCode":"graffiti","lon":1,"lat":2,"accuracyMeters":8,"placedBy":"gps","severity":3,"description":"On the wall","addressLabel":"Mission","deviceAt":"${deviceAt}","photos":[${JSON.stringify(photo)}]}`,
  add_note: `{"incidentId":"${incidentId}","deviceAt":"${deviceAt}","note":"Gone","asks":true}`,
  add_photo: `{"incidentId":"${incidentId}","deviceAt":"${deviceAt}","photos":[${JSON.stringify(photo)}],"note":"From behind"}`,
  confirm_duplicate: `{"incidentId":"${incidentId}","lon":1,"lat":2,"accuracyMeters":8,"note":"Still there","deviceAt":"${deviceAt}","photos":[${JSON.stringify(photo)}]}`,
  correct_incident: `{"incidentId":"${incidentId}","deviceAt":"${deviceAt}","baseVersion":3,"changes":{"categoryCode":"graffiti","lon":1,"lat":2,"description":"","severity":4,"addressLabel":"Corner"}}`,
  transition: `{"incidentId":"${incidentId}","deviceAt":"${deviceAt}","baseVersion":3,"name":"handle","note":"Swept","evidence":[${JSON.stringify(photo)}],"level":2}`,
  make_follow_up: `{"id":"${incidentId}","areaCode":"SF-1","categoryCode":"graffiti","departmentCode":"parks","note":"Go there","dueDay":"2026-03-01","facts":{"method":"per_household","observed":41,"expected":13.2,"ratio":3.1,"from":"2026-01-01","to":"2026-02-28"}}`,
  finish_follow_up: `{"id":"${incidentId}","note":"Swept"}`,
  dismiss_finding: `{"id":"${incidentId}","areaCode":"SF-1","categoryCode":"graffiti","reason":"A fair","untilDay":"2026-03-01"}`,
  restore_finding: `{"id":"${incidentId}"}`,
  rate: `{"incidentId":"${incidentId}","closing":1,"responded":true,"solved":false,"satisfied":2,"why":"Still there","deviceAt":"${deviceAt}","deviceId":"${incidentId}"}`,
  callback_outcome: `{"incidentId":"${incidentId}","closing":1,"outcome":"not_reached","note":"Busy","deviceAt":"${deviceAt}"}`,
  keep_closed: `{"incidentId":"${incidentId}","closing":1,"note":"Another place","deviceAt":"${deviceAt}"}`,
  appeal: `{"incidentId":"${incidentId}","closing":1,"reason":"Not ours","deviceAt":"${deviceAt}"}`,
  review_appeal: `{"incidentId":"${incidentId}","closing":1,"review":"first","isGranted":true,"note":"True","deviceAt":"${deviceAt}"}`,
}
const read = <T extends NewCommand['type']>(type: T): NewCommand<T> =>
  ({ type, payload: JSON.parse(stored[type]) as unknown }) as NewCommand<T>
const about = { incidentId, draftId: 'draft', answers: { isPinChecked: true } }

describe('every type of command', () => {
  it.each(commandTypeNames)('%s: what is stored on devices keeps its shape', (type) => {
    const payload: unknown = JSON.parse(stored[type])
    expect(v.parse(commandTypes[type].payload, payload)).toEqual(payload)
  })

  it.each(commandTypeNames)('%s: has words for itself and for what it says', (type) => {
    for (const locale of ['en', 'zh-CN']) {
      const file = join(import.meta.dirname, `../../../locales/${locale}/domain.json`)
      const words = JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>
      expect(Object.keys(words['command']!)).toContain(type)
      // A step's fields are named by the workflow's rows.
      for (const { name, as } of factsOf(read(type)))
        if (as !== 'step-field') expect(Object.keys(words['field']!)).toContain(name)
    }
  })

  it.each(commandTypeNames)('%s: can be edited by the form it names', (type) => {
    const command: NewCommand = read(type)
    const { form } = commandTypes[type].edit
    expect([draftOf(command, about) !== null, noteOf(command) !== null]).toEqual([
      form === 'capture',
      form === 'note',
    ])
  })

  it.each(draftKinds)('a draft of kind %s becomes one of them', (kind) => {
    const types = commandTypeNames.filter((type) => commandTypes[type].draftKind === kind)
    expect(types).toEqual([commandTypeOfDraft(kind)])
  })
})

describe('factsOf', () => {
  it('reads a report from its category down to its time', () => {
    expect(factsOf(read('report_incident'))).toEqual([
      { name: 'categoryCode', as: 'category', code: 'graffiti' },
      { name: 'severity', as: 'severity', level: 3 },
      { name: 'description', as: 'text', text: 'On the wall' },
      { name: 'addressLabel', as: 'text', text: 'Mission' },
      { name: 'place', as: 'place', lon: 1, lat: 2 },
      { name: 'accuracyMeters', as: 'distance', meters: 8 },
      { name: 'deviceAt', as: 'instant', at: deviceAt },
    ])
  })

  it('says that a correction empties a text, and leaves out an empty text elsewhere', () => {
    expect(factsOf(read('correct_incident'))).toContainEqual({
      name: 'description',
      as: 'text',
      text: '',
    })
    const report = read('report_incident')
    const bare: NewCommand = { ...report, payload: { ...report.payload, description: '' } }
    expect(factsOf(bare).map(({ name }) => name)).not.toContain('description')
  })

  it('leaves out what a note does not say', () => {
    expect(factsOf({ type: 'add_note', payload: { incidentId, note: 'Gone' } })).toEqual([
      { name: 'note', as: 'text', text: 'Gone' },
    ])
  })
})

describe('a transition', () => {
  it('says which step and what was filled in, whatever the fields are called', () => {
    expect(factsOf(read('transition'))).toEqual([
      { name: 'transition', as: 'step', transition: 'handle' },
      { name: 'note', as: 'step-field', transition: 'handle', value: 'Swept' },
      { name: 'level', as: 'step-field', transition: 'handle', value: 2 },
      { name: 'deviceAt', as: 'instant', at: deviceAt },
    ])
    expect(titleOf(read('transition'))).toMatchObject({ transition: 'handle', text: 'Swept' })
    expect(photosOf(read('transition'))).toEqual([photo])
  })
})

describe('withDevice', () => {
  it('adds the number to an answer of a call, and to no other command', () => {
    const [answer, outcome] = [read('rate'), read('callback_outcome')]
    expect(withDevice(answer, 'n').payload).toEqual({ ...answer.payload, deviceId: 'n' })
    expect(withDevice(outcome, 'n')).toBe(outcome)
  })
})

describe('titleOf', () => {
  it('takes the fields of a correction from its changes', () => {
    expect(titleOf(read('correct_incident'))).toEqual({
      categoryCode: 'graffiti',
      lon: 1,
      lat: 2,
      text: '',
      addressLabel: 'Corner',
    })
  })

  it('has the note for its text where there is no description', () => {
    expect(titleOf(read('confirm_duplicate'))).toMatchObject({ text: 'Still there', lon: 1 })
  })
})

describe('photosOf', () => {
  it('finds the photos of the types that carry some', () => {
    const withPhotos = commandTypeNames.filter((type) => photosOf(read(type)).length > 0)
    expect(withPhotos).toEqual(['report_incident', 'add_photo', 'confirm_duplicate', 'transition'])
    for (const type of commandTypeNames)
      expect(commandTypes[type].maxPhotos > 0).toBe(withPhotos.includes(type))
  })
})

describe('draftOf', () => {
  it('makes the form of a report, under the id of its incident', () => {
    const { id, kind, form } = draftOf(read('report_incident'), about)!
    expect([id, kind]).toEqual([incidentId, 'report'])
    expect(form).toMatchObject({ description: 'On the wall', severity: 3, isPinChecked: true })
    expect(form.confirmsIncidentId).toBeNull()
  })

  it('makes the form of a confirmation, its note as the description', () => {
    const { id, kind, form } = draftOf(read('confirm_duplicate'), about)!
    expect([id, kind]).toEqual(['draft', 'confirm'])
    expect(form).toMatchObject({ description: 'Still there', confirmsIncidentId: incidentId })
  })
})

describe('commands on findings', () => {
  it('are ordered by their mark, all others by their incident', () => {
    for (const type of commandTypeNames) {
      expect(subjectOf(read(type))).toBe(incidentId)
      expect(findingChangeOf(read(type)) === null).toBe(isOfIncident(type))
    }
    expect(commandTypeNames.filter((type) => !isOfIncident(type))).toHaveLength(4)
  })

  it('say what they change, with null for what is left out', () => {
    const { id, areaCode, categoryCode, note, facts } = JSON.parse(stored.make_follow_up) as Record<
      string,
      unknown
    >
    const least = { id, areaCode, categoryCode, note }
    const command = { type: 'make_follow_up', payload: { ...least, facts } } as NewCommand
    expect(findingChangeOf(command)).toEqual({
      kind: 'follow-up',
      id,
      mark: { ...least, departmentCode: null, dueDay: null, facts },
    })
  })
})

describe('withNote', () => {
  it('changes the reason of a finding that is not of interest', () => {
    expect(withNote(read('dismiss_finding'), 'new').payload).toMatchObject({ reason: 'new' })
  })

  it('changes the note alone', () => {
    for (const type of ['add_note', 'add_photo'] as const) {
      const { payload } = read(type)
      expect(withNote(read(type), 'new')).toEqual({ type, payload: { ...payload, note: 'new' } })
    }
    expect(() => withNote(read('correct_incident'), 'new')).toThrow(RangeError)
  })
})
