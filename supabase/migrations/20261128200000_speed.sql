drop function private.rights_on(public.incidents,timestamp with time zone);

drop function private.lock_incident(jsonb,timestamp with time zone);

alter table public.incidents add column lateness smallint;

alter table public.incident_work add column due_calendar text;

CREATE OR REPLACE FUNCTION private.has_right(p_may text, p_at timestamp with time zone DEFAULT now())
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return exists (
    select 1 from public.memberships m
    join private.role_rights r on r.role = m.role and r.may = p_may
    where m.user_id = auth.uid() and private.is_valid(m.valid_from, m.valid_to, p_at));
end $function$;

CREATE OR REPLACE FUNCTION private.rights_on(p_incident public.incidents, p_at timestamp with time zone DEFAULT now(), p_to_act boolean DEFAULT false)
 RETURNS private.incident_rights
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_rights private.incident_rights;
  v_handles boolean;
  -- in any area
  v_all_roles text[];
  v_may text[];
  v_may_anywhere text[];
begin
  select coalesce(array_agg(distinct m.role)
      filter (where m.role <> 'handler' and private.is_within(own.path, a.path)), '{}'),
    coalesce(bool_or(m.role = 'handler' and m.department_code = p_incident.department_code), false),
    coalesce(array_agg(distinct m.role), '{}')
  into v_rights.roles, v_handles, v_all_roles
  from public.memberships m
  left join public.areas a on a.code = m.area_code
  left join public.areas own on own.code = p_incident.area_code
  where m.user_id = auth.uid() and private.is_valid(m.valid_from, m.valid_to, p_at);
  v_rights.is_reporter := coalesce(p_incident.reported_by = auth.uid(), false);
  v_rights.sees := v_rights.is_reporter or v_rights.roles <> '{}' or v_handles;
  v_rights.acts_as := v_rights.roles || case when v_handles then '{handler}'::text[] else '{}' end;
  if p_to_act and not v_rights.is_reporter then return v_rights; end if;
  select coalesce(array_agg(r.may) filter (where r.role = any (v_all_roles)), '{}'),
    coalesce(array_agg(r.may) filter (where r.role = any (v_rights.roles)
      -- a report gives its reporter no right that none of their roles gives any more
      or r.role = 'reporter' and v_rights.is_reporter and exists (
        select from private.role_rights o where o.may = r.may and o.role = any (v_all_roles))), '{}')
  into v_may_anywhere, v_may
  from private.role_rights r;
  v_rights.may_note := 'note' = any (v_may) or v_rights.sees and 'note' = any (v_may_anywhere);
  v_rights.may_ask := 'ask' = any (v_may);
  v_rights.may_correct := 'correct' = any (v_may);
  if v_rights.is_reporter and 'note' = any (v_may_anywhere) then
    v_rights.acts_as := v_rights.acts_as || '{reporter}'::text[];
  end if;
  return v_rights;
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
  -- a new one has no clocks
  new.lateness := case when tg_op = 'UPDATE' and not private.is_open(new.stage) then private.lateness_of(new) end;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION private.refuse_unknown_fields(p_payload jsonb, p_known text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_unknown text;
begin
  if p_payload - p_known = '{}' then return; end if;
  select min(key) into v_unknown from jsonb_object_keys(p_payload - p_known) as key;
  perform private.reject_command('unknown_field', left(v_unknown, 60));
end $function$;

CREATE OR REPLACE FUNCTION private.store_photos(p_brought private.brought_photos[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into public.incident_photos (district_code, incident_id, hash, owner, media_type, bytes,
    width, height, taken_at, lon, lat, seq_in_log, command_id, at)
  select b.district_code, b.incident_id, p.hash, b.owner, p."mediaType", p.bytes,
    p.width, p.height, p."takenAt", p.lon, p.lat, b.seq, b.command_id, b.at
  from unnest(p_brought) b
  cross join lateral jsonb_to_recordset(b.photos) as p (hash text, "mediaType" text, bytes integer,
    width integer, height integer, "takenAt" timestamptz, lon double precision, lat double precision)
  on conflict do nothing;
end $function$;

CREATE OR REPLACE FUNCTION private.lock_incident(p_payload jsonb, p_at timestamp with time zone, p_to_act boolean DEFAULT false)
 RETURNS private.locked_incident
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id uuid := private.payload_uuid(p_payload, 'incidentId');
  v_locked private.locked_incident;
begin
  -- the collation keeps a database without statistics from reading the whole primary key
  select i as incident into v_locked.incident from public.incidents i where i.id = v_id
  order by i.district_code collate "C" limit 1 for no key update;
  if found then
    v_locked.rights := private.rights_on(v_locked.incident, p_at, p_to_act);
  end if;
  if (v_locked.rights).sees is not true then
    perform private.reject_command('unknown_incident', 'incidentId');
  end if;
  return v_locked;
end $function$;

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
  v_record.photo_hashes := '{}';
  if jsonb_typeof(v_result -> 'photos') = 'array' and v_result -> 'photos' <> '[]' then
    v_record.photo_hashes := array(select jsonb_array_elements_text(v_result -> 'photos'));
  end if;
  v_judged.record := v_record;
  return v_judged;
end $function$;

CREATE OR REPLACE FUNCTION private.apply_commands(p_commands json)
 RETURNS jsonb
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  return private.apply_commands_at(p_commands, clock_timestamp(), false);
end $function$;

CREATE OR REPLACE FUNCTION public.apply_commands(p_commands json)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$ begin return private.apply_commands(p_commands); end $function$;

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
  if not p_transition.guards && v_failing then return null; end if;
  return (select g.guard from unnest(p_transition.guards) with ordinality g (guard, n)
    where g.guard = any (v_failing) order by g.n limit 1);
end $function$;

CREATE OR REPLACE FUNCTION private.after_transition(p_incident public.incidents, p_transition public.workflow_transitions, p_values jsonb, p_at timestamp with time zone)
 RETURNS public.incidents
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_new public.incidents := private.with_fields(p_incident, p_values);
  v_effect text;
  v_to text := p_transition.to_state;
begin
  foreach v_effect in array p_transition.effects loop
    v_new := private.with_effect(v_new, v_effect, p_values);
  end loop;
  if p_transition.gate is not null then
    v_new.passed := v_new.passed || p_transition.name;
    if exists (select from public.workflow_transitions t
      where t.workflow = p_incident.workflow_code and t.from_state = p_incident.state
        and t.gate = p_transition.gate and t.name <> all (v_new.passed)) then
      v_to := null;
    end if;
  end if;
  if v_to is null then return v_new; end if;
  v_new.state := v_to;
  v_new.state_since := p_at;
  v_new.passed := '{}';
  v_new.pending := null;
  v_new.pending_until := null;
  if v_new.assignee is not distinct from p_incident.assignee then v_new.assignee := null; end if;
  if v_to is distinct from p_incident.state and v_new.handler is not distinct from p_incident.handler
    and p_transition.name = 'return' then
    v_new.handler := null;
  end if;
  if v_to <> p_incident.state then
    select s.stage into v_new.stage from public.workflow_stages s
    where s.workflow = v_new.workflow_code and s.code = v_to;
  end if;
  v_new.closed_at := case when v_new.stage <> 'closed' then null
    when p_incident.stage = 'closed' then p_incident.closed_at
    else greatest(p_at, p_incident.reported_at) end;
  -- a demand ends with the case
  if not private.is_open(v_new.stage) then
    v_new.supervision := null;
    v_new.reply_by := null;
  end if;
  return v_new;
end $function$;

CREATE OR REPLACE FUNCTION private.read_transition(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS private.step
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_name constant text := private.payload_text(p_payload, 'name', true, 40);
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 1, 2147483647);
  v_device_at constant timestamptz := private.payload_instant(p_payload, 'deviceAt');
  v_locked constant private.locked_incident := private.lock_incident(p_payload, p_at, true);
  v_incident constant public.incidents := v_locked.incident;
  v_roles constant text[] := (v_locked.rights).acts_as;
  v_open public.workflow_transitions[];
  v_transition public.workflow_transitions;
  v_is_open boolean := false;
  v_field public.workflow_fields;
  v_values jsonb := '{}';
  v_photos jsonb := '[]';
  v_known text[] := '{incidentId,baseVersion,name,deviceAt}';
  v_new public.incidents;
  v_step private.step;
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
  v_new := private.after_transition(v_incident, v_transition, v_values, p_at);
  v_step.before := v_incident;
  v_step.after := v_new;
  v_step.effects := v_transition.effects;
  v_step.fields := v_values;
  v_step.data := private.log_data(v_device_at, p_at, v_photos, jsonb_build_object('name', v_name,
    'from', v_incident.state, 'to', v_new.state) || jsonb_strip_nulls(v_values - 'note'));
  v_step.photos := v_photos;
  v_step.actor := p_actor;
  v_step.command_id := p_command;
  v_step.at := p_at;
  v_step.stands_alone := coalesce(v_values -> 'into', 'null') <> 'null'
    -- what is filed after it in the same call may be a repeat of it, or not any more
    or private.is_open(v_incident.stage) <> private.is_open(v_new.stage);
  return v_step;
end $function$;

CREATE OR REPLACE FUNCTION private.turn_clocks(p_turns private.clock_turn[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_count integer;
begin
  with turns as materialized (
    select t.n, (t.incident).district_code, (t.incident).id as incident_id, (t.incident).area_code,
      (t.incident).department_code, private.is_open((t.incident).stage) as is_open,
      date_trunc('minute', t.at) as at, 'grant_extension' = any (t.effects) as is_extended,
      case when 'milestone' = any (t.effects) then t.milestone end as reached,
      array(select w from private.wanted_clocks(t.incident) w) as wanted
    from unnest(p_turns) with ordinality as t (incident, effects, milestone, at, n)
  ), standing as (
    select t.n, t.at, t.is_open, t.is_extended, r.is_reached, own.clock,
      not r.is_reached and c.department_code is not distinct from t.department_code and exists (
        select from unnest(t.wanted) w
        where w.kind = c.kind and w.milestone is not distinct from c.milestone) as runs
    from turns t
    cross join lateral (
      select k as clock from public.incident_clocks k
      where k.district_code = t.district_code and k.incident_id = t.incident_id
      offset 0) own
    cross join lateral (select (own.clock).*) c
    cross join lateral (
      select c.is_reached or c.stopped_at is null and coalesce(c.milestone = t.reached, false) as is_reached
      offset 0) r
  ), turned as materialized (
    select s.n, false as is_new, (c.district_code, c.incident_id, c.seq, c.kind, c.milestone, c.department_code,
      c.calendar, c.amount, c.unit, c.day_rule,
      c.extensions + (s.runs and s.is_extended and c.kind <> 'milestone')::integer,
      c.started_at,
      case when c.running_since is null or s.runs then c.runs
        else c.runs + tstzmultirange(tstzrange(c.running_since, greatest(s.at, c.running_since))) end,
      case when s.runs then coalesce(c.running_since, s.at) end,
      null, null, null,
      case when s.runs then null
        when c.stopped_at is null and (s.is_reached or not s.is_open) then s.at else c.stopped_at end,
      null, s.is_reached)::public.incident_clocks as clock
    from standing s
    cross join lateral (select (s.clock).*) c
    -- one that rested before has its times
    where s.runs or c.stopped_at is null and (c.used_seconds is null or s.is_reached or not s.is_open)
    union all
    select t.n, true, (t.district_code, t.incident_id, w.seq + (
        select coalesce(max(c.seq), 0) from public.incident_clocks c
        where c.district_code = t.district_code and c.incident_id = t.incident_id),
      w.kind, w.milestone, t.department_code,
      case when not private.is_round_the_clock(w.unit) then private.calendar_of(t.area_code) end,
      w.amount, w.unit, w.day_rule, (t.is_extended and w.kind <> 'milestone')::integer,
      t.at, '{}', t.at, null, null, null, null, null, false)::public.incident_clocks
    from turns t
    cross join lateral (
      select w.*, row_number() over (order by w.kind, w.milestone) as seq
      from unnest(t.wanted) w
      where not exists (
        select from public.incident_clocks c
        where c.district_code = t.district_code and c.incident_id = t.incident_id
          and c.kind = w.kind and c.milestone is not distinct from w.milestone
          and (c.is_reached or c.stopped_at is null and c.milestone = t.reached
            or c.department_code is not distinct from t.department_code))) w
  ), alike as materialized (
    -- clocks that are alike are computed once
    select k.is_new, (k.clock).calendar, (k.clock).amount, (k.clock).extensions, (k.clock).unit,
      (k.clock).day_rule, (k.clock).started_at, (k.clock).runs, (k.clock).running_since,
      array_agg(k.clock) as clocks
    from turned k
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  ), timed as materialized (
    select a.is_new, x.district_code, x.incident_id, x.seq, x.kind, x.milestone, x.department_code,
      a.calendar, a.amount, a.unit, a.day_rule, a.extensions, a.started_at, a.runs, a.running_since,
      t.limit_seconds, t.due_at, t.warn_at, x.stopped_at,
      case when a.running_since is null then t.used_seconds end as used_seconds, x.is_reached
    from alike a
    cross join lateral private.clock_times(a.calendar, a.amount * (1 + a.extensions), a.unit, a.day_rule,
      a.started_at, a.runs, a.running_since) t
    cross join lateral unnest(a.clocks) x
  ), changed as (
    update public.incident_clocks c
    set extensions = k.extensions, runs = k.runs, running_since = k.running_since,
      limit_seconds = k.limit_seconds, due_at = k.due_at, warn_at = k.warn_at, stopped_at = k.stopped_at,
      used_seconds = k.used_seconds, is_reached = k.is_reached
    from timed k
    where not k.is_new and c.district_code = k.district_code and c.incident_id = k.incident_id and c.seq = k.seq
      and (c.extensions, c.runs, c.running_since, c.limit_seconds, c.due_at, c.warn_at, c.stopped_at,
        c.used_seconds, c.is_reached)
      is distinct from (k.extensions, k.runs, k.running_since, k.limit_seconds, k.due_at, k.warn_at,
        k.stopped_at, k.used_seconds, k.is_reached)
  ), started as (
    insert into public.incident_clocks (district_code, incident_id, seq, kind, milestone, department_code,
      calendar, amount, unit, day_rule, extensions, started_at, running_since, limit_seconds, due_at, warn_at)
    select k.district_code, k.incident_id, k.seq, k.kind, k.milestone, k.department_code,
      k.calendar, k.amount, k.unit, k.day_rule, k.extensions, k.started_at, k.running_since, k.limit_seconds,
      k.due_at, k.warn_at
    from timed k where k.is_new
  )
  select count(*) into v_count from timed;
end $function$;

CREATE OR REPLACE FUNCTION private.clock_lateness(p_due_at timestamp with time zone, p_used_seconds numeric, p_limit_seconds numeric, p_at timestamp with time zone)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN ((p_due_at < p_at) OR (p_used_seconds > p_limit_seconds)) THEN 2 WHEN ((p_due_at IS NULL) AND ((p_used_seconds IS NULL) OR (p_limit_seconds IS NULL))) THEN 1 ELSE 0 END;

CREATE OR REPLACE FUNCTION private.lateness_of(p_incident public.incidents)
 RETURNS smallint
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select case when count(*) > 0 then
      coalesce(max(k.late) filter (where c.kind = 'verify'), 3)
      | (coalesce(max(k.late) filter (where c.kind in ('accept', 'file')), 3) << 2)
      | (coalesce(max(k.late) filter (where c.kind = 'dispatch'), 3) << 4)
      | (coalesce(max(k.late) filter (where c.kind = 'handle'), 3) << 6)
      | (coalesce(max(k.late) filter (where c.kind = 'check'), 3) << 8)
      | (max(k.late) << 10)
      | (coalesce(max(c.seq) filter (where c.kind = 'verify') < max(c.seq), false)::integer << 12) end
    from public.incident_clocks c
    cross join lateral (
      select private.clock_lateness(c.due_at, c.used_seconds, c.limit_seconds, null) as late) k
    where c.district_code = p_incident.district_code and c.incident_id = p_incident.id and c.kind <> 'milestone'
      -- a department that gave it back no longer has it to handle
      and (c.kind <> 'handle' or c.department_code is not distinct from p_incident.department_code));
end $function$;

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
    select w.ctid as place, w.district_code, w.incident_id, w.due_at as before, c.due_at, c.warn_at, c.due_calendar
    from (
      select c.district_code, c.incident_id, min(c.due_at) as due_at, min(c.warn_at) as warn_at,
        (array_agg(c.calendar order by c.due_at, c.seq))[1] as due_calendar
      from public.incident_clocks c
      where c.incident_id between v_first and v_last and c.stopped_at is null and c.incident_id = any (v_ids)
      group by c.district_code, c.incident_id) c
    join public.incident_work w on w.district_code = c.district_code and w.incident_id = c.incident_id
    where (w.due_at, w.warn_at, w.due_calendar) is distinct from (c.due_at, c.warn_at, c.due_calendar)
  ), moved as (
    update public.incident_work w
    set due_at = e.due_at, warn_at = e.warn_at, due_calendar = e.due_calendar, changed_xid = pg_current_xact_id()::text::bigint
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
    department_code, reported_by, stage, on_hold, to_verify, handler, assignee, rework, pending, supervision, changed_xid,
    due_calendar)
  select new.district_code, new.id, min(c.due_at), min(c.warn_at), new.month, new.area_code, new.department_code,
    new.reported_by, new.stage, new.on_hold, new.to_verify, new.handler, new.assignee, new.rework, new.pending,
    new.supervision, new.changed_xid, (array_agg(c.calendar order by c.due_at, c.seq))[1]
  from public.incident_clocks c
  where c.district_code = new.district_code and c.incident_id = new.id and c.running_since is not null
  on conflict (district_code, incident_id) do update set due_at = excluded.due_at, warn_at = excluded.warn_at,
    month = excluded.month, area_code = excluded.area_code, department_code = excluded.department_code,
    reported_by = excluded.reported_by, stage = excluded.stage, on_hold = excluded.on_hold,
    to_verify = excluded.to_verify, handler = excluded.handler, assignee = excluded.assignee,
    rework = excluded.rework, pending = excluded.pending, supervision = excluded.supervision,
    changed_xid = excluded.changed_xid, due_calendar = excluded.due_calendar;
  return null;
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
      'dueUnknown', case when w.due_at is null then private.due_unknown(i) end,
      'dueCalendar', case when w.due_at is not null then w.due_calendar end, 'steps', k.steps) order by r.n), '[]')
    from kinds k
    cross join lateral unnest(k.rows) r (n)
    join public.incidents i on i.district_code = p_districts[r.n] and i.id = p_ids[r.n]
    left join public.incident_work w on w.district_code = i.district_code and w.incident_id = i.id
    left join public.profiles handler on handler.user_id = i.handler
    left join public.profiles assignee on assignee.user_id = i.assignee);
end $function$;

CREATE OR REPLACE FUNCTION private.page_spans(p_rows jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    select coalesce(jsonb_object_agg(r.calendar, jsonb_build_object('from', r.starts_at, 'until', r.ends_at,
      'spans', (
        select coalesce(jsonb_agg(jsonb_build_array(s.starts_at, s.ends_at) order by s.starts_at), '[]')
        from private.calendar_spans s
        where s.calendar = r.calendar and s.ends_at > r.starts_at and s.starts_at < r.ends_at
          and s.starts_at >= coalesce((
            select max(b.starts_at) from private.calendar_spans b
            where b.calendar = r.calendar and b.starts_at <= r.starts_at), r.starts_at)))), '{}')
    from (
      select x.line ->> 'dueCalendar' as calendar,
        greatest(least(min(d.due), p_at), p_at - interval '1 year') as starts_at,
        least(greatest(max(d.due), p_at + interval '12 hours'), p_at + interval '1 year') as ends_at
      from jsonb_array_elements(p_rows) x (line)
      cross join lateral (select (x.line ->> 'dueAt')::timestamptz as due) d
      where x.line ->> 'dueCalendar' is not null
      group by 1) r
    -- a year that is not known has no working time, and is not free
    where exists (
      select from private.calendar_covers c
      where c.calendar = r.calendar and c.starts_at <= r.starts_at and c.ends_at >= r.ends_at));
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
  v_rows jsonb;
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
  v_rows := private.queue_rows(v_districts[1:v_limit], v_ids[1:v_limit], now());
  return jsonb_build_object('asOf', now(), 'rows', v_rows, 'workSpans', private.page_spans(v_rows, now()),
    'next', case when cardinality(v_ids) > v_limit then jsonb_build_object('queue', p_queue,
      'part', v_part_of[v_limit], 'due', v_dues[v_limit], 'id', v_ids[v_limit]) end);
end $function$;

CREATE OR REPLACE FUNCTION private.verdict_query(p_scope private.incident_scope, p_filter private.incident_filter, p_month text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format($q$
    with clocked as (
      select %3$s as month, i.stage, i.on_hold, i.department_code, i.rework > 0 as is_rework,
        i.extensions > 0 as is_extended, i.is_repeat, i.workflow_code, i.channel,
        nullif(i.lateness & 3, 3) as verifying, nullif(i.lateness >> 2 & 3, 3) as filing,
        nullif(i.lateness >> 4 & 3, 3) as dispatch, nullif(i.lateness >> 6 & 3, 3) as handling,
        nullif(i.lateness >> 8 & 3, 3) as checking, i.lateness >> 10 & 3 as closing, null::integer as now,
        i.lateness >> 12 & 1 = 1 as is_verified, false as is_checked_now
      from public.incidents i
      where i.lateness is not null and %1$s and %2$s
        -- a granted appeal of its newest closing
        and not exists (select from public.appeals x
          where x.district_code = i.district_code and x.incident_id = i.id and x.is_granted
            and x.closing = private.closing_of(i.district_code, i.id))
      union all
      select %3$s as month, i.stage, i.on_hold, i.department_code, i.rework > 0 as is_rework, i.extensions > 0 as is_extended,
        i.is_repeat, i.workflow_code, i.channel,
        max(k.late) filter (where c.kind = 'verify') as verifying,
        max(k.late) filter (where c.kind in ('accept', 'file')) as filing,
        max(k.late) filter (where c.kind = 'dispatch') as dispatch,
        max(k.late) filter (where c.kind = 'handle') as handling,
        max(k.late) filter (where c.kind = 'check') as checking,
        max(k.late) as closing,
        max(k.late) filter (where c.running_since is not null) as now,
        max(c.seq) filter (where c.kind = 'verify') < max(c.seq) as is_verified,
        coalesce(bool_or(c.running_since is not null) filter (where c.kind = 'check'), false) as is_checked_now
      from public.incidents i
      join public.incident_clocks c on c.district_code = i.district_code and c.incident_id = i.id
      cross join lateral (
        select private.clock_lateness(c.due_at, c.used_seconds, c.limit_seconds, $1) as late) k
      -- a department that gave it back no longer has it to handle
      where c.kind <> 'milestone' and (c.kind <> 'handle' or c.department_code is not distinct from i.department_code)
        and private.is_open(i.stage) and %1$s and %2$s
      group by i.district_code, i.id
    ), alike as (
      -- there are few kinds: each is judged once
      select k.*, count(*) as n from clocked k
      group by k.month, k.stage, k.on_hold, k.department_code, k.is_rework, k.is_extended, k.is_repeat,
        k.workflow_code, k.channel, k.verifying, k.filing, k.dispatch, k.handling, k.checking, k.closing, k.now,
        k.is_verified, k.is_checked_now
    ), judged as (
      select k.*, private.is_open(k.stage) as is_open, k.stage = 'rejected' as is_rejected,
        k.stage in ('filed', 'dispatched', 'handled', 'closed') as is_filed,
        private.stage_verdict(k.verifying, k.is_verified,
          k.is_verified or private.is_open(k.stage)) as verifying_verdict,
        private.stage_verdict(k.filing, k.stage in ('filed', 'dispatched', 'handled', 'closed'),
          private.is_counted(k.stage)) as filing_verdict,
        private.stage_verdict(k.dispatch, k.stage in ('dispatched', 'handled', 'closed'),
          private.is_counted(k.stage)) as dispatch_verdict,
        private.stage_verdict(k.handling, k.stage in ('handled', 'closed'),
          private.is_counted(k.stage)) as handling_verdict,
        private.stage_verdict(k.checking, not k.is_checked_now, private.is_counted(k.stage)) as checking_verdict,
        private.stage_verdict(case when k.stage = 'closed' then k.closing else k.now end, k.stage = 'closed',
          private.is_counted(k.stage)) as closing_verdict
      from alike k
    )
    select j.on_hold, j.department_code, j.is_open, j.is_filed, j.is_rejected, j.is_rework, j.is_extended,
      j.verifying_verdict as verifying, j.filing_verdict as filing, j.dispatch_verdict as dispatch,
      j.handling_verdict as handling, j.checking_verdict as checking, j.closing_verdict as closing,
      j.channel <> all (coalesce(w.trusted_channels, '{app}')) as is_public,
      j.is_filed and j.is_repeat as is_repeat, j.month,
      sum(j.n)::bigint as n
    from judged j
    join public.workflows w on w.code = j.workflow_code
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    $q$,
    private.scope_condition(p_scope, 'i'), private.filter_condition(p_filter), coalesce(p_month, 'null::date'))
$function$;

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
  v_lines jsonb;
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
  v_lines := private.queue_rows(v_districts[1:v_limit], v_ids[1:v_limit], now());
  return jsonb_build_object('asOf', now(), 'more', coalesce(cardinality(v_ids) > v_limit, false),
    'workSpans', private.page_spans(v_lines, now()), 'rows', (
    select coalesce(jsonb_agg(r.line || jsonb_build_object('description', left(i.description, 200),
      'steps', own.steps, 'isAsked', coalesce(i.assignee = v_user, false),
      'photo', private.field_row(i, v_user) -> 'photo') order by r.n), '[]')
    from jsonb_array_elements(v_lines) with ordinality r (line, n)
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

CREATE OR REPLACE FUNCTION private.rates_at(p_filter jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '64MB'
 SET enable_mergejoin TO 'off'
 SET enable_sort TO 'off'
AS $function$
declare
  v_result jsonb;
begin
  execute format($q$
    with verdicts as materialized (%s), v as (
      select * from verdicts where not on_hold
    )
    select jsonb_build_object('asOf', $1,
      'counted', (select coalesce(sum(n), 0) from v),
      'held', (select coalesce(sum(n), 0) from verdicts where on_hold),
      'rates', (select jsonb_agg(jsonb_build_object('rate', r.rate, 'numerator', r.numerator,
          'denominator', r.denominator) order by r.ordinality)
        from (select %s from v) sums
        cross join lateral unnest($2, sums.numerators, sums.denominators) with ordinality
          as r (rate, numerator, denominator, ordinality)),
      'stages', (select coalesce(jsonb_agg(jsonb_build_object('stage', s.stage, 'inTime', s.in_time,
          'overdue', s.overdue, 'running', s.running) order by s.n), '[]')
        from (
          select x.stage, x.n, coalesce(sum(v.n) filter (where x.verdict = 'in_time'), 0) as in_time,
            coalesce(sum(v.n) filter (where x.verdict in ('late', 'overdue')), 0) as overdue,
            coalesce(sum(v.n) filter (where x.verdict = 'running'), 0) as running
          from v cross join lateral (values (1, 'verifying', v.verifying), (2, 'filing', v.filing),
            (3, 'dispatch', v.dispatch), (4, 'handling', v.handling), (5, 'checking', v.checking),
            (6, 'closing', v.closing)) as x (n, stage, verdict)
          group by x.stage, x.n) s),
      'departments', (select coalesce(jsonb_agg(jsonb_build_object('departmentCode', d.department_code,
          'numerator', d.in_time, 'denominator', d.due) order by d.due desc, d.department_code), '[]')
        from (
          select v.department_code, coalesce(sum(v.n) filter (where %s), 0) as in_time, sum(v.n) as due
          from v where v.department_code is not null and %s group by v.department_code) d))
    $q$,
    private.verdict_query(private.resolve_scope(), private.parse_filter(p_filter), null),
    (select format('array[%s] as numerators, array[%s] as denominators',
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.counted), ', ' order by r.ordinality),
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.due), ', ' order by r.ordinality))
      from private.rate_rules() with ordinality r),
    (select r.counted from private.rate_rules() r where r.rate = 'handling_in_time'),
    (select r.due from private.rate_rules() r where r.rate = 'handling_in_time'))
  into v_result using p_at, array(select r.rate from private.rate_rules() r);
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.monthly_rates_at(p_filter jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '64MB'
 SET enable_mergejoin TO 'off'
 SET enable_sort TO 'off'
AS $function$
declare
  v_rates constant text[] := '{filing_in_time,dispatch_in_time,handling_in_time,checking_in_time,closing_in_time,rework}';
  v_result jsonb;
begin
  execute format($q$
    with v as (
      select * from (%s) verdicts where not on_hold
    )
    select jsonb_build_object('asOf', $1, 'months', coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m.month, 'YYYY-MM'), 'rates', (
        select jsonb_agg(jsonb_build_object('rate', r.rate, 'numerator', r.numerator, 'denominator', r.denominator)
          order by r.ordinality)
        from unnest($2, m.numerators, m.denominators) with ordinality
          as r (rate, numerator, denominator, ordinality))) order by m.month), '[]'))
    from (select v.month, %s from v group by v.month) m
    $q$,
    private.verdict_query(private.resolve_scope(), private.parse_filter(p_filter), 'i.month'),
    (select format('array[%s] as numerators, array[%s] as denominators',
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.counted), ', ' order by w.n),
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.due), ', ' order by w.n))
      from unnest(v_rates) with ordinality w (rate, n)
      join private.rate_rules() r on r.rate = w.rate))
  into v_result using p_at, v_rates;
  return v_result;
end $function$;

update public.incident_work w set due_calendar = (
  select c.calendar from public.incident_clocks c
  where c.district_code = w.district_code and c.incident_id = w.incident_id and c.running_since is not null
  order by c.due_at, c.seq limit 1);

-- neither version nor changed_xid: nobody sees a change
alter table public.incidents disable trigger user;
do $$
declare
  v_indexes text[] := '{}';
  v_index record;
begin
  -- each row written anew goes into every index: for many rows it takes less to make the indexes again
  if (select count(*) from (select from public.incident_clocks c
      join public.incidents i on i.district_code = c.district_code and i.id = c.incident_id
      where c.seq = 1 and not private.is_open(i.stage) limit 20000) many) = 20000 then
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
  -- as private.lateness_of, for all at once
  update public.incidents i set lateness = o.lateness
  from (
    select c.district_code, c.incident_id, coalesce(max(k.late) filter (where c.kind = 'verify'), 3)
      | (coalesce(max(k.late) filter (where c.kind in ('accept', 'file')), 3) << 2)
      | (coalesce(max(k.late) filter (where c.kind = 'dispatch'), 3) << 4)
      | (coalesce(max(k.late) filter (where c.kind = 'handle'), 3) << 6)
      | (coalesce(max(k.late) filter (where c.kind = 'check'), 3) << 8)
      | (max(k.late) << 10)
      | (coalesce(max(c.seq) filter (where c.kind = 'verify') < max(c.seq), false)::integer << 12) as lateness
    from public.incident_clocks c
    join public.incidents of on of.district_code = c.district_code and of.id = c.incident_id
    cross join lateral (
      select private.clock_lateness(c.due_at, c.used_seconds, c.limit_seconds, null) as late) k
    where c.kind <> 'milestone' and not private.is_open(of.stage)
      and (c.kind <> 'handle' or c.department_code is not distinct from of.department_code)
    group by c.district_code, c.incident_id
  ) o
  where i.district_code = o.district_code and i.id = o.incident_id;
  for v_index in select unnest(v_indexes) as made loop
    execute v_index.made;
  end loop;
end $$;
alter table public.incidents enable trigger user;
