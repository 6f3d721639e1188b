import { brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeEach, expect, it } from 'vitest'
import type { PackedMonth } from '../../../src/domain/answers/columns.ts'
import { KeptColumns } from '../../server/backend/kept-columns.ts'
import type { SqlValue } from '../../server/base/database-types.ts'
import { describeOnEachDatabase } from '../harness/index.ts'
import { openReadWorld, people, storeIncident } from './world.ts'
import type { Person, ReadWorld } from './world.ts'

interface Listing {
  cursor: string
  asOf: string
  months: { month: string; count: number; revision: string }[]
}

const id = (n: number) => `30000000-0000-4000-8000-${String(n).padStart(12, '0')}`

describeOnEachDatabase('kept columns', (kind) => {
  let world: ReadWorld | undefined
  let kept: KeptColumns
  let grid: string
  /** Months packed by the database, call by call. */
  let packed: string[]
  let listed: number

  const open = async (): Promise<ReadWorld> => (world ??= await openReadWorld(kind, 400))
  /** Milliseconds of a clock that moves while months are listed, and by the test. */
  let clock: number
  let listingTakes: number
  const newKept = (maxBytes?: number): KeptColumns =>
    new KeptColumns(
      async (user, sql, params) => {
        const { db } = await open()
        if (sql.includes('incident_records')) packed.push(String(params[0]))
        if (sql.includes('some_months')) {
          listed++
          clock += listingTakes
        }
        return db.asUser(user, (tx) => tx.query(sql, params as SqlValue[]))
      },
      maxBytes,
      () => clock,
    )

  beforeEach(async () => {
    const { db, missionCode } = await open()
    await db.exec(`delete from public.incidents where source = 'test'`)
    const [found] = await db.query<{ code: string }>(
      `select code from public.areas where level = 'grid' and parent_code = $1 order by code limit 1`,
      [missionCode],
    )
    grid = found!.code
    packed = []
    listed = 0
    clock = 0
    listingTakes = 0
    kept = newKept()
  })
  afterAll(() => world?.db.close())

  const listing = async (who: Person) => JSON.parse(await kept.months(people[who])) as Listing
  const columns = async (who: Person, months: string[]) => {
    const { body, encoding } = await kept.columns(people[who], months, null)
    expect(encoding).toBeNull()
    return JSON.parse(new TextDecoder().decode(body)) as PackedMonth[]
  }
  const asStored = async (who: Person, months: string[]) =>
    (await open()).call<PackedMonth[]>(who, 'incident_columns($1::text::text[])', [
      `{${months.join()}}`,
    ])

  it('answers as the database does, first and later, and packs once', async () => {
    const { call } = await open()
    for (const who of ['admin', 'missionManager', 'handler', 'stranger'] as const) {
      const stored = await call<Listing>(who, 'incident_months()')
      const months = stored.months.map(({ month }) => month).slice(-5)
      // one without incidents, and one twice
      months.push('1990-01', months[0] ?? '1990-01')
      const expected = await asStored(who, months)
      for (let time = 0; time < 2; time++) {
        expect(await listing(who)).toMatchObject({ months: stored.months, asOf: stored.asOf })
        expect(await columns(who, months)).toEqual(expected)
      }
    }
    expect(packed).toHaveLength(4)
    expect(listed).toBe(4)
    // any part of them, too
    const { months } = await listing('admin')
    await columns('admin', [months.at(-1)!.month])
    expect(packed).toHaveLength(4)
  })

  it('packs a month anew when an incident of it came in, changed or closed, and no other', async () => {
    const { db } = await open()
    const months = ['2011-05', '2012-06']
    const steps = [
      () => storeIncident(db, { id: id(1), month: '2011-05-01', areaCode: grid }),
      () =>
        db.exec(
          `update public.incidents set category_code = (select code from public.categories
             where parent_code is not null and code <> 'street_cleaning' order by code limit 1)
           where id = '${id(1)}'`,
        ),
      () =>
        db.exec(
          `update public.incident_work set due_at = '2011-06-01T00:00Z',
             changed_xid = pg_current_xact_id()::text::bigint where incident_id = '${id(1)}'`,
        ),
      () =>
        db.exec(
          `update public.incidents set stage = 'closed', closed_at = reported_at where id = '${id(1)}'`,
        ),
    ]
    for (const who of ['admin', 'missionManager'] as const) {
      await columns(who, months)
      await listing(who)
    }
    for (const step of steps) {
      packed = []
      const before = await columns('admin', months)
      await step()
      const after = await columns('admin', months)
      expect(after).not.toEqual(before)
      expect(after).toEqual(await asStored('admin', months))
      expect(await columns('missionManager', months)).toEqual(
        await asStored('missionManager', months),
      )
      expect(packed).toEqual(['{2011-05}', '{2011-05}'])
      for (const who of ['admin', 'missionManager'] as const) {
        const { call } = await open()
        const stored = await call<Listing>(who, 'incident_months()')
        expect((await listing(who)).months).toEqual(stored.months)
      }
    }
  })

  it('goes on from its cursor as changes_since does', async () => {
    const { db, call } = await open()
    await listing('admin')
    await storeIncident(db, { id: id(2), month: '2013-07-01', areaCode: grid })
    const { cursor, months } = await listing('admin')
    expect(months.map(({ month }) => month)).toContain('2013-07')
    const since = () =>
      call<{ months: string[]; reset: boolean }>('admin', 'changes_since($1)', [cursor])
    expect(await since()).toMatchObject({ months: [], reset: false })
    await storeIncident(db, { id: id(3), month: '2014-08-01', areaCode: grid })
    expect(await since()).toMatchObject({ months: ['2014-08'] })
  })

  it('lists many changed months again for a twentieth of the time, and says how old its list is', async () => {
    const { db, call } = await open()
    const monthsOf = (count: number) =>
      Array.from({ length: count }, (_, n) => `${2001 + Math.floor(n / 9)}-0${(n % 9) + 1}`)
    let number = 100
    const importInto = async (count: number) => {
      for (const month of monthsOf(count))
        await storeIncident(db, { id: id(number++), month: `${month}-01`, areaCode: grid })
    }
    const stored = async () => (await call<Listing>('admin', 'incident_months()')).months
    const since = async ({ cursor }: Listing) =>
      (await call<{ months: string[] }>('admin', 'changes_since($1)', [cursor])).months
    await listing('admin')
    listingTakes = 50
    await importInto(13)
    const first = await listing('admin')
    expect(first.months).toEqual(await stored())
    await importInto(13)
    clock += 999
    const old = await listing('admin')
    expect(old.months).toEqual(first.months)
    expect(await since(old)).toEqual(monthsOf(13))
    // another scope has a list of its own
    expect((await listing('missionManager')).months).toEqual(
      (await call<Listing>('missionManager', 'incident_months()')).months,
    )
    clock += 1
    const second = await listing('admin')
    expect(second.months).toEqual(await stored())
    expect(await since(second)).toEqual([])

    // never longer than two seconds
    listingTakes = 500
    clock += 10_000
    await importInto(13)
    await listing('admin')
    await importInto(13)
    clock += 1_999
    expect((await listing('admin')).months).not.toEqual(await stored())
    clock += 1
    expect((await listing('admin')).months).toEqual(await stored())

    // few months at once
    await importInto(12)
    expect((await listing('admin')).months).toEqual(await stored())
  })

  it('gives nothing kept to those who lost their area, and shares with those of the same', async () => {
    const { db, call } = await open()
    const { months } = await listing('missionManager')
    const asked = months.map(({ month }) => month).slice(-3)
    await columns('missionManager', asked)
    packed = []
    const end = `where user_id = '${people.missionManager}'`
    await db.exec(`update public.memberships set valid_to = now() - interval '1 second' ${end}`)
    try {
      expect((await listing('missionManager')).months).toEqual([])
      expect((await columns('missionManager', asked)).map(({ count }) => count)).toEqual([0, 0, 0])
      // somebody who sees the whole city, beside the admin
      await columns('admin', asked)
      packed = []
      await db.exec(
        `update public.memberships set valid_to = null, role = 'leader', area_code = 'SF' ${end}`,
      )
      expect(await columns('missionManager', asked)).toEqual(await asStored('admin', asked))
      expect(packed).toEqual([])
      expect((await listing('missionManager')).months).toEqual(
        (await call<Listing>('admin', 'incident_months()')).months,
      )
    } finally {
      const { missionCode } = await open()
      await db.exec(
        `update public.memberships set valid_to = null, role = 'grid_manager', area_code = '${missionCode}' ${end}`,
      )
    }
  })

  it('never mixes what two scopes read when rights change between its two questions', async () => {
    const { db } = await open()
    const end = `where user_id = '${people.missionManager}'`
    const { months } = await listing('admin')
    const asked = months.map(({ month }) => month).slice(-2)
    let isDue = false
    const racing = new KeptColumns(async (user, sql, params) => {
      if (isDue && sql.includes('incident_records')) {
        isDue = false
        await db.exec(`update public.memberships set role = 'leader', area_code = 'SF' ${end}`)
      }
      return db.asUser(user, (tx) => tx.query(sql, params as SqlValue[]))
    })
    // one of the months is kept for the narrower scope
    await racing.columns(people.missionManager, asked.slice(0, 1), null)
    expect(await asStored('missionManager', asked.slice(0, 1))).not.toEqual(
      await asStored('admin', asked.slice(0, 1)),
    )
    isDue = true
    try {
      const { body } = await racing.columns(people.missionManager, asked, null)
      expect(JSON.parse(new TextDecoder().decode(body))).toEqual(await asStored('admin', asked))
    } finally {
      const { missionCode } = await open()
      await db.exec(
        `update public.memberships set role = 'grid_manager', area_code = '${missionCode}' ${end}`,
      )
    }
    const { body } = await racing.columns(people.missionManager, asked, null)
    expect(JSON.parse(new TextDecoder().decode(body))).toEqual(
      await asStored('missionManager', asked),
    )
  })

  it('forgets all when the database is another one', async () => {
    const { db } = await open()
    const { months } = await listing('admin')
    const asked = [months.at(-1)!.month]
    await columns('admin', asked)
    packed = []
    await db.exec('update public.city_settings set restores = restores + 1')
    await columns('admin', asked)
    expect(packed).toHaveLength(1)
    await columns('admin', asked)
    expect(packed).toHaveLength(1)
  })

  it('compresses an answer once, and anew after a change', async () => {
    const { db } = await open()
    const months = ['2011-05', '2012-06']
    for (let n = 10; n < 60; n++)
      await storeIncident(db, { id: id(n), month: '2011-05-01', areaCode: grid })
    const ask = () => kept.columns(people.admin, months, 'br')
    const first = await ask()
    expect(first.encoding).toBe('br')
    expect(await ask()).toBe(first)
    await storeIncident(db, { id: id(60), month: '2012-06-01', areaCode: grid })
    const second = await ask()
    expect(second).not.toBe(first)
    expect(JSON.parse(brotliDecompressSync(second.body).toString())).toEqual(
      await asStored('admin', months),
    )
  })

  it('packs ahead month by month, newest first, for all who see the same', async () => {
    const months = (await listing('admin')).months.map(({ month }) => month)
    expect(await kept.ahead(people.admin, 1_000_000)).toBe(false)
    expect(packed).toEqual([])
    let calls = 0
    while (await kept.ahead(people.admin, 1)) calls++
    expect(calls).toBe(months.length)
    expect(packed).toEqual(months.toReversed().map((month) => `{${month}}`))
    packed = []
    expect(await columns('admin', months)).toEqual(await asStored('admin', months))
    expect(packed).toEqual([])
    // one that changed since
    const { db } = await open()
    await storeIncident(db, { id: id(70), month: '2011-05-01', areaCode: grid })
    expect(await kept.ahead(people.admin, 1)).toBe(true)
    expect(packed).toEqual(['{2011-05}'])
    expect(await kept.ahead(people.admin, 1)).toBe(false)
  })

  it('packs nothing ahead for which there is no room', async () => {
    kept = newKept(10)
    expect(await kept.ahead(people.admin, 1)).toBe(false)
    expect(packed).toHaveLength(1)
  })

  it('answers without room to keep anything', async () => {
    kept = newKept(10)
    const months = (await listing('admin')).months.map(({ month }) => month).slice(-3)
    for (let time = 0; time < 2; time++)
      expect(await columns('admin', months)).toEqual(await asStored('admin', months))
    expect(packed).toHaveLength(2)
  })

  it('packs once for those who ask at the same time', async () => {
    const months = (await listing('admin')).months.map(({ month }) => month).slice(-3)
    // a first look, so that all of them begin from the same one
    await columns('admin', ['1990-01'])
    packed = []
    await Promise.all([1, 2, 3].map(() => columns('admin', months)))
    expect(packed.length).toBeLessThan(3)
  })
})
