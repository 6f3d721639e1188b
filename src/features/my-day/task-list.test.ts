import { describe, expect, it } from 'vitest'
import type { FieldTask } from '@/data/field.repo.ts'
import type { ItemSummary } from '@/sync/index.ts'
import { taskList, type KeptTasks } from './task-list.ts'

const task = (id: string, more: Partial<FieldTask> = {}): FieldTask => ({
  id,
  districtCode: 'D1',
  categoryCode: 'graffiti',
  areaCode: 'G1',
  departmentCode: null,
  stage: 'handled',
  onHold: false,
  severity: 1,
  lon: -122.41,
  lat: 37.76,
  description: `About ${id}`,
  addressLabel: '',
  reportedAt: '2026-02-03T09:00:00Z',
  closedAt: null,
  channel: 'app',
  version: 4,
  workflowCode: 'event',
  state: 'handled',
  dueAt: null,
  dueUnknown: null,
  warnAt: null,
  pending: null,
  holdUntil: null,
  supervision: null,
  replyBy: null,
  rework: 0,
  handlerName: null,
  assigneeName: null,
  steps: ['check_pass', 'check_fail'],
  isAsked: false,
  photo: null,
  ...more,
})
const fetchedAt = '2026-02-03T12:00:00Z'
const kept = (...rows: FieldTask[]): KeptTasks => ({
  tasks: { asOf: fetchedAt, more: false, rows },
  fetchedAt,
})
const step = (incidentId: string, more: Partial<ItemSummary> = {}): ItemSummary => ({
  id: `step of ${incidentId}`,
  cursor: 'q1',
  notBefore: null,
  state: 'queued',
  type: 'transition',
  transition: 'check_pass',
  incidentId,
  at: '2026-02-03T12:05:00Z',
  categoryCode: null,
  lon: null,
  lat: null,
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
const idsOf = (...args: Parameters<typeof taskList>): string[] =>
  taskList(...args).tasks.map(({ row }) => row.id)

describe('taskList', () => {
  const far = task('far', { lon: -122.5, dueAt: '2026-02-03T13:00:00Z' })
  const near = task('near', { lon: -122.4, dueAt: '2026-02-03T15:00:00Z' })
  const open = task('open', { lon: -122.45 })

  it('comes nearest first, and by due time without a position', () => {
    const day = kept(open, near, far)
    expect(idsOf(day, [], [-122.4, 37.76])).toEqual(['near', 'open', 'far'])
    expect(idsOf(day, [], null)).toEqual(['far', 'near', 'open'])
    const [first, , last] = taskList(day, [], [-122.4, 37.76]).tasks
    expect(first!.distanceMeters).toBe(0)
    expect(Math.round(last!.distanceMeters! / 100)).toBe(88)
  })

  it('puts equal distances in the order of their clocks, equal clocks by id', () => {
    const b = task('b', { dueAt: '2026-02-03T14:00:00Z' })
    const a = task('a', { dueAt: '2026-02-03T14:00:00+00:00' })
    const c = task('c', { dueAt: '2026-02-03T13:00:00Z' })
    expect(idsOf(kept(b, a, c), [], [-122.4, 37.76])).toEqual(['c', 'a', 'b'])
  })

  it('lets a task go at once with its step, and says that it waits', () => {
    const day = kept(near, far)
    const { tasks, waiting } = taskList(day, [step('near')], null)
    expect(tasks.map(({ row }) => row.id)).toEqual(['far'])
    expect(waiting.map(({ incidentId }) => incidentId)).toEqual(['near'])
    expect(idsOf(day, [step('near', { state: 'sending' })], null)).toEqual(['far'])
  })

  it('shows it again when the step was undone', () => {
    expect(idsOf(kept(near, far), [], null)).toEqual(['far', 'near'])
  })

  it.each(['rejected', 'conflict'] as const)('shows it again when the step is %s', (state) => {
    const { tasks, waiting } = taskList(kept(near), [step('near', { state })], null)
    expect(tasks.map(({ row, stuck }) => [row.id, stuck?.state])).toEqual([['near', state]])
    expect(waiting).toEqual([])
  })

  it('does not show an arrived one for the answer asked for before, and does for a later one', () => {
    const arrived = (receivedAt: string) => step('near', { state: 'received', receivedAt })
    expect(idsOf(kept(near), [arrived('2026-02-03T12:00:01Z')], null)).toEqual([])
    expect(idsOf(kept(near), [arrived('2026-02-03T11:59:59Z')], null)).toEqual(['near'])
  })

  it('stays for notes and photos, and for steps of other incidents', () => {
    const note = step('near', { type: 'add_note' })
    delete note.transition
    expect(idsOf(kept(near), [note, step('other')], null)).toEqual(['near'])
    expect(taskList(kept(near), [note, step('other')], null).waiting).toEqual([])
    expect(taskList(null, [step('near')], null)).toEqual({ tasks: [], waiting: [] })
  })
})
