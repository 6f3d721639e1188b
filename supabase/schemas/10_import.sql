-- Imports of areas, called by the owner alone. A call is one transaction and can run again.

-- Sets the areas of incidents inside the boxes anew; the shard key stays. Returns how many moved.
create or replace function private.restamp_incidents(p_boxes extensions.geometry[])
returns integer language plpgsql set search_path = '' as $$
declare
  v_moved integer;
begin
  with candidates as materialized (
    select i.district_code, i.id, i.lon, i.lat, i.area_code,
      row_number() over (order by i.id)::integer as n
    from public.incidents i
    where exists (
      select 1 from unnest(p_boxes) as box where i.geom operator(extensions.&&) box)
  ), moved as (
    update public.incidents i
    set area_code = p.area_code
    from (select array_agg(lon order by n) as lons, array_agg(lat order by n) as lats from candidates) a
    cross join lateral private.areas_of_points(a.lons, a.lats) p
    join candidates c on c.n = p.n
    where i.district_code = c.district_code and i.id = c.id and c.area_code <> p.area_code
    returning i.district_code, i.id, c.area_code as area_from, i.area_code as area_to
  )
  insert into public.incident_log (district_code, incident_id, seq, kind, data)
  select m.district_code, m.id,
    1 + coalesce((select max(l.seq) from public.incident_log l
      where l.district_code = m.district_code and l.incident_id = m.id), 0),
    'area_redrawn', jsonb_build_object('from', m.area_from, 'to', m.area_to)
  from moved m;
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;

-- Below areas with a new parent, from the top down.
create or replace function private.refresh_area_paths()
returns void language sql set search_path = '' as $$
  with recursive tree as (
    select code, code || '/' as path from public.areas where parent_code is null
    union all
    select a.code, t.path || a.code || '/' from public.areas a join tree t on a.parent_code = t.code
  )
  update public.areas a set path = t.path, revision = a.revision + 1
  from tree t where t.code = a.code and a.path <> t.path
$$;

-- Replaces an empty city's box by its first polygon.
create or replace function private.replace_placeholder_city(p_placeholder text, p_code text)
returns void language plpgsql set search_path = '' as $$
begin
  update public.areas set parent_code = p_code where parent_code = p_placeholder;
  update public.memberships set area_code = p_code where area_code = p_placeholder;
  delete from public.areas where code = p_placeholder;
  perform private.refresh_area_paths();
end $$;

-- Areas that leave their parent, as the import found them: the share of the area outside, 0 to 1.
create table private.area_doubts (
  code text primary key references public.areas (code) on delete cascade,
  parent_code text not null,
  outside real not null check (outside between 0 and 1)
);
alter table private.area_doubts enable row level security;

-- The share of p_area inside p_other, 0 to 1, by some 400 points: to about a hundredth. Each row and column of the
-- lattice is shifted by the golden ratio, so that no edge runs along it. Overlays would be exact, but PGlite's break
-- on edges that nearly coincide; tests of a point do not.
create or replace function private.share_inside(p_area extensions.geometry, p_other extensions.geometry)
returns double precision language plpgsql immutable set search_path = '' as $$
declare
  v_width constant double precision := extensions.st_xmax(p_area) - extensions.st_xmin(p_area);
  v_height constant double precision := extensions.st_ymax(p_area) - extensions.st_ymin(p_area);
  -- a thin one has a wide box
  v_step constant double precision := greatest(
    sqrt(extensions.st_area(p_area) / 400), sqrt(v_width * v_height / 8000));
  v_columns integer;
  v_rows integer;
  v_share double precision;
begin
  if not extensions.st_intersects(p_area, p_other) or v_step = 0 then
    return 0;
  end if;
  if extensions.st_coveredby(p_area, p_other) then
    return 1;
  end if;
  v_columns := ceil(v_width / v_step);
  v_rows := ceil(v_height / v_step);
  select avg(case when extensions.st_covers(p_other, l.point) then 1.0 else 0.0 end) into v_share
  from (
    select extensions.st_setsrid(extensions.st_makepoint(
      extensions.st_xmin(p_area) + (x + (y + 1) * 0.6180339887 % 1) * v_width / v_columns,
      extensions.st_ymin(p_area) + (y + (x + 1) * 0.6180339887 % 1) * v_height / v_rows), 4326) as point
    from generate_series(0, v_columns - 1) x cross join generate_series(0, v_rows - 1) y
    offset 0) l
  where extensions.st_covers(p_area, l.point);
  return coalesce(v_share, 0);
end $$;

-- The ground that two areas share, in square degrees, by points of a lattice where their boxes meet.
create or replace function private.shared_ground(p_one extensions.geometry, p_other extensions.geometry)
returns double precision language plpgsql immutable set search_path = '' as $$
declare
  v_west constant double precision := greatest(extensions.st_xmin(p_one), extensions.st_xmin(p_other));
  v_south constant double precision := greatest(extensions.st_ymin(p_one), extensions.st_ymin(p_other));
  v_width constant double precision := least(extensions.st_xmax(p_one), extensions.st_xmax(p_other)) - v_west;
  v_height constant double precision := least(extensions.st_ymax(p_one), extensions.st_ymax(p_other)) - v_south;
  v_step double precision;
  v_columns integer;
  v_rows integer;
  v_hits integer;
begin
  if not (v_width > 0 and v_height > 0) then
    return 0;
  end if;
  v_step := greatest(
    sqrt(least(extensions.st_area(p_one), extensions.st_area(p_other)) / 400), sqrt(v_width * v_height / 8000));
  v_columns := ceil(v_width / v_step);
  v_rows := ceil(v_height / v_step);
  select count(*) into v_hits
  from (
    select extensions.st_setsrid(extensions.st_makepoint(
      v_west + (x + (y + 1) * 0.6180339887 % 1) * v_width / v_columns,
      v_south + (y + (x + 1) * 0.6180339887 % 1) * v_height / v_rows), 4326) as point
    from generate_series(0, v_columns - 1) x cross join generate_series(0, v_rows - 1) y
    offset 0) l
  where extensions.st_covers(p_one, l.point) and extensions.st_covers(p_other, l.point);
  return v_hits * (v_width / v_columns) * (v_height / v_rows);
end $$;

-- Measures anew how the areas and those right below them lie in their parents. Returns how many of those below
-- leave an area of p_codes. p_known: shares inside the parent by code.
create or replace function private.refresh_area_doubts(p_codes text[], p_known jsonb default '{}')
returns integer language plpgsql set search_path = '' as $$
declare
  v_below integer;
begin
  delete from private.area_doubts d using public.areas a
  where a.code = d.code and (a.code = any (p_codes) or a.parent_code = any (p_codes));
  with shares as (
    select a.code, a.parent_code,
      1 - coalesce((p_known ->> a.code)::double precision, private.share_inside(a.geom, p.geom)) as outside
    from public.areas a join public.areas p on p.code = a.parent_code, private.city_today() as today
    where (a.code = any (p_codes) or a.parent_code = any (p_codes)) and p.revision > 0
      and private.is_valid(a.valid_from, a.valid_to, today)
  ), kept as (
    insert into private.area_doubts (code, parent_code, outside)
    select code, parent_code, outside from shares where outside > 0.02
    returning code, parent_code
  )
  select count(*) into v_below from kept k where k.parent_code = any (p_codes) and not k.code = any (p_codes);
  return v_below;
end $$;

create or replace function private.area_notices()
returns jsonb language plpgsql stable security definer set search_path = '' as $$
begin
  perform private.require_user();
  if not exists (
    select from public.memberships m
    where m.user_id = auth.uid() and m.role in ('admin', 'leader', 'grid_manager')
      and private.is_valid(m.valid_from, m.valid_to, now())) then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('code', a.code, 'name', a.name, 'parentCode', d.parent_code,
      'parentName', p.name, 'outside', d.outside) order by d.outside desc, a.code collate "C"), '[]')
    from private.area_doubts d
    join public.areas a on a.code = d.code
    join public.areas p on p.code = d.parent_code, private.city_today() as today
    where private.is_valid(a.valid_from, a.valid_to, today) and a.parent_code = d.parent_code);
end $$;

-- The areas of which more than a fiftieth lies outside their parent: totals of the parent count places that are
-- on its neighbour's ground. Empty for all but admins, leaders and managers.
-- Returns `[{code, name, parentCode, parentName, outside}]`, `outside` from 0 to 1, the largest first.
-- Errors: 42501.
create or replace function public.area_notices() returns jsonb
language sql stable set search_path = '' as $$ select private.area_notices() $$;
grant execute on function private.area_notices(), public.area_notices() to authenticated;

-- The size of a share of a shape, for people: "1.2 km²", "350 m²".
create or replace function private.size_in_words(p_shape extensions.geometry, p_share double precision)
returns text language sql immutable set search_path = '' as $$
  select case when m >= 100000 then round(m / 1e6, case when m < 1e7 then 1 else 0 end) || ' km²'
    else round(m) || ' m²' end
  from (select (p_share * extensions.st_area(p_shape) * 111195.0 ^ 2
    * cos(radians(extensions.st_y(extensions.st_centroid(p_shape)))))::numeric as m) x
$$;

-- Imports areas of one level; their geometry is a structurally checked Polygon or MultiPolygon. People see
-- the number `feature`. A null `parent` is the area above that holds most of it: of the deepest level whose
-- area holds half or more. p_options: `parentByOverlap` (whatever the file says), `allowOverlap`, `replaceBox`,
-- `dissolve`, `closeMissing` (close_missing_areas follows). A fault or p_check_only writes nothing. `doubts` are
-- stored all the same.
create or replace function private.import_areas(p_level text, p_areas jsonb, p_options jsonb default '{}',
  p_check_only boolean default false)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_rank integer := private.level_rank(p_level);
  v_today date := private.city_today();
  v_placeholder text;
  v_faults jsonb;
  v_doubts jsonb;
  v_warnings jsonb := '[]';
  v_boxes extensions.geometry[];
  v_stored integer;
  v_updated integer;
  v_below integer;
  v_restamped integer := 0;
  v_city public.city_settings;
  v_box extensions.geometry;
  -- a polygon of this city, no placeholder, was there before
  v_was_drawn boolean;
  v_hull extensions.box2d;
begin
  if v_rank is null then
    raise exception 'unknown level %', p_level using errcode = '22023';
  end if;
  -- one import at a time: the checks read the whole tree
  lock table public.areas in share row exclusive mode;
  select * into strict v_city from public.city_settings;
  v_box := extensions.st_makeenvelope(v_city.west, v_city.south, v_city.east, v_city.north, 4326);
  select a.code into v_placeholder from public.areas a where a.level = 'city' and a.revision = 0;
  v_was_drawn := exists (select 1 from public.areas a where a.level = 'city' and a.revision > 0);

  create temporary table import_area on commit drop as
  select r.feature, r.code, r.name, r.parent, r.households, r.parent as said, false as is_dissolved, false as is_sound,
    extensions.st_multi(extensions.st_setsrid(extensions.st_geomfromgeojson(r.geometry::text), 4326))
      ::extensions.geometry(MultiPolygon, 4326) as geom
  from jsonb_to_recordset(p_areas) as r (
    feature integer, code text, name text, parent text, households integer, geometry jsonb);

  if (p_options ->> 'dissolve')::boolean then
    update pg_temp.import_area f set is_dissolved = true, geom = extensions.st_multi(u.geom)
    from (
      select d.feature, extensions.st_unaryunion(d.geom) as geom from pg_temp.import_area d
      where extensions.st_npoints(d.geom) <= 10000 and not extensions.st_isvalid(d.geom)
        and not exists (select 1 from extensions.st_dump(d.geom) e where not extensions.st_isvalid(e.geom))) u
    where u.feature = f.feature and extensions.st_isvalid(u.geom)
      and extensions.st_area(u.geom) between 0.1 * extensions.st_area(f.geom) and 1.000001 * extensions.st_area(f.geom);
  end if;
  update pg_temp.import_area f set is_sound = true
  where extensions.st_npoints(f.geom) <= 10000 and not extensions.st_isempty(f.geom)
    and extensions.st_isvalid(f.geom);

  -- what lies in which area above
  create temporary table import_share on commit drop as
  select f.feature, a.code, private.level_rank(a.level) as rank, private.share_inside(f.geom, a.geom) as share
  from pg_temp.import_area f
  join public.areas a on a.geom operator(extensions.&&) f.geom
  where f.is_sound and private.level_rank(a.level) < v_rank and (a.valid_to is null or a.valid_to > v_today)
    and not exists (select 1 from pg_temp.import_area d where d.code = a.code);

  if v_rank > 0 then
    update pg_temp.import_area f set parent = (
      select s.code from pg_temp.import_share s
      where s.feature = f.feature and s.share > 0
      order by s.share >= 0.5 desc, case when s.share >= 0.5 then s.rank end desc, s.share desc, s.rank desc,
        s.code collate "C" limit 1)
    where f.parent is null or (p_options ->> 'parentByOverlap')::boolean;
  end if;

  -- a parent in the file has the same level; a cycle leads back to its start
  create temporary table import_cycle on commit drop as
  with recursive walk as (
    select f.code as start, f.parent as at, 1 as steps from pg_temp.import_area f
    union all
    select w.start, f.parent, w.steps + 1
    from walk w join pg_temp.import_area f on f.code = w.at
    where w.at <> w.start and w.steps < 100
  )
  select distinct start as code from walk where at = start;

  -- how each lies in its parent, and which area of the parent's level holds more of it
  create temporary table import_lie on commit drop as
  select f.feature, f.code, f.parent, f.said, i.inside, b.code as best, b.share as best_share,
    coalesce(l.total, 0) as total,
    i.inside < 0.01 and extensions.st_intersects(p.geom, extensions.st_flipcoordinates(f.geom)) as is_flipped
  from pg_temp.import_area f
  join public.areas p on p.code = f.parent
  cross join lateral (select coalesce(
    (select s.share from pg_temp.import_share s where s.feature = f.feature and s.code = p.code),
    private.share_inside(f.geom, p.geom)) as inside) i
  left join lateral (
    select s.code, s.share from pg_temp.import_share s
    where s.feature = f.feature and s.rank = private.level_rank(p.level) and s.code <> p.code
      and s.share > i.inside + 0.01
    order by s.share desc, s.code collate "C" limit 1) b on true
  left join lateral (
    select sum(s.share) as total from pg_temp.import_share s
    where s.feature = f.feature and s.rank = private.level_rank(p.level)) l on true
  where f.is_sound;

  -- two of one level on the same ground: in the file, or one of them stored. Neighbours' boxes share little.
  create temporary table import_overlap on commit drop as
  select x.feature, x.code, x.other, least(1, x.ground / least(x.own_size, x.other_size)) as of_smaller,
    case when x.ground < 0.9 * greatest(x.own_size, x.other_size) then x.ground / greatest(x.own_size, x.other_size)
      else least(private.share_inside(x.geom, x.other_geom), private.share_inside(x.other_geom, x.geom)) end as of_larger,
    private.size_in_words(x.geom, x.ground / x.own_size) as size
  from (
    select f.feature, f.code, f.geom, o.code as other, o.geom as other_geom, extensions.st_area(f.geom) as own_size,
      extensions.st_area(o.geom) as other_size, private.shared_ground(f.geom, o.geom) as ground
    from pg_temp.import_area f
    join (
      select d.code, d.feature, d.geom from pg_temp.import_area d where d.is_sound
      union all
      select a.code, 0, a.geom from public.areas a
      where a.level = p_level and (a.valid_to is null or a.valid_to > v_today)
        and coalesce((p_options ->> 'closeMissing')::boolean, false) is false
        and a.code is distinct from v_placeholder
        and not exists (select 1 from pg_temp.import_area d where d.code = a.code)) o
      on o.code <> f.code and o.feature < f.feature and o.geom operator(extensions.&&) f.geom
        and (least(extensions.st_xmax(o.geom), extensions.st_xmax(f.geom))
            - greatest(extensions.st_xmin(o.geom), extensions.st_xmin(f.geom)))
          * (least(extensions.st_ymax(o.geom), extensions.st_ymax(f.geom))
            - greatest(extensions.st_ymin(o.geom), extensions.st_ymin(f.geom)))
          > 0.01 * least(extensions.st_area(f.geom), extensions.st_area(o.geom))
        and not extensions.st_touches(o.geom, f.geom)
    where f.is_sound and v_rank > 0
    -- first the boxes, then the ground
    offset 0
  ) x
  where x.ground > 0.01 * least(x.own_size, x.other_size);

  select jsonb_agg(jsonb_build_object('feature', f.feature, 'code', f.code, 'field', x.field,
    'reason', x.reason, 'detail', left(x.detail, 300)) order by f.feature, x.reason) into v_faults
  from pg_temp.import_area f
  left join public.areas old on old.code = f.code
  left join public.areas p on p.code = f.parent
  left join pg_temp.import_lie lie on lie.feature = f.feature
  cross join lateral (select extensions.st_isempty(f.geom) as is_empty,
    extensions.st_npoints(f.geom) as vertices) g
  cross join lateral (select case when g.vertices <= 10000 and not g.is_empty
    then extensions.st_isvalidreason(f.geom) else 'Valid Geometry' end as verdict) v
  cross join lateral (values
    ('code', 'bad_code', f.code, (f.code ~ '^[A-Za-z0-9_.-]{1,40}$') is not true),
    ('code', 'duplicate_code', f.code, exists (
      select 1 from pg_temp.import_area d where d.code = f.code and d.feature < f.feature)),
    ('name', 'bad_name', f.name, (length(f.name) between 1 and 200) is not true),
    ('households', 'bad_households', f.households::text, f.households < 0),
    ('geometry', 'empty_geometry', null, g.is_empty),
    ('geometry', 'too_many_vertices', g.vertices::text, g.vertices > 10000),
    ('geometry', 'not_valid', v.verdict || case when extensions.st_numgeometries(f.geom) > 1 and not exists (
        select 1 from extensions.st_dump(f.geom) d where not extensions.st_isvalid(d.geom))
      then ': its parts touch or overlap; --dissolve joins them' else '' end, v.verdict <> 'Valid Geometry'),
    ('parent', 'parent_not_allowed', f.parent, v_rank = 0 and f.parent is not null),
    ('parent', 'no_parent', 'no area above holds any of it', v_rank > 0 and f.parent is null and f.is_sound),
    ('parent', 'cycle', f.parent, exists (select 1 from pg_temp.import_cycle c where c.code = f.code)),
    ('parent', 'unknown_parent', f.parent, f.parent is not null and p.code is null and not exists (
      select 1 from pg_temp.import_area d where d.code = f.parent)),
    ('parent', 'parent_level', f.parent || ' is ' || coalesce(p.level, p_level),
      private.level_rank(coalesce(p.level, p_level)) >= v_rank and f.parent is not null
      and (p.code is not null or exists (select 1 from pg_temp.import_area d where d.code = f.parent))),
    ('level', 'level_of_children', p_level, exists (
      select 1 from public.areas c where c.parent_code = f.code
        and private.level_rank(c.level) <= v_rank)),
    ('geometry', 'outside_parent', format('about %s %% of it lies in %s', round(lie.inside * 100), f.parent)
        || coalesce(', ' || round(lie.best_share * 100) || ' % in ' || lie.best, '')
        || case when lie.is_flipped then '; longitude and latitude look exchanged' else '' end,
      lie.inside < 0.49 and (lie.best is not null or lie.total < 0.49)),
    ('geometry', 'outside_box', 'the city was set up for ' || v_city.west || ', ' || v_city.south || ' to '
        || v_city.east || ', ' || v_city.north || case
          when extensions.st_intersects(v_box, extensions.st_flipcoordinates(f.geom))
          then '; longitude and latitude look exchanged' else '; --replace-box takes the polygon''s own' end,
      v_rank = 0 and f.is_sound and not coalesce((p_options ->> 'replaceBox')::boolean, false)
        and not extensions.st_intersects(v_box, f.geom)),
    ('code', 'second_city', f.code, v_rank = 0 and old.code is null and (f.feature > (
        select min(feature) from pg_temp.import_area)
      or exists (select 1 from public.areas a where a.level = 'city' and a.code <> f.code
        and a.code is distinct from v_placeholder))),
    ('code', 'city_has_incidents', 'give the polygon the code ' || v_placeholder,
      v_rank = 0 and v_placeholder <> f.code
      and exists (select 1 from public.incidents i where i.district_code = v_placeholder
        or i.area_code = v_placeholder))
  ) as x (field, reason, detail, wrong)
  where x.wrong;

  select coalesce(v_faults, '[]') || coalesce(jsonb_agg(jsonb_build_object('feature', o.feature, 'code', o.code,
    'field', 'geometry', 'reason', case when o.of_larger > 0.999 then 'same_ground' else 'overlaps' end,
    'detail', case when o.of_larger > 0.999 then 'the same ground as ' || o.other
      else format('about %s, %s %% of the smaller, lie in %s too; --allow-overlap stores both',
        o.size, round(o.of_smaller * 100), o.other) end) order by o.feature), '[]')
  into v_faults
  from pg_temp.import_overlap o
  where (o.of_larger > 0.999 or o.of_smaller >= 0.1 and not coalesce((p_options ->> 'allowOverlap')::boolean, false))
    -- one fault after the other: another may move it
    and not exists (
      select 1 from jsonb_array_elements(v_faults) e where (e ->> 'feature')::integer = o.feature);

  select coalesce(jsonb_agg(to_jsonb(d) order by d.feature, d.reason), '[]') into v_doubts
  from (
    select o.feature, o.code, 'geometry' as field,
      case when o.of_smaller > 0.999 then 'covers' else 'overlaps' end as reason,
      format('about %s, %s %% of the smaller, lie in %s too', o.size, round(o.of_smaller * 100), o.other) as detail
    from pg_temp.import_overlap o where o.of_larger <= 0.999
    union all
    select l.feature, l.code, 'geometry', 'leaves_parent',
      format('about %s %% of it lie outside %s', round((1 - l.inside) * 100), l.parent)
        || coalesce(', ' || round(l.best_share * 100) || ' % in ' || l.best, '')
    from pg_temp.import_lie l where l.inside < 0.98
    union all
    select l.feature, l.code, 'parent', 'other_parent', format('the file says %s, most lies in %s', l.said, l.parent)
    from pg_temp.import_lie l where l.said <> l.parent
    union all
    select f.feature, f.code, 'parent', 'parent_chosen', f.parent
    from pg_temp.import_area f where f.said is null and f.parent is not null
      and exists (select 1 from pg_temp.import_area d where d.said is not null)
    union all
    select f.feature, f.code, 'geometry', 'dissolved', null from pg_temp.import_area f where f.is_dissolved
  ) d;

  if jsonb_array_length(v_faults) > 0 or p_check_only then
    drop table pg_temp.import_area, pg_temp.import_cycle, pg_temp.import_share, pg_temp.import_lie,
      pg_temp.import_overlap;
    return jsonb_build_object('stored', 0, 'updated', 0, 'unchanged', 0, 'replaced', null,
      'restamped', 0, 'warnings', '[]'::jsonb, 'faults', v_faults, 'doubts', v_doubts);
  end if;

  -- before and after: incidents inside may move
  select array_agg(extensions.st_envelope(moved.g)) into v_boxes from (
    select f.geom as g from pg_temp.import_area f left join public.areas a on a.code = f.code
    where a.code is null or extensions.st_asbinary(a.geom) <> extensions.st_asbinary(f.geom)
      or a.level <> p_level
    union all
    select a.geom from pg_temp.import_area f join public.areas a on a.code = f.code
    where extensions.st_asbinary(a.geom) <> extensions.st_asbinary(f.geom) or a.level <> p_level
  ) moved;

  update public.areas a
  set name = f.name, households = f.households, parent_code = f.parent, level = p_level,
    geom = f.geom, revision = a.revision + 1
  from pg_temp.import_area f
  where a.code = f.code and (a.revision = 0 or (a.name, a.level) <> (f.name, p_level)
    or a.households is distinct from f.households or a.parent_code is distinct from f.parent
    or extensions.st_asbinary(a.geom) <> extensions.st_asbinary(f.geom));
  get diagnostics v_updated = row_count;

  insert into public.areas (code, parent_code, path, level, name, households, geom)
  select f.code, f.parent, coalesce(p.path, '') || f.code || '/', p_level, f.name, f.households, f.geom
  from pg_temp.import_area f
  left join public.areas p on p.code = f.parent
  where not exists (select 1 from public.areas a where a.code = f.code)
  order by f.code collate "C";
  get diagnostics v_stored = row_count;
  perform private.refresh_area_paths();

  if v_rank = 0 then
    if v_placeholder is not null and not exists (
      select 1 from pg_temp.import_area f where f.code = v_placeholder) then
      perform private.replace_placeholder_city(v_placeholder, (select code from pg_temp.import_area));
    else
      v_placeholder := null;
    end if;
    select extensions.st_extent(f.geom) into v_hull from pg_temp.import_area f;
    if exists (select 1 from public.incidents) then
      -- stored places are quantised on this box
      if not extensions.st_covers(v_box, extensions.st_setsrid(v_hull::extensions.geometry, 4326)) then
        v_warnings := v_warnings || jsonb_build_object('reason', 'city_box_exceeded', 'detail', v_hull::text);
      elsif extensions.st_area(v_box) > 9 * extensions.st_area(v_hull::extensions.geometry) then
        v_warnings := v_warnings || jsonb_build_object('reason', 'city_box_wide', 'detail', v_hull::text);
      end if;
    else
      -- a first polygon widens the box of the set-up; its successor, or one that is told to, brings its own
      update public.city_settings c set west = n.west, south = n.south, east = n.east, north = n.north
      from (
        select case when b.is_own then b.west else least(b.west, v_city.west) end as west,
          case when b.is_own then b.south else least(b.south, v_city.south) end as south,
          case when b.is_own then b.east else greatest(b.east, v_city.east) end as east,
          case when b.is_own then b.north else greatest(b.north, v_city.north) end as north
        from (select v_was_drawn or coalesce((p_options ->> 'replaceBox')::boolean, false) as is_own,
          extensions.st_xmin(v_hull) as west, extensions.st_ymin(v_hull) as south,
          extensions.st_xmax(v_hull) as east, extensions.st_ymax(v_hull) as north) b) n
      where (c.west, c.south, c.east, c.north) <> (n.west, n.south, n.east, n.north);
      if found then
        v_warnings := v_warnings || jsonb_build_object('reason', 'city_box_changed', 'detail', v_hull::text);
      end if;
    end if;
  else
    v_placeholder := null;
  end if;

  if v_boxes is not null then
    v_restamped := private.restamp_incidents(v_boxes);
  end if;
  v_below := private.refresh_area_doubts(array(select f.code from pg_temp.import_area f),
    (select coalesce(jsonb_object_agg(l.code, l.inside), '{}') from pg_temp.import_lie l));
  if v_below > 0 then
    v_warnings := v_warnings || jsonb_build_object('reason', 'below_leaves', 'detail', v_below::text);
  end if;
  drop table pg_temp.import_area, pg_temp.import_cycle, pg_temp.import_share, pg_temp.import_lie,
    pg_temp.import_overlap;
  return jsonb_build_object('stored', v_stored, 'updated', v_updated,
    'unchanged', jsonb_array_length(p_areas) - v_stored - v_updated, 'replaced', v_placeholder,
    'restamped', v_restamped, 'warnings', v_warnings, 'faults', '[]'::jsonb, 'doubts', v_doubts);
end $$;

-- After import_areas, in its transaction: ends areas of the level outside p_codes, reopens those in it. Else
-- renumbered grids would overlap the old ones. `people` have a role in a closed area. `holding`
-- areas contain open ones; then nothing is written.
create or replace function private.close_missing_areas(p_level text, p_codes text[])
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_today date := private.city_today();
  v_closed text[] := array(
    select a.code from public.areas a
    where a.level = p_level and (a.valid_to is null or a.valid_to > v_today)
      and not a.code = any (p_codes) order by a.code collate "C");
  v_reopened text[] := array(
    select a.code from public.areas a where a.code = any (p_codes) and a.valid_to <= v_today);
  v_holding text[] := array(
    select distinct c.parent_code from public.areas c
    where c.parent_code = any (v_closed) and (c.valid_to is null or c.valid_to > v_today) order by 1);
  v_restamped integer := 0;
begin
  if cardinality(v_holding) > 0 then
    return jsonb_build_object('closed', '[]'::jsonb, 'reopened', 0, 'restamped', 0, 'people', 0,
      'holding', to_jsonb(v_holding));
  end if;
  update public.areas a
  set valid_to = case when a.code = any (v_closed) then v_today end, revision = a.revision + 1
  where a.code = any (v_closed || v_reopened);
  if found then
    v_restamped := private.restamp_incidents(array(
      select extensions.st_envelope(a.geom) from public.areas a where a.code = any (v_closed || v_reopened)));
  end if;
  return jsonb_build_object('closed', to_jsonb(v_closed), 'reopened', cardinality(v_reopened),
    'restamped', v_restamped, 'people', (
      select count(distinct m.user_id) from public.memberships m where m.area_code = any (v_closed)
        and private.is_valid(m.valid_from, m.valid_to, now())),
    'holding', '[]'::jsonb);
end $$;
