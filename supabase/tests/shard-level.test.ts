import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { beginShardMove, continueShardMove, readShardState } from '../server/owner/shard-level.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import { workflowWorld } from './workflow-world.ts'

type Rows = Record<string, unknown>[]

/** Of the small city: districts N-1 (10° to 12°) and N-10 (12° to 14°). */
const [west, east] = [{ lon: 10.5 }, { lon: 12.5 }]

describeOnEachDatabase('the shard level', (kind) => {
  let db: TestDatabase
  let world: ReturnType<typeof workflowWorld>
  let tables: { name: string; idColumn: string }[]
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await seedSmallCity(db)
    world = workflowWorld(db)
    await world.give('manager', 'grid_manager', 'N')
    tables = await db.query(
      `select name::text, id_column as "idColumn" from private.keyed_tables() order by 1`,
    )
  })
  afterAll(() => db?.close())
  beforeEach(async () => {
    await set('city')
    await db.exec('delete from private.shard_moves')
  })

  const begin = (level: string) => beginShardMove(db, level)
  const move = async (count = 1000): Promise<number> => {
    let batches = 0
    for (let isMore = true; isMore; batches++)
      isMore = (
        await db.query<{ r: boolean }>('select private.continue_shard_move($1::integer) as r', [
          count,
        ])
      )[0]!.r
    return batches
  }
  async function set(level: string): Promise<void> {
    await begin(level)
    await move()
  }
  const keyOf = async (id: string) => (await world.row(id))['district_code']
  const keysOf = async (id: string) => {
    const found: Record<string, unknown> = {}
    for (const { name, idColumn } of tables) {
      const rows = await db.query<{ key: string }>(
        `select distinct district_code as key from ${name} where ${idColumn} = $1::uuid`,
        [id],
      )
      if (rows.length > 0) found[name] = rows.map(({ key }) => key).join()
    }
    return found
  }
  /** All rows but their keys. */
  const content = async (): Promise<Record<string, Rows>> => {
    const found: Record<string, Rows> = {}
    for (const { name } of tables)
      found[name] = await db.query(
        `select to_jsonb(t) - 'district_code' as row from ${name} t order by (to_jsonb(t) - 'district_code')::text`,
      )
    return found
  }
  /** With a log, clocks, a photo, a call and its answer with words. */
  async function rated(place: { lon: number }): Promise<string> {
    const id = await world.at('closed', place)
    await db.exec(`
      insert into public.callback_draws (id, area_code, from_day, to_day, wanted, seed, pool_count, drawn_count, list_hash,
        drawn_by, drawn_at)
      values (gen_random_uuid(), 'N', '2026-01-01', '2026-01-02', 1, 's', 1, 1, 'h', '${people.leader}', now());
      insert into public.callbacks (district_code, incident_id, closing, draw_id, n, closed_at, closed_month, area_code,
        category_code, changed_xid)
      select i.district_code, i.id, 1, (select id from public.callback_draws limit 1), 1, i.closed_at, i.month,
        i.area_code, i.category_code, 0 from public.incidents i where i.id = '${id}';
      insert into public.ratings (district_code, incident_id, closing, way, solved, has_words, asked_by, at, closed_at,
        closed_month, area_code, category_code, unsolved, changed_xid)
      select i.district_code, i.id, 1, 'callback', true, true, '${people.leader}', now(), i.closed_at, i.month,
        i.area_code, i.category_code, null, 0 from public.incidents i where i.id = '${id}';
      insert into public.rating_words (district_code, incident_id, closing, words)
      select district_code, id, 1, 'quickly' from public.incidents where id = '${id}';
      insert into private.rating_devices (district_code, incident_id, closing, device_id)
      select district_code, id, 1, gen_random_uuid() from public.incidents where id = '${id}'`)
    return id
  }

  it('names the incident in every table that has a key, and begins their primary keys with it', async () => {
    expect(
      await db.query(
        `select c.oid::regclass::text as name from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'district_code'
         where c.relkind = 'r' and not exists (
           select from pg_index x where x.indrelid = c.oid and x.indisprimary and x.indkey[0] = a.attnum)`,
      ),
    ).toEqual([])
    for (const { name, idColumn } of tables)
      await db.query(`select district_code, ${idColumn} from ${name} limit 0`)
    expect(tables.length).toBeGreaterThan(10)
  })

  it('is the beginning of every key after a change; nothing else of any row changes', async () => {
    const [here, there] = [await rated(west), await world.at('handled', east)]
    expect(Object.values(await keysOf(here))).toEqual(expect.arrayContaining(['N']))
    const before = await content()
    expect(await begin('district')).toBeNull()
    await move()
    for (const [id, key] of [
      [here, 'N-1'],
      [there, 'N-10'],
    ] as const) {
      const keys = await keysOf(id)
      expect(new Set(Object.values(keys)), id).toEqual(new Set([key]))
      expect(Object.keys(keys)).toEqual(
        expect.arrayContaining(['incidents', 'incident_log', 'incident_clocks', 'incident_photos']),
      )
    }
    expect(Object.keys(await keysOf(here))).toEqual(
      expect.arrayContaining(['callbacks', 'ratings', 'rating_words', 'private.rating_devices']),
    )
    expect(await content()).toEqual(before)
    expect(await readShardState(db)).toMatchObject({
      level: 'district',
      lastMove: { from: 'city', to: 'district', startedBy: null, isReplaced: false },
    })
    await set('city')
    expect(new Set(Object.values(await keysOf(here)))).toEqual(new Set(['N']))
    expect(await content()).toEqual(before)
  })

  it('leaves triggers as they were: the log refuses, versions count', async () => {
    const id = await world.at('filed', west)
    await set('district')
    await expect(db.exec(`update public.incident_log set note = 'x'`)).rejects.toThrow(
      /append-only/,
    )
    const { version } = await world.row(id)
    expect(
      (await world.step('manager', id, 'dispatch', { department: 'public_works' })).version,
    ).toBe(version + 1)
  })

  it('keeps a merged family under the key of its parent, and merges only within an area of the level', async () => {
    const [parent, child, other] = [
      await world.at('filed', west),
      await world.at('reported', east),
      await world.at('reported', east),
    ]
    await world.step('manager', child, 'merge', { into: parent })
    await set('district')
    expect([await keyOf(parent), await keyOf(child), await keyOf(other)]).toEqual([
      'N-1',
      'N-1',
      'N-10',
    ])
    expect(await world.refusal('manager', other, 'merge', { into: parent })).toMatchObject({
      field: 'into',
    })
    await set('city')
    await world.step('manager', other, 'merge', { into: parent })
  })

  it('goes on where it was cut off, and looks again at what changed behind it', async () => {
    const ids = []
    for (let n = 0; n < 7; n++) ids.push(await world.at('reported', n % 2 ? west : east))
    await begin('district')
    await db.query('select private.continue_shard_move(2)')
    const { lastMove, level } = (await readShardState(db))!
    expect(level).toBe('district')
    expect(lastMove).toMatchObject({ finishedAt: null, isChecking: false })
    // a family comes whole
    expect(lastMove!.seen).toBeGreaterThanOrEqual(2)
    expect(lastMove!.seen).toBeLessThan(lastMove!.total)
    // new ones have the new key at once
    expect(await keyOf(await world.at('reported', east))).toBe('N-10')
    await move(2)
    expect(new Set(await Promise.all(ids.map(keyOf)))).toEqual(new Set(['N-1', 'N-10']))
    const end = (await readShardState(db))!.lastMove!
    expect(end.finishedAt).not.toBeNull()
    expect([end.seen, end.isChecking]).toEqual([end.total, true])
    // a key that was written behind the pass
    await begin('city')
    await db.query('select private.continue_shard_move(1000)')
    const [first] = ids.sort()
    await db.query(`select private.change_keys(array[$1::uuid], '{N}', '{N-1}')`, [first!])
    await move()
    expect(await keyOf(first!)).toBe('N')
  })

  it('may be turned back before its end', async () => {
    const id = await world.at('reported', east)
    await begin('district')
    expect(await begin('district')).toBe('present')
    await db.query('select private.continue_shard_move(1)')
    expect(await begin('city')).toBeNull()
    await move()
    expect(await keyOf(id)).toBe('N')
    expect(
      await db.query(
        'select to_level, is_replaced, finished_at is not null as ended from private.shard_moves order by n',
      ),
    ).toEqual([
      { to_level: 'district', is_replaced: true, ended: true },
      { to_level: 'city', is_replaced: false, ended: true },
    ])
    expect(await continueShardMove(db)).toBe(false)
  })

  it('says why a level cannot be chosen', async () => {
    for (const [level, fault] of [
      ['province', 'unknown_level'],
      ['grid', 'too_small'],
      ['subdistrict', 'no_areas'],
      ['city', 'present'],
    ] as const)
      expect(await begin(level), level).toBe(fault)
    expect((await readShardState(db))!.levels).toEqual([
      { level: 'city', areas: 1, fault: 'present' },
      { level: 'district', areas: 2, fault: null },
      { level: 'subdistrict', areas: 0, fault: 'no_areas' },
      { level: 'community', areas: 0, fault: 'no_areas' },
      { level: 'grid', areas: 3, fault: 'too_small' },
    ])
    expect(await db.query('select * from private.shard_moves')).toEqual([])
  })

  it('waits for nobody longer than a second', async () => {
    if (kind === 'pglite') return // has one connection
    await begin('district')
    let isWaiting = true
    await db.asUser(people.field, async (tx) => {
      await tx.query('select public.apply_commands($1::text::json)', ['[]'])
      await tx.query('reset role')
      await tx.query('lock table public.incidents in row share mode')
      await expect(continueShardMove(db)).rejects.toMatchObject({ code: '55P03' })
      isWaiting = false
    })
    expect(isWaiting).toBe(false)
    await move()
  })
})
