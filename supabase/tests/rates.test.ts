import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { commandOf, photoRef, reportPayload } from './harness/commands.ts'
import type { Receipt } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { expectedRates } from './rates-model.ts'
import type { ModelClock } from './rates-model.ts'

interface Rates {
  counted: number
  held: number
  rates: { rate: string; numerator: number; denominator: number }[]
  stages: { stage: string; inTime: number; overdue: number; running: number }[]
  departments: { departmentCode: string; numerator: number; denominator: number }[]
}

/** All on Monday, 2 March 2026, by the clocks of Asia/Shanghai. */
const instantOf = (time: string): string =>
  time.includes('-') ? `${time}+08:00` : `2026-03-02T${time}:00+08:00`
/** When rates are asked for. */
const evening = '20:00'
const publicWorks = { department: 'public_works' }

describeOnEachDatabase('rates', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    await db.exec(`update public.memberships set valid_from = '2020-01-01';
      update public.filing_conditions
        set needs_after_photos = false, is_active = code = category_code;
      -- round the clock: calendars are another test's
      delete from public.condition_limits;
      update public.categories set duplicate_radius_meters = 50;
      delete from public.condition_milestones;
      update public.workflow_limits set unit = 'urgent_hour';
      update public.workflow_limits set amount = 4 where clock in ('handle', 'check')`)
  })
  afterAll(() => db?.close())
  const clear = () =>
    db.exec(`alter table public.incident_log disable trigger refuse_log_change;
      truncate public.incidents, public.incident_log, public.incident_photos,
        public.incident_clocks cascade;
      alter table public.incident_log enable trigger refuse_log_change`)
  beforeEach(clear)

  afterEach(async () => {
    // cases that are over keep what their clocks said, others nothing
    const stray = await db.query(`select i.id, i.stage, i.lateness from public.incidents i
      where i.lateness is distinct from
        case when not private.is_open(i.stage) then private.lateness_of(i) end`)
    expect(stray).toEqual([])
  })

  const as = <T>(person: Person, run: (tx: Pick<TestDatabase, 'query'>) => Promise<T>) =>
    db.transaction(async (tx) => {
      await tx.query(
        `select set_config('request.jwt.claim.sub', $1, true),
          set_config('request.jwt.claims', $2, true)`,
        [people[person], JSON.stringify({ sub: people[person], role: 'authenticated' })],
      )
      return run(tx)
    })
  /** A command of a person at a past instant; it must be applied. */
  const send = (time: string, person: Person, type: string, payload: object): Promise<void> =>
    as(person, async (tx) => {
      const rows = await tx.query<{ receipts: Receipt[] }>(
        `select private.apply_commands_at($1::text::json, $2::text::timestamptz, false) as receipts`,
        [JSON.stringify([commandOf(people[person], type, payload)]), instantOf(time)],
      )
      const { outcome, error } = rows[0]!.receipts[0]!
      expect({ outcome, error }).toEqual({ outcome: 'applied', error: null })
    })
  const asked = (person: Person, filter: object = {}, time = evening): Promise<Rates> =>
    as(person, async (tx) => {
      const [row] = await tx.query<{ r: Rates }>(
        `select private.rates_at($1::text::jsonb, $2::text::timestamptz) as r`,
        [JSON.stringify(filter), instantOf(time)],
      )
      return row!.r
    })
  /** Numerator and denominator of the rates named. */
  async function rates(...names: string[]): Promise<[number, number][]> {
    const found = (await asked('admin')).rates
    return names.map((name) => {
      const { numerator, denominator } = found.find(({ rate }) => rate === name)!
      return [numerator, denominator]
    })
  }
  const stage = async (name: string) => {
    const found = (await asked('admin')).stages.find(({ stage: of }) => of === name)
    return found && [found.inTime, found.overdue, found.running]
  }

  async function report(time: string, changes: object = {}): Promise<string> {
    // a place of its own, unless it is the subject
    places += 1
    const payload = reportPayload({
      lon: 10.1 + (places % 800) / 1000,
      categoryCode: 'noise',
      description: '详情',
      ...changes,
    })
    await send(time, 'field', 'report_incident', payload)
    return payload.incidentId
  }
  let places = 0

  type Step = [time: string, name: string, fields?: object]
  const takenBy: Record<string, Person> = {
    handle: 'handler',
    return: 'handler',
    request_extension: 'handler',
    hold: 'leader',
    verify: 'manager',
  }
  async function go(id: string, ...steps: Step[]): Promise<string> {
    for (const [time, name, fields] of steps) {
      const [row] = await db.query<{ version: number }>(
        'select version from public.incidents where id = $1',
        [id],
      )
      const needs = {
        dispatch: publicWorks,
        handle: { note: '已处理', photos: [photoRef()] },
        check_fail: { note: '没有处理好' },
        reject: { note: '不属实' },
        reopen: { note: '又出现了' },
        request_extension: { note: '需要设备' },
        decide_extension: { isApproved: true },
        hold: { until: instantOf('2026-06-01T08:00') },
        return: { note: '不归我们' },
      }[name]
      await send(time, takenBy[name] ?? 'manager', 'transition', {
        incidentId: id,
        baseVersion: row!.version,
        name,
        ...needs,
        ...fields,
      })
    }
    return id
  }
  /** Reported at 8:00, dispatched at 8:10, then the steps. */
  const dispatched = async (...steps: Step[]) =>
    go(await report('08:00'), ['08:05', 'file'], ['08:10', 'dispatch'], ...steps)
  const inTime = (): Promise<string> => dispatched(['10:00', 'handle'], ['11:00', 'check_pass'])
  const late = (): Promise<string> => dispatched(['13:00', 'handle'], ['14:00', 'check_pass'])

  /** One of each that counts nowhere, or only later. */
  async function othersThatCountNot(): Promise<void> {
    const running = await go(await report('19:00'), ['19:05', 'file'], ['19:10', 'dispatch'])
    await go(await report('19:50'), ['19:55', 'reject'])
    await go(await report('19:50'), ['19:55', 'merge', { into: running }])
    await dispatched(['09:00', 'hold'])
    await db.exec(`insert into public.incidents (district_code, id, category_code, area_code, lon, lat,
        qx, qy, reported_at, month, stage, state, closed_at, source, source_id)
      select district_code, gen_random_uuid(), category_code, area_code, lon, lat, qx, qy, reported_at,
        month, 'closed', 'closed', reported_at + interval '1 hour', 'city', '1'
      from public.incidents limit 1`)
  }

  it('say nothing of a city whose incidents were only imported', async () => {
    const found = await asked('admin')
    expect(found).toMatchObject({ counted: 0, held: 0, departments: [], stages: [] })
    expect(found.rates).toHaveLength(25)
    expect(found.rates.every(({ numerator, denominator }) => numerator + denominator === 0)).toBe(
      true,
    )
  })

  describe('of handling', () => {
    const names = ['handling', 'handling_in_time', 'handling_overdue']

    it('tell in time, late and overdue apart, and wait for what still runs', async () => {
      await inTime()
      await late()
      await dispatched()
      await othersThatCountNot()
      expect(await rates(...names)).toEqual([
        [2, 3],
        [1, 3],
        [2, 3],
      ])
      expect(await stage('handling')).toEqual([1, 2, 1])
      expect(await asked('admin')).toMatchObject({
        counted: 6,
        held: 1,
        departments: [{ departmentCode: 'public_works', numerator: 1, denominator: 3 }],
      })
    })

    it('leave held and exempt incidents and other departments out, and so do the rows', async () => {
      await inTime()
      // an earlier department was late; the one that has it now is not
      await db.query(
        `insert into public.incident_clocks (district_code, incident_id, seq, kind, department_code, amount, unit,
           day_rule, started_at, used_seconds, limit_seconds)
         select i.district_code, i.id, 99, 'handle', 'parks', 4, 'urgent_hour', 'hours', i.reported_at, 2, 1
         from public.incidents i where i.id = $1`,
        [await dispatched(['10:00', 'handle'])],
      )
      const [exempt, held] = [await late(), await dispatched()]
      await expectRowsOfDepartments('admin', {})
      await db.query('update public.incidents set on_hold = true where id = $1', [held])
      await db.query(
        `insert into public.appeals (district_code, incident_id, closing, department_code, reason, made_by, made_at,
           first_by, first_at, first_granted, first_note, second_by, second_at, second_granted, second_note, area_code)
         select i.district_code, i.id, 1, 'public_works', 'why', $2, now(), $3, now(), true, '', $4, now(), true, '',
           i.area_code
         from public.incidents i where i.id = $1`,
        [exempt, people.handler, people.manager, people.leader],
      )
      expect((await asked('admin')).departments).toEqual([
        { departmentCode: 'public_works', numerator: 2, denominator: 2 },
      ])
      await expectRowsOfDepartments('admin', {})
    })

    it('take the limit to the minute', async () => {
      await dispatched(['12:10', 'handle'])
      expect(await rates('handling_in_time')).toEqual([[1, 1]])
      await dispatched(['12:11', 'handle'])
      expect(await rates('handling_in_time')).toEqual([[1, 2]])
      await dispatched()
      for (const [time, due] of [
        ['12:10', 2],
        ['12:11', 3],
      ] as const) {
        const { rates: found } = await asked('admin', {}, time)
        expect(found.find(({ rate }) => rate === 'handling_overdue')!.denominator).toBe(due)
      }
    })

    it('do not count a hold, an extension or the time of a check', async () => {
      // 50 minutes before the hold, 2 hours after it
      await dispatched(
        ['09:00', 'hold'],
        ['12:00', 'resume'],
        ['14:00', 'handle'],
        ['14:30', 'check_pass'],
      )
      await dispatched(
        ['09:00', 'request_extension'],
        ['09:05', 'decide_extension'],
        ['15:00', 'handle'],
      )
      await dispatched(
        ['09:10', 'handle'],
        ['12:30', 'check_fail'],
        ['14:30', 'handle'],
        ['15:00', 'check_pass'],
      )
      expect(await rates(...names)).toEqual([
        [3, 3],
        [3, 3],
        [0, 3],
      ])
      // 3 hours of work after 2 more hours
      await dispatched(['10:10', 'handle'], ['12:30', 'check_fail'], ['15:00', 'handle'])
      expect(await rates(...names)).toEqual([
        [4, 4],
        [3, 4],
        [1, 4],
      ])
    })

    it('judge the department that has it, by its own time', async () => {
      await db.query(`insert into public.memberships (user_id, role, area_code, department_code, valid_from)
        values ('${people.handler}', 'handler', 'N', 'parks', '2020-01-01')`)
      try {
        // late at the first department, in time at the second
        await dispatched(
          ['13:00', 'return'],
          ['13:05', 'dispatch', { department: 'parks' }],
          ['14:00', 'handle'],
        )
        // returned in time, and with nobody
        await dispatched(['09:00', 'return'])
        expect((await asked('admin')).departments).toEqual([
          { departmentCode: 'parks', numerator: 1, denominator: 1 },
        ])
      } finally {
        await db.query(`delete from public.memberships where department_code = 'parks'`)
      }
    })
  })

  describe('of filing, verifying and dispatch', () => {
    it('count what was filed, in time and late', async () => {
      await go(await report('19:00'), ['19:15', 'file'])
      await go(await report('19:00'), ['19:16', 'file'])
      // waits past its time
      await report('19:00')
      await othersThatCountNot()
      expect(await rates('filing', 'filing_in_time', 'filing_overdue')).toEqual([
        [3, 4],
        [2, 3],
        [1, 3],
      ])
    })

    it('count a verification that was done, even when the report is rejected for it', async () => {
      const hotline = async (...steps: Step[]) => {
        const id = await report('19:00')
        await db.query(`update public.incidents set channel = 'hotline' where id = $1`, [id])
        return go(id, ['19:05', 'assign', { assignee: people.field }], ...steps)
      }
      await hotline(['19:35', 'verify', { isTrue: true }], ['19:40', 'file'])
      await hotline(['19:36', 'verify', { isTrue: false }], ['19:40', 'reject'])
      await hotline()
      // never verified
      await hotline(['19:20', 'reject'])
      expect(await rates('verifying', 'verifying_in_time', 'verifying_overdue')).toEqual([
        [2, 3],
        [1, 3],
        [2, 3],
      ])
      expect(await rates('valid', 'found_by_public')).toEqual([
        [1, 3],
        [1, 1],
      ])
    })

    it('count what was dispatched again after a return', async () => {
      await go(await report('19:00'), ['19:05', 'file'], ['19:20', 'dispatch'])
      await go(await report('19:00'), ['19:05', 'file'], ['19:21', 'dispatch'])
      await go(await report('19:00'), ['19:05', 'file'], ['19:06', 'dispatch'], ['19:10', 'return'])
      expect(await rates('dispatch', 'dispatch_in_time', 'dispatch_overdue')).toEqual([
        [2, 3],
        [1, 3],
        [2, 3],
      ])
    })
  })

  it('of checking count a check that failed as done, and the next one by the time left', async () => {
    await dispatched(['09:00', 'handle'], ['12:00', 'check_fail'])
    expect(await rates('checking', 'checking_in_time', 'checking_overdue')).toEqual([
      [1, 1],
      [1, 1],
      [0, 1],
    ])
    // 3 hours of 4 are used
    await dispatched(['09:00', 'handle'], ['12:00', 'check_fail'], ['12:30', 'handle'])
    expect(await rates('checking', 'checking_in_time', 'checking_overdue')).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ])
  })

  describe('of closing', () => {
    const names = ['closing', 'closing_in_time', 'closing_overdue', 'closing_late', 'not_closed']

    it('have what is closed or past its time as due', async () => {
      await inTime()
      await late()
      await dispatched()
      await othersThatCountNot()
      expect(await rates(...names)).toEqual([
        [2, 3],
        [1, 3],
        [2, 3],
        [1, 3],
        // of all that is not held: two open, two closed, one rejected, one merged
        [2, 6],
      ])
    })

    it('leave what was reopened until it is closed again', async () => {
      const closed = await inTime()
      expect(await rates('closing')).toEqual([[1, 1]])
      await go(closed, ['19:00', 'reopen'])
      expect(await rates('closing', 'not_closed')).toEqual([
        [0, 0],
        [1, 1],
      ])
      await go(closed, ['19:30', 'handle'], ['19:40', 'check_pass'])
      expect(await rates('closing', 'closing_in_time')).toEqual([
        [1, 1],
        [1, 1],
      ])
    })

    it('give the published figures', async () => {
      const copies: [count: number, state: string, used: number | null, due: string | null][] = [
        [737, 'closed', 3600, null],
        [174, 'closed', 14401, null],
        [61, 'dispatched', null, '19:59'],
        [50, 'dispatched', null, '20:01'],
        // beyond the calendar's years
        [7, 'closed', null, null],
      ]
      for (const [count, state, used, due] of copies)
        await db.query(
          `with made as (
             insert into public.incidents (district_code, id, category_code, area_code, department_code,
               lon, lat, qx, qy, reported_at, month, stage, state, closed_at)
             select p.district_code, gen_random_uuid(), 'noise', p.area_code, 'public_works', 10.5, 21,
               p.qx, p.qy, $2::text::timestamptz, '2026-03-01', $3, $3,
               case when $3 = 'closed' then $2::text::timestamptz end
             from private.place_incident(10.5, 21) p, generate_series(1, $1::integer)
             returning *
           )
           insert into public.incident_clocks (district_code, incident_id, seq, kind, department_code, amount,
             unit, day_rule, started_at, running_since, due_at, limit_seconds, used_seconds)
           select m.district_code, m.id, 1, 'handle', 'public_works', 4, 'urgent_hour', 'hours',
             m.reported_at, case when $5::text is not null then m.reported_at end,
             $5::text::timestamptz, 14400, $4::integer
           from made m`,
          [count, instantOf('08:00'), state, used, due && instantOf(due)],
        )
      // as a step does, after its clocks
      await db.query(`update public.incidents set stage = stage where stage = 'closed'`)
      expect(await rates('closing', 'closing_in_time', 'closing_late', 'closing_overdue')).toEqual([
        [911, 972],
        [737, 972],
        [174, 972],
        [235, 972],
      ])
    })
  })

  it('of rework and extension have what is due to close and to handle', async () => {
    await inTime()
    await dispatched(
      ['09:00', 'handle'],
      ['09:30', 'check_fail'],
      ['10:00', 'handle'],
      ['11:00', 'check_pass'],
    )
    await dispatched(
      ['09:00', 'request_extension'],
      ['09:05', 'decide_extension'],
      ['10:00', 'handle'],
      ['11:00', 'check_pass'],
    )
    // a refused one does not count; its check is past its time
    await dispatched(
      ['09:00', 'request_extension'],
      ['09:05', 'decide_extension', { isApproved: false }],
      ['10:00', 'handle'],
    )
    // still running
    await go(
      await report('19:00'),
      ['19:01', 'file'],
      ['19:02', 'dispatch'],
      ['19:03', 'handle'],
      ['19:04', 'check_fail'],
    )
    expect(await rates('rework', 'extension')).toEqual([
      [1, 4],
      [1, 4],
    ])
  })

  it('of repeats look for the same category at the spot within a year', async () => {
    const spot = { lon: 10.9, lat: 21 }
    const filed = async (time: string, changes: object) =>
      go(await report(time, { ...spot, ...changes }), [time, 'file'])
    const first = await filed('19:01', {})
    expect(await rates('repeat')).toEqual([[0, 1]])
    // some 48 m north; 52 m are too far
    await filed('19:02', { lat: 21.00043 })
    expect(await rates('repeat')).toEqual([[1, 2]])
    await filed('19:03', { lat: 20.99953 })
    expect(await rates('repeat')).toEqual([[1, 3]])
    await filed('19:04', { categoryCode: 'general_request' })
    expect(await rates('repeat')).toEqual([[1, 4]])
    // rejected ones are no earlier incident
    const elsewhere = { lon: 10.95, lat: 21.5 }
    await go(await report('19:05', elsewhere), ['19:05', 'reject'])
    await filed('19:06', elsewhere)
    expect(await rates('repeat')).toEqual([[1, 5]])
    // the one filed before the year is none either
    await db.query(
      `update public.incidents set reported_at = reported_at - interval '366 days' where id = $1`,
      [first],
    )
    await filed('19:07', { lat: 20.9999 })
    expect(await rates('repeat')).toEqual([[2, 6]])
    await db.query(`update public.incidents set category_code = 'stray_animals' where id <> $1`, [
      first,
    ])
    await filed('19:08', { lat: 21.0001 })
    expect(await rates('repeat')).toEqual([[2, 7]])
  })

  it('are of what the caller sees', async () => {
    await inTime()
    const other = reportPayload({ lon: 12.5, categoryCode: 'noise', description: '详情' })
    await send('08:00', 'otherManager', 'report_incident', other)
    const seen: Record<string, number> = {}
    for (const person of [
      'admin',
      'manager',
      'otherManager',
      'field',
      'handler',
      'stranger',
    ] as const)
      seen[person] = (await asked(person)).counted
    expect(seen).toEqual({
      admin: 2,
      manager: 1,
      otherManager: 1,
      field: 1,
      handler: 1,
      stranger: 0,
    })
    const found = await asked('otherManager')
    expect(found.rates.find(({ rate }) => rate === 'not_closed')).toMatchObject({
      numerator: 1,
      denominator: 1,
    })
    expect(found.departments).toEqual([])
    // through the API, as the same people
    for (const [person, counted] of [
      ['manager', 1],
      ['otherManager', 1],
      ['stranger', 0],
    ] as const)
      expect(
        await db.asUser(people[person], async (tx) => {
          const [row] = await tx.query<{ r: Rates }>(`select public.incident_rates('{}') as r`)
          return row!.r.counted
        }),
      ).toBe(counted)
  })

  it('are told by month, the main ones as those of the month alone', async () => {
    await inTime()
    await late()
    await db.exec(`update public.incidents set reported_at = reported_at - interval '20 days',
        month = (month - interval '1 month')::date
      where id = (select min(id::text)::uuid from public.incidents)`)
    await dispatched(['10:00', 'handle'], ['11:00', 'check_fail'], ['12:00', 'handle'])
    await dispatched(['09:00', 'hold'])
    const { months } = await as('admin', async (tx) => {
      const [row] = await tx.query<{ r: { months: (Pick<Rates, 'rates'> & { month: string })[] } }>(
        `select private.monthly_rates_at('{}', $1::text::timestamptz) as r`,
        [instantOf(evening)],
      )
      return row!.r
    })
    const names = ['filing', 'dispatch', 'handling', 'checking', 'closing'].map(
      (stage) => `${stage}_in_time`,
    )
    expect(months.map(({ month }) => month)).toEqual(['2026-02', '2026-03'])
    for (const { month, rates } of months) {
      const day = (n: string): string => `${month}-${n}`
      const alone = await asked('admin', {
        from: day('01'),
        to: day(month === '2026-02' ? '28' : '31'),
      })
      expect(rates.map(({ rate }) => rate)).toEqual([...names, 'rework'])
      for (const one of rates) expect(alone.rates).toContainEqual(one)
    }
    const march = months[1]!.rates
    expect(march.at(-1)).toEqual({ rate: 'rework', numerator: 1, denominator: 2 })
  })

  it('narrow by the common filter and refuse a wrong one', async () => {
    await inTime()
    await go(await report('19:00', { categoryCode: 'general_request' }), ['19:05', 'file'])
    expect((await asked('admin', { categories: ['general_request'] })).counted).toBe(1)
    expect((await asked('admin', { from: '2026-03-03' })).counted).toBe(0)
    expect((await asked('admin', { stages: ['closed'] })).counted).toBe(1)
    await expect(asked('admin', { colour: 'red' })).rejects.toMatchObject({ code: '22023' })
  })

  /** The filter of handling gives the rows that a department's rate counts, in the list and as columns. */
  async function expectRowsOfDepartments(person: Person, filter: object): Promise<void> {
    const one = async <T>(call: string, given: object): Promise<T> => {
      const [row] = await as(person, (tx) =>
        tx.query<{ result: T }>(`select ${call} as result`, [JSON.stringify(given)]),
      )
      return row!.result
    }
    const rowsOf = async (handling: string[], departmentCode: string) => {
      const given = { ...filter, handling, handlers: [departmentCode] }
      const { rows } = await one<{ rows: { departmentCode: string }[] }>(
        `public.incident_list($1::text::jsonb, 'reported_desc', null, 200)`,
        given,
      )
      const months = await one<{ count: number }[]>(
        'public.answered_columns($1::text::jsonb)',
        given,
      )
      expect(months.reduce((sum, { count }) => sum + count, 0)).toBe(rows.length)
      return rows.length
    }
    const { departments } = await one<Rates>('public.incident_rates($1::text::jsonb)', filter)
    for (const { departmentCode, ...rate } of departments) {
      const [numerator, denominator, late] = [
        await rowsOf(['in_time'], departmentCode),
        await rowsOf(['in_time', 'late'], departmentCode),
        await rowsOf(['late'], departmentCode),
      ]
      expect({ numerator, denominator }).toEqual(rate)
      expect(late).toBe(denominator - numerator)
    }
  }

  it('are those reckoned from every clock alone, over random cases, scopes and filters', async () => {
    const at = Date.parse(instantOf(evening))
    const hour = 3_600_000
    const departments = fc.constantFrom(null, 'public_works', 'parks')
    const clock = fc.record({
      kind: fc.constantFrom('accept', 'verify', 'file', 'dispatch', 'handle', 'check', 'milestone'),
      department: departments,
      isRunning: fc.boolean(),
      // some are not over yet when the test runs
      dueIn: fc.option(fc.constantFrom(-3, -1, 0, 1, 3, 500_000), { freq: 4 }),
      used: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 4 }),
      limit: fc.option(fc.integer({ min: 1, max: 6 }), { freq: 4 }),
    })
    const anyCase = fc.record({
      stage: fc.constantFrom(
        ...['reported', 'filed', 'dispatched', 'handled', 'closed', 'closed', 'rejected', 'merged'],
      ),
      onHold: fc.nat(5).map((n) => n === 0),
      department: departments,
      channel: fc.constantFrom('app', 'hotline'),
      rework: fc.nat(1),
      extensions: fc.nat(1),
      isRepeat: fc.boolean(),
      appeal: fc.constantFrom(null, null, 'granted', 'refused'),
      area: fc.constantFrom('N-1_A', 'N-1-A', 'N-10-A'),
      category: fc.constantFrom('noise', 'dust'),
      month: fc.constantFrom('2026-01-01', '2026-02-01'),
      clocks: fc.array(clock, { maxLength: 5 }),
    })
    const [{ trusted }] = (await db.query<{ trusted: string[] | null }>(
      `select trusted_channels as trusted from public.workflows where code = 'event'`,
    )) as [{ trusted: string[] | null }]
    await fc.assert(
      fc.asyncProperty(fc.array(anyCase, { minLength: 5, maxLength: 40 }), async (drawn) => {
        const cases = drawn.map((one) => {
          const isOpen = ['reported', 'filed', 'dispatched', 'handled'].includes(one.stage)
          const clocks = one.clocks.map((clock, index): ModelClock => {
            const isRunning = isOpen && clock.isRunning
            return {
              ...{ kind: clock.kind, seq: index + 1, department: clock.department, isRunning },
              due: isRunning && clock.dueIn !== null ? at + clock.dueIn * hour : null,
              used: isRunning ? null : clock.used,
              limit: clock.limit,
            }
          })
          const isExempt = one.stage === 'closed' && one.appeal === 'granted'
          return { ...one, id: randomUUID() as string, clocks, isExempt }
        })
        const text = JSON.stringify(cases)
        await clear()
        await db.query(
          `insert into public.incidents (district_code, id, category_code, area_code, department_code, stage, on_hold,
             lon, lat, qx, qy, reported_at, month, closed_at, channel, rework, extensions, is_repeat)
           select 'N-1', c.id, c.category, c.area, c.department, c.stage, c."onHold", 10.5, 20.5, 1, 1,
             c.month + interval '1 day', c.month, case when c.stage = 'closed' then c.month + interval '2 days' end,
             c.channel, c.rework, c.extensions, c."isRepeat"
           from jsonb_to_recordset($1::text::jsonb) as c (id uuid, stage text, "onHold" boolean, department text,
             channel text, rework smallint, extensions smallint, "isRepeat" boolean, area text, category text,
             month date)`,
          [text],
        )
        await db.query(
          `insert into public.incident_clocks (district_code, incident_id, seq, kind, milestone, department_code, amount,
             unit, day_rule, started_at, running_since, due_at, used_seconds, limit_seconds)
           select 'N-1', c.id, k.seq, k.kind, case when k.kind = 'milestone' then 'm' end, k.department, 4,
             'urgent_hour', 'hours', '2026-01-01', case when k."isRunning" then '2026-01-01'::timestamptz end,
             to_timestamp(k.due / 1000), k.used, k."limit"
           from jsonb_to_recordset($1::text::jsonb) as c (id uuid, clocks jsonb)
           cross join lateral jsonb_to_recordset(c.clocks) as k (seq integer, kind text, department text,
             "isRunning" boolean, due bigint, used numeric, "limit" numeric)`,
          [text],
        )
        await db.query(
          `insert into public.appeals (district_code, incident_id, closing, department_code, reason, made_by, made_at,
             first_by, first_at, first_granted, first_note, second_by, second_at, second_granted, second_note, area_code)
           select 'N-1', c.id, 1, 'public_works', 'why', $2, now(), $3, now(), true, '', $4, now(),
             c.appeal = 'granted', '', c.area
           from jsonb_to_recordset($1::text::jsonb) as c (id uuid, stage text, appeal text, area text)
           where c.appeal is not null and c.stage = 'closed'`,
          [text, people.handler, people.manager, people.leader],
        )
        // the step that ends a case finds its clocks stopped
        await db.exec('update public.incidents set severity = severity')
        const looks: [Person, object, (one: (typeof cases)[number]) => boolean][] = [
          ['admin', {}, () => true],
          ['manager', {}, ({ area }) => area !== 'N-10-A'],
          ['handler', {}, ({ department }) => department === 'public_works'],
          ['admin', { areas: ['N-1_A'] }, ({ area }) => area === 'N-1_A'],
          ['admin', { categories: ['dust'] }, ({ category }) => category === 'dust'],
          ['leader', { from: '2026-02-01' }, ({ month }) => month === '2026-02-01'],
        ]
        for (const [person, filter, isMeant] of looks) {
          const found = await asked(person, filter)
          const expected = expectedRates(cases.filter(isMeant), at, trusted ?? ['app'])
          const nothing: [number, number] = [0, 0]
          expect([person, filter, found.counted, found.held]).toEqual([
            ...[person, filter, expected.counted, expected.held],
          ])
          for (const { rate, numerator, denominator } of found.rates)
            expect([person, filter, rate, numerator, denominator]).toEqual([
              ...[person, filter, rate, ...(expected.rates[rate] ?? nothing)],
            ])
          await expectRowsOfDepartments(person, filter)
        }
      }),
      { numRuns: 8 },
    )
  })
})
