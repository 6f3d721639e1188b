import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TestDatabase } from './harness/index.ts'
import { applyCommands, photoRef, reportCommand } from './harness/commands.ts'
import { people } from './harness/small-city.ts'
import type { OpenedWorld, WorkflowWorld } from './workflow-world.ts'

/** Merging, controls of filing and self-handling. */
export function specialTransitions(open: () => OpenedWorld): void {
  let db: TestDatabase
  let world: WorkflowWorld
  beforeAll(() => {
    ;({ db, world } = open())
  })

  describe('merge', () => {
    it('children follow their parent, and their logs say when it ends and when it is reopened', async () => {
      const { at, step, row, log, last } = world
      const [parent, middle, child] = [
        await at('reported'),
        await at('filed'),
        await at('reported'),
      ]
      await step('manager', child, 'merge', { into: middle, note: '同一处' })
      expect(await row(child)).toMatchObject({ stage: 'merged', parent_id: middle })
      await step('manager', middle, 'merge', { into: parent })
      expect(await row(child)).toMatchObject({ stage: 'merged', parent_id: parent })
      expect(await last(child)).toMatchObject({
        kind: 'parent_merged',
        data: { parent: middle, into: parent },
      })
      await step('manager', parent, 'file')
      await step('manager', parent, 'dispatch', { department: 'public_works' })
      await step('handler', parent, 'handle', { note: 'x' })
      await step('field', parent, 'check_pass')
      for (const id of [middle, child])
        expect(await last(id)).toMatchObject({
          kind: 'parent_closed',
          actor: people.field,
          data: { parent, stage: 'closed' },
        })
      await step('leader', parent, 'reopen', { note: 'x' })
      expect(await last(child)).toMatchObject({
        kind: 'parent_reopened',
        data: { parent, stage: 'dispatched' },
      })
      expect((await log(child)).map(({ kind: k }) => k)).toEqual(
        'reported transition parent_merged parent_closed parent_reopened'.split(' '),
      )
      expect(await row(child)).toMatchObject({ stage: 'merged' })
    })

    it('not into itself, another district, or one that is no longer open', async () => {
      const { at, refusal, report } = world
      const id = await at('reported')
      const elsewhere = await report({ lon: 12.5 }, 'admin')
      for (const into of [id, elsewhere, await at('closed')])
        expect(await refusal('manager', id, 'merge', { into })).toMatchObject({
          code: 'invalid_field',
          field: 'into',
        })
      expect(await refusal('manager', id, 'merge', {})).toMatchObject({
        code: 'missing_field',
        field: 'into',
      })
    })
  })

  describe('controls', () => {
    const control = async (columns: Record<string, unknown>) => {
      const all = {
        code: randomUUID().replaceAll('-', ''),
        tip_zh: '管控中',
        tip_en: 'Controlled',
        ...columns,
      }
      const names = Object.keys(all)
      await db.query(
        `insert into public.filing_controls (${names.join(', ')})
         values (${names.map((name, n) => `$${n + 1}${name === 'weekdays' ? '::text::smallint[]' : ''}`).join(', ')})`,
        Object.values(all) as string[],
      )
      return () => db.query('delete from public.filing_controls where code = $1', [all.code])
    }

    it('keep a branch of categories in an area from being filed, and say why', async () => {
      const { at, refusal, step, offered } = world
      const end = await control({ area_code: 'N-1', category_code: 'other' })
      const id = await at('reported')
      expect(await refusal('manager', id, 'file')).toEqual({
        code: 'not_now',
        field: 'name',
        detail: 'not_controlled',
        tipZh: '管控中',
        tipEn: 'Controlled',
      })
      expect(await offered('manager', id)).not.toContain('file')
      await at('filed', { categoryCode: 'street_cleaning' })
      await end()
      await step('manager', id, 'file')
    })

    it('hold on their weekdays and between their minutes by the city’s clocks', async () => {
      const id = await world.at('reported')
      const isControlled = async (at: string) => {
        const [found] = await db.query<{ is: boolean }>(
          `select exists (select from private.control_on(i, $2::text::timestamptz)) as is
           from public.incidents i where id = $1`,
          [id, at],
        )
        return found!.is
      }
      // Saturday and Sunday, 22:00 to 24:00
      const end = await control({ weekdays: '{6,7}', from_minute: 1320, to_minute: 1440 })
      const tried: [string, boolean][] = [
        ['2026-03-07T21:59:59+08:00', false],
        ['2026-03-07T22:00:00+08:00', true],
        ['2026-03-08T15:59:59Z', true],
        ['2026-03-08T16:00:00Z', false],
        ['2026-03-06T22:30:00+08:00', false],
      ]
      for (const [at, expected] of tried) expect(await isControlled(at), at).toBe(expected)
      await end()
      for (const elsewhere of [
        { area_code: 'N-10' },
        { category_code: 'dirty_environment' },
        { is_active: false },
      ]) {
        const done = await control(elsewhere)
        expect(await isControlled(tried[1]![0])).toBe(false)
        await done()
      }
    })
  })

  describe('self-handling', () => {
    const handled = (changes: Record<string, unknown> = {}) => ({
      note: '已扫净',
      photos: [photoRef()],
      ...changes,
    })

    it('reports and closes at once, with both pictures and a log that says so', async () => {
      const before = photoRef()
      const after = photoRef()
      const command = reportCommand(people.field, {
        categoryCode: 'exposed_garbage',
        photos: [before],
        handled: handled({ photos: [after] }),
      })
      const [receipt] = await applyCommands(db, people.field, [command])
      expect(receipt).toMatchObject({
        outcome: 'applied',
        version: 1,
        missing_photos: [before.hash, after.hash],
      })
      const id = receipt!.incident_id!
      expect(await world.row(id)).toMatchObject({
        stage: 'closed',
        state: 'closed',
        self_handled: true,
        condition_code: 'exposed_garbage',
        department_code: null,
      })
      const [instants] = await db.query(
        'select closed_at = reported_at as same from public.incidents where id = $1',
        [id],
      )
      expect(instants).toEqual({ same: true })
      expect(await world.log(id)).toMatchObject([
        { seq: 1, kind: 'reported', stage_to: 'reported', data: { photos: [before.hash] } },
        {
          ...{
            seq: 2,
            kind: 'self_handled',
            stage_from: 'reported',
            stage_to: 'closed',
            note: '已扫净',
          },
          ...{ actor: people.field, data: { photos: [after.hash], condition: 'exposed_garbage' } },
        },
      ])
      const photos = await db.query<{ hash: string; seq_in_log: number }>(
        'select hash, seq_in_log from public.incident_photos where incident_id = $1 order by seq_in_log',
        [id],
      )
      expect(photos).toEqual([
        { hash: before.hash, seq_in_log: 1 },
        { hash: after.hash, seq_in_log: 2 },
      ])
      expect(await world.step('manager', id, 'reopen', { note: 'x' })).toMatchObject({
        state: 'filed',
      })
    })

    it('stands among other reports of a batch', async () => {
      const commands = [
        {},
        { categoryCode: 'exposed_garbage', handled: handled() },
        {},
        { handled: handled() },
      ].map((changes) => reportCommand(people.field, changes))
      const receipts = await applyCommands(db, people.field, commands)
      expect(receipts.map(({ outcome }) => outcome)).toEqual(Array(4).fill('applied'))
      const found = await Promise.all(receipts.map(({ incident_id }) => world.row(incident_id!)))
      expect(found.map((row) => row['self_handled'])).toEqual([false, true, false, true])
    })

    it.each([
      ['field', 'exposed_garbage', { photos: [] }, { code: 'missing_field', field: 'photos' }],
      ['field', 'exposed_garbage', { photos: 1 }, { code: 'invalid_field', field: 'photos' }],
      ['field', 'exposed_garbage', { note: 'x'.repeat(2001) }, { code: 'too_long', field: 'note' }],
      ['field', 'exposed_garbage', { stage: 'x' }, { code: 'unknown_field', field: 'stage' }],
      ['field', 'street_light', {}, { code: 'invalid_field', field: 'handled' }],
      ['manager', 'exposed_garbage', {}, { code: 'not_allowed', field: 'handled' }],
    ] as const)('is refused: %s, %s, %j', async (person, categoryCode, changes, error) => {
      const command = reportCommand(people[person], { categoryCode, handled: handled(changes) })
      const [receipt] = await applyCommands(db, people[person], [command])
      expect(receipt).toMatchObject({ outcome: 'rejected', error })
    })

    it('is for field staff of the area alone', async () => {
      const command = reportCommand(people.field, { lon: 12.5, handled: handled() })
      const [receipt] = await applyCommands(db, people.field, [command])
      expect(receipt).toMatchObject({
        outcome: 'rejected',
        error: { code: 'not_allowed', field: 'handled' },
      })
    })
  })
}
