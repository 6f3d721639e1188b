import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database, DatabaseError } from '../server/base/database-types.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import { permitWorkflow } from '../../tests/fixtures/permit-workflow.ts'
import { workflowWorld } from './workflow-world.ts'
import type { WorkflowWorld } from './workflow-world.ts'

describeOnEachDatabase('workflows of rows', (kind) => {
  let db: TestDatabase
  let world: WorkflowWorld
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    await db.transaction((tx) => tx.exec(permitWorkflow))
    world = workflowWorld(db)
  })
  afterAll(() => db?.close())

  it('take a fourth workflow by inserts alone, with two approvals side by side', async () => {
    const { report, step, refusal, offered, last } = world
    const id = await report({ categoryCode: 'volunteering' })
    expect(await world.row(id)).toMatchObject({
      workflow_code: 'permit',
      state: 'asked',
      stage: 'reported',
    })
    expect(await offered('manager', id)).toEqual(['accept'])
    await step('manager', id, 'accept')
    expect(await refusal('leader', id, 'police_agrees', { guests: 5001 })).toMatchObject({
      field: 'guests',
    })
    expect(await refusal('leader', id, 'fire_agrees')).toMatchObject({ code: 'not_allowed' })
    expect(await step('leader', id, 'police_agrees', { guests: 40 })).toMatchObject({
      state: 'reviewed',
      passed: ['police_agrees'],
    })
    expect(await refusal('leader', id, 'police_agrees', { guests: 40 })).toMatchObject({
      code: 'not_now',
      detail: 'not_passed',
    })
    expect(await offered('leader', id)).toEqual(['refuse'])
    expect(await step('admin', id, 'fire_agrees')).toMatchObject({ state: 'granted', passed: [] })
    expect(await last(id)).toMatchObject({
      actor: people.admin,
      stage_from: 'filed',
      stage_to: 'dispatched',
      data: { name: 'fire_agrees', from: 'reviewed', to: 'granted' },
    })
    await step('field', id, 'took_place')
    // a second round asks both again, in the other order
    expect(await step('manager', id, 'again')).toMatchObject({
      state: 'reviewed',
      rework: 1,
      passed: [],
    })
    expect(await step('admin', id, 'fire_agrees')).toMatchObject({ state: 'reviewed' })
    expect(await step('leader', id, 'police_agrees', { guests: 40 })).toMatchObject({
      state: 'granted',
    })
    await step('field', id, 'took_place')
    const done = await step('manager', id, 'settle')
    expect(done).toMatchObject({ state: 'done', stage: 'closed' })
    expect(done['closed_at']).not.toBeNull()
    for (const person of ['manager', 'leader', 'admin', 'field'] as const)
      expect(await offered(person, id)).toEqual([])
  })

  it('let one approval be overruled', async () => {
    const { report, step } = world
    const id = await report({ categoryCode: 'volunteering' })
    await step('manager', id, 'accept')
    await step('admin', id, 'fire_agrees')
    expect(await step('leader', id, 'refuse', { note: '人太多' })).toMatchObject({
      stage: 'rejected',
      passed: [],
    })
  })

  it('begin with four sound ones', async () => {
    const rows = await db.query(
      'select code, private.workflow_fault(code) as fault from public.workflows order by code',
    )
    expect(rows).toEqual(
      ['component', 'event', 'permit', 'service'].map((code) => ({ code, fault: null })),
    )
  })

  it('name guards and effects that the engine knows, each of them', async () => {
    const [known] = await db.query<{
      guards: string[]
      effects: string[]
      fails: string
      looks: string[]
      does: string
    }>(
      `select private.guard_names() as guards, private.effect_names() as effects,
         pg_get_functiondef('private.failing_row_guards'::regproc)
           || pg_get_functiondef('private.failing_looks'::regproc) as fails,
         private.looking_guards() as looks,
         (select prosrc from pg_proc where oid = 'private.with_effect'::regproc) as does`,
    )
    const branches = (text: string) =>
      [...text.matchAll(/^\s+when '(\w+)' then/gm)].map(([, name]) => name)
    const failing = [...known!.fails.matchAll(/THEN '(\w+)'::text/g)].map(([, name]) => name)
    expect(failing.toSorted()).toEqual(known!.guards.toSorted())
    expect(failing.slice(-known!.looks.length)).toEqual(known!.looks)
    expect(branches(known!.does)).toEqual(known!.effects)
  })

  describe('are refused', () => {
    /** The error of statements in one transaction, which must fail at its end at the latest. */
    async function faultOf(sql: string): Promise<Record<string, unknown>> {
      const error = await db
        .transaction(async (tx: Database) => {
          await tx.exec(sql)
        })
        .then(
          () => expect.unreachable(sql),
          (thrown: unknown) => thrown as DatabaseError,
        )
      expect(error.code).toBe('23514')
      return JSON.parse(error.detail ?? '{}') as Record<string, unknown>
    }
    const incidents: string[] = []
    beforeAll(async () => {
      for (let n = 0; n < 22; n += 1) {
        const id = await world.report({ categoryCode: 'volunteering' })
        await world.step('manager', id, 'accept')
        incidents.push(id)
      }
    })

    it('when a state has no way out, with the first 20 incidents that stand in it', async () => {
      const fault = await faultOf(
        `delete from public.workflow_transitions where workflow = 'permit' and from_state = 'reviewed'
         and name <> 'x'; delete from public.workflow_fields where transition in ('police_agrees', 'refuse')`,
      )
      expect(fault).toMatchObject({
        code: 'invalid_workflow',
        fault: 'no_way_out',
        workflow: 'permit',
        names: ['reviewed'],
      })
      expect(fault['incidents']).toEqual(incidents.slice(0, 20))
    })

    it('when a loop has no end', async () => {
      const fault = await faultOf(
        `delete from public.workflow_transitions where workflow = 'permit' and name in ('settle', 'refuse');
         delete from public.workflow_fields where workflow = 'permit' and transition = 'refuse'`,
      )
      expect(fault).toMatchObject({
        fault: 'no_end',
        names: ['asked', 'granted', 'held_open', 'reviewed'],
      })
      expect(fault['incidents']).toHaveLength(20)
    })

    it('when a used state is removed, renamed or shown as another stage', async () => {
      for (const sql of [
        `delete from public.workflow_stages where workflow = 'permit' and code = 'reviewed'`,
        `update public.workflow_stages set code = 'x' where workflow = 'permit' and code = 'reviewed'`,
        `update public.workflow_stages set stage = 'handled' where workflow = 'permit' and code = 'reviewed'`,
        `update public.categories set workflow_code = 'event'; delete from public.workflows where code = 'permit'`,
      ]) {
        const fault = await faultOf(sql)
        expect(fault, sql).toMatchObject({ fault: 'state_in_use', names: ['reviewed'] })
        expect(fault['incidents']).toEqual(incidents.slice(0, 20))
      }
    })

    it.each([
      [
        `update public.workflow_transitions set guards = '{no_moon}' where workflow = 'permit' and name = 'settle'`,
        'unknown_guard',
        ['no_moon'],
      ],
      [
        `update public.workflow_transitions set effects = '{explode}' where workflow = 'permit' and name = 'settle'`,
        'unknown_effect',
        ['explode'],
      ],
      [
        `update public.workflows set first_state = 'granted' where code = 'permit'`,
        'first_state_not_reported',
        ['granted'],
      ],
      [
        `update public.workflow_transitions set to_state = 'refused' where workflow = 'permit' and name = 'fire_agrees'`,
        'gate_with_two_ends',
        ['both'],
      ],
      [
        `update public.workflow_transitions set choice_field = 'x', choice_value = 'y' where workflow = 'permit' and name = 'settle'`,
        'choice_without_field',
        ['settle'],
      ],
      [
        `update public.workflow_fields set transition = 'fly' where workflow = 'permit' and transition = 'refuse'`,
        'field_without_transition',
        ['fly'],
      ],
    ])('for %s', async (sql, fault, names) => {
      expect(await faultOf(sql)).toMatchObject({ fault, names })
    })

    it('for a role that nobody can have', async () => {
      const sql = `update public.workflow_transitions set roles = '{king}' where name = 'settle'`
      await expect(db.query(sql)).rejects.toMatchObject({ code: '23514' })
    })

    it.each([
      ...['name', 'incidentId', 'baseVersion', 'deviceAt', 'from', 'to', 'deviceClockSuspect'].map(
        (name) => [name, 'text'],
      ),
      ['department', 'text'],
      ['until', 'text'],
      ['photos', 'boolean'],
    ])('for a field that the engine reads as something else: %s, %s', async (name, fieldKind) => {
      await expect(
        db.query(
          `insert into public.workflow_fields (workflow, transition, name, kind, label_zh, label_en)
           values ('permit', 'settle', $1, $2, '名', 'Name')`,
          [name!, fieldKind!],
        ),
      ).rejects.toMatchObject({ code: '23514' })
    })

    it('at the end of many edits of two workflows, whichever is broken', async () => {
      const sound = `update public.workflow_stages set name_en = name_en || '.' where workflow = 'event';
        update public.workflow_transitions set sort = sort + 1 where workflow = 'permit';
        insert into public.workflow_stages (workflow, code, stage, name_zh, name_en)
        values ('permit', 'paid', 'handled', '已缴费', 'Paid');`
      const before = await db.query('select * from public.workflow_stages order by 1, 2')
      // the new stage has no way out yet: no incident stands in it
      expect(await faultOf(sound)).toMatchObject({
        fault: 'no_way_out',
        names: ['paid'],
        incidents: [],
      })
      const out = `insert into public.workflow_transitions (workflow, from_state, name, to_state, roles, name_zh, name_en)
        values ('permit', 'paid', 'settle', 'done', '{admin}', '办结', 'Settle');`
      const broken = `delete from public.workflow_transitions where workflow = 'permit' and from_state = 'reviewed';
        delete from public.workflow_fields where workflow = 'permit' and transition in ('police_agrees', 'refuse');`
      for (const sql of [sound + out + broken, broken + sound + out]) {
        const fault = await faultOf(sql)
        expect(fault).toMatchObject({ fault: 'no_way_out', names: ['reviewed'] })
        expect(fault['incidents']).toEqual(incidents.slice(0, 20))
      }
      expect(await db.query('select * from public.workflow_stages order by 1, 2')).toEqual(before)
    })

    it('but not for a moment within a transaction', async () => {
      await db.transaction((tx) =>
        tx.exec(`
          create temp table kept on commit drop as
            select * from public.workflow_transitions where workflow = 'permit' and name = 'settle';
          delete from public.workflow_transitions where workflow = 'permit' and name = 'settle';
          insert into public.workflow_transitions select * from kept;
        `),
      )
    })
  })
})
