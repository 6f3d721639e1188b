import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { applyCommands, commandOf, photoRef, reportCommand } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'

interface Row {
  id: string
  state: string
  version: number
  dueAt: string | null
  handlerName: string | null
  assigneeName: string | null
  steps: string[]
}
interface Page {
  asOf: string
  rows: Row[]
  next: { queue: string } | null
}
interface Counts {
  queues: { queue: string; count: number }[]
}

const managerQueues = 'to_verify to_file to_dispatch to_check escalated requests holds open'.split(
  ' ',
)

describeOnEachDatabase('queues', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    // neither photos nor a choice of conditions is the subject
    await db.exec(`update public.filing_conditions
      set needs_after_photos = false, is_active = code = category_code`)
  })
  afterAll(() => db?.close())
  // each test counts from nothing: the log is append-only, so its table is emptied with its trigger off
  beforeEach(() =>
    db.exec(`alter table public.incident_log disable trigger refuse_log_change;
      truncate public.incidents, public.incident_log, public.incident_photos cascade;
      alter table public.incident_log enable trigger refuse_log_change`),
  )

  const ask = <T>(person: Person, expression: string, params: (string | number | null)[] = []) =>
    db.asUser(people[person], async (tx) => {
      const [row] = await tx.query<{ r: T }>(`select public.${expression} as r`, params)
      return row!.r
    })
  const page = (
    person: Person,
    queue: string,
    {
      filter = {},
      after = null,
      limit = 50,
    }: { filter?: unknown; after?: unknown; limit?: number } = {},
  ) =>
    ask<Page>(person, 'work_queue($1, $2::text::jsonb, $3::text::jsonb, $4)', [
      queue,
      JSON.stringify(filter),
      JSON.stringify(after),
      limit,
    ])
  const idsOf = async (person: Person, queue: string) =>
    (await page(person, queue)).rows.map(({ id }) => id)
  const counts = async (person: Person) =>
    Object.fromEntries(
      (await ask<Counts>(person, 'work_counts()')).queues.map(({ queue, count }) => [queue, count]),
    )
  async function report(person: Person = 'field', changes: Record<string, unknown> = {}) {
    const [receipt] = await applyCommands(db, people[person], [
      reportCommand(people[person], { lon: 10.5, ...changes }),
    ])
    expect(receipt).toMatchObject({ outcome: 'applied', error: null })
    return receipt!.incident_id!
  }
  async function take(
    person: Person,
    id: string,
    name: string,
    fields: Record<string, unknown> = {},
  ) {
    const [row] = await db.query<{ version: number }>(
      'select version from public.incidents where id = $1',
      [id],
    )
    const [receipt] = await applyCommands(db, people[person], [
      commandOf(people[person], 'transition', {
        incidentId: id,
        baseVersion: row!.version,
        name,
        ...fields,
      }),
    ])
    expect(receipt).toMatchObject({ outcome: 'applied', error: null })
  }
  /** Files it by the first condition of its category. */
  async function file(id: string) {
    const [first] = await db.query<{ code: string }>(
      `select c.code from public.filing_conditions c
       join public.incidents i on i.category_code = c.category_code
       where i.id = $1 and c.is_active order by c.sort, c.code limit 1`,
      [id],
    )
    await take('manager', id, 'file', { condition: first!.code })
  }
  const change = (id: string, set: string) =>
    db.query(`update public.incidents set ${set} where id = $1`, [id])
  const changeDue = (id: string, due: string) =>
    db.query(`update public.incident_work set due_at = ${due} where incident_id = $1`, [id])
  const publicWorks = { department: 'public_works' }
  async function dispatched() {
    const id = await report()
    await file(id)
    await take('manager', id, 'dispatch', publicWorks)
    return id
  }

  it('are those of the caller’s roles, in the order of their tabs', async () => {
    expect(Object.keys(await counts('manager'))).toEqual(managerQueues)
    expect(Object.keys(await counts('admin'))).toEqual(managerQueues)
    expect(Object.keys(await counts('field'))).toEqual(['to_verify', 'to_check', 'open'])
    expect(Object.keys(await counts('leader'))).toEqual([
      'escalated',
      'overdue',
      'requests',
      'holds',
      'open',
    ])
    expect(Object.keys(await counts('handler'))).toEqual([
      'mine',
      'returned_to_me',
      'department',
      'escalated',
      'open',
    ])
    expect(await counts('stranger')).toEqual({})
    await expect(page('field', 'to_file')).rejects.toMatchObject({ code: '42501' })
    await expect(page('manager', 'nothing')).rejects.toMatchObject({ code: '22023' })
    await expect(page('manager', 'to_file', { limit: 201 })).rejects.toMatchObject({
      code: '22023',
    })
  })

  it('hand an incident on through the whole circle, to those it concerns alone', async () => {
    const id = await report()
    expect(await idsOf('manager', 'to_file')).toEqual([id])
    expect(await idsOf('otherManager', 'to_file')).toEqual([])
    expect(await counts('manager')).toMatchObject({ to_file: 1, to_verify: 0, to_dispatch: 0 })

    await file(id)
    expect(await idsOf('manager', 'to_dispatch')).toEqual([id])
    await take('manager', id, 'dispatch', publicWorks)
    expect(await idsOf('manager', 'to_dispatch')).toEqual([])
    expect(await idsOf('handler', 'department')).toEqual([id])
    expect(await idsOf('handler', 'mine')).toEqual([])

    await take('handler', id, 'return', { note: 'not ours' })
    expect(await idsOf('handler', 'department')).toEqual([])
    const { rows } = await page('manager', 'to_dispatch')
    expect(rows).toMatchObject([{ id, state: 'returned', steps: ['dispatch', 'give_back'] }])

    await take('manager', id, 'dispatch', { ...publicWorks, handler: people.handler })
    expect((await page('handler', 'mine')).rows).toMatchObject([{ id, handlerName: 'handler' }])
    await take('handler', id, 'handle', { note: 'done', photos: [photoRef()] })
    expect(await idsOf('field', 'to_check')).toEqual([id])
    await take('field', id, 'check_fail', { note: 'still there' })
    expect(await idsOf('handler', 'returned_to_me')).toEqual([id])
    await take('handler', id, 'handle', { note: 'done again', photos: [photoRef()] })
    await take('field', id, 'check_pass')
    for (const person of ['manager', 'field', 'handler', 'leader'] as const)
      expect(Object.values(await counts(person)).every((count) => count === 0)).toBe(true)
  })

  it('ask to verify what the city’s own people did not report', async () => {
    const id = await report('manager')
    await change(id, `channel = 'hotline'`)
    expect(await idsOf('field', 'to_verify')).toEqual([id])
    expect(await idsOf('manager', 'to_file')).toEqual([])
    await take('field', id, 'verify', { isTrue: true })
    expect(await idsOf('field', 'to_verify')).toEqual([])
    expect(await idsOf('manager', 'to_file')).toEqual([id])
  })

  it('give field staff what they may verify and check, as one list for the phone', async () => {
    interface Task extends Row {
      isAsked: boolean
      photo: { hash: string } | null
    }
    const tasks = (person: Person, limit = 200) =>
      ask<{ more: boolean; rows: Task[] }>(person, 'field_tasks($1)', [limit])
    const handled = async () => {
      const id = await dispatched()
      await take('handler', id, 'handle', { note: 'done' })
      return id
    }
    const photo = photoRef()
    await db.query(
      `insert into public.photo_checks (owner, hash, media_type, verdict, bytes, width, height)
       values ($1, $2, 'image/jpeg', 'ok', 1000, 64, 48) on conflict do nothing`,
      [people.manager, photo.hash],
    )
    const toVerify = await report('manager', { photos: [photo] })
    const own = await report('field')
    await db.query(`update public.incidents set channel = 'hotline' where id = any ($1::uuid[])`, [
      [toVerify, own],
    ])
    const [late, early, given] = [await handled(), await handled(), await handled()]
    await report('manager', { lon: 11.5 })
    await changeDue(late, `'2030-01-02Z'`)
    await changeDue(early, `'2030-01-01Z'`)
    await changeDue(toVerify, `null`)
    await changeDue(own, `null`)
    await changeDue(given, `null`)
    await take('manager', given, 'assign', { assignee: people.field })
    await changeDue(given, `null`)

    // nobody verifies a report of their own
    const { rows, more } = await tasks('field')
    expect(rows.map(({ id }) => id)).toEqual([given, early, late, toVerify])
    expect(more).toBe(false)
    expect(rows.map(({ isAsked }) => isAsked)).toEqual([true, false, false, false])
    expect(rows.map(({ steps }) => steps)).toEqual([
      ['check_pass', 'check_fail'],
      ['check_pass', 'check_fail'],
      ['check_pass', 'check_fail'],
      ['verify'],
    ])
    expect(rows[3]!.photo).toMatchObject({ hash: photo.hash })
    expect(rows[1]!.photo).toBe(null)
    const cut = await tasks('field', 2)
    expect([cut.more, cut.rows.map(({ id }) => id)]).toEqual([true, [given, early]])
    expect((await tasks('otherManager')).rows).toEqual([])
    expect((await tasks('handler')).rows).toEqual([])
    await expect(tasks('field', 201)).rejects.toMatchObject({ code: '22023' })
  })

  it('ask again what waits for a verification when a workflow’s rows change', async () => {
    const id = await report('manager')
    const trust = (channels: string) =>
      db.query(
        `update public.workflows set trusted_channels = $1::text::text[] where code = 'event'`,
        [channels],
      )
    const clock = (kind: string) =>
      db.query(
        `update public.workflow_stages set clock = $1 where workflow = 'event' and code = 'reported'`,
        [kind],
      )
    try {
      await trust('{phone}')
      expect(await idsOf('manager', 'to_verify')).toEqual([id])
      await clock('file')
      expect(await idsOf('manager', 'to_file')).toEqual([id])
    } finally {
      await clock('accept')
      await trust('{app}')
    }
    expect(await idsOf('manager', 'to_file')).toEqual([id])
  })

  it('bring requests, holds, demands and what is overdue to who decides', async () => {
    const asked = await dispatched()
    await take('handler', asked, 'request_extension', { note: 'parts are missing' })
    expect(await idsOf('manager', 'requests')).toEqual([asked])
    const until = new Date(Date.now() + 86_400_000).toISOString()
    const held = await dispatched()
    await take('handler', held, 'request_hold', { note: 'frost', until })
    expect((await idsOf('leader', 'requests')).toSorted()).toEqual([asked, held].toSorted())
    await take('leader', held, 'hold', { until })
    expect(await idsOf('leader', 'requests')).toEqual([asked])
    expect((await page('leader', 'holds')).rows).toMatchObject([
      { id: held, steps: ['resume', 'escalate'] },
    ])
    expect(await idsOf('handler', 'department')).toEqual([asked])

    await take('leader', asked, 'escalate', {
      kind: 'important',
      level: 1,
      replyBy: until,
      note: 'now',
    })
    for (const person of ['leader', 'manager', 'handler'] as const)
      expect(await idsOf(person, 'escalated')).toEqual([asked])

    expect(await idsOf('leader', 'overdue')).toEqual([])
    await changeDue(asked, `now() - interval '1 minute'`)
    await changeDue(held, `now() - interval '1 minute'`)
    expect(await idsOf('leader', 'overdue')).toEqual([asked])
  })

  it('stand in the order of the clock that ends first, the same page by page', async () => {
    const ids: string[] = []
    for (let index = 0; index < 7; index++) ids.push(await report())
    // two without a clock, two at the same minute
    const dues = ['14:00', null, '08:00', '11:00', '11:00', null, '23:00']
    for (const [index, due] of dues.entries())
      if (due) await changeDue(ids[index]!, `'2026-03-02T${due}:00Z'`)
    const whole = (await page('manager', 'to_file')).rows.map(({ id }) => id)
    const pair = (a: number, b: number) => [ids[a]!, ids[b]!].toSorted()
    expect(whole).toEqual([ids[2], ...pair(3, 4), ids[0], ids[6], ...pair(1, 5)])

    for (const limit of [1, 2, 3]) {
      const seen: string[] = []
      let after: unknown = null
      do {
        const found = await page('manager', 'to_file', { after, limit })
        expect(found.rows.length).toBeLessThanOrEqual(limit)
        seen.push(...found.rows.map(({ id }) => id))
        after = found.next
      } while (after)
      expect(seen).toEqual(whole)
    }
    const { next } = await page('manager', 'to_file', { limit: 2 })
    for (const wrong of [
      { ...next, queue: 'to_verify' },
      { ...next, part: 2 },
      { ...next, id: 'x' },
      7,
      {},
    ])
      await expect(page('manager', 'to_file', { after: wrong })).rejects.toMatchObject({
        code: '22023',
      })
  })

  it('show field staff first what they are asked to do, across pages too', async () => {
    const ids: string[] = []
    for (let index = 0; index < 5; index++) {
      const id = await report('manager')
      await change(id, `channel = 'hotline'`)
      ids.push(id)
    }
    await take('manager', ids[2]!, 'assign', { assignee: people.field })
    await take('manager', ids[4]!, 'assign', { assignee: people.field })
    // a step turns the clocks
    for (const [index, id] of ids.entries()) await changeDue(id, `'2026-03-02T0${index}:00Z'`)
    const order = [2, 4, 0, 1, 3].map((index) => ids[index])
    expect(await idsOf('field', 'to_verify')).toEqual(order)
    const seen: string[] = []
    let after: unknown = null
    do {
      const found = await page('field', 'to_verify', { after, limit: 2 })
      seen.push(...found.rows.map(({ id }) => id))
      after = found.next
    } while (after)
    expect(seen).toEqual(order)
    expect(await counts('field')).toMatchObject({ to_verify: 5 })
    expect((await page('field', 'to_verify')).rows[0]).toMatchObject({ assigneeName: 'field' })
    // a manager's order is the clock's
    expect(await idsOf('manager', 'to_verify')).toEqual(ids)
  })

  it('offer the very steps that the incident itself offers', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString()
    await report()
    await change(await report('manager'), `channel = 'hotline'`)
    await file(await report())
    const supervised = await dispatched()
    await take('leader', supervised, 'escalate', {
      kind: 'leader',
      level: 2,
      replyBy: until,
      note: 'x',
    })
    await take('handler', await dispatched(), 'request_extension', { note: 'x' })
    await take('leader', await dispatched(), 'hold', { until })
    await take('handler', await dispatched(), 'handle', { note: 'x', photos: [photoRef()] })
    let compared = 0
    for (const person of ['admin', 'leader', 'manager', 'field', 'handler'] as const)
      for (const queue of Object.keys(await counts(person)))
        for (const { id, steps } of (await page(person, queue)).rows) {
          const detail = await ask<{ transitions: { name: string }[] }>(
            person,
            'incident_detail($1)',
            [id],
          )
          expect(steps).toEqual(detail.transitions.map(({ name }) => name))
          compared += 1
        }
    expect(compared).toBeGreaterThan(20)
  })

  it('narrow by the common filter and refuse a wrong one', async () => {
    const noise = await report('field', { categoryCode: 'noise', description: 'drums' })
    await report()
    expect(
      (await page('manager', 'to_file', { filter: { categories: ['noise'] } })).rows,
    ).toMatchObject([{ id: noise }])
    await expect(page('manager', 'to_file', { filter: { colour: 'red' } })).rejects.toMatchObject({
      code: '22023',
    })
  })

  it('count to a thousand and no further', async () => {
    await report()
    await db.exec(`insert into public.incidents (district_code, id, category_code, area_code, lon, lat, qx, qy,
        reported_at, month)
      select i.district_code, gen_random_uuid(), i.category_code, i.area_code, i.lon, i.lat, i.qx, i.qy,
        i.reported_at, i.month
      from public.incidents i, generate_series(1, 1200)`)
    expect(await counts('manager')).toMatchObject({ to_file: 1000 })
  })

  it('end with the role', async () => {
    await report()
    await db.query(`update public.memberships set valid_to = now() where user_id = $1`, [
      people.manager,
    ])
    try {
      expect(await counts('manager')).toEqual({})
      await expect(page('manager', 'to_file')).rejects.toMatchObject({ code: '42501' })
    } finally {
      await db.query(`update public.memberships set valid_to = null where user_id = $1`, [
        people.manager,
      ])
    }
  })
})
