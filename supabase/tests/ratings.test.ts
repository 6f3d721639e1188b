import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { applyCommands, commandOf } from './harness/commands.ts'
import type { Receipt } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { answersOf } from '../../src/domain/answers/rating-columns.ts'
import type { PackedRatings } from '../../src/domain/answers/rating-columns.ts'
import { workflowWorld } from './workflow-world.ts'

interface Sheet {
  drawsIn: string[]
  rows: { incidentId: string; closing: number; isMine: boolean; handledNote: string | null }[]
  asks: { incidentId: string; words: string | null }[]
  draws: { id: string; count: number; poolCount: number; reached: number; withoutCaller: number }[]
}
interface Feedback {
  closing: number | null
  ratings: { closing: number; words: string | null; hasWords: boolean; isExempt: boolean }[]
  callbacks: { outcome: string; attempts: number }[]
  appeals: { closing: number; isGranted: boolean; reason: string; review: string | null }[]
  canAppeal: number[]
  canKeepClosed: boolean
}

const everybody = Object.keys(people) as Person[]
const answers = { responded: true, solved: true, satisfied: 5, why: 'They came at once' }

describeOnEachDatabase('ratings', (kind) => {
  let db: TestDatabase
  let world: ReturnType<typeof workflowWorld>
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    await db.exec(`delete from public.workflow_limits; delete from public.condition_limits`)
    world = workflowWorld(db)
  })
  afterAll(() => db?.close())
  beforeEach(() =>
    db.exec(`
      delete from public.appeals; delete from public.ratings; delete from public.callbacks;
      delete from public.callback_draws; delete from private.rating_links;
      alter table public.incident_log disable trigger refuse_log_change;
      delete from public.incident_log;
      alter table public.incident_log enable trigger refuse_log_change;
      delete from public.incident_photos; delete from public.incident_clocks;
      delete from public.incidents;
      update public.workflows set unsolved = 'ask'`),
  )

  const send = async (person: Person, type: string, payload: unknown): Promise<Receipt> =>
    (await applyCommands(db, people[person], [commandOf(people[person], type, payload)]))[0]!
  const codeOf = ({ error }: Receipt) =>
    error && [error.code, error.detail].filter(Boolean).join(' ')
  const ask = <T>(person: Person, sql: string, parameters: (string | null)[] = []): Promise<T> =>
    db.asUser(people[person], async (tx) => {
      const [row] = await tx.query<{ r: T }>(`select ${sql} as r`, parameters)
      return row!.r
    })
  const sheet = (person: Person) => ask<Sheet>(person, 'public.callback_sheet()')
  const feedback = (person: Person, id: string) =>
    ask<Feedback>(person, `public.incident_detail($1::uuid) -> 'feedback'`, [id])
  const who = async (sees: (person: Person) => Promise<boolean>): Promise<Person[]> => {
    const found: Person[] = []
    for (const person of everybody) if (await sees(person)) found.push(person)
    return found
  }
  const readersOf = (table: string) =>
    who((person) =>
      db.asUser(
        people[person],
        async (tx) => (await tx.query(`select 1 from ${table}`)).length > 0,
      ),
    )
  const day = async (sql: string) =>
    (await db.query<{ r: string }>(`select (${sql})::text as r`))[0]!.r

  /** A case of the public at 10.5° (N-1_A) that public works closed so many days ago. */
  async function closed(daysAgo = 1, lon = 10.5): Promise<string> {
    const id = randomUUID()
    await db.query(
      `insert into public.incidents (district_code, id, category_code, area_code, department_code, lon, lat, qx, qy,
         reported_at, month, channel, stage, closed_at)
       select p.district_code, $1::uuid, 'noise', p.area_code, 'public_works', $2, 21, p.qx, p.qy,
         now() - interval '40 days', date_trunc('month', now() - interval '40 days')::date, 'hotline', 'closed',
         now() - make_interval(days => $3)
       from private.place_incident($2, 21) p`,
      [id, lon, daysAgo],
    )
    return id
  }
  const draw = async (person: Person, changes: Record<string, unknown> = {}) =>
    send(person, 'draw_callbacks', {
      ...{ id: randomUUID(), areaCode: 'N-1', count: 10, callers: [people.field] },
      fromDay: await day(`private.city_today() - 30`),
      toDay: await day(`private.city_today()`),
      ...changes,
    })
  const rate = (person: Person, incidentId: string, changes: Record<string, unknown> = {}) =>
    send(person, 'rate', { incidentId, closing: 1, ...answers, ...changes })
  /** A closed case that the field staff may call about. */
  async function drawn(): Promise<string> {
    const id = await closed()
    expect(await draw('manager')).toMatchObject({ outcome: 'applied', incident_id: null })
    return id
  }

  it('a sheet is drawn by managers, leaders and admins of the area alone, at random and once', async () => {
    const ids = []
    for (let n = 0; n < 30; n++) ids.push(await closed())
    // no public, too old, in another district
    const own = await world.at('closed')
    const [old, far] = [await closed(15), await closed(1, 12.5)]
    for (const person of everybody)
      expect(codeOf(await draw(person, { count: 1 })), person).toBe(
        ['admin', 'leader', 'manager'].includes(person) ? null : 'not_allowed',
      )
    const first = await db.query<{ incident_id: string }>(
      'select incident_id from public.callbacks',
    )
    expect(ids).toEqual(expect.arrayContaining(first.map(({ incident_id }) => incident_id)))
    await draw('manager', { count: 12, callers: [people.field, people.manager] })
    await draw('manager', { count: 500 })
    const all = await db.query<{ incident_id: string }>('select incident_id from public.callbacks')
    expect(all.map(({ incident_id }) => incident_id).sort()).toEqual(ids.sort())
    expect(ids).not.toEqual(expect.arrayContaining([own]))
    expect(ids).not.toEqual(expect.arrayContaining([old]))
    expect(codeOf(await draw('manager'))).toBe('nothing_to_draw')
    expect(codeOf(await draw('manager', { areaCode: 'N-10' }))).toBe('not_allowed')
    expect(codeOf(await draw('otherManager', { areaCode: 'N-10' }))).toBe(null)
    // over N-1_A alone the field staff may call; the other district's case has no caller
    expect(await db.query(`select incident_id from public.callbacks where caller is null`)).toEqual(
      [{ incident_id: far }],
    )
    // shared evenly
    expect(
      await db.query(`select count(*)::int as n from public.callbacks c
        join public.callback_draws d on d.id = c.draw_id where d.drawn_count = 12 group by c.caller`),
    ).toEqual([{ n: 6 }, { n: 6 }])
    // the seed is the server's: another city draws otherwise for the same id
    const [one] = await db.query<{ differs: boolean }>(
      `select bool_and(d.seed <> encode(sha256(convert_to(d.id::text, 'UTF8')), 'hex')) as differs
       from public.callback_draws d`,
    )
    expect(one).toEqual({ differs: true })
    for (const [changes, error] of [
      [{ count: 0 }, { field: 'count' }],
      [{ count: 501 }, { field: 'count' }],
      [{ callers: [] }, { code: 'missing_field', field: 'callers' }],
      [{ callers: [randomUUID()] }, { field: 'callers' }],
      [{ fromDay: '2020-01-01' }, { field: 'toDay' }],
      [{ toDay: undefined }, { code: 'missing_field', field: 'toDay' }],
      [{ categoryCodes: ['nothing'] }, { code: 'unknown_category' }],
      [{ more: 1 }, { code: 'unknown_field' }],
    ] as const)
      expect((await draw('manager', changes)).error, JSON.stringify(changes)).toMatchObject(error)
  })

  it('a draw can be shown again, and a list that was altered is told', async () => {
    for (let n = 0; n < 8; n++) await closed()
    const id = randomUUID()
    await draw('manager', { id, count: 5 })
    const check = (person: Person) =>
      ask<Record<string, unknown> | null>(person, 'public.callback_draw_check($1::uuid)', [id])
    expect(await check('manager')).toMatchObject({
      ...{ poolCount: 8, count: 5, found: 5, misplaced: 0, isIntact: true },
    })
    expect(await who(async (person) => (await check(person)) !== null)).toEqual([
      ...['admin', 'leader', 'manager'],
    ])
    expect(await readersOf('public.callback_draws')).toEqual(['admin', 'leader', 'manager'])
    expect(await readersOf('public.callbacks')).toEqual(['admin', 'leader', 'manager', 'field'])
    await db.exec('update public.callbacks set n = 3 - n where n < 3')
    expect(await check('manager')).toMatchObject({ misplaced: 1, isIntact: false })
    await db.exec('update public.callbacks set n = 3 - n where n < 3')
    expect(await check('manager')).toMatchObject({ isIntact: true })
    // one exchanged for one that was not drawn
    await db.exec(`update public.callbacks c set incident_id = (
        select i.id from public.incidents i where not exists (
          select from public.callbacks o where o.incident_id = i.id) limit 1) where c.n = 2`)
    expect(await check('manager')).toMatchObject({ isIntact: false })
    await db.exec('delete from public.callbacks where n = 2')
    expect(await check('manager')).toMatchObject({ found: 4, isIntact: false })
  })

  it('a closing is rated once, by whom it is given to or a manager of the area', async () => {
    const id = await drawn()
    expect((await sheet('field')).rows).toMatchObject([
      { incidentId: id, closing: 1, isMine: true },
    ])
    for (const person of everybody) {
      const code = codeOf(await rate(person, id))
      if (person === 'field') expect(code).toBe(null)
      else
        expect(code, person).toBe(
          {
            ...{ admin: 'not_allowed not_yours', leader: 'not_allowed not_yours' },
            ...{ manager: null, otherManager: 'unknown_incident', stranger: 'unknown_incident' },
            handler: 'not_allowed not_yours',
          }[person],
        )
      await db.exec('delete from public.ratings; update public.callbacks set outcome = null')
    }
    expect(codeOf(await rate('field', id, { satisfied: 2, solved: null }))).toBe(null)
    expect(codeOf(await rate('field', id))).toBe('already_rated')
    expect(codeOf(await rate('manager', id))).toBe('already_rated')
    expect(
      await db.query(
        'select responded, solved, satisfied, way, unsolved, asked_by from public.ratings',
      ),
    ).toEqual([
      {
        ...{ responded: true, solved: null, satisfied: 2, way: 'callback', unsolved: null },
        asked_by: people.field,
      },
    ])
    expect((await sheet('field')).rows).toEqual([])
    expect((await sheet('manager')).draws).toMatchObject([{ count: 1, reached: 1 }])
    expect(await world.last(id)).toMatchObject({
      kind: 'rated',
      note: '',
      data: { closing: 1, responded: true, satisfied: 2 },
    })
    for (const [changes, error] of [
      [{ responded: undefined, solved: null, satisfied: undefined }, { code: 'missing_field' }],
      [{ satisfied: 6 }, { field: 'satisfied' }],
      [{ satisfied: 2.5 }, { field: 'satisfied' }],
      [{ solved: 'yes' }, { field: 'solved' }],
      [{ closing: undefined }, { code: 'missing_field', field: 'closing' }],
      [{ more: 1 }, { code: 'unknown_field' }],
    ] as const) {
      await db.exec('delete from public.ratings; update public.callbacks set outcome = null')
      expect((await rate('field', id, changes)).error, JSON.stringify(changes)).toMatchObject(error)
    }
  })

  it('nobody asks about a case of their own or of their department, and a role that ended asks nothing', async () => {
    const id = await drawn()
    const asCaller = (person: Person) =>
      db.query('update public.callbacks set caller = $1::uuid', [people[person]])
    await asCaller('handler')
    expect(codeOf(await rate('handler', id))).toBe('not_allowed no_role')
    // who was of the department when it was handled, and is not any more
    const begun = await world.give('stranger', 'field_staff', 'N-1')
    const end = await world.give('stranger', 'handler', 'N', 'public_works')
    await db.query(
      `update public.memberships set valid_from = now() - interval '50 days', valid_to = now() - interval '20 days'
       where role = 'handler' and user_id = $1::uuid`,
      [people.stranger],
    )
    await asCaller('stranger')
    expect(codeOf(await rate('stranger', id))).toBe('not_allowed own_department')
    await end()
    expect((await sheet('stranger')).rows).toHaveLength(1)
    await begun()
    expect(codeOf(await rate('stranger', id))).toBe('unknown_incident')
    expect((await sheet('stranger')).rows).toEqual([])
    // who closed it
    await asCaller('field')
    await db.query(
      `insert into public.incident_log (district_code, incident_id, seq, actor, kind, stage_from, stage_to)
       select district_code, id, 1, $1::uuid, 'transition', 'handled', 'closed' from public.incidents where id = $2::uuid`,
      [people.field, id],
    )
    expect(codeOf(await rate('field', id))).toBe('not_allowed own_case')
    expect((await sheet('field')).rows).toEqual([])
    // and such people are given none
    await db.exec('delete from public.callbacks')
    await draw('manager', { callers: [people.field, people.handler] })
    expect(await db.query('select caller from public.callbacks')).toEqual([{ caller: null }])
    expect((await sheet('manager')).draws[0]).toMatchObject({ withoutCaller: 1 })
    expect(codeOf(await rate('manager', id))).toBe(null)
  })

  it('what is open, not drawn, closed again or past its time is not rated', async () => {
    const id = await closed()
    expect(codeOf(await rate('manager', id))).toBe('not_allowed not_drawn')
    await draw('manager')
    expect(codeOf(await rate('field', id, { closing: 2 }))).toBe('not_allowed not_drawn')
    await world.step('manager', id, 'reopen', { note: 'Again' })
    expect(codeOf(await rate('field', id))).toBe('not_closed')
    await world.step('handler', id, 'handle', { note: 'Done', photos: [] })
    await world.step('manager', id, 'check_pass')
    expect(codeOf(await rate('field', id))).toBe('other_closing')
    expect((await feedback('manager', id)).closing).toBe(2)
    // the new closing is drawn and rated by itself
    await draw('manager')
    expect(codeOf(await rate('field', id, { closing: 2 }))).toBe(null)
    expect(codeOf(await rate('field', id, { closing: 2 }))).toBe('already_rated')
    const late = await drawn()
    await db.query(
      `update public.incidents set closed_at = now() - interval '14 days' where id = $1::uuid`,
      [late],
    )
    expect(codeOf(await rate('field', late))).toBe('too_late')
    expect((await sheet('field')).rows).toEqual([])
  })

  it('refused and not reached are kept apart; who refused is not asked again', async () => {
    const id = await drawn()
    const outcome = (person: Person, changes: Record<string, unknown>) =>
      send(person, 'callback_outcome', { incidentId: id, closing: 1, note: 'x', ...changes })
    expect(codeOf(await outcome('handler', { outcome: 'refused' }))).toBe('not_allowed not_yours')
    expect((await outcome('field', { outcome: 'reached' })).error).toMatchObject({
      field: 'outcome',
    })
    expect((await outcome('field', {})).error).toMatchObject({ code: 'missing_field' })
    for (let n = 0; n < 2; n++)
      expect(codeOf(await outcome('field', { outcome: 'not_reached' }))).toBe(null)
    expect((await sheet('field')).rows).toMatchObject([{ outcome: 'not_reached', attempts: 2 }])
    expect((await feedback('handler', id)).callbacks).toMatchObject([
      { outcome: 'not_reached', attempts: 2 },
    ])
    expect(codeOf(await outcome('field', { outcome: 'refused' }))).toBe(null)
    expect(codeOf(await rate('field', id))).toBe('refused_before')
    expect(codeOf(await outcome('field', { outcome: 'not_reached' }))).toBe('refused_before')
    expect((await sheet('field')).rows).toEqual([])
  })

  it("a resident's words are read by managers, leaders, admins and who heard them", async () => {
    const id = await drawn()
    await rate('field', id)
    expect(await readersOf('public.ratings')).toEqual([
      'admin',
      'leader',
      'manager',
      'field',
      'handler',
    ])
    const readers: Person[] = ['admin', 'leader', 'manager', 'field']
    expect(await readersOf('public.rating_words')).toEqual(readers)
    for (const person of ['admin', 'leader', 'manager', 'field', 'handler'] as const)
      expect((await feedback(person, id)).ratings, person).toMatchObject([
        { hasWords: true, words: readers.includes(person) ? answers.why : null },
      ])
    // another of the field staff of the grid reads the answers alone
    const end = await world.give('stranger', 'field_staff', 'N-1_A')
    expect((await feedback('stranger', id)).ratings).toMatchObject([
      { hasWords: true, words: null },
    ])
    expect(await readersOf('public.rating_words')).toEqual(readers)
    await end()
    expect(JSON.stringify(await world.log(id))).not.toContain(answers.why)
    // a call that waits is not told to the department
    const other = await drawn()
    expect(
      JSON.stringify(await ask('handler', 'public.incident_detail($1::uuid)', [other])),
    ).not.toContain('not_reached')
    expect((await feedback('handler', other)).callbacks).toEqual([])
  })

  it('not solved: by the workflow a person is asked, the case reopens, or nothing follows', async () => {
    const asked = await drawn()
    expect((await rate('field', asked, { solved: false })).version).toBe(null)
    expect((await sheet('manager')).asks).toMatchObject([{ incidentId: asked, words: answers.why }])
    expect((await sheet('field')).asks).toEqual([])
    expect(
      await db.query(`select unsolved, decide_by is not null as "hasClock" from public.ratings`),
    ).toEqual([{ unsolved: 'asked', hasClock: false }])
    const keep = (person: Person, id = asked) =>
      send(person, 'keep_closed', { incidentId: id, closing: 1, note: 'Another place' })
    expect(codeOf(await keep('field'))).toBe('not_allowed no_role')
    expect((await feedback('manager', asked)).canKeepClosed).toBe(true)
    expect(codeOf(await keep('leader'))).toBe(null)
    expect(codeOf(await keep('manager'))).toBe('already_decided')
    expect((await sheet('manager')).asks).toEqual([])
    expect(await world.row(asked)).toMatchObject({ stage: 'closed', version: 1 })

    const reopened = await drawn()
    await rate('field', reopened, { solved: false })
    await world.step('leader', reopened, 'reopen', { note: 'True' })
    expect(
      await db.query(
        `select decision, decided_by from public.ratings where incident_id = $1::uuid`,
        [reopened],
      ),
    ).toEqual([{ decision: 'reopened', decided_by: people.leader }])
    expect(codeOf(await keep('leader', reopened))).toBe('already_decided')

    await db.exec(`update public.workflows set unsolved = 'reopen'`)
    const self = await drawn()
    const receipt = await rate('field', self, { solved: false })
    expect(receipt).toMatchObject({ outcome: 'applied', version: 2 })
    expect(await world.row(self)).toMatchObject({
      ...{ stage: 'dispatched', reopened: 1, version: 2 },
    })
    expect(await world.last(self)).toMatchObject({
      ...{ kind: 'transition', stage_from: 'closed', stage_to: 'dispatched', note: '' },
      data: { name: 'reopen', by: 'resident' },
    })
    expect(codeOf(await rate('field', self))).toBe('already_rated')
    // past the time to reopen a person decides
    await db.exec(`update public.workflows set reopen_days = 0`)
    const past = await drawn()
    await rate('field', past, { solved: false })
    expect(await world.row(past)).toMatchObject({ stage: 'closed' })
    expect((await sheet('manager')).asks).toMatchObject([{ incidentId: past }])
    await db.exec(`update public.workflows set reopen_days = 30, unsolved = 'none'`)
    const none = await drawn()
    await rate('field', none, { solved: false })
    expect(await world.row(none)).toMatchObject({ stage: 'closed', version: 1 })
    expect((await sheet('manager')).asks).toHaveLength(1)
    expect(codeOf(await keep('manager', none))).toBe('not_asked')
  })

  it('a decision has a clock on the calendar of the area', async () => {
    await db.exec(`update public.workflows set unsolved_unit = 'natural_day', unsolved_amount = 2`)
    await rate('field', await drawn(), { solved: false })
    expect(
      await db.query(
        `select decide_by - date_trunc('minute', at) = interval '2 days' as "isTwoDays" from public.ratings`,
      ),
    ).toEqual([{ isTwoDays: true }])
    await db.exec(`update public.workflows set unsolved_unit = 'work_day', unsolved_amount = 1`)
  })

  it('a link is opened as often as one likes, and rates once until it expires', async () => {
    const id = await closed()
    const call = async <T>(sql: string, parameters: (string | null)[]): Promise<T> =>
      (await db.query<{ r: T }>(`select ${sql} as r`, parameters))[0]!.r
    const token = await call<string>('private.issue_rating_link($1::uuid, now())', [id])
    expect(token).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.stringify(await db.query('select * from private.rating_links'))).not.toContain(
      token,
    )
    const page = (of = token, at = 'now()') =>
      call<{ state: string } | null>(`private.rating_link_page($1, ${at})`, [of])
    for (let n = 0; n < 3; n++) expect(await page()).toMatchObject({ state: 'open' })
    expect(await page('0'.repeat(32))).toBe(null)
    expect(await page(token, `now() + interval '14 days'`)).toBe(null)
    const byLink = (payload: object, of = token, at = 'now()') =>
      call<Receipt>(`private.rate_by_link($1, $2, ${at})`, [of, JSON.stringify(payload)])
    for (const [payload, of, code] of [
      [answers, '0'.repeat(32), 'unknown_token'],
      [{ ...answers, incidentId: id }, token, 'unknown_field'],
      [{}, token, 'missing_field'],
    ] as const)
      expect((await byLink(payload, of)).error).toMatchObject({ code })
    expect((await byLink(answers, token, `now() + interval '14 days'`)).error).toMatchObject({
      code: 'unknown_token',
    })
    expect(await byLink(answers)).toMatchObject({ outcome: 'applied', error: null })
    expect((await byLink(answers)).error).toMatchObject({ code: 'already_rated' })
    expect(await page()).toMatchObject({ state: 'rated' })
    expect(await db.query('select way, asked_by from public.ratings')).toEqual([
      { way: 'link', asked_by: null },
    ])
    // what was rated is not drawn any more
    expect(codeOf(await draw('manager'))).toBe('nothing_to_draw')
    const gone = await closed()
    const second = await call<string>('private.issue_rating_link($1::uuid, now())', [gone])
    await world.step('manager', gone, 'reopen', { note: 'Again' })
    expect(await page(second)).toMatchObject({ state: 'reopened' })
    expect((await byLink(answers, second)).error).toMatchObject({ code: 'not_closed' })
  })

  it('an appeal is made once by the department, and granted by two reviews of others', async () => {
    const id = await drawn()
    await rate('field', id, { satisfied: 1 })
    const appeal = (person: Person, changes: Record<string, unknown> = {}) =>
      send(person, 'appeal', { incidentId: id, closing: 1, reason: 'Not ours', ...changes })
    const review = (person: Person, step: string, isGranted = true) =>
      send(person, 'review_appeal', {
        ...{ incidentId: id, closing: 1, review: step, isGranted, note: 'Seen' },
      })
    for (const person of everybody.filter((one) => one !== 'handler'))
      expect(codeOf(await appeal(person)), person).toBe(
        ['otherManager', 'stranger'].includes(person) ? 'unknown_incident' : 'not_allowed',
      )
    expect(codeOf(await appeal('handler', { closing: 2 }))).toBe('other_closing')
    expect((await feedback('handler', id)).canAppeal).toEqual([1])
    expect(codeOf(await review('manager', 'first'))).toBe('unknown_appeal')
    expect(codeOf(await appeal('handler'))).toBe(null)
    expect(codeOf(await appeal('handler'))).toBe('already_appealed')
    expect((await feedback('handler', id)).canAppeal).toEqual([])
    // the second waits for the first; the department, field staff and leaders do not make the first
    for (const person of ['admin', 'leader', 'field', 'handler'] as const)
      for (const step of ['first', 'second'])
        expect(codeOf(await review(person, step)), person).toBe('not_allowed')
    expect((await feedback('manager', id)).appeals).toMatchObject([{ review: 'first' }])
    expect(codeOf(await review('manager', 'first'))).toBe(null)
    expect(codeOf(await review('manager', 'first'))).toBe('already_reviewed')
    const both = await world.give('manager', 'leader', 'N-1')
    expect(codeOf(await review('manager', 'second'))).toBe('not_allowed')
    await both()
    expect((await feedback('leader', id)).appeals).toMatchObject([
      { review: 'second', isGranted: false },
    ])
    expect((await feedback('handler', id)).ratings).toMatchObject([{ isExempt: false }])
    expect(codeOf(await review('leader', 'second'))).toBe(null)
    expect(codeOf(await review('admin', 'second'))).toBe('already_reviewed')
    // exempt, and still there with reason and who decided
    expect(await feedback('field', id)).toMatchObject({
      ratings: [{ satisfied: 1, isExempt: true }],
      appeals: [
        {
          reason: 'Not ours',
          isGranted: true,
          reviews: [{ byName: 'manager' }, { byName: 'leader' }],
        },
      ],
    })
    expect(await readersOf('public.appeals')).toEqual([
      'admin',
      'leader',
      'manager',
      'field',
      'handler',
    ])
    const refused = await drawn()
    await rate('field', refused)
    await send('handler', 'appeal', { incidentId: refused, closing: 1, reason: 'x' })
    await send('manager', 'review_appeal', {
      ...{ incidentId: refused, closing: 1, review: 'first', isGranted: false, note: 'No' },
    })
    expect((await feedback('leader', refused)).appeals).toMatchObject([
      { review: null, isGranted: false },
    ])
    const late = await closed(15)
    expect(
      codeOf(await send('handler', 'appeal', { incidentId: late, closing: 1, reason: 'x' })),
    ).toBe('too_late')
  })

  it('signs of coaching are told to those who lead the area', async () => {
    interface Sign {
      kind: string
      count: number
      areaCode: string | null
      personName: string | null
      words: string | null
    }
    const signs = async (person: Person): Promise<Sign[]> =>
      (await ask<{ signs: Sign[] }>(person, 'public.rating_signs()')).signs
    for (let n = 0; n < 30; n++) await closed(0)
    await draw('manager', { count: 30 })
    const { rows } = await sheet('field')
    for (const { incidentId } of rows.slice(0, 29)) await rate('field', incidentId)
    // 29 are too few to say that all are equal
    expect((await signs('leader')).map(({ kind }) => kind)).toEqual([
      'at_once',
      'burst',
      'same_words',
    ])
    await rate('field', rows[29]!.incidentId, { why: ' they  came, ＡＴ once！' })
    const all = await signs('leader')
    expect(all).toMatchObject([
      { kind: 'all_equal', areaCode: 'N-1', count: 30 },
      { kind: 'at_once', areaCode: 'N-1', count: 30 },
      { kind: 'burst', areaCode: null, personName: 'field', count: 30 },
      { kind: 'same_words', areaCode: 'N-1', words: answers.why, count: 30 },
    ])
    expect(await who(async (person) => (await signs(person)).length > 0)).toEqual([
      ...['admin', 'leader', 'manager'],
    ])
    await db.exec(`update public.ratings set satisfied = 4 where satisfied = 5 and ctid = (
      select ctid from public.ratings limit 1)`)
    expect((await signs('manager')).map(({ kind }) => kind)).not.toContain('all_equal')
    await expect(ask('leader', 'public.rating_signs(0)')).rejects.toThrow('p_days')
  })

  it('several callers on one device within ten minutes are a sign; on devices of their own they are none', async () => {
    interface Sign {
      kind: string
      count: number
      personName: string | null
      people: string[]
      from: string
      to: string
    }
    const signs = async (person: Person): Promise<Sign[]> =>
      (await ask<{ signs: Sign[] }>(person, 'public.rating_signs()')).signs.filter(({ kind }) =>
        kind.endsWith('burst'),
      )
    for (let n = 0; n < 12; n++) await closed()
    await draw('manager', { count: 12, callers: [people.field, people.manager] })
    const callsOf = async (person: Person) =>
      (await sheet(person)).rows.filter(({ isMine }) => isMine).map((row) => row.incidentId)
    const [field, manager] = [await callsOf('field'), await callsOf('manager')]
    expect([field.length, manager.length]).toEqual([6, 6])
    const [one, other] = [randomUUID(), randomUUID()]
    const answer = async (person: Person, ids: string[], deviceId?: string) => {
      for (const id of ids)
        expect(codeOf(await rate(person, id, deviceId ? { deviceId } : {}))).toBe(null)
    }
    // six of each caller: no burst of theirs
    await answer('field', field.slice(0, 4), one)
    await answer('manager', manager.slice(0, 3), one)
    await answer('manager', manager.slice(3, 4))
    await answer('field', field.slice(4), other)
    expect(await signs('leader')).toEqual([])
    await answer('manager', manager.slice(4), one)
    const shared = {
      kind: 'device_burst',
      personName: null,
      people: ['field', 'manager'],
      count: 9,
    }
    expect(await signs('leader')).toMatchObject([shared])
    expect(await who(async (person) => (await signs(person)).length > 0)).toEqual([
      ...['admin', 'leader', 'manager'],
    ])
    // the last of them an hour ago: eight within ten minutes are left, one more and they are too few
    const backdate = (id: string) =>
      db.query(`update public.ratings set at = at - interval '1 hour' where incident_id = $1`, [id])
    await backdate(field[0]!)
    expect(await signs('leader')).toMatchObject([{ ...shared, count: 8 }])
    await backdate(field[1]!)
    expect(await signs('leader')).toEqual([])
    await db.exec(`update public.ratings set at = now()`)
    // all by one caller: a burst of theirs, and no second sign of the same
    await db.query(`update public.ratings set asked_by = $1`, [people.field])
    expect(await signs('leader')).toMatchObject([{ kind: 'burst', personName: 'field', count: 12 }])
    await db.query(`update public.ratings set asked_by = $1 where incident_id = any ($2::uuid[])`, [
      people.manager,
      manager,
    ])
    // from as many devices none
    await db.exec(`update private.rating_devices set device_id = gen_random_uuid()`)
    expect(await signs('leader')).toEqual([])
  })

  it('the number of a device is a UUID or none, and no one reads it', async () => {
    const ids = [await closed(), await closed(), await closed()]
    await draw('manager')
    for (const deviceId of ['', 'my-phone', randomUUID().toUpperCase(), 7, {}])
      expect(
        (await rate('field', ids[0]!, { deviceId })).error,
        JSON.stringify(deviceId),
      ).toMatchObject({
        field: 'deviceId',
      })
    const deviceId = randomUUID()
    expect(codeOf(await rate('field', ids[0]!, { deviceId }))).toBe(null)
    expect(codeOf(await rate('field', ids[1]!, { deviceId: null }))).toBe(null)
    expect(codeOf(await rate('field', ids[2]!))).toBe(null)
    expect(await db.query('select incident_id, device_id from private.rating_devices')).toEqual([
      { incident_id: ids[0], device_id: deviceId },
    ])
    expect(JSON.stringify(await db.query('select data from public.incident_log'))).not.toContain(
      deviceId,
    )
    for (const person of everybody) {
      await expect(
        db.asUser(people[person], (tx) => tx.query('select 1 from private.rating_devices')),
      ).rejects.toThrow('permission denied')
      expect(JSON.stringify(await feedback(person, ids[0]!)), person).not.toContain(deviceId)
    }
  })

  it('travel as columns of four bytes, by the month of closing, within sight', async () => {
    const month = await day(
      `to_char(now() at time zone 'Asia/Shanghai' - interval '1 day', 'YYYY-MM')`,
    )
    const months = (person: Person, cursor: string | null = null) =>
      ask<{
        cursor: string
        reset: boolean
        months: { month: string; count: number; revision: string }[]
      }>(person, 'public.rating_months($1)', [cursor])
    const packed = async (person: Person): Promise<PackedRatings> =>
      (await ask<PackedRatings[]>(person, `public.rating_columns('{${month}}')`))[0]!
    expect((await months('admin')).months).toEqual([])
    const [rated, waiting] = [await closed(), await closed()]
    await draw('manager')
    await rate('field', rated, { solved: false, satisfied: 2, responded: null })
    expect(await months('admin')).toMatchObject({ reset: true, months: [{ month, count: 2 }] })
    const { cursor } = await months('admin')
    expect(await months('admin', cursor)).toMatchObject({ reset: false, months: [] })
    const seen = await packed('field')
    expect(seen.count).toBe(2)
    const dayOfMonth = await day(
      `date_part('day', now() at time zone 'Asia/Shanghai' - interval '1 day')`,
    )
    expect(seen.runs).toEqual([
      {
        ...{ department: 'public_works', way: 'callback', isExempt: false, isGenerated: false },
        count: 2,
        days: Array.from({ length: 31 }, (_, at) => (at + 1 === Number(dayOfMonth) ? 2 : 0)),
      },
    ])
    expect(Buffer.from(seen.area + seen.category + seen.answer, 'base64')).toBeTruthy()
    const bytes = (text: string) => [...Buffer.from(text, 'base64')]
    expect(bytes(seen.area).length + bytes(seen.category).length + bytes(seen.answer).length).toBe(
      8,
    )
    expect(bytes(seen.answer).map(answersOf)).toEqual([
      { outcome: 'reached', responded: null, solved: false, satisfied: 2 },
      { outcome: 'waiting', responded: null, solved: null, satisfied: null },
    ])
    // the department does not learn of a call that waits
    expect((await packed('handler')).count).toBe(1)
    expect((await packed('otherManager')).count).toBe(0)
    await send('field', 'callback_outcome', { incidentId: waiting, closing: 1, outcome: 'refused' })
    expect((await months('admin', cursor)).months).toMatchObject([{ month, count: 2 }])
    expect((await months('otherManager', cursor)).months).toMatchObject([{ month, count: 0 }])
    expect((await months('admin')).months[0]!.revision).toBe((await packed('admin')).revision)
    expect(bytes((await packed('handler')).answer).map((byte) => answersOf(byte).outcome)).toEqual([
      ...['reached', 'refused'],
    ])
    // an incident that moves to another area takes its answers along
    await db.query(`update public.incidents set area_code = 'N-10-A' where id = $1::uuid`, [rated])
    expect([(await packed('field')).count, (await packed('otherManager')).count]).toEqual([1, 1])
    await expect(ask('admin', `public.rating_columns('{2026-13}')`)).rejects.toThrow('p_months')
  })

  it('narrow the list, the points and the columns to exactly the incidents they are about', async () => {
    const today = await day('private.city_today()')
    const yesterday = await day(`(now() at time zone 'Asia/Shanghai' - interval '1 day')::date`)
    const [sad, glad, old, silent] = [
      await closed(),
      await closed(),
      await closed(3),
      await closed(),
    ]
    await draw('manager')
    await rate('field', sad, { solved: false, satisfied: 2 })
    await rate('field', glad, { solved: true, satisfied: 4, responded: false, why: 'Li said so' })
    await rate('field', old, { solved: false, satisfied: null })
    const found = async (filter: object, person: Person = 'leader') => {
      const text = JSON.stringify(filter)
      const [list, columns] = [
        await ask<{ rows: { id: string }[] }>(
          person,
          `public.incident_list($1::text::jsonb, 'reported_desc', null, 200)`,
          [text],
        ),
        await ask<{ count: number }[]>(person, 'public.answered_columns($1::text::jsonb)', [text]),
      ]
      expect(columns.reduce((sum, { count }) => sum + count, 0)).toBe(list.rows.length)
      return list.rows.map(({ id }) => id).sort()
    }
    expect(await found({ answers: ['unsolved'] })).toEqual([sad, old].sort())
    expect(await found({ answers: ['satisfied', 'unresponded'] })).toEqual([glad])
    expect(await found({ answers: ['solved', 'unsolved'] })).toEqual([sad, glad, old].sort())
    const within = { closedFrom: yesterday, closedTo: today }
    expect(await found({ answers: ['unsolved'], ...within })).toEqual([sad])
    const earlier = await day(`(now() at time zone 'Asia/Shanghai' - interval '2 days')::date`)
    expect(await found({ answers: ['unsolved'], closedTo: earlier })).toEqual([old])
    expect(await found({ answers: ['unsolved'], closers: ['public_works'], ...within })).toEqual([
      sad,
    ])
    expect(await found({ answers: ['unsolved'], closers: ['parks'] })).toEqual([])
    expect(await found({ answers: ['unsolved'], areas: ['N-10'] })).toEqual([])
    expect(await found({ answers: ['unsolved'] }, 'otherManager')).toEqual([])
    expect(await found({ answers: ['unsolved'] }, 'handler')).toEqual([sad, old].sort())
    // an exempt answer is in no other choice
    await db.query('update public.ratings set is_exempt = true where incident_id = $1::uuid', [sad])
    expect(await found({ answers: ['unsolved', 'unsatisfied'] })).toEqual([old])
    expect(await found({ answers: ['exempt'] })).toEqual([sad])
    for (const wrong of [{ answers: ['good'] }, { answers: [1] }, { closedTo: '2026-02-30' }])
      await expect(found(wrong), JSON.stringify(wrong)).rejects.toThrow('filter.')
    await expect(
      ask('leader', `public.answered_columns('{}')`),
      'all incidents are asked otherwise',
    ).rejects.toThrow('filter.answers')
    expect(silent).toBeTruthy()
  })

  it('give words to those of the area, without names, and the closings that leave the rates', async () => {
    const [first, second] = [await closed(), await closed()]
    await draw('manager')
    await rate('field', first, { solved: false, satisfied: 1, why: 'Ask the MANAGER, not me' })
    await rate('field', second, { why: '王.小明 fine' })
    await db.query(`update public.profiles set display_name = '王.小明' where user_id = $1::uuid`, [
      people.stranger,
    ])
    interface Comments {
      total: number
      rows: { incidentId: string; words: string; satisfied: number }[]
    }
    const comments = (person: Person, filter: object = {}) =>
      ask<Comments>(person, 'public.rating_comments($1::text::jsonb)', [JSON.stringify(filter)])
    expect(
      (await comments('leader')).rows.toSorted((a, b) => a.satisfied - b.satisfied),
    ).toMatchObject([
      { incidentId: first, words: 'Ask the …, not me', satisfied: 1 },
      { incidentId: second, words: '… fine' },
    ])
    expect(await who(async (person) => (await comments(person)).total > 0)).toEqual([
      ...['admin', 'leader', 'manager', 'field'],
    ])
    expect((await comments('leader', { closedTo: '2026-01-01' })).total).toBe(0)

    interface Exclusions {
      total: number
      rows: { incidentId: string; reason: string; decidedByName: string; note: string }[]
    }
    const excluded = (person: Person, filter: object = {}) =>
      ask<Exclusions>(person, 'public.rating_exclusions($1::text::jsonb)', [JSON.stringify(filter)])
    await send('handler', 'appeal', { incidentId: first, closing: 1, reason: 'Not ours' })
    expect((await excluded('leader')).total).toBe(0)
    for (const [person, review] of [
      ['manager', 'first'],
      ['leader', 'second'],
    ] as const)
      await send(person, 'review_appeal', {
        ...{ incidentId: first, closing: 1, review, isGranted: true, note: 'True' },
      })
    expect(await excluded('admin')).toMatchObject({
      total: 1,
      rows: [{ incidentId: first, reason: 'Not ours', decidedByName: 'leader', note: 'True' }],
    })
    expect(await who(async (person) => (await excluded(person)).total > 0)).toEqual([
      ...['admin', 'leader', 'manager', 'field', 'handler'],
    ])
    expect((await excluded('admin', { areas: ['N-10'] })).total).toBe(0)
    expect((await comments('leader')).total).toBe(1)
  })

  it('are held against all who were called, by area, category, channel and time to close', async () => {
    const [quick, refused, missed] = [await closed(), await closed(), await closed()]
    await closed()
    await db.query(
      `update public.incidents set reported_at = closed_at - interval '2 days', channel = 'phone',
         month = private.local_month(closed_at - interval '2 days') where id = $1::uuid`,
      [quick],
    )
    await draw('manager')
    await rate('field', quick)
    for (const [incidentId, outcome] of [
      [refused, 'refused'],
      [missed, 'not_reached'],
    ] as const)
      await send('field', 'callback_outcome', { incidentId, closing: 1, outcome, note: '' })
    interface Groups {
      groups: { by: string; key: string; called: number; reached: number; answered: number }[]
    }
    const groups = async (person: Person, filter: object = {}, level = 'district') =>
      (
        await ask<Groups>(person, 'public.asked_groups($1::text::jsonb, $2)', [
          ...[JSON.stringify(filter), level],
        ])
      ).groups.map(
        ({ by, key, called, reached, answered }) =>
          `${by} ${key}: ${called} ${reached} ${answered}`,
      )
    // the fourth still waits
    expect(await groups('leader')).toEqual([
      ...['area N-1: 3 2 1', 'category other: 3 2 1', 'channel hotline: 2 1 0'],
      ...['channel phone: 1 1 1', 'took longer: 2 1 0', 'took week: 1 1 1'],
    ])
    expect(await groups('leader', {}, 'grid')).toContain('area N-1_A: 3 2 1')
    expect(await who(async (person) => (await groups(person)).length > 0)).toEqual([
      ...['admin', 'leader', 'manager', 'field', 'handler'],
    ])
    expect(await groups('leader', { closedTo: '2026-01-01' })).toEqual([])
    expect(await groups('leader', { areas: ['N-10'] })).toEqual([])
    await expect(groups('leader', {}, 'street')).rejects.toThrow('p_level')
  })

  it('are held against targets that admins of the whole city set', async () => {
    const target = (person: Person, perThousand: unknown, rateName = 'solved') =>
      send(person, 'set_rating_target', {
        rate: rateName,
        ...(perThousand !== undefined && { perThousand }),
      })
    const known = () =>
      ask<{ canEdit: boolean; perThousand: Record<string, number> }>(
        'field',
        'public.rating_targets()',
      )
    for (const person of everybody)
      expect(codeOf(await target(person, 900)), person).toBe(
        person === 'admin' ? null : 'not_allowed',
      )
    expect(await known()).toEqual({ canEdit: false, perThousand: { solved: 900 } })
    await target('admin', 950)
    expect((await known()).perThousand).toEqual({ solved: 950 })
    for (const wrong of [0, 1001, 1.5, '900'])
      expect((await target('admin', wrong)).error, String(wrong)).toMatchObject({
        field: 'perThousand',
      })
    expect((await target('admin', 900, 'kind')).error).toMatchObject({ field: 'rate' })
    await target('admin', undefined)
    expect((await known()).perThousand).toEqual({})
  })
})
