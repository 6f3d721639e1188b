import { afterAll, beforeAll, expect, it } from 'vitest'
import { createCity } from '../../tests/bench/generate/city.ts'
import { describeOnEachDatabase, openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'

/** The rule as …000400_commands.sql first wrote it: every polygon under the point, then the deepest. */
const definition = `
  create function private.place_by_definition(p_lon double precision, p_lat double precision)
  returns table (area_code text, district_code text)
  language sql stable set jit = off as $$
    select a.code, d.code
    from public.city_settings city
    cross join lateral (
      select x.code, x.path
      from public.areas x
      where extensions.st_intersects(
          x.geom, extensions.st_setsrid(extensions.st_makepoint(p_lon, p_lat), 4326))
        and x.valid_from <= (now() at time zone city.time_zone)::date
        and (x.valid_to is null or x.valid_to > (now() at time zone city.time_zone)::date)
      order by array_position(array['city', 'district', 'subdistrict', 'community', 'grid'], x.level) desc,
        x.code collate "C"
      limit 1
    ) a
    cross join lateral (
      select y.code from public.areas y
      where y.code = any (string_to_array(rtrim(a.path, '/'), '/'))
      order by (y.level = city.shard_level) desc, length(y.path)
      limit 1
    ) d
  $$`

describeOnEachDatabase('place_incident in the demo city', (kind) => {
  let db: TestDatabase
  beforeAll(async () => {
    db = await openTestDatabase({ kind })
    await createCity(db)
    await db.exec(definition)
  })
  afterAll(() => db?.close())

  /** Random places in and around the city, and vertices and middles of edges of random polygons. */
  const compared = async (seed: number) =>
    (
      await db.query<{ n: number; outside: number; levels: number; different: number }>(
        `with areas as (
           select a.code, a.geom from public.areas a order by md5(a.code || $1::text) limit 25
         ), vertices as (
           select a.code, d.path, d.geom, lead(d.geom) over (partition by a.code, d.path[1:2] order by d.path) as next
           from areas a cross join lateral extensions.st_dumppoints(a.geom) d
         ), points as (
           select extensions.st_x(v.geom) as lon, extensions.st_y(v.geom) as lat
           from (select geom from vertices order by md5(code || path::text || $1::text) limit 300) v
           union all
           select (extensions.st_x(geom) + extensions.st_x(next)) / 2, (extensions.st_y(geom) + extensions.st_y(next)) / 2
           from (select * from vertices where next is not null order by md5(path::text || code || $1::text) limit 100) e
           union all
           select c.west - 0.02 + random() * (c.east - c.west + 0.04), c.south - 0.02 + random() * (c.north - c.south + 0.04)
           from public.city_settings c, generate_series(1, 400)
         )
         select count(*)::int as n, count(*) filter (where new.area_code is null)::int as outside,
           count(distinct a.level)::int as levels,
           (count(*) filter (where (new.area_code, new.district_code) is distinct from (old.area_code, old.district_code)))::int as different
         from points p
         left join lateral private.place_incident(p.lon, p.lat) new on true
         left join lateral private.place_by_definition(p.lon, p.lat) old on true
         left join public.areas a on a.code = new.area_code`,
        [seed],
      )
    )[0]!

  it('finds what the definition finds, also on borders', async () => {
    await db.query(`select setseed(0.5)`)
    const found = await compared(1)
    expect(found.n).toBe(800)
    expect(found.outside).toBeGreaterThan(20)
    expect(found.different).toBe(0)
  })

  it('does so where grids are missing, ended or not begun, and polygons have holes', async () => {
    await db.exec(`
      update public.areas set valid_to = current_date - 1 where level = 'grid' and idx % 5 = 0;
      update public.areas set valid_from = current_date + 2 where level = 'grid' and idx % 5 = 1;
      update public.areas set valid_to = current_date - 1 where level = 'community' and idx % 7 = 0;
      update public.areas set geom = extensions.st_multi(extensions.st_difference(geom,
        extensions.st_buffer(label_point, 0.0005))) where level = 'grid' and idx % 5 = 2;
      -- overlapping ones of a level: the lowest code counts
      insert into public.areas (code, parent_code, path, level, name, geom)
      select 'AA-' || code, parent_code, rtrim(path, '/') || 'AA/', 'grid', name,
        extensions.st_multi(extensions.st_envelope(geom)) from public.areas where level = 'grid' and idx % 6 = 3;
      update public.areas set path = regexp_replace(path, '[^/]*/$', code || '/') where code like 'AA-%';
    `)
    const found = await compared(2)
    expect(found.levels).toBe(3)
    expect(found.different).toBe(0)
  })
})
