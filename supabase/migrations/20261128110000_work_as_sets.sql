drop function private.rest_clocks(public.incidents,timestamp with time zone);

drop function private.run_clocks(public.incidents,timestamp with time zone);

drop function private.store_reports_singly(private.judged_command[]);

drop function private.take_transition(uuid,uuid,jsonb,timestamp with time zone);

drop function private.time_clocks(public.incidents);

drop function private.lock_incident(jsonb,timestamp with time zone);

drop function private.wanted_clocks(public.incidents);

drop function private.turn_clocks(public.incidents,public.incidents,text[],jsonb,timestamp with time zone);

drop function private.verdict_query(private.incident_scope,private.incident_filter);

alter type private.incident_filter add attribute due_none boolean;

create type private.step as (
  before public.incidents, after public.incidents, effects text[], fields jsonb, data jsonb, photos jsonb,
  actor uuid, command_id uuid, at timestamptz,
  -- other incidents count in it or change with it
  stands_alone boolean
);

create type private.locked_incident as (incident public.incidents, rights private.incident_rights);

create type private.log_entry as (district_code text, incident_id uuid, actor uuid, command_id uuid,
  at timestamptz, kind text, stage_from text, stage_to text, note text, data jsonb, photos jsonb);

create type private.wanted_clock as (kind text, milestone text, amount numeric, unit text, day_rule text);

create type private.clock_turn as (
  incident public.incidents, effects text[], milestone text, at timestamptz);

alter type private.judged_command add attribute step private.step, add attribute incident uuid;

CREATE OR REPLACE FUNCTION private.rights_on(p_incident public.incidents, p_at timestamp with time zone DEFAULT now())
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
  v_rights.acts_as := v_rights.roles
    || case when v_handles then '{handler}'::text[] else '{}' end
    || case when v_rights.is_reporter and 'note' = any (v_may_anywhere) then '{reporter}'::text[] else '{}' end;
  return v_rights;
end $function$;

CREATE OR REPLACE FUNCTION private.payload_instant(p_payload jsonb, p_field text)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_text constant text := private.payload_text(p_payload, p_field, false, 40);
begin
  -- most have none: no subtransaction
  if v_text is null then return null; end if;
  begin
    return private.instant(v_text);
  exception when data_exception then
    perform private.reject_command('invalid_field', p_field, 'not an instant with offset');
  end;
end $function$;

CREATE OR REPLACE FUNCTION private.lock_incident(p_payload jsonb, p_at timestamp with time zone)
 RETURNS private.locked_incident
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id uuid := private.payload_uuid(p_payload, 'incidentId');
  v_incident public.incidents;
  v_locked private.locked_incident;
begin
  -- the collation keeps a database without statistics from reading the whole primary key
  select * into v_incident from public.incidents i where i.id = v_id
  order by i.district_code collate "C" limit 1 for no key update;
  if found then
    v_locked.incident := v_incident;
    v_locked.rights := private.rights_on(v_incident, p_at);
  end if;
  if (v_locked.rights).sees is not true then
    perform private.reject_command('unknown_incident', 'incidentId');
  end if;
  return v_locked;
end $function$;

CREATE OR REPLACE FUNCTION private.append_entries(p_entries private.log_entry[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_brought private.brought_photos[];
begin
  with stored as (
    insert into public.incident_log
      (district_code, incident_id, seq, at, actor, kind, stage_from, stage_to, note, data, command_id)
    select e.district_code, e.incident_id, 1 + coalesce((
        select max(l.seq) from public.incident_log l
        where l.district_code = e.district_code and l.incident_id = e.incident_id), 0),
      e.at, e.actor, e.kind, e.stage_from, e.stage_to, coalesce(e.note, ''), e.data, e.command_id
    from unnest(p_entries) e
    returning district_code, incident_id, seq
  )
  select array_agg((e.district_code, e.incident_id, s.seq, e.actor, e.command_id, e.at, e.photos)
    ::private.brought_photos)
  into v_brought
  from unnest(p_entries) e
  join stored s on s.district_code = e.district_code and s.incident_id = e.incident_id
  where e.photos <> '[]';
  if v_brought is not null then perform private.store_photos(v_brought); end if;
end $function$;

CREATE OR REPLACE FUNCTION private.append_log(p_incident public.incidents, p_actor uuid, p_command uuid, p_at timestamp with time zone, p_kind text, p_note text, p_data jsonb, p_photos jsonb, p_stage_from text DEFAULT NULL::text, p_stage_to text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  perform private.append_entries(array[(p_incident.district_code, p_incident.id, p_actor, p_command, p_at, p_kind,
    p_stage_from, p_stage_to, p_note, p_data, p_photos)::private.log_entry]);
end $function$;

CREATE OR REPLACE FUNCTION private.add_note(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_locked private.locked_incident;
  v_asks boolean;
  v_note text;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,note,asks,deviceAt}');
  if coalesce(jsonb_typeof(p_payload -> 'asks'), 'null') not in ('boolean', 'null') then
    perform private.reject_command('invalid_field', 'asks', 'not true or false');
  end if;
  v_asks := coalesce((p_payload ->> 'asks')::boolean, false);
  v_note := private.payload_text(p_payload, 'note', true, 10000);
  if private.is_blank(v_note) then perform private.reject_command('missing_field', 'note'); end if;
  v_locked := private.lock_incident(p_payload, p_at);
  if not (case when v_asks then (v_locked.rights).may_ask else (v_locked.rights).may_note end) then
    perform private.reject_command('not_allowed');
  end if;
  perform private.append_log(v_locked.incident, p_actor, p_command, p_at,
    case when v_asks then 'asked' else 'note' end, v_note,
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]', '{}'), '[]');
  return jsonb_build_object('incident_id', (v_locked.incident).id);
end $function$;

CREATE OR REPLACE FUNCTION private.add_photo(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_locked private.locked_incident;
  v_incident public.incidents;
  v_photos jsonb;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,photos,note,deviceAt}');
  v_photos := private.payload_photos(p_payload, true);
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  if not (v_locked.rights).may_note then
    perform private.reject_command('not_allowed');
  end if;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'photo',
    private.payload_text(p_payload, 'note', false, 10000),
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, v_photos, '{}'), v_photos);
  return jsonb_build_object('incident_id', v_incident.id, 'photos', to_jsonb(private.photo_hashes(v_photos)));
end $function$;

CREATE OR REPLACE FUNCTION private.confirm_duplicate(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_locked private.locked_incident;
  v_incident public.incidents;
  v_photos jsonb;
  v_data jsonb;
begin
  perform private.refuse_unknown_fields(p_payload,
    '{incidentId,note,photos,lon,lat,accuracyMeters,deviceAt}');
  v_photos := private.payload_photos(p_payload, false);
  v_data := private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, v_photos,
    jsonb_strip_nulls(jsonb_build_object(
      'lon', private.payload_number(p_payload, 'lon', true, -180, 180),
      'lat', private.payload_number(p_payload, 'lat', true, -90, 90),
      'accuracyMeters', private.payload_number(p_payload, 'accuracyMeters', false, 0, 100000))));
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  if not (v_locked.rights).may_note then
    perform private.reject_command('not_allowed');
  end if;
  if not private.is_open(v_incident.stage) then
    perform private.reject_command('incident_closed', 'incidentId');
  end if;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'confirmed',
    private.payload_text(p_payload, 'note', false, 10000), v_data, v_photos);
  return jsonb_build_object('incident_id', v_incident.id, 'photos', to_jsonb(private.photo_hashes(v_photos)));
end $function$;

CREATE OR REPLACE FUNCTION private.correct_incident(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_locked private.locked_incident;
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
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  if not (v_locked.rights).may_correct then
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

CREATE OR REPLACE FUNCTION private.store_judged(p_batch private.judged_command[])
 RETURNS private.judged_command[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_batch private.judged_command[] := p_batch;
  v_versions integer[];
  v_stored integer := 0;
begin
  perform private.store_reports(array(
    select b.report from unnest(p_batch) with ordinality b (settled, record, report, step, incident, n)
    where (b.report).id is not null order by b.n));
  v_versions := private.store_transitions(array(
    select b.step from unnest(p_batch) with ordinality b (settled, record, report, step, incident, n)
    where (b.step).command_id is not null order by b.n));
  for n in 1 .. cardinality(v_batch) loop
    continue when (v_batch[n].step).command_id is null;
    v_stored := v_stored + 1;
    v_batch[n].record.version := v_versions[v_stored];
  end loop;
  return v_batch;
end $function$;

CREATE OR REPLACE FUNCTION private.store_singly(p_batch private.judged_command[])
 RETURNS private.judged_command[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_batch private.judged_command[] := p_batch;
  v_judged private.judged_command;
  v_record public.commands;
  v_state text;
  v_detail text;
begin
  for n in 1 .. cardinality(v_batch) loop
    v_judged := v_batch[n];
    begin
      v_batch[n] := (private.store_judged(array[v_judged]))[1];
    exception when others then
      get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
      if private.fails_call(v_state) then raise; end if;
      v_record := v_judged.record;
      v_record.error := private.verdict_of(v_state, v_detail);
      if v_record.error is null then
        raise warning 'no receipt for a % (%): %', v_record.type, v_state, sqlerrm;
        v_judged.settled := 'null';
      end if;
      v_record.outcome := 'rejected';
      v_record.incident_id := null;
      v_record.version := null;
      v_record.photo_hashes := '{}';
      v_judged.record := v_record;
      v_batch[n] := v_judged;
    end;
  end loop;
  return v_batch;
end $function$;

CREATE OR REPLACE FUNCTION private.store_batch(p_batch private.judged_command[])
 RETURNS jsonb[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_batch private.judged_command[];
  v_receipts jsonb[];
begin
  begin
    v_batch := private.store_judged(p_batch);
  exception when others then
    v_batch := private.store_singly(p_batch);
  end;
  -- Two people sent one id at once: the later call fails here, and finds the id taken when sent again.
  insert into public.commands (id, actor, type, hash, outcome, incident_id, version, error, replaces,
    device_at, received_at, photo_hashes)
  select (b.record).id, (b.record).actor, (b.record).type, (b.record).hash, (b.record).outcome,
    (b.record).incident_id, (b.record).version, (b.record).error, (b.record).replaces,
    (b.record).device_at, (b.record).received_at, (b.record).photo_hashes
  from unnest(v_batch) b where b.settled is null;
  select array_agg(coalesce(b.settled, private.receipt(b.record, false)) order by b.n) into v_receipts
  from unnest(v_batch) with ordinality as b (settled, record, report, step, incident, n)
  where b.settled is distinct from 'null';
  return coalesce(v_receipts, '{}');
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
  -- of the reports or steps that wait in the batch, and their type
  v_incidents uuid[] := '{}';
  v_type text;
  v_stands_alone boolean := false;
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
    v_must_store := v_stands_alone or v_envelope.id = any (v_ids)
      or v_envelope.type <> v_type and cardinality(v_incidents) > 0;
    loop
      if v_must_store then
        v_receipts := v_receipts || private.store_batch(v_batch);
        v_batch := '{}';
        v_ids := '{}';
        v_incidents := '{}';
      end if;
      v_judged := private.judge_command(
        v_item, v_envelope, v_actor, v_may_report, v_at, p_is_replay);
      -- The batch holds this incident, or others that count: store it, then judge again.
      v_must_store := v_judged.incident = any (v_incidents)
        or (v_judged.step).stands_alone and cardinality(v_incidents) > 0;
      exit when v_must_store is not true;
    end loop;
    v_batch := v_batch || v_judged;
    if (v_judged.record).id is not null then
      v_ids := v_ids || (v_judged.record).id;
    end if;
    if (v_judged.report).id is not null or (v_judged.step).command_id is not null then
      v_incidents := v_incidents || v_judged.incident;
      v_type := v_envelope.type;
    end if;
    v_stands_alone := coalesce((v_judged.step).stands_alone, false);
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

CREATE OR REPLACE FUNCTION private.parse_filter(p_filter jsonb)
 RETURNS private.incident_filter
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_known constant text[] := '{from,to,areas,categories,stages,openOnly,onHoldOnly,due,bbox}';
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
  return v_result;
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
      ' and (coalesce(d.due_at, ''infinity'') > %L::timestamptz and coalesce(d.due_at, ''infinity'') <= %L::timestamptz%s))',
      (p_filter).due_after, (p_filter).due_until,
      case when (p_filter).due_none then ' or coalesce(d.due_at, ''infinity'') = ''infinity''' else '' end) end,
    case when (p_filter).min_x is not null then format('i.qx between %s and %s and i.qy between %s and %s',
      (p_filter).min_x, (p_filter).max_x, (p_filter).min_y, (p_filter).max_y) end), ''), 'true')
$function$;

CREATE OR REPLACE FUNCTION private.open_transitions(p_incident public.incidents, p_roles text[], p_at timestamp with time zone, p_name text DEFAULT NULL::text)
 RETURNS SETOF public.workflow_transitions
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT t.workflow,
     t.from_state,
     t.name,
     t.sort,
     t.to_state,
     t.roles,
     t.guards,
     t.effects,
     t.gate,
     t.choice_field,
     t.choice_value,
     t.tone,
     t.can_undo,
     t.name_zh,
     t.name_en
    FROM public.workflow_transitions t
   WHERE ((t.workflow = (open_transitions.p_incident).workflow_code) AND (t.from_state = (open_transitions.p_incident).state) AND (t.roles && open_transitions.p_roles) AND ((open_transitions.p_name IS NULL) OR (t.name = open_transitions.p_name)) AND (private.failing_guard(t.*, open_transitions.p_incident, open_transitions.p_at) IS NULL))
   ORDER BY t.sort, (t.name COLLATE "C");
END;

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
  v_locked constant private.locked_incident := private.lock_incident(p_payload, p_at);
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
    or private.is_open(v_incident.stage) <> private.is_open(v_new.stage);
  return v_step;
end $function$;

CREATE OR REPLACE FUNCTION private.take_children(p_step private.step)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_before constant public.incidents := p_step.before;
  v_after constant public.incidents := p_step.after;
begin
  if v_after.stage = 'merged' then
    perform private.tell_children(v_after, p_step.actor, p_step.command_id, p_step.at, 'parent_merged',
      jsonb_build_object('into', v_after.parent_id));
    update public.incidents i set parent_id = v_after.parent_id
    where i.district_code = v_before.district_code and i.parent_id = v_before.id;
  elsif private.is_open(v_before.stage) and not private.is_open(v_after.stage) then
    perform private.tell_children(v_after, p_step.actor, p_step.command_id, p_step.at, 'parent_closed',
      jsonb_build_object('stage', v_after.stage));
  elsif private.is_open(v_after.stage) and not private.is_open(v_before.stage) then
    perform private.tell_children(v_after, p_step.actor, p_step.command_id, p_step.at, 'parent_reopened',
      jsonb_build_object('stage', v_after.stage));
  end if;
end $function$;

CREATE OR REPLACE FUNCTION private.store_transitions(p_steps private.step[])
 RETURNS integer[]
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_step private.step;
  v_versions integer[];
begin
  if cardinality(p_steps) = 0 then return '{}'; end if;
  foreach v_step in array p_steps loop
    if v_step.stands_alone and coalesce(v_step.fields -> 'into', 'null') <> 'null' then
      perform private.lock_parent(v_step.before, (v_step.fields ->> 'into')::uuid, v_step.at);
    end if;
  end loop;
  perform private.turn_clocks(array(
    select (s.after, s.effects, s.fields ->> 'milestone', s.at)::private.clock_turn
    from unnest(p_steps) with ordinality
      as s (before, after, effects, fields, data, photos, actor, command_id, at, stands_alone, n)
    order by s.n));
  with stored as (
    update public.incidents i set stage = s.stage, state = s.state, state_since = s.state_since,
      passed = s.passed, condition_code = s.condition_code, department_code = s.department_code,
      handler = s.handler, assignee = s.assignee, parent_id = s.parent_id, pending = s.pending,
      pending_until = s.pending_until, on_hold = s.on_hold, hold_until = s.hold_until,
      was_held = s.was_held, extensions = s.extensions, rework = s.rework,
      reopened = s.reopened, supervision = s.supervision, reply_by = s.reply_by,
      closed_at = s.closed_at
    from (
      select u.n, (u.after).*
      from unnest(p_steps) with ordinality as u (before, after, effects, fields, data, photos, actor, command_id, at,
        stands_alone, n)
      -- each incident is taken apart once
      offset 0) s
    where i.district_code = s.district_code and i.id = s.id
    returning s.n, i.version
  )
  select array_agg(s.version order by s.n) into v_versions from stored s;
  perform private.append_entries(array(
    select ((s.before).district_code, (s.before).id, s.actor, s.command_id, s.at, 'transition',
      (s.before).stage, (s.after).stage, s.fields ->> 'note', s.data, s.photos)::private.log_entry
    from unnest(p_steps) s));
  foreach v_step in array p_steps loop
    if v_step.stands_alone then perform private.take_children(v_step); end if;
  end loop;
  return v_versions;
end $function$;

CREATE OR REPLACE FUNCTION private.wanted_clocks(p_incident public.incidents)
 RETURNS SETOF private.wanted_clock
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT w.kind,
     w.milestone,
     w.amount,
     w.unit,
     w.day_rule
    FROM (public.workflow_stages s
      CROSS JOIN LATERAL ( SELECT s.clock AS kind,
             NULL::text AS milestone,
             l.amount,
             l.unit,
             l.day_rule
            FROM private.limit_for((wanted_clocks.p_incident).workflow_code, (wanted_clocks.p_incident).condition_code, s.clock) l(amount, unit, day_rule)
         UNION ALL
          SELECT 'milestone'::text AS kind,
             m.code,
             m.amount,
             m.unit,
             m.day_rule
            FROM public.condition_milestones m
           WHERE ((s.clock = 'handle'::text) AND (m.condition = (wanted_clocks.p_incident).condition_code))) w)
   WHERE ((s.workflow = (wanted_clocks.p_incident).workflow_code) AND (s.code = (wanted_clocks.p_incident).state) AND (NOT (wanted_clocks.p_incident).on_hold) AND private.is_open((wanted_clocks.p_incident).stage))
   ORDER BY w.kind, w.milestone;
END;

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
    select t.n, t.at, t.is_open, t.is_extended, r.is_reached, c as clock,
      not r.is_reached and c.department_code is not distinct from t.department_code and exists (
        select from unnest(t.wanted) w
        where w.kind = c.kind and w.milestone is not distinct from c.milestone) as runs
    from turns t
    join public.incident_clocks c on c.district_code = t.district_code and c.incident_id = t.incident_id
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
  ), timed as materialized (
    select k.n, k.is_new, x.district_code, x.incident_id, x.seq, x.kind, x.milestone, x.department_code,
      x.calendar, x.amount, x.unit, x.day_rule, x.extensions, x.started_at, x.runs, x.running_since,
      t.limit_seconds, t.due_at, t.warn_at, x.stopped_at,
      case when x.running_since is null then t.used_seconds end as used_seconds, x.is_reached
    from turned k
    cross join lateral (select (k.clock).*) x
    cross join lateral private.clock_times(x.calendar, x.amount * (1 + x.extensions), x.unit, x.day_rule,
      x.started_at, x.runs, x.running_since) t
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

CREATE OR REPLACE FUNCTION private.move_clocks(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
  perform private.turn_clocks(array[(p_incident, '{}', null, p_at)::private.clock_turn]);
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
    perform private.turn_clocks(array[(v_new, '{}', null, v_old.hold_until)::private.clock_turn]);
    update public.incidents i
    set on_hold = false, hold_until = null
    where i.district_code = v_old.district_code and i.id = v_old.id;
    perform private.append_log(v_old, null, null, v_old.hold_until, 'resumed', '', '{}', '[]');
    v_resumed := v_resumed + 1;
  end loop;
  return v_resumed;
end $function$;

CREATE OR REPLACE FUNCTION private.verdict_query(p_scope private.incident_scope, p_filter private.incident_filter, p_month text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format($q$
    with clocked as (
      select %3$s as month, i.stage, i.on_hold, i.department_code, i.rework > 0 as is_rework, i.extensions > 0 as is_extended,
        i.is_repeat, i.workflow_code, i.channel,
        -- 2: past its time, 1: unknown beyond the calendar's years, 0: in time
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
        select case when c.due_at < $1 or c.used_seconds > c.limit_seconds then 2
          when c.due_at is null and (c.used_seconds is null or c.limit_seconds is null) then 1 else 0 end as late) k
      -- a department that gave it back no longer has it to handle
      where c.kind <> 'milestone' and (c.kind <> 'handle' or c.department_code is not distinct from i.department_code)
        and %1$s and %2$s
      group by i.district_code, i.id
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
      from clocked k
    )
    select j.on_hold, j.department_code, j.is_open, j.is_filed, j.is_rejected, j.is_rework, j.is_extended,
      j.verifying_verdict as verifying, j.filing_verdict as filing, j.dispatch_verdict as dispatch,
      j.handling_verdict as handling, j.checking_verdict as checking, j.closing_verdict as closing,
      j.channel <> all (coalesce(w.trusted_channels, '{app}')) as is_public,
      j.is_filed and j.is_repeat as is_repeat, j.month,
      count(*) as n
    from judged j
    join public.workflows w on w.code = j.workflow_code
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    $q$,
    private.scope_condition(p_scope, 'i'), private.filter_condition(p_filter), coalesce(p_month, 'null::date'))
$function$;

CREATE OR REPLACE FUNCTION private.rates_at(p_filter jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '64MB'
 SET enable_mergejoin TO 'off'
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

CREATE OR REPLACE FUNCTION private.monthly_rates(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select private.monthly_rates_at(p_filter, now())
$function$;

CREATE OR REPLACE FUNCTION public.monthly_rates(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.monthly_rates(p_filter)
$function$;

CREATE OR REPLACE FUNCTION private.proposed_dispatches(p_incidents uuid[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_scope constant text := private.scope_condition(private.resolve_scope(), 'i');
  v_proposals jsonb;
begin
  if p_incidents is null or cardinality(p_incidents) > 1000 then
    raise exception 'p_incidents: at most 1,000 ids' using errcode = '22023', detail = 'p_incidents';
  end if;
  execute format($q$
    with asked as materialized (
      select distinct on (i.id) i.* from public.incidents i
      where i.id = any ($1) and %s order by i.id, i.district_code
    ), kind as materialized (
      -- these columns decide about rights: one incident speaks for all that are alike
      select distinct on (a.area_code, a.department_code, a.reported_by) a.area_code, a.department_code, a.reported_by,
        (private.rights_on(a.*::public.incidents)).acts_as
      from asked a
    )
    select coalesce(jsonb_agg(jsonb_build_object('id', a.id) || p.made
      || jsonb_build_object('handlerName', h.display_name) order by a.id), '[]')
    from asked a
    join kind k on (k.area_code, k.department_code, k.reported_by)
      is not distinct from (a.area_code, a.department_code, a.reported_by)
    cross join lateral (select private.proposed_dispatch(a.*::public.incidents, now()) as made offset 0) p
    left join public.profiles h on h.user_id = (p.made ->> 'handler')::uuid
    where exists (
      select from public.workflow_transitions t
      join public.workflow_fields f on f.workflow = t.workflow and f.transition = t.name
      where t.workflow = a.workflow_code and t.from_state = a.state and t.roles && k.acts_as
        and f.kind = 'department')
    $q$, v_scope)
  into v_proposals using p_incidents;
  return v_proposals;
end $function$;

CREATE OR REPLACE FUNCTION public.proposed_dispatches(p_incidents uuid[])
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.proposed_dispatches(p_incidents) $function$;

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
    perform private.turn_clocks(array[(v_new, '{}', null, v_at)::private.clock_turn]);
    update public.incidents i set stage = v_new.stage, state = v_new.state, state_since = v_at,
      is_generated = true
    where i.district_code = v_old.district_code and i.id = v_old.id;
    perform private.append_log(v_old, null, null, v_at, 'demo_started', '', '{}', '[]',
      v_old.stage, v_new.stage);
  end loop;
end $function$;

revoke all on function private.monthly_rates(jsonb) from public, anon, authenticated, service_role;

grant execute on function private.monthly_rates(jsonb) to authenticated;

revoke all on function private.proposed_dispatches(uuid[]) from public, anon, authenticated, service_role;

grant execute on function private.proposed_dispatches(uuid[]) to authenticated;

revoke all on function public.monthly_rates(jsonb) from public, anon, authenticated, service_role;

grant execute on function public.monthly_rates(jsonb) to authenticated;

revoke all on function public.proposed_dispatches(uuid[]) from public, anon, authenticated, service_role;

grant execute on function public.proposed_dispatches(uuid[]) to authenticated;
