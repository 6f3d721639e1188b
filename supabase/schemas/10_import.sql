-- Imports, called by the owner alone. A call is one transaction and can run again.

-- The same id for ever (RFC 9562, version 8).
create or replace function private.import_incident_id(p_source text, p_source_id text)
returns uuid language sql immutable strict parallel safe set search_path = '' as $$
  select (substr(h, 1, 12) || '8' || substr(h, 14, 3) || 'a' || substr(h, 18, 15))::uuid
  from (select encode(sha256(convert_to(p_source || E'\x1f' || p_source_id, 'UTF8')), 'hex') as h) x
$$;

-- Stores one batch, in which no id comes twice. A null `department` is the category's. p_update replaces
-- changed rows that nobody worked on here. server/import/README.md explains the reasons.
create or replace function private.import_incidents(p_source text, p_rows jsonb, p_update boolean default false)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_city public.city_settings;
  v_result jsonb;
begin
  select * into strict v_city from public.city_settings;

  with input as materialized (
    select r.*, private.import_incident_id(p_source, r.id) as incident_id,
      row_number() over ()::integer as n
    from jsonb_to_recordset(p_rows) as r (
      line integer, id text, hash text, category text, department text, stage text,
      "onHold" boolean, severity smallint, lon double precision, lat double precision,
      description text, address text, "reportedAt" timestamptz, "closedAt" timestamptz, channel text)
  ), known as materialized (
    -- by id alone: a row that moved to another district must not be stored twice
    select i.district_code, i.id, i.source_hash, i.stage,
      (select l.kind from public.incident_log l
       where l.district_code = i.district_code and l.incident_id = i.id
         and l.kind <> 'area_redrawn' order by l.seq desc limit 1) as last_kind,
      (select max(l.seq) from public.incident_log l
       where l.district_code = i.district_code and l.incident_id = i.id) as last_seq
    from (select distinct incident_id from input) wanted
    -- `offset 0` forces look-ups by index; a join may read the whole table
    cross join lateral (
      select x.* from public.incidents x where x.id = wanted.incident_id offset 0) i
  ), checked as materialized (
    select i.n, x.field, x.reason, x.detail
    from input i cross join lateral (
      values
        ('id', 'no_id', null::text, coalesce(i.id, '') = '' or i.hash is null),
        ('id', 'field_too_long', length(i.id)::text, length(i.id) > 200),
        ('category', 'unknown_category', i.category, not exists (
          select 1 from public.categories c where c.code = i.category
            and not exists (select 1 from public.categories d where d.parent_code = c.code))),
        ('department', 'unknown_department', i.department, i.department is not null and not exists (
          select 1 from public.departments d where d.code = i.department)),
        ('stage', 'bad_stage', i.stage, i.stage is null or i.stage <> all (private.stage_codes())
          or (i.stage = 'closed') <> (i."closedAt" is not null)),
        ('severity', 'bad_severity', i.severity::text, i.severity not between 1 and 4),
        ('lon', 'bad_coordinates', i.lon || ' ' || i.lat,
          -- NaN sorts above all numbers: the ranges refuse it
          (i.lon between -180 and 180 and i.lat between -90 and 90) is not true),
        ('reportedAt', 'bad_date', null, i."reportedAt" is null or not isfinite(i."reportedAt")),
        ('reportedAt', 'future_date', i."reportedAt"::text,
          i."reportedAt" > now() and isfinite(i."reportedAt")),
        ('closedAt', 'closed_before_opened', i."closedAt"::text, i."closedAt" < i."reportedAt"),
        ('closedAt', 'future_date', i."closedAt"::text, i."closedAt" > now()),
        ('description', 'field_too_long', length(i.description)::text, length(i.description) > 10000),
        ('address', 'field_too_long', length(i.address)::text, length(i.address) > 500),
        ('channel', 'field_too_long', length(i.channel)::text, length(i.channel) > 100)
    ) as x (field, reason, detail, wrong)
    where x.wrong
  ), sound as materialized (
    select i.* from input i
    where not exists (select 1 from checked c where c.n = i.n)
  ), placed as materialized (
    -- the order keeps n and place together: array_agg alone follows the scan
    select s.n, p.area_code
    from (
      select array_agg(n order by n) as ns, array_agg(lon order by n) as lons,
        array_agg(lat order by n) as lats
      from sound
    ) a
    cross join lateral private.areas_of_points(a.lons, a.lats) p
    join sound s on s.n = a.ns[p.n]
  ), judged as materialized (
    select s.*, p.area_code, k.district_code as known_district, k.stage as known_stage,
      k.last_seq,
      case
        when k.id is not null and k.source_hash = s.hash then 'unchanged'
        when p.area_code is null then 'outside_city'
        when k.id is null then 'store'
        when not p_update then 'changed_content'
        when k.last_kind not in ('imported', 'import_updated') then 'changed_here'
        else 'update'
      end as verdict
    from sound s
    left join placed p on p.n = s.n
    left join known k on k.id = s.incident_id
  ), ready as materialized (
    select j.*, a.level,
      coalesce(j.known_district, (
        select d.district_code from private.shard_of(a.path, v_city.shard_level) d)) as district,
      private.quantise(j.lon, v_city.west, v_city.east) as qx,
      private.quantise(j.lat, v_city.south, v_city.north) as qy,
      date_trunc('month', j."reportedAt" at time zone v_city.time_zone)::date as month,
      coalesce(j.department, c.default_department) as department_code, c.workflow_code
    from judged j
    join public.areas a on a.code = j.area_code
    join public.categories c on c.code = j.category
    where j.verdict in ('store', 'update')
  ), stored as (
    insert into public.incidents (district_code, id, category_code, area_code, department_code,
      stage, on_hold, severity, lon, lat, qx, qy, description, address_label, reported_at, month,
      closed_at, channel, source, source_id, source_hash, workflow_code, state_since)
    select r.district, r.incident_id, r.category, r.area_code, r.department_code, r.stage,
      coalesce(r."onHold", false), coalesce(r.severity, 2::smallint), r.lon, r.lat, r.qx, r.qy,
      coalesce(r.description, ''), coalesce(r.address, ''), r."reportedAt", r.month, r."closedAt",
      coalesce(r.channel, 'import'), p_source, r.id, r.hash, r.workflow_code,
      coalesce(r."closedAt", r."reportedAt")
    from ready r where r.verdict = 'store'
    returning district_code, id, stage, source_id
  ), updated as (
    update public.incidents i set category_code = r.category, area_code = r.area_code,
      department_code = r.department_code, stage = r.stage, workflow_code = r.workflow_code,
      state = case when (i.workflow_code, i.stage) = (r.workflow_code, r.stage) then i.state
        else private.first_state_of(r.workflow_code, r.stage) end,
      on_hold = coalesce(r."onHold", false), hold_until = case when r."onHold" then i.hold_until end,
      parent_id = case when r.stage = 'merged' then i.parent_id end,
      severity = coalesce(r.severity, 2::smallint), lon = r.lon, lat = r.lat, qx = r.qx, qy = r.qy,
      description = coalesce(r.description, ''), address_label = coalesce(r.address, ''),
      reported_at = r."reportedAt", month = r.month, closed_at = r."closedAt",
      channel = coalesce(r.channel, 'import'), source_hash = r.hash
    from ready r
    where r.verdict = 'update' and i.district_code = r.district and i.id = r.incident_id
    returning i.district_code, i.id, i.stage, i.source_id, r.known_stage, r.last_seq
  ), logged as (
    insert into public.incident_log (district_code, incident_id, seq, kind, stage_from, stage_to, data)
    select district_code, id, 1, 'imported', null, stage,
      jsonb_build_object('source', p_source, 'sourceId', source_id)
    from stored
    union all
    select district_code, id, last_seq + 1, 'import_updated', known_stage, stage,
      jsonb_build_object('source', p_source, 'sourceId', source_id)
    from updated
    returning 1
  )
  select jsonb_build_object(
    'stored', (select count(*) from stored),
    'unchanged', (select count(*) from judged where verdict = 'unchanged'),
    'updated', (select count(*) from updated),
    'byLevel', coalesce((select jsonb_object_agg(level, count) from (
      select level, count(*) from ready where verdict = 'store' group by level) l), '{}'),
    'rejected', coalesce((select jsonb_agg(jsonb_build_object('line', line, 'id', id, 'field', field,
        'reason', reason, 'detail', detail) order by line) from (
      select i.line, i.id, c.field, c.reason, left(c.detail, 200) as detail
      from checked c join input i on i.n = c.n
      union all
      select line, id, case when verdict = 'outside_city' then 'lon' end, verdict,
        case when verdict = 'outside_city' then lon || ' ' || lat end
      from judged where verdict in ('outside_city', 'changed_content', 'changed_here')) r), '[]'),
    'logged', (select count(*) from logged)
  ) into v_result;
  return v_result - 'logged';
end $$;

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

-- Imports areas of one level; their geometry is a structurally checked Polygon or MultiPolygon. People see
-- the number `feature`. With p_parent_by_point a null `parent` is the deepest area above that holds the
-- point on surface. A fault or p_check_only writes nothing.
create or replace function private.import_areas(p_level text, p_areas jsonb, p_parent_by_point boolean default false,
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
  -- one import at a time: the checks read the whole tree
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
    if extensions.st_xmin(v_hull) < v_city.west or extensions.st_ymin(v_hull) < v_city.south
      or extensions.st_xmax(v_hull) > v_city.east or extensions.st_ymax(v_hull) > v_city.north then
      if exists (select 1 from public.incidents) then
        -- stored places are quantised on this box
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
