import { afterAll, beforeAll, expect, it } from 'vitest'
import { unpackMonth } from '../../../src/columns/count/column-set.ts'
import type { PackedMonth } from '../../../src/domain/answers/columns.ts'
import { describeOnEachDatabase } from '../harness/index.ts'
import { openReadWorld, people, storeIncident } from './world.ts'
import type { Person, ReadWorld } from './world.ts'

interface Row {
  id: string
  areaCode: string
  departmentCode: string | null
}
interface Page {
  rows: Row[]
  next: unknown
}

// zoom 14
const missionTiles = [2618, 2619, 2620, 2621, 2622].flatMap((x) =>
  [6331, 6332, 6333, 6334].map((y) => [x, y] as const),
)
const own = '10000000-0000-4000-8000-000000000001'

describeOnEachDatabase('who reads what', (kind) => {
  let world: ReadWorld
  let mission: Set<string>
  let outside: string

  beforeAll(async () => {
    world = await openReadWorld(kind, 1500)
    const codes = await world.db.query<{ code: string }>(
      'select code from public.areas where parent_code = $1',
      [world.missionCode],
    )
    mission = new Set(codes.map((row) => row.code))
    const [far] = await world.db.query<{ id: string; area: string }>(
      `select id, area_code as area from public.incidents where area_code <> all ($1::text::text[])
         and department_code <> 'public_works' order by id limit 1`,
      [`{${[...mission].join(',')}}`],
    )
    outside = far!.id
    // reported by the manager and by the stranger, each outside every area they look after
    await storeIncident(world.db, {
      id: own,
      month: '2015-03-01',
      areaCode: far!.area,
      reportedBy: people.missionManager,
    })
    await storeIncident(world.db, {
      id: own.replace(/1$/, '2'),
      month: '2015-03-01',
      areaCode: far!.area,
      reportedBy: people.stranger,
    })
  })
  afterAll(() => world.db.close())

  const expected = async (condition: string): Promise<string[]> => {
    const rows = await world.db.query<{ id: string }>(
      `select id from public.incidents where ${condition} order by id`,
    )
    return rows.map((row) => row.id)
  }
  const missionList = () => `'{${[...mission].join(',')}}'::text[]`
  const conditions: Record<Person, () => string> = {
    admin: () => 'true',
    missionManager: () =>
      `area_code = any (${missionList()}) or reported_by = '${people.missionManager}'`,
    handler: () => `department_code = 'public_works'`,
    stranger: () => `reported_by = '${people.stranger}'`,
  }

  async function everyRow(who: Person): Promise<Row[]> {
    const rows: Row[] = []
    let after: unknown = null
    do {
      const page: Page = await world.call(
        who,
        `incident_list('{}', 'reported_asc', $1::text::jsonb, 200)`,
        [JSON.stringify(after)],
      )
      rows.push(...page.rows)
      after = page.next
    } while (after)
    return rows
  }

  it.each(Object.keys(people) as Person[])(
    'gives %s the same rows as list, columns and months',
    async (who) => {
      const ids = await expected(conditions[who]())
      expect(ids.length).toBeGreaterThan(who === 'stranger' ? 0 : 30)
      expect((await everyRow(who)).map((row) => row.id).sort()).toEqual(ids)

      const { months } = await world.call<{ months: { month: string; count: number }[] }>(
        who,
        'incident_months()',
      )
      expect(months.reduce((sum, month) => sum + month.count, 0)).toBe(ids.length)
      const packed = await world.call<PackedMonth[]>(who, 'incident_columns($1::text::text[])', [
        `{${months.map((month) => month.month).join(',')}}`,
      ])
      expect(packed.map(({ month, count }) => ({ month, count }))).toEqual(
        months.map(({ month, count }) => ({ month, count })),
      )
      const areas = await world.db.query<{ idx: number; code: string }>(
        'select idx, code from public.areas',
      )
      const codeOf = new Map(areas.map((area) => [area.idx, area.code]))
      const carried = packed
        .map(unpackMonth)
        .flatMap((month) => [...month.area].map((idx) => codeOf.get(idx)))
      const stored = await world.db.query<{ code: string }>(
        `select area_code as code from public.incidents where ${conditions[who]()}`,
      )
      expect(carried.sort()).toEqual(stored.map((row) => row.code).sort())
    },
  )

  it('never gives the Mission manager a row outside but their own', async () => {
    const rows = await everyRow('missionManager')
    expect(rows.filter((row) => !mission.has(row.areaCode)).map((row) => row.id)).toEqual([own])
    const [far] = await world.db.query<{ code: string; n: number }>(
      `select area_code as code, count(*)::integer as n from public.incidents where area_code = (
         select area_code from public.incidents where id = $1::text::uuid) group by 1`,
      [own],
    )
    expect(far!.n).toBeGreaterThan(2)
    const asked = await world.call<Page>(
      'missionManager',
      `incident_list($1::text::jsonb, 'area_asc', null, 200)`,
      [JSON.stringify({ areas: [far!.code] })],
    )
    expect(asked.rows.map((row) => row.id)).toEqual([own])
    for (const [x, y] of missionTiles) {
      const tile = await world.call<{ ids: string[]; total: number }>(
        'missionManager',
        `incident_points(14, ${x}, ${y}, '{}')`,
      )
      const inTile = new Set(rows.map((row) => row.id))
      expect(tile.ids.every((id) => inTile.has(id))).toBe(true)
      expect(tile.total).toBe(tile.ids.length)
    }
  })

  it('shows one incident to those who see it, and the others cannot tell it from none', async () => {
    const detail = (who: Person, id: string) =>
      world.call<object | null>(who, 'incident_detail($1::text::uuid)', [id])
    expect(await detail('admin', outside)).toMatchObject({ incident: { id: outside }, log: [] })
    expect(await detail('missionManager', outside)).toBeNull()
    expect(await detail('handler', outside)).toBeNull()
    expect(await detail('missionManager', own)).toMatchObject({
      incident: { id: own, reporterName: 'missionManager' },
    })
    expect(await detail('admin', '99999999-0000-4000-8000-000000000000')).toBeNull()
  })

  it.each([
    'incident_months()',
    `incident_columns('{2015-01}')`,
    `changes_since('x')`,
    `incident_points(14, 2620, 6333, '{}')`,
    `incident_list('{}', 'reported_desc', null, 10)`,
    `incident_detail('${own}')`,
  ])('lets nobody who is not signed in call %s', async (call) => {
    for (const schema of ['public', 'private']) {
      await expect(
        world.db.asAnon((tx) => tx.query(`select ${schema}.${call}`)),
      ).rejects.toMatchObject({ code: '42501' })
    }
    // a signed-in role without a user behind it is nobody either
    await expect(
      world.db.transaction(async (tx) => {
        await tx.exec('set local role authenticated')
        await tx.query(`select public.${call}`)
      }),
    ).rejects.toMatchObject({ code: '42501' })
  })

  it('keeps the helpers that build conditions out of reach', async () => {
    for (const call of [`resolve_scope()`, `parse_filter('{}')`, `refuse_filter('a', 'b')`]) {
      await expect(
        world.db.asUser(people.admin, (tx) => tx.query(`select private.${call}`)),
      ).rejects.toMatchObject({ code: '42501' })
    }
  })
})
