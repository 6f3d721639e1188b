-- Import of areas: one level of one file a call, all or nothing, every fault listed.

-- Stamps incidents again after boundaries moved: those inside the boxes. The area moves, the shard
-- key stays. Returns how many moved.
create function private.restamp_incidents(p_boxes extensions.geometry[])
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

-- Rewrites the paths of what lies below areas that got a new parent, level by level from the top.
create function private.refresh_area_paths()
returns void language sql set search_path = '' as $$
  with recursive tree as (
    select code, code || '/' as path from public.areas where parent_code is null
    union all
    select a.code, t.path || a.code || '/' from public.areas a join tree t on a.parent_code = t.code
  )
  update public.areas a set path = t.path, revision = a.revision + 1
  from tree t where t.code = a.code and a.path <> t.path
$$;

-- The first import of a real city polygon takes the place of the box an empty city started with.
create function private.replace_placeholder_city(p_placeholder text, p_code text)
returns void language plpgsql set search_path = '' as $$
begin
  update public.areas set parent_code = p_code where parent_code = p_placeholder;
  update public.memberships set area_code = p_code where area_code = p_placeholder;
  delete from public.areas where code = p_placeholder;
  perform private.refresh_area_paths();
end $$;

-- Imports areas of one level.
--   p_areas: [{feature, code, name, parent, households, geometry}], `feature` the number people see,
--     `geometry` GeoJSON Polygon or MultiPolygon whose structure was checked; `parent` null with
--     p_parent_by_point means the deepest area above this level that holds the point on surface.
-- Returns {stored, updated, unchanged, replaced, restamped, warnings: [{reason, detail}],
-- faults: [{feature, code, field, reason, detail}]}; with any fault, or with
-- p_check_only, nothing is written.
-- Reasons: duplicate_code, bad_code, bad_name, bad_households, too_many_vertices, empty_geometry,
-- not_valid (detail gives the reason and the place), no_parent, unknown_parent, cycle, parent_level,
-- level_of_children, parent_not_allowed, outside_parent, second_city, city_has_incidents.
create function private.import_areas(p_level text, p_areas jsonb, p_parent_by_point boolean default false,
  p_check_only boolean default false)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_rank integer := private.level_rank(p_level);
  v_placeholder text;
  v_faults jsonb;
  v_warnings jsonb := '[]';
  v_boxes extensions.geometry[];
  v_stored integer;
  v_updated integer;
  v_restamped integer := 0;
  v_city public.city_settings;
  v_hull extensions.box2d;
begin
  if v_rank is null then
    raise exception 'unknown level %', p_level using errcode = '22023';
  end if;
  -- one import of areas at a time: the checks below look at the whole tree
  lock table public.areas in share row exclusive mode;
  select * into strict v_city from public.city_settings;
  select a.code into v_placeholder from public.areas a where a.level = 'city' and a.revision = 0;

  create temporary table import_area on commit drop as
  select r.feature, r.code, r.name, r.parent, r.households,
    extensions.st_multi(extensions.st_setsrid(extensions.st_geomfromgeojson(r.geometry::text), 4326))
      ::extensions.geometry(MultiPolygon, 4326) as geom
  from jsonb_to_recordset(p_areas) as r (
    feature integer, code text, name text, parent text, households integer, geometry jsonb);

  if p_parent_by_point and v_rank > 0 then
    update pg_temp.import_area f set parent = (
      select a.code from public.areas a
      where private.level_rank(a.level) < v_rank
        and (a.valid_to is null or a.valid_to > (now() at time zone v_city.time_zone)::date)
        and extensions.st_covers(a.geom, extensions.st_pointonsurface(f.geom))
      order by private.level_rank(a.level) desc, a.code collate "C" limit 1)
    where f.parent is null and extensions.st_isvalid(f.geom) and not extensions.st_isempty(f.geom);
  end if;

  -- a parent inside the file is of the same level; it is a cycle when its own parents lead back
  create temporary table import_cycle on commit drop as
  with recursive walk as (
    select f.code as start, f.parent as at, 1 as steps from pg_temp.import_area f
    union all
    select w.start, f.parent, w.steps + 1
    from walk w join pg_temp.import_area f on f.code = w.at
    where w.at <> w.start and w.steps < 100
  )
  select distinct start as code from walk where at = start;

  select jsonb_agg(jsonb_build_object('feature', f.feature, 'code', f.code, 'field', x.field,
    'reason', x.reason, 'detail', left(x.detail, 300)) order by f.feature, x.reason) into v_faults
  from pg_temp.import_area f
  left join public.areas old on old.code = f.code
  left join public.areas p on p.code = f.parent
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
    ('geometry', 'not_valid', v.verdict, v.verdict <> 'Valid Geometry'),
    ('parent', 'parent_not_allowed', f.parent, v_rank = 0 and f.parent is not null),
    ('parent', 'no_parent', null, v_rank > 0 and f.parent is null),
    ('parent', 'cycle', f.parent, exists (select 1 from pg_temp.import_cycle c where c.code = f.code)),
    ('parent', 'unknown_parent', f.parent, f.parent is not null and p.code is null and not exists (
      select 1 from pg_temp.import_area d where d.code = f.parent)),
    ('parent', 'parent_level', f.parent || ' is ' || coalesce(p.level, p_level),
      private.level_rank(coalesce(p.level, p_level)) >= v_rank and f.parent is not null
      and (p.code is not null or exists (select 1 from pg_temp.import_area d where d.code = f.parent))),
    ('level', 'level_of_children', p_level, exists (
      select 1 from public.areas c where c.parent_code = f.code
        and private.level_rank(c.level) <= v_rank)),
    ('geometry', 'outside_parent', f.parent, p.code is not null and v.verdict = 'Valid Geometry'
      and not g.is_empty and g.vertices <= 10000 and not extensions.st_intersects(p.geom, f.geom)),
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

  if v_faults is not null or p_check_only then
    drop table pg_temp.import_area, pg_temp.import_cycle;
    return jsonb_build_object('stored', 0, 'updated', 0, 'unchanged', 0, 'replaced', null,
      'restamped', 0, 'warnings', '[]'::jsonb, 'faults', coalesce(v_faults, '[]'));
  end if;

  -- what moves: the boxes of changed polygons, before and after
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
    if extensions.st_xmin(v_hull) < v_city.west or extensions.st_ymin(v_hull) < v_city.south
      or extensions.st_xmax(v_hull) > v_city.east or extensions.st_ymax(v_hull) > v_city.north then
      if exists (select 1 from public.incidents) then
        -- quantised places are kept on this box, so it cannot move under stored incidents
        v_warnings := v_warnings || jsonb_build_object('reason', 'city_box_exceeded', 'detail', v_hull::text);
      else
        update public.city_settings set
          west = least(west, extensions.st_xmin(v_hull)), south = least(south, extensions.st_ymin(v_hull)),
          east = greatest(east, extensions.st_xmax(v_hull)), north = greatest(north, extensions.st_ymax(v_hull));
        v_warnings := v_warnings || jsonb_build_object('reason', 'city_box_widened', 'detail', v_hull::text);
      end if;
    end if;
  else
    v_placeholder := null;
  end if;

  if v_boxes is not null then
    v_restamped := private.restamp_incidents(v_boxes);
  end if;
  drop table pg_temp.import_area, pg_temp.import_cycle;
  return jsonb_build_object('stored', v_stored, 'updated', v_updated,
    'unchanged', jsonb_array_length(p_areas) - v_stored - v_updated, 'replaced', v_placeholder,
    'restamped', v_restamped, 'warnings', v_warnings, 'faults', '[]'::jsonb);
end $$;

revoke all on function private.restamp_incidents(extensions.geometry[]) from public;
revoke all on function private.refresh_area_paths() from public;
revoke all on function private.replace_placeholder_city(text, text) from public;
revoke all on function private.import_areas(text, jsonb, boolean, boolean) from public;
