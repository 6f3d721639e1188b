import { beforeAll, describe, expect, it } from 'vitest'
import type { TestDatabase } from './harness/index.ts'
import { commandOf } from './harness/commands.ts'
import { people } from './harness/small-city.ts'
import type { OpenedWorld, WorkflowWorld } from './workflow-world.ts'

/** Ways around the engine. */
export function attackedTransitions(open: () => OpenedWorld): void {
  let db: TestDatabase
  let world: WorkflowWorld
  beforeAll(() => {
    ;({ db, world } = open())
  })

  describe('cannot be reached', () => {
    it('by a role that ended, at that instant', async () => {
      const { at, take, step } = world
      const id = await at('filed')
      await db.query('update public.memberships set valid_to = now() where user_id = $1', [
        people.manager,
      ])
      expect(await take('manager', id, 'dispatch', { department: 'water' })).toMatchObject({
        outcome: 'rejected',
        error: { code: 'unknown_incident' },
      })
      await db.query('update public.memberships set valid_to = null where user_id = $1', [
        people.manager,
      ])
      await step('manager', id, 'dispatch', { department: 'water' })
    })

    it('by what a token says of its user, or by writing to memberships', async () => {
      const id = await world.at('filed')
      const claims = JSON.stringify({
        sub: people.field,
        role: 'authenticated',
        user_metadata: { role: 'admin', roles: ['admin', 'grid_manager'] },
        app_metadata: { role: 'admin' },
      })
      const version = (await world.row(id)).version
      const dispatch = {
        incidentId: id,
        baseVersion: version,
        name: 'dispatch',
        department: 'water',
      }
      const body = JSON.stringify([commandOf(people.field, 'transition', dispatch)])
      const receipt = await db.asUser(people.field, async (tx) => {
        await tx.query(`select set_config('request.jwt.claims', $1, true)`, [claims])
        return (
          await tx.query<{ r: unknown }>('select public.apply_commands($1::text::json) -> 0 as r', [
            body,
          ])
        )[0]!.r
      })
      expect(receipt).toMatchObject({ outcome: 'rejected', error: { code: 'not_allowed' } })
      for (const sql of [
        `insert into public.memberships (user_id, role, area_code) values ('${people.field}', 'admin', 'N')`,
        `update public.memberships set role = 'admin'`,
        `update public.workflow_transitions set roles = '{field_staff}'`,
        `update public.incidents set stage = 'closed'`,
        `select private.read_transition('${people.manager}', gen_random_uuid(), '{}', now())`,
      ])
        await expect(
          db.asUser(people.field, (tx) => tx.query(sql)),
          sql,
        ).rejects.toMatchObject({ code: '42501' })
    })

    it('by tables and functions of the caller that bear the names of ours', async () => {
      const id = await world.at('filed')
      const body = JSON.stringify([
        commandOf(people.field, 'transition', {
          ...{
            incidentId: id,
            baseVersion: (await world.row(id)).version,
            name: 'dispatch',
            department: 'water',
          },
        }),
      ])
      const receipt = await db.asUser(people.field, async (tx) => {
        await tx.exec(`
            create temp table memberships on commit drop as select * from public.memberships;
            insert into pg_temp.memberships (user_id, role, area_code) values ('${people.field}', 'admin', 'N');
            create temp table workflow_transitions on commit drop as select * from public.workflow_transitions;
            update pg_temp.workflow_transitions set roles = '{field_staff}';
            create or replace function pg_temp.is_valid(timestamptz, timestamptz, timestamptz) returns boolean
              language sql as 'select true';
            create or replace function pg_temp.rights_on(public.incidents, timestamptz) returns text[]
              language sql as $f$ select '{admin}'::text[] $f$;
            set local search_path = pg_temp, public;
          `)
        return (
          await tx.query<{ r: unknown }>('select public.apply_commands($1::text::json) -> 0 as r', [
            body,
          ])
        )[0]!.r
      })
      expect(receipt).toMatchObject({ outcome: 'rejected', error: { code: 'not_allowed' } })
    })

    it('by a queue, a list of people or a notice after the role ended', async () => {
      const { at, refusal } = world
      const id = await at('filed')
      const seen = () =>
        db.asUser(people.manager, async (tx) => {
          const [found] = await tx.query<Record<string, unknown>>(
            `select jsonb_array_length(public.work_counts() -> 'queues') as queues,
               jsonb_array_length(public.assignable_people($1::uuid, 'public_works')) as people,
               public.incident_detail($1::uuid) is null as hidden,
               (select count(*)::integer from public.incident_clocks where incident_id = $1::uuid) as clocks`,
            [id],
          )
          return found
        })
      const queue = () =>
        db.asUser(people.manager, (tx) =>
          tx.query(`select public.work_queue('to_dispatch', '{}', null, 10) as page`),
        )
      const setEnd = (end: string) =>
        db.query(`update public.memberships set valid_to = ${end} where user_id = $1`, [
          people.manager,
        ])
      const before = await seen()
      expect(before).toMatchObject({ hidden: false })
      for (const count of ['queues', 'people', 'clocks'])
        expect(before![count], count).toBeGreaterThan(0)
      await queue()
      await setEnd('now()')
      expect(await seen()).toEqual({ queues: 0, people: 0, hidden: true, clocks: 0 })
      await expect(queue()).rejects.toMatchObject({ code: '42501' })
      await setEnd('null')
      // a role of tomorrow gives nothing today
      const end = await world.give('stranger', 'grid_manager', 'N-1')
      await db.query(
        `update public.memberships set valid_from = now() + interval '1 day' where user_id = $1`,
        [people.stranger],
      )
      expect(await refusal('stranger', id, 'dispatch', { department: 'water' })).toMatchObject({
        code: 'unknown_incident',
      })
      await end()
    })

    it('by a queue of another role, whatever the token says or the caller shadows', async () => {
      const claims = JSON.stringify({
        sub: people.field,
        role: 'authenticated',
        user_metadata: { role: 'leader', roles: ['leader'] },
        app_metadata: { role: 'leader', memberships: [{ role: 'leader', area_code: 'N' }] },
      })
      for (const queue of ['to_dispatch', 'overdue'])
        await expect(
          db.asUser(people.field, async (tx) => {
            await tx.query(`select set_config('request.jwt.claims', $1, true)`, [claims])
            await tx.exec(`
              create temp table memberships on commit drop as select * from public.memberships;
              insert into pg_temp.memberships (user_id, role, area_code) values ('${people.field}', 'leader', 'N');
              create or replace function pg_temp.own_queues(text) returns setof text[] language sql as $f$ select '{true}'::text[] $f$;
              create or replace function pg_temp.has_right(text, text) returns boolean language sql as 'select true';
              set local search_path = pg_temp, public;
            `)
            return tx.query('select public.work_queue($1, $2::text::jsonb, null, 10)', [
              queue,
              '{}',
            ])
          }),
          queue,
        ).rejects.toMatchObject({ code: '42501' })
    })

    it('by writing to the tables of the loop', async () => {
      const id = await world.at('handled')
      for (const sql of [
        `insert into public.filing_conditions (code, category_code, name_zh, name_en) values ('x', 'noise', 'x', 'x')`,
        `update public.filing_conditions set needs_after_photos = false`,
        `insert into public.condition_limits (condition, clock, amount, unit) values ('noise', 'handle', 9999, 'work_day')`,
        `delete from public.condition_milestones`,
        `update public.workflow_limits set amount = 9999`,
        `update public.workflow_transitions set guards = '{}'`,
        `delete from public.workflow_fields`,
        `delete from public.filing_controls`,
        `insert into public.calendar_days (calendar, day) values ('cn', '2026-03-02')`,
        `update public.calendars set day_seconds = 60`,
        `update public.incident_clocks set due_at = null where incident_id = '${id}'`,
        `update public.incident_work set due_at = null where incident_id = '${id}'`,
        `delete from public.incident_log where incident_id = '${id}'`,
        `select private.rebuild_calendar('cn')`,
        `select private.recompute_clocks(null, null, null, now())`,
        `select private.resume_due(now())`,
      ])
        for (const person of ['admin', 'handler'] as const)
          await expect(
            db.asUser(people[person], (tx) => tx.query(sql)),
            `${person}: ${sql}`,
          ).rejects.toMatchObject({ code: '42501' })
    })

    it('by a log of the caller that hides who handled', async () => {
      const id = await world.at('handled')
      const ownRole = await world.give('handler', 'field_staff', 'N')
      await db.query(
        `update public.memberships set valid_to = now() where user_id = $1 and role = 'handler'`,
        [people.handler],
      )
      const body = JSON.stringify([
        commandOf(people.handler, 'transition', {
          ...{ incidentId: id, baseVersion: (await world.row(id)).version, name: 'check_pass' },
        }),
      ])
      const receipt = await db.asUser(people.handler, async (tx) => {
        await tx.exec(`
          create temp table incident_log on commit drop as select * from public.incident_log where false;
          create or replace function pg_temp.failing_looks(public.incidents, text[], timestamptz)
            returns table (failing text[]) language sql as $f$ select '{}'::text[] $f$;
          set local search_path = pg_temp, public;
        `)
        return (
          await tx.query<{ r: unknown }>('select public.apply_commands($1::text::json) -> 0 as r', [
            body,
          ])
        )[0]!.r
      })
      expect(receipt).toMatchObject({
        outcome: 'rejected',
        error: { code: 'not_now', detail: 'not_of_department' },
      })
      await ownRole()
      await db.query(
        `update public.memberships set valid_to = null where user_id = $1 and role = 'handler'`,
        [people.handler],
      )
    })
  })
}
