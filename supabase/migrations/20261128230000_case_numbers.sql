-- Every incident gets a number that people can say: the year of its report and a serial number of that year.
-- Incidents already there get theirs in the order of their reports. Their change mark stays: nothing that devices
-- count has changed. Search by number, words and address, with its index.

create table private.case_counters (
  year integer primary key,
  last integer not null check (last between 1 and 999999999)
);
alter table private.case_counters enable row level security;

alter table public.incidents add column case_number text;

CREATE OR REPLACE FUNCTION private.draw_case_numbers(p_years integer[])
 RETURNS text[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_numbers text[];
begin
  with drawn as (
    insert into private.case_counters as c (year, last)
    select y.year, count(*) from unnest(p_years) y (year) group by y.year order by y.year
    on conflict (year) do update set last = c.last + excluded.last
    returning year, last
  ), placed as (
    select y.n, y.year, row_number() over (partition by y.year order by y.n)
      - count(*) over (partition by y.year) as place
    from unnest(p_years) with ordinality y (year, n)
  )
  select array_agg(private.case_number(p.year, (d.last + p.place)::integer) order by p.n) into v_numbers
  from placed p join drawn d using (year);
  return coalesce(v_numbers, '{}');
end $function$;

CREATE OR REPLACE FUNCTION private.case_number(p_year integer, p_serial integer)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select lpad(p_year::text, 4, '0') || '-' || lpad(p_serial::text, greatest(6, length(p_serial::text)), '0')
$function$;

alter table public.incidents disable trigger user;
do $$
declare
  v_indexes text[] := '{}';
  v_index record;
begin
  -- each row written anew goes into every index: for many rows it takes less to make the indexes again
  if (select count(*) from (select from public.incidents limit 20000) many) = 20000 then
    for v_index in
      select x.indexrelid::regclass as name, pg_get_indexdef(x.indexrelid) as made from pg_index x
      where x.indrelid = 'public.incidents'::regclass
        and not exists (select from pg_constraint c where c.conindid = x.indexrelid)
      order by x.indexrelid
    loop
      v_indexes := v_indexes || v_index.made;
      execute format('drop index %s', v_index.name);
    end loop;
  end if;
  perform set_config('work_mem', '128MB', true);
  update public.incidents i set case_number = private.case_number(n.year, n.serial::integer)
  from (
    select x.district_code, x.id, extract(year from x.month)::integer as year,
      row_number() over (partition by extract(year from x.month) order by x.reported_at, x.id) as serial
    from public.incidents x) n
  where i.district_code = n.district_code and i.id = n.id;
  for v_index in select unnest(v_indexes) as made loop
    execute v_index.made;
  end loop;
end $$;
alter table public.incidents enable trigger user;
insert into private.case_counters (year, last)
select extract(year from i.month)::integer, count(*) from public.incidents i group by 1;

alter table public.incidents alter column case_number set not null,
  add constraint incidents_case_number_check check (case_number ~ '^[0-9]{4}-[0-9]{6,9}$');

CREATE OR REPLACE FUNCTION private.mark_incident_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  new.changed_xid := pg_current_xact_id()::text::bigint;
  if tg_op = 'UPDATE' then
    new.version := old.version + 1;
    new.case_number := old.case_number;
    if new.stage <> old.stage and new.state = old.state then
      new.state := private.first_state_of(new.workflow_code, new.stage);
    end if;
  else
    if new.state is null then
      new.state := private.first_state_of(new.workflow_code, new.stage);
    end if;
    -- reports and imports draw theirs for a whole call
    if new.case_number is null then
      new.case_number := (private.draw_case_numbers(array[extract(year from new.month)::integer]))[1];
    end if;
  end if;
  new.to_verify := new.stage = 'reported'
    and private.must_be_verified(new.workflow_code, new.state, new.channel);
  -- a new one has no clocks
  new.lateness := case when tg_op = 'UPDATE' and not private.is_open(new.stage) then private.lateness_of(new) end;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION private.store_reports(p_reports private.report[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_numbers text[];
begin
  -- planning the clocks of no report takes longer than a transition
  if cardinality(p_reports) = 0 then return; end if;
  v_numbers := private.draw_case_numbers(array(
    select extract(year from r.at at time zone city.time_zone)::integer
    from unnest(p_reports) with ordinality r cross join public.city_settings city order by r.ordinality));
  with stored as (
    insert into public.incidents (district_code, id, category_code, area_code, severity, lon, lat,
      qx, qy, description, address_label, reported_at, device_at, month, reported_by,
      workflow_code, stage, state, state_since, condition_code, self_handled, closed_at, case_number)
    select r.district_code, r.id, r.category_code, r.area_code, r.severity, r.lon, r.lat,
      r.qx, r.qy, r.description, r.address_label, r.at, r.device_at,
      date_trunc('month', r.at at time zone city.time_zone)::date, r.actor,
      w.code, case when r.condition_code is null then 'reported' else 'closed' end,
      case when r.condition_code is null then w.first_state else private.first_state_of(w.code, 'closed') end,
      r.at, r.condition_code, r.condition_code is not null,
      case when r.condition_code is not null then r.at end, v_numbers[r.ordinality]
    from unnest(p_reports) with ordinality r
    join public.categories c on c.code = r.category_code
    join public.workflows w on w.code = c.workflow_code
    cross join public.city_settings city
  ), started as (
    insert into public.incident_clocks
    select * from private.first_clocks(array(
      select r from unnest(p_reports) r where r.condition_code is null)::private.report[])
  )
  insert into public.incident_log
    (district_code, incident_id, seq, at, actor, kind, stage_from, stage_to, note, data, command_id)
  select r.district_code, r.id, 1, r.at, r.actor, 'reported', null, 'reported', '', r.data, r.command_id
  from unnest(p_reports) r
  union all
  select r.district_code, r.id, 2, r.at, r.actor, 'self_handled', 'reported', 'closed',
    coalesce(r.handled_note, ''), private.log_data(null, r.at, r.handled_photos,
      jsonb_build_object('condition', r.condition_code)), r.command_id
  from unnest(p_reports) r where r.condition_code is not null;
  perform private.store_photos(array_agg((r.district_code, r.id, p.seq, r.actor, r.command_id, r.at, p.photos)
    ::private.brought_photos order by p.seq))
  from unnest(p_reports) r
  cross join lateral (values (1, r.photos), (2, r.handled_photos)) as p (seq, photos)
  where p.photos <> '[]'
  having count(*) > 0;
end $function$;

create or replace function private.receipt(p_command public.commands, p_is_replay boolean)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('id', p_command.id,
    'outcome', case when p_is_replay and p_command.outcome = 'applied' then 'replayed' else p_command.outcome end,
    'hash', p_command.hash, 'incident_id', p_command.incident_id, 'version', p_command.version,
    'error', p_command.error,
    'case_number', case when p_command.outcome = 'applied' then (
      select i.case_number from public.incidents i where i.id = p_command.incident_id limit 1) end,
    'missing_photos', case when p_command.outcome = 'applied'
      then private.missing_photos(p_command.actor, p_command.photo_hashes) else '[]' end);
end $$;

CREATE OR REPLACE FUNCTION private.incident_row(i public.incidents, w public.incident_work)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
RETURN jsonb_build_object('id', (i).id, 'districtCode', (i).district_code, 'categoryCode', (i).category_code, 'areaCode', (i).area_code, 'departmentCode', (i).department_code, 'stage', (i).stage, 'onHold', (i).on_hold, 'severity', (i).severity, 'lon', (i).lon, 'lat', (i).lat, 'description', (i).description, 'addressLabel', (i).address_label, 'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'channel', (i).channel, 'version', (i).version, 'workflowCode', (i).workflow_code, 'state', (i).state, 'stateSince', (i).state_since, 'dueAt', (w).due_at, 'warnAt', (w).warn_at, 'pending', (i).pending, 'holdUntil', (i).hold_until, 'supervision', (i).supervision, 'replyBy', (i).reply_by, 'rework', (i).rework, 'reopened', (i).reopened, 'extensions', (i).extensions, 'selfHandled', (i).self_handled, 'isGenerated', (i).is_generated, 'caseNumber', (i).case_number);

CREATE OR REPLACE FUNCTION private.incident_list(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET "DateStyle" TO 'ISO'
 SET "IntervalStyle" TO 'postgres'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_sort text := coalesce(p_sort, 'reported_desc');
  v_limit integer := coalesce(p_limit, 50);
  v_after jsonb := nullif(p_after, 'null');
  v_order record;
  v_key_list text;
  v_key_texts text;
  v_direction text;
  v_condition text := 'true';
  v_result jsonb;
begin
  select * into v_order from private.list_order(v_sort);
  if v_order.keys is null then
    raise exception 'p_sort: unknown sort' using errcode = '22023', detail = 'p_sort';
  end if;
  if v_limit not between 1 and 1000 then
    raise exception 'p_limit: 1 to 1000 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  v_direction := case when v_order.descending then ' desc' else ' asc' end;
  v_key_list := array_to_string(v_order.keys, ', ');
  v_key_texts := (select string_agg(k || '::text', ', ') from unnest(v_order.keys) k);

  if v_after is not null then
    begin
      if v_after ->> 'sort' is distinct from v_sort or v_after ->> 'id' is null
          or jsonb_array_length(v_after -> 'keys') is distinct from cardinality(v_order.keys)
          or v_after -> 'keys' @> 'null' then
        raise data_exception;
      end if;
      v_condition := format('(%s, i.id) %s (%s, %L::uuid)', v_key_list,
        case when v_order.descending then '<' else '>' end,
        (select string_agg(case t.type
            when 'timestamptz' then quote_nullable((v_after -> 'keys' ->> t.n::integer - 1)::timestamptz)
            when 'interval' then quote_nullable((v_after -> 'keys' ->> t.n::integer - 1)::interval)
            else quote_nullable(v_after -> 'keys' ->> t.n::integer - 1) end || '::' || t.type, ', ' order by t.n)
          from unnest(v_order.types) with ordinality t (type, n)),
        (v_after ->> 'id')::uuid);
    exception when data_exception then
      raise exception 'p_after: not a cursor of this sort' using errcode = '22023', detail = 'p_after';
    end;
  end if;

  execute format($q$
    with page as (
      -- numbered outside, so that the limit reaches the index
      select r.*, row_number() over () as n from (
        select i, array[%s] as keys, i.id
        from public.incidents i
        where %s and %s and %s
        order by %s%s, i.id%s limit $1 + 1
      ) r
    )
    select jsonb_build_object(
      'rows', coalesce(jsonb_agg(private.incident_row(p.i, w) order by p.n) filter (where p.n <= $1), '[]'),
      'next', case when count(*) > $1 then
        jsonb_agg(jsonb_build_object('sort', $2, 'keys', p.keys, 'id', p.id)) filter (where p.n = $1) -> 0 end)
    from page p
    left join public.incident_work w on w.district_code = (p.i).district_code and w.incident_id = p.id $q$,
    v_key_texts,
    private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(private.parse_filter(p_filter)),
    v_condition,
    array_to_string(v_order.keys, v_direction || ', '), v_direction, v_direction)
  into v_result using v_limit, v_sort;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.field_row(p_incident public.incidents, p_user uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return jsonb_build_object('id', p_incident.id, 'version', p_incident.version,
    'categoryCode', p_incident.category_code, 'lon', p_incident.lon, 'lat', p_incident.lat,
    'areaCode', p_incident.area_code, 'stage', p_incident.stage,
    'description', left(p_incident.description, 200), 'addressLabel', p_incident.address_label,
    'reportedAt', p_incident.reported_at,
    'reportedByMe', coalesce(p_incident.reported_by = p_user, false),
    'isGenerated', p_incident.is_generated, 'caseNumber', p_incident.case_number,
    'photo', (
      select jsonb_build_object('owner', p.owner, 'hash', p.hash, 'mediaType', p.media_type)
      from public.incident_photos p
      where p.district_code = p_incident.district_code and p.incident_id = p_incident.id
        and (p.owner = p_user or private.is_photo_checked(p.owner, p.hash, p.media_type))
      order by p.seq_in_log, p.hash limit 1));
end $function$;

CREATE OR REPLACE FUNCTION private.import_incidents(p_source text, p_rows jsonb, p_update boolean DEFAULT false)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
      closed_at, channel, source, source_id, source_hash, workflow_code, state_since,
      case_number)
    select r.district, r.incident_id, r.category, r.area_code, r.department_code, r.stage,
      coalesce(r."onHold", false), coalesce(r.severity, 2::smallint), r.lon, r.lat, r.qx, r.qy,
      coalesce(r.description, ''), coalesce(r.address, ''), r."reportedAt", r.month, r."closedAt",
      coalesce(r.channel, 'import'), p_source, r.id, r.hash, r.workflow_code,
      coalesce(r."closedAt", r."reportedAt"), u.case_number
    from ready r join numbered u on u.n = r.n where r.verdict = 'store'
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
end $function$;

CREATE OR REPLACE FUNCTION private.related_row(i public.incidents, p_meters double precision DEFAULT NULL::double precision)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    select jsonb_build_object('id', (i).id, 'categoryCode', (i).category_code, 'areaCode', (i).area_code,
      'stage', (i).stage, 'onHold', (i).on_hold, 'workflowCode', (i).workflow_code, 'state', (i).state,
      'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'description', left((i).description, 200),
      'addressLabel', (i).address_label, 'caseNumber', (i).case_number, 'meters', round(p_meters::numeric, 1)));
end $function$;

CREATE OR REPLACE FUNCTION private.callback_row(c public.callbacks, p_user uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    select jsonb_build_object('incidentId', i.id, 'closing', (c).closing, 'drawId', (c).draw_id, 'n', (c).n,
      'isMine', (c).caller is not distinct from p_user, 'callerName', p.display_name,
      'caseNumber', i.case_number, 'categoryCode', i.category_code, 'areaCode', i.area_code,
      'departmentCode', (c).department_code,
      'description', i.description, 'addressLabel', i.address_label, 'lon', i.lon, 'lat', i.lat,
      'channel', i.channel, 'source', i.source, 'sourceId', i.source_id, 'reportedAt', i.reported_at,
      'closedAt', (c).closed_at, 'until', private.rated_until(i), 'handledNote', (
        select l.note from public.incident_log l
        where l.district_code = i.district_code and l.incident_id = i.id
          and (l.kind = 'self_handled' or l.kind = 'transition' and l.stage_to = 'handled')
        order by l.seq desc limit 1),
      'outcome', (c).outcome, 'attempts', (c).attempts, 'note', (c).note, 'lastAt', (c).last_at,
      'isGenerated', (c).is_generated)
    from public.incidents i
    left join public.profiles p on p.user_id = (c).caller
    where i.district_code = (c).district_code and i.id = (c).incident_id);
end $function$;

CREATE OR REPLACE FUNCTION private.callback_sheet()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_user constant uuid := private.require_user();
  v_seen constant text[] := private.scope_area_codes();
  v_managed constant text[] := private.scope_area_codes('{grid_manager}');
  v_led constant text[] := private.scope_area_codes('{leader,grid_manager,admin}');
begin
  return jsonb_build_object('asOf', now(),
    'drawsIn', (select coalesce(jsonb_agg(distinct m.area_code), '[]') from public.memberships m
      where m.user_id = v_user and m.role in ('grid_manager', 'leader', 'admin')
        and private.is_valid(m.valid_from, m.valid_to, now())),
    'rows', (
      select coalesce(jsonb_agg(private.callback_row(x.c, v_user) order by x.is_other, x.closed_at, x.id), '[]')
      from (
        select c, c.caller is distinct from v_user as is_other, i.closed_at, i.id
        from public.callbacks c
        join public.incidents i on i.district_code = c.district_code and i.id = c.incident_id
        join public.workflows w on w.code = i.workflow_code
        where (c.caller = v_user and c.area_code = any (v_seen) or c.area_code = any (v_managed))
          and (c.outcome is null or c.outcome = 'not_reached')
          and c.closed_at > now() - make_interval(days => (select max(o.rating_days) from public.workflows o))
          and i.stage = 'closed' and c.closing = private.closing_of(i.district_code, i.id)
          and now() < i.closed_at + make_interval(days => w.rating_days)
          and not exists (select from public.ratings r where r.district_code = c.district_code
            and r.incident_id = c.incident_id and r.closing = c.closing)
          and private.call_bar(i, v_user, now()) is null
        order by 2, 3, 4 limit 500) x),
    'asks', (
      select coalesce(jsonb_agg(jsonb_build_object('incidentId', i.id, 'closing', r.closing,
        'caseNumber', i.case_number, 'categoryCode', i.category_code, 'areaCode', i.area_code,
        'departmentCode', r.department_code,
        'description', left(i.description, 200), 'addressLabel', i.address_label, 'words', w.words,
        'satisfied', r.satisfied, 'at', r.at, 'decideBy', r.decide_by, 'version', i.version,
        'isGenerated', r.is_generated) order by r.decide_by, i.id), '[]')
      from (select * from public.ratings r
        where r.unsolved = 'asked' and r.decision is null and r.area_code = any (v_led)
        order by r.decide_by, r.incident_id limit 200) r
      join public.incidents i on i.district_code = r.district_code and i.id = r.incident_id
      left join public.rating_words w on w.district_code = r.district_code and w.incident_id = r.incident_id
        and w.closing = r.closing),
    'draws', (
      select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'areaCode', d.area_code, 'fromDay', d.from_day,
        'toDay', d.to_day, 'categoryCodes', d.category_codes, 'poolCount', d.pool_count, 'count', d.drawn_count,
        'seed', d.seed, 'byName', p.display_name, 'at', d.drawn_at, 'isGenerated', d.is_generated,
        'waiting', s.waiting, 'reached', s.reached, 'refused', s.refused, 'notReached', s.not_reached,
        'withoutCaller', s.without_caller) order by d.drawn_at desc, d.id), '[]')
      from (select * from public.callback_draws d where d.area_code = any (v_led)
        order by d.drawn_at desc, d.id limit 20) d
      join public.profiles p on p.user_id = d.drawn_by
      cross join lateral (
        select count(*) filter (where c.outcome is null) as waiting,
          count(*) filter (where c.outcome = 'reached') as reached,
          count(*) filter (where c.outcome = 'refused') as refused,
          count(*) filter (where c.outcome = 'not_reached') as not_reached,
          count(*) filter (where c.outcome is null and c.caller is null) as without_caller
        from public.callbacks c where c.draw_id = d.id) s));
end $function$;

CREATE OR REPLACE FUNCTION private.search_words(p_text text)
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE COST 2000
 SET search_path TO ''
AS $function$
  select coalesce(array_agg(distinct w.word), '{}')
  from (
    select left(m[1], 40) as word from regexp_matches(lower(left(p_text, 2000)), '[a-z0-9]+', 'g') m
    union all
    select substr(m[1], n, 2)
    from regexp_matches(lower(left(p_text, 2000)), '[^[:space:][:punct:]a-z0-9、。，；：？！（）《》“”‘’【】·]+', 'g') m
    cross join lateral generate_series(1, length(m[1])) n
  ) w
$function$;

CREATE OR REPLACE FUNCTION private.incident_words(p_description text, p_address text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE COST 2000
 SET search_path TO ''
AS $function$
  select array_to_tsvector(private.search_words(left(p_address, 500) || ' ' || p_description))
$function$;

CREATE OR REPLACE FUNCTION private.search_query(p_text text)
 RETURNS tsquery
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select nullif(string_agg(format('%L', w.word)
    || case when w.word ~ '^[a-z0-9]' or length(w.word) = 1 then ':*' else '' end, ' & '), '')::tsquery
  from unnest(private.search_words(p_text)) w (word)
  -- the last sign alone says no more than its pair
  where w.word ~ '^[a-z0-9]' or length(w.word) = 2
    or not exists (select from unnest(private.search_words(p_text)) o (word) where length(o.word) = 2
      and right(o.word, 1) = w.word)
$function$;

CREATE OR REPLACE FUNCTION private.read_case_number(p_text text, p_year integer)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE
 SET search_path TO ''
AS $function$
declare
  v_text constant text := regexp_replace(translate(lower(btrim(p_text)), '０１２３４５６７８９－—–＃', '0123456789---#'),
    '^(#|no\.?|nr\.?|number|case|编号|案号|案件号)[[:space:]:：]*', '');
  v_parts text[] := regexp_match(v_text, '^([0-9]{4})[[:space:]/-]+([0-9]{1,9})$');
begin
  v_parts := coalesce(v_parts, regexp_match(v_text, '^([0-9]{4})([0-9]{6})$'));
  if v_parts is null and v_text ~ '^[0-9]{1,6}$' then
    v_parts := array[p_year::text, v_text];
  end if;
  return case when v_parts[2]::integer > 0 then private.case_number(v_parts[1]::integer, v_parts[2]::integer) end;
end $function$;

CREATE OR REPLACE FUNCTION private.newest_report()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select max(i.reported_at) from public.incidents i
$function$;

CREATE OR REPLACE FUNCTION private.incident_search(p_text text, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
 SET enable_seqscan TO 'off'
 SET enable_indexscan TO 'off'
AS $function$
declare
  v_scope constant text := private.scope_condition(private.resolve_scope(), 'i');
  v_limit constant integer := coalesce(p_limit, 8);
  v_number text;
  v_prefix text;
  v_query tsquery;
  v_newest timestamptz;
  v_window interval;
  v_ids uuid[] := '{}';
  v_found uuid[];
  v_rows jsonb;
begin
  if v_limit not between 1 and 50 then
    raise exception 'p_limit: 1 to 50 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  if p_text is null or length(p_text) > 200 then
    raise exception 'p_text: 1 to 200 characters' using errcode = '22023', detail = 'p_text';
  end if;
  v_number := private.read_case_number(p_text, extract(year from private.city_today())::integer);
  if v_number is not null then
    execute format('select coalesce(array_agg(i.id), ''{}'') from public.incidents i where i.case_number = $1 and %s', v_scope)
    into v_ids using v_number;
  end if;
  -- six hexadecimal digits of the id, as the device shows them; or the whole id
  v_prefix := coalesce((regexp_match(lower(btrim(p_text)), '^p-?([0-9a-f]{6})$'))[1],
    (regexp_match(lower(btrim(p_text)), '^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$'))[1]);
  if v_prefix is not null then
    execute format('select coalesce(array_agg(i.id order by i.id), ''{}'') from (
      select i.id from public.incidents i where i.id between $1 and $2 and %s limit 50) i', v_scope)
    into v_found using
      (case when length(v_prefix) = 36 then v_prefix else v_prefix || '00-0000-0000-0000-000000000000' end)::uuid,
      (case when length(v_prefix) = 36 then v_prefix else v_prefix || 'ff-ffff-ffff-ffff-ffffffffffff' end)::uuid;
    v_ids := v_ids || v_found;
  end if;
  v_query := private.search_query(p_text);
  -- one letter begins too many words
  if v_query is not null and (length(btrim(p_text)) > 1 or p_text !~ '[A-Za-z0-9]') then
    v_newest := private.newest_report();
    foreach v_window in array array['31 days', '1 year', '1000 years']::interval[] loop
      execute format($q$
        with hits as materialized (
          select i.id, i.reported_at from public.incidents i
          where private.incident_words(i.description, i.address_label) operator(pg_catalog.@@) $1
            and i.reported_at > $2 and %s limit 5000
        )
        select coalesce(array_agg(h.id order by h.reported_at desc, h.id desc), '{}')
        from (select * from hits order by reported_at desc, id desc limit $3) h $q$, v_scope)
      into v_found using v_query, v_newest - v_window, v_limit + 1;
      exit when cardinality(v_found) > v_limit;
    end loop;
    v_ids := v_ids || array(select f.id from unnest(v_found) with ordinality f (id, n)
      where f.id <> all (v_ids) order by f.n);
  end if;
  select jsonb_agg(private.incident_row(i, w) order by k.n) into v_rows
  from unnest(v_ids[1:v_limit]) with ordinality k (id, n)
  join public.incidents i on i.id = k.id
  left join public.incident_work w on w.district_code = i.district_code and w.incident_id = i.id;
  return jsonb_build_object('number', v_number, 'rows', coalesce(v_rows, '[]'),
    'isMore', cardinality(v_ids) > v_limit);
end $function$;

CREATE OR REPLACE FUNCTION public.incident_search(p_text text, p_limit integer DEFAULT 8)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.incident_search(p_text, p_limit)
$function$;

CREATE UNIQUE INDEX incidents_case_number_idx ON public.incidents USING btree (case_number, district_code);

CREATE INDEX incidents_words_idx ON public.incidents USING gin (private.incident_words(description, address_label));

revoke all on function private.incident_search(text,integer) from public, anon, authenticated, service_role;

grant execute on function private.incident_search(text,integer) to authenticated;

revoke all on function public.incident_search(text,integer) from public, anon, authenticated, service_role;

grant execute on function public.incident_search(text,integer) to authenticated;
