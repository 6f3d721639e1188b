import { afterAll, beforeAll, expect, it } from 'vitest'
import { commandOf, photoRef } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { attackedTransitions } from './workflow-attacks.ts'
import { specialTransitions } from './workflow-kinds.ts'
import { refusedTransitions } from './workflow-refusals.ts'
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
    await db.query(`update public.incidents set extensions = 0 where id = $1`, [id])
    await db.query(
      `update public.incident_work set due_at = now() - interval '1 minute' where incident_id = $1`,
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

  refusedTransitions(() => ({ db, world }))
  specialTransitions(() => ({ db, world }))
  attackedTransitions(() => ({ db, world }))

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
        const receipts = await Promise.all(
          // both saw the version before
          (['manager', 'admin'] as const).map((person) =>
            take(person, id, 'file', { baseVersion: 1 }),
          ),
        )
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
