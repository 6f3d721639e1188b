CREATE OR REPLACE FUNCTION private.areas_of_points(p_lon double precision[], p_lat double precision[])
 RETURNS TABLE(n integer, area_code text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.import_incidents(p_source text, p_rows jsonb, p_update boolean DEFAULT false)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
 SET work_mem TO '32MB'
AS $function$
declare
  v_city public.city_settings;
  -- triggers of an update must run; and the tables below must be seen as they are once they are locked
  v_as_a_whole constant boolean := not p_update and current_setting('transaction_isolation') = 'read committed'
    -- all plans are made anew, which takes as long as some hundred rows
    and jsonb_array_length(p_rows) >= 500 and has_parameter_privilege('session_replication_role', 'set');
  v_role constant text := current_setting('session_replication_role');
  v_leaves text[];
  v_departments text[];
  v_result jsonb;
begin
  if v_as_a_whole then
    lock table public.areas, public.categories, public.departments, public.workflow_stages in share mode;
  end if;
  select * into strict v_city from public.city_settings;
  -- read once: a look-up for each row takes longer than all its other checks
  v_leaves := array(select c.code from public.categories c
    where not exists (select from public.categories d where d.parent_code = c.code));
  v_departments := array(select d.code from public.departments d);
  if v_as_a_whole then
    perform set_config('session_replication_role', 'replica', true);
  end if;

  with input as materialized (
    select r.*, private.import_incident_id(p_source, r.id) as incident_id,
      row_number() over ()::integer as n
    from jsonb_to_recordset(p_rows) as r (
      line integer, id text, hash text, category text, department text, stage text,
      "onHold" boolean, severity smallint, lon double precision, lat double precision,
      description text, address text, "reportedAt" timestamptz, "closedAt" timestamptz, channel text, doubts jsonb)
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
  ), tested as materialized (
    -- the numbers of faults; their words follow for the few rows that have some. Whether there are any, and further
    -- below whether a row is written, is a boolean: the planner takes half of the rows for it, a hundredth for others,
    -- and compares each row with each in a join of few.
    select f.*, f.faults <> '{}' as is_faulty
    from (select i.*, array_remove(array[
      case when coalesce(i.id, '') = '' or i.hash is null then 1 end,
      case when length(i.id) > 200 then 2 end,
      case when (i.category = any (v_leaves)) is not true then 3 end,
      case when i.department <> all (v_departments) then 4 end,
      case when i.stage is null or i.stage <> all (private.stage_codes())
        or (i.stage = 'closed') <> (i."closedAt" is not null) then 5 end,
      case when i.severity not between 1 and 4 then 6 end,
      -- NaN sorts above all numbers: the ranges refuse it
      case when (i.lon between -180 and 180 and i.lat between -90 and 90) is not true then 7 end,
      case when i."reportedAt" is null or not isfinite(i."reportedAt") then 8 end,
      case when i."reportedAt" > now() and isfinite(i."reportedAt") then 9 end,
      case when i."closedAt" < i."reportedAt" then 10 end,
      case when i."closedAt" > now() then 11 end,
      case when length(i.description) > 10000 then 12 end,
      case when length(i.address) > 500 then 13 end,
      case when length(i.channel) > 100 then 14 end], null) as faults
    from input i offset 0) f
  ), checked as materialized (
    select i.n, x.field, x.reason, x.detail
    from (select * from tested t where t.is_faulty offset 0) i
    cross join lateral (
      values
        (1, 'id', 'no_id', null::text),
        (2, 'id', 'field_too_long', length(i.id)::text),
        (3, 'category', 'unknown_category', i.category),
        (4, 'department', 'unknown_department', i.department),
        (5, 'stage', 'bad_stage', i.stage),
        (6, 'severity', 'bad_severity', i.severity::text),
        (7, 'lon', 'bad_coordinates', i.lon || ' ' || i.lat),
        (8, 'reportedAt', 'bad_date', null),
        (9, 'reportedAt', 'future_date', i."reportedAt"::text),
        (10, 'closedAt', 'closed_before_opened', i."closedAt"::text),
        (11, 'closedAt', 'future_date', i."closedAt"::text),
        (12, 'description', 'field_too_long', length(i.description)::text),
        (13, 'address', 'field_too_long', length(i.address)::text),
        (14, 'channel', 'field_too_long', length(i.channel)::text)
    ) as x (fault, field, reason, detail)
    where x.fault = any (i.faults)
  ), sound as materialized (
    select t.* from tested t where not t.is_faulty
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
    select v.*, v.verdict in ('store', 'update') as is_written
    from (select s.*, p.area_code, k.district_code as known_district, k.stage as known_stage,
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
    offset 0) v
  ), shards as materialized (
    -- once for each area of the batch
    select a.code, a.level, d.district_code
    from (select distinct j.area_code from judged j where j.is_written) j
    join public.areas a on a.code = j.area_code
    cross join lateral private.shard_of(a.path, v_city.shard_level) d
  ), first_states as materialized (
    select w.code, s.stage, private.first_state_of(w.code, s.stage) as state
    from public.workflows w cross join unnest(private.stage_codes()) s (stage)
  ), kinds as materialized (
    -- joined on both keys: by the stage alone each row of the batch meets each workflow
    select c.code, f.stage, f.state, c.workflow_code, c.default_department
    from public.categories c join first_states f on f.code = c.workflow_code
  ), verified as materialized (
    -- of each channel once
    select f.code, f.state, c.channel, private.must_be_verified(f.code, f.state, c.channel) as to_verify
    from (select distinct coalesce(j.channel, 'import') as channel from judged j
      where j.is_written and j.stage = 'reported') c
    cross join (select * from first_states x where x.stage = 'reported') f
  ), ready as materialized (
    select j.*, a.level, k.state as first_state,
      coalesce(j.known_district, a.district_code) as district,
      private.quantise(j.lon, v_city.west, v_city.east) as qx,
      private.quantise(j.lat, v_city.south, v_city.north) as qy,
      date_trunc('month', j."reportedAt" at time zone v_city.time_zone)::date as month,
      coalesce(j.department, k.default_department) as department_code, k.workflow_code,
      coalesce(v.to_verify, false) as to_verify
    from judged j
    join shards a on a.code = j.area_code
    join kinds k on k.code = j.category and k.stage = j.stage
    left join verified v on j.stage = 'reported' and v.code = k.workflow_code
      and v.channel = coalesce(j.channel, 'import')
    where j.is_written
  ), numbered as materialized (
    select x.n, x.case_number
    from (
      select array_agg(r.n order by r.n) as ns,
        private.draw_case_numbers(array_agg(extract(year from r.month)::integer order by r.n)) as numbers
      from ready r where r.verdict = 'store' having count(*) > 0
    ) d
    cross join lateral unnest(d.ns, d.numbers) x (n, case_number)
  ), stored as (
    insert into public.incidents (district_code, id, category_code, area_code, department_code,
      stage, on_hold, severity, lon, lat, qx, qy, description, address_label, reported_at, month,
      closed_at, channel, source, source_id, source_hash, workflow_code, state,
      state_since, case_number, to_verify)
    select r.district, r.incident_id, r.category, r.area_code, r.department_code, r.stage,
      coalesce(r."onHold", false), coalesce(r.severity, 2::smallint), r.lon, r.lat, r.qx, r.qy,
      coalesce(r.description, ''), coalesce(r.address, ''), r."reportedAt", r.month, r."closedAt",
      coalesce(r.channel, 'import'), p_source, r.id, r.hash, r.workflow_code, r.first_state,
      coalesce(r."closedAt", r."reportedAt"), u.case_number, r.to_verify
    from ready r join numbered u on u.n = r.n where r.verdict = 'store'
    returning district_code, id, stage, source_id, area_code, category_code, department_code, workflow_code, state,
      month, on_hold, to_verify, changed_xid
  ), updated as (
    update public.incidents i set category_code = r.category, area_code = r.area_code,
      department_code = r.department_code, stage = r.stage, workflow_code = r.workflow_code,
      state = case when (i.workflow_code, i.stage) = (r.workflow_code, r.stage) then i.state
        else r.first_state end,
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
    select w.district_code, w.id, w.seq, w.kind, w.stage_from, w.stage_to,
      jsonb_build_object('source', p_source, 'sourceId', w.source_id)
        || case when jsonb_array_length(i.doubts) > 0 then jsonb_build_object('doubts', i.doubts) else '{}' end
    from (
      select district_code, id, 1 as seq, 'imported' as kind, null as stage_from, stage as stage_to, source_id
      from stored
      union all
      select district_code, id, last_seq + 1, 'import_updated', known_stage, stage, source_id from updated) w
    join input i on i.id = w.source_id
    returning 1
  ), worked as (
    -- as private.keep_work does; a new one has no clocks
    insert into public.incident_work (district_code, incident_id, month, area_code, department_code, stage, on_hold,
      to_verify, rework, changed_xid)
    select s.district_code, s.id, s.month, s.area_code, s.department_code, s.stage, s.on_hold, s.to_verify, 0,
      s.changed_xid
    from stored s where v_as_a_whole and private.is_open(s.stage)
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
    'logged', (select count(*) from logged),
    'worked', (select count(*) from worked),
    'counted', (select count(*) from stored) + (select count(*) from updated) + (select count(distinct n) from checked)
      + (select count(*) from judged where verdict not in ('store', 'update')),
    -- the foreign keys of incidents
    'lost', (select string_agg(distinct k.key, ', ') from (
      select k.area_code as key from (select distinct s.area_code from stored s
        union select distinct s.district_code from stored s) k
      where not exists (select from public.areas a where a.code = k.area_code)
      union all
      select k.category_code from (select distinct s.category_code from stored s) k
      where not exists (select from public.categories c where c.code = k.category_code)
      union all
      select k.department_code from (select distinct s.department_code from stored s) k
      where k.department_code is not null
        and not exists (select from public.departments d where d.code = k.department_code)
      union all
      select k.workflow_code || ' ' || k.state from (select distinct s.workflow_code, s.state from stored s) k
      where not exists (select from public.workflow_stages w where w.workflow = k.workflow_code and w.code = k.state)
    ) k)
  ) into v_result;
  if v_as_a_whole then
    perform set_config('session_replication_role', v_role, true);
  end if;
  if v_result ->> 'lost' is not null then
    raise exception 'a row refers to what is not there: %', v_result ->> 'lost' using errcode = 'foreign_key_violation';
  end if;
  if (v_result ->> 'counted')::integer <> jsonb_array_length(p_rows) then
    raise exception 'a batch of % rows accounts for %', jsonb_array_length(p_rows), v_result ->> 'counted';
  end if;
  return v_result - '{logged,worked,lost,counted}'::text[];
end $function$;

CREATE OR REPLACE FUNCTION private.wake_index()
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
 SET maintenance_work_mem TO '256MB'
AS $function$
declare
  v_index private.resting_indexes;
begin
  delete from private.resting_indexes r
  where r.name = (select o.name from private.resting_indexes o
    order by o.definition not like '%USING gin%', o.name limit 1 for update skip locked) returning * into v_index;
  if v_index.name is not null then
    execute v_index.definition;
  end if;
  return v_index.name;
end $function$;
