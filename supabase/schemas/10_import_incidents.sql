-- Imports of incidents, called by the owner alone. A call is one transaction and can run again.

-- The same id for ever (RFC 9562, version 8). Stable as convert_to is: else it is not inlined, and a call of it takes as
-- long as a sixth of all that a row costs.
create or replace function private.import_incident_id(p_source text, p_source_id text)
returns uuid language sql stable strict parallel safe
return overlay(overlay(left(encode(sha256(convert_to(p_source || E'\x1f' || p_source_id, 'UTF8')), 'hex'), 32)
  placing '8' from 13) placing 'a' from 17)::uuid;

-- Stores one batch, in which no id comes twice. A null `department` is the category's. p_update replaces
-- changed rows that nobody worked on here. server/import/README.md explains the reasons.
--
-- New rows are checked as a whole where the caller may let triggers rest (a superuser may, and others that are granted
-- it): foreign keys checked row by row, and the triggers of a new row, take as long as all the rest of it. Then this
-- function does what they do: it locks the tables that incidents refer to against changes, looks up each key that the
-- batch names once, and writes the rows of `incident_work`. Constraints and unique indexes hold in any case.
create or replace function private.import_incidents(p_source text, p_rows json, p_update boolean default false)
returns jsonb language plpgsql set search_path = ''
-- unknown numbers of rows look dear, and each batch would be compiled or planned anew
set jit = off set plan_cache_mode = force_generic_plan
-- the planner knows nothing of the batch's own tables: a join by loops, which it may choose after any analysis, meets
-- each row with each and takes three times as long as all else. What only a loop can do still is one.
set enable_nestloop = off
-- some thousand rows at a time, in memory
set work_mem = '32MB' as $$
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
end $$;

-- Indexes that rest while an import brings many rows: to put a million rows into each of them takes longer than all else,
-- to make them from all rows a third of that. They have the statements that make them again.
create table private.resting_indexes (
  name text primary key,
  definition text not null
);
alter table private.resting_indexes enable row level security;

-- Drops the indexes of incidents that only readers need. Those that keep something unique stay, and those of few rows.
-- So does the one that an import finds its own rows by, unless all rows of its source are the p_stored ones that it
-- has stored itself: then the others are new, and neither a look-up nor an entry at a random place is needed for each.
-- For an import that is alone with its database.
create or replace function private.rest_indexes(p_source text, p_stored integer)
returns void language plpgsql set search_path = '' as $$
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
end $$;

-- Makes one of the resting indexes again, and returns its name; null when none rests that no other call makes. One a
-- call, so that a call that is cut off loses one index, and two calls at the same time make two: helpers of one would
-- take the processor from the other. The longest work comes first, so that neither is left alone with it: the index of
-- words, then those of the most keys.
create or replace function private.wake_index()
returns text language plpgsql set search_path = '' set maintenance_work_mem = '256MB'
set max_parallel_maintenance_workers = 0 as $$
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
end $$;
