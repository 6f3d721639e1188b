import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeOnEachDatabase } from '../harness/index.ts'
import { openReadWorld, people } from './world.ts'
import type { ReadWorld } from './world.ts'

interface Row {
  id: string
  areaCode: string
  categoryCode: string
  reportedAt: string
  closedAt: string | null
}
interface Page {
  rows: Row[]
  next: { sort: string; keys: string[]; id: string } | null
}

const hours = (row: Row) =>
  row.closedAt === null ? null : Date.parse(row.closedAt) - Date.parse(row.reportedAt)
/** Ascending; null after everything. */
const ascending = (a: number | string | null, b: number | string | null) =>
  a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1
const descending = (a: number | null, b: number | null) =>
  a === null || b === null ? ascending(a, b) : b - a
const reported = (row: Row) => Date.parse(row.reportedAt)
const closed = (row: Row) => (row.closedAt === null ? null : Date.parse(row.closedAt))

const sorts: Record<string, (a: Row, b: Row) => number> = {
  reported_desc: (a, b) => descending(reported(a), reported(b)),
  reported_asc: (a, b) => ascending(reported(a), reported(b)),
  closed_desc: (a, b) => descending(closed(a), closed(b)),
  hours_desc: (a, b) => descending(hours(a), hours(b)),
  hours_asc: (a, b) => ascending(hours(a), hours(b)),
  area_asc: (a, b) => ascending(a.areaCode, b.areaCode) || descending(reported(a), reported(b)),
  category_asc: (a, b) =>
    ascending(a.categoryCode, b.categoryCode) || descending(reported(a), reported(b)),
}

describeOnEachDatabase('the list', (kind) => {
  let world: ReadWorld
  beforeAll(async () => {
    world = await openReadWorld(kind, 1200)
    // many equal keys, so that only the id keeps them apart
    await world.db.exec(`
      update public.incidents set reported_at = '2014-05-05T12:00:00Z', month = '2014-05-01',
        closed_at = case when closed_at is not null then timestamptz '2014-05-06T12:00:00Z' end
      where qx % 3 = 0`)
  })
  afterAll(() => world.db.close())

  const page = (filter: object, sort: string, after: unknown, limit: number) =>
    world.call<Page>('admin', 'incident_list($1::text::jsonb, $2, $3::text::jsonb, $4::integer)', [
      JSON.stringify(filter),
      sort,
      JSON.stringify(after),
      limit,
    ])

  async function walk(filter: object, sort: string, limit: number): Promise<Row[]> {
    const rows: Row[] = []
    let after: Page['next'] = null
    do {
      const { rows: more, next } = await page(filter, sort, after, limit)
      if (next) expect(more).toHaveLength(limit)
      rows.push(...more)
      after = next
    } while (after)
    return rows
  }

  it.each(Object.keys(sorts))('covers every row once, in order, by %s', async (sort) => {
    for (const [filter, limit] of [
      [{}, 67],
      [{ from: '2014-01-01', to: '2015-12-31' }, 40],
      [{ openOnly: true }, 30],
    ] as const) {
      const rows = await walk(filter, sort, limit)
      const all = await walk(filter, 'reported_asc', 200)
      expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length)
      expect(rows.map((row) => row.id).sort()).toEqual(all.map((row) => row.id).sort())
      if (Object.keys(filter).length === 0) expect(rows).toHaveLength(1200)
      for (let i = 1; i < rows.length; i++)
        expect(sorts[sort]!(rows[i - 1]!, rows[i]!)).toBeLessThanOrEqual(0)
    }
  })

  it('goes on where it was although rows came in between', async () => {
    const before = await page({}, 'reported_asc', null, 100)
    await world.db.query(
      `update public.incidents set reported_at = '2001-01-01T00:00:00Z', month = '2001-01-01' where id = $1::text::uuid`,
      [before.rows[50]!.id],
    )
    const after = await page({}, 'reported_asc', before.next, 100)
    const seen = new Set(before.rows.map((row) => row.id))
    expect(after.rows.some((row) => seen.has(row.id))).toBe(false)
  })

  it('gives the row its contract says', async () => {
    const { rows } = await page({}, 'reported_desc', null, 1)
    expect(Object.keys(rows[0]!).sort()).toEqual(
      [
        'id',
        'districtCode',
        'categoryCode',
        'areaCode',
        'departmentCode',
        'stage',
        'onHold',
        'severity',
        'lon',
        'lat',
        'description',
        'addressLabel',
        'reportedAt',
        'closedAt',
        'channel',
        'version',
        'workflowCode',
        'state',
        'stateSince',
        'dueAt',
        'warnAt',
        'pending',
        'holdUntil',
        'supervision',
        'replyBy',
        'rework',
        'reopened',
        'extensions',
        'selfHandled',
        'isGenerated',
        'caseNumber',
      ].sort(),
    )
  })

  it('refuses an unknown sort, a limit out of range and a cursor of something else', async () => {
    const refused = (detail: string) => ({ code: '22023', detail })
    await expect(page({}, 'id; drop table x', null, 10)).rejects.toMatchObject(refused('p_sort'))
    for (const limit of [0, -1, 1001]) {
      await expect(page({}, 'area_asc', null, limit)).rejects.toMatchObject(refused('p_limit'))
    }
    const { next } = await page({}, 'reported_desc', null, 5)
    for (const bad of [
      { ...next, sort: 'reported_asc' },
      { ...next, keys: [] },
      { ...next, keys: ['not a time'] },
      { ...next, keys: [`2014-01-01') or (true`] },
      { ...next, keys: [null] },
      { ...next, keys: 'x' },
      { ...next, id: 'x' },
      { sort: 'reported_desc' },
      'x',
      7,
      [],
    ]) {
      await expect(page({}, 'reported_desc', bad, 5)).rejects.toMatchObject(refused('p_after'))
    }
  })

  it('tells everything about one incident', async () => {
    const [row] = await world.db.query<{ id: string; area: string; parent: string }>(
      `select i.id, i.area_code as area, a.parent_code as parent from public.incidents i
       join public.areas a on a.code = i.area_code where i.department_code = 'public_works' order by i.id limit 1`,
    )
    await world.db.query(
      `insert into public.incident_log (district_code, incident_id, seq, actor, kind, stage_to, note, data) values
       ('SF', $1::text::uuid, 2, $2::text::uuid, 'noted', null, '<b>seen</b>', '{"a": 1}'),
       ('SF', $1::text::uuid, 1, null, 'imported', 'reported', '', '{}')`,
      [row!.id, people.missionManager],
    )
    expect(await world.call('admin', 'incident_detail($1::text::uuid)', [row!.id])).toMatchObject({
      incident: {
        id: row!.id,
        areas: [
          { code: 'SF', level: 'city', name: 'San Francisco' },
          { code: row!.parent, level: 'community' },
          { code: row!.area, level: 'grid' },
        ],
        department: { code: 'public_works', nameEn: 'Public works' },
        reporterName: null,
        source: 'generated',
      },
      log: [
        { seq: 1, kind: 'imported', stageTo: 'reported', actorName: null },
        { seq: 2, kind: 'noted', actorName: 'missionManager', note: '<b>seen</b>', data: { a: 1 } },
      ],
    })
  })
})
