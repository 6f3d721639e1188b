-- Working calendars and the clocks of incidents.
-- The present text with its reasons is in supabase/schemas.

-- Limits of a workflow's clocks, and those of a condition, which win once it is chosen.
create table public.workflow_limits (
  workflow text not null references public.workflows (code) on delete cascade,
  clock text not null check (clock in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check')),
  amount numeric not null,
  unit text not null,
  day_rule text not null default 'hours',
  primary key (workflow, clock)
);

create table public.condition_limits (
  condition text not null references public.filing_conditions (code) on delete cascade,
  clock text not null check (clock in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check')),
  amount numeric not null,
  unit text not null,
  day_rule text not null default 'hours',
  primary key (condition, clock)
);

-- Steps of handling with a clock of their own from the dispatch on.
create table public.condition_milestones (
  condition text not null references public.filing_conditions (code) on delete cascade,
  code text not null check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null,
  name_en text not null,
  amount numeric not null,
  unit text not null,
  day_rule text not null default 'hours',
  sort integer not null default 0,
  primary key (condition, code)
);

-- Each city has one default. A calendar with an area is that of the area and all below it; the deepest wins.
create table public.calendars (
  code text primary key check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null,
  name_en text not null,
  area_code text references public.areas (code),
  -- one working day, where a limit counts days as hours
  day_seconds integer not null default 28800 check (day_seconds between 60 and 86400)
);
create unique index calendars_area_idx on public.calendars (area_code);
create unique index calendars_default_idx on public.calendars ((area_code is null)) where area_code is null;

-- Working hours of a weekday, 1 for Monday to 7. Any number a day; 1440 is the end of the day.
create table public.calendar_hours (
  calendar text not null references public.calendars (code) on delete cascade,
  weekday smallint not null check (weekday between 1 and 7),
  from_minute smallint not null check (from_minute between 0 and 1439),
  to_minute smallint not null,
  primary key (calendar, weekday, from_minute),
  constraint calendar_hours_order_check check (to_minute > from_minute and to_minute <= 1440)
);

-- Days unlike their weekday.
create table public.calendar_days (
  calendar text not null references public.calendars (code) on delete cascade,
  day date not null,
  -- works as this weekday; null: off
  as_weekday smallint check (as_weekday between 1 and 7),
  name text not null default '' check (length(name) <= 200),
  primary key (calendar, day)
);

-- Years whose days are known.
create table public.calendar_years (
  calendar text not null references public.calendars (code) on delete cascade,
  year smallint not null check (year between 1970 and 2200),
  -- where the days come from: an address or words
  source text not null check (length(source) between 1 and 2000),
  primary key (calendar, year)
);

-- Made by private.rebuild_calendar from the tables above. Neighbouring spans and years are joined.
create table private.calendar_covers (
  calendar text not null references public.calendars (code) on delete cascade,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  primary key (calendar, starts_at)
);

create table private.calendar_spans (
  calendar text not null references public.calendars (code) on delete cascade,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  -- working seconds of all earlier spans
  before_seconds bigint not null,
  primary key (calendar, starts_at)
);
create unique index calendar_spans_before_idx on private.calendar_spans (calendar, before_seconds);

create table private.calendar_workdays (
  calendar text not null references public.calendars (code) on delete cascade,
  day date not null,
  -- counts from 1
  n integer not null,
  ends_at timestamptz not null,
  primary key (calendar, day)
);
create unique index calendar_workdays_n_idx on private.calendar_workdays (calendar, n);

create or replace function private.is_limit(p_amount numeric, p_unit text, p_day_rule text)
returns boolean language sql immutable parallel safe
return p_amount > 0 and p_amount < 100000
  and p_unit in ('urgent_hour', 'natural_day', 'work_hour', 'work_day')
  and p_day_rule in ('hours', 'end_of_day')
  and (p_day_rule = 'hours' or p_unit = 'work_day')
  and (p_amount = trunc(p_amount) or (p_unit <> 'natural_day' and p_day_rule = 'hours'));

alter table public.workflow_limits add constraint workflow_limits_limit_check
  check (private.is_limit(amount, unit, day_rule));
alter table public.condition_limits add constraint condition_limits_limit_check
  check (private.is_limit(amount, unit, day_rule));
alter table public.condition_milestones add constraint condition_milestones_limit_check
  check (private.is_limit(amount, unit, day_rule));

insert into public.workflow_limits (workflow, clock, amount, unit)
select w.code, l.clock, l.amount, l.unit
from public.workflows w
cross join (values
  ('accept', 0.25, 'urgent_hour'),
  ('verify', 0.5, 'urgent_hour'),
  ('file', 0.25, 'urgent_hour'),
  ('dispatch', 0.25, 'urgent_hour'),
  ('handle', 5, 'work_day'),
  ('check', 4, 'work_hour')
) as l (clock, amount, unit)
where exists (select from public.workflow_stages s where s.workflow = w.code and s.clock = l.clock);

create table public.incident_clocks (
  district_code text not null,
  incident_id uuid not null,
  seq integer not null,
  kind text not null
    check (kind in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check', 'milestone')),
  -- code of the condition's
  milestone text,
  department_code text,
  -- null where the limit runs round the clock, or the city has none
  calendar text,
  amount numeric not null,
  unit text not null,
  day_rule text not null,
  -- each adds the amount once more
  extensions smallint not null default 0,
  started_at timestamptz not null,
  -- when it ran, without the present run
  runs tstzmultirange not null default '{}',
  -- null while it rests
  running_since timestamptz,
  -- with extensions, in its own time; null beyond the calendar's years
  limit_seconds numeric,
  -- null while it rests and beyond the calendar's years
  due_at timestamptz,
  warn_at timestamptz,
  stopped_at timestamptz,
  -- in its own time, when it stopped
  used_seconds numeric,
  -- a milestone that was reached never goes on
  is_reached boolean not null default false,
  primary key (district_code, incident_id, seq),
  constraint incident_clocks_incident_fkey
    foreign key (district_code, incident_id) references public.incidents (district_code, id),
  constraint incident_clocks_limit_check check (private.is_limit(amount, unit, day_rule)),
  constraint incident_clocks_milestone_check check ((kind = 'milestone') = (milestone is not null)),
  constraint incident_clocks_stopped_check check (stopped_at is null or running_since is null)
);

create type private.recomputed as (next uuid, looked integer, moved integer);

alter table private.calendar_covers enable row level security;
alter table private.calendar_spans enable row level security;
alter table private.calendar_workdays enable row level security;
alter table public.calendar_days enable row level security;
alter table public.calendar_hours enable row level security;
alter table public.calendar_years enable row level security;
alter table public.calendars enable row level security;
alter table public.condition_limits enable row level security;
alter table public.condition_milestones enable row level security;
alter table public.incident_clocks enable row level security;
alter table public.workflow_limits enable row level security;

CREATE OR REPLACE FUNCTION private.store_reports(p_reports private.report[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  with clocks as materialized (
    select * from private.first_clocks(p_reports)
  ), stored as (
    insert into public.incidents (district_code, id, category_code, area_code, severity, lon, lat,
      qx, qy, description, address_label, reported_at, device_at, month, reported_by,
      workflow_code, stage, state, state_since, due_at, warn_at)
    select r.district_code, r.id, r.category_code, r.area_code, r.severity, r.lon, r.lat,
      r.qx, r.qy, r.description, r.address_label, r.at, r.device_at,
      date_trunc('month', r.at at time zone city.time_zone)::date, r.actor,
      w.code, s.stage, s.code, r.at, k.due_at, k.warn_at
    from unnest(p_reports) r
    join public.categories c on c.code = r.category_code
    join public.workflows w on w.code = c.workflow_code
    join public.workflow_stages s on s.workflow = w.code and s.code = w.first_state
    left join clocks k on k.incident_id = r.id
    cross join public.city_settings city
  ), started as (
    insert into public.incident_clocks select * from clocks
  )
  insert into public.incident_log
    (district_code, incident_id, seq, at, actor, kind, stage_to, data, command_id)
  select r.district_code, r.id, 1, r.at, r.actor, 'reported', 'reported', r.data, r.command_id
  from unnest(p_reports) r;
  perform private.store_photos(array_agg((r.district_code, r.id, 1, r.actor, r.command_id, r.at, r.photos)
    ::private.brought_photos))
  from unnest(p_reports) r where r.photos <> '[]'
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
  if (v_new.category_code, v_new.area_code) <> (v_incident.category_code, v_incident.area_code) then
    v_new := private.move_clocks(v_new, p_at);
  end if;
  update public.incidents i set category_code = v_new.category_code, workflow_code = v_new.workflow_code,
    state = v_new.state, passed = v_new.passed, condition_code = v_new.condition_code, lon = v_new.lon, lat = v_new.lat,
    area_code = v_new.area_code, qx = v_new.qx, qy = v_new.qy, description = v_new.description,
    severity = v_new.severity, address_label = v_new.address_label, due_at = v_new.due_at, warn_at = v_new.warn_at
  where i.district_code = v_incident.district_code and i.id = v_incident.id
  returning i.version into v_version;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'corrected', '',
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]',
      jsonb_strip_nulls(jsonb_build_object('changes', v_diff, 'areaCode',
        case when v_new.area_code <> v_incident.area_code
          then jsonb_build_array(v_incident.area_code, v_new.area_code) end))), '[]');
  perform private.log_clock_move(v_incident, v_new, p_actor, p_command, p_at);
  return jsonb_build_object('incident_id', v_incident.id, 'version', v_version);
end $function$;

CREATE OR REPLACE FUNCTION private.apply_commands_at(p_commands json, p_received timestamp with time zone, p_is_replay boolean DEFAULT true)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  v_actor uuid := private.require_user();
  v_at timestamptz := least(p_received, clock_timestamp());
  v_may_report boolean;
  v_item json;
  v_envelope private.command_envelope;
  v_judged private.judged_command;
  v_batch private.judged_command[] := '{}';
  v_ids uuid[] := '{}';
  v_incidents uuid[] := '{}';
  v_must_store boolean;
  v_receipts jsonb[] := '{}';
begin
  perform private.check_call(p_commands);
  if p_is_replay and not exists (select 1 from public.profiles p where p.user_id = v_actor) then
    raise exception 'nobody here is %', v_actor using errcode = 'WG003', detail = 'unknown_person';
  end if;
  -- A device that lost the answer sends again while its first call still runs.
  perform pg_advisory_xact_lock(hashtextextended('apply_commands ' || v_actor::text, 0));
  perform private.resume_due(v_at);
  v_may_report := private.has_right('report', v_at);
  for v_item in
    select value from json_array_elements(p_commands) with ordinality as c (value, n) order by n
  loop
    v_envelope := private.read_envelope(v_item);
    v_at := v_at + interval '1 microsecond';
    v_must_store := v_envelope.id = any (v_ids)
      or v_envelope.type <> 'report_incident' and cardinality(v_incidents) > 0;
    loop
      if v_must_store then
        v_receipts := v_receipts || private.store_batch(v_batch);
        v_batch := '{}';
        v_ids := '{}';
        v_incidents := '{}';
      end if;
      v_judged := private.judge_command(
        v_item, v_envelope, v_actor, v_may_report, v_at, p_is_replay);
      -- The batch holds this incident: store it, then judge again.
      v_must_store := coalesce((v_judged.report).id = any (v_incidents), false);
      exit when not v_must_store;
    end loop;
    v_batch := v_batch || v_judged;
    if (v_judged.record).id is not null then
      v_ids := v_ids || (v_judged.record).id;
    end if;
    if (v_judged.report).id is not null then
      v_incidents := v_incidents || (v_judged.report).id;
    end if;
  end loop;
  v_receipts := v_receipts || private.store_batch(v_batch);
  if p_is_replay and not exists (select from unnest(v_receipts) r where r ->> 'hash' is not null) then
    raise exception 'nothing of this call could be repeated' using errcode = 'WG003',
      detail = to_jsonb(v_receipts)::text;
  elsif cardinality(v_receipts) = 0 and json_array_length(p_commands) > 0 then
    raise exception 'none of these commands could be judged' using errcode = 'PT500', detail = 'no_receipt';
  end if;
  return to_jsonb(v_receipts);
end $function$;

CREATE OR REPLACE FUNCTION private.read_field(p_field public.workflow_fields, p_payload jsonb, p_incident public.incidents, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_name constant text := p_field.name;
  v_required constant boolean := private.is_field_required(p_field, p_incident);
  v_text text;
  v_instant timestamptz;
begin
  if p_field.kind = 'photos' then
    return private.payload_photos(jsonb_build_object('photos', p_payload -> v_name), v_required);
  elsif p_field.kind = 'boolean' then
    if coalesce(p_payload -> v_name, 'null') = 'null' and not v_required then return 'null'; end if;
    if coalesce(p_payload -> v_name, 'null') = 'null' then
      perform private.reject_command('missing_field', v_name);
    elsif jsonb_typeof(p_payload -> v_name) <> 'boolean' then
      perform private.reject_command('invalid_field', v_name, 'not true or false');
    end if;
    return p_payload -> v_name;
  elsif p_field.kind = 'whole' then
    return coalesce(to_jsonb(private.payload_whole(p_payload, v_name, v_required, p_field.least, p_field.most)), 'null');
  end if;
  v_text := private.payload_text(p_payload, v_name, v_required, coalesce(p_field.most, 2000));
  if v_text is not null and p_field.kind = 'text' and v_required and private.is_blank(v_text) then
    perform private.reject_command('missing_field', v_name);
  end if;
  if p_field.kind = 'condition' and v_text is null then
    select min(c.code) into v_text from public.filing_conditions c
    where c.category_code = p_incident.category_code and c.is_active;
  end if;
  if v_text is null or p_field.kind = 'text' then
    return coalesce(to_jsonb(v_text), 'null');
  end if;
  if p_field.kind = 'instant' then
    v_instant := private.payload_instant(p_payload, v_name);
    if v_instant <= p_at or v_instant > p_at + interval '1 year' then
      perform private.reject_command('invalid_field', v_name, 'not within a year from now');
    end if;
    return to_jsonb(v_instant);
  elsif p_field.kind in ('handler', 'assignee', 'incident') and not private.is_uuid(v_text) then
    perform private.reject_command('invalid_field', v_name, 'not a UUID in lower case');
  end if;
  if (case p_field.kind
    when 'choice' then v_text = any (p_field.choices)
    when 'department' then exists (select from public.departments d where d.code = v_text)
    when 'condition' then exists (select from public.filing_conditions c
      where c.code = v_text and c.category_code = p_incident.category_code and c.is_active)
    when 'handler' then private.may_be_assigned(v_text::uuid, p_incident,
      coalesce(p_payload ->> 'department', p_incident.department_code), p_at)
    when 'assignee' then private.may_be_assigned(v_text::uuid, p_incident,
      case when p_incident.stage = 'dispatched' then p_incident.department_code end, p_at)
    when 'milestone' then exists (select from public.condition_milestones m
      where m.condition = p_incident.condition_code and m.code = v_text)
    when 'incident' then true end) is not true then
    perform private.reject_command('invalid_field', v_name, 'not one that can be chosen');
  end if;
  return to_jsonb(v_text);
end $function$;

CREATE OR REPLACE FUNCTION private.workflow_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select jsonb_build_object(
    'workflows', (
      select coalesce(jsonb_agg(jsonb_build_object('code', w.code, 'nameZh', w.name_zh, 'nameEn', w.name_en,
        'firstState', w.first_state,
        'stages', (
          select coalesce(jsonb_agg(jsonb_build_object('code', s.code, 'stage', s.stage, 'clock', s.clock,
            'nameZh', s.name_zh, 'nameEn', s.name_en) order by s.sort, s.code), '[]')
          from public.workflow_stages s where s.workflow = w.code),
        'transitions', (
          select coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'from', t.from_state, 'to', t.to_state,
            'roles', t.roles, 'tone', t.tone, 'canUndo', t.can_undo, 'nameZh', t.name_zh, 'nameEn', t.name_en)
            order by t.from_state, t.sort, t.name), '[]')
          from public.workflow_transitions t where t.workflow = w.code),
        'fields', (
          select coalesce(jsonb_agg(jsonb_build_object('transition', f.transition, 'name', f.name,
            'kind', f.kind, 'isRequired', f.is_required, 'requiredWhen', f.required_when, 'choices', f.choices,
            'least', f.least, 'most', f.most, 'labelZh', f.label_zh, 'labelEn', f.label_en)
            order by f.transition, f.sort, f.name), '[]')
          from public.workflow_fields f where f.workflow = w.code),
        'limits', (
          select coalesce(jsonb_agg(jsonb_build_object('clock', l.clock, 'amount', l.amount, 'unit', l.unit,
            'dayRule', l.day_rule) order by l.clock), '[]')
          from public.workflow_limits l where l.workflow = w.code))
        order by w.sort, w.code), '[]')
      from public.workflows w),
    'conditions', (
      select coalesce(jsonb_agg(jsonb_build_object('code', c.code, 'categoryCode', c.category_code,
        'nameZh', c.name_zh, 'nameEn', c.name_en, 'closingZh', c.closing_zh, 'closingEn', c.closing_en,
        'departmentCode', c.department_code, 'needsAfterPhotos', c.needs_after_photos,
        'allowsSelfHandling', c.allows_self_handling,
        'limits', (
          select coalesce(jsonb_agg(jsonb_build_object('clock', l.clock, 'amount', l.amount, 'unit', l.unit,
            'dayRule', l.day_rule) order by l.clock), '[]')
          from public.condition_limits l where l.condition = c.code),
        'milestones', (
          select coalesce(jsonb_agg(jsonb_build_object('code', m.code, 'nameZh', m.name_zh, 'nameEn', m.name_en,
            'amount', m.amount, 'unit', m.unit, 'dayRule', m.day_rule) order by m.sort, m.code), '[]')
          from public.condition_milestones m where m.condition = c.code)) order by c.category_code, c.sort, c.code), '[]')
      from public.filing_conditions c where c.is_active))
  from private.require_user()
$function$;

CREATE OR REPLACE FUNCTION private.rebuild_calendar(p_calendar text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_zone constant text := (select c.time_zone from public.city_settings c);
begin
  if not exists (select from public.calendars c where c.code = p_calendar) then
    raise exception 'there is no calendar %', p_calendar using errcode = '22023', detail = 'p_calendar';
  end if;
  delete from private.calendar_covers c where c.calendar = p_calendar;
  delete from private.calendar_spans s where s.calendar = p_calendar;
  delete from private.calendar_workdays d where d.calendar = p_calendar;
  insert into private.calendar_covers (calendar, starts_at, ends_at)
  select p_calendar, lower(c.range), upper(c.range)
  from (
    select unnest(range_agg(tstzrange(make_date(y.year, 1, 1)::timestamp at time zone v_zone,
      make_date(y.year + 1, 1, 1)::timestamp at time zone v_zone))) as range
    from public.calendar_years y where y.calendar = p_calendar) c;
  with hours as (
    select d.day::date as day, h.range
    from public.calendar_years y
    cross join lateral generate_series(make_date(y.year, 1, 1)::timestamp, make_date(y.year, 12, 31), '1 day') d (day)
    left join public.calendar_days x on x.calendar = y.calendar and x.day = d.day::date
    join public.calendar_hours w on w.calendar = y.calendar
      and w.weekday = case when x.day is null then extract(isodow from d.day) else x.as_weekday end
    -- when clocks go forward, a time that does not exist is read as a later one
    cross join lateral (
      select (d.day + make_interval(mins => w.from_minute)) at time zone v_zone as starts_at,
        (d.day + make_interval(mins => w.to_minute)) at time zone v_zone as ends_at) t
    cross join lateral (select tstzrange(least(t.starts_at, t.ends_at), t.ends_at) as range) h
    where y.calendar = p_calendar and not isempty(h.range)
  ), workdays as (
    insert into private.calendar_workdays (calendar, day, n, ends_at)
    select p_calendar, h.day, row_number() over (order by h.day), max(upper(h.range))
    from hours h group by h.day
  )
  insert into private.calendar_spans (calendar, starts_at, ends_at, before_seconds)
  select p_calendar, lower(s.range), upper(s.range),
    coalesce(sum(extract(epoch from upper(s.range) - lower(s.range)))
      over (order by s.range rows between unbounded preceding and 1 preceding), 0)
  from (select unnest(range_agg(h.range)) as range from hours h) s;
end $function$;

CREATE OR REPLACE FUNCTION private.calendar_of(p_area text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select c.code
  from public.calendars c
  left join public.areas a on a.code = c.area_code
  where c.area_code is null
    or private.is_within((select own.path from public.areas own where own.code = p_area), a.path)
  order by length(a.path) desc nulls last limit 1
$function$;

CREATE OR REPLACE FUNCTION private.work_position(p_calendar text, p_at timestamp with time zone)
 RETURNS TABLE(cover_starts_at timestamp with time zone, cover_ends_at timestamp with time zone, seconds numeric)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT c.starts_at,
     c.ends_at,
     COALESCE(( SELECT ((s.before_seconds)::numeric + EXTRACT(epoch FROM (LEAST(work_position.p_at, s.ends_at) - s.starts_at)))
            FROM private.calendar_spans s
           WHERE ((s.calendar = work_position.p_calendar) AND (s.starts_at <= work_position.p_at))
           ORDER BY s.starts_at DESC
          LIMIT 1), (0)::numeric) AS "coalesce"
    FROM private.calendar_covers c
   WHERE ((c.calendar = work_position.p_calendar) AND (c.starts_at <= work_position.p_at) AND (c.ends_at >= work_position.p_at))
  OFFSET 0;
END;

CREATE OR REPLACE FUNCTION private.work_between(p_calendar text, p_from timestamp with time zone, p_to timestamp with time zone)
 RETURNS TABLE(seconds numeric)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT (t.seconds - f.seconds)
    FROM (private.work_position(work_between.p_calendar, work_between.p_from) f(cover_starts_at, cover_ends_at, seconds)
      JOIN private.work_position(work_between.p_calendar, work_between.p_to) t(cover_starts_at, cover_ends_at, seconds) ON ((t.cover_starts_at = f.cover_starts_at)));
END;

CREATE OR REPLACE FUNCTION private.work_after(p_calendar text, p_from timestamp with time zone, p_seconds numeric)
 RETURNS TABLE(at timestamp with time zone)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT (s.starts_at + make_interval(secs => (((p.seconds + work_after.p_seconds) - (s.before_seconds)::numeric))::double precision))
    FROM (private.work_position(work_after.p_calendar, work_after.p_from) p(cover_starts_at, cover_ends_at, seconds)
      CROSS JOIN LATERAL ( SELECT x.starts_at,
             x.ends_at,
             x.before_seconds
            FROM private.calendar_spans x
           WHERE ((x.calendar = work_after.p_calendar) AND ((x.before_seconds)::numeric < (p.seconds + work_after.p_seconds)))
           ORDER BY x.before_seconds DESC
          LIMIT 1) s)
   WHERE ((s.starts_at >= p.cover_starts_at) AND (s.ends_at <= p.cover_ends_at) AND ((p.seconds + work_after.p_seconds) <= ((s.before_seconds)::numeric + EXTRACT(epoch FROM (s.ends_at - s.starts_at)))));
END;

CREATE OR REPLACE FUNCTION private.work_seconds(p_calendar text, p_from timestamp with time zone, p_to timestamp with time zone)
 RETURNS numeric
 LANGUAGE sql
 STABLE
RETURN (SELECT w.seconds FROM private.work_between(work_seconds.p_calendar, work_seconds.p_from, work_seconds.p_to) w(seconds));

CREATE OR REPLACE FUNCTION private.add_work_seconds(p_calendar text, p_from timestamp with time zone, p_seconds numeric)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
RETURN (SELECT w.at FROM private.work_after(add_work_seconds.p_calendar, add_work_seconds.p_from, add_work_seconds.p_seconds) w(at));

CREATE OR REPLACE FUNCTION private.is_round_the_clock(p_unit text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (p_unit = ANY (ARRAY['urgent_hour'::text, 'natural_day'::text]));

CREATE OR REPLACE FUNCTION private.refuse_limit(p_amount numeric, p_unit text, p_day_rule text)
 RETURNS numeric
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  raise exception 'not a limit: % % (%)', p_amount, p_unit, p_day_rule
    using errcode = '22023', detail = 'limit';
end $function$;

CREATE OR REPLACE FUNCTION private.limit_of(p_calendar text, p_start timestamp with time zone, p_amount numeric, p_unit text, p_day_rule text)
 RETURNS TABLE(seconds numeric)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT
         CASE
             WHEN (private.is_limit(p_amount, p_unit, p_day_rule) IS NOT TRUE) THEN private.refuse_limit(p_amount, p_unit, p_day_rule)
             WHEN (p_unit = ANY (ARRAY['urgent_hour'::text, 'work_hour'::text])) THEN round((p_amount * (3600)::numeric))
             WHEN (p_unit = 'natural_day'::text) THEN EXTRACT(epoch FROM ((((p_start AT TIME ZONE ( SELECT city.time_zone
                FROM public.city_settings city)) + make_interval(days => (p_amount)::integer)) AT TIME ZONE ( SELECT city.time_zone
                FROM public.city_settings city)) - p_start))
             WHEN (p_day_rule = 'hours'::text) THEN ( SELECT round((limit_of.p_amount * (c.day_seconds)::numeric)) AS round
                FROM public.calendars c
               WHERE (c.code = limit_of.p_calendar))
             ELSE ( SELECT w.seconds
                FROM (( SELECT d_1.ends_at
                        FROM private.calendar_workdays d_1
                       WHERE ((d_1.calendar = limit_of.p_calendar) AND (d_1.n = ((limit_of.p_amount)::integer + COALESCE(( SELECT b.n
                                FROM private.calendar_workdays b
                               WHERE ((b.calendar = limit_of.p_calendar) AND (b.day <= ((limit_of.p_start AT TIME ZONE ( SELECT city.time_zone
                                        FROM public.city_settings city)))::date))
                               ORDER BY b.day DESC
                              LIMIT 1), 0))))
                      OFFSET 0) d
                  CROSS JOIN LATERAL private.work_between(limit_of.p_calendar, limit_of.p_start, d.ends_at) w(seconds)))
         END AS seconds
  OFFSET 0;
END;

CREATE OR REPLACE FUNCTION private.limit_seconds(p_calendar text, p_start timestamp with time zone, p_amount numeric, p_unit text, p_day_rule text DEFAULT 'hours'::text)
 RETURNS numeric
 LANGUAGE sql
 STABLE
RETURN (SELECT l.seconds FROM private.limit_of(limit_seconds.p_calendar, limit_seconds.p_start, limit_seconds.p_amount, limit_seconds.p_unit, limit_seconds.p_day_rule) l(seconds));

CREATE OR REPLACE FUNCTION private.calendar_gaps(p_at timestamp with time zone)
 RETURNS TABLE(calendar text, year integer)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select c.code, n.year
  from public.calendars c
  cross join public.city_settings city
  cross join lateral (
    select distinct extract(year from (p_at at time zone city.time_zone) + ahead)::integer as year
    from (values (interval '0'), (interval '1 month')) a (ahead)) n
  where not exists (
    select from public.calendar_years y where y.calendar = c.code and y.year = n.year)
  order by n.year, c.code
$function$;

CREATE OR REPLACE FUNCTION private.clock_times(p_clock public.incident_clocks)
 RETURNS TABLE(limit_seconds numeric, used_seconds numeric, due_at timestamp with time zone, warn_at timestamp with time zone)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT l.seconds,
     u.seconds,
         CASE
             WHEN private.is_round_the_clock((clock_times.p_clock).unit) THEN ((clock_times.p_clock).running_since + make_interval(secs => ((l.seconds - u.seconds))::double precision))
             ELSE ( SELECT w.at
                FROM private.work_after((clock_times.p_clock).calendar, (clock_times.p_clock).running_since, (l.seconds - u.seconds)) w(at))
         END AS at,
         CASE
             WHEN (u.seconds >= (l.seconds * 0.75)) THEN (clock_times.p_clock).running_since
             WHEN private.is_round_the_clock((clock_times.p_clock).unit) THEN ((clock_times.p_clock).running_since + make_interval(secs => (((l.seconds * 0.75) - u.seconds))::double precision))
             ELSE ( SELECT w.at
                FROM private.work_after((clock_times.p_clock).calendar, (clock_times.p_clock).running_since, ((l.seconds * 0.75) - u.seconds)) w(at))
         END AS at
    FROM (private.limit_of((clock_times.p_clock).calendar, (clock_times.p_clock).started_at, ((clock_times.p_clock).amount * ((1 + (clock_times.p_clock).extensions))::numeric), (clock_times.p_clock).unit, (clock_times.p_clock).day_rule) l(seconds)
      CROSS JOIN LATERAL ( SELECT
                 CASE
                     WHEN (count(*) = count(r.seconds)) THEN COALESCE(sum(r.seconds), (0)::numeric)
                     ELSE NULL::numeric
                 END AS seconds
            FROM ( SELECT
                         CASE
                             WHEN private.is_round_the_clock((clock_times.p_clock).unit) THEN EXTRACT(epoch FROM (upper(x.run) - lower(x.run)))
                             ELSE ( SELECT w.seconds
                                FROM private.work_between((clock_times.p_clock).calendar, lower(x.run), upper(x.run)) w(seconds))
                         END AS seconds
                    FROM unnest((clock_times.p_clock).runs) x(run)
                  OFFSET 0) r) u);
END;

CREATE OR REPLACE FUNCTION private.limit_for(p_workflow text, p_condition text, p_kind text)
 RETURNS TABLE(amount numeric, unit text, day_rule text)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT l.amount,
     l.unit,
     l.day_rule
    FROM ( SELECT c.amount,
             c.unit,
             c.day_rule,
             1 AS n
            FROM public.condition_limits c
           WHERE ((c.condition = limit_for.p_condition) AND (c.clock = limit_for.p_kind))
         UNION ALL
          SELECT w.amount,
             w.unit,
             w.day_rule,
             2
            FROM public.workflow_limits w
           WHERE ((w.workflow = limit_for.p_workflow) AND (w.clock = limit_for.p_kind))) l
   ORDER BY l.n
  LIMIT 1;
END;

CREATE OR REPLACE FUNCTION private.wanted_clocks(p_incident public.incidents)
 RETURNS TABLE(kind text, milestone text, amount numeric, unit text, day_rule text)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select w.*
  from public.workflow_stages s
  cross join lateral (
    select s.clock, null::text, l.amount, l.unit, l.day_rule
    from private.limit_for(p_incident.workflow_code, p_incident.condition_code, s.clock) l
    union all
    select 'milestone', m.code, m.amount, m.unit, m.day_rule
    from public.condition_milestones m
    where s.clock = 'handle' and m.condition = p_incident.condition_code) w
  where s.workflow = p_incident.workflow_code and s.code = p_incident.state
    and private.is_open(p_incident.stage) and not p_incident.on_hold
$function$;

CREATE OR REPLACE FUNCTION private.first_clocks(p_reports private.report[])
 RETURNS SETOF public.incident_clocks
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select x.district_code, x.incident_id, x.seq, x.kind, x.milestone, x.department_code, x.calendar, x.amount,
    x.unit, x.day_rule, x.extensions, x.started_at, x.runs, x.running_since, t.limit_seconds, t.due_at, t.warn_at,
    x.stopped_at, x.used_seconds, x.is_reached
  from unnest(p_reports) r
  join public.categories c on c.code = r.category_code
  join public.workflows w on w.code = c.workflow_code
  join public.workflow_stages s on s.workflow = w.code and s.code = w.first_state
  cross join lateral private.limit_for(w.code, null, s.clock) l
  cross join lateral (
    select (r.district_code, r.id, 1, s.clock, null, null,
      case when not private.is_round_the_clock(l.unit) then private.calendar_of(r.area_code) end,
      l.amount, l.unit, l.day_rule, 0, date_trunc('minute', r.at), '{}', date_trunc('minute', r.at), null, null, null, null, null, false
    )::public.incident_clocks as clock) k
  cross join lateral (select (k.clock).*) x
  cross join lateral private.clock_times(k.clock) t
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
  update public.incident_clocks c set stopped_at = p_at, used_seconds = t.used_seconds
  from public.incident_clocks x
  cross join lateral private.clock_times(x) t
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    and (x.is_reached or not private.is_open(p_incident.stage))
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq;
end $function$;

CREATE OR REPLACE FUNCTION private.run_clocks(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.incident_clocks c set running_since = p_at, stopped_at = null, used_seconds = null
  from private.wanted_clocks(p_incident) w
  where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
    and c.running_since is null and not c.is_reached
    and c.department_code is not distinct from p_incident.department_code
    and c.kind = w.kind and c.milestone is not distinct from w.milestone;
  insert into public.incident_clocks (district_code, incident_id, seq, kind, milestone, department_code,
    calendar, amount, unit, day_rule, started_at, running_since)
  select p_incident.district_code, p_incident.id,
    (select coalesce(max(c.seq), 0) from public.incident_clocks c
      where c.district_code = p_incident.district_code and c.incident_id = p_incident.id)
      + row_number() over (order by w.kind, w.milestone),
    w.kind, w.milestone, p_incident.department_code,
    case when not private.is_round_the_clock(w.unit) then private.calendar_of(p_incident.area_code) end,
    w.amount, w.unit, w.day_rule, p_at, p_at
  from private.wanted_clocks(p_incident) w
  where not exists (
    select from public.incident_clocks c
    where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
      and c.kind = w.kind and c.milestone is not distinct from w.milestone
      and (c.is_reached or c.department_code is not distinct from p_incident.department_code));
end $function$;

CREATE OR REPLACE FUNCTION private.with_due(p_incident public.incidents)
 RETURNS public.incidents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_new public.incidents := p_incident;
begin
  update public.incident_clocks c
  set limit_seconds = t.limit_seconds, due_at = t.due_at, warn_at = t.warn_at
  from public.incident_clocks x
  cross join lateral private.clock_times(x) t
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq
    and (x.limit_seconds, x.due_at, x.warn_at) is distinct from (t.limit_seconds, t.due_at, t.warn_at);
  select min(c.due_at), min(c.warn_at) into v_new.due_at, v_new.warn_at
  from public.incident_clocks c
  where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
    and c.running_since is not null;
  return v_new;
end $function$;

CREATE OR REPLACE FUNCTION private.turn_clocks(p_old public.incidents, p_new public.incidents, p_effects text[], p_values jsonb, p_at timestamp with time zone)
 RETURNS public.incidents
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
  return private.with_due(p_new);
end $function$;

CREATE OR REPLACE FUNCTION private.move_clocks(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS public.incidents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_at constant timestamptz := date_trunc('minute', p_at);
begin
  update public.incident_clocks c
  set amount = n.amount, unit = n.unit, day_rule = n.day_rule, calendar = case
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
  return private.with_due(p_incident);
end $function$;

CREATE OR REPLACE FUNCTION private.log_clock_move(p_old public.incidents, p_new public.incidents, p_actor uuid, p_command uuid, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  if p_new.due_at is distinct from p_old.due_at then
    perform private.append_log(p_old, p_actor, p_command, p_at, 'clock_moved', '',
      jsonb_build_object('from', p_old.due_at, 'to', p_new.due_at), '[]');
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
    v_new := private.turn_clocks(v_old, v_new, '{resume}', '{}', v_old.hold_until);
    update public.incidents i
    set on_hold = false, hold_until = null, due_at = v_new.due_at, warn_at = v_new.warn_at
    where i.district_code = v_old.district_code and i.id = v_old.id;
    perform private.append_log(v_old, null, null, v_old.hold_until, 'resumed', '', '{}', '[]');
    v_resumed := v_resumed + 1;
  end loop;
  return v_resumed;
end $function$;

CREATE OR REPLACE FUNCTION private.recompute_clocks(p_calendar text, p_batch integer, p_after uuid, p_at timestamp with time zone)
 RETURNS private.recomputed
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET jit TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
declare
  v_ids uuid[];
  v_result private.recomputed;
begin
  v_ids := array(
    select distinct c.incident_id from public.incident_clocks c
    where c.stopped_at is null and c.unit in ('work_hour', 'work_day')
      and (p_calendar is null or c.calendar = p_calendar) and (p_after is null or c.incident_id > p_after)
    order by c.incident_id limit p_batch);
  -- as commands do, so that none sees half of it
  perform from public.incidents i where i.id = any (v_ids) order by i.id for no key update;
  with places as materialized (
    select p.area_code, private.calendar_of(p.area_code) as calendar
    from (select distinct i.area_code from public.incidents i where i.id = any (v_ids)) p)
  update public.incident_clocks c set calendar = p.calendar
  from public.incidents i
  join places p on p.area_code = i.area_code
  where i.id = any (v_ids) and c.district_code = i.district_code and c.incident_id = i.id
    and c.stopped_at is null and c.unit in ('work_hour', 'work_day') and c.calendar is distinct from p.calendar;
  update public.incident_clocks c
  set limit_seconds = t.limit_seconds, due_at = t.due_at, warn_at = t.warn_at
  from public.incident_clocks x
  cross join lateral private.clock_times(x) t
  where x.incident_id = any (v_ids) and x.stopped_at is null and x.unit in ('work_hour', 'work_day')
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq
    and (x.limit_seconds, x.due_at, x.warn_at) is distinct from (t.limit_seconds, t.due_at, t.warn_at);
  with earliest as materialized (
    select i.district_code, i.id, i.due_at as before, min(c.due_at) as due_at, min(c.warn_at) as warn_at
    from public.incidents i
    left join public.incident_clocks c on c.district_code = i.district_code and c.incident_id = i.id
      and c.stopped_at is null
    where i.id = any (v_ids)
    group by i.district_code, i.id
    having (i.due_at, i.warn_at) is distinct from (min(c.due_at), min(c.warn_at))
  ), moved as (
    update public.incidents i set due_at = e.due_at, warn_at = e.warn_at
    from earliest e
    where i.district_code = e.district_code and i.id = e.id
  ), logged as (
    insert into public.incident_log (district_code, incident_id, seq, at, kind, data)
    select e.district_code, e.id,
      1 + coalesce((select max(l.seq) from public.incident_log l
        where l.district_code = e.district_code and l.incident_id = e.id), 0),
      p_at, 'clock_moved', jsonb_build_object('from', e.before, 'to', e.due_at)
    from earliest e where e.before is distinct from e.due_at
  )
  select count(*) into v_result.moved from earliest;
  v_result.looked := cardinality(v_ids);
  v_result.next := case when v_result.looked = p_batch then v_ids[p_batch] end;
  return v_result;
end $function$;

CREATE INDEX incident_clocks_calendar_idx ON public.incident_clocks USING btree (incident_id) WHERE ((stopped_at IS NULL) AND (unit = ANY (ARRAY['work_hour'::text, 'work_day'::text])));

CREATE INDEX incident_clocks_open_idx ON public.incident_clocks USING btree (incident_id) WHERE (stopped_at IS NULL);

create policy "Signed-in people see the days of calendars" on public.calendar_days for select to authenticated using (true);

create policy "Signed-in people see the hours of calendars" on public.calendar_hours for select to authenticated using (true);

create policy "Signed-in people see the years of calendars" on public.calendar_years for select to authenticated using (true);

create policy "Signed-in people see the calendars" on public.calendars for select to authenticated using (true);

create policy "Signed-in people see the limits of conditions" on public.condition_limits for select to authenticated using (true);

create policy "Signed-in people see the milestones of conditions" on public.condition_milestones for select to authenticated using (true);

create policy "Who sees an incident sees its clocks" on public.incident_clocks for select to authenticated using ((EXISTS ( SELECT 1
   FROM public.incidents i
  WHERE ((i.district_code = incident_clocks.district_code) AND (i.id = incident_clocks.incident_id)))));

create policy "Signed-in people see the limits of workflows" on public.workflow_limits for select to authenticated using (true);

revoke all on public.calendar_days from public, anon, authenticated, service_role;

grant select on public.calendar_days to authenticated;

revoke all on public.calendar_hours from public, anon, authenticated, service_role;

grant select on public.calendar_hours to authenticated;

revoke all on public.calendar_years from public, anon, authenticated, service_role;

grant select on public.calendar_years to authenticated;

revoke all on public.calendars from public, anon, authenticated, service_role;

grant select on public.calendars to authenticated;

revoke all on public.condition_limits from public, anon, authenticated, service_role;

grant select on public.condition_limits to authenticated;

revoke all on public.condition_milestones from public, anon, authenticated, service_role;

grant select on public.condition_milestones to authenticated;

revoke all on public.incident_clocks from public, anon, authenticated, service_role;

grant select on public.incident_clocks to authenticated;

revoke all on public.workflow_limits from public, anon, authenticated, service_role;

grant select on public.workflow_limits to authenticated;
