import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { applyCommands, commandOf } from './harness/commands.ts'
import type { Receipt } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { workflowWorld } from './workflow-world.ts'

interface Marks {
  makesIn: string[]
  followUps: { id: string; areaCode: string; departmentCode: string | null; facts: object }[]
  dismissals: { id: string; reason: string; untilDay: string | null; madeByName: string }[]
}

const everybody = Object.keys(people) as Person[]
const facts = {
  ...{ method: 'per_square_km', observed: 41, expected: 13.25, ratio: 3.0943 },
  ...{ from: '2026-01-01', to: '2026-02-28' },
}

describeOnEachDatabase('marks on findings', (kind) => {
  let db: TestDatabase
  let world: ReturnType<typeof workflowWorld>
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    world = workflowWorld(db)
  })
  afterAll(() => db?.close())
  beforeEach(() => db.exec('delete from public.follow_ups; delete from public.finding_dismissals'))

  const send = async (person: Person, type: string, payload: unknown): Promise<Receipt> =>
    (await applyCommands(db, people[person], [commandOf(people[person], type, payload)]))[0]!
  const marks = (person: Person): Promise<Marks> =>
    db.asUser(people[person], async (tx) => {
      const [row] = await tx.query<{ r: Marks }>('select public.finding_marks() as r')
      return row!.r
    })
  const make = (person: Person, changes: Record<string, unknown> = {}) =>
    send(person, 'make_follow_up', {
      ...{ id: randomUUID(), areaCode: 'N-1_A', categoryCode: 'noise', note: 'Go there', facts },
      ...changes,
    })
  const dismiss = (person: Person, changes: Record<string, unknown> = {}) =>
    send(person, 'dismiss_finding', {
      ...{ id: randomUUID(), areaCode: 'N-1_A', categoryCode: 'noise', reason: 'A fair' },
      ...changes,
    })
  const who = async (sees: (person: Person) => Promise<number>): Promise<Person[]> => {
    const found: Person[] = []
    for (const person of everybody) if ((await sees(person)) > 0) found.push(person)
    return found
  }
  const rowsIn = (table: string) => (person: Person) =>
    db.asUser(people[person], async (tx) => (await tx.query(`select id from ${table}`)).length)

  it('are made by managers, leaders and admins within their areas alone', async () => {
    const makers: Person[] = ['admin', 'leader', 'manager']
    for (const person of everybody)
      for (const receipt of [await make(person), await dismiss(person)])
        expect(receipt, person).toMatchObject(
          makers.includes(person)
            ? { outcome: 'applied', incident_id: null }
            : { outcome: 'rejected', error: { code: 'not_allowed' } },
        )
    // N-10 begins with N-1; a manager of a district makes none for the city
    expect((await make('manager', { areaCode: 'N-10' })).error?.code).toBe('not_allowed')
    expect((await make('manager', { areaCode: 'N' })).error?.code).toBe('not_allowed')
    expect((await make('admin', { areaCode: 'nowhere' })).error?.code).toBe('not_allowed')
    expect(await who(async (person) => (await marks(person)).makesIn.length)).toEqual([
      ...makers,
      'otherManager',
    ])
  })

  it.each([
    ['a grid', 'N-1_A', null, ['admin', 'leader', 'manager', 'field']],
    ['another grid', 'N-1-A', null, ['admin', 'leader', 'manager']],
    ['the district around', 'N-1', null, ['admin', 'leader', 'manager', 'field']],
    ['a department', 'N-1-A', 'public_works', ['admin', 'leader', 'manager', 'handler']],
    ['another department', 'N-1-A', 'parks', ['admin', 'leader', 'manager']],
  ] as const)('a follow-up for %s: who sees it may finish it', async (_, areaCode, code, sees) => {
    const id = randomUUID()
    const department = code === null ? {} : { departmentCode: code }
    await make('manager', { id, areaCode, ...department, dueDay: '2026-03-01' })
    expect(await who(async (person) => (await marks(person)).followUps.length)).toEqual(sees)
    expect(await who(rowsIn('public.follow_ups'))).toEqual(sees)
    for (const person of everybody.filter((one) => !(sees as readonly Person[]).includes(one)))
      expect((await send(person, 'finish_follow_up', { id, note: 'x' })).error?.code).toBe(
        'unknown_mark',
      )
    for (const person of sees) {
      await db.exec(
        'update public.follow_ups set finished_by = null, finished_at = null, finish_note = null',
      )
      expect(await send(person, 'finish_follow_up', { id, note: 'Swept' }), person).toMatchObject({
        outcome: 'applied',
      })
    }
    expect((await marks('admin')).followUps).toEqual([])
    expect((await send('admin', 'finish_follow_up', { id, note: 'x' })).error?.code).toBe(
      'already_finished',
    )
  })

  it('a follow-up keeps the figures of its finding', async () => {
    const id = randomUUID()
    await make('manager', {
      id,
      departmentCode: 'public_works',
      note: ' Go there ',
      dueDay: '2026-03-01',
    })
    expect((await marks('handler')).followUps).toEqual([
      {
        ...{ id, areaCode: 'N-1_A', categoryCode: 'noise', departmentCode: 'public_works' },
        ...{ note: 'Go there', dueDay: '2026-03-01', facts, madeByName: 'manager' },
        madeAt: expect.any(String) as string,
      },
    ])
    expect((await make('manager', { id })).error).toMatchObject({ field: 'id' })
    for (const [changes, error] of [
      [{ note: ' ' }, { code: 'missing_field', field: 'note' }],
      [{ categoryCode: 'nothing' }, { code: 'unknown_category' }],
      [{ departmentCode: 'nobody' }, { code: 'invalid_field', field: 'departmentCode' }],
      [{ dueDay: '2026-02-30' }, { code: 'invalid_field', field: 'dueDay' }],
      [{ dueDay: 'now' }, { code: 'invalid_field', field: 'dueDay' }],
      [{ facts: undefined }, { code: 'missing_field', field: 'facts' }],
      [{ facts: { ...facts, method: 'magic' } }, { code: 'invalid_field', field: 'method' }],
      [{ facts: { ...facts, method: undefined } }, { code: 'missing_field', field: 'method' }],
      [{ facts: { ...facts, expected: -1 } }, { code: 'invalid_field', field: 'expected' }],
      [{ facts: { ...facts, more: 1 } }, { code: 'unknown_field' }],
      // the table's own check
      [{ facts: { ...facts, from: '2026-03-01' } }, { code: 'refused' }],
    ] as const)
      expect((await make('manager', changes)).error, JSON.stringify(changes)).toMatchObject(error)
    expect((await marks('admin')).followUps).toHaveLength(1)
  })

  it('a finding not of interest is one until its day, or until it is taken back', async () => {
    const id = randomUUID()
    await dismiss('manager', { id })
    const seen = await who(async (person) => (await marks(person)).dismissals.length)
    expect(seen).toEqual(['admin', 'leader', 'manager', 'field'])
    expect(await who(rowsIn('public.finding_dismissals'))).toEqual(seen)
    expect((await marks('field')).dismissals).toMatchObject([
      { id, reason: 'A fair', untilDay: null, madeByName: 'manager' },
    ])
    for (const person of ['otherManager', 'field', 'handler', 'stranger'] as const)
      expect((await send(person, 'restore_finding', { id })).error?.code, person).toBe(
        'not_allowed',
      )
    expect((await send('admin', 'restore_finding', { id: randomUUID() })).error?.code).toBe(
      'unknown_mark',
    )
    // twice: somebody else was faster
    for (const person of ['leader', 'manager'] as const)
      expect(await send(person, 'restore_finding', { id })).toMatchObject({ outcome: 'applied' })
    expect((await marks('field')).dismissals).toEqual([])
    expect(await db.query('select restored_by from public.finding_dismissals')).toEqual([
      { restored_by: people.leader },
    ])
    const [{ today, yesterday } = { today: '', yesterday: '' }] = await db.query<{
      today: string
      yesterday: string
    }>(`select private.city_today()::text as today, (private.city_today() - 1)::text as yesterday`)
    await dismiss('manager', { untilDay: yesterday })
    expect((await marks('field')).dismissals).toEqual([])
    await dismiss('manager', { untilDay: today })
    expect((await marks('field')).dismissals).toMatchObject([{ untilDay: today }])
    // the newest counts
    await dismiss('leader', { reason: 'A market' })
    expect((await marks('field')).dismissals).toMatchObject([{ reason: 'A market' }])
    expect((await dismiss('leader', { reason: '' })).error).toMatchObject({ field: 'reason' })
    expect((await marks('field')).dismissals).toMatchObject([{ reason: 'A market' }])
  })

  it('a role that has ended makes, sees and finishes nothing', async () => {
    const id = randomUUID()
    const end = await world.give('stranger', 'grid_manager', 'N-1')
    expect((await make('stranger', { id })).outcome).toBe('applied')
    await end()
    expect((await make('stranger')).error?.code).toBe('not_allowed')
    expect((await send('stranger', 'finish_follow_up', { id, note: 'x' })).error?.code).toBe(
      'unknown_mark',
    )
    expect(await marks('stranger')).toMatchObject({ makesIn: [], followUps: [] })
  })

  it('channels are counted in the areas and in all that the caller sees, under the rest of the filter', async () => {
    await db.query(`update public.incidents set channel = 'phone' where area_code = 'N-1_A'`)
    const counted = (person: Person, filter: object, areas: string[]) =>
      db.asUser(people[person], async (tx) => {
        const [row] = await tx.query<{ r: { channel: string; here: number; city: number }[] }>(
          'select public.channel_counts($1::text::jsonb, $2) as r',
          [JSON.stringify(filter), areas],
        )
        return row!.r
      })
    const expected = (person: Person, here: string[], condition = 'true') =>
      db.asUser(people[person], async (tx) => {
        const rows = await tx.query<{ channel: string; area: string }>(
          `select channel, area_code as area from public.incidents where ${condition}`,
        )
        return [...Map.groupBy(rows, ({ channel }) => channel)]
          .map(([channel, all]) => ({
            channel,
            here: all.filter(({ area }) => here.includes(area)).length,
            city: all.length,
          }))
          .toSorted((a, b) => b.here - a.here || b.city - a.city)
      })
    for (const person of ['leader', 'manager', 'handler'] as const) {
      expect(await counted(person, {}, ['N-1']), person).toEqual(
        await expected(person, ['N-1', 'N-1_A', 'N-1-A']),
      )
      expect(await counted(person, {}, ['N-1_A']), person).toEqual(
        await expected(person, ['N-1_A']),
      )
    }
    // the filter's areas are no part of the question, its categories are
    expect(await counted('leader', { areas: ['N-1_A'] }, ['N-1_A'])).toEqual(
      await expected('leader', ['N-1_A']),
    )
    expect(await counted('leader', { categories: ['noise'] }, ['N-1_A'])).toEqual(
      await expected('leader', ['N-1_A'], `category_code = 'noise'`),
    )
    expect(await counted('leader', {}, [])).toEqual(await expected('leader', []))
    await expect(counted('leader', { channel: 'app' }, [])).rejects.toMatchObject({ code: '22023' })
  })
})
