-- Scope and filter, resolved once a call into literal conditions. A policy would be asked for each row.

-- `whole`: the scope covers every area.
create type private.incident_scope as (
  whole boolean,
  area_codes text[],
  departments text[],
  user_id uuid
);

-- A null list means all, an empty one nothing. Instants are half open; months and places are not.
create type private.incident_filter as (
  from_at timestamptz,
  to_at timestamptz,
  month_from date,
  month_to date,
  area_codes text[],
  category_codes text[],
  stages text[],
  on_hold_only boolean,
  min_x integer,
  min_y integer,
  max_x integer,
  max_y integer,
  -- of the due time of open incidents: after the first, until the second
  due_after timestamptz,
  due_until timestamptz,
  due_none boolean,
  -- qx * 65536 + qy of points left out
  except_points bigint[],
  -- what residents answered about a closing within these instants, closed by these departments; without answers these
  -- two narrow no incidents
  answers text[],
  closed_from timestamptz,
  closed_to timestamptz,
  closers text[],
  -- how the departments handled what they were due to handle; without outcomes the departments narrow nothing
  handling text[],
  handlers text[],
  -- seen open for more than so many whole hours until this minute of the city's clock
  open_longer integer,
  open_until timestamp
);

-- Errors: 42501 not signed in.
create or replace function private.resolve_scope()
returns private.incident_scope language plpgsql stable security definer set search_path = '' as $$
declare
  v_scope private.incident_scope;
begin
  v_scope.user_id := auth.uid();
  if v_scope.user_id is null then
    raise exception 'sign in to read incidents' using errcode = '42501';
  end if;
  v_scope.area_codes := coalesce(private.scope_area_codes(), '{}');
  v_scope.departments := coalesce(private.scope_departments(), '{}');
  v_scope.whole := not exists (
    select a.code from public.areas a except select unnest(v_scope.area_codes));
  return v_scope;
end $$;

-- p_alias has area_code, department_code and reported_by.
create or replace function private.scope_condition(p_scope private.incident_scope, p_alias text)
returns text language sql immutable set search_path = '' as $$
  select case when (p_scope).whole then 'true' else '(' || concat_ws(' or ',
    case when cardinality((p_scope).area_codes) > 0
      then format('%I.area_code = any (%L::text[])', p_alias, (p_scope).area_codes) end,
    case when cardinality((p_scope).departments) > 0
      then format('%I.department_code = any (%L::text[])', p_alias, (p_scope).departments) end,
    format('%I.reported_by = %L::uuid', p_alias, (p_scope).user_id)) || ')' end
$$;

-- Errors: 22023, the field in message and detail.
create or replace function private.refuse_filter(p_field text, p_what text)
returns void language plpgsql set search_path = '' as $$
begin
  raise exception 'filter.%: %', p_field, p_what using errcode = '22023', detail = p_field;
end $$;

-- Null when absent or empty.
create or replace function private.filter_list(p_filter jsonb, p_field text)
returns text[] language plpgsql stable set search_path = '' as $$
declare
  v_value jsonb := p_filter -> p_field;
begin
  if v_value is null or jsonb_typeof(v_value) = 'null' then
    return null;
  end if;
  if jsonb_typeof(v_value) <> 'array' then
    perform private.refuse_filter(p_field, 'must be a list');
  end if;
  if jsonb_array_length(v_value) > 1000 then
    perform private.refuse_filter(p_field, 'at most 1000 entries');
  end if;
  if exists (select 1 from jsonb_array_elements(v_value) e
      where jsonb_typeof(e) <> 'string' or length(e #>> '{}') not between 1 and 60) then
    perform private.refuse_filter(p_field, 'must hold texts of 1 to 60 characters');
  end if;
  return nullif(array(select jsonb_array_elements_text(v_value)), '{}');
end $$;

-- Null when absent.
create or replace function private.filter_day(p_filter jsonb, p_field text)
returns date language plpgsql stable set search_path = '' as $$
declare
  v_text text := p_filter ->> p_field;
begin
  if v_text is null then
    return null;
  end if;
  if jsonb_typeof(p_filter -> p_field) <> 'string' or v_text !~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then
    perform private.refuse_filter(p_field, 'must be a day as YYYY-MM-DD');
  end if;
  begin
    return make_date(left(v_text, 4)::integer, substr(v_text, 6, 2)::integer, right(v_text, 2)::integer);
  exception when datetime_field_overflow then
    perform private.refuse_filter(p_field, 'no such day');
  end;
end $$;

-- False when absent.
create or replace function private.filter_flag(p_filter jsonb, p_field text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  if coalesce(jsonb_typeof(p_filter -> p_field), 'null') not in ('boolean', 'null') then
    perform private.refuse_filter(p_field, 'must be true or false');
  end if;
  return coalesce((p_filter ->> p_field)::boolean, false);
end $$;

-- Quantised points as qx * 65536 + qy. Null when absent or empty.
create or replace function private.filter_points(p_filter jsonb, p_field text)
returns bigint[] language plpgsql stable set search_path = '' as $$
declare
  v_value jsonb := nullif(p_filter -> p_field, 'null');
begin
  if v_value is null then
    return null;
  end if;
  if jsonb_typeof(v_value) <> 'array' or jsonb_array_length(v_value) > 20 then
    perform private.refuse_filter(p_field, 'must be a list of at most 20 points');
  end if;
  if exists (select 1 from jsonb_array_elements(v_value) e
      where not e @@ '$.type() == "array" && $.size() == 2'
        or e @? '$[*] ? (@.type() != "number" || @ < 0 || @ > 65535 || @ != @.floor())') then
    perform private.refuse_filter(p_field, 'must hold points [qx, qy] of whole numbers from 0 to 65535');
  end if;
  return nullif(array(
    select (e ->> 0)::numeric * 65536 + (e ->> 1)::numeric from jsonb_array_elements(v_value) e), '{}');
end $$;

-- Answers a resident may have given.
create or replace function private.answer_choices()
returns text[] language sql immutable parallel safe
return '{responded,unresponded,solved,unsolved,satisfied,unsatisfied,exempt}'::text[];

-- Reads the client's IncidentFilter. An unknown code matches nothing. Errors: 22023.
create or replace function private.parse_filter(p_filter jsonb)
returns private.incident_filter language plpgsql stable security definer set search_path = '' as $$
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
end $$;

-- For ratings `r`: one of the answers, about a closing of these instants and departments. `exempt` is of a granted
-- appeal; such answers are in no other choice.
create or replace function private.answer_condition(p_filter private.incident_filter)
returns text language sql immutable set search_path = '' as $$
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
$$;

-- For incidents `i`: due to handle, with one of the outcomes, as incident_rates counts them by department. What may not
-- be counted is out: held ones, and those of a granted appeal.
create or replace function private.handling_condition(p_filter private.incident_filter)
returns text language sql immutable set search_path = '' as $$
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
$$;

-- For incidents `i`: seen open for longer, as the time-to-close curve of the columns counts: whole hours to the closing,
-- or to now by the wall clock.
create or replace function private.open_condition(p_filter private.incident_filter)
returns text language sql stable set search_path = '' as $$
  select format('floor(case when i.stage = ''closed'' then date_part(''epoch'', i.closed_at - i.reported_at)'
    ' when private.is_open(i.stage) then date_part(''epoch'', %L::timestamp'
    ' - date_trunc(''minute'', i.reported_at at time zone %L)) end / 3600) > %s',
    (p_filter).open_until, c.time_zone, (p_filter).open_longer)
  from public.city_settings c
$$;

-- For incidents `i`.
create or replace function private.filter_condition(p_filter private.incident_filter)
returns text language sql stable set search_path = '' as $$
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
$$;
