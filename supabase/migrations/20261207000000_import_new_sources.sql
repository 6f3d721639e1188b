drop index public.incidents_spot_idx;

drop function private.ordered_incidents(date[],text);

drop function private.import_incidents(text,jsonb,boolean);

drop function private.rest_indexes();

CREATE OR REPLACE FUNCTION private.found_incidents(p_months date[], p_condition text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format($q$
    with timed as (
      select i.month, i.id, i.area_code, i.category_code, i.qx, i.qy,
        greatest(i.changed_xid, w.changed_xid) as newest_xid, i.changed_xid + coalesce(w.changed_xid, 0) as xids,
        greatest(0, least(65535, floor(date_part('epoch',
          (i.reported_at at time zone %1$L) - i.month::timestamp) / 60)))::integer as minute,
        case when i.closed_at is null then 65535 else least(65534, floor(date_part('epoch',
          i.closed_at - i.reported_at) / 3600))::integer end as hours,
        private.stage_byte(i.stage, i.on_hold) as stage,
        case when i.closed_at is null then 255 else least(254, greatest(0,
          width_bucket(i.closed_at at time zone %1$L, %4$L::timestamp[])
          - round((i.month - %5$L::date) / 30.436875::float8)::integer - 1)) end as closed_month,
        private.is_open(i.stage) as is_open,
        -- the first whole minute at which it is overdue
        case when not i.on_hold then ceil(date_part('epoch', w.due_at) / 60)
          - date_part('epoch', i.month::timestamp) / 60 end as due_minute
      from public.incidents i
      left join public.incident_work w on w.district_code = i.district_code and w.incident_id = i.id
        and w.month = any (%2$L::date[])
      where i.month = any (%2$L::date[]) and %3$s
    ), found as (
      select t.*, a.idx as area, c.idx as category,
        -- a day is added, because the wall clock may be ahead; 0 means no deadline, null a closed incident
        case when t.is_open and t.due_minute is null then 0
          when t.is_open then least(16777215, greatest(1, t.due_minute - t.minute + 1440))::integer end as due
      from timed t
      join public.areas a on a.code = t.area_code
      join public.categories c on c.code = t.category_code
    )
    $q$, time_zone, p_months, p_condition, array(
      select generate_series(min(m), max(m) + interval '255 months', interval '1 month') from unnest(p_months) m),
    (select min(m) from unnest(p_months) m))
  from public.city_settings
$function$;

CREATE OR REPLACE FUNCTION private.pack_incidents(p_months date[], p_condition text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_result jsonb;
begin
  execute private.found_incidents(p_months, p_condition) || format($q$
    , ordered as (
      select f.*, f.minute - lag(f.minute, 1, 0) over w as step
      from found f
      window w as (partition by f.month order by f.minute, f.id)
      order by f.month, f.minute, f.id
    ), packed as (
      select o.month, count(*) as n, max(o.newest_xid) as newest, sum(o.xids) as total,
        string_agg(set_byte('\x00', 0, o.step >> 8), '') || string_agg(set_byte('\x00', 0, o.step & 255), '') as minute,
        string_agg(set_byte('\x00', 0, o.hours >> 8), '') || string_agg(set_byte('\x00', 0, o.hours & 255), '') as hours,
        string_agg(set_byte('\x00', 0, o.area >> 8), '') || string_agg(set_byte('\x00', 0, o.area & 255), '') as area,
        string_agg(set_byte('\x00', 0, o.category), '') as category,
        string_agg(set_byte('\x00', 0, o.stage), '') as stage,
        string_agg(set_byte('\x00', 0, o.closed_month), '') as closed_month,
        string_agg(set_byte('\x00', 0, o.qx >> 8), '') || string_agg(set_byte('\x00', 0, o.qx & 255), '') as x,
        string_agg(set_byte('\x00', 0, o.qy >> 8), '') || string_agg(set_byte('\x00', 0, o.qy & 255), '') as y,
        string_agg(set_byte('\x00', 0, o.due >> 16), '') || string_agg(set_byte('\x00', 0, (o.due >> 8) & 255), '')
          || string_agg(set_byte('\x00', 0, o.due & 255), '') as due
      from ordered o group by o.month
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m, 'YYYY-MM'),
      'revision', private.month_revision(coalesce(p.n, 0), p.newest, p.total),
      'count', coalesce(p.n, 0),
      'minute', private.base64(p.minute), 'hours', private.base64(p.hours),
      'area', private.base64(p.area), 'category', private.base64(p.category),
      'stage', private.base64(p.stage), 'closedMonth', private.base64(p.closed_month),
      'x', private.base64(p.x), 'y', private.base64(p.y), 'due', private.base64(p.due)) order by m), '[]')
    from unnest(%L::date[]) m left join packed p on p.month = m $q$,
    p_months)
  into v_result;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.incident_records(p_months text[])
 RETURNS TABLE(month text, revision text, count integer, records text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
 SET jit TO 'off'
AS $function$
declare
  v_months constant date[] := array(select (m || '-01')::date from unnest(p_months) m);
begin
  return query execute private.found_incidents(v_months, private.scope_condition(private.resolve_scope(), 'i'))
    || $q$
    -- sorted as records, month by month: to sort all that they are made of takes twice as long
    select to_char(o.month, 'YYYY-MM'), private.month_revision(count(*), max(o.newest_xid), sum(o.xids)),
      count(*)::integer, encode(string_agg(o.record, '' order by o.minute, o.id), 'base64')
    from (
      select f.month, f.minute, f.id, f.newest_xid, f.xids,
        int8send((f.minute::bigint << 48) | (f.hours::bigint << 32) | (f.area::bigint << 16) | f.qx)
        || int8send((f.qy::bigint << 48) | (f.category::bigint << 40) | (f.stage::bigint << 32)
          | (f.closed_month::bigint << 24) | coalesce(f.due, 0)) as record
      from found f offset 0
    ) o group by o.month $q$;
end $function$;

CREATE OR REPLACE FUNCTION private.import_incidents(p_source text, p_rows json, p_update boolean DEFAULT false)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
 SET enable_nestloop TO 'off'
 SET work_mem TO '32MB'
AS $function$
declare
  v_city public.city_settings;
  -- triggers of an update must run; and the tables below must be seen as they are once they are locked
  v_as_a_whole constant boolean := not p_update and current_setting('transaction_isolation') = 'read committed'
    -- all plans are made anew, which takes as long as some hundred rows: about as many are this long
    and octet_length(p_rows::text) >= 100000 and has_parameter_privilege('session_replication_role', 'set');
  v_role constant text := current_setting('session_replication_role');
  v_leaves text[];
  v_departments text[];
  v_is_new boolean;
  v_result jsonb;
begin
  if v_as_a_whole then
    lock table public.areas, public.categories, public.departments, public.workflow_stages in share mode;
  end if;
  -- before it is asked which indexes rest: none is dropped from here on
  lock table public.incidents in row exclusive mode;
  -- without this index there is nothing to look up: see private.rest_indexes
  v_is_new := exists (select from private.resting_indexes x where x.name = 'public.incidents_id_idx');
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
    from json_to_recordset(p_rows) as r (
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
    from (select distinct incident_id from input where not v_is_new) wanted
    -- `offset 0` forces look-ups by index; a join may read the whole table
    cross join lateral (
      select x.* from public.incidents x where x.id = wanted.incident_id offset 0) i
  ), tested as materialized (
    -- a bit for each fault; their words follow for the few rows that have some. Whether there are any, and further
    -- below whether a row is written, is a boolean: the planner takes half of the rows for it, a hundredth for others,
    -- and compares each row with each in a join of few.
    select f.*, f.faults <> 0 as is_faulty
    from (select i.n,
      case when coalesce(i.id, '') = '' or i.hash is null then 1 else 0 end
      | case when length(i.id) > 200 then 2 else 0 end
      -- looked up in a hash: a list is compared one by one
      | case when (i.category in (select unnest(v_leaves))) is not true then 4 else 0 end
      | case when i.department <> all (v_departments) then 8 else 0 end
      | case when i.stage is null or i.stage <> all (private.stage_codes())
        or (i.stage = 'closed') <> (i."closedAt" is not null) then 16 else 0 end
      | case when i.severity not between 1 and 4 then 32 else 0 end
      -- NaN sorts above all numbers: the ranges refuse it
      | case when (i.lon between -180 and 180 and i.lat between -90 and 90) is not true then 64 else 0 end
      | case when i."reportedAt" is null or not isfinite(i."reportedAt") then 128 else 0 end
      | case when i."reportedAt" > now() and isfinite(i."reportedAt") then 256 else 0 end
      | case when i."closedAt" < i."reportedAt" then 512 else 0 end
      | case when i."closedAt" > now() then 1024 else 0 end
      | case when length(i.description) > 10000 then 2048 else 0 end
      | case when length(i.address) > 500 then 4096 else 0 end
      | case when length(i.channel) > 100 then 8192 else 0 end as faults
    from input i offset 0) f
  ), checked as materialized (
    select i.n, x.field, x.reason, x.detail
    from (select i.*, t.faults from tested t join input i on i.n = t.n where t.is_faulty offset 0) i
    cross join lateral (
      values
        (1, 'id', 'no_id', null::text),
        (2, 'id', 'field_too_long', length(i.id)::text),
        (4, 'category', 'unknown_category', i.category),
        (8, 'department', 'unknown_department', i.department),
        (16, 'stage', 'bad_stage', i.stage),
        (32, 'severity', 'bad_severity', i.severity::text),
        (64, 'lon', 'bad_coordinates', i.lon || ' ' || i.lat),
        (128, 'reportedAt', 'bad_date', null),
        (256, 'reportedAt', 'future_date', i."reportedAt"::text),
        (512, 'closedAt', 'closed_before_opened', i."closedAt"::text),
        (1024, 'closedAt', 'future_date', i."closedAt"::text),
        (2048, 'description', 'field_too_long', length(i.description)::text),
        (4096, 'address', 'field_too_long', length(i.address)::text),
        (8192, 'channel', 'field_too_long', length(i.channel)::text)
    ) as x (fault, field, reason, detail)
    where i.faults & x.fault <> 0
  ), sound as materialized (
    -- without the long texts, which the insert alone needs: each step copies its rows
    select i.n, i.incident_id, i.hash, i.category, i.department, i.stage, i.lon, i.lat, i."reportedAt", i.channel
    from tested t join input i on i.n = t.n where not t.is_faulty
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
    select j.n, j.verdict, j.incident_id, j.area_code, j.stage, j.known_stage, j.last_seq, a.level,
      k.state as first_state, coalesce(j.known_district, a.district_code) as district,
      -- as private.quantise does: two calls of it take longer than the search for the area
      least(65535, greatest(0, floor(j.x) + case when j.x - floor(j.x) >= 0.5 then 1 else 0 end))::integer as qx,
      least(65535, greatest(0, floor(j.y) + case when j.y - floor(j.y) >= 0.5 then 1 else 0 end))::integer as qy,
      date_trunc('month', j."reportedAt" at time zone v_city.time_zone)::date as month,
      coalesce(j.department, k.default_department) as department_code, k.workflow_code,
      coalesce(v.to_verify, false) as to_verify
    from (select w.*, (w.lon - v_city.west) / (v_city.east - v_city.west) * 65535 as x,
        (w.lat - v_city.south) / (v_city.north - v_city.south) * 65535 as y
      from judged w where w.is_written offset 0) j
    join shards a on a.code = j.area_code
    join kinds k on k.code = j.category and k.stage = j.stage
    left join verified v on j.stage = 'reported' and v.code = k.workflow_code
      and v.channel = coalesce(j.channel, 'import')
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
    select r.district, r.incident_id, i.category, r.area_code, r.department_code, r.stage,
      coalesce(i."onHold", false), coalesce(i.severity, 2::smallint), i.lon, i.lat, r.qx, r.qy,
      coalesce(i.description, ''), coalesce(i.address, ''), i."reportedAt", r.month, i."closedAt",
      coalesce(i.channel, 'import'), p_source, i.id, i.hash, r.workflow_code, r.first_state,
      coalesce(i."closedAt", i."reportedAt"), u.case_number, r.to_verify
    from ready r join numbered u on u.n = r.n join input i on i.n = r.n where r.verdict = 'store'
    -- the rows of a month side by side, whatever the order of the file: who reads a month reads few pages
    order by i."reportedAt"
    returning 1
  ), updated as (
    update public.incidents i set category_code = g.category, area_code = r.area_code,
      department_code = r.department_code, stage = r.stage, workflow_code = r.workflow_code,
      state = case when (i.workflow_code, i.stage) = (r.workflow_code, r.stage) then i.state
        else r.first_state end,
      on_hold = coalesce(g."onHold", false), hold_until = case when g."onHold" then i.hold_until end,
      parent_id = case when r.stage = 'merged' then i.parent_id end,
      severity = coalesce(g.severity, 2::smallint), lon = g.lon, lat = g.lat, qx = r.qx, qy = r.qy,
      description = coalesce(g.description, ''), address_label = coalesce(g.address, ''),
      reported_at = g."reportedAt", month = r.month, closed_at = g."closedAt",
      channel = coalesce(g.channel, 'import'), source_hash = g.hash
    from ready r join input g on g.n = r.n
    where r.verdict = 'update' and i.district_code = r.district and i.id = r.incident_id
    returning 1
  ), logged as (
    insert into public.incident_log (district_code, incident_id, seq, kind, stage_from, stage_to, data)
    select r.district, r.incident_id, coalesce(r.last_seq, 0) + 1,
      case r.verdict when 'store' then 'imported' else 'import_updated' end, r.known_stage, r.stage,
      case when jsonb_array_length(i.doubts) > 0
        then jsonb_build_object('source', p_source, 'sourceId', i.id, 'doubts', i.doubts)
        else jsonb_build_object('source', p_source, 'sourceId', i.id) end
    from ready r join input i on i.n = r.n
    returning 1
  ), worked as (
    -- as private.keep_work does; a new one has no clocks
    insert into public.incident_work (district_code, incident_id, month, area_code, department_code, stage, on_hold,
      to_verify, rework, changed_xid)
    select r.district, r.incident_id, r.month, r.area_code, r.department_code, r.stage, coalesce(i."onHold", false),
      r.to_verify, 0, pg_current_xact_id()::text::bigint
    from ready r join input i on i.n = r.n
    where v_as_a_whole and r.verdict = 'store' and private.is_open(r.stage)
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
      select i.line, i.id, case when j.verdict = 'outside_city' then 'lon' end, j.verdict,
        case when j.verdict = 'outside_city' then j.lon || ' ' || j.lat end
      from judged j join input i on i.n = j.n
      where j.verdict in ('outside_city', 'changed_content', 'changed_here')) r), '[]'),
    'given', (select count(*) from input),
    'logged', (select count(*) from logged),
    'worked', (select count(*) from worked),
    'counted', (select count(*) from stored) + (select count(*) from updated) + (select count(distinct n) from checked)
      + (select count(*) from judged where verdict not in ('store', 'update')),
    -- the foreign keys of incidents; a category that is not there has failed above
    'lost', (select string_agg(distinct k.key, ', ') from (
      select k.area_code as key from (select distinct s.area_code from ready s
        union select distinct s.district from ready s) k
      where not exists (select from public.areas a where a.code = k.area_code)
      union all
      select k.department_code from (select distinct s.department_code from ready s) k
      where k.department_code is not null
        and not exists (select from public.departments d where d.code = k.department_code)
      union all
      select k.workflow_code || ' ' || k.first_state from (select distinct s.workflow_code, s.first_state from ready s) k
      where not exists (select from public.workflow_stages w
        where w.workflow = k.workflow_code and w.code = k.first_state)
    ) k)
  ) into v_result;
  if v_as_a_whole then
    perform set_config('session_replication_role', v_role, true);
  end if;
  if v_result ->> 'lost' is not null then
    raise exception 'a row refers to what is not there: %', v_result ->> 'lost' using errcode = 'foreign_key_violation';
  end if;
  if v_result -> 'counted' <> v_result -> 'given' then
    raise exception 'a batch of % rows accounts for %', v_result ->> 'given', v_result ->> 'counted';
  end if;
  return v_result - '{given,logged,worked,lost,counted}'::text[];
end $function$;

CREATE OR REPLACE FUNCTION private.rest_indexes(p_source text, p_stored integer)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_is_new constant boolean := p_stored = (select count(*) from public.incidents i where i.source = p_source);
  v_index record;
begin
  for v_index in
    select x.indexrelid::regclass::text as name, pg_get_indexdef(x.indexrelid) as definition
    from pg_catalog.pg_index x
    where x.indrelid = 'public.incidents'::regclass and not x.indisunique and x.indpred is null
      and (v_is_new or x.indexrelid <> to_regclass('public.incidents_id_idx'))
  loop
    insert into private.resting_indexes (name, definition) values (v_index.name, v_index.definition);
    execute 'drop index ' || v_index.name;
  end loop;
end $function$;

CREATE OR REPLACE FUNCTION private.wake_index()
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
 SET maintenance_work_mem TO '256MB'
 SET max_parallel_maintenance_workers TO '0'
AS $function$
declare
  v_index private.resting_indexes;
begin
  delete from private.resting_indexes r
  where r.name = (select o.name from private.resting_indexes o
    order by o.definition not like '%USING gin%', length(o.definition) desc, o.name limit 1 for update skip locked) returning * into v_index;
  if v_index.name is not null then
    execute v_index.definition;
  end if;
  return v_index.name;
end $function$;

CREATE OR REPLACE FUNCTION private.has_earlier_at_spot(p_incident public.incidents)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (
    select from public.categories c
    cross join lateral (select c.duplicate_radius_meters / 111195.0 as lat,
      c.duplicate_radius_meters / 111195.0 / cos(radians(p_incident.lat)) as lon) r
    join public.incidents o on o.district_code = p_incident.district_code and o.category_code = c.code
      and floor(o.lat * 1000)::integer = any (array(select generate_series(
        floor((p_incident.lat - r.lat) * 1000)::integer, floor((p_incident.lat + r.lat) * 1000)::integer)))
      and floor(o.lon * 1000)::integer = any (array(select generate_series(
        floor((p_incident.lon - r.lon) * 1000)::integer, floor((p_incident.lon + r.lon) * 1000)::integer)))
    where c.code = p_incident.category_code and c.duplicate_radius_meters > 0
      and o.reported_at >= p_incident.reported_at - interval '1 year' and o.reported_at < p_incident.reported_at
      -- metres on a sphere, flat at this distance
      and ((o.lat - p_incident.lat) * 111195) ^ 2
        + ((o.lon - p_incident.lon) * 111195 * cos(radians(p_incident.lat))) ^ 2 <= c.duplicate_radius_meters ^ 2
      and o.stage <> all ('{rejected,merged}'))
$function$;

CREATE INDEX incidents_spot_idx ON public.incidents USING btree (((floor((lat * (1000)::double precision)))::integer), ((floor((lon * (1000)::double precision)))::integer), category_code, reported_at);
