import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TestDatabase } from './harness/index.ts'
import { photoRef } from './harness/commands.ts'
import { people } from './harness/small-city.ts'
import type { OpenedWorld, WorkflowWorld } from './workflow-world.ts'

/** Transitions that are refused, and why. */
export function refusedTransitions(open: () => OpenedWorld): void {
  let db: TestDatabase
  let world: WorkflowWorld
  beforeAll(() => {
    ;({ db, world } = open())
  })

  describe('are refused', () => {
    it.each([
      [
        'an unknown name',
        'filed',
        'manager',
        'fly',
        {},
        { code: 'unknown_transition', field: 'name' },
      ],
      [
        'the wrong stage',
        'filed',
        'manager',
        'file',
        {},
        { code: 'wrong_stage', field: 'name', detail: 'filed' },
      ],
      [
        'the wrong role',
        'filed',
        'field',
        'dispatch',
        { department: 'water' },
        { code: 'not_allowed', field: 'name' },
      ],
      [
        'another department',
        'dispatched',
        'manager',
        'handle',
        { note: 'x' },
        { code: 'not_allowed', field: 'name' },
      ],
      [
        'a missing field',
        'filed',
        'manager',
        'dispatch',
        {},
        { code: 'missing_field', field: 'department' },
      ],
      [
        'an empty reason',
        'reported',
        'manager',
        'reject',
        { note: ' \n' },
        { code: 'missing_field', field: 'note' },
      ],
      [
        'a long reason',
        'reported',
        'manager',
        'reject',
        { note: 'x'.repeat(2001) },
        { code: 'too_long', field: 'note', detail: '2000' },
      ],
      [
        'an unknown field',
        'reported',
        'manager',
        'file',
        { stage: 'closed' },
        { code: 'unknown_field', field: 'stage' },
      ],
      [
        'an unknown department',
        'filed',
        'manager',
        'dispatch',
        { department: 'moon' },
        { code: 'invalid_field', field: 'department' },
      ],
      [
        'a condition of another category',
        'reported',
        'manager',
        'file',
        { condition: 'street_light' },
        { code: 'invalid_field', field: 'condition' },
      ],
      [
        'text for true or false',
        'reported',
        'manager',
        'verify',
        { isTrue: 'true' },
        { code: 'invalid_field', field: 'isTrue' },
      ],
      [
        'nothing for true or false',
        'reported',
        'manager',
        'verify',
        {},
        { code: 'missing_field', field: 'isTrue' },
      ],
      [
        'a level above 3',
        'filed',
        'leader',
        'escalate',
        { kind: 'leader', level: 4, replyBy: '2099-01-01T00:00:00Z', note: 'x' },
        { code: 'invalid_field', field: 'level' },
      ],
      [
        'an unknown kind',
        'filed',
        'leader',
        'escalate',
        { kind: 'mood', level: 1, replyBy: '2099-01-01T00:00:00Z', note: 'x' },
        { code: 'invalid_field', field: 'kind' },
      ],
      [
        'a hold into the past',
        'filed',
        'leader',
        'hold',
        { until: '2020-01-01T00:00:00Z' },
        { code: 'invalid_field', field: 'until' },
      ],
      [
        'a hold above a year',
        'filed',
        'leader',
        'hold',
        { until: '2099-01-01T00:00:00Z' },
        { code: 'invalid_field', field: 'until' },
      ],
      [
        'no instant',
        'filed',
        'leader',
        'hold',
        { until: 'tomorrow' },
        { code: 'invalid_field', field: 'until' },
      ],
      [
        'somebody unknown',
        'filed',
        'manager',
        'dispatch',
        { department: 'water', handler: 'me' },
        { code: 'invalid_field', field: 'handler' },
      ],
      [
        'photos that are none',
        'handled',
        'manager',
        'check_pass',
        { photos: 'x' },
        { code: 'invalid_field', field: 'photos' },
      ],
      [
        'a merge into nothing',
        'reported',
        'manager',
        'merge',
        { into: randomUUID() },
        { code: 'invalid_field', field: 'into' },
      ],
    ] as const)('for %s', async (_, state, person, name, fields, error) => {
      const id = await world.at(state)
      expect(await world.refusal(person, id, name, fields)).toMatchObject(error)
    })

    it('for a version that is not the present one, with the server’s side', async () => {
      const { at, take, step } = world
      const id = await at('reported')
      await step('manager', id, 'file')
      await step('manager', id, 'dispatch', { department: 'water' })
      const stale = await take('admin', id, 'dispatch', { department: 'parks', baseVersion: 2 })
      expect(stale).toMatchObject({
        outcome: 'conflict',
        incident_id: id,
        version: 3,
        error: {
          code: 'conflict',
          server: {
            version: 3,
            stage: 'dispatched',
            state: 'dispatched',
            departmentCode: 'water',
            changedBy: 'manager',
          },
        },
      })
      expect(await take('admin', id, 'file', { baseVersion: 4 })).toMatchObject({
        outcome: 'conflict',
      })
    })

    it('for an incident that the caller does not see, whatever the version', async () => {
      const { at, take } = world
      const id = await at('filed')
      for (const person of ['otherManager', 'stranger', 'handler'] as const)
        expect(
          await take(person, id, 'dispatch', { baseVersion: 1, department: 'water' }),
        ).toMatchObject({
          outcome: 'rejected',
          error: { code: 'unknown_incident' },
        })
    })

    it('after the deadline of reopening', async () => {
      const { at, refusal } = world
      const id = await at('closed')
      await db.query(
        `update public.incidents set reported_at = reported_at - interval '60 days',
           closed_at = closed_at - interval '31 days' where id = $1`,
        [id],
      )
      expect(await refusal('manager', id, 'reopen', { note: 'x' })).toMatchObject({
        code: 'not_now',
        detail: 'reopen_window',
      })
    })

    it('without photos after, where the condition demands them', async () => {
      const { at, refusal, step } = world
      const id = await at('dispatched', { categoryCode: 'street_cleaning' })
      expect(await refusal('handler', id, 'handle', { note: 'x' })).toEqual({
        code: 'missing_field',
        field: 'photos',
      })
      await step('handler', id, 'handle', { note: 'x', photos: [photoRef()] })
    })

    it('without a choice of several conditions', async () => {
      const { report, refusal, step } = world
      const id = await report({ categoryCode: 'exposed_garbage' })
      expect(await refusal('manager', id, 'file')).toEqual({
        code: 'missing_field',
        field: 'condition',
      })
      expect(
        await step('manager', id, 'file', { condition: 'exposed_garbage_large' }),
      ).toMatchObject({
        condition_code: 'exposed_garbage_large',
      })
    })
  })

  describe('let nobody check their own handling', () => {
    it('neither a manager of the handling department', async () => {
      const { at, give, refusal, step, offered } = world
      const id = await at('handled')
      const end = await give('manager', 'handler', 'N', 'public_works')
      for (const [name, fields] of [
        ['check_pass', {}],
        ['check_fail', { note: 'x' }],
      ] as const)
        expect(await refusal('manager', id, name, fields)).toMatchObject({
          code: 'not_now',
          detail: 'not_of_department',
        })
      expect(await offered('manager', id)).toEqual(['assign'])
      await end()
      const other = await give('manager', 'handler', 'N', 'water')
      await step('manager', id, 'check_pass')
      await other()
    })

    it('nor the handler who became field staff since', async () => {
      const { at, refusal } = world
      const id = await at('handled')
      const [own] = await db.query<{ id: string }>(
        `update public.memberships set valid_to = now() where user_id = $1 returning id`,
        [people.handler],
      )
      const end = await world.give('handler', 'field_staff', 'N')
      expect(await refusal('handler', id, 'check_pass')).toMatchObject({
        detail: 'not_of_department',
      })
      await end()
      await db.query('update public.memberships set valid_to = null where id = $1', [own!.id])
    })
  })
}
