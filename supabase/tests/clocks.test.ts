import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unpackMonth } from '../../src/columns/count/column-set.ts'
import { workBetween, type WorkSpans } from '../../src/domain/time/work-ahead.ts'
import type { PackedMonth } from '../../src/domain/answers/columns.ts'
import { importCalendar, moveDueTimes } from '../server/import/import-calendar.ts'
import { shippedCalendar, storeShippedCalendar } from '../server/import/shipped-calendars.ts'
import { storeCalendar, storeCalendarYears } from '../server/import/store-calendar.ts'
import { commandOf, reportPayload } from './harness/commands.ts'
import type { Receipt } from './harness/commands.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { temporaryFiles } from './import-support.ts'

interface ClockRow {
  kind: string
  milestone: string | null
  department: string | null
  due: string | null
  runs: boolean
  used: number | null
  stopped: boolean
}

/** Times are wall-clock times of Asia/Shanghai. March 2026 has no holidays; the 2nd is a Monday. */
const instantOf = (time: string): string => `${time.replace(' ', 'T')}:00+08:00`
const localTime = (column: string): string =>
  `to_char(date_trunc('second', ${column}) at time zone 'Asia/Shanghai', 'YYYY-MM-DD HH24:MI')`

describeOnEachDatabase('the clocks of incidents', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    await db.query(`update public.memberships set valid_from = '2020-01-01'`)
    await db.query(`insert into public.memberships (user_id, role, area_code, department_code, valid_from)
      values ('${people.stranger}', 'handler', 'N', 'parks', '2020-01-01')`)
    const shipped = await shippedCalendar('cn')
    await storeShippedCalendar(db, shipped!)
    await db.query('delete from public.filing_conditions')
    await db.query(`insert into public.filing_conditions (code, category_code, name_zh, name_en)
      values ('dumping', 'illegal_dumping', '乱倒', 'Dumping'), ('shed', 'shed', '棚亭', 'Shed')`)
    await db.query(`insert into public.condition_limits (condition, clock, amount, unit)
      values ('dumping', 'handle', 4, 'work_hour')`)
    await db.query(`insert into public.condition_milestones (condition, code, name_zh, name_en, amount, unit)
      values ('shed', 'stop', '停工', 'Work stops', 4, 'work_hour'), ('shed', 'fine', '处罚', 'Fine', 7, 'work_hour'),
        ('shed', 'demolish', '拆除', 'Demolition', 20, 'work_day')`)
  })
  afterAll(() => db?.close())

  /** Commands of a person at a past instant, as a replay carries them out. */
  async function send(
    time: string,
    person: Person,
    type: string,
    payload: object,
  ): Promise<Receipt> {
    const command = commandOf(people[person], type, payload)
    return db.transaction(async (tx) => {
      await tx.query(
        `select set_config('request.jwt.claim.sub', $1, true),
        set_config('request.jwt.claims', $2, true)`,
        [people[person], JSON.stringify({ sub: people[person], role: 'authenticated' })],
      )
      const rows = await tx.query<{ receipts: Receipt[] }>(
        `select private.apply_commands_at($1::text::json, $2::text::timestamptz, false) as receipts`,
        [JSON.stringify([command]), instantOf(time)],
      )
      return rows[0]!.receipts[0]!
    })
  }
  async function report(time: string, categoryCode = 'illegal_dumping'): Promise<string> {
    const payload = reportPayload({ lon: 10.5, categoryCode, description: '详情' })
    expect(await send(time, 'field', 'report_incident', payload)).toMatchObject({
      outcome: 'applied',
      version: 1,
    })
    return payload.incidentId
  }
  async function take(id: string, time: string, person: Person, name: string, fields: object = {}) {
    const [row] = await db.query<{ version: number }>(
      'select version from public.incidents where id = $1',
      [id],
    )
    return send(time, person, 'transition', {
      incidentId: id,
      baseVersion: row!.version,
      name,
      ...fields,
    })
  }
  /** The same, and it must be applied. */
  async function go(id: string, time: string, person: Person, name: string, fields: object = {}) {
    const { outcome, error } = await take(id, time, person, name, fields)
    expect({ outcome, error }).toEqual({ outcome: 'applied', error: null })
  }
  const read = <T>(expression: string): Promise<T> =>
    db.asUser(people.leader, async (tx) => {
      const [row] = await tx.query<{ answer: T }>(`select public.${expression} as answer`)
      return row!.answer
    })
  /** Due minutes in the columns of March. */
  async function dueMinutes(): Promise<number[]> {
    const [march] = await read<PackedMonth[]>(`incident_columns('{2026-03}')`)
    return [...unpackMonth(march!).due.minute]
  }
  const minuteOf = (time: string): number => Date.parse(instantOf(time)) / 60_000
  const timesOf = async (id: string) =>
    (
      await db.query<{ due: string | null; warn: string | null }>(
        `select ${localTime('due_at')} as due, ${localTime('warn_at')} as warn from public.incidents i
         left join public.incident_work w on w.incident_id = i.id where i.id = $1`,
        [id],
      )
    )[0]!
  /** As the incident and its row in the queue have it. */
  async function dueUnknown(id: string): Promise<unknown> {
    const [row] = await db.asUser(people.leader, (tx) =>
      tx.query<{ detail: { incident: { dueUnknown: unknown } } }>(
        'select public.incident_detail($1::uuid) as detail',
        [id],
      ),
    )
    const [queued] = await db.query<{ unknown: unknown }>(
      `select private.queue_rows(array[i.district_code], array[i.id], now()) -> 0 -> 'dueUnknown' as unknown
       from public.incidents i where i.id = $1`,
      [id],
    )
    expect(queued!.unknown).toEqual(row!.detail.incident.dueUnknown)
    return queued!.unknown
  }
  const clocksOf = (id: string) =>
    db.query<ClockRow>(
      `select kind, milestone, department_code as department, ${localTime('due_at')} as due,
         running_since is not null as runs, round(used_seconds / 60)::integer as used,
         stopped_at is not null as stopped
       from public.incident_clocks where incident_id = $1 order by seq`,
      [id],
    )
  const logOf = async (id: string, logKind: string) =>
    db.query<{ at: string; data: Record<string, unknown>; actor: string | null }>(
      `select ${localTime('at')} as at, data, actor from public.incident_log where incident_id = $1 and kind = $2`,
      [id, logKind],
    )
  /** Filed on a Monday morning and dispatched at the given time. */
  async function dispatched(
    time: string,
    department = 'public_works',
    category = 'illegal_dumping',
  ) {
    const id = await report('2026-03-02 07:00', category)
    await go(id, '2026-03-02 07:05', 'manager', 'file')
    await go(id, time, 'manager', 'dispatch', { department })
    return id
  }

  it('starts the first clock of a report, round the clock', async () => {
    const id = await report('2026-02-15 23:50')
    expect(await timesOf(id)).toEqual({ due: '2026-02-16 00:05', warn: '2026-02-16 00:01' })
    expect(await clocksOf(id)).toEqual([
      {
        kind: 'accept',
        milestone: null,
        department: null,
        due: '2026-02-16 00:05',
        runs: true,
        used: null,
        stopped: false,
      },
    ])
  })

  it('goes from clock to clock with the states, by the limits of the workflow and of the condition', async () => {
    const id = await report('2026-03-02 07:00')
    await go(id, '2026-03-02 07:05', 'manager', 'file')
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 07:20' })
    // the condition gives 4 working hours, the workflow 5 days
    await go(id, '2026-03-02 11:00', 'manager', 'dispatch', { department: 'public_works' })
    expect(await timesOf(id)).toEqual({ due: '2026-03-02 17:00', warn: '2026-03-02 16:00' })
    await go(id, '2026-03-02 16:00', 'handler', 'handle', { note: '已清理' })
    expect(await timesOf(id)).toEqual({ due: '2026-03-03 10:00', warn: '2026-03-03 09:00' })
    await go(id, '2026-03-03 09:00', 'field', 'check_pass')
    expect(await timesOf(id)).toEqual({ due: null, warn: null })
    expect(
      (await clocksOf(id)).map(({ kind: of, used, stopped }) => ({ of, used, stopped })),
    ).toEqual([
      { of: 'accept', used: 5, stopped: true },
      { of: 'dispatch', used: 235, stopped: true },
      { of: 'handle', used: 180, stopped: true },
      { of: 'check', used: 180, stopped: true },
    ])
  })

  it('counts no action outside working hours as working time, and none as free', async () => {
    const id = await dispatched('2026-03-02 19:00')
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-03 12:00' })
    await go(id, '2026-03-03 19:30', 'handler', 'handle', { note: '晚上处理' })
    const handled = (await clocksOf(id)).find((clock) => clock.kind === 'handle')
    expect(handled).toMatchObject({ runs: false, stopped: false })
    await go(id, '2026-03-03 20:00', 'field', 'check_pass')
    expect((await clocksOf(id)).find((clock) => clock.kind === 'handle')).toMatchObject({
      used: 480,
    })
  })

  it('goes on where it rested after rework', async () => {
    const id = await dispatched('2026-03-02 08:00')
    await go(id, '2026-03-02 11:00', 'handler', 'handle', { note: '已清理' })
    await go(id, '2026-03-04 14:30', 'field', 'check_fail', { note: '没清干净' })
    // 3 of 4 hours are used
    expect(await timesOf(id)).toEqual({ due: '2026-03-04 15:30', warn: '2026-03-04 14:30' })
  })

  it('gives another department its own full time, and the first one the rest of its own', async () => {
    const id = await dispatched('2026-03-02 08:00')
    await go(id, '2026-03-02 10:00', 'handler', 'return', { note: '不归我们管' })
    await go(id, '2026-03-02 11:00', 'manager', 'dispatch', { department: 'parks' })
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 17:00' })
    await go(id, '2026-03-02 12:00', 'stranger', 'return', { note: '也不归我们管' })
    await go(id, '2026-03-02 14:00', 'manager', 'dispatch', { department: 'public_works' })
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 16:00' })
    expect((await clocksOf(id)).filter((clock) => clock.kind === 'handle')).toEqual([
      {
        kind: 'handle',
        milestone: null,
        department: 'public_works',
        due: '2026-03-02 16:00',
        runs: true,
        used: null,
        stopped: false,
      },
      {
        kind: 'handle',
        milestone: null,
        department: 'parks',
        due: null,
        runs: false,
        used: 60,
        stopped: false,
      },
    ])
  })

  it('does not count the time it was closed, and goes on after reopening', async () => {
    const id = await dispatched('2026-03-02 08:00')
    await go(id, '2026-03-02 09:00', 'handler', 'handle', { note: '已清理' })
    await go(id, '2026-03-02 10:00', 'field', 'check_pass')
    await go(id, '2026-03-20 08:00', 'leader', 'reopen', { note: '又出现了' })
    // 1 of 4 hours is used
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-20 11:00' })
  })

  it('gives lists the working time around their due times', async () => {
    const id = await dispatched('2026-03-02 08:00')
    const [queued] = await db.query<{ rows: { dueAt: string; dueCalendar: string }[] }>(
      `select private.queue_rows(array[i.district_code], array[i.id], now()) as rows
       from public.incidents i where i.id = $1`,
      [id],
    )
    expect(queued!.rows[0]!.dueCalendar).toBe('cn')
    const at = instantOf('2026-02-13 16:30')
    // back over two weekends, over a noon break, and over the whole Spring Festival
    const dues = ['2026-02-02 09:10', '2026-02-13 15:30', '2026-02-13 17:00', '2026-03-02 11:59']
    const rows = dues.map((due) => ({ dueAt: instantOf(due), dueCalendar: 'cn' }))
    const [said] = await db.query<{ spans: Record<string, WorkSpans> }>(
      'select private.page_spans($1::text::jsonb, $2::timestamptz) as spans',
      [JSON.stringify([...rows, { dueAt: at, dueCalendar: null }]), at],
    )
    expect(Object.keys(said!.spans)).toEqual(['cn'])
    for (const { dueAt } of rows) {
      const [from, to] = [at, dueAt].toSorted((a, b) => Date.parse(a) - Date.parse(b))
      const [row] = await db.query<{ seconds: number }>(
        `select private.work_seconds('cn', $1::timestamptz, $2::timestamptz)::float8 as seconds`,
        [from!, to!],
      )
      const worked = workBetween(said!.spans['cn']!, Date.parse(from!), Date.parse(to!))
      expect(worked).toBe(row!.seconds * 1000)
    }
    const [beyond] = await db.query<{ spans: object }>(
      'select private.page_spans($1::text::jsonb, $2::timestamptz) as spans',
      [JSON.stringify(rows), instantOf('2028-02-13 16:30')],
    )
    expect(beyond!.spans).toEqual({})
  })

  it('rests all clocks in a hold, and goes on with them when somebody resumes', async () => {
    const id = await dispatched('2026-03-06 16:00')
    await go(id, '2026-03-06 17:00', 'leader', 'hold', { until: instantOf('2026-06-01 08:00') })
    expect(await timesOf(id)).toEqual({ due: null, warn: null })
    expect(await dueUnknown(id)).toBeNull()
    await go(id, '2026-03-09 08:00', 'leader', 'resume')
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-09 11:00' })
  })

  it('resumes a hold by itself at its instant, with the next command of anybody', async () => {
    const id = await dispatched('2026-03-06 16:00')
    await go(id, '2026-03-06 17:00', 'leader', 'hold', { until: instantOf('2026-03-10 08:00') })
    await report('2026-03-10 07:59')
    expect(await timesOf(id)).toMatchObject({ due: null })
    await report('2026-03-11 09:00')
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-10 11:00' })
    expect(await logOf(id, 'resumed')).toEqual([{ at: '2026-03-10 08:00', data: {}, actor: null }])
    const [incident] = await db.query(
      'select on_hold, hold_until, was_held from public.incidents where id = $1',
      [id],
    )
    expect(incident).toEqual({ on_hold: false, hold_until: null, was_held: true })
  })

  it('keeps a hold over a change of the category', async () => {
    const id = await dispatched('2026-03-06 16:00')
    await go(id, '2026-03-06 17:00', 'leader', 'hold', { until: instantOf('2026-06-01 08:00') })
    await correct(id, '2026-03-09 10:00', { categoryCode: 'exposed_garbage' })
    expect(await timesOf(id)).toEqual({ due: null, warn: null })
    await go(id, '2026-03-10 08:00', 'leader', 'resume')
    // 5 days of 8 hours, 1 hour used before the hold
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-16 17:00' })
  })

  it('adds the original limit once for an extension asked at the last minute', async () => {
    const id = await dispatched('2026-03-02 08:00')
    // due at noon
    await go(id, '2026-03-02 11:59', 'handler', 'request_extension', { note: '需要设备' })
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 12:00' })
    await go(id, '2026-03-02 15:00', 'manager', 'decide_extension', { isApproved: true })
    expect(await timesOf(id)).toEqual({ due: '2026-03-02 18:00', warn: '2026-03-02 16:00' })
    await go(id, '2026-03-02 16:30', 'handler', 'request_extension', { note: '还需要' })
    await go(id, '2026-03-02 16:40', 'leader', 'decide_extension', { isApproved: false })
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 18:00' })
  })

  it('takes no question for more time after the due time', async () => {
    const id = await dispatched('2026-03-02 08:00')
    expect(
      (await take(id, '2026-03-02 12:01', 'handler', 'request_extension', { note: '晚了' })).error,
    ).toEqual({
      code: 'not_now',
      field: 'name',
      detail: 'in_time',
    })
  })

  describe('of milestones', () => {
    const milestonesOf = async (id: string) =>
      (await clocksOf(id))
        .filter((clock) => clock.milestone)
        .map(({ milestone, due, used }) => ({ milestone, due, used }))

    it('stand when the handler gets more time', async () => {
      const id = await dispatched('2026-03-02 08:00', 'public_works', 'shed')
      const before = await milestonesOf(id)
      await go(id, '2026-03-02 09:00', 'handler', 'request_extension', { note: '需要设备' })
      await go(id, '2026-03-02 10:00', 'manager', 'decide_extension', { isApproved: true })
      expect(await milestonesOf(id)).toEqual(before)
    })

    it('run from the dispatch on; the earliest counts; a reached one stops', async () => {
      const id = await dispatched('2026-03-02 08:00', 'public_works', 'shed')
      expect(await milestonesOf(id)).toEqual([
        { milestone: 'demolish', due: '2026-03-27 18:00', used: null },
        { milestone: 'fine', due: '2026-03-02 17:00', used: null },
        { milestone: 'stop', due: '2026-03-02 12:00', used: null },
      ])
      expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 12:00' })
      await go(id, '2026-03-02 11:00', 'handler', 'milestone', { milestone: 'stop' })
      expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 17:00' })
      expect((await milestonesOf(id))[2]).toEqual({ milestone: 'stop', due: null, used: 180 })
      await go(id, '2026-03-02 12:00', 'handler', 'return', { note: '移交' })
      await go(id, '2026-03-02 14:00', 'manager', 'dispatch', { department: 'parks' })
      // what was reached is not asked of the next department
      expect((await milestonesOf(id)).filter(({ due }) => due)).toEqual([
        { milestone: 'demolish', due: '2026-03-30 12:00', used: null },
        { milestone: 'fine', due: '2026-03-03 11:00', used: null },
      ])
    })

    it('stay reached when the case is reopened', async () => {
      const id = await dispatched('2026-03-02 08:00', 'public_works', 'shed')
      await go(id, '2026-03-02 09:00', 'handler', 'milestone', { milestone: 'stop' })
      await go(id, '2026-03-02 10:00', 'handler', 'handle', { note: '已拆' })
      await go(id, '2026-03-02 11:00', 'field', 'check_pass')
      await go(id, '2026-03-04 08:00', 'leader', 'reopen', { note: '又搭了' })
      expect(await milestonesOf(id)).toEqual([
        { milestone: 'demolish', due: '2026-03-31 16:00', used: null },
        { milestone: 'fine', due: '2026-03-04 15:00', used: null },
        { milestone: 'stop', due: null, used: 60 },
      ])
    })

    it('are the condition’s alone', async () => {
      const id = await dispatched('2026-03-02 08:00', 'public_works', 'shed')
      expect(
        (await take(id, '2026-03-02 09:00', 'handler', 'milestone', { milestone: 'no_such' }))
          .error,
      ).toMatchObject({
        code: 'invalid_field',
        field: 'milestone',
      })
    })
  })

  async function correct(id: string, time: string, changes: object) {
    const [row] = await db.query<{ version: number }>(
      'select version from public.incidents where id = $1',
      [id],
    )
    const receipt = await send(time, 'manager', 'correct_incident', {
      incidentId: id,
      baseVersion: row!.version,
      changes,
    })
    expect(receipt.error).toBeNull()
  }

  it('takes the limit of another category from the same start, and says so in the log', async () => {
    const id = await dispatched('2026-03-02 08:00')
    await correct(id, '2026-03-03 10:00', { categoryCode: 'exposed_garbage' })
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-06 18:00' })
    expect((await logOf(id, 'clock_moved')).map(({ data }) => data)).toEqual([
      {
        from: expect.stringMatching(/^2026-03-02T04:00:00/),
        to: expect.stringMatching(/^2026-03-06T10:00:00/),
      },
    ])
  })

  it('says nothing where a correction moves no clock', async () => {
    const id = await dispatched('2026-03-02 08:00')
    await correct(id, '2026-03-03 10:00', { description: '别的' })
    expect(await logOf(id, 'clock_moved')).toEqual([])
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 12:00' })
  })

  it('takes the calendar of another area with a correction of the place', async () => {
    await storeCalendar(
      db,
      {
        code: 'early',
        nameZh: '早班',
        nameEn: 'Early',
        workingDay: '08:00',
        hours: [{ weekdays: [1, 2, 3, 4, 5], from: '05:00', to: '13:00' }],
      },
      'N-1-A',
    )
    await storeCalendarYears(db, 'early', [{ year: 2026, papers: [], days: [] }], 'test')
    const id = await dispatched('2026-03-02 09:00')
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 15:00' })
    await correct(id, '2026-03-02 09:30', { lon: 11.5, lat: 21 })
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 13:00' })
  })

  it('moves open cases when a calendar is edited, each once, with their holds, and says so', async () => {
    const moves = await dispatched('2026-03-12 09:00')
    const stays = await dispatched('2026-03-03 08:00')
    const held = await dispatched('2026-03-12 09:00')
    await go(held, '2026-03-12 10:00', 'leader', 'hold', { until: instantOf('2026-06-01 08:00') })
    const closed = await dispatched('2026-03-12 09:00')
    await go(closed, '2026-03-12 09:30', 'handler', 'handle', { note: '已清理' })
    await go(closed, '2026-03-12 09:40', 'field', 'check_pass')
    expect(await timesOf(moves)).toMatchObject({ due: '2026-03-12 15:00' })
    const revisionOfMarch = async () =>
      (
        await read<{ months: { month: string; revision: string }[] }>('incident_months()')
      ).months.find(({ month }) => month === '2026-03')!.revision
    const revision = await revisionOfMarch()
    const { cursor } = await read<{ cursor: string }>('incident_months()')
    expect(await dueMinutes()).toContain(minuteOf('2026-03-12 15:00'))
    await db.query(
      `insert into public.calendar_days (calendar, day, name) values ('cn', '2026-03-12', '停工')`,
    )
    await db.query(`select private.rebuild_calendar('cn')`)
    const first = await moveDueTimes(db, 'cn')
    expect(first.moved).toBeGreaterThan(0)
    expect(await timesOf(moves)).toEqual({ due: '2026-03-13 12:00', warn: '2026-03-13 11:00' })
    expect(await read(`changes_since('${cursor}')`)).toMatchObject({ months: ['2026-03'] })
    expect(await revisionOfMarch()).not.toBe(revision)
    expect(await dueMinutes()).toContain(minuteOf('2026-03-13 12:00'))
    expect(await dueMinutes()).not.toContain(minuteOf('2026-03-12 15:00'))
    expect((await logOf(moves, 'clock_moved')).map(({ data }) => data)).toEqual([
      {
        from: expect.stringMatching(/^2026-03-12T07:00:00/),
        to: expect.stringMatching(/^2026-03-13T04:00:00/),
      },
    ])
    expect(await timesOf(stays)).toMatchObject({ due: '2026-03-03 12:00' })
    expect(await logOf(stays, 'clock_moved')).toEqual([])
    expect(await timesOf(held)).toEqual({ due: null, warn: null })
    expect(await timesOf(closed)).toEqual({ due: null, warn: null })
    // the hour before the hold is none any more
    await go(held, '2026-03-13 08:00', 'leader', 'resume')
    expect(await timesOf(held)).toMatchObject({ due: '2026-03-13 12:00' })
    expect(await moveDueTimes(db, 'cn')).toEqual({ looked: first.looked, moved: 0 })
    await db.query(`delete from public.calendar_days where day = '2026-03-12'`)
    await db.query(`select private.rebuild_calendar('cn')`)
    await moveDueTimes(db, 'cn')
    expect(await timesOf(moves)).toMatchObject({ due: '2026-03-12 15:00' })
  })

  it('goes through all batches of a calendar', async () => {
    const bounds = await db.query<{ id: string }>(
      'select b.id from private.clock_batches(null, 3) b (id)',
    )
    const looks: number[] = []
    for (const [index, until] of [...bounds.map(({ id }) => id), null].entries()) {
      const [row] = await db.query<{ looked: number }>(
        `select r.looked from private.recompute_clocks(null, $1::text::uuid, $2::text::uuid, now()) r`,
        [bounds[index - 1]?.id ?? null, until],
      )
      looks.push(row!.looked)
    }
    const [open] = await db.query<{ n: string }>(`select count(distinct incident_id) as n
      from public.incident_clocks where stopped_at is null and unit in ('work_hour', 'work_day')`)
    expect(looks.length).toBeGreaterThan(3)
    expect(looks.slice(0, -1).every((looked) => looked === 3)).toBe(true)
    expect(looks.reduce((sum, looked) => sum + looked)).toBe(Number(open!.n))
  })

  it('has no due time beyond the calendar, and gets one when the year is imported', async () => {
    const files = temporaryFiles()
    const id = await dispatched('2026-11-20 08:00', 'public_works', 'exposed_garbage')
    await db.query(`delete from public.calendar_years where calendar = 'cn' and year = 2026`)
    await db.query(`select private.rebuild_calendar('cn')`)
    await moveDueTimes(db, 'cn')
    expect(await timesOf(id)).toEqual({ due: null, warn: null })
    expect(await dueUnknown(id)).toEqual({ until: '2025-12-31' })
    const file = files.write(
      JSON.stringify({
        year: 2026,
        papers: ['https://example.org/notice'],
        days: [
          { name: '停工', date: '2026-11-23', isOffDay: true },
          { name: '补班', date: '2026-11-22', isOffDay: false },
        ],
      }),
      '.json',
    )
    const result = await importCalendar(db, { file, calendar: 'cn' })
    files.remove()
    expect(result).toMatchObject({ kind: 'calendar', read: 2, stored: 2, rejected: 0 })
    // Friday 20, Sunday 22 for Monday 23, Tuesday 24 to Thursday 26
    expect(await timesOf(id)).toMatchObject({ due: '2026-11-26 18:00' })
    expect(await dueUnknown(id)).toBeNull()
    expect(
      (
        await db.query(
          `select source from public.calendar_years where calendar = 'cn' and year = 2026`,
        )
      )[0],
    ).toEqual({
      source: 'https://example.org/notice',
    })
  })

  it.each([
    ['a day that is none', { date: '2026-02-30', name: 'x', isOffDay: true }, 'date', 'bad_date'],
    [
      'a day of another year',
      { date: '2024-02-03', name: 'x', isOffDay: true },
      'date',
      'other_year',
    ],
    ['no flag', { date: '2026-02-03', name: 'x', isOffDay: 'yes' }, 'isOffDay', 'not_a_flag'],
    ['no name', { date: '2026-02-03', isOffDay: true }, 'name', 'bad_name'],
    ['no entry', 'holiday', null, 'bad_entry'],
    [
      'a day that came before',
      { date: '2026-01-01', name: 'x', isOffDay: true },
      'date',
      'duplicate_day',
    ],
  ])(
    'names the entry of an imported calendar with %s, and stores nothing',
    async (_, entry, field, reason) => {
      const files = temporaryFiles()
      const good = { date: '2026-01-01', name: '元旦', isOffDay: true }
      const file = files.write(
        JSON.stringify({ year: 2026, papers: [], days: [good, entry] }),
        '.json',
      )
      const before = await db.query('select * from public.calendar_days order by calendar, day')
      const result = await importCalendar(db, { file, calendar: 'cn' })
      files.remove()
      expect(result).toMatchObject({
        read: 2,
        stored: 0,
        rejected: 2,
        items: [{ at: 2, field, reason }],
      })
      expect(await db.query('select * from public.calendar_days order by calendar, day')).toEqual(
        before,
      )
    },
  )

  it.each([
    ['not JSON', '{"year": 2026,\n"days": [}', 'cn', 'line 2: not JSON'],
    ['no year', '{"days": []}', 'cn', 'not {year, papers, days}'],
    ['a year without days', '{"year": 2027, "papers": [], "days": []}', 'cn', '2027 has no days'],
    [
      'another calendar',
      '{"year": 2026, "days": [{"date": "2026-01-01", "name": "x", "isOffDay": true}]}',
      'us',
      'no such calendar',
    ],
  ])('refuses a file with %s', async (_, text, calendar, message) => {
    const files = temporaryFiles()
    const file = files.write(text, '.json')
    await expect(importCalendar(db, { file, calendar })).rejects.toThrow(message)
    files.remove()
  })

  it('gives an area a calendar of its own by a file, and moves what is open there', async () => {
    const files = temporaryFiles()
    const year = {
      year: 2026,
      papers: [],
      days: [{ name: '停工', date: '2026-03-13', isOffDay: true }],
    }
    const file = files.write(JSON.stringify(year), '.json')
    const id = await dispatched('2026-03-12 17:00')
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-13 11:00' })
    const hours = ['1-4 08:00-20:00', '周五 06:00-10:00 11:00-13:00']
    const area = 'N-1_A'
    expect(await importCalendar(db, { file, area, hours })).toMatchObject({
      stored: 1,
      rejected: 0,
    })
    // Friday is off by the file, and Monday has the new hours
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-16 09:00' })
    expect(await logOf(id, 'clock_moved')).toHaveLength(1)
    const own = await db.query(
      `select c.code, c.name_zh, (select count(*)::integer from public.calendar_years y where y.calendar = c.code) as years,
         (select count(*)::integer from public.calendar_hours h where h.calendar = c.code) as spans
       from public.calendars c where c.area_code = $1`,
      [area],
    )
    // the years of the calendar above came along
    expect(own).toEqual([{ code: 'area_n_1_a', name_zh: area, years: 2, spans: 6 }])
    await importCalendar(db, { file, area, hours: ['1-5 08:00-12:00 14:00-18:00'] })
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-16 11:00' })
    for (const [options, message] of [
      [{ area: 'nowhere' }, 'there is no such area'],
      [{ area, calendar: 'cn' }, 'has the calendar area_n_1_a'],
      [{ area, hours: ['1-5 18:00-08:00'] }, '--hours'],
      [{ area: 'N-1', calendar: 'early' }, 'another area has this calendar'],
    ] as const)
      await expect(importCalendar(db, { file, ...options })).rejects.toThrow(message)
    files.remove()
    await db.query(`delete from public.calendars where area_code = $1`, [area])
    await moveDueTimes(db, null)
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-13 11:00' })
  })

  it('runs no working clock in a city without a calendar', async () => {
    await db.query(`update public.calendars set area_code = 'N-10' where code = 'cn'`)
    const id = await dispatched('2026-03-02 08:00')
    expect(await timesOf(id)).toEqual({ due: null, warn: null })
    expect(await dueUnknown(id)).toEqual({ until: null })
    await db.query(`update public.calendars set area_code = null where code = 'cn'`)
    await moveDueTimes(db, null)
    expect(await timesOf(id)).toMatchObject({ due: '2026-03-02 12:00' })
  })

  it('lists limits and milestones with the workflows', async () => {
    const [row] = await db.asUser(people.field, (tx) =>
      tx.query<{
        list: {
          workflows: { code: string; limits: object[] }[]
          conditions: { code: string; limits: object[]; milestones: object[] }[]
        }
      }>('select public.workflow_list() as list'),
    )
    const { workflows, conditions } = row!.list
    expect(workflows.find(({ code }) => code === 'event')!.limits).toContainEqual({
      clock: 'handle',
      amount: 5,
      unit: 'work_day',
      dayRule: 'hours',
    })
    expect(conditions.find(({ code }) => code === 'dumping')!.limits).toEqual([
      { clock: 'handle', amount: 4, unit: 'work_hour', dayRule: 'hours' },
    ])
    expect(conditions.find(({ code }) => code === 'shed')!.milestones).toHaveLength(3)
  })

  it('shows the clocks of an incident to who sees it', async () => {
    const id = await report('2026-03-02 07:00')
    const seen = async (person: Person) =>
      (
        await db.asUser(people[person], (tx) =>
          tx.query('select 1 from public.incident_clocks where incident_id = $1', [id]),
        )
      ).length
    expect(await seen('manager')).toBe(1)
    expect(await seen('otherManager')).toBe(0)
    await expect(
      db.asUser(people.manager, (tx) =>
        tx.query(`update public.incident_clocks set due_at = null where incident_id = $1`, [id]),
      ),
    ).rejects.toMatchObject({ code: '42501' })
  })

  it('stores a batch of reports with one clock each', async () => {
    const commands = Array.from({ length: 20 }, () =>
      commandOf(people.field, 'report_incident', { ...reportPayload(), incidentId: randomUUID() }),
    )
    const receipts = await db.asUser(people.field, (tx) =>
      tx.query<{ receipts: Receipt[] }>(
        'select public.apply_commands($1::text::json) as receipts',
        [JSON.stringify(commands)],
      ),
    )
    const ids = receipts[0]!.receipts.map((receipt) => receipt.incident_id)
    const rows = await db.query<{ clocks: string }>(
      `select count(*) as clocks from public.incident_clocks c join public.incidents i on i.id = c.incident_id
       join public.incident_work w on w.incident_id = c.incident_id
       where c.incident_id = any ($1::uuid[]) and c.due_at = w.due_at and i.version = 1`,
      [ids],
    )
    expect(Number(rows[0]!.clocks)).toBe(20)
  })
})
