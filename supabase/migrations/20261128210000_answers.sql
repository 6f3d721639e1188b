alter type private.incident_filter add attribute answers text[], add attribute closed_from timestamptz,
  add attribute closed_to timestamptz, add attribute closers text[];

create table public.rating_targets (
  rate text primary key constraint rating_targets_rate_check check (rate in ('responded', 'solved', 'satisfied')),
  per_thousand smallint not null constraint rating_targets_share_check check (per_thousand between 1 and 1000),
  set_by uuid not null references public.profiles (user_id),
  set_at timestamptz not null
);
alter table public.rating_targets enable row level security;

CREATE OR REPLACE FUNCTION private.judge_command(p_item json, p_envelope private.command_envelope, p_actor uuid, p_may_report boolean, p_at timestamp with time zone, p_is_replay boolean)
 RETURNS private.judged_command
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_judged private.judged_command;
  v_record public.commands;
  v_payload jsonb;
  v_result jsonb := '{}';
  v_state text;
  v_detail text;
begin
  v_judged.settled := private.settled_receipt(p_item, p_envelope, p_actor);
  if v_judged.settled is not null then
    return v_judged;
  end if;
  v_record.id := p_envelope.id;
  v_record.actor := p_actor;
  v_record.type := p_envelope.type;
  v_record.hash := p_envelope.hash;
  v_record.replaces := p_envelope.replaces;
  v_record.device_at := p_envelope.at;
  v_record.received_at := p_at;
  v_record.outcome := 'applied';
  begin
    v_payload := private.parse_payload(p_envelope.payload);
    if private.is_uuid(v_payload ->> 'incidentId') then
      v_judged.incident := (v_payload ->> 'incidentId')::uuid;
    end if;
    case p_envelope.type
      when 'report_incident' then
        if not p_may_report then
          perform private.reject_command('not_allowed');
        end if;
        v_judged.report := private.read_report(p_actor, p_envelope.id, v_payload, p_at);
        v_result := jsonb_build_object('incident_id', (v_judged.report).id, 'version', 1,
          'photos', case when (v_judged.report).condition_code is null then (v_judged.report).data -> 'photos'
            else to_jsonb(private.photo_hashes(
              (v_judged.report).photos || (v_judged.report).handled_photos)) end);
      when 'add_note' then
        v_result := private.add_note(p_actor, p_envelope.id, v_payload, p_at);
      when 'add_photo' then
        v_result := private.add_photo(p_actor, p_envelope.id, v_payload, p_at);
      when 'confirm_duplicate' then
        v_result := private.confirm_duplicate(p_actor, p_envelope.id, v_payload, p_at);
      when 'correct_incident' then
        v_result := private.correct_incident(p_actor, p_envelope.id, v_payload, p_at);
      when 'transition' then
        v_judged.step := private.read_transition(p_actor, p_envelope.id, v_payload, p_at);
        v_result := jsonb_build_object('incident_id', v_judged.incident,
          'photos', to_jsonb(private.photo_hashes((v_judged.step).photos)));
      when 'save_view' then
        v_result := private.save_view(p_actor, v_payload, p_at);
      when 'delete_view' then
        v_result := private.delete_view(p_actor, v_payload, p_at);
      when 'save_dispatch_rules' then
        v_result := private.save_dispatch_rules(p_actor, v_payload, p_at);
      when 'set_rating_target' then
        v_result := private.set_rating_target(p_actor, v_payload, p_at);
      when 'make_follow_up', 'finish_follow_up', 'dismiss_finding', 'restore_finding' then
        v_result := private.mark_finding(p_actor, p_envelope.type, v_payload, p_at);
      when 'draw_callbacks' then
        v_result := private.draw_callbacks(p_actor, v_payload, p_at);
      when 'rate' then
        v_result := private.rate(p_actor, p_envelope.id, v_payload, p_at);
      when 'callback_outcome' then
        v_result := private.note_callback(p_actor, p_envelope.id, v_payload, p_at);
      when 'keep_closed' then
        v_result := private.keep_closed(p_actor, p_envelope.id, v_payload, p_at);
      when 'appeal' then
        v_result := private.make_appeal(p_actor, p_envelope.id, v_payload, p_at);
      when 'review_appeal' then
        v_result := private.review_appeal(p_actor, p_envelope.id, v_payload, p_at);
      else
        perform private.reject_command('unknown_type', 'type');
    end case;
  exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
    if private.fails_call(v_state) then raise; end if;
    v_record.error := private.verdict_of(v_state, v_detail);
    v_judged.report := null;
    v_judged.step := null;
    if v_record.error is null then
      raise warning 'no receipt for a % (%): %', p_envelope.type, v_state, sqlerrm;
      v_judged.settled := 'null';
      return v_judged;
    end if;
    if p_is_replay and v_record.error ->> 'code' in ('not_allowed', 'unknown_incident') then
      v_judged.settled := private.rejected_receipt(p_envelope.id::text, v_record.error ->> 'code');
      return v_judged;
    end if;
    v_result := '{}';
    v_record.outcome := 'rejected';
    if v_state = 'WG002' then
      v_record.outcome := 'conflict';
      v_result := jsonb_build_object('incident_id', v_payload ->> 'incidentId',
        'version', v_record.error -> 'server' -> 'version');
    end if;
  end;
  v_record.incident_id := (v_result ->> 'incident_id')::uuid;
  v_record.version := (v_result ->> 'version')::integer;
  v_record.photo_hashes := case when jsonb_typeof(v_result -> 'photos') = 'array'
    then array(select jsonb_array_elements_text(v_result -> 'photos')) else '{}' end;
  v_judged.record := v_record;
  return v_judged;
end $function$;

CREATE OR REPLACE FUNCTION private.answer_choices()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN '{responded,unresponded,solved,unsolved,satisfied,unsatisfied,exempt}'::text[];

CREATE OR REPLACE FUNCTION private.parse_filter(p_filter jsonb)
 RETURNS private.incident_filter
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_known constant text[] := '{from,to,areas,categories,stages,openOnly,onHoldOnly,due,bbox,exceptPoints,answers,closedFrom,closedTo,closers}';
  -- whole minutes, as in the columns: clocks run in them
  v_minute constant timestamptz := date_trunc('minute', now());
  v_source jsonb := coalesce(p_filter, '{}');
  v_result private.incident_filter;
  v_city public.city_settings;
  v_from date;
  v_to date;
  v_list text[];
  v_unknown text;
  v_box jsonb;
begin
  if jsonb_typeof(v_source) <> 'object' then
    perform private.refuse_filter('filter', 'must be an object');
  end if;
  select k into v_unknown from jsonb_object_keys(v_source) k where k <> all (v_known) order by k limit 1;
  if found then
    perform private.refuse_filter(left(v_unknown, 60), 'is not a part of the filter');
  end if;
  select * into strict v_city from public.city_settings;

  v_from := private.filter_day(v_source, 'from');
  v_to := private.filter_day(v_source, 'to');
  if v_to < v_from then
    perform private.refuse_filter('to', 'must not be before from');
  end if;
  v_result.from_at := v_from::timestamp at time zone v_city.time_zone;
  v_result.to_at := (v_to + 1)::timestamp at time zone v_city.time_zone;
  v_result.month_from := date_trunc('month', v_from::timestamp)::date;
  v_result.month_to := date_trunc('month', v_to::timestamp)::date;

  v_list := private.filter_list(v_source, 'areas');
  if v_list is not null then
    v_result.area_codes := array(
      select a.code from public.areas a
      where exists (select 1 from public.areas f
        where f.code = any (v_list) and starts_with(a.path, f.path)));
  end if;
  v_list := private.filter_list(v_source, 'categories');
  if v_list is not null then
    v_result.category_codes := array(
      select c.code from public.categories c
      where exists (select 1 from public.categories f
        where f.code = any (v_list) and starts_with(c.path, f.path)));
  end if;

  v_result.stages := private.filter_list(v_source, 'stages');
  if not v_result.stages <@ private.stage_codes() then
    perform private.refuse_filter('stages', 'unknown stage');
  end if;
  if private.filter_flag(v_source, 'openOnly') then
    v_result.stages := array(
      select s from unnest(coalesce(v_result.stages, private.stage_codes())) s where private.is_open(s));
  end if;
  v_result.on_hold_only := private.filter_flag(v_source, 'onHoldOnly');
  v_list := private.filter_list(v_source, 'due');
  if not v_list <@ '{overdue,within_day,none}' then
    perform private.refuse_filter('due', 'must be overdue, within_day or none');
  end if;
  if v_list is not null then
    v_result.due_after := case when 'overdue' = any (v_list) then '-infinity' else v_minute end;
    v_result.due_until := case when 'within_day' = any (v_list) then v_minute + interval '24 hours'
      else v_minute end;
    v_result.due_none := 'none' = any (v_list);
  end if;

  v_box := nullif(v_source -> 'bbox', 'null');
  if v_box is not null then
    if jsonb_typeof(v_box) <> 'array' or jsonb_array_length(v_box) <> 4 or exists (
        select 1 from jsonb_array_elements(v_box) e where jsonb_typeof(e) <> 'number') then
      perform private.refuse_filter('bbox', 'must be [west, south, east, north]');
    end if;
    if exists (select 1 from jsonb_array_elements(v_box) e where abs((e #>> '{}')::numeric) > 360) then
      perform private.refuse_filter('bbox', 'must be degrees');
    end if;
    if (v_box ->> 0)::float8 > (v_box ->> 2)::float8 or (v_box ->> 1)::float8 > (v_box ->> 3)::float8 then
      perform private.refuse_filter('bbox', 'must be [west, south, east, north]');
    end if;
    v_result.min_x := private.quantise((v_box ->> 0)::float8, v_city.west, v_city.east);
    v_result.min_y := private.quantise((v_box ->> 1)::float8, v_city.south, v_city.north);
    v_result.max_x := private.quantise((v_box ->> 2)::float8, v_city.west, v_city.east);
    v_result.max_y := private.quantise((v_box ->> 3)::float8, v_city.south, v_city.north);
  end if;
  v_result.except_points := private.filter_points(v_source, 'exceptPoints');

  v_result.answers := private.filter_list(v_source, 'answers');
  if not v_result.answers <@ private.answer_choices() then
    perform private.refuse_filter('answers', 'unknown answer');
  end if;
  v_from := private.filter_day(v_source, 'closedFrom');
  v_to := private.filter_day(v_source, 'closedTo');
  if v_to < v_from then
    perform private.refuse_filter('closedTo', 'must not be before closedFrom');
  end if;
  v_result.closed_from := v_from::timestamp at time zone v_city.time_zone;
  v_result.closed_to := (v_to + 1)::timestamp at time zone v_city.time_zone;
  v_result.closers := private.filter_list(v_source, 'closers');
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.answer_condition(p_filter private.incident_filter)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select concat_ws(' and ',
    (select '(' || string_agg(case a
        when 'exempt' then 'r.is_exempt'
        when 'satisfied' then 'not r.is_exempt and r.satisfied >= 4'
        when 'unsatisfied' then 'not r.is_exempt and r.satisfied <= 3'
        else format('not r.is_exempt and %s r.%I', case when starts_with(a, 'un') then 'not' else '' end,
          case when starts_with(a, 'un') then substr(a, 3) else a end) end, ' or ') || ')'
      from unnest((p_filter).answers) a),
    case when (p_filter).closed_from is not null then format('r.closed_at >= %L::timestamptz', (p_filter).closed_from) end,
    case when (p_filter).closed_to is not null then format('r.closed_at < %L::timestamptz', (p_filter).closed_to) end,
    case when (p_filter).closers is not null then format('r.department_code = any (%L::text[])', (p_filter).closers) end)
$function$;

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
      ' and (coalesce(d.due_at, ''infinity'') > %L::timestamptz and coalesce(d.due_at, ''infinity'') <= %L::timestamptz%s))',
      (p_filter).due_after, (p_filter).due_until,
      case when (p_filter).due_none then ' or coalesce(d.due_at, ''infinity'') = ''infinity''' else '' end) end,
    case when (p_filter).min_x is not null then format('i.qx between %s and %s and i.qy between %s and %s',
      (p_filter).min_x, (p_filter).max_x, (p_filter).min_y, (p_filter).max_y) end,
    case when (p_filter).except_points is not null then format(
      'i.qx * 65536::bigint + i.qy <> all (%L::bigint[])', (p_filter).except_points) end,
    case when (p_filter).answers is not null then format('exists (select from public.ratings r'
      ' where r.district_code = i.district_code and r.incident_id = i.id and %s)',
      private.answer_condition(p_filter)) end), ''), 'true')
$function$;

CREATE OR REPLACE FUNCTION private.pack_incidents(p_months date[], p_condition text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_zone constant text := (select time_zone from public.city_settings);
  v_result jsonb;
begin
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
    p_months, p_condition, p_months)
  into v_result using v_zone;
  return v_result;
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
begin
  if p_months is null or cardinality(p_months) > 120 or array_ndims(p_months) > 1 then
    raise exception 'p_months: a list of at most 120 months' using errcode = '22023', detail = 'p_months';
  end if;
  if exists (select 1 from unnest(p_months) m where m is null or m !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' or m < '0001') then
    raise exception 'p_months: months as YYYY-MM' using errcode = '22023', detail = 'p_months';
  end if;
  v_months := array(select distinct (m || '-01')::date from unnest(p_months) m);
  return private.pack_incidents(v_months, private.scope_condition(private.resolve_scope(), 'i'));
end $function$;

CREATE OR REPLACE FUNCTION private.answered_columns(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
AS $function$
declare
  v_filter private.incident_filter := private.parse_filter(p_filter);
  v_condition text;
  v_months date[];
begin
  if v_filter.answers is null then
    perform private.refuse_filter('answers', 'must be given');
  end if;
  v_condition := concat_ws(' and ', private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(v_filter));
  execute format('select array(select distinct i.month from public.incidents i where %s)', v_condition)
  into v_months;
  return private.pack_incidents(v_months, v_condition);
end $function$;

CREATE OR REPLACE FUNCTION public.answered_columns(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.answered_columns(p_filter)
$function$;

CREATE OR REPLACE FUNCTION private.asked_query(p_scope private.incident_scope)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format($q$
    select r.closed_month, r.closed_at, r.area_code, r.category_code, r.department_code, r.way, r.is_exempt, r.is_generated,
      r.district_code, r.incident_id, r.closing,
      private.answer_byte(r.responded, r.solved, r.satisfied, null, true) as answer, r.changed_xid
    from public.ratings r where %s
    union all
    select c.closed_month, c.closed_at, c.area_code, c.category_code, c.department_code, 'callback', c.is_exempt, c.is_generated,
      c.district_code, c.incident_id, c.closing,
      private.answer_byte(null, null, null, c.outcome, false), c.changed_xid
    from public.callbacks c
    where %s and (%s or c.outcome is not null) and not exists (
      select from public.ratings r where r.district_code = c.district_code and r.incident_id = c.incident_id
        and r.closing = c.closing)
    $q$, private.scope_condition(p_scope, 'r'), private.scope_condition(p_scope, 'c'),
    case when p_scope.whole then 'true' else format('c.area_code = any (%L::text[])', p_scope.area_codes) end)
$function$;

CREATE OR REPLACE FUNCTION private.rating_columns(p_months text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
AS $function$
declare
  v_zone constant text := (select time_zone from public.city_settings);
  v_months date[];
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
    with asked as materialized (
      select q.closed_month as month, q.department_code as department, q.way, q.is_exempt, q.is_generated,
        q.changed_xid, q.answer, a.idx as area, c.idx as category,
        date_part('day', q.closed_at at time zone %L)::integer as day
      from (%s) q
      join public.areas a on a.code = q.area_code
      join public.categories c on c.code = q.category_code
      where q.closed_month = any (%L::date[])
    ), ordered as (
      select * from asked o
      order by o.month, o.department collate "C", o.way collate "C", o.is_exempt, o.is_generated, o.day, o.area,
        o.category, o.answer
    ), packed as (
      select o.month, count(*) as n, max(o.changed_xid) as newest, sum(o.changed_xid) as total,
        string_agg(set_byte('\x00', 0, o.area >> 8), '') || string_agg(set_byte('\x00', 0, o.area & 255), '') as area,
        string_agg(set_byte('\x00', 0, o.category), '') as category,
        string_agg(set_byte('\x00', 0, o.answer), '') as answer
      from ordered o group by o.month
    ), runs as (
      select r.month, jsonb_agg(jsonb_build_object('department', r.department, 'way', r.way, 'isExempt', r.is_exempt,
        'isGenerated', r.is_generated, 'count', r.n, 'days', r.days)
        order by r.department collate "C", r.way collate "C", r.is_exempt, r.is_generated) as list
      from (
        select o.month, o.department, o.way, o.is_exempt, o.is_generated, count(*) as n, array[%s] as days
        from asked o group by 1, 2, 3, 4, 5) r
      group by r.month
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m, 'YYYY-MM'),
      'revision', private.month_revision(coalesce(p.n, 0), p.newest, p.total),
      'count', coalesce(p.n, 0), 'runs', coalesce(r.list, '[]'), 'area', private.base64(p.area),
      'category', private.base64(p.category), 'answer', private.base64(p.answer)) order by m), '[]')
    from unnest(%L::date[]) m
    left join packed p on p.month = m
    left join runs r on r.month = m $q$,
    v_zone, private.asked_query(private.resolve_scope()), v_months,
    (select string_agg(format('count(*) filter (where o.day = %s)', d), ', ') from generate_series(1, 31) d), v_months)
  into v_result;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.set_rating_target(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_rate constant text := private.payload_text(p_payload, 'rate', true, 20);
  v_share constant integer := private.payload_whole(p_payload, 'perThousand', false, 1, 1000);
begin
  perform private.refuse_unknown_fields(p_payload, '{rate,perThousand}');
  if v_rate not in ('responded', 'solved', 'satisfied') then
    perform private.reject_command('invalid_field', 'rate', 'responded, solved or satisfied');
  elsif not private.may_edit_rules(p_actor, p_at) then
    perform private.reject_command('not_allowed');
  end if;
  if v_share is null then
    delete from public.rating_targets t where t.rate = v_rate;
  else
    insert into public.rating_targets (rate, per_thousand, set_by, set_at) values (v_rate, v_share, p_actor, p_at)
    on conflict (rate) do update set per_thousand = excluded.per_thousand, set_by = excluded.set_by,
      set_at = excluded.set_at;
  end if;
  return jsonb_build_object('version', 1);
end $function$;

CREATE OR REPLACE FUNCTION private.rating_targets()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select jsonb_build_object('canEdit', private.may_edit_rules(u.id, now()),
    'perThousand', (select coalesce(jsonb_object_agg(t.rate, t.per_thousand), '{}') from public.rating_targets t))
  from private.require_user() as u (id)
$function$;

CREATE OR REPLACE FUNCTION private.rating_exclusions(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_filter constant private.incident_filter := private.parse_filter(p_filter);
  v_rows jsonb;
begin
  execute format($q$
    select jsonb_build_object('total', count(*), 'rows', coalesce(jsonb_agg(jsonb_build_object(
      'incidentId', e.incident_id, 'closing', e.closing, 'areaCode', e.area_code, 'categoryCode', e.category_code,
      'departmentCode', e.department_code, 'closedAt', e.closed_at, 'solved', e.solved, 'satisfied', e.satisfied,
      'reason', e.reason, 'madeByName', m.display_name, 'decidedByName', d.display_name, 'decidedAt', e.second_at,
      'note', e.second_note, 'isGenerated', e.is_generated) order by e.n) filter (where e.n <= 100), '[]'))
    from (
      select a.*, i.category_code, coalesce(r.closed_at, c.closed_at) as closed_at, r.solved, r.satisfied,
        row_number() over (order by a.second_at desc, a.incident_id, a.closing) as n
      from public.appeals a
      join public.incidents i on i.district_code = a.district_code and i.id = a.incident_id
      left join public.ratings r on r.district_code = a.district_code and r.incident_id = a.incident_id
        and r.closing = a.closing
      left join public.callbacks c on c.district_code = a.district_code and c.incident_id = a.incident_id
        and c.closing = a.closing
      where a.is_granted and %s and ($1 is null or i.area_code = any ($1))
        and ($2 is null or i.category_code = any ($2))
        and coalesce(r.closed_at, c.closed_at) >= coalesce($3, '-infinity')
        and coalesce(r.closed_at, c.closed_at) < coalesce($4, 'infinity')) e
    join public.profiles m on m.user_id = e.made_by
    join public.profiles d on d.user_id = e.second_by $q$,
    private.scope_condition(private.resolve_scope(), 'i'))
  into v_rows using v_filter.area_codes, v_filter.category_codes, v_filter.closed_from, v_filter.closed_to;
  return v_rows;
end $function$;

CREATE OR REPLACE FUNCTION private.name_pattern()
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select string_agg(regexp_replace(p.display_name, '([].*+?^${}()|\\[])', '\\\1', 'g'), '|'
    order by length(p.display_name) desc)
  from public.profiles p where length(btrim(p.display_name)) > 1
$function$;

CREATE OR REPLACE FUNCTION private.rating_comments(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_filter constant private.incident_filter := private.parse_filter(p_filter);
  v_user constant uuid := private.require_user();
  v_areas constant text[] := private.scope_area_codes('{grid_manager,leader,admin}');
  v_names constant text := private.name_pattern();
  v_rows jsonb;
begin
  select jsonb_build_object('total', count(*), 'rows', coalesce(jsonb_agg(jsonb_build_object(
    'incidentId', e.incident_id, 'closing', e.closing, 'areaCode', e.area_code, 'categoryCode', e.category_code,
    'closedAt', e.closed_at, 'solved', e.solved, 'satisfied', e.satisfied, 'isGenerated', e.is_generated,
    'words', case when v_names is null then e.words else regexp_replace(e.words, v_names, '…', 'gi') end)
    order by e.n) filter (where e.n <= 2000), '[]'))
  into v_rows
  from (
    select r.*, w.words, row_number() over (order by r.closed_at desc, r.incident_id, r.closing) as n
    from public.ratings r
    join public.rating_words w on w.district_code = r.district_code and w.incident_id = r.incident_id
      and w.closing = r.closing
    where r.has_words and not r.is_exempt and (r.area_code = any (v_areas) or r.asked_by = v_user)
      and (v_filter.area_codes is null or r.area_code = any (v_filter.area_codes))
      and (v_filter.category_codes is null or r.category_code = any (v_filter.category_codes))
      and r.closed_at >= coalesce(v_filter.closed_from, '-infinity')
      and r.closed_at < coalesce(v_filter.closed_to, 'infinity')) e;
  return v_rows;
end $function$;

CREATE OR REPLACE FUNCTION public.rating_targets()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.rating_targets() $function$;

CREATE OR REPLACE FUNCTION public.rating_exclusions(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.rating_exclusions(p_filter) $function$;

CREATE OR REPLACE FUNCTION public.rating_comments(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.rating_comments(p_filter) $function$;

CREATE INDEX rating_targets_set_by_idx ON public.rating_targets USING btree (set_by);

create policy "Everybody signed in sees the city's targets" on public.rating_targets for select to authenticated using (true);

revoke all on function private.answered_columns(jsonb) from public, anon, authenticated, service_role;

grant execute on function private.answered_columns(jsonb) to authenticated;

revoke all on function private.rating_comments(jsonb) from public, anon, authenticated, service_role;

grant execute on function private.rating_comments(jsonb) to authenticated;

revoke all on function private.rating_exclusions(jsonb) from public, anon, authenticated, service_role;

grant execute on function private.rating_exclusions(jsonb) to authenticated;

revoke all on function private.rating_targets() from public, anon, authenticated, service_role;

grant execute on function private.rating_targets() to authenticated;

revoke all on function public.answered_columns(jsonb) from public, anon, authenticated, service_role;

grant execute on function public.answered_columns(jsonb) to authenticated;

revoke all on function public.rating_comments(jsonb) from public, anon, authenticated, service_role;

grant execute on function public.rating_comments(jsonb) to authenticated;

revoke all on function public.rating_exclusions(jsonb) from public, anon, authenticated, service_role;

grant execute on function public.rating_exclusions(jsonb) to authenticated;

revoke all on function public.rating_targets() from public, anon, authenticated, service_role;

grant execute on function public.rating_targets() to authenticated;

revoke all on public.rating_targets from public, anon, authenticated, service_role;

grant select on public.rating_targets to authenticated;
