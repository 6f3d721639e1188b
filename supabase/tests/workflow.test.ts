import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyCommands, commandOf, photoRef, reportCommand } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { nextWeek, workflowWorld } from './workflow-world.ts'
import type { WorkflowWorld } from './workflow-world.ts'

describeOnEachDatabase('transitions', (kind) => {
  let db: TestDatabase
  let world: WorkflowWorld
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    world = workflowWorld(db)
  })
  afterAll(() => db?.close())

  it('run the whole circle, and the log says who did what, from where to where', async () => {
    const { report, step, log } = world
    const photos = [photoRef()]
    const department = 'public_works'
    const handler = people.handler
    const id = await report({ categoryCode: 'street_cleaning' })
    type Step = [Person, string, Record<string, unknown>, string, Record<string, unknown>?]
    const steps: Step[] = [
      ['manager', 'file', { note: '属实' }, 'filed', { condition_code: 'street_cleaning' }],
      [
        'manager',
        'dispatch',
        { department, handler },
        'dispatched',
        { department_code: department, handler },
      ],
      ['handler', 'return', { note: '不归我们' }, 'returned', { handler: null, stage: 'filed' }],
      ['manager', 'dispatch', { department, handler, note: '归你们' }, 'dispatched', { handler }],
      ['handler', 'handle', { note: '扫了', photos }, 'handled'],
      [
        'field',
        'check_fail',
        { note: '没扫干净', photos: [photoRef()] },
        'dispatched',
        { rework: 1, department_code: department, handler },
      ],
      ['handler', 'handle', { note: '又扫了', photos: [photoRef()] }, 'handled'],
      ['field', 'check_pass', { photos: [photoRef()] }, 'closed', { rework: 1 }],
      ['manager', 'reopen', { note: '又脏了' }, 'dispatched', { reopened: 1, closed_at: null }],
      ['handler', 'handle', { note: '再扫', photos: [photoRef()] }, 'handled'],
      ['manager', 'check_pass', { note: '干净' }, 'closed', { reopened: 1, rework: 1 }],
    ]
    let [from, version] = ['reported', 1]
    for (const [person, name, fields, to, columns] of steps) {
      const now = await step(person, id, name, fields)
      version += 1
      expect(now).toMatchObject({ state: to, version, ...columns })
      expect((now['closed_at'] === null) === (to !== 'closed')).toBe(true)
      const entry = await world.last(id)
      const { note, photos: shown, ...kept } = fields
      expect(entry).toMatchObject({
        seq: version,
        kind: 'transition',
        actor: people[person],
        note: note ?? '',
        data: { name, from, to, ...kept },
      })
      const hashes = (shown as { hash: string }[] | undefined)?.map(({ hash }) => hash)
      expect(entry.data['photos']).toEqual(hashes)
      from = to
    }
    const stages = (await log(id)).map(({ stage_to }) => stage_to)
    expect(stages).toEqual(
      'reported filed dispatched filed dispatched handled dispatched handled closed dispatched handled closed'.split(
        ' ',
      ),
    )
    expect(
      await db.query('select 1 from public.incident_photos where incident_id = $1', [id]),
    ).toHaveLength(5)
  })

  it('are offered to each role as they are accepted', async () => {
    const { at, offered } = world
    const reported = await at('reported')
    expect(await offered('manager', reported)).toEqual([
      'assign',
      'file',
      'merge',
      'reject',
      'verify',
    ])
    expect(await offered('field', reported)).toEqual([])
    expect(await offered('leader', reported)).toEqual(['escalate'])
    const dispatched = await at('dispatched')
    expect(await offered('handler', dispatched)).toEqual([
      'assign',
      'handle',
      'request_extension',
      'request_hold',
      'return',
    ])
    const returned = await at('dispatched')
    await world.step('handler', returned, 'return', { note: 'x' })
    expect(await offered('manager', returned)).toEqual(['dispatch', 'give_back'])
    expect(await offered('handler', returned)).toEqual([])
    const closed = await at('closed')
    expect(await offered('field', closed)).toEqual(['reopen'])
    expect(await offered('handler', closed)).toEqual([])
  })

  it('verify what another channel reported before it is filed', async () => {
    const { at, step, refusal, row } = world
    const fromOutside = async () => {
      const id = await at('reported')
      await db.query(
        `update public.incidents set channel = 'phone', reported_by = null where id = $1`,
        [id],
      )
      return id
    }
    const id = await fromOutside()
    expect(await refusal('manager', id, 'file')).toEqual({
      code: 'not_now',
      field: 'name',
      detail: 'verified',
    })
    expect(await step('manager', id, 'assign', { assignee: people.field })).toMatchObject({
      state: 'verifying',
      stage: 'reported',
      assignee: people.field,
    })
    expect(await refusal('manager', id, 'file')).toMatchObject({
      code: 'wrong_stage',
      detail: 'verifying',
    })
    expect(await step('field', id, 'verify', { isTrue: true })).toMatchObject({
      state: 'verified',
      assignee: null,
    })
    expect(await step('manager', id, 'file')).toMatchObject({ stage: 'filed' })
    const untrue = await fromOutside()
    expect(await step('manager', untrue, 'verify', { isTrue: false })).toMatchObject({
      state: 'refuted',
    })
    expect(await refusal('manager', untrue, 'file')).toMatchObject({ code: 'wrong_stage' })
    await step('manager', untrue, 'reject', { note: '不属实' })
    expect(await row(untrue)).toMatchObject({ stage: 'rejected', closed_at: null })
    expect(await step('manager', untrue, 'reopen', { note: '再看' })).toMatchObject({
      state: 'reported',
      reopened: 1,
    })
    const own = await at('reported')
    expect(await refusal('field', own, 'verify', { isTrue: true })).toMatchObject({
      code: 'not_now',
      detail: 'not_reporter',
    })
  })

  it('ask for more time, twice at most, the second time the leader', async () => {
    const { at, step, refusal, row } = world
    const id = await at('dispatched')
    const ask = () => step('handler', id, 'request_extension', { note: '等材料' })
    expect(await ask()).toMatchObject({ pending: 'extension', state: 'dispatched' })
    expect(await refusal('handler', id, 'request_extension', { note: 'x' })).toMatchObject({
      detail: 'nothing_pending',
    })
    await step('manager', id, 'decide_extension', { isApproved: false })
    expect(await row(id)).toMatchObject({ pending: null, extensions: 0 })
    await ask()
    expect(await step('manager', id, 'decide_extension', { isApproved: true })).toMatchObject({
      extensions: 1,
    })
    await ask()
    expect(await refusal('manager', id, 'decide_extension', { isApproved: true })).toEqual({
      code: 'not_now',
      field: 'name',
      detail: 'first_extension',
    })
    expect(await step('leader', id, 'decide_extension', { isApproved: true })).toMatchObject({
      extensions: 2,
    })
    expect(await refusal('handler', id, 'request_extension', { note: 'x' })).toMatchObject({
      detail: 'extension_left',
    })
    await db.query(
      `update public.incidents set extensions = 0, due_at = now() - interval '1 minute' where id = $1`,
      [id],
    )
    expect(await refusal('handler', id, 'request_extension', { note: 'x' })).toMatchObject({
      detail: 'in_time',
    })
  })

  it('hold once, by a leader, and nothing moves until it is resumed', async () => {
    const { at, step, refusal, offered, row } = world
    const id = await at('dispatched')
    const until = nextWeek()
    await step('handler', id, 'request_hold', { until, note: '等雨停' })
    expect(await row(id)).toMatchObject({ pending: 'hold', on_hold: false })
    expect(await refusal('manager', id, 'hold', { until })).toMatchObject({ code: 'not_allowed' })
    await step('leader', id, 'refuse_hold', { note: '不行' })
    expect(await row(id)).toMatchObject({ pending: null, pending_until: null })
    await step('manager', id, 'request_hold', { until, note: '等雨停' })
    await step('leader', id, 'hold', { until })
    expect(await row(id)).toMatchObject({ pending: null, on_hold: true, was_held: true })
    expect(await refusal('handler', id, 'handle', { note: 'x' })).toMatchObject({
      code: 'not_now',
      detail: 'not_held',
    })
    expect(await offered('manager', id)).toEqual(['resume'])
    expect(await step('manager', id, 'resume')).toMatchObject({ on_hold: false, hold_until: null })
    expect(await refusal('leader', id, 'hold', { until })).toMatchObject({ detail: 'never_held' })
    expect(await refusal('manager', id, 'resume')).toMatchObject({ detail: 'held' })
  })

  it('carry a leader’s demand until it is answered or the case ends', async () => {
    const { at, step, refusal, row } = world
    const id = await at('filed')
    const fields = { kind: 'timeout', level: 2, replyBy: nextWeek(), note: '加快' }
    expect(await step('leader', id, 'escalate', fields)).toMatchObject({
      supervision: 2,
      state: 'filed',
    })
    expect(await refusal('leader', id, 'escalate', fields)).toMatchObject({
      detail: 'not_supervised',
    })
    expect(await step('manager', id, 'reply', { note: '明天' })).toMatchObject({
      supervision: null,
      reply_by: null,
    })
    expect(await refusal('manager', id, 'reply', { note: 'x' })).toMatchObject({
      detail: 'supervised',
    })
    await step('leader', id, 'escalate', fields)
    await step('manager', id, 'dispatch', { department: 'public_works' })
    await step('handler', id, 'handle', { note: 'x' })
    expect(await row(id)).toMatchObject({ supervision: 2 })
    expect(await step('manager', id, 'check_pass')).toMatchObject({
      supervision: null,
      reply_by: null,
    })
  })

  it('assign people who may do it', async () => {
    const { at, step, refusal } = world
    const id = await at('dispatched')
    expect(await step('handler', id, 'assign', { assignee: people.handler })).toMatchObject({
      handler: people.handler,
    })
    expect(await refusal('manager', id, 'assign', { assignee: people.field })).toMatchObject({
      code: 'invalid_field',
      field: 'assignee',
    })
    await step('handler', id, 'handle', { note: 'x' })
    expect(await step('manager', id, 'assign', { assignee: people.field })).toMatchObject({
      assignee: people.field,
      state: 'handled',
    })
    expect(await refusal('manager', id, 'assign', { assignee: people.handler })).toMatchObject({
      field: 'assignee',
    })
    expect(await step('manager', id, 'check_pass')).toMatchObject({ assignee: null })
    const filed = await at('filed')
    const department = 'water'
    expect(
      await refusal('manager', filed, 'dispatch', { department, handler: people.handler }),
    ).toMatchObject({
      code: 'invalid_field',
      field: 'handler',
    })
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
        `select private.take_transition('${people.manager}', gen_random_uuid(), '{}', now())`,
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
            create temp table memberships as select * from public.memberships;
            insert into pg_temp.memberships (user_id, role, area_code) values ('${people.field}', 'admin', 'N');
            create temp table workflow_transitions as select * from public.workflow_transitions;
            update pg_temp.workflow_transitions set roles = '{field_staff}';
            create function pg_temp.is_valid(timestamptz, timestamptz, timestamptz) returns boolean
              language sql as 'select true';
            create function pg_temp.rights_on(public.incidents, timestamptz) returns text[]
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
  })

  it('are repeated from the journal to the same state', async () => {
    const { report, row, log, send } = world
    const id = await report()
    const calls: { person: Person; body: string; received: string }[] = []
    const play = async (person: Person, name: string, fields: Record<string, unknown> = {}) => {
      const payload = { incidentId: id, baseVersion: (await row(id)).version, name, ...fields }
      const body = JSON.stringify([commandOf(people[person], 'transition', payload)])
      const received = new Date().toISOString()
      calls.push({ person, body, received })
      await repeat(calls.at(-1)!)
    }
    const repeat = ({ person, body, received }: (typeof calls)[number]) =>
      db.transaction(async (tx) => {
        await tx.query(
          `select set_config('request.jwt.claim.sub', $1, true),
          set_config('request.jwt.claims', $2, true)`,
          [people[person], JSON.stringify({ sub: people[person] })],
        )
        await tx.query('select private.apply_commands_at($1::text::json, $2::text::timestamptz)', [
          body,
          received,
        ])
      })
    const before = await row(id)
    await play('manager', 'file')
    await play('leader', 'escalate', { kind: 'leader', level: 3, replyBy: nextWeek(), note: '快' })
    await play('manager', 'dispatch', { department: 'public_works' })
    await play('handler', 'handle', { note: 'x', photos: [photoRef()] })
    await play('field', 'check_fail', { note: 'x' })
    const [after, entries] = [await row(id), await log(id)]
    expect(after).toMatchObject({ state: 'dispatched', rework: 1, supervision: 3, version: 6 })
    // back to the snapshot before, whose log and receipts end with the report
    await db.exec(`
      alter table public.incident_log disable trigger user;
      alter table public.incidents disable trigger user;
      delete from public.incident_photos where incident_id = '${id}';
      delete from public.incident_log where incident_id = '${id}' and seq > 1;
      delete from public.commands where incident_id = '${id}' and type = 'transition';
    `)
    const kept = Object.keys(before).filter((name) => name !== 'geom')
    await db.query(
      `update public.incidents i set (${kept.join(', ')}) =
         (select ${kept.map((name) => `o.${name}`).join(', ')}
          from jsonb_populate_record(null::public.incidents, $2::text::jsonb) o) where i.id = $1`,
      [id, JSON.stringify(before)],
    )
    await db.exec(`
      alter table public.incident_log enable trigger user;
      alter table public.incidents enable trigger user;
    `)
    expect(await row(id)).toEqual(before)
    for (const call of calls) await repeat(call)
    expect({ ...(await row(id)), changed_xid: after['changed_xid'] }).toEqual(after)
    expect(await log(id)).toEqual(entries)
    expect(await send('manager', 'add_note', { incidentId: id, note: 'x' })).toMatchObject({
      outcome: 'applied',
    })
  })

  // PGlite has one connection
  if (kind === 'postgres')
    it('let one of two win who file the same incident at once', async () => {
      const { at, row, take } = world
      const ids = await Promise.all(Array.from({ length: 5 }, () => at('reported')))
      for (const id of ids) {
        const receipts = await Promise.all([take('manager', id, 'file'), take('admin', id, 'file')])
        expect(receipts.map(({ outcome }) => outcome).sort()).toEqual(['applied', 'conflict'])
        const lost = receipts.find(({ outcome }) => outcome === 'conflict')!
        const winner = receipts[0] === lost ? 'admin' : 'manager'
        expect(lost.error).toMatchObject({
          code: 'conflict',
          server: { version: 2, stage: 'filed', changedBy: winner },
        })
        expect(await row(id)).toMatchObject({ version: 2, stage: 'filed' })
      }
    })
})
