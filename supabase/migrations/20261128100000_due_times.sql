drop index public.incidents_due_idx;

drop index public.incidents_held_idx;

drop index public.incidents_pending_idx;

drop index public.incidents_queue_area_idx;

drop index public.incidents_queue_assignee_idx;

drop index public.incidents_queue_department_idx;

drop index public.incidents_queue_handler_idx;

drop index public.incidents_queue_idx;

drop index public.incidents_queue_rework_idx;

drop index public.incidents_supervised_idx;

drop function private.with_due(public.incidents);

drop function private.incident_row(public.incidents);

drop function private.clock_times(public.incident_clocks);

drop function private.turn_clocks(public.incidents,public.incidents,text[],jsonb,timestamp with time zone);

drop function private.move_clocks(public.incidents,timestamp with time zone);

drop function private.log_clock_move(public.incidents,public.incidents,uuid,uuid,timestamp with time zone);

drop function private.recompute_clocks(text,integer,uuid,timestamp with time zone);

alter type private.recomputed drop attribute next;

create table public.incident_work (
  district_code text not null,
  incident_id uuid not null,
  due_at timestamptz,
  warn_at timestamptz,
  month date not null,
  area_code text not null,
  department_code text,
  reported_by uuid,
  stage text not null,
  on_hold boolean not null,
  to_verify boolean not null,
  handler uuid,
  assignee uuid,
  rework smallint not null,
  pending text,
  supervision smallint,
  changed_xid bigint not null,
  primary key (district_code, incident_id),
  constraint incident_work_incident_fkey foreign key (district_code, incident_id)
    references public.incidents (district_code, id) on delete cascade
);

alter table public.incident_work enable row level security;

insert into public.incident_work (district_code, incident_id, due_at, warn_at, month, area_code, department_code,
  reported_by, stage, on_hold, to_verify, handler, assignee, rework, pending, supervision, changed_xid)
select i.district_code, i.id, i.due_at, i.warn_at, i.month, i.area_code, i.department_code, i.reported_by, i.stage,
  i.on_hold, i.to_verify, i.handler, i.assignee, i.rework, i.pending, i.supervision, i.changed_xid
from public.incidents i
where private.is_open(i.stage) or i.pending is not null or i.supervision is not null;

CREATE OR REPLACE FUNCTION private.store_reports(p_reports private.report[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- planning the clocks of no report takes longer than a transition
  if cardinality(p_reports) = 0 then return; end if;
  with stored as (
    insert into public.incidents (district_code, id, category_code, area_code, severity, lon, lat,
      qx, qy, description, address_label, reported_at, device_at, month, reported_by,
      workflow_code, stage, state, state_since, condition_code, self_handled, closed_at)
    select r.district_code, r.id, r.category_code, r.area_code, r.severity, r.lon, r.lat,
      r.qx, r.qy, r.description, r.address_label, r.at, r.device_at,
      date_trunc('month', r.at at time zone city.time_zone)::date, r.actor,
      w.code, case when r.condition_code is null then 'reported' else 'closed' end,
      case when r.condition_code is null then w.first_state else private.first_state_of(w.code, 'closed') end,
      r.at, r.condition_code, r.condition_code is not null,
      case when r.condition_code is not null then r.at end
    from unnest(p_reports) r
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

CREATE OR REPLACE FUNCTION private.correct_incident(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_incident public.incidents;
  v_new public.incidents;
  v_base integer;
  v_changes jsonb := p_payload -> 'changes';
  v_version integer;
  v_diff jsonb;
  v_due timestamptz;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,baseVersion,changes,deviceAt}');
  v_base := private.payload_whole(p_payload, 'baseVersion', true, 1, 2147483647);
  if coalesce(v_changes, 'null') in ('null', '{}') then
    perform private.reject_command('missing_field', 'changes');
  end if;
  if jsonb_typeof(v_changes) <> 'object' then
    perform private.reject_command('invalid_field', 'changes', 'not an object');
  end if;
  perform private.refuse_unknown_fields(v_changes,
    '{categoryCode,lon,lat,description,severity,addressLabel}');
  v_incident := private.lock_incident(p_payload, p_at);
  if not (private.rights_on(v_incident, p_at)).may_correct then
    perform private.reject_command('not_allowed');
  end if;
  if not private.is_open(v_incident.stage) then
    perform private.reject_command('incident_closed', 'incidentId');
  end if;
  if v_incident.version <> v_base then
    raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object(
      'code', 'conflict', 'server', private.server_side(v_incident))::text;
  end if;
  v_new := private.corrected_incident(v_incident, v_changes);
  v_diff := private.correction_changes(v_incident, v_new);
  if v_diff = '{}' then
    return jsonb_build_object('incident_id', v_incident.id, 'version', v_incident.version);
  end if;
  v_due := private.due_of(v_incident);
  if (v_new.category_code, v_new.area_code) <> (v_incident.category_code, v_incident.area_code) then
    perform private.move_clocks(v_new, p_at);
  end if;
  update public.incidents i set category_code = v_new.category_code, workflow_code = v_new.workflow_code,
    state = v_new.state, passed = v_new.passed, condition_code = v_new.condition_code, lon = v_new.lon, lat = v_new.lat,
    area_code = v_new.area_code, qx = v_new.qx, qy = v_new.qy, description = v_new.description,
    severity = v_new.severity, address_label = v_new.address_label
  where i.district_code = v_incident.district_code and i.id = v_incident.id
  returning i.version into v_version;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'corrected', '',
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]',
      jsonb_strip_nulls(jsonb_build_object('changes', v_diff, 'areaCode',
        case when v_new.area_code <> v_incident.area_code
          then jsonb_build_array(v_incident.area_code, v_new.area_code) end))), '[]');
  perform private.log_clock_move(v_incident, v_due, p_actor, p_command, p_at);
  return jsonb_build_object('incident_id', v_incident.id, 'version', v_version);
end $function$;

CREATE OR REPLACE FUNCTION private.filter_condition(p_filter private.incident_filter)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(nullif(concat_ws(' and ',
    -- the month narrows by index, the instants decide
    case when (p_filter).month_from is not null then format('i.month >= %L::date and i.reported_at >= %L::timestamptz',
      (p_filter).month_from, (p_filter).from_at) end,
    case when (p_filter).month_to is not null then format('i.month <= %L::date and i.reported_at < %L::timestamptz',
      (p_filter).month_to, (p_filter).to_at) end,
    case when (p_filter).area_codes is not null then format('i.area_code = any (%L::text[])', (p_filter).area_codes) end,
    case when (p_filter).category_codes is not null then format('i.category_code = any (%L::text[])', (p_filter).category_codes) end,
    case when (p_filter).stages is not null then format('i.stage = any (%L::text[])', (p_filter).stages) end,
    case when (p_filter).on_hold_only then 'i.on_hold' end,
    -- incident_work_due_idx has these words
    case when (p_filter).due_until is not null then format('exists (select from public.incident_work d'
      ' where d.district_code = i.district_code and d.incident_id = i.id and private.is_open(d.stage) and not d.on_hold'
      ' and coalesce(d.due_at, ''infinity'') > %L::timestamptz and coalesce(d.due_at, ''infinity'') <= %L::timestamptz)',
      (p_filter).due_after, (p_filter).due_until) end,
    case when (p_filter).min_x is not null then format('i.qx between %s and %s and i.qy between %s and %s',
      (p_filter).min_x, (p_filter).max_x, (p_filter).min_y, (p_filter).max_y) end), ''), 'true')
$function$;

CREATE OR REPLACE FUNCTION private.incident_months()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_scope constant private.incident_scope := private.resolve_scope();
  v_months jsonb;
begin
  execute format($q$
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m.month, 'YYYY-MM'), 'count', m.n,
      'revision', private.month_revision(m.n, greatest(m.newest, w.newest), m.total + coalesce(w.total, 0)))
      order by m.month), '[]')
    from (
      select i.month, count(*) as n, max(i.changed_xid) as newest, sum(i.changed_xid) as total
      from public.incidents i where %s group by i.month
    ) m
    left join (
      select w.month, max(w.changed_xid) as newest, sum(w.changed_xid) as total
      from public.incident_work w where %s group by w.month
    ) w on w.month = m.month $q$,
    private.scope_condition(v_scope, 'i'), private.scope_condition(v_scope, 'w'))
  into v_months;
  return jsonb_build_object('cursor', private.cursor_at((private.settled_until()).before_xid), 'asOf', private.data_as_of(),
    'now', now(), 'months', v_months);
end $function$;

CREATE OR REPLACE FUNCTION private.incident_columns(p_months text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
AS $function$
declare
  v_months date[];
  v_zone text := (select time_zone from public.city_settings);
  v_result jsonb;
begin
  if p_months is null or cardinality(p_months) > 120 or array_ndims(p_months) > 1 then
    raise exception 'p_months: a list of at most 120 months' using errcode = '22023', detail = 'p_months';
  end if;
  if exists (select 1 from unnest(p_months) m where m is null or m !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' or m < '0001') then
    raise exception 'p_months: months as YYYY-MM' using errcode = '22023', detail = 'p_months';
  end if;
  v_months := array(select distinct (m || '-01')::date from unnest(p_months) m);

  execute format($q$
    with timed as (
      select i.month, i.id, i.area_code, i.category_code, i.qx, i.qy,
        greatest(i.changed_xid, w.changed_xid) as newest_xid, i.changed_xid + coalesce(w.changed_xid, 0) as xids,
        greatest(0, least(65535, floor(date_part('epoch',
          (i.reported_at at time zone $1) - i.month::timestamp) / 60)))::integer as minute,
        case when i.closed_at is null then 65535 else least(65534, floor(date_part('epoch',
          i.closed_at - i.reported_at) / 3600))::integer end as hours,
        private.stage_byte(i.stage, i.on_hold) as stage,
        case when i.closed_at is null then 255 else least(254, greatest(0,
          (date_part('year', i.closed_at at time zone $1) * 12 + date_part('month', i.closed_at at time zone $1)
          - date_part('year', i.month) * 12 - date_part('month', i.month))))::integer end as closed_month,
        private.is_open(i.stage) as is_open,
        -- the first whole minute at which it is overdue
        case when not i.on_hold then ceil(date_part('epoch', w.due_at) / 60)
          - date_part('epoch', i.month::timestamp) / 60 end as due_minute
      from public.incidents i
      left join public.incident_work w on w.district_code = i.district_code and w.incident_id = i.id
      where i.month = any (%L::date[]) and %s
    ), ordered as (
      select t.*, a.idx as area, c.idx as category,
        t.minute - lag(t.minute, 1, 0) over w as step,
        -- a day more, because the clock on the wall may be ahead; 0 is none; null for what is not open
        case when t.is_open and t.due_minute is null then 0
          when t.is_open then least(16777215, greatest(1, t.due_minute - t.minute + 1440))::integer end as due
      from timed t
      join public.areas a on a.code = t.area_code
      join public.categories c on c.code = t.category_code
      window w as (partition by t.month order by t.minute, t.id)
      order by t.month, t.minute, t.id
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
    v_months, private.scope_condition(private.resolve_scope(), 'i'), v_months)
  into v_result using v_zone;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.changes_since(p_cursor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_settled constant record := private.settled_until();
  v_cursor constant text := private.cursor_at(v_settled.before_xid);
  v_scope private.incident_scope := private.resolve_scope();
  v_start bigint;
  v_months jsonb := '[]';
begin
  if split_part(p_cursor, '.', 1) = split_part(v_cursor, '.', 1)
      and split_part(p_cursor, '.', 2) ~ '^[0-9]{1,18}$' and split_part(p_cursor, '.', 3) = '' then
    v_start := split_part(p_cursor, '.', 2)::bigint;
  end if;
  -- a cursor of the future: the database was restored since
  if v_start > v_settled.before_xid then
    v_start := null;
  end if;
  if v_start is not null then
    execute format($q$
      select coalesce(jsonb_agg(to_char(m.month, 'YYYY-MM') order by m.month), '[]') from (
        select i.month from public.incidents i where i.changed_xid >= $1 and i.changed_xid < $2 and %s
        union
        select w.month from public.incident_work w where w.changed_xid >= $1 and w.changed_xid < $2 and %s
        union
        select v.month from private.incident_moves v where v.changed_xid >= $1 and v.changed_xid < $2 and %s
      ) m $q$, private.scope_condition(v_scope, 'i'), private.scope_condition(v_scope, 'w'),
      private.scope_condition(v_scope, 'v'))
    into v_months using v_start, v_settled.before_xid;
  end if;
  return jsonb_build_object('cursor', v_cursor, 'asOf', private.data_as_of(), 'now', now(),
    'reset', v_start is null, 'scopeKey', private.scope_key(), 'months', v_months,
    'areasRevision', private.area_revision(),
    'waiting', case when v_settled.waits_since < now() - interval '1 minute'
      then jsonb_build_object('since', v_settled.waits_since) end);
end $function$;

CREATE OR REPLACE FUNCTION private.incident_row(i public.incidents, w public.incident_work)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
RETURN jsonb_build_object('id', (i).id, 'districtCode', (i).district_code, 'categoryCode', (i).category_code, 'areaCode', (i).area_code, 'departmentCode', (i).department_code, 'stage', (i).stage, 'onHold', (i).on_hold, 'severity', (i).severity, 'lon', (i).lon, 'lat', (i).lat, 'description', (i).description, 'addressLabel', (i).address_label, 'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'channel', (i).channel, 'version', (i).version, 'workflowCode', (i).workflow_code, 'state', (i).state, 'stateSince', (i).state_since, 'dueAt', (w).due_at, 'warnAt', (w).warn_at, 'pending', (i).pending, 'holdUntil', (i).hold_until, 'supervision', (i).supervision, 'replyBy', (i).reply_by, 'rework', (i).rework, 'reopened', (i).reopened, 'extensions', (i).extensions, 'selfHandled', (i).self_handled, 'isGenerated', (i).is_generated);

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
  if v_limit not between 1 and 200 then
    raise exception 'p_limit: 1 to 200 rows' using errcode = '22023', detail = 'p_limit';
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

CREATE OR REPLACE FUNCTION private.incident_detail(p_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_scope constant text := private.scope_condition(private.resolve_scope(), 'i');
  v_incident public.incidents;
  v_work public.incident_work;
  v_rights private.incident_rights;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    v_scope)
  into v_incident using p_id;
  if v_incident.id is null then
    return null;
  end if;
  select * into v_work from public.incident_work w
  where w.district_code = v_incident.district_code and w.incident_id = v_incident.id;
  v_rights := private.rights_on(v_incident);
  return jsonb_build_object(
    'asOf', now(),
    'incident', private.incident_row(v_incident, v_work) || jsonb_build_object(
      'category', (select jsonb_build_object('code', c.code, 'nameZh', c.name_zh, 'nameEn', c.name_en,
          'class', c.class, 'path', c.path)
        from public.categories c where c.code = v_incident.category_code),
      -- from the top down
      'areas', (select jsonb_agg(jsonb_build_object('code', a.code, 'level', a.level, 'name', a.name)
          order by length(a.path))
        from public.areas a join public.areas own on own.code = v_incident.area_code
          and starts_with(own.path, a.path)),
      'department', (select jsonb_build_object('code', d.code, 'nameZh', d.name_zh, 'nameEn', d.name_en)
        from public.departments d where d.code = v_incident.department_code),
      'reportedBy', v_incident.reported_by,
      'reporterName', (select p.display_name from public.profiles p where p.user_id = v_incident.reported_by),
      'deviceAt', v_incident.device_at,
      'source', v_incident.source,
      'sourceId', v_incident.source_id,
      'dueUnknown', private.due_unknown(v_incident),
      'handler', v_incident.handler,
      'assignee', v_incident.assignee),
    'photos', private.incident_photo_list(v_incident, auth.uid()),
    'canCorrect', v_rights.may_correct and private.is_open(v_incident.stage),
    'canNote', v_rights.may_note,
    'canAsk', v_rights.may_ask,
    'transitions', private.offered_transitions(v_incident, v_rights.acts_as, now()),
    'log', private.incident_log_list(v_incident),
    'people', private.incident_people(v_incident),
    'clocks', private.incident_clock_list(v_incident, now()),
    'holds', private.incident_holds(v_incident),
    'family', private.incident_family(v_incident, v_scope),
    'spot', private.incident_spot(v_incident, v_scope));
end $function$;

CREATE OR REPLACE FUNCTION private.failing_row_guards(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS text[]
 LANGUAGE sql
 STABLE
RETURN array_remove(ARRAY[CASE WHEN ((p_incident).reported_by = auth.uid()) THEN 'not_reporter'::text ELSE NULL::text END, CASE WHEN (p_incident).to_verify THEN 'verified'::text ELSE NULL::text END, CASE WHEN ((p_incident).department_code IS NULL) THEN 'has_department'::text ELSE NULL::text END, CASE WHEN ((p_incident).pending IS NOT NULL) THEN 'nothing_pending'::text ELSE NULL::text END, CASE WHEN ((p_incident).pending IS DISTINCT FROM 'extension'::text) THEN 'extension_pending'::text ELSE NULL::text END, CASE WHEN ((p_incident).pending IS DISTINCT FROM 'hold'::text) THEN 'hold_pending'::text ELSE NULL::text END, CASE WHEN ((p_incident).extensions > 0) THEN 'first_extension'::text ELSE NULL::text END, CASE WHEN (p_incident).was_held THEN 'never_held'::text ELSE NULL::text END, CASE WHEN (NOT (p_incident).on_hold) THEN 'held'::text ELSE NULL::text END, CASE WHEN ((p_incident).supervision IS NULL) THEN 'supervised'::text ELSE NULL::text END, CASE WHEN ((p_incident).supervision IS NOT NULL) THEN 'not_supervised'::text ELSE NULL::text END], NULL::text);

CREATE OR REPLACE FUNCTION private.failing_looks(p_incident public.incidents, p_guards text[], p_at timestamp with time zone)
 RETURNS TABLE(failing text[])
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT array_remove(ARRAY[
         CASE
             WHEN (('in_time'::text = ANY (p_guards)) AND (EXISTS ( SELECT
                FROM public.incident_work d
               WHERE ((d.district_code = (failing_looks.p_incident).district_code) AND (d.incident_id = (failing_looks.p_incident).id) AND (failing_looks.p_at > d.due_at))))) THEN 'in_time'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (('not_controlled'::text = ANY (p_guards)) AND (EXISTS ( SELECT
                FROM private.control_on(failing_looks.p_incident, failing_looks.p_at) control_on(code, area_code, category_code, weekdays, from_minute, to_minute, tip_zh, tip_en, is_active)))) THEN 'not_controlled'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (('extension_left'::text = ANY (p_guards)) AND (NOT (EXISTS ( SELECT
                FROM public.workflows w
               WHERE ((w.code = (failing_looks.p_incident).workflow_code) AND ((failing_looks.p_incident).extensions < w.max_extensions)))))) THEN 'extension_left'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (('not_of_department'::text = ANY (p_guards)) AND ((EXISTS ( SELECT
                FROM public.memberships m
               WHERE ((m.user_id = auth.uid()) AND (m.role = 'handler'::text) AND (m.department_code = (failing_looks.p_incident).department_code) AND private.is_valid(m.valid_from, m.valid_to, failing_looks.p_at)))) OR (EXISTS ( SELECT
                FROM public.incident_log l
               WHERE ((l.district_code = (failing_looks.p_incident).district_code) AND (l.incident_id = (failing_looks.p_incident).id) AND (l.actor = auth.uid()) AND ((l.kind = 'self_handled'::text) OR ((l.stage_to = 'handled'::text) AND (l.stage_from <> 'handled'::text)))))))) THEN 'not_of_department'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (('reopen_window'::text = ANY (p_guards)) AND (NOT (EXISTS ( SELECT
                FROM public.workflows w
               WHERE ((w.code = (failing_looks.p_incident).workflow_code) AND (failing_looks.p_at <= ((failing_looks.p_incident).closed_at + make_interval(days => w.reopen_days)))))))) THEN 'reopen_window'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (('has_milestones'::text = ANY (p_guards)) AND (NOT (EXISTS ( SELECT
                FROM public.condition_milestones m
               WHERE (m.condition = (failing_looks.p_incident).condition_code))))) THEN 'has_milestones'::text
             ELSE NULL::text
         END], NULL::text) AS array_remove;
END;

CREATE OR REPLACE FUNCTION private.looking_guards()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY['in_time'::text, 'not_controlled'::text, 'extension_left'::text, 'not_of_department'::text, 'reopen_window'::text, 'has_milestones'::text];

CREATE OR REPLACE FUNCTION private.take_transition(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_name constant text := private.payload_text(p_payload, 'name', true, 40);
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 1, 2147483647);
  v_device_at constant timestamptz := private.payload_instant(p_payload, 'deviceAt');
  v_incident public.incidents := private.lock_incident(p_payload, p_at);
  v_roles constant text[] := (private.rights_on(v_incident, p_at)).acts_as;
  v_open public.workflow_transitions[];
  v_transition public.workflow_transitions;
  v_is_open boolean := false;
  v_field public.workflow_fields;
  v_values jsonb := '{}';
  v_photos jsonb := '[]';
  v_known text[] := '{incidentId,baseVersion,name,deviceAt}';
  v_new public.incidents;
  v_version integer;
begin
  if v_incident.version <> v_base and exists (select from public.workflow_transitions t
    where t.workflow = v_incident.workflow_code and t.name = v_name and t.roles && v_roles) then
    raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object(
      'code', 'conflict', 'server', private.server_side(v_incident))::text;
  end if;
  v_open := array(select t from private.open_transitions(v_incident, v_roles, p_at, v_name) t);
  if v_open = '{}' then
    perform private.refuse_transition(v_incident, v_roles, v_name, p_at);
  end if;
  for v_field in
    select * from public.workflow_fields f
    where f.workflow = v_incident.workflow_code and f.transition = v_name order by f.sort, f.name
  loop
    v_known := v_known || v_field.name;
    if v_field.kind = 'photos' then
      v_photos := private.read_field(v_field, p_payload, v_incident, p_at);
    else
      v_values := v_values || jsonb_build_object(
        v_field.name, private.read_field(v_field, p_payload, v_incident, p_at));
    end if;
  end loop;
  perform private.refuse_unknown_fields(p_payload, v_known);
  foreach v_transition in array v_open loop
    v_is_open := v_transition.choice_field is null
      or v_values ->> v_transition.choice_field is not distinct from v_transition.choice_value;
    exit when v_is_open;
  end loop;
  if not v_is_open then
    perform private.refuse_transition(v_incident, v_roles, v_name, p_at, v_values);
  end if;
  if coalesce(v_values -> 'into', 'null') <> 'null' then
    perform private.lock_parent(v_incident, (v_values ->> 'into')::uuid, p_at);
  end if;
  v_new := private.after_transition(v_incident, v_transition, v_values, p_at);
  perform private.turn_clocks(v_incident, v_new, v_transition.effects, v_values, p_at);
  update public.incidents i set stage = v_new.stage, state = v_new.state, state_since = v_new.state_since,
    passed = v_new.passed, condition_code = v_new.condition_code, department_code = v_new.department_code,
    handler = v_new.handler, assignee = v_new.assignee, parent_id = v_new.parent_id, pending = v_new.pending,
    pending_until = v_new.pending_until, on_hold = v_new.on_hold, hold_until = v_new.hold_until,
    was_held = v_new.was_held, extensions = v_new.extensions, rework = v_new.rework,
    reopened = v_new.reopened, supervision = v_new.supervision, reply_by = v_new.reply_by,
    closed_at = v_new.closed_at
  where i.district_code = v_incident.district_code and i.id = v_incident.id
  returning i.version into v_version;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'transition', v_values ->> 'note',
    private.log_data(v_device_at, p_at, v_photos, jsonb_build_object('name', v_name,
      'from', v_incident.state, 'to', v_new.state) || jsonb_strip_nulls(v_values - 'note')),
    v_photos, v_incident.stage, v_new.stage);
  if v_new.stage = 'merged' then
    -- those merged into it go along
    perform private.tell_children(v_new, p_actor, p_command, p_at, 'parent_merged',
      jsonb_build_object('into', v_new.parent_id));
    update public.incidents i set parent_id = v_new.parent_id
    where i.district_code = v_incident.district_code and i.parent_id = v_incident.id;
  elsif private.is_open(v_incident.stage) and not private.is_open(v_new.stage) then
    perform private.tell_children(v_new, p_actor, p_command, p_at, 'parent_closed',
      jsonb_build_object('stage', v_new.stage));
  elsif private.is_open(v_new.stage) and not private.is_open(v_incident.stage) then
    perform private.tell_children(v_new, p_actor, p_command, p_at, 'parent_reopened',
      jsonb_build_object('stage', v_new.stage));
  end if;
  return jsonb_build_object('incident_id', v_incident.id, 'version', v_version,
    'photos', to_jsonb(private.photo_hashes(v_photos)));
end $function$;

CREATE OR REPLACE FUNCTION private.work_until(p_calendar text, p_cover_starts_at timestamp with time zone, p_cover_ends_at timestamp with time zone, p_seconds numeric)
 RETURNS TABLE(at timestamp with time zone)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT (s.starts_at + make_interval(secs => ((work_until.p_seconds - (s.before_seconds)::numeric))::double precision))
    FROM ( SELECT x.starts_at,
             x.ends_at,
             x.before_seconds
            FROM private.calendar_spans x
           WHERE ((x.calendar = work_until.p_calendar) AND (x.before_seconds < (ceil(work_until.p_seconds))::bigint))
           ORDER BY x.before_seconds DESC
          LIMIT 1) s
   WHERE ((s.starts_at >= work_until.p_cover_starts_at) AND (s.ends_at <= work_until.p_cover_ends_at) AND (work_until.p_seconds <= ((s.before_seconds)::numeric + EXTRACT(epoch FROM (s.ends_at - s.starts_at)))));
END;

CREATE OR REPLACE FUNCTION private.add_work_seconds(p_calendar text, p_from timestamp with time zone, p_seconds numeric)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
RETURN (SELECT w.at FROM (private.work_position(add_work_seconds.p_calendar, add_work_seconds.p_from) p(cover_starts_at, cover_ends_at, seconds) CROSS JOIN LATERAL private.work_until(add_work_seconds.p_calendar, p.cover_starts_at, p.cover_ends_at, (p.seconds + add_work_seconds.p_seconds)) w(at)));

CREATE OR REPLACE FUNCTION private.clock_times(p_calendar text, p_amount numeric, p_unit text, p_day_rule text, p_started_at timestamp with time zone, p_runs tstzmultirange, p_running_since timestamp with time zone)
 RETURNS TABLE(limit_seconds numeric, used_seconds numeric, due_at timestamp with time zone, warn_at timestamp with time zone)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT l.seconds,
     u.seconds,
         CASE
             WHEN private.is_round_the_clock(clock_times.p_unit) THEN (clock_times.p_running_since + make_interval(secs => ((l.seconds - u.seconds))::double precision))
             ELSE ( SELECT w.at
                FROM private.work_until(clock_times.p_calendar, p.cover_starts_at, p.cover_ends_at, ((p.seconds + l.seconds) - u.seconds)) w(at))
         END AS at,
         CASE
             WHEN (u.seconds >= (l.seconds * 0.75)) THEN clock_times.p_running_since
             WHEN private.is_round_the_clock(clock_times.p_unit) THEN (clock_times.p_running_since + make_interval(secs => (((l.seconds * 0.75) - u.seconds))::double precision))
             ELSE ( SELECT w.at
                FROM private.work_until(clock_times.p_calendar, p.cover_starts_at, p.cover_ends_at, ((p.seconds + (l.seconds * 0.75)) - u.seconds)) w(at))
         END AS at
    FROM ((private.limit_of(clock_times.p_calendar, clock_times.p_started_at, clock_times.p_amount, clock_times.p_unit, clock_times.p_day_rule) l(seconds)
      CROSS JOIN LATERAL ( SELECT
                 CASE
                     WHEN (count(*) = count(r.seconds)) THEN COALESCE(sum(r.seconds), (0)::numeric)
                     ELSE NULL::numeric
                 END AS seconds
            FROM ( SELECT
                         CASE
                             WHEN private.is_round_the_clock(clock_times.p_unit) THEN EXTRACT(epoch FROM (upper(x.run) - lower(x.run)))
                             ELSE ( SELECT w.seconds
                                FROM private.work_between(clock_times.p_calendar, lower(x.run), upper(x.run)) w(seconds))
                         END AS seconds
                    FROM unnest(clock_times.p_runs) x(run)
                  OFFSET 0) r) u)
      LEFT JOIN LATERAL private.work_position(clock_times.p_calendar, clock_times.p_running_since) p(cover_starts_at, cover_ends_at, seconds) ON (true));
END;

CREATE OR REPLACE FUNCTION private.first_clocks(p_reports private.report[])
 RETURNS SETOF public.incident_clocks
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select r.district_code, r.id, 1, s.clock, null, null, k.calendar, l.amount, l.unit, l.day_rule, 0::smallint,
    k.started_at, '{}'::tstzmultirange, k.started_at, t.limit_seconds, t.due_at, t.warn_at, null::timestamptz,
    null::numeric, false
  from unnest(p_reports) r
  join public.categories c on c.code = r.category_code
  join public.workflows w on w.code = c.workflow_code
  join public.workflow_stages s on s.workflow = w.code and s.code = w.first_state
  cross join lateral private.limit_for(w.code, null, s.clock) l
  cross join lateral (
    select date_trunc('minute', r.at) as started_at,
      case when not private.is_round_the_clock(l.unit) then private.calendar_of(r.area_code) end as calendar) k
  cross join lateral private.clock_times(
    k.calendar, l.amount, l.unit, l.day_rule, k.started_at, '{}', k.started_at) t
$function$;

CREATE OR REPLACE FUNCTION private.rest_clocks(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.incident_clocks c
  set runs = c.runs + tstzmultirange(tstzrange(c.running_since, greatest(p_at, c.running_since))),
    running_since = null, due_at = null, warn_at = null
  where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
    and c.running_since is not null
    and (c.is_reached or c.department_code is distinct from p_incident.department_code or not exists (
      select from private.wanted_clocks(p_incident) w
      where w.kind = c.kind and w.milestone is not distinct from c.milestone));
  if private.is_open(p_incident.stage) and not exists (
      select from public.incident_clocks c
      where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
        and c.stopped_at is null and c.is_reached) then
    return;
  end if;
  update public.incident_clocks c set stopped_at = p_at, used_seconds = t.used_seconds
  from public.incident_clocks x
  cross join lateral private.clock_times(x.calendar, x.amount * (1 + x.extensions), x.unit, x.day_rule,
    x.started_at, x.runs, x.running_since) t
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    and (x.is_reached or not private.is_open(p_incident.stage))
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq;
end $function$;

CREATE OR REPLACE FUNCTION private.time_clocks(p_incident public.incidents)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.incident_clocks c
  set limit_seconds = t.limit_seconds, due_at = t.due_at, warn_at = t.warn_at,
    used_seconds = case when x.running_since is null then t.used_seconds end
  from public.incident_clocks x
  cross join lateral private.clock_times(x.calendar, x.amount * (1 + x.extensions), x.unit, x.day_rule,
    x.started_at, x.runs, x.running_since) t
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    -- one that rested before has its times
    and (x.running_since is not null or x.used_seconds is null)
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq
    and (x.limit_seconds, x.due_at, x.warn_at, x.used_seconds) is distinct from (t.limit_seconds, t.due_at,
      t.warn_at, case when x.running_since is null then t.used_seconds end);
end $function$;

CREATE OR REPLACE FUNCTION private.turn_clocks(p_old public.incidents, p_new public.incidents, p_effects text[], p_values jsonb, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_at constant timestamptz := date_trunc('minute', p_at);
begin
  if 'milestone' = any (p_effects) then
    update public.incident_clocks c set is_reached = true
    where c.district_code = p_new.district_code and c.incident_id = p_new.id
      and c.kind = 'milestone' and c.milestone = p_values ->> 'milestone' and c.stopped_at is null;
  end if;
  perform private.rest_clocks(p_new, v_at);
  perform private.run_clocks(p_new, v_at);
  if 'grant_extension' = any (p_effects) then
    update public.incident_clocks c set extensions = c.extensions + 1
    where c.district_code = p_new.district_code and c.incident_id = p_new.id
      and c.running_since is not null and c.kind <> 'milestone';
  end if;
  perform private.time_clocks(p_new);
end $function$;

CREATE OR REPLACE FUNCTION private.move_clocks(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_at constant timestamptz := date_trunc('minute', p_at);
begin
  update public.incident_clocks c
  set amount = n.amount, unit = n.unit, day_rule = n.day_rule, used_seconds = null, calendar = case
    when not private.is_round_the_clock(n.unit) then private.calendar_of(p_incident.area_code) end
  from public.incident_clocks x
  left join lateral (
    select l.amount, l.unit, l.day_rule
    from private.limit_for(p_incident.workflow_code, p_incident.condition_code, x.kind) l
    union all
    select m.amount, m.unit, m.day_rule from public.condition_milestones m
    where m.condition = p_incident.condition_code and m.code = x.milestone) l on true
  cross join lateral (select coalesce(l.amount, x.amount) as amount, coalesce(l.unit, x.unit) as unit,
    coalesce(l.day_rule, x.day_rule) as day_rule) n
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq;
  perform private.rest_clocks(p_incident, v_at);
  perform private.run_clocks(p_incident, v_at);
  perform private.time_clocks(p_incident);
end $function$;

CREATE OR REPLACE FUNCTION private.due_of(p_incident public.incidents)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
RETURN (SELECT w.due_at FROM public.incident_work w WHERE ((w.district_code = (due_of.p_incident).district_code) AND (w.incident_id = (due_of.p_incident).id)));

CREATE OR REPLACE FUNCTION private.log_clock_move(p_incident public.incidents, p_before timestamp with time zone, p_actor uuid, p_command uuid, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_due constant timestamptz := private.due_of(p_incident);
begin
  if v_due is distinct from p_before then
    perform private.append_log(p_incident, p_actor, p_command, p_at, 'clock_moved', '',
      jsonb_build_object('from', p_before, 'to', v_due), '[]');
  end if;
end $function$;

CREATE OR REPLACE FUNCTION private.resume_due(p_at timestamp with time zone)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_old public.incidents;
  v_new public.incidents;
  v_resumed integer := 0;
begin
  for v_old in
    select * from public.incidents i where i.on_hold and i.hold_until <= p_at
    -- another call that holds one resumes it
    order by i.hold_until, i.id for no key update skip locked
  loop
    v_new := v_old;
    v_new.on_hold := false;
    v_new.hold_until := null;
    perform private.turn_clocks(v_old, v_new, '{resume}', '{}', v_old.hold_until);
    update public.incidents i
    set on_hold = false, hold_until = null
    where i.district_code = v_old.district_code and i.id = v_old.id;
    perform private.append_log(v_old, null, null, v_old.hold_until, 'resumed', '', '{}', '[]');
    v_resumed := v_resumed + 1;
  end loop;
  return v_resumed;
end $function$;

CREATE OR REPLACE FUNCTION private.clock_batches(p_calendar text, p_batch integer)
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select b.incident_id
  from (
    select d.incident_id, row_number() over (order by d.incident_id) as n
    from (
      select distinct c.incident_id from public.incident_clocks c
      where c.stopped_at is null and c.unit in ('work_hour', 'work_day')
        and (p_calendar is null or c.calendar = p_calendar)) d) b
  where b.n % p_batch = 0
  order by b.incident_id
$function$;

CREATE OR REPLACE FUNCTION private.recompute_clocks(p_calendar text, p_after uuid, p_until uuid, p_at timestamp with time zone)
 RETURNS private.recomputed
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET jit TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
declare
  v_ids constant uuid[] := array(
    select distinct c.incident_id from public.incident_clocks c
    where c.stopped_at is null and c.unit in ('work_hour', 'work_day')
      and (p_calendar is null or c.calendar = p_calendar)
      and (p_after is null or c.incident_id > p_after) and (p_until is null or c.incident_id <= p_until)
    order by c.incident_id);
  -- the clocks of a batch are one range of their index
  v_first constant uuid := v_ids[1];
  v_last constant uuid := v_ids[cardinality(v_ids)];
  v_result private.recomputed;
begin
  -- as commands do, so that none sees half of it
  perform from public.incidents i where i.id = any (v_ids) order by i.id for no key update;
  if p_calendar is null then
    with places as materialized (
      select p.area_code, private.calendar_of(p.area_code) as calendar
      from (select distinct i.area_code from public.incidents i where i.id = any (v_ids)) p)
    update public.incident_clocks c set calendar = p.calendar
    from public.incidents i
    join places p on p.area_code = i.area_code
    where i.id = any (v_ids) and c.district_code = i.district_code and c.incident_id = i.id
      and c.incident_id between v_first and v_last
      and c.stopped_at is null and c.unit in ('work_hour', 'work_day') and c.calendar is distinct from p.calendar;
  end if;
  -- clocks that are alike are computed once
  with alike as materialized (
    select x.calendar, x.amount, x.extensions, x.unit, x.day_rule, x.started_at, x.runs, x.running_since,
      array_agg(x.ctid) as places
    from public.incident_clocks x
    where x.incident_id between v_first and v_last and x.stopped_at is null
      and x.unit in ('work_hour', 'work_day') and x.incident_id = any (v_ids)
    group by 1, 2, 3, 4, 5, 6, 7, 8
  ), timed as materialized (
    select a.places, t.limit_seconds, t.due_at, t.warn_at,
      case when a.running_since is null then t.used_seconds end as used_seconds
    from alike a
    cross join lateral private.clock_times(a.calendar, a.amount * (1 + a.extensions), a.unit, a.day_rule,
      a.started_at, a.runs, a.running_since) t
  )
  update public.incident_clocks c
  set limit_seconds = t.limit_seconds, due_at = t.due_at, warn_at = t.warn_at, used_seconds = t.used_seconds
  from timed t cross join lateral unnest(t.places) p (place)
  where c.ctid = p.place
    and (c.limit_seconds, c.due_at, c.warn_at, c.used_seconds)
      is distinct from (t.limit_seconds, t.due_at, t.warn_at, t.used_seconds);
  with earliest as materialized (
    select w.ctid as place, w.district_code, w.incident_id, w.due_at as before, c.due_at, c.warn_at
    from (
      select c.district_code, c.incident_id, min(c.due_at) as due_at, min(c.warn_at) as warn_at
      from public.incident_clocks c
      where c.incident_id between v_first and v_last and c.stopped_at is null and c.incident_id = any (v_ids)
      group by c.district_code, c.incident_id) c
    join public.incident_work w on w.district_code = c.district_code and w.incident_id = c.incident_id
    where (w.due_at, w.warn_at) is distinct from (c.due_at, c.warn_at)
  ), moved as (
    update public.incident_work w
    set due_at = e.due_at, warn_at = e.warn_at, changed_xid = pg_current_xact_id()::text::bigint
    from earliest e
    where w.ctid = e.place
  ), logged as (
    insert into public.incident_log (district_code, incident_id, seq, at, kind, data)
    select e.district_code, e.incident_id,
      1 + coalesce((select max(l.seq) from public.incident_log l
        where l.district_code = e.district_code and l.incident_id = e.incident_id), 0),
      p_at, 'clock_moved', jsonb_build_object('from', e.before, 'to', e.due_at)
    from earliest e where e.before is distinct from e.due_at
  )
  select count(*) into v_result.moved from earliest;
  v_result.looked := cardinality(v_ids);
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.is_work(p_stage text, p_pending text, p_supervision smallint)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (private.is_open(p_stage) OR (p_pending IS NOT NULL) OR (p_supervision IS NOT NULL));

CREATE OR REPLACE FUNCTION private.keep_work()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  if not private.is_work(new.stage, new.pending, new.supervision) then
    delete from public.incident_work w where w.district_code = new.district_code and w.incident_id = new.id;
    return null;
  end if;
  insert into public.incident_work as w (district_code, incident_id, due_at, warn_at, month, area_code,
    department_code, reported_by, stage, on_hold, to_verify, handler, assignee, rework, pending, supervision, changed_xid)
  select new.district_code, new.id, min(c.due_at), min(c.warn_at), new.month, new.area_code, new.department_code,
    new.reported_by, new.stage, new.on_hold, new.to_verify, new.handler, new.assignee, new.rework, new.pending,
    new.supervision, new.changed_xid
  from public.incident_clocks c
  where c.district_code = new.district_code and c.incident_id = new.id and c.running_since is not null
  on conflict (district_code, incident_id) do update set due_at = excluded.due_at, warn_at = excluded.warn_at,
    month = excluded.month, area_code = excluded.area_code, department_code = excluded.department_code,
    reported_by = excluded.reported_by, stage = excluded.stage, on_hold = excluded.on_hold,
    to_verify = excluded.to_verify, handler = excluded.handler, assignee = excluded.assignee,
    rework = excluded.rework, pending = excluded.pending, supervision = excluded.supervision,
    changed_xid = excluded.changed_xid;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION private.queue_rules()
 RETURNS SETOF private.queue_rule
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select q.queue, q.area_roles::text[], q.for_departments, q.condition
  from (values
    ('to_verify', '{field_staff,grid_manager,admin}', false,
      'w.stage = ''reported'' and w.to_verify and not w.on_hold'),
    ('to_file', '{grid_manager,admin}', false, 'w.stage = ''reported'' and not w.to_verify and not w.on_hold'),
    -- only reports wait for a verification: the index is asked for both values of its columns
    ('to_dispatch', '{grid_manager,admin}', false, 'w.stage = ''filed'' and not w.to_verify and not w.on_hold'),
    ('to_check', '{field_staff,grid_manager,admin}', false,
      'w.stage = ''handled'' and not w.to_verify and not w.on_hold'),
    ('mine', '{}', true, format('w.stage = ''dispatched'' and not w.on_hold and w.handler = %L::uuid', auth.uid())),
    ('returned_to_me', '{}', true, format('w.stage = ''dispatched'' and not w.on_hold and w.rework > 0
      and (w.handler = %L::uuid or w.handler is null)', auth.uid())),
    ('department', '{}', true, 'w.stage = ''dispatched'' and not w.on_hold'),
    ('escalated', '{grid_manager,leader,admin}', true, 'w.supervision is not null'),
    ('overdue', '{leader}', false,
      'private.is_open(w.stage) and not w.on_hold and coalesce(w.due_at, ''infinity'') < now()'),
    ('requests', '{grid_manager,leader,admin}', false, 'w.pending is not null'),
    ('holds', '{grid_manager,leader,admin}', false, 'w.on_hold and private.is_open(w.stage)'),
    ('open', '{field_staff,grid_manager,leader,admin}', true, 'private.is_open(w.stage) and not w.on_hold')
  ) as q (queue, area_roles, for_departments, condition)
$function$;

CREATE OR REPLACE FUNCTION private.area_condition(p_roles text[])
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_paths constant text[] := private.scope_paths(p_roles);
begin
  if v_paths = '{}' then return null; end if;
  -- every area lies within one that has none above it
  if not exists (select from public.areas a where a.parent_code is null
      and not exists (select from unnest(v_paths) s (path) where private.is_within(a.path, s.path))) then
    return 'true';
  end if;
  return format('w.area_code = any (%L::text[])', private.scope_area_codes(p_roles));
end $function$;

CREATE OR REPLACE FUNCTION private.own_queues(p_queue text, OUT queue text, OUT parts text[])
 RETURNS SETOF record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_user constant uuid := private.require_user();
  v_departments constant text[] := private.scope_departments();
  v_roles constant text[] := array(select distinct m.role from public.memberships m
    where m.user_id = v_user and private.is_valid(m.valid_from, m.valid_to, now()));
  v_rule private.queue_rule;
  v_areas text;
  -- by the roles that were asked for
  v_known jsonb := '{}';
  v_where text[];
begin
  for v_rule in select * from private.queue_rules() r where p_queue is null or r.queue = p_queue loop
    v_where := '{}';
    if v_rule.area_roles && v_roles then
      if not v_known ? v_rule.area_roles::text then
        v_known := v_known || jsonb_build_object(v_rule.area_roles::text, private.area_condition(v_rule.area_roles));
      end if;
      v_areas := v_known ->> v_rule.area_roles::text;
      if v_areas is not null then v_where := v_where || v_areas; end if;
    end if;
    if v_rule.for_departments and v_departments <> '{}' then
      -- one department: an equality keeps the index's order
      v_where := v_where || case cardinality(v_departments)
        when 1 then format('w.department_code = %L', v_departments[1])
        else format('w.department_code = any (%L::text[])', v_departments) end;
    end if;
    continue when v_where = '{}';
    queue := v_rule.queue;
    parts := array[format('%s and (%s)', v_rule.condition, array_to_string(v_where, ' or '))];
    if 'field_staff' = any (v_roles) and 'field_staff' = any (v_rule.area_roles) then
      parts := array[parts[1] || format(' and w.assignee = %L::uuid', v_user),
        parts[1] || format(' and w.assignee is distinct from %L::uuid', v_user)];
    end if;
    return next;
  end loop;
end $function$;

CREATE OR REPLACE FUNCTION private.queue_rows(p_districts text[], p_ids uuid[], p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_user constant uuid := auth.uid();
  v_departments constant text[] := private.scope_departments();
  v_notes constant boolean := private.has_right('note', p_at);
begin
  return (
    with mine as materialized (
      select a.path, m.role from public.memberships m join public.areas a on a.code = m.area_code
      where m.user_id = v_user and m.role <> 'handler' and private.is_valid(m.valid_from, m.valid_to, p_at)
    ), states as materialized (
      select t.workflow, t.from_state, array_agg(distinct g.guard) as looks
      from public.workflow_transitions t
      cross join lateral unnest(t.guards) g (guard)
      where g.guard = any (private.looking_guards())
        and t.roles && (array(select m.role from mine m) || '{handler,reporter}')
      group by t.workflow, t.from_state
    ), page as materialized (
      select k.n, i.workflow_code, i.state, i.on_hold, i.passed,
        array(select distinct m.role from mine m where private.is_within(own.path, m.path))
          || case when i.department_code = any (v_departments) then '{handler}'::text[] else '{}' end
          || case when i.reported_by = v_user and v_notes then '{reporter}'::text[] else '{}' end as acts_as,
        private.failing_row_guards(i, p_at) || l.failing as failing
      from unnest(p_districts, p_ids) with ordinality k (district, id, n)
      join public.incidents i on i.district_code = k.district and i.id = k.id
      join public.areas own on own.code = i.area_code
      left join states s on s.workflow = i.workflow_code and s.from_state = i.state
      cross join lateral private.failing_looks(i, s.looks, p_at) l
    ), kinds as materialized (
      select k.*, (
        select coalesce(jsonb_agg(o.name order by o.sort, o.name collate "C"), '[]')
        from (
          select t.name, min(t.sort) as sort from public.workflow_transitions t
          where t.workflow = k.workflow_code and t.from_state = k.state and t.roles && k.acts_as
            and private.bar_of(t.effects, t.gate, t.name, k.on_hold, k.passed) is null
            and not t.guards && k.failing
          group by t.name) o) as steps
      from (
        select p.workflow_code, p.state, p.on_hold, p.passed, p.acts_as, p.failing, array_agg(p.n) as rows
        from page p group by 1, 2, 3, 4, 5, 6) k
    )
    select coalesce(jsonb_agg(private.incident_row(i, w) || jsonb_build_object(
      'handler', i.handler, 'handlerName', handler.display_name,
      'assignee', i.assignee, 'assigneeName', assignee.display_name,
      'dueUnknown', case when w.due_at is null then private.due_unknown(i) end, 'steps', k.steps) order by r.n), '[]')
    from kinds k
    cross join lateral unnest(k.rows) r (n)
    join public.incidents i on i.district_code = p_districts[r.n] and i.id = p_ids[r.n]
    left join public.incident_work w on w.district_code = i.district_code and w.incident_id = i.id
    left join public.profiles handler on handler.user_id = i.handler
    left join public.profiles assignee on assignee.user_id = i.assignee);
end $function$;

CREATE OR REPLACE FUNCTION private.work_queue(p_queue text, p_filter jsonb, p_after jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET "DateStyle" TO 'ISO'
 SET max_parallel_workers_per_gather TO '0'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  v_parts text[] := (select o.parts from private.own_queues(p_queue) o where p_queue is not null);
  v_filter text := private.filter_condition(private.parse_filter(p_filter));
  v_limit constant integer := coalesce(p_limit, 50);
  v_after constant jsonb := nullif(p_after, 'null');
  v_part integer := 1;
  v_due timestamptz := '-infinity';
  v_id uuid := '00000000-0000-0000-0000-000000000000';
  v_districts text[] := '{}';
  v_ids uuid[] := '{}';
  v_dues timestamptz[] := '{}';
  v_found record;
  v_part_of integer[] := '{}';
begin
  perform private.require_user();
  if v_limit not between 1 and 200 then
    raise exception 'p_limit: 1 to 200 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  if v_parts is null then
    if exists (select from private.queue_rules() r where r.queue = p_queue) then
      raise exception 'not a queue of yours' using errcode = '42501', detail = 'p_queue';
    end if;
    raise exception 'p_queue: unknown queue' using errcode = '22023', detail = 'p_queue';
  end if;
  if v_after is not null then
    begin
      v_part := (v_after ->> 'part')::integer;
      v_due := (v_after ->> 'due')::timestamptz;
      v_id := (v_after ->> 'id')::uuid;
      if v_after ->> 'queue' is distinct from p_queue or v_part is null or v_due is null or v_id is null
          or v_part not between 1 and cardinality(v_parts) then
        raise data_exception;
      end if;
    exception when data_exception then
      raise exception 'p_after: not a cursor of this queue' using errcode = '22023', detail = 'p_after';
    end;
  end if;
  while v_part <= cardinality(v_parts) and cardinality(v_ids) <= v_limit loop
    execute format($q$
      select coalesce(array_agg(r.district_code), '{}') as districts, coalesce(array_agg(r.incident_id), '{}') as ids,
        coalesce(array_agg(r.due), '{}') as dues
      from (
        select w.district_code, w.incident_id, coalesce(w.due_at, 'infinity') as due from public.incident_work w %s
        where %s and %s and (coalesce(w.due_at, 'infinity'), w.incident_id) > ($1, $2)
        order by coalesce(w.due_at, 'infinity'), w.incident_id limit $3) r $q$,
      case when v_filter <> 'true' then
        'join public.incidents i on i.district_code = w.district_code and i.id = w.incident_id' end,
      v_parts[v_part], v_filter)
    into v_found using v_due, v_id, v_limit + 1 - cardinality(v_ids);
    v_districts := v_districts || v_found.districts;
    v_ids := v_ids || v_found.ids;
    v_dues := v_dues || v_found.dues;
    v_part_of := v_part_of || array_fill(v_part, array[cardinality(v_found.ids)]);
    v_part := v_part + 1;
    v_due := '-infinity';
    v_id := '00000000-0000-0000-0000-000000000000';
  end loop;
  return jsonb_build_object('asOf', now(),
    'rows', private.queue_rows(v_districts[1:v_limit], v_ids[1:v_limit], now()),
    'next', case when cardinality(v_ids) > v_limit then jsonb_build_object('queue', p_queue,
      'part', v_part_of[v_limit], 'due', v_dues[v_limit], 'id', v_ids[v_limit]) end);
end $function$;

CREATE OR REPLACE FUNCTION private.work_counts()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_own record;
  v_count integer;
  v_queues jsonb := '[]';
begin
  for v_own in select * from private.own_queues(null) loop
    -- parts do not meet
    execute 'select sum(p.n) from (' || (
      select string_agg(format('select count(*) as n from (
        select from public.incident_work w where %s limit 1000) c', c), ' union all ')
      from unnest(v_own.parts) c) || ') p'
    into v_count;
    v_queues := v_queues || jsonb_build_object('queue', v_own.queue, 'count', least(v_count, 1000));
  end loop;
  return jsonb_build_object('asOf', now(), 'queues', v_queues);
end $function$;

CREATE OR REPLACE FUNCTION private.begin_demo_incidents(p_starts jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_old public.incidents;
  v_new public.incidents;
  v_starts constant jsonb := (
    select jsonb_object_agg(s.start ->> 'id', s.start -> 'at') from jsonb_array_elements(p_starts) s (start));
  v_at timestamptz;
begin
  for v_old in
    select * from public.incidents i
    where i.id in (select k.id::uuid from jsonb_object_keys(v_starts) k (id)) and i.source is not null and private.is_open(i.stage) and not i.is_generated
    order by i.id for no key update
  loop
    v_at := (v_starts ->> v_old.id::text)::timestamptz;
    v_new := v_old;
    v_new.stage := 'reported';
    select w.first_state into v_new.state from public.workflows w where w.code = v_old.workflow_code;
    perform private.turn_clocks(v_old, v_new, '{}', '{}', v_at);
    update public.incidents i set stage = v_new.stage, state = v_new.state, state_since = v_at,
      is_generated = true
    where i.district_code = v_old.district_code and i.id = v_old.id;
    perform private.append_log(v_old, null, null, v_at, 'demo_started', '', '{}', '[]',
      v_old.stage, v_new.stage);
  end loop;
end $function$;

CREATE OR REPLACE FUNCTION private.clear_demo_incidents()
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_ids uuid[];
begin
  -- first of all: a step that is being taken ends before
  lock table public.incident_log in share row exclusive mode;
  v_ids := array(
    select i.id from public.incidents i
    where i.is_generated and not exists (
      select from public.incident_log l
      left join public.commands c on c.id = l.command_id
      where l.district_code = i.district_code and l.incident_id = i.id and l.actor is not null
        and c.is_generated is not true));
  -- a step of a person may name one as its parent
  v_ids := array(select unnest(v_ids) except select i.parent_id from public.incidents i);
  delete from public.incident_clocks c where c.incident_id = any (v_ids);
  delete from public.incident_photos p where p.incident_id = any (v_ids);
  delete from public.commands c where c.incident_id = any (v_ids) and c.is_generated;
  alter table public.incident_log disable trigger refuse_log_change;
  delete from public.incident_log l
  where l.incident_id = any (v_ids) and l.kind not in ('imported', 'import_updated', 'area_redrawn');
  alter table public.incident_log enable trigger refuse_log_change;
  update public.incidents i set stage = 'dispatched', state = private.first_state_of(i.workflow_code, 'dispatched'),
    state_since = i.reported_at, passed = '{}', condition_code = null, handler = null, assignee = null,
    pending = null, pending_until = null, on_hold = false, hold_until = null, was_held = false, extensions = 0,
    rework = 0, reopened = 0, supervision = null, reply_by = null, is_generated = false
  where i.id = any (v_ids);
  return cardinality(v_ids);
end $function$;

CREATE OR REPLACE FUNCTION private.field_tasks(p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_user constant uuid := private.require_user();
  v_limit constant integer := coalesce(p_limit, 200);
  v_pages text;
  v_districts text[];
  v_ids uuid[];
begin
  if v_limit not between 1 and 200 then
    raise exception 'p_limit: 1 to 200 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  -- each part keeps the order of its index
  select string_agg(format('(select w from public.incident_work w where %s
    order by coalesce(w.due_at, ''infinity''), w.incident_id limit $1)', p.condition), ' union all ')
  into v_pages
  from (select unnest(o.parts) as condition
    from unnest(array['to_verify', 'to_check']) q (queue), private.own_queues(q.queue) o) p;
  if v_pages is not null then
    execute format($q$
      select array_agg((r.w).district_code order by r.n), array_agg((r.w).incident_id order by r.n) from (
        select f.w, row_number() over (order by coalesce((f.w).assignee = $2, false) desc,
          coalesce((f.w).due_at, 'infinity'), (f.w).incident_id) as n
        from (%s) f (w) order by n limit $1) r $q$, v_pages)
    into v_districts, v_ids using v_limit + 1, v_user;
  end if;
  return jsonb_build_object('asOf', now(), 'more', coalesce(cardinality(v_ids) > v_limit, false), 'rows', (
    select coalesce(jsonb_agg(r.line || jsonb_build_object('description', left(i.description, 200),
      'steps', own.steps, 'isAsked', coalesce(i.assignee = v_user, false),
      'photo', private.field_row(i, v_user) -> 'photo') order by r.n), '[]')
    from jsonb_array_elements(private.queue_rows(v_districts[1:v_limit], v_ids[1:v_limit], now()))
      with ordinality r (line, n)
    join public.incidents i on i.district_code = v_districts[r.n] and i.id = v_ids[r.n]
    cross join lateral (
      select coalesce(jsonb_agg(s.name order by s.n), '[]') as steps
      from jsonb_array_elements_text(r.line -> 'steps') with ordinality s (name, n)
      where exists (select from public.workflow_transitions t
        where t.workflow = i.workflow_code and t.from_state = i.state and t.name = s.name
          and 'field_staff' = any (t.roles))
    ) own
    where own.steps <> '[]'));
end $function$;

CREATE OR REPLACE FUNCTION private.due_unknown(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_until timestamptz;
begin
  if p_incident.on_hold or not private.is_open(p_incident.stage) or private.due_of(p_incident) is not null then
    return null;
  end if;
  select (
    select max(v.ends_at) from private.calendar_covers v
    where v.calendar = c.calendar and v.starts_at <= c.running_since) into v_until
  from public.incident_clocks c
  where c.incident_id = p_incident.id and c.district_code = p_incident.district_code
    and c.stopped_at is null and c.running_since is not null and c.due_at is null
  order by 1 nulls last limit 1;
  if not found then return null; end if;
  return jsonb_build_object('until', to_char(
    v_until at time zone (select s.time_zone from public.city_settings s) - interval '1 day', 'YYYY-MM-DD'));
end $function$;

CREATE INDEX incident_work_area_idx ON public.incident_work USING btree (area_code, stage, to_verify) WHERE ((stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])) AND (NOT on_hold));

CREATE INDEX incident_work_assignee_idx ON public.incident_work USING btree (assignee, COALESCE(due_at, 'infinity'::timestamp with time zone), incident_id) WHERE ((assignee IS NOT NULL) AND (stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])) AND (NOT on_hold));

CREATE INDEX incident_work_changed_idx ON public.incident_work USING btree (changed_xid);

CREATE INDEX incident_work_department_idx ON public.incident_work USING btree (department_code, COALESCE(due_at, 'infinity'::timestamp with time zone), incident_id) WHERE ((stage = 'dispatched'::text) AND (NOT on_hold));

CREATE INDEX incident_work_due_idx ON public.incident_work USING btree (COALESCE(due_at, 'infinity'::timestamp with time zone), incident_id) WHERE ((stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])) AND (NOT on_hold));

CREATE INDEX incident_work_handler_idx ON public.incident_work USING btree (handler, COALESCE(due_at, 'infinity'::timestamp with time zone), incident_id) WHERE ((stage = 'dispatched'::text) AND (NOT on_hold) AND (handler IS NOT NULL));

CREATE INDEX incident_work_held_idx ON public.incident_work USING btree (COALESCE(due_at, 'infinity'::timestamp with time zone), incident_id) WHERE (on_hold AND (stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])));

CREATE INDEX incident_work_pending_idx ON public.incident_work USING btree (COALESCE(due_at, 'infinity'::timestamp with time zone), incident_id) WHERE (pending IS NOT NULL);

CREATE INDEX incident_work_queue_idx ON public.incident_work USING btree (stage, to_verify, COALESCE(due_at, 'infinity'::timestamp with time zone), incident_id) WHERE ((stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])) AND (NOT on_hold));

CREATE INDEX incident_work_rework_idx ON public.incident_work USING btree (department_code, COALESCE(due_at, 'infinity'::timestamp with time zone), incident_id) WHERE ((stage = 'dispatched'::text) AND (NOT on_hold) AND (rework > 0));

CREATE INDEX incident_work_supervised_idx ON public.incident_work USING btree (COALESCE(due_at, 'infinity'::timestamp with time zone), incident_id) WHERE (supervision IS NOT NULL);

CREATE TRIGGER keep_new_work AFTER INSERT ON public.incidents FOR EACH ROW WHEN (private.is_work(new.stage, new.pending, new.supervision)) EXECUTE FUNCTION private.keep_work();

CREATE TRIGGER keep_work AFTER UPDATE ON public.incidents FOR EACH ROW WHEN ((private.is_work(new.stage, new.pending, new.supervision) OR private.is_work(old.stage, old.pending, old.supervision))) EXECUTE FUNCTION private.keep_work();

create policy "People see the work of the incidents that they see" on public.incident_work for select to authenticated using (((area_code = ANY (( SELECT private.scope_area_codes() AS scope_area_codes)::text[])) OR (reported_by = ( SELECT auth.uid() AS uid)) OR (department_code = ANY (( SELECT private.scope_departments() AS scope_departments)::text[]))));

revoke all on public.incident_work from public, anon, authenticated, service_role;

grant select on public.incident_work to authenticated;

drop function private.work_after(text,timestamp with time zone,numeric);

alter table public.incidents drop column due_at, drop column warn_at;

alter table public.incident_clocks set (fillfactor = 50);
