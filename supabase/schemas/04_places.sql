-- Areas: list, shapes, and the area of a point.

-- Changes when an area valid today is stored, changed, ended or begins. Must equal areasRevision in
-- src/domain: else the client loads the areas again. Columns name areas by index, and an unknown index is
-- counted but on no map.
create or replace function private.area_revision()
returns text language sql stable set search_path = '' as $$
  select concat_ws('.', count(*), coalesce(sum(a.idx), 0), coalesce(sum(a.revision), 0))
  from private.city_today() as today, public.areas a
  where private.is_valid(a.valid_from, a.valid_to, today)
$$;

create or replace function private.area_list()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'idx', a.idx, 'code', a.code, 'parentCode', a.parent_code, 'path', a.path, 'level', a.level,
    'name', a.name, 'households', a.households, 'revision', a.revision,
    'bbox', jsonb_build_array(extensions.st_xmin(a.geom), extensions.st_ymin(a.geom),
      extensions.st_xmax(a.geom), extensions.st_ymax(a.geom)),
    'pointOnSurface', jsonb_build_array(extensions.st_x(a.label_point), extensions.st_y(a.label_point))
  ) order by a.path collate "C"), '[]')
  from private.require_user(), private.city_today() as today, public.areas a
  where private.is_valid(a.valid_from, a.valid_to, today)
$$;

create or replace function private.area_features(p_level text)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
begin
  perform private.require_user();
  if private.level_rank(p_level) is null then
    raise exception 'p_level: % is no level', coalesce(p_level, 'null') using errcode = '22023';
  end if;
  return (
    select jsonb_build_object('type', 'FeatureCollection', 'features', coalesce(jsonb_agg(
      jsonb_build_object('type', 'Feature', 'id', a.idx,
        'properties', jsonb_build_object('code', a.code, 'parentCode', a.parent_code,
          'path', a.path, 'level', a.level, 'name', a.name),
        'geometry', extensions.st_asgeojson(a.geom, 15)::jsonb)
      order by a.path collate "C"), '[]'))
    from public.areas a, private.city_today() as today
    where a.level = p_level and private.is_valid(a.valid_from, a.valid_to, today));
end $$;

-- The areas valid today, without their shapes.
-- Returns `[Area]` of src/domain/city/area.ts.
-- Errors: 42501.
create or replace function public.area_list() returns jsonb
language sql stable set search_path = '' as $$ select private.area_list() $$;

-- The shapes of one level's areas valid today, unrounded: beside a border a device must find the area that the
-- server finds.
-- Returns a GeoJSON FeatureCollection. A feature's `id` is the area's `idx`; its properties are
-- `{code, parentCode, path, level, name}`.
-- Errors: 42501; 22023 for an unknown level.
create or replace function public.area_features(p_level text) returns jsonb
language sql stable set search_path = '' as $$ select private.area_features(p_level) $$;
grant execute on function private.area_list(), private.area_features(text),
  public.area_list(), public.area_features(text)
to authenticated;

-- Equals `quantise` in TypeScript. round(float8) rounds halves to even, Math.round up; floor(x + 0.5) is
-- wrong just below a half. SQL would be planned again for every report.
create or replace function private.quantise(
  p_value double precision, p_low double precision, p_high double precision)
returns integer language plpgsql immutable strict parallel safe set search_path = '' as $$
declare
  v_scaled constant double precision := (p_value - p_low) / (p_high - p_low) * 65535;
begin
  return least(65535, greatest(0, floor(v_scaled)
    + case when v_scaled - floor(v_scaled) >= 0.5 then 1 else 0 end))::integer;
end $$;

-- The shard key below a path: the area at the shard level, else the top.
create or replace function private.shard_of(p_path text, p_shard_level text)
returns table (district_code text) language sql stable
begin atomic
  select a.code
  from public.areas a
  where a.code = any (string_to_array(rtrim(p_path, '/'), '/'))
  order by (a.level = p_shard_level) desc, length(a.path)
  limit 1;
end;

-- The area's name for people, equal to areaLabel in src/domain/city: "Mission · SF-20-03".
create or replace function private.area_label(p_code text)
returns text language sql stable set search_path = '' as $$
  select coalesce(string_agg(n.name, ' · ' order by n.depth)
    filter (where n.name <> '' and not coalesce(starts_with(n.next, n.name), false)), '')
  from (
    select length(a.path) as depth, btrim(a.name) as name,
      lead(btrim(a.name)) over (order by length(a.path)) as next
    from public.areas own
    join public.areas a on a.code = any (string_to_array(rtrim(own.path, '/'), '/'))
    where own.code = p_code and (a.level <> 'city' or a.code = own.code)
  ) n
$$;

-- No row outside the city. Takes the deepest valid area, on a border the lowest code. Boxes are sorted in
-- that order first and the first hit ends the search, so the city's thousands of vertices are rarely
-- compared. `offset 0` keeps the steps apart.
create or replace function private.place_incident(p_lon double precision, p_lat double precision)
returns table (area_code text, district_code text, qx integer, qy integer) language sql stable
begin atomic
  select a.code, d.district_code,
    private.quantise(p_lon, city.west, city.east), private.quantise(p_lat, city.south, city.north)
  from public.city_settings city
  cross join lateral (
    select boxed.code, boxed.path
    from (
      select x.code, x.path, x.geom
      from public.areas x
      where x.geom operator(extensions.&&)
          extensions.st_setsrid(extensions.st_makepoint(p_lon, p_lat), 4326)
        and private.is_valid(x.valid_from, x.valid_to, (now() at time zone city.time_zone)::date)
      order by private.level_rank(x.level) desc, x.code collate "C"
      offset 0
    ) boxed
    where extensions.st_intersects(
      boxed.geom, extensions.st_setsrid(extensions.st_makepoint(p_lon, p_lat), 4326))
    limit 1
  ) a
  cross join lateral private.shard_of(a.path, city.shard_level) d;
end;

-- place_incident for many points, numbered from 1; omits points outside the city. Points meet the boxes of areas by the
-- cells of a lattice over the points, then shapes area after area, so that each is unpacked once. The deepest level comes
-- first: few points are left for the large outlines above it.
create or replace function private.areas_of_points(p_lon double precision[], p_lat double precision[])
returns table (n integer, area_code text)
language plpgsql stable set search_path = '' set jit = off
-- SQL, or a plan of its own for each call, would be planned as long as two hundred points take
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  v_near integer[];
begin
  -- few points look their areas up: to put all areas into the lattice takes longer than all else
  if cardinality(p_lon) <= 100 then
    v_near := array(
      select distinct a.idx
      from unnest(p_lon, p_lat) p (lon, lat)
      join public.areas a on a.geom operator(extensions.&&)
        extensions.st_setsrid(extensions.st_makepoint(p.lon, p.lat), 4326));
  end if;
  return query
  with points as materialized (
    select p.n::integer as n, p.lon, p.lat,
      extensions.st_setsrid(extensions.st_makepoint(p.lon, p.lat), 4326) as geom
    from unnest(p_lon, p_lat) with ordinality as p (lon, lat, n)
  ), lattice as materialized (
    select min(p.lon) as west, min(p.lat) as south,
      greatest((max(p.lon) - min(p.lon)) / 63, 1e-9) as width, greatest((max(p.lat) - min(p.lat)) / 63, 1e-9) as height
    from points p
  ), boxes as materialized (
    -- box2d reads the head of a shape, box3d unpacks it: the boxes of a batch would take longer than its points
    select a.idx, a.code, private.level_rank(a.level) as depth, a.geom,
      extensions.st_xmin(b.box) as west, extensions.st_ymin(b.box) as south,
      extensions.st_xmax(b.box) as east, extensions.st_ymax(b.box) as north
    from public.areas a
    cross join (select (now() at time zone time_zone)::date as today from public.city_settings) city
    cross join lateral (select extensions.box3d(extensions.box2d(a.geom)) as box offset 0) b
    where private.is_valid(a.valid_from, a.valid_to, city.today) and (v_near is null or a.idx = any (v_near))
  ), deep as materialized (
    select max(x.depth) as depth from boxes x
  ), cells as materialized (
    select b.idx, b.west, b.south, b.east, b.north, 64 * y.y + x.x as cell
    from boxes b join deep on deep.depth = b.depth cross join lattice l
    -- the same steps as below: a place within the box lies within its cells; a box aside has none
    cross join lateral generate_series(least(64, greatest(0, floor((b.west - l.west) / l.width)))::integer,
      greatest(-1, least(63, floor((b.east - l.west) / l.width)))::integer) x (x)
    cross join lateral generate_series(least(64, greatest(0, floor((b.south - l.south) / l.height)))::integer,
      greatest(-1, least(63, floor((b.north - l.south) / l.height)))::integer) y (y)
  ), boxed as materialized (
    select p.n, c.idx, p.geom
    from (
      select q.*, 64 * least(63, floor((q.lat - l.south) / l.height))::integer
        + least(63, floor((q.lon - l.west) / l.width))::integer as cell
      from points q cross join lattice l) p
    join cells c on c.cell = p.cell and p.lon between c.west and c.east and p.lat between c.south and c.north
    order by c.idx
  ), deepest as materialized (
    select distinct on (h.n) h.n, b.code
    from boxes b join boxed h on h.idx = b.idx
    where extensions.st_covers(b.geom, h.geom)
    order by h.n, b.code collate "C"
  ), rest as materialized (
    select p.* from points p where not exists (select from deepest d where d.n = p.n)
  ), above as (
    select distinct on (hit.n) hit.n, b.code
    from boxes b join deep on b.depth < deep.depth
    cross join lateral (
      select p.n from rest p
      where p.lon between b.west and b.east and p.lat between b.south and b.north
        and extensions.st_covers(b.geom, p.geom)
      offset 0
    ) hit
    order by hit.n, b.depth desc, b.code collate "C"
  )
  select d.n, d.code from deepest d
  union all
  select u.n, u.code from above u;
end $$;
