-- The filter knows how incidents were handled, by department, and how long they were seen open.
alter type private.incident_filter add attribute handling text[], add attribute handlers text[],
  add attribute open_longer integer, add attribute open_until timestamp;

CREATE OR REPLACE FUNCTION private.parse_filter(p_filter jsonb)
 RETURNS private.incident_filter
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_known constant text[] := '{from,to,areas,categories,stages,openOnly,onHoldOnly,due,bbox,exceptPoints,answers,closedFrom,closedTo,closers,handling,handlers,openLonger}';
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
  v_result.handling := private.filter_list(v_source, 'handling');
  if not v_result.handling <@ '{in_time,late}' then
    perform private.refuse_filter('handling', 'must be in_time or late');
  end if;
  v_result.handlers := private.filter_list(v_source, 'handlers');
  if nullif(v_source -> 'openLonger', 'null') is not null then
    if jsonb_typeof(v_source -> 'openLonger') <> 'number' or (v_source ->> 'openLonger')::numeric % 1 <> 0
        or (v_source ->> 'openLonger')::numeric not between 0 and 60000 then
      perform private.refuse_filter('openLonger', 'must be whole hours from 0 to 60000');
    end if;
    v_result.open_longer := (v_source ->> 'openLonger')::numeric;
    v_result.open_until := date_trunc('minute', private.data_as_of() at time zone v_city.time_zone);
  end if;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.handling_condition(p_filter private.incident_filter)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select format('not i.on_hold and i.department_code is not null%s'
    ' and (i.district_code, i.id) not in (select x.district_code, x.incident_id from public.appeals x'
    ' where x.is_granted and x.closing = private.closing_of(x.district_code, x.incident_id))'
    ' and private.stage_verdict(case when private.is_open(i.stage)'
    ' then (select max(private.clock_lateness(c.due_at, c.used_seconds, c.limit_seconds, now()))'
    ' from public.incident_clocks c where c.district_code = i.district_code and c.incident_id = i.id'
    ' and c.kind = ''handle'' and c.department_code is not distinct from i.department_code)'
    ' else nullif(i.lateness >> 6 & 3, 3) end,'
    ' i.stage in (''handled'', ''closed''), private.is_counted(i.stage)) = any (%L::text[])',
    case when (p_filter).handlers is not null then format(' and i.department_code = any (%L::text[])',
      (p_filter).handlers) end,
    array(select v from unnest('{in_time,late,overdue}'::text[]) v
      where replace(v, 'overdue', 'late') = any ((p_filter).handling)))
$function$;

CREATE OR REPLACE FUNCTION private.open_condition(p_filter private.incident_filter)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format('floor(case when i.stage = ''closed'' then date_part(''epoch'', i.closed_at - i.reported_at)'
    ' when private.is_open(i.stage) then date_part(''epoch'', %L::timestamp'
    ' - date_trunc(''minute'', i.reported_at at time zone %L)) end / 3600) > %s',
    (p_filter).open_until, c.time_zone, (p_filter).open_longer)
  from public.city_settings c
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
      private.answer_condition(p_filter)) end,
    case when (p_filter).handling is not null then private.handling_condition(p_filter) end,
    case when (p_filter).open_longer is not null then private.open_condition(p_filter) end), ''), 'true')
$function$;

CREATE OR REPLACE FUNCTION private.answered_columns(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
 SET jit TO 'off'
AS $function$
declare
  v_filter private.incident_filter := private.parse_filter(p_filter);
  v_condition text;
  v_months date[];
begin
  if v_filter.answers is null and v_filter.handling is null then
    perform private.refuse_filter('answers', 'must be given, or handling');
  end if;
  v_condition := concat_ws(' and ', private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(v_filter));
  execute format('select array(select distinct i.month from public.incidents i where %s)', v_condition)
  into v_months;
  return private.pack_incidents(v_months, v_condition);
end $function$;
