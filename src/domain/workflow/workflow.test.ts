import { describe, expect, it } from 'vitest'
import { arrangeSteps } from './arrange-steps.ts'
import {
  stepIssues,
  stepPayload,
  stepPhotos,
  stepValuesOf,
  type StepValues,
} from './step-values.ts'
import {
  nameIn,
  offeredByBook,
  stateOf,
  type OfferedField,
  type OfferedTransition,
  type WorkflowBook,
} from './workflow.ts'

const field = (name: string, kind: OfferedField['kind'], more: Partial<OfferedField> = {}) => ({
  name,
  kind,
  isRequired: false,
  choices: null,
  least: null,
  most: null,
  labelZh: name,
  labelEn: name,
  ...more,
})
const now = new Date('2026-03-01T08:00:00Z')
const photo = (hash: string) => ({
  hash: hash.repeat(64),
  mediaType: 'image/jpeg' as const,
  bytes: 9,
  width: 4,
  height: 3,
})

describe('stepIssues', () => {
  const issueOf = (one: OfferedField, value: StepValues[string]) =>
    stepIssues([one], { [one.name]: value }, now)[one.name]

  it('wants what the row wants, of every kind', () => {
    const required = { isRequired: true }
    expect(issueOf(field('note', 'text', required), '  ')).toBe('missing')
    expect(issueOf(field('photos', 'photos', required), [])).toBe('missing')
    expect(issueOf(field('isTrue', 'boolean', required), undefined)).toBe('missing')
    expect(issueOf(field('isTrue', 'boolean', required), false)).toBeUndefined()
    expect(issueOf(field('note', 'text'), '')).toBeUndefined()
  })

  it('knows the limits of texts, numbers and times', () => {
    expect(issueOf(field('note', 'text', { most: 2 }), '网格化')).toBe('too-long')
    expect(issueOf(field('note', 'text', { most: 3 }), ' 网格化 ')).toBeUndefined()
    const level = field('level', 'whole', { least: 1, most: 3 })
    expect([0, 4, 1.5, 3].map((value) => issueOf(level, value))).toEqual([
      'too-small',
      'too-large',
      'not-whole',
      undefined,
    ])
    expect(issueOf(field('until', 'instant'), '2026-03-01T07:59:00Z')).toBe('past')
    expect(issueOf(field('until', 'instant'), '2026-03-01T08:01:00Z')).toBeUndefined()
  })
})

describe('stepPayload', () => {
  const fields = [field('note', 'text'), field('isTrue', 'boolean'), field('evidence', 'photos')]
  const refs = new Map([photo('a'), photo('b')].map((one) => [one.hash, one]))

  it('sends what was filled in and nothing else, and can be read back', () => {
    const values = { note: ' done ', isTrue: false, evidence: [...refs.keys()], other: 'x' }
    const payload = stepPayload(fields, values, refs)
    expect(payload).toEqual({ note: 'done', isTrue: false, evidence: [...refs.values()] })
    const command = { incidentId: 'i', baseVersion: 2, name: 'handle', deviceAt: 'd', ...payload }
    expect(stepValuesOf(command)).toEqual({ ...values, note: 'done', other: undefined })
    expect(stepPhotos(command)).toEqual([...refs.values()])
  })

  it('leaves out empty fields', () => {
    expect(stepPayload(fields, { note: ' ', evidence: [] }, refs)).toEqual({})
  })
})

describe('arrangeSteps', () => {
  const step = (name: string, tone: OfferedTransition['tone']): OfferedTransition => ({
    name,
    tone,
    canUndo: false,
    fields: [],
    nameZh: name,
    nameEn: name,
  })
  const names = (steps: readonly OfferedTransition[]) => steps.map(({ name }) => name)

  it('shows up to three, primary ones first', () => {
    const { buttons, menu } = arrangeSteps([step('a', 'neutral'), step('b', 'primary')])
    expect([names(buttons), names(menu)]).toEqual([['b', 'a'], []])
  })

  it('lets the main step lead, as in the list of work', () => {
    const all = [step('verify', 'primary'), step('file', 'primary'), step('merge', 'neutral')]
    expect(names(arrangeSteps(all, 'file').buttons)).toEqual(['file', 'verify', 'merge'])
    expect(names(arrangeSteps(all, null).buttons)).toEqual(['verify', 'file', 'merge'])
  })

  it('puts the rest of more than three into a menu', () => {
    const all = ['a', 'b', 'c', 'd'].map((name) => step(name, name === 'd' ? 'primary' : 'neutral'))
    const { buttons, menu } = arrangeSteps(all)
    expect([names(buttons), names(menu)]).toEqual([
      ['d', 'a'],
      ['b', 'c'],
    ])
  })
})

describe('stateOf', () => {
  const workflow = (code: string, nameEn: string) => ({
    ...{ code, nameZh: '', nameEn, firstState: 'a', transitions: [], fields: [] },
    stages: [{ code: 'a', stage: 'reported' as const, nameZh: '甲', nameEn }],
  })
  const book: WorkflowBook = { workflows: [workflow('x', 'X'), workflow('y', 'Y')], conditions: [] }

  it('takes the incident’s own workflow, else any that knows the state', () => {
    expect(stateOf(book, 'y', 'a')?.nameEn).toBe('Y')
    expect(stateOf(book, null, 'a')?.nameEn).toBe('X')
    expect(stateOf(book, 'gone', 'a')?.nameEn).toBe('X')
    expect(stateOf(book, 'x', 'b')).toBeUndefined()
    expect(nameIn('zh-CN', stateOf(book, 'x', 'a')!)).toBe('甲')
  })
})

describe('offeredByBook', () => {
  const field = (name: string, requiredWhen: string | null, isRequired = false) => ({
    ...{ transition: 'handle', name, kind: 'photos' as const, isRequired, requiredWhen },
    ...{ choices: null, least: null, most: null, labelZh: name, labelEn: name },
  })
  const step = (name: string, from: string, nameEn: string) => ({
    ...{ name, from, to: null, roles: [], tone: 'primary' as const, canUndo: false },
    ...{ nameZh: '', nameEn },
  })
  const condition = (code: string, categoryCode: string, needsAfterPhotos: boolean) => ({
    ...{ code, categoryCode, needsAfterPhotos, nameZh: '', nameEn: '', closingZh: '' },
    ...{ closingEn: '', departmentCode: null, milestones: [] },
  })
  const book: WorkflowBook = {
    workflows: [
      {
        ...{ code: 'event', nameZh: '', nameEn: '', firstState: 'a', stages: [] },
        transitions: [step('handle', 'a', 'Other'), step('handle', 'b', 'Handled')],
        fields: [
          field('note', null, true),
          field('photos', 'after_photos'),
          field('condition', 'several_conditions'),
          { ...field('elsewhere', null), transition: 'file' },
        ],
      },
    ],
    conditions: [
      condition('1', 'both', true),
      condition('2', 'both', true),
      condition('3', 'mixed', true),
      condition('4', 'mixed', false),
      condition('5', 'one', true),
    ],
  }
  const offered = (categoryCode: string) =>
    offeredByBook(book, { workflowCode: 'event', state: 'b', categoryCode }, 'handle')
  const required = (categoryCode: string) =>
    offered(categoryCode)?.fields.flatMap(({ name, isRequired }) => (isRequired ? [name] : []))

  it('is the step from the row’s state, with its own fields as the server sends them', () => {
    expect(offered('one')).toMatchObject({ name: 'handle', nameEn: 'Handled', tone: 'primary' })
    const names = offered('one')?.fields.map(({ name }) => name)
    expect(names).toEqual(['note', 'photos', 'condition'])
    expect(Object.keys(offered('one')!.fields[0]!)).not.toContain('requiredWhen')
  })

  it('requires what the category’s filing conditions require for certain', () => {
    expect(required('both')).toEqual(['note', 'photos', 'condition'])
    expect(required('mixed')).toEqual(['note', 'condition'])
    expect(required('one')).toEqual(['note', 'photos'])
    expect(required('none')).toEqual(['note'])
  })

  it('knows no step of another state or workflow', () => {
    const row = { workflowCode: 'event', state: 'c', categoryCode: 'one' }
    expect(offeredByBook(book, row, 'handle')).toBeNull()
    expect(offeredByBook(book, { ...row, workflowCode: 'x', state: 'b' }, 'handle')).toBeNull()
  })
})
