import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { WorkAhead } from '../../src/domain/time/work-ahead.ts'
import { storeCalendar, storeCalendarYears } from '../server/import/store-calendar.ts'
import { photoRef } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { nextWeek, workflowWorld } from './workflow-world.ts'
import type { WorkflowWorld } from './workflow-world.ts'

interface Other {
  id: string
  stage: string
  meters: number | null
}
interface Entry {
  kind: string
  actorName: string | null
  actorRoles: string[] | null
  actorDepartments: string[] | null
  data: Record<string, unknown>
}
interface Field {
  name: string
  choices: string[] | null
  choiceNames: { code: string; nameZh: string; nameEn: string }[]
}
interface Detail {
  incident: { handler: string | null; assignee: string | null }
  transitions: { name: string; fields: Field[] }[]
  log: Entry[]
  people: Record<string, string>
  clocks: {
    kind: string
    departmentCode: string | null
    isWorkingTime: boolean
    calendar: string | null
    runs: [string, string][]
    runningSince: string | null
    limitSeconds: number | null
    usedSeconds: number | null
    dueAt: string | null
    stoppedAt: string | null
  }[]
  asOf: string
  workAhead: Record<string, WorkAhead>
  holds: [string, string | null][]
  family: { parentId: string | null; parent: Other | null; children: Other[] }
  spot: { radiusMeters: number; ordinal: number | null; count: number; rows: Other[] }
}

describeOnEachDatabase('the page of an incident', (kind) => {
  let db: TestDatabase
  let world: WorkflowWorld
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    world = workflowWorld(db)
  })
  afterAll(() => db?.close())
  // Each case has its spot for itself.
  let lon = 10.1
  beforeEach(() => void (lon += 0.05))
  const here = (meters = 0) => ({ lon: lon + meters / 103_900, lat: 21 })

  const detail = async (person: Person, id: string): Promise<Detail | null> =>
    db.asUser(people[person], async (tx) => {
      const [found] = await tx.query<{ detail: Detail | null }>(
        'select public.incident_detail($1::uuid) as detail',
        [id],
      )
      return found!.detail
    })
  const seen = async (person: Person, id: string): Promise<Detail> => {
    const found = await detail(person, id)
    expect(found, `${person} sees ${id}`).not.toBeNull()
    return found!
  }
  const age = (id: string, interval: string) =>
    db.query(
      `update public.incidents set reported_at = now() - $2::text::interval,
         month = date_trunc('month', now() - $2::text::interval)::date where id = $1`,
      [id, interval],
    )

  it('names those whom the log names, to who sees the incident and to nobody else', async () => {
    const { at, step } = world
    const id = await at('filed', here())
    await step('manager', id, 'dispatch', {
      department: 'public_works',
      handler: people.handler,
    })
    const { incident, people: named, log } = await seen('field', id)
    expect(incident).toMatchObject({ handler: people.handler, assignee: null })
    expect(named).toEqual({ [people.handler]: 'handler' })
    expect(log.at(-1)).toMatchObject({
      actorName: 'manager',
      actorRoles: ['grid_manager'],
      data: { handler: people.handler },
    })
    await step('handler', id, 'handle', { note: '好了', photos: [photoRef()] })
    const end = await world.give('handler', 'handler', 'N', 'parks')
    await step('manager', id, 'assign', { assignee: people.field })
    const after = await seen('manager', id)
    expect(after.people).toEqual({ [people.handler]: 'handler', [people.field]: 'field' })
    // the department that it was given to, not the other one
    expect(after.log.find(({ data }) => data['name'] === 'handle')).toMatchObject({
      actorRoles: ['handler'],
      actorDepartments: ['public_works'],
    })
    await end()
    // the handler loses sight of it, and with it of the names
    await db.query(`update public.incidents set department_code = 'parks' where id = $1`, [id])
    expect(await detail('handler', id)).toBeNull()
    expect(await detail('otherManager', id)).toBeNull()
    expect(await detail('stranger', id)).toBeNull()
    // the names open no profile
    expect(
      await db.asUser(people.field, (tx) => tx.query('select user_id from public.profiles')),
    ).toEqual([{ user_id: people.field }])
  })

  it('says the role a person had when they acted, not the one of today', async () => {
    const id = await world.at('filed', here())
    await db.query(
      `update public.memberships set valid_to = now() where user_id = $1 and role = 'grid_manager'`,
      [people.manager],
    )
    const { log } = await seen('field', id)
    expect(log.map(({ actorRoles }) => actorRoles)).toEqual([['field_staff'], ['grid_manager']])
    await db.query(`update public.memberships set valid_to = null where user_id = $1`, [
      people.manager,
    ])
  })

  it('counts what happened at the spot within a year, and what happened later', async () => {
    const { report, at, step } = world
    const third = await report(here())
    const old = await report(here(40))
    const older = await report(here(-75))
    const rejected = await report(here(5))
    await step('manager', rejected, 'reject', { note: '不属实' })
    const merged = await report(here(6))
    await step('manager', merged, 'merge', { into: third })
    const other = await report({ ...here(), categoryCode: 'dust' })
    const far = await report(here(130))
    const ancient = await report(here(10))
    const later = await at('filed', here(20))
    await age(old, '100 days')
    await age(older, '364 days')
    await age(ancient, '400 days')
    await age(third, '1 day')
    const { spot } = await seen('manager', third)
    expect(spot).toMatchObject({ radiusMeters: 100, ordinal: 3, count: 3 })
    expect(spot.rows.map(({ id }) => id)).toEqual([later, old, older])
    expect(spot.rows.map(({ meters }) => Math.round(meters! / 5) * 5)).toEqual([20, 40, 75])
    expect((await seen('manager', later)).spot).toMatchObject({ ordinal: 4, count: 3 })
    expect((await seen('manager', merged)).spot.ordinal).toBeNull()
    expect((await seen('manager', other)).spot).toMatchObject({ ordinal: 1, count: 0, rows: [] })
    expect((await seen('manager', far)).spot.rows.map(({ id }) => id)).not.toContain(older)
    // A category without a radius has no spot.
    await db.query(`update public.categories set duplicate_radius_meters = 0 where code = 'noise'`)
    expect((await seen('manager', third)).spot).toMatchObject({ ordinal: null, rows: [] })
    await db.query(
      `update public.categories set duplicate_radius_meters = 100 where code = 'noise'`,
    )
  })

  it('counts and shows at the spot only what the caller sees', async () => {
    const { report, at } = world
    const dispatched = await at('dispatched', here())
    await report(here(10))
    expect((await seen('manager', dispatched)).spot).toMatchObject({ count: 1 })
    // the handler sees its department's alone
    expect((await seen('handler', dispatched)).spot).toMatchObject({
      ordinal: 1,
      count: 0,
      rows: [],
    })
  })

  it('finds the spot by the index of places', async () => {
    const id = await world.report(here())
    await db.query(
      `insert into public.incidents (district_code, id, category_code, area_code, lon, lat, qx, qy,
         reported_at, month, state, source, source_id)
       select 'N-1', gen_random_uuid(), 'noise', 'N-1_A', 10 + n / 4000.0, 20 + n % 7 / 4.0, 0, 0,
         now(), date_trunc('month', now())::date, 'reported', 'many', n::text
       from generate_series(1, 4000) n`,
    )
    await db.exec('analyze public.incidents')
    const [made] = await db.query<{ sql: string; row: string }>(
      `select private.spot_query('true') as sql, quote_literal(i) as row
       from public.incidents i where id = $1`,
      [id],
    )
    const sql = made!.sql.replaceAll('$1', `${made!.row}::public.incidents`).replaceAll('$2', '100')
    const plan = await db.query<Record<string, string>>(`explain ${sql}`)
    const text = plan.map((line) => Object.values(line)[0]).join('\n')
    await db.query(`delete from public.incidents where source = 'many'`)
    expect(text).toContain('incidents_geom_idx')
    expect(text).not.toContain('Seq Scan')
  })

  it('shows parent and children, to each what they see', async () => {
    const { report, at, step } = world
    const parent = await at('dispatched', here())
    const child = await report(here(3))
    const second = await report(here(4))
    await step('manager', child, 'merge', { into: parent })
    await step('manager', second, 'merge', { into: parent })
    const family = (await seen('manager', parent)).family
    expect(family).toMatchObject({ parentId: null, parent: null })
    expect(family.children.map(({ id, stage }) => [id, stage])).toEqual([
      [child, 'merged'],
      [second, 'merged'],
    ])
    expect((await seen('manager', child)).family).toMatchObject({
      parentId: parent,
      parent: { id: parent, stage: 'dispatched' },
      children: [],
    })
    // a handler of the department sees the parent alone
    expect((await seen('handler', parent)).family.children).toEqual([])
    // a reporter learns that there is a parent, and nothing about it
    await db.query(`update public.incidents set area_code = 'N-1-A' where id = $1`, [parent])
    expect((await seen('field', child)).family).toEqual({
      parentId: parent,
      parent: { ...(await seen('field', child)).family.parent },
      children: [],
    })
    await db.query('update public.incidents set reported_by = null where id = $1', [parent])
    expect((await seen('field', child)).family).toEqual({
      parentId: parent,
      parent: null,
      children: [],
    })
    await step('handler', parent, 'handle', { note: '好了', photos: [photoRef()] })
    await step('manager', parent, 'check_pass')
    expect((await seen('manager', child)).log.at(-1)).toMatchObject({
      kind: 'parent_closed',
      data: { parent },
    })
  })

  it('lists clocks with their runs, and holds', async () => {
    const { at, step } = world
    await storeCalendar(db, {
      ...{ code: 'always', nameZh: '全天', nameEn: 'Always', workingDay: '24:00' },
      hours: [{ weekdays: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }],
    })
    const year = new Date().getUTCFullYear()
    const years = [year - 1, year, year + 1].map((one) => ({ year: one, papers: [], days: [] }))
    await storeCalendarYears(db, 'always', years, 'test')
    const id = await at('dispatched', here())
    await step('leader', id, 'hold', { until: nextWeek() })
    const held = await seen('manager', id)
    expect(held.holds).toEqual([[expect.any(String), null]])
    expect(held.clocks.map((clock) => clock.kind)).toEqual(['accept', 'dispatch', 'handle'])
    for (const { runningSince, dueAt, runs } of held.clocks)
      expect([runningSince, dueAt, runs.length]).toEqual([null, null, expect.any(Number)])
    // nothing runs
    expect(held.workAhead).toEqual({})
    await step('manager', id, 'resume')
    const { holds, clocks, asOf, workAhead } = await seen('manager', id)
    expect(holds).toEqual([[held.holds[0]![0], expect.any(String)]])
    expect(clocks.at(-1)).toMatchObject({
      kind: 'handle',
      departmentCode: 'public_works',
      isWorkingTime: true,
      stoppedAt: null,
      runningSince: expect.any(String),
    })
    expect(clocks[0]).toMatchObject({ kind: 'accept', isWorkingTime: false, limitSeconds: 900 })
    expect(clocks[0]!.calendar).toBeNull()
    expect(clocks.at(-1)!.calendar).toBe('always')
    const until = Date.parse(asOf) + 7 * 86_400_000
    expect(Object.entries(workAhead)).toEqual([
      ['always', { until: expect.any(String), spans: [[asOf, workAhead['always']?.until]] }],
    ])
    expect(Date.parse(workAhead['always']!.until)).toBe(until)
  })

  it('counts the time a running clock has used up to now', async () => {
    const id = await world.report(here())
    await db.query(
      `update public.incident_clocks set running_since = date_trunc('minute', now()) - interval '10 minutes'
       where incident_id = $1`,
      [id],
    )
    const [clock] = (await seen('manager', id)).clocks
    expect(clock!.usedSeconds).toBeGreaterThanOrEqual(600)
    expect(clock!.usedSeconds).toBeLessThan(700)
  })

  it('offers of a decision only the answers that can succeed', async () => {
    const { at, step } = world
    const id = await at('dispatched', here())
    const answers = async (person: Person) =>
      (await seen(person, id)).transitions
        .find(({ name }) => name === 'decide_extension')!
        .fields.find(({ name }) => name === 'isApproved')!.choices
    await step('handler', id, 'request_extension', { note: '等材料' })
    expect(await answers('manager')).toBeNull()
    await step('manager', id, 'decide_extension', { isApproved: true })
    await step('handler', id, 'request_extension', { note: '还等' })
    expect(await answers('manager')).toEqual(['false'])
    expect(await answers('leader')).toBeNull()
  })

  it('has the words of choices as rows', async () => {
    const id = await world.report(here())
    const field = (await seen('leader', id)).transitions
      .find(({ name }) => name === 'escalate')!
      .fields.find(({ name }) => name === 'kind')!
    expect(field.choices).toEqual(['timeout', 'leader', 'important'])
    expect(field.choiceNames[1]).toEqual({
      code: 'leader',
      nameZh: '领导督办',
      nameEn: "Leader's concern",
    })
    await expect(
      db.query(`update public.workflow_fields set choices_en = '{One}' where name = 'kind'`),
    ).rejects.toMatchObject({ code: '23514' })
  })
})
