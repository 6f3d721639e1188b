import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Area } from '../../../src/domain/city/area.ts'
import type { Category } from '../../../src/domain/city/category.ts'
import { ColumnSet, unpackMonth } from '../../../src/columns/count/column-set.ts'
import type { PackedMonth } from '../../../src/domain/answers/columns.ts'
import { datedChoices } from '../../../src/domain/filter/due.ts'
import { emptyFilter } from '../../../src/domain/filter/filter.ts'
import { filterToRpc } from '../../../src/domain/filter/filter-url.ts'
import { filteredMonths, passingRows } from '../../../src/columns/count/passing-rows.ts'
import { project } from '../../../src/columns/count/project.ts'
import { wallMinutes } from '../../../src/domain/time/calendar.ts'
import { stages } from '../../../src/domain/vocabulary.ts'
import { seededRandom } from '../../../tests/bench/generate/random.ts'
import { describeOnEachDatabase } from '../harness/index.ts'
import { actAs } from '../harness/types.ts'
import { countStatement, randomFilter } from './random-filter.ts'
import { cityBox, cityTimeZone, openReadWorld, people } from './world.ts'
import type { ReadWorld } from './world.ts'

interface Months {
  cursor: string
  asOf: string
  months: { month: string; count: number; revision: string }[]
}

describeOnEachDatabase('months and columns', (kind) => {
  let world: ReadWorld
  let months: Months
  let packed: PackedMonth[]

  const columns = (list: (string | null)[]) =>
    world.call<PackedMonth[]>('admin', 'incident_columns($1::text::text[])', [
      `{${list.map((month) => month ?? 'null').join(',')}}`,
    ])

  beforeAll(async () => {
    world = await openReadWorld(kind, 3000)
    await world.db.exec(`
      update public.incidents set on_hold = true where stage <> 'closed' and qx % 3 = 0;
      update public.incidents set stage = 'rejected', closed_at = null where qx % 41 = 0;
      -- deadlines some minutes away from now and from now in a day
      update public.incident_work w set due_at = date_trunc('minute', now())
        + interval '15 minutes' * (i.qy % 400 - 200) + interval '7 minutes 30 seconds'
        from public.incidents i where i.id = w.incident_id and i.qy % 4 > 0;
      update public.incidents set closed_at = reported_at + interval '12 years' where id = (
        select id from public.incidents where stage = 'closed' order by id limit 1)`)
    months = await world.call<Months>('admin', 'incident_months()')
    packed = await columns(months.months.map((entry) => entry.month))
  })
  afterAll(() => world.db.close())

  it('lists every month with its count and the revision its columns carry', async () => {
    const counted = await world.db.query<{ month: string; count: number }>(
      `select to_char(reported_at at time zone '${cityTimeZone}', 'YYYY-MM') as month, count(*)::integer as count
       from public.incidents group by 1 order by 1`,
    )
    expect(months.months.map(({ month, count }) => ({ month, count }))).toEqual(counted)
    expect(packed.map(({ month, count, revision }) => ({ month, count, revision }))).toEqual(
      months.months,
    )
    const [last] = await world.db.query<{ at: string }>(
      `select to_json(least(now(), max(greatest(reported_at, closed_at)))) #>> '{}' as at from public.incidents`,
    )
    // a city of imports only: known up to the last instant in them, but never past now
    expect(Math.abs(Date.parse(months.asOf) - Date.parse(last!.at))).toBeLessThan(120_000)
  })

  it('carries every value of every incident, in the order of the local clock', async () => {
    const stored = await world.db.query<Record<string, number | string>>(
      `with local as (
         select i.*, w.due_at, a.idx as area, c.idx as category, reported_at at time zone '${cityTimeZone}' as reported,
           closed_at at time zone '${cityTimeZone}' as closed
         from public.incidents i join public.areas a on a.code = i.area_code
         left join public.incident_work w on w.incident_id = i.id
         join public.categories c on c.code = category_code)
       select to_char(reported, 'YYYY-MM') as month, area, category, stage, on_hold::integer as hold, qx, qy,
         trunc(extract(epoch from reported - date_trunc('month', reported)) / 60)::integer as minute,
         case when closed_at is null then 65535
           else least(65534, trunc(extract(epoch from closed_at - reported_at) / 3600))::integer end as hours,
         case when closed_at is null then 255 else least(254, (extract(year from closed) - extract(year from reported)) * 12
           + extract(month from closed) - extract(month from reported))::integer end as closed_month,
         case when stage in ('reported', 'filed', 'dispatched', 'handled') and not on_hold
           then ceil(extract(epoch from due_at) / 60)::integer end as due
       from local order by month, minute, id`,
    )
    const carried = packed.map(unpackMonth).flatMap((m) =>
      Array.from({ length: m.count }, (_, i) => ({
        month: m.month,
        area: m.area[i],
        category: m.category[i],
        stage: stages[m.stage[i]! & 15],
        hold: m.stage[i]! >> 4,
        qx: m.x[i],
        qy: m.y[i],
        minute: m.minute[i],
        hours: m.hours[i],
        closed_month: m.closedMonth[i],
        due: m.due.minute[m.due.rows.indexOf(i)] ?? null,
      })),
    )
    expect(carried).toHaveLength(3000)
    expect(carried).toEqual(stored)
    expect(new Set(carried.map((row) => row.hold))).toEqual(new Set([0, 1]))
    expect(carried.some((row) => row.hours === 65_534)).toBe(true)
    expect(carried.filter((row) => row.due !== null).length).toBeGreaterThan(100)
  })

  it('counts under any filter what SQL counts, and the list gives as many rows', async () => {
    const areas = await world.db.query<Area>(
      `select idx, code, parent_code as "parentCode", path, level, name from public.areas`,
    )
    const categories = await world.db.query<Category>(
      `select idx, code, parent_code as "parentCode", path from public.categories`,
    )
    const set = new ColumnSet()
    packed.forEach((month) => set.replace(unpackMonth(month)))
    const [clock] = await world.db.query<{ minute: number }>(
      'select floor(extract(epoch from now()) / 60)::integer as minute',
    )
    const nowMinute = clock!.minute
    const asOfWallMinutes = wallMinutes(months.asOf, cityTimeZone)
    const pick = seededRandom(11)
    let nonEmpty = 0
    let withoutPoints = 0
    let byDue = 0
    let byAge = 0
    for (let round = 0; round < 140; round++) {
      const filter = randomFilter(
        pick,
        areas.map((a) => a.code),
        categories.map((c) => c.code),
      )
      const filterWorld = {
        ...{ areas, categories, cityBbox: cityBox, nowMinute, asOfWallMinutes },
      }
      const [some] = passingRows(filteredMonths(set, filter, filterWorld))
      if (some && round % 4 === 0) {
        const row = some.rows?.[0] ?? some.spans[0]!
        filter.exceptPoints = [[some.month.x[row]!, some.month.y[row]!]]
        withoutPoints++
      }
      const [row] = await world.db.query<{ n: number }>(...countStatement(filter))
      const inColumns = project(set, filter, filterWorld).total
      expect({ filter, n: inColumns }).toEqual({ filter, n: row!.n })
      const list = await world.call<{ rows: unknown[] }>(
        'admin',
        `incident_list($1::text::jsonb, 'area_asc', null, 200)`,
        [JSON.stringify(filterToRpc(filter))],
      )
      expect({ filter, n: list.rows.length }).toEqual({ filter, n: Math.min(200, row!.n) })
      if (row!.n > 0) nonEmpty++
      if (row!.n > 0 && filter.due.length > 0) byDue++
      if (row!.n > 0 && filter.openLonger !== null) byAge++
    }
    expect(nonEmpty).toBeGreaterThan(20)
    expect(byDue).toBeGreaterThan(3)
    expect(byAge).toBeGreaterThan(3)
    expect(withoutPoints).toBeGreaterThan(3)
  })

  it('is overdue from the minute of the deadline on, to the minute in columns and in the filter', async () => {
    const offsets = ['-1 minute', '0', '1 microsecond', '24 hours', '24 hours 1 microsecond']
    const found = await world.db.transaction(async (tx) => {
      await tx.exec(`update public.incident_work set due_at = null;
        update public.incidents i
        set stage = 'filed', closed_at = null, on_hold = false, description = o.ahead::text
        from unnest('{${offsets.join(',')}}'::interval[]) with ordinality o (ahead, n),
          (select id, row_number() over (order by id) as n from public.incidents) r
        where r.n = o.n and r.id = i.id;
        update public.incident_work w set due_at = date_trunc('minute', now()) + o.ahead
        from unnest('{${offsets.join(',')}}'::interval[]) o (ahead), public.incidents i
        where i.id = w.incident_id and i.description = o.ahead::text`)
      await actAs(tx, people.admin)
      const one = async <T>(sql: string) => (await tx.query<{ result: T }>(sql))[0]!.result
      const nowMinute = await one<number>(
        'select floor(extract(epoch from now()) / 60)::integer as result',
      )
      const all = await one<PackedMonth[]>(
        `select public.incident_columns(array(select distinct to_char(month, 'YYYY-MM')
           from public.incident_work where due_at is not null)) as result`,
      )
      const answers: Record<string, [string[], number]> = {}
      for (const choice of datedChoices) {
        const { rows } = await one<{ rows: { description: string }[] }>(
          `select public.incident_list('{"due":["${choice}"]}', 'reported_desc', null, 50) as result`,
        )
        const set = new ColumnSet()
        all.forEach((month) => set.replace(unpackMonth(month)))
        const filter = { ...emptyFilter(), due: [choice] }
        const filterWorld = {
          ...{ areas: [], categories: [], cityBbox: cityBox, nowMinute, asOfWallMinutes: 0 },
        }
        answers[choice] = [
          rows.map((row) => row.description).toSorted(),
          project(set, filter, filterWorld).total,
        ]
      }
      return answers
    })
    expect(found).toEqual({
      overdue: [['-00:01:00', '00:00:00'], 2],
      within_day: [['00:00:00.000001', '24:00:00'], 2],
    })
  })

  it('answers a month without incidents with an empty one', async () => {
    expect(await columns(['1999-01'])).toEqual([
      expect.objectContaining({ month: '1999-01', count: 0, minute: '', x: '' }),
    ])
  })

  it.each([
    ['a word', ['January']],
    ['a thirteenth month', ['2015-13']],
    ['a day', ['2015-01-01']],
    ['nothing in the list', [null]],
    ['121 months', Array.from({ length: 121 }, () => '2015-01')],
  ])('refuses %s', async (_, list) => {
    await expect(columns(list)).rejects.toMatchObject({ code: '22023', detail: 'p_months' })
  })
})
