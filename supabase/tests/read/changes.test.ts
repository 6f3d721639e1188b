import { afterAll, beforeEach, expect, it } from 'vitest'
import { areasRevision, type Area } from '../../../src/domain/city/area.ts'
import type { PackedMonth } from '../../../src/domain/answers/columns.ts'
import type { Database } from '../../server/base/database-types.ts'
import { describeOnEachDatabase } from '../harness/index.ts'
import { department, openReadWorld, storeIncident } from './world.ts'
import type { Person, ReadWorld } from './world.ts'

interface Changes {
  cursor: string
  asOf: string
  reset: boolean
  scopeKey: string
  months: string[]
  areasRevision: string
}

const id = (n: number) => `20000000-0000-4000-8000-${String(n).padStart(12, '0')}`

describeOnEachDatabase('changes since a cursor', (kind) => {
  let world: ReadWorld | undefined
  let missionGrid: string
  let farGrid: string

  const open = async (): Promise<ReadWorld> => {
    world ??= await openReadWorld(kind, 300)
    return world
  }
  beforeEach(async () => {
    const { db, missionCode } = await open()
    const grid = async (condition: string) =>
      (
        await db.query<{ code: string }>(
          `select code from public.areas where level = 'grid' and ${condition} order by code limit 1`,
          [missionCode],
        )
      )[0]!.code
    missionGrid = await grid('parent_code = $1')
    farGrid = await grid('parent_code <> $1')
    await db.exec(
      `delete from private.incident_moves; delete from public.incidents where source = 'test'`,
    )
  })
  afterAll(() => world?.db.close())

  const cursorOf = async (who: Person) =>
    (await (await open()).call<{ cursor: string }>(who, 'incident_months()')).cursor
  const since = async (who: Person, cursor: string) =>
    (await open()).call<Changes>(who, 'changes_since($1)', [cursor])

  it('tells the changed months to those who see them, once', async () => {
    const { db } = await open()
    const admin = await cursorOf('admin')
    const manager = await cursorOf('missionManager')
    expect(await since('admin', admin)).toMatchObject({ reset: false, months: [] })
    await storeIncident(db, { id: id(1), month: '2011-05-01', areaCode: farGrid })
    await storeIncident(db, { id: id(2), month: '2012-06-01', areaCode: missionGrid })
    const changes = await since('admin', admin)
    expect(changes.months).toEqual(['2011-05', '2012-06'])
    expect(changes.scopeKey).not.toBe('')
    expect((await since('missionManager', manager)).months).toEqual(['2012-06'])
    expect((await since('stranger', manager)).months).toEqual([])
    expect((await since('admin', changes.cursor)).months).toEqual([])
  })

  it('tells when the areas are others: changed, ended, stored', async () => {
    const { db, call } = await open()
    const said = async () => (await since('admin', 'x')).areasRevision
    const seen = [await said()]
    const steps = [
      `update public.areas set name = name || '!', revision = revision + 1 where code = '${farGrid}'`,
      `update public.areas set valid_to = '2020-01-01' where code = '${farGrid}'`,
      `insert into public.areas (code, parent_code, path, level, name, geom)
         select 'NEW', parent_code, 'NEW/', level, name, geom from public.areas where code = '${farGrid}'`,
      `delete from public.areas where code = 'NEW'`,
    ]
    for (const step of steps) {
      await db.exec(step)
      seen.push(await said())
      expect(areasRevision(await call<Area[]>('admin', 'area_list()'))).toBe(seen.at(-1))
    }
    await db.exec(`update public.areas set valid_to = null where code = '${farGrid}'`)
    expect(seen[4]).toBe(seen[2])
    expect(new Set(seen).size).toBe(4)
  })

  it('knows the data up to now as soon as somebody reported here', async () => {
    const { db } = await open()
    const before = await since('admin', await cursorOf('admin'))
    expect(Date.parse(before.asOf)).toBeLessThan(Date.parse('2016-03-01T00:00:00Z'))
    await storeIncident(db, { id: id(1), month: '2011-05-01', areaCode: farGrid })
    await db.query(
      `update public.incidents set source = null, source_id = null where id = $1::text::uuid`,
      [id(1)],
    )
    const after = await since('admin', before.cursor)
    expect(Date.now() - Date.parse(after.asOf)).toBeLessThan(600_000)
    await db.query('delete from public.incidents where id = $1::text::uuid', [id(1)])
  })

  it('marks every update, whatever the writer says', async () => {
    const { db, call } = await open()
    await storeIncident(db, { id: id(1), month: '2011-05-01', areaCode: farGrid })
    const cursor = await cursorOf('admin')
    const revision = async () =>
      (await call<PackedMonth[]>('admin', `incident_columns('{2011-05}')`))[0]!.revision
    const before = await revision()
    await db.query(
      `update public.incidents set description = 'new', version = 1, changed_xid = 3 where id = $1::text::uuid`,
      [id(1)],
    )
    const [row] = await db.query<{ version: number; changed_xid: number }>(
      'select version, changed_xid from public.incidents where id = $1::text::uuid',
      [id(1)],
    )
    expect(row!.version).toBe(2)
    expect(Number(row!.changed_xid)).toBeGreaterThan(3)
    expect((await since('admin', cursor)).months).toEqual(['2011-05'])
    // as many as before, but others
    expect(await revision()).not.toBe(before)
  })

  it('tells who loses an incident, by area, by department and by month', async () => {
    const { db, call } = await open()
    await storeIncident(db, {
      id: id(1),
      month: '2011-05-01',
      areaCode: missionGrid,
      departmentCode: department,
    })
    const revision = async (who: Person) => {
      const [month] = await call<PackedMonth[]>(who, `incident_columns('{2011-05}')`)
      return [month!.count, month!.revision] as const
    }
    const cursors = {
      handler: await cursorOf('handler'),
      missionManager: await cursorOf('missionManager'),
    }
    const [handlerCount, handlerRevision] = await revision('handler')
    const [managerCount] = await revision('missionManager')

    await db.query('update public.incidents set department_code = null where id = $1::text::uuid', [
      id(1),
    ])
    expect((await since('handler', cursors.handler)).months).toEqual(['2011-05'])
    expect(await revision('handler')).not.toContain(handlerRevision)
    expect((await revision('handler'))[0]).toBe(handlerCount - 1)

    await db.query('update public.incidents set area_code = $2 where id = $1::text::uuid', [
      id(1),
      farGrid,
    ])
    expect((await since('missionManager', cursors.missionManager)).months).toEqual(['2011-05'])
    expect((await revision('missionManager'))[0]).toBe(managerCount - 1)

    const admin = await cursorOf('admin')
    await db.query(
      `update public.incidents set month = '2011-07-01', reported_at = '2011-07-02T12:00:00Z' where id = $1::text::uuid`,
      [id(1)],
    )
    expect((await since('admin', admin)).months).toEqual(['2011-05', '2011-07'])
  })

  it('tells nobody of changes and moves in areas they never saw', async () => {
    const { db } = await open()
    await storeIncident(db, { id: id(1), month: '2011-05-01', areaCode: farGrid })
    const cursors = await Promise.all(
      (['missionManager', 'handler', 'stranger'] as const).map(
        async (who) => [who, await cursorOf(who)] as const,
      ),
    )
    await db.query(
      `update public.incidents set month = '2011-07-01', reported_at = '2011-07-02T12:00:00Z' where id = $1::text::uuid`,
      [id(1)],
    )
    for (const [who, cursor] of cursors) expect((await since(who, cursor)).months).toEqual([])
  })

  it('asks for everything again when the cursor is not of this database', async () => {
    const cursor = await cursorOf('admin')
    const future = cursor.replace(/\d+$/, '99999999999')
    const foreign = cursor.replace(/^[^.]+/, 'b7f0f0f0-0000-4000-8000-000000000000')
    for (const bad of [
      future,
      foreign,
      '',
      'x',
      `${cursor}.1`,
      cursor.replace('.', '.-'),
      cursor.replace(/\d+$/, '9'.repeat(30)),
    ]) {
      expect(await since('admin', bad)).toMatchObject({ reset: true, months: [] })
    }
    expect((await (await open()).call<Changes>('admin', 'changes_since(null)')).reset).toBe(true)
    expect((await since('admin', cursor)).reset).toBe(false)
  })

  /** Runs `meanwhile` while a transaction that did `work` is still open, then commits it. */
  async function whileOpen<T>(
    work: (tx: Database) => Promise<unknown>,
    meanwhile: () => Promise<T>,
  ) {
    const { db } = await open()
    const begun = Promise.withResolvers<void>()
    const proceed = Promise.withResolvers<void>()
    const slow = db.transaction(async (tx) => {
      await work(tx)
      begun.resolve()
      await proceed.promise
    })
    await Promise.race([begun.promise, slow])
    try {
      return await meanwhile()
    } finally {
      proceed.resolve()
      await slow
    }
  }

  // PGlite has one connection: what the rest is about cannot happen there
  if (kind === 'pglite') return

  it('never misses what began earlier and commits later', async () => {
    const { db } = await open()
    const first = await cursorOf('admin')
    const between = await whileOpen(
      (tx) => storeIncident(tx, { id: id(1), month: '2009-01-01', areaCode: farGrid }),
      async () => {
        // begins later, commits first
        await storeIncident(db, { id: id(2), month: '2010-02-01', areaCode: farGrid })
        return since('admin', first)
      },
    )
    expect(between.months).toEqual([])
    const after = await since('admin', between.cursor)
    expect(after.months).toEqual(['2009-01', '2010-02'])
    expect((await since('admin', after.cursor)).months).toEqual([])
  })

  it('gives a month another revision when an older transaction commits late', async () => {
    const { db, call } = await open()
    const hold = (target: Database, n: number) =>
      target.query('update public.incidents set on_hold = true where id = $1::text::uuid', [id(n)])
    const revision = async () =>
      (await call<PackedMonth[]>('admin', `incident_columns('{2009-01}')`))[0]!.revision
    await storeIncident(db, { id: id(1), month: '2009-01-01', areaCode: farGrid })
    await storeIncident(db, { id: id(2), month: '2009-01-01', areaCode: farGrid })
    const before = await whileOpen(
      (tx) => hold(tx, 1),
      async () => {
        await hold(db, 2)
        return revision()
      },
    )
    expect(await revision()).not.toBe(before)
  })
})
