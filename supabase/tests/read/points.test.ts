import { afterAll, beforeAll, expect, it } from 'vitest'
import { unpackPointTile } from '../../../src/domain/answers/point-tile.ts'
import type { PackedPointTile, PointTile } from '../../../src/domain/answers/point-tile.ts'
import { stages } from '../../../src/domain/vocabulary.ts'
import { describeOnEachDatabase } from '../harness/index.ts'
import { cityBox, openReadWorld } from './world.ts'
import type { ReadWorld } from './world.ts'

const rows = 1500

/** Where a place lies in web mercator, 0..1 from the west and from the north. */
const mercator = (lon: number, lat: number): [number, number] => [
  (lon + 180) / 360,
  0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI),
]

describeOnEachDatabase('points of a tile', (kind) => {
  let world: ReadWorld
  beforeAll(async () => {
    world = await openReadWorld(kind, rows)
  })
  afterAll(() => world.db.close())

  const tile = async (z: number, x: number, y: number, filter: object = {}): Promise<PointTile> =>
    unpackPointTile(
      await world.call<PackedPointTile>(
        'admin',
        `incident_points(${z}, ${x}, ${y}, $1::text::jsonb)`,
        [JSON.stringify(filter)],
      ),
    )

  function* tilesOfCity(z: number): Generator<[number, number]> {
    const [x0, y0] = mercator(cityBox[0], cityBox[3])
    const [x1, y1] = mercator(cityBox[2], cityBox[1])
    for (let x = Math.floor(x0 * 2 ** z); x <= Math.floor(x1 * 2 ** z); x++) {
      for (let y = Math.floor(y0 * 2 ** z); y <= Math.floor(y1 * 2 ** z); y++) yield [x, y]
    }
  }

  it.each([14, 15])('gives each incident in one tile of zoom %i, where it lies', async (z) => {
    const stored = await world.db.query<{
      id: string
      lon: number
      lat: number
      category: number
      stage: string
    }>(
      `select i.id, lon, lat, c.idx as category, stage from public.incidents i
       join public.categories c on c.code = category_code`,
    )
    const byId = new Map(stored.map((row) => [row.id, row]))
    const seen = new Set<string>()
    for (const [x, y] of tilesOfCity(z)) {
      const points = await tile(z, x, y)
      expect(points.total).toBe(points.shown)
      points.ids.forEach((id, i) => {
        expect(seen.has(id)).toBe(false)
        seen.add(id)
        const row = byId.get(id)!
        const [mx, my] = mercator(row.lon, row.lat)
        expect(Math.abs((mx * 2 ** z - x) * 4096 - points.x[i]! - 0.5)).toBeLessThanOrEqual(0.501)
        expect(Math.abs((my * 2 ** z - y) * 4096 - points.y[i]! - 0.5)).toBeLessThanOrEqual(0.501)
        expect(
          points.x[i]! >= 0 && points.x[i]! < 4096 && points.y[i]! >= 0 && points.y[i]! < 4096,
        ).toBe(true)
        expect(points.category[i]).toBe(row.category)
        expect(stages[points.stage[i]! & 15]).toBe(row.stage)
      })
    }
    expect(seen.size).toBe(rows)
  })

  it('obeys the filter', async () => {
    const filter = {
      from: '2012-01-01',
      to: '2014-12-31',
      openOnly: true,
      categories: ['dirty_environment'],
    }
    let total = 0
    for (const [x, y] of tilesOfCity(14)) total += (await tile(14, x, y, filter)).total
    const [counted] = await world.db.query<{ n: number }>(
      `select count(*)::integer as n from public.incidents i join public.categories c on c.code = category_code
       where (reported_at at time zone 'America/Los_Angeles')::date between '2012-01-01' and '2014-12-31'
         and stage <> 'closed' and c.parent_code = 'dirty_environment'`,
    )
    expect(total).toBe(counted!.n)
    expect(total).toBeGreaterThan(5)
  })

  it('puts a point on the border of two tiles into one of them', async () => {
    const lon = (2620 / 2 ** 14) * 360 - 180
    await world.db.query(
      `update public.incidents set lon = $1 where id = (select min(id::text)::uuid from public.incidents where lat < 37.77)`,
      [lon],
    )
    const [row] = await world.db.query<{ id: string; lat: number }>(
      `select id, lat from public.incidents where lon = $1`,
      [lon],
    )
    const y = Math.floor(mercator(lon, row!.lat)[1] * 2 ** 14)
    expect((await tile(14, 2620, y)).ids).toContain(row!.id)
    expect((await tile(14, 2619, y)).ids).not.toContain(row!.id)
  })

  it('draws every place of a crowded tile, and says how many lie in a stack', async () => {
    // a corner of the city that holds nothing else, and one tile of it
    const [x, y] = [10_503, 25_312]
    const lon = (n: number) => ((x + (n + 0.5) / 100) / 2 ** 16) * 360 - 180
    const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * (y + 0.5)) / 2 ** 16))) * 180) / Math.PI
    await world.db.query(
      `insert into public.incidents (district_code, id, category_code, area_code, lon, lat, qx, qy, reported_at, month, source, source_id)
       select 'SF', gen_random_uuid(), i.category_code, i.area_code, p.lon, $3, i.qx, i.qy,
         timestamptz '2001-01-01T00:00:00Z' + p.n * interval '1 minute', '2001-01-01', 'stack', p.n::text
       from (select * from public.incidents order by id limit 1) i,
         (select n, $1::float8 as lon from generate_series(1001, 3500) n
          union all select n, $1::float8 + n * $2::float8 from generate_series(1, 60) n) p`,
      [lon(0), lon(1) - lon(0), lat],
    )
    const points = await tile(16, x, y)
    expect([points.total, points.shown, points.hidden]).toEqual([2560, 2000, 0])
    // all sixty neighbours, though all are older than the stack
    expect(new Set(points.x).size).toBe(61)
    expect(points.stacks).toEqual([
      { x: points.x.find((one) => one < 41), y: points.y[0], count: 2500 },
    ])
    await world.db.query(`delete from public.incidents where source = 'stack'`)
  })

  it('shows the newest 2,000 of a crowded tile and counts all', async () => {
    await world.db.exec(`
      insert into public.incidents (district_code, id, category_code, area_code, lon, lat, qx, qy, reported_at, month, source, source_id)
      select 'SF', gen_random_uuid(), i.category_code, i.area_code, i.lon, i.lat, i.qx, i.qy,
        timestamptz '2001-01-01T00:00:00Z' + n * interval '1 minute', '2001-01-01', 'crowd', n::text
      from (select * from public.incidents order by id limit 1) i, generate_series(1, 2100) n`)
    const [crowd] = await world.db.query<{ lon: number; lat: number }>(
      `select lon, lat from public.incidents where source = 'crowd' limit 1`,
    )
    const [mx, my] = mercator(crowd!.lon, crowd!.lat)
    const points = await tile(16, Math.floor(mx * 2 ** 16), Math.floor(my * 2 ** 16))
    expect(points.shown).toBe(2000)
    expect(points.total).toBeGreaterThanOrEqual(2100)
    const dropped = await world.db.query<{ id: string }>(
      `select id from public.incidents where source = 'crowd' order by reported_at limit 100`,
    )
    expect(dropped.some(({ id }) => points.ids.includes(id))).toBe(false)
  })

  it.each([
    [13, 1310, 3166],
    [0, 0, 0],
    [23, 0, 0],
    [14, -1, 0],
    [14, 0, 16_384],
  ])('refuses tile %i/%i/%i', async (z, x, y) => {
    await expect(tile(z, x, y)).rejects.toMatchObject({ code: '22023' })
  })
})
