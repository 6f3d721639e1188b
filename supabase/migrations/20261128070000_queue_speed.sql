drop index public.incidents_queue_area_idx;

drop index public.incidents_queue_idx;

drop function private.guard_holds(text,public.incidents,timestamp with time zone);

drop function private.to_verify_condition();

drop function private.control_on(public.incidents,timestamp with time zone);

drop function private.queue_rows(public.incidents[],timestamp with time zone);

alter table public.incidents add column to_verify boolean not null default false;

CREATE OR REPLACE FUNCTION private.must_be_verified(p_workflow text, p_state text, p_channel text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.workflows w
    join public.workflow_stages s on s.workflow = w.code and s.code = p_state and s.stage = 'reported'
    where w.code = p_workflow and w.trusted_channels is not null
      and (s.clock = 'verify' or s.clock is distinct from 'file' and p_channel <> all (w.trusted_channels)));
end $function$;

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
    if new.stage <> old.stage and new.state = old.state then
      new.state := private.first_state_of(new.workflow_code, new.stage);
    end if;
  elsif new.state is null then
    new.state := private.first_state_of(new.workflow_code, new.stage);
  end if;
  new.to_verify := new.stage = 'reported'
    and private.must_be_verified(new.workflow_code, new.state, new.channel);
  return new;
end $function$;

CREATE OR REPLACE FUNCTION private.store_batch(p_batch private.judged_command[])
 RETURNS jsonb[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_batch private.judged_command[] := p_batch;
  v_reports constant private.report[] := array(
    select b.report from unnest(p_batch) b where (b.report).id is not null);
  v_receipts jsonb[];
begin
  if v_reports <> '{}' then
    begin
      perform private.store_reports(v_reports);
    exception when others then
      v_batch := private.store_reports_singly(p_batch);
    end;
  end if;
  -- Two people sent one id at once: the later call fails here, and finds the id taken when sent again.
  insert into public.commands (id, actor, type, hash, outcome, incident_id, version, error, replaces,
    device_at, received_at, photo_hashes)
  select (b.record).id, (b.record).actor, (b.record).type, (b.record).hash, (b.record).outcome,
    (b.record).incident_id, (b.record).version, (b.record).error, (b.record).replaces,
    (b.record).device_at, (b.record).received_at, (b.record).photo_hashes
  from unnest(v_batch) b where b.settled is null;
  select array_agg(coalesce(b.settled, private.receipt(b.record, false)) order by b.n) into v_receipts
  from unnest(v_batch) with ordinality as b (settled, record, report, n)
  where b.settled is distinct from 'null';
  return coalesce(v_receipts, '{}');
end $function$;

CREATE OR REPLACE FUNCTION private.incident_row(i public.incidents)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
RETURN jsonb_build_object('id', (i).id, 'districtCode', (i).district_code, 'categoryCode', (i).category_code, 'areaCode', (i).area_code, 'departmentCode', (i).department_code, 'stage', (i).stage, 'onHold', (i).on_hold, 'severity', (i).severity, 'lon', (i).lon, 'lat', (i).lat, 'description', (i).description, 'addressLabel', (i).address_label, 'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'channel', (i).channel, 'version', (i).version, 'workflowCode', (i).workflow_code, 'state', (i).state, 'stateSince', (i).state_since, 'dueAt', (i).due_at, 'warnAt', (i).warn_at, 'pending', (i).pending, 'holdUntil', (i).hold_until, 'supervision', (i).supervision, 'replyBy', (i).reply_by, 'rework', (i).rework, 'reopened', (i).reopened, 'extensions', (i).extensions, 'selfHandled', (i).self_handled);

CREATE OR REPLACE FUNCTION private.control_on(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS SETOF public.filing_controls
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT f.code,
     f.area_code,
     f.category_code,
     f.weekdays,
     f.from_minute,
     f.to_minute,
     f.tip_zh,
     f.tip_en,
     f.is_active
    FROM ((public.filing_controls f
      CROSS JOIN public.city_settings city)
      CROSS JOIN LATERAL ( SELECT (control_on.p_at AT TIME ZONE city.time_zone) AS at) local)
   WHERE (f.is_active AND (EXTRACT(isodow FROM local.at) = ANY ((f.weekdays)::numeric[])) AND (((EXTRACT(hour FROM local.at) * (60)::numeric) + EXTRACT(minute FROM local.at)) >= (f.from_minute)::numeric) AND (((EXTRACT(hour FROM local.at) * (60)::numeric) + EXTRACT(minute FROM local.at)) < (f.to_minute)::numeric) AND ((f.category_code IS NULL) OR (EXISTS ( SELECT
            FROM public.categories own,
             public.categories c
           WHERE ((own.code = (control_on.p_incident).category_code) AND (c.code = f.category_code) AND private.is_within(own.path, c.path))))) AND ((f.area_code IS NULL) OR (EXISTS ( SELECT
            FROM public.areas own,
             public.areas a
           WHERE ((own.code = (control_on.p_incident).area_code) AND (a.code = f.area_code) AND private.is_within(own.path, a.path))))))
   ORDER BY f.code
  LIMIT 1;
END;

CREATE OR REPLACE FUNCTION private.failing_row_guards(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS text[]
 LANGUAGE sql
 STABLE
RETURN array_remove(ARRAY[CASE WHEN ((p_incident).reported_by = auth.uid()) THEN 'not_reporter'::text ELSE NULL::text END, CASE WHEN (p_incident).to_verify THEN 'verified'::text ELSE NULL::text END, CASE WHEN ((p_incident).department_code IS NULL) THEN 'has_department'::text ELSE NULL::text END, CASE WHEN ((p_incident).pending IS NOT NULL) THEN 'nothing_pending'::text ELSE NULL::text END, CASE WHEN ((p_incident).pending IS DISTINCT FROM 'extension'::text) THEN 'extension_pending'::text ELSE NULL::text END, CASE WHEN ((p_incident).pending IS DISTINCT FROM 'hold'::text) THEN 'hold_pending'::text ELSE NULL::text END, CASE WHEN (p_at > (p_incident).due_at) THEN 'in_time'::text ELSE NULL::text END, CASE WHEN ((p_incident).extensions > 0) THEN 'first_extension'::text ELSE NULL::text END, CASE WHEN (p_incident).was_held THEN 'never_held'::text ELSE NULL::text END, CASE WHEN (NOT (p_incident).on_hold) THEN 'held'::text ELSE NULL::text END, CASE WHEN ((p_incident).supervision IS NULL) THEN 'supervised'::text ELSE NULL::text END, CASE WHEN ((p_incident).supervision IS NOT NULL) THEN 'not_supervised'::text ELSE NULL::text END], NULL::text);

CREATE OR REPLACE FUNCTION private.failing_looks(p_incident public.incidents, p_guards text[], p_at timestamp with time zone)
 RETURNS TABLE(failing text[])
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT array_remove(ARRAY[
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
RETURN ARRAY['not_controlled'::text, 'extension_left'::text, 'not_of_department'::text, 'reopen_window'::text, 'has_milestones'::text];

CREATE OR REPLACE FUNCTION private.bar_of(p_effects text[], p_gate text, p_name text, p_on_hold boolean, p_passed text[])
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
RETURN CASE WHEN (p_on_hold AND (NOT (p_effects && '{resume,supervise,reply}'::text[]))) THEN 'not_held'::text WHEN ((p_gate IS NOT NULL) AND (p_name = ANY (p_passed))) THEN 'not_passed'::text ELSE NULL::text END;

CREATE OR REPLACE FUNCTION private.failing_guard(p_transition public.workflow_transitions, p_incident public.incidents, p_at timestamp with time zone)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_bar constant text := private.bar_of(p_transition.effects, p_transition.gate, p_transition.name,
    p_incident.on_hold, p_incident.passed);
  v_failing text[];
begin
  if v_bar is not null or p_transition.guards = '{}' then return v_bar; end if;
  v_failing := private.failing_row_guards(p_incident, p_at);
  if p_transition.guards && private.looking_guards() then
    v_failing := v_failing || (
      select f.failing from private.failing_looks(p_incident, p_transition.guards, p_at) f);
  end if;
  return (select g.guard from unnest(p_transition.guards) with ordinality g (guard, n)
    where g.guard = any (v_failing) order by g.n limit 1);
end $function$;

CREATE OR REPLACE FUNCTION private.refuse_transition(p_incident public.incidents, p_roles text[], p_name text, p_at timestamp with time zone, p_values jsonb DEFAULT NULL::jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_guard text;
  v_control public.filing_controls;
begin
  if not exists (select from public.workflow_transitions t
    where t.workflow = p_incident.workflow_code and t.name = p_name) then
    perform private.reject_command('unknown_transition', 'name');
  elsif not exists (select from public.workflow_transitions t
    where t.workflow = p_incident.workflow_code and t.name = p_name and t.from_state = p_incident.state) then
    perform private.reject_command('wrong_stage', 'name', p_incident.state);
  end if;
  select private.failing_guard(t, p_incident, p_at) into v_guard from public.workflow_transitions t
  where t.workflow = p_incident.workflow_code and t.name = p_name and t.from_state = p_incident.state
    and t.roles && p_roles
    and (p_values is null or t.choice_field is null or p_values ->> t.choice_field = t.choice_value)
  order by t.sort limit 1;
  if not found then
    perform private.reject_command('not_allowed', 'name');
  elsif v_guard = 'not_controlled' then
    select * into v_control from private.control_on(p_incident, p_at);
    raise exception 'not_now' using errcode = 'WG001', detail = jsonb_build_object('code', 'not_now',
      'field', 'name', 'detail', v_guard, 'tipZh', v_control.tip_zh, 'tipEn', v_control.tip_en)::text;
  end if;
  perform private.reject_command('not_now', 'name', v_guard);
end $function$;

CREATE OR REPLACE FUNCTION private.calendar_of(p_area text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select c.code
    from public.calendars c
    left join public.areas a on a.code = c.area_code
    where c.area_code is null
      or private.is_within((select own.path from public.areas own where own.code = p_area), a.path)
    order by length(a.path) desc nulls last limit 1);
end $function$;

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
           WHERE ((x.calendar = work_after.p_calendar) AND (x.before_seconds < (ceil((p.seconds + work_after.p_seconds)))::bigint))
           ORDER BY x.before_seconds DESC
          LIMIT 1) s)
   WHERE ((s.starts_at >= p.cover_starts_at) AND (s.ends_at <= p.cover_ends_at) AND ((p.seconds + work_after.p_seconds) <= ((s.before_seconds)::numeric + EXTRACT(epoch FROM (s.ends_at - s.starts_at)))));
END;

CREATE OR REPLACE FUNCTION private.wanted_clocks(p_incident public.incidents)
 RETURNS TABLE(kind text, milestone text, amount numeric, unit text, day_rule text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_incident.on_hold or not private.is_open(p_incident.stage) then return; end if;
  return query
  select w.*
  from public.workflow_stages s
  cross join lateral (
    select s.clock, null::text, l.amount, l.unit, l.day_rule
    from private.limit_for(p_incident.workflow_code, p_incident.condition_code, s.clock) l
    union all
    select 'milestone', m.code, m.amount, m.unit, m.day_rule
    from public.condition_milestones m
    where s.clock = 'handle' and m.condition = p_incident.condition_code) w
  where s.workflow = p_incident.workflow_code and s.code = p_incident.state;
end $function$;

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
  cross join lateral private.clock_times(x) t
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    and (x.is_reached or not private.is_open(p_incident.stage))
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq;
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
  v_ids constant uuid[] := array(
    select distinct c.incident_id from public.incident_clocks c
    where c.stopped_at is null and c.unit in ('work_hour', 'work_day')
      and (p_calendar is null or c.calendar = p_calendar) and (p_after is null or c.incident_id > p_after)
    order by c.incident_id limit p_batch);
  -- the clocks of a batch are one range of their index
  v_first constant uuid := v_ids[1];
  v_last constant uuid := v_ids[cardinality(v_ids)];
  v_result private.recomputed;
begin
  -- as commands do, so that none sees half of it
  perform from public.incidents i where i.id = any (v_ids) order by i.id for no key update;
  with places as materialized (
    select p.area_code, private.calendar_of(p.area_code) as calendar
    from (select distinct i.area_code from public.incidents i where i.id = any (v_ids)) p)
  update public.incident_clocks c set calendar = p.calendar
  from public.incidents i
  join places p on p.area_code = i.area_code
  where i.id = any (v_ids) and c.district_code = i.district_code and c.incident_id = i.id
    and c.incident_id between v_first and v_last
    and c.stopped_at is null and c.unit in ('work_hour', 'work_day') and c.calendar is distinct from p.calendar;
  update public.incident_clocks c
  set limit_seconds = n.limit_seconds, due_at = n.due_at, warn_at = n.warn_at
  from (
    select x.ctid as place, t.limit_seconds, t.due_at, t.warn_at
    from public.incident_clocks x
    cross join lateral private.clock_times(x) t
    where x.incident_id between v_first and v_last and x.stopped_at is null
      and x.unit in ('work_hour', 'work_day') and x.incident_id = any (v_ids)
      and (x.limit_seconds, x.due_at, x.warn_at) is distinct from (t.limit_seconds, t.due_at, t.warn_at)
    offset 0) n
  where c.ctid = n.place;
  with earliest as materialized (
    select i.ctid as place, i.district_code, i.id, i.due_at as before, c.due_at, c.warn_at
    from (
      select c.district_code, c.incident_id, min(c.due_at) as due_at, min(c.warn_at) as warn_at
      from public.incident_clocks c
      where c.incident_id between v_first and v_last and c.stopped_at is null and c.incident_id = any (v_ids)
      group by c.district_code, c.incident_id) c
    join public.incidents i on i.district_code = c.district_code and i.id = c.incident_id
    where (i.due_at, i.warn_at) is distinct from (c.due_at, c.warn_at)
  ), moved as (
    update public.incidents i set due_at = e.due_at, warn_at = e.warn_at
    from earliest e
    where i.ctid = e.place
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
  v_result.next := case when v_result.looked = p_batch then v_last end;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.verify_again()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update public.incidents i set to_verify = not i.to_verify
  where i.workflow_code = to_jsonb(new) ->> tg_argv[0] and i.stage = 'reported'
    and i.to_verify <> private.must_be_verified(i.workflow_code, i.state, i.channel);
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
      'i.stage = ''reported'' and i.to_verify and not i.on_hold'),
    ('to_file', '{grid_manager,admin}', false, 'i.stage = ''reported'' and not i.to_verify and not i.on_hold'),
    -- only reports wait for a verification: the index is asked for both values of its columns
    ('to_dispatch', '{grid_manager,admin}', false, 'i.stage = ''filed'' and not i.to_verify and not i.on_hold'),
    ('to_check', '{field_staff,grid_manager,admin}', false,
      'i.stage = ''handled'' and not i.to_verify and not i.on_hold'),
    ('mine', '{}', true, format('i.stage = ''dispatched'' and not i.on_hold and i.handler = %L::uuid', auth.uid())),
    ('returned_to_me', '{}', true, format('i.stage = ''dispatched'' and not i.on_hold and i.rework > 0
      and (i.handler = %L::uuid or i.handler is null)', auth.uid())),
    ('department', '{}', true, 'i.stage = ''dispatched'' and not i.on_hold'),
    ('escalated', '{grid_manager,leader,admin}', true, 'i.supervision is not null'),
    ('overdue', '{leader}', false,
      'private.is_open(i.stage) and not i.on_hold and coalesce(i.due_at, ''infinity'') < now()'),
    ('requests', '{grid_manager,leader,admin}', false, 'i.pending is not null'),
    ('holds', '{grid_manager,leader,admin}', false, 'i.on_hold and private.is_open(i.stage)'),
    ('open', '{field_staff,grid_manager,leader,admin}', true, 'private.is_open(i.stage) and not i.on_hold')
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
  return format('i.area_code = any (%L::text[])', private.scope_area_codes(p_roles));
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
        when 1 then format('i.department_code = %L', v_departments[1])
        else format('i.department_code = any (%L::text[])', v_departments) end;
    end if;
    continue when v_where = '{}';
    queue := v_rule.queue;
    parts := array[format('%s and (%s)', v_rule.condition, array_to_string(v_where, ' or '))];
    if 'field_staff' = any (v_roles) and 'field_staff' = any (v_rule.area_roles) then
      parts := array[parts[1] || format(' and i.assignee = %L::uuid', v_user),
        parts[1] || format(' and i.assignee is distinct from %L::uuid', v_user)];
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
    select coalesce(jsonb_agg(private.incident_row(i) || jsonb_build_object(
      'handler', i.handler, 'handlerName', handler.display_name,
      'assignee', i.assignee, 'assigneeName', assignee.display_name, 'steps', k.steps) order by r.n), '[]')
    from kinds k
    cross join lateral unnest(k.rows) r (n)
    join public.incidents i on i.district_code = p_districts[r.n] and i.id = p_ids[r.n]
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
      select coalesce(array_agg(r.district_code), '{}') as districts, coalesce(array_agg(r.id), '{}') as ids,
        coalesce(array_agg(r.due), '{}') as dues
      from (
        select i.district_code, i.id, coalesce(i.due_at, 'infinity') as due from public.incidents i
        where %s and %s and (coalesce(i.due_at, 'infinity'), i.id) > ($1, $2)
        order by coalesce(i.due_at, 'infinity'), i.id limit $3) r $q$, v_parts[v_part], v_filter)
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

CREATE INDEX incidents_queue_area_idx ON public.incidents USING btree (area_code, stage, to_verify) WHERE ((stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])) AND (NOT on_hold));

CREATE INDEX incidents_queue_idx ON public.incidents USING btree (stage, to_verify, COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE ((stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])) AND (NOT on_hold));

CREATE INDEX incidents_held_idx ON public.incidents USING btree (COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE (on_hold AND (stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])));

CREATE INDEX incidents_queue_rework_idx ON public.incidents USING btree (department_code, COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE ((stage = 'dispatched'::text) AND (NOT on_hold) AND (rework > 0));

CREATE TRIGGER verify_again AFTER UPDATE OF clock ON public.workflow_stages FOR EACH ROW EXECUTE FUNCTION private.verify_again('workflow');

CREATE TRIGGER verify_again AFTER UPDATE OF trusted_channels ON public.workflows FOR EACH ROW EXECUTE FUNCTION private.verify_again('code');

-- not a change that anybody sees: the version stays
alter table public.incidents disable trigger mark_incident_change;
update public.incidents i set to_verify = true
where i.stage = 'reported' and private.must_be_verified(i.workflow_code, i.state, i.channel);
alter table public.incidents enable trigger mark_incident_change;
