import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { applyCommands, commandOf } from './harness/commands.ts'
import type { Receipt } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { workflowWorld } from './workflow-world.ts'

interface Rule {
  areaCode: string | null
  categoryCode: string | null
  weekdays: number[]
  fromHour: number
  toHour: number
  departmentCode: string
  handler: string | null
}
interface View {
  id: string
  name: string
  query: string
  isShared: boolean
  isOwn: boolean
  ownerName: string
  canDelete: boolean
  version: number
}
interface Trial {
  total: number
  withoutRule: number
  withoutPresentRule: number
  changed: number
  dispatched: number
  unlikeDispatched: number
  presentUnlikeDispatched: number
  rules: number[]
  departments: {
    departmentCode: string | null
    proposed: number
    present: number
    dispatched: number
  }[]
  examples: { id: string; rule: number | null; departmentCode: string | null; isChanged: boolean }[]
}
interface Proposal {
  department: string | null
  handler: string | null
  rule: number | null
}

const everyDay = [1, 2, 3, 4, 5, 6, 7]
const rule = (changes: Partial<Rule> = {}): Rule => ({
  areaCode: null,
  categoryCode: null,
  weekdays: everyDay,
  fromHour: 0,
  toHour: 24,
  departmentCode: 'parks',
  handler: null,
  ...changes,
})

describeOnEachDatabase('settings', (kind) => {
  let db: TestDatabase
  let world: ReturnType<typeof workflowWorld>
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    world = workflowWorld(db)
  })
  afterAll(() => db?.close())

  const send = async (person: Person, type: string, payload: unknown): Promise<Receipt> =>
    (await applyCommands(db, people[person], [commandOf(people[person], type, payload)]))[0]!
  const ask = <T>(
    person: Person,
    expression: string,
    params: (string | number | null)[] = [],
  ): Promise<T> =>
    db.asUser(people[person], async (tx) => {
      const [row] = await tx.query<{ r: T }>(`select public.${expression} as r`, params)
      return row!.r
    })

  describe('saved views', () => {
    beforeEach(() => db.exec('delete from public.work_views'))
    const views = (person: Person) => ask<View[]>(person, 'work_view_list()')
    const save = (person: Person, changes: Record<string, unknown> = {}) =>
      send(person, 'save_view', {
        ...{ id: randomUUID(), baseVersion: 0, name: 'Trees', query: 'queue=to_file&area=N-1_A' },
        ...{ isShared: false, ...changes },
      })
    const rowsSeen = (person: Person) =>
      db.asUser(people[person], (tx) =>
        tx.query<{ name: string }>('select name from public.work_views order by name'),
      )

    it('are the maker’s alone until they are shared', async () => {
      const id = randomUUID()
      expect(await save('manager', { id })).toMatchObject({ outcome: 'applied', version: 1 })
      expect(await views('manager')).toMatchObject([
        { id, name: 'Trees', query: 'queue=to_file&area=N-1_A', isOwn: true, version: 1 },
      ])
      for (const other of ['admin', 'leader', 'otherManager', 'field', 'handler'] as const) {
        expect(await views(other), other).toEqual([])
        expect(await rowsSeen(other), other).toEqual([])
      }
      expect(await rowsSeen('manager')).toHaveLength(1)
    })

    it('that are shared are seen by the people of the same area or department, with their maker', async () => {
      const end = await world.give('field', 'grid_manager', 'N-1')
      await save('manager', { isShared: true })
      await save('handler', { isShared: true, name: 'Ours' })
      expect(await views('field')).toMatchObject([
        { name: 'Trees', isShared: true, isOwn: false, ownerName: 'manager', canDelete: false },
      ])
      expect(await rowsSeen('field')).toHaveLength(1)
      // N-10 begins with N-1; the admin has another scope
      expect(await views('otherManager')).toEqual([])
      expect(await views('admin')).toEqual([])
      await end()
      expect(await views('field')).toEqual([])
      const endHandler = await world.give('field', 'handler', 'N-1', 'public_works')
      expect(await views('field')).toMatchObject([{ name: 'Ours' }])
      await endHandler()
    })

    it('are changed by their maker alone; an admin may delete what is shared below', async () => {
      const id = randomUUID()
      await save('manager', { id, isShared: true })
      for (const other of ['admin', 'leader', 'field', 'stranger'] as const)
        expect(await save(other, { id, baseVersion: 1, name: 'Mine now' }), other).toMatchObject({
          outcome: 'rejected',
          error: { code: 'not_allowed' },
        })
      const remove = (person: Person, baseVersion = 1) =>
        send(person, 'delete_view', { id, baseVersion })
      for (const other of ['leader', 'otherManager', 'field', 'stranger'] as const)
        expect((await remove(other)).error?.code, other).toBe('not_allowed')
      expect((await views('manager'))[0]).toMatchObject({ name: 'Trees', version: 1 })
      expect(await remove('admin')).toMatchObject({ outcome: 'applied' })
      expect(await views('manager')).toEqual([])
      // undo: the same view again, by its maker
      expect(await save('manager', { id })).toMatchObject({ outcome: 'applied' })
    })

    it('do not overwrite what another device saved', async () => {
      const id = randomUUID()
      await save('manager', { id })
      expect(await save('manager', { id, baseVersion: 1, name: 'Two' })).toMatchObject({
        outcome: 'applied',
        version: 2,
      })
      expect(await save('manager', { id, baseVersion: 1, name: 'Late' })).toMatchObject({
        outcome: 'conflict',
        version: 2,
        error: { server: { version: 2, savedByName: 'manager' } },
      })
      expect((await send('manager', 'delete_view', { id, baseVersion: 1 })).outcome).toBe(
        'conflict',
      )
      expect(await views('manager')).toMatchObject([{ name: 'Two' }])
    })

    it('refuse what is no view', async () => {
      await save('manager')
      const code = async (changes: Record<string, unknown>) =>
        (await save('manager', { name: 'Another', ...changes })).error?.code
      expect(await code({ name: 'Trees' })).toBe('name_taken')
      expect(await code({ name: ' \u3000 ' })).toBe('missing_field')
      expect(await code({ name: 'x'.repeat(61) })).toBe('too_long')
      expect(await code({ query: '"><script>' })).toBe('invalid_field')
      expect(await code({ query: 'a='.repeat(501) })).toBe('too_long')
      expect(await code({ isShared: 'yes' })).toBe('invalid_field')
      expect(await code({ owner: people.admin })).toBe('unknown_field')
      expect((await save('stranger')).error?.code).toBe('not_allowed')
      for (let n = 1; n < 100; n++)
        await db.query(
          `insert into public.work_views (id, owner, name, query, changed_at)
           values (gen_random_uuid(), $1, $2, '', now())`,
          [people.manager, `view ${n}`],
        )
      expect(await code({})).toBe('too_many')
    })
  })

  describe('dispatch rules', () => {
    beforeEach(() =>
      db.exec(`delete from public.dispatch_rules; delete from public.dispatch_rule_lists;
        alter table public.incident_log disable trigger refuse_log_change;
        truncate public.incidents, public.incident_log, public.incident_photos cascade;
        alter table public.incident_log enable trigger refuse_log_change`),
    )
    const save = (rules: unknown, baseVersion = 0, person: Person = 'admin') =>
      send(person, 'save_dispatch_rules', { baseVersion, rules })
    const listed = (person: Person = 'admin') =>
      ask<{
        version: number
        canEdit: boolean
        areaCodes: string[] | null
        rules: Rule[]
        handlers: { id: string }[]
      }>(person, 'dispatch_rule_list()')
    const attempt = (rules: readonly Rule[], person: Person = 'admin') =>
      ask<Trial>(person, 'try_dispatch_rules($1::text::jsonb)', [JSON.stringify(rules)])
    const proposal = async (id: string): Promise<Proposal> =>
      (
        await db.query<{ r: Proposal }>(
          'select private.proposed_dispatch(i, now()) as r from public.incidents i where i.id = $1',
          [id],
        )
      )[0]!.r
    const dispatchFields = (id: string) =>
      db.asUser(people.manager, async (tx) => {
        const [row] = await tx.query<{ fields: Record<string, unknown>[] }>(
          `select t -> 'fields' as fields from jsonb_array_elements(
             public.incident_detail($1::uuid) -> 'transitions') t where t ->> 'name' = 'dispatch'`,
          [id],
        )
        return Object.fromEntries(row!.fields.map((field) => [field['name'], field]))
      })

    it('are saved as a whole list by an admin of the whole city', async () => {
      expect(await listed()).toMatchObject({
        version: 0,
        canEdit: true,
        areaCodes: null,
        rules: [],
      })
      const rules = [rule({ areaCode: 'N-1', handler: null }), rule({ weekdays: [6, 7] })]
      expect(await save(rules)).toMatchObject({ outcome: 'applied', version: 1 })
      expect((await listed()).rules).toMatchObject(rules)
      expect(await listed('leader')).toMatchObject({
        ...{ version: 1, canEdit: false, areaCodes: [], handlers: [] },
      })
      for (const other of ['leader', 'field', 'handler', 'stranger'] as const)
        // not even as it is
        expect((await save(rules, 1, other)).error?.code, other).toBe('not_allowed')
      expect((await save([], 1, 'manager')).error?.code).toBe('not_allowed')
      const end = await world.give('manager', 'admin', 'N-1')
      expect((await save([], 1, 'manager')).error?.code).toBe('not_allowed')
      await end()
      expect((await listed()).version).toBe(1)
      const seen = (person: Person) =>
        db.asUser(people[person], (tx) => tx.query('select from public.dispatch_rules'))
      expect(await seen('manager')).toHaveLength(2)
      expect(await seen('field')).toEqual([])
    })

    it('of their areas are added, changed, ordered and removed by managers, no others', async () => {
      const everywhere = rule({ weekdays: [6, 7] })
      const theirs = rule({ areaCode: 'N-10-A' })
      const own = rule({ areaCode: 'N-1', departmentCode: 'public_works' })
      const deep = rule({
        areaCode: 'N-1-A',
        handler: people.handler,
        departmentCode: 'public_works',
      })
      expect((await save([everywhere, theirs])).outcome).toBe('applied')
      const scope = ['N-1', 'N-1-A', 'N-1_A']
      expect(await listed('manager')).toMatchObject({
        canEdit: true,
        areaCodes: scope,
        handlers: [{ id: people.handler }],
      })
      let version = 1
      const works = async (rules: Rule[]) => {
        expect(await save(rules, version, 'manager')).toMatchObject({ outcome: 'applied' })
        version++
        expect((await listed()).rules).toMatchObject(rules)
      }
      // added above and below the others, moved, changed, removed
      await works([own, everywhere, theirs, deep])
      await works([deep, everywhere, own, theirs])
      await works([{ ...deep, fromHour: 6 }, everywhere, theirs])

      const first = { ...deep, fromHour: 6 }
      const refused: [string, Rule[], string][] = [
        ['changed', [first, { ...everywhere, toHour: 9 }, theirs], 'rules.2.areaCode'],
        ['other order', [first, theirs, everywhere], 'rules.2.areaCode'],
        ['removed', [first, everywhere], 'rules'],
        ['taken over', [first, everywhere, { ...theirs, areaCode: 'N-1' }], 'rules'],
        ['of another district', [first, everywhere, theirs, theirs], 'rules.4.areaCode'],
        ['of all above', [first, everywhere, theirs, rule({ areaCode: 'N' })], 'rules.4.areaCode'],
        ['of the whole city', [rule(), everywhere, theirs], 'rules.1.areaCode'],
        ['given away', [{ ...first, areaCode: 'N-10' }, everywhere, theirs], 'rules.1.areaCode'],
      ]
      for (const [what, rules, field] of refused) {
        const { outcome, error } = await save(rules, version, 'manager')
        expect([what, outcome, error?.code, error?.field]).toEqual([
          ...[what, 'rejected', 'not_allowed', field],
        ])
        await expect(attempt(rules, 'manager'), what).rejects.toMatchObject({ code: '22023' })
      }
      expect(await listed()).toMatchObject({ version, rules: [first, everywhere, theirs] })
      // the other district's manager leaves this one's alone
      expect((await save([everywhere, theirs], version, 'otherManager')).outcome).toBe('rejected')
      expect((await save([first, everywhere], version, 'otherManager')).outcome).toBe('applied')
    })

    it('are nobody’s to edit whose time as manager ended', async () => {
      const own = rule({ areaCode: 'N-1' })
      await save([own])
      await db.query(`update public.memberships set valid_to = now() where user_id = $1`, [
        people.manager,
      ])
      expect((await save([], 1, 'manager')).error?.code).toBe('not_allowed')
      await expect(attempt([own], 'manager')).rejects.toMatchObject({ code: '42501' })
      // a smaller scope than before
      const end = await world.give('manager', 'grid_manager', 'N-1_A')
      expect((await save([], 1, 'manager')).error?.code).toBe('not_allowed')
      expect((await save([own, rule({ areaCode: 'N-1_A' })], 1, 'manager')).outcome).toBe('applied')
      await end()
      await db.query(`update public.memberships set valid_to = null where user_id = $1`, [
        people.manager,
      ])
    })

    it('that stand stay though their handler left: a manager may not be able to change them', async () => {
      const end = await world.give('handler', 'handler', 'N', 'parks')
      const city = rule({ handler: people.handler })
      await save([city])
      await end()
      expect((await save([city, rule({ areaCode: 'N-1' })], 1, 'manager')).outcome).toBe('applied')
      expect((await save([{ ...city, toHour: 9 }], 2)).error).toMatchObject({
        ...{ code: 'invalid_field', field: 'rules.1.handler' },
      })
    })

    it('are tried by a manager on the incidents of their areas', async () => {
      const near = await world.report()
      await world.report({ lon: 12.5 }, 'otherManager')
      expect(await attempt([rule({ areaCode: 'N-1' })], 'manager')).toMatchObject({
        ...{
          total: 1,
          withoutRule: 0,
          withoutPresentRule: 1,
          rules: [1],
          examples: [{ id: near }],
        },
      })
      expect(await attempt([])).toMatchObject({ total: 2 })
    })

    it('of the second of two editors are refused, with who was faster', async () => {
      await save([rule()])
      const late = await save([rule({ departmentCode: 'public_works' })], 0)
      expect(late).toMatchObject({
        outcome: 'conflict',
        version: 1,
        error: { server: { version: 1, savedByName: 'admin' } },
      })
      expect((await listed()).rules).toMatchObject([{ departmentCode: 'parks' }])
    })

    it('name the rule and field that is wrong, and save nothing', async () => {
      const faults: [Record<string, unknown>, string, string][] = [
        [{ areaCode: 'nowhere' }, 'invalid_field', 'areaCode'],
        [{ categoryCode: 'nothing' }, 'invalid_field', 'categoryCode'],
        [{ departmentCode: 'nobody' }, 'invalid_field', 'departmentCode'],
        [{ departmentCode: null }, 'missing_field', 'departmentCode'],
        [{ weekdays: [] }, 'invalid_field', 'weekdays'],
        [{ weekdays: [0, 8] }, 'invalid_field', 'weekdays'],
        [{ weekdays: 1 }, 'invalid_field', 'weekdays'],
        [{ fromHour: 24 }, 'invalid_field', 'fromHour'],
        [{ fromHour: 5, toHour: 5 }, 'invalid_field', 'toHour'],
        [{ fromHour: 1.5 }, 'invalid_field', 'fromHour'],
        // a handler of public works
        [{ handler: people.handler }, 'invalid_field', 'handler'],
        [{ handler: people.manager }, 'invalid_field', 'handler'],
        [{ sql: 'true' }, 'unknown_field', 'sql'],
      ]
      for (const [changes, code, field] of faults) {
        const rules = [rule(), { ...rule(), ...changes }]
        const { error } = await save(rules)
        expect([changes, error?.code, error?.field]).toEqual([changes, code, `rules.2.${field}`])
        await expect(attempt(rules as Rule[])).rejects.toMatchObject({ code: '22023' })
      }
      expect((await save(Array(201).fill(rule()))).error).toMatchObject({ code: 'too_many' })
      expect((await save('all')).error).toMatchObject({ code: 'invalid_field', field: 'rules' })
      expect((await listed()).version).toBe(0)
    })

    it('give the department and handler of the dispatch form, the condition those without a rule', async () => {
      const id = await world.at('filed')
      const [condition] = await db.query<{ department_code: string }>(
        `select f.department_code from public.filing_conditions f
         join public.incidents i on i.condition_code = f.code where i.id = $1`,
        [id],
      )
      expect(await dispatchFields(id)).toMatchObject({
        department: { proposed: condition!.department_code, proposedByRule: null },
        handler: { proposed: null },
        note: { proposed: null },
      })
      const end = await world.give('handler', 'handler', 'N', 'parks')
      await save([
        rule({ areaCode: 'N-10', departmentCode: 'public_works' }),
        rule({ areaCode: 'N-1', handler: people.handler }),
        rule({ departmentCode: 'public_works' }),
      ])
      expect(await dispatchFields(id)).toMatchObject({
        department: { proposed: 'parks', proposedByRule: 2 },
        handler: { proposed: people.handler },
      })
      // the handler has left: the department stays
      await end()
      expect(await dispatchFields(id)).toMatchObject({
        department: { proposed: 'parks' },
        handler: { proposed: null },
      })
    })

    it('propose for many incidents at once what each would be proposed alone', async () => {
      const near = await world.at('filed')
      const parked = await world.at('filed', { categoryCode: 'dust' })
      const far = await world.report({ lon: 12.5 }, 'otherManager')
      const done = await world.at('dispatched')
      await world.give('handler', 'handler', 'N', 'parks')
      await save([rule({ categoryCode: 'noise', handler: people.handler })])
      const all = [parked, near, far, done, randomUUID(), near]
      const proposed = (person: Person) =>
        ask<(Proposal & { id: string; handlerName: string | null })[]>(
          person,
          'proposed_dispatches($1::text::uuid[])',
          [`{${all.join()}}`],
        )
      const found = await proposed('manager')
      expect(found.map(({ id }) => id)).toEqual([near, parked].sort())
      for (const { handlerName, ...one } of found) {
        expect(one).toEqual({ id: one.id, ...(await proposal(one.id)) })
        expect(handlerName).toBe(one.id === near ? 'handler' : null)
      }
      expect(found.find(({ id }) => id === near)?.department).toBe('parks')
      expect(found.find(({ id }) => id === parked)?.rule).toBeNull()
      // another area's manager, and those whose roles dispatch nothing
      for (const other of ['otherManager', 'field', 'handler', 'stranger'] as const)
        expect(await proposed(other), other).toEqual([])
      await expect(
        ask('manager', 'proposed_dispatches(array_fill($1::text::uuid, array[1001]))', [near]),
      ).rejects.toMatchObject({ code: '22023' })
    })

    it('are tried on the last month without being saved', async () => {
      const near = await world.at('filed')
      const far = await world.report({ lon: 12.5 }, 'otherManager')
      const old = await world.report({ lon: 12.5 }, 'otherManager')
      await db.query(
        `update public.incidents set reported_at = now() - interval '32 days' where id = $1`,
        [old],
      )
      await world.step('manager', near, 'dispatch', { department: 'public_works' })
      await save([rule({ areaCode: 'N-1', departmentCode: 'public_works' })])
      const trial = await attempt([rule({ areaCode: 'N-1' }), rule({ areaCode: 'N-1_A' })])
      expect(trial).toMatchObject({
        total: 2,
        withoutRule: 1,
        withoutPresentRule: 1,
        changed: 1,
        dispatched: 1,
        unlikeDispatched: 1,
        presentUnlikeDispatched: 0,
        rules: [1, 0],
        examples: [
          { id: near, rule: 1, departmentCode: 'parks', isChanged: true },
          { id: far, rule: null, isChanged: false },
        ],
      })
      expect(trial.departments).toContainEqual({
        departmentCode: 'public_works',
        proposed: 0,
        present: 1,
        dispatched: 1,
      })
      expect((await listed()).rules).toMatchObject([{ departmentCode: 'public_works' }])
      expect(await attempt([])).toMatchObject({ total: 2, withoutRule: 2, rules: [] })
    })

    it('propose by the first that fits, as reckoned otherwise, over weekdays and changes of the clocks', async () => {
      await db.exec(`update public.city_settings set time_zone = 'America/Los_Angeles'`)
      const area = { 'N-1_A': ['N', 'N-1', 'N-1_A'], 'N-10-A': ['N', 'N-10', 'N-10-A'] }
      const categories = await db.query<{ code: string; path: string }>(
        `select code, path from public.categories where code in ('illegal_dumping', 'noise')`,
      )
      const own = (code: string) => categories.find((one) => one.code === code)!.path.split('/')
      const ids = [await world.report(), await world.report({ categoryCode: 'illegal_dumping' })]
      ids.push(await world.report({ lon: 12.5 }, 'otherManager'))
      const local = new Intl.DateTimeFormat('en', {
        timeZone: 'America/Los_Angeles',
        weekday: 'short',
        hour: 'numeric',
        hourCycle: 'h23',
      })
      const anyRule = fc.record({
        areaCode: fc.constantFrom(null, 'N', 'N-1', 'N-10', 'N-1_A', 'N-1-A', 'N-10-A'),
        categoryCode: fc.constantFrom(
          null,
          ...categories.flatMap(({ path }) => path.split('/').filter(Boolean)),
        ),
        weekdays: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        fromHour: fc.integer({ min: 0, max: 23 }),
        toHour: fc.integer({ min: 1, max: 24 }),
        departmentCode: fc.constantFrom('parks', 'public_works'),
        handler: fc.constant(null),
      })
      /** Around both changes of 2026, and around midnight into Saturday and Monday. */
      const anyInstant = fc
        .tuple(
          fc.constantFrom(
            '2026-03-08T10:00:00Z',
            '2026-11-01T09:00:00Z',
            '2026-07-04T07:00:00Z',
            '2026-07-06T07:00:00Z',
          ),
          fc.integer({ min: -4 * 60, max: 4 * 60 }),
        )
        .map(([at, minutes]) => new Date(Date.parse(at) + minutes * 60_000).toISOString())
      const versions = { last: 0 }
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            anyRule.filter(({ fromHour, toHour }) => fromHour !== toHour),
            { maxLength: 6 },
          ),
          fc.tuple(anyInstant, anyInstant, anyInstant),
          async (rules, instants) => {
            expect((await save(rules, versions.last)).outcome).toBe('applied')
            versions.last++
            for (const [n, at] of instants.entries()) {
              const [row] = await db.query<{ area_code: keyof typeof area; category_code: string }>(
                `update public.incidents set reported_at = $2 where id = $1
                 returning area_code, category_code`,
                [ids[n]!, at],
              )
              const parts = Object.fromEntries(
                local.formatToParts(new Date(at)).map(({ type, value }) => [type, value]),
              )
              const weekday =
                'Mon Tue Wed Thu Fri Sat Sun'.split(' ').indexOf(parts['weekday']!) + 1
              const hour = Number(parts['hour'])
              const first = rules.findIndex(
                (one) =>
                  (one.areaCode === null || area[row!.area_code].includes(one.areaCode)) &&
                  (one.categoryCode === null ||
                    own(row!.category_code).includes(one.categoryCode)) &&
                  one.weekdays.includes(weekday) &&
                  (one.fromHour < one.toHour
                    ? one.fromHour <= hour && hour < one.toHour
                    : one.fromHour <= hour || hour < one.toHour),
              )
              const made = await proposal(ids[n]!)
              expect([at, made.rule]).toEqual([at, first < 0 ? null : first + 1])
              if (first >= 0) expect(made.department).toBe(rules[first]!.departmentCode)
              // the trial's way over many gives the same
              const [many] = await db.query<{ rule: number | null }>(
                `select f.rule from private.fitting_rules(private.present_rules(), $2::timestamptz,
                   $2::timestamptz + interval '1 second') f where f.incident_id = $1`,
                [ids[n]!, at],
              )
              expect(many!.rule).toBe(made.rule)
            }
          },
        ),
        { numRuns: 25 },
      )
      await db.exec(`update public.city_settings set time_zone = 'Asia/Shanghai'`)
    })
  })
})
