-- The write path: one receipt a command.
--
-- A payload is a string of JSON: a \u0000 or lone surrogate in it fails only its own subtransaction. jsonb
-- would refuse the whole body for a \u0000 in one envelope. (PostgREST on a Supabase does.)
--
-- Each command has a subtransaction, in order. A report or transition is judged at once and stored with a batch
-- of its type: at the end, or before a command of another type or with an id of the batch. A failed batch is
-- stored one by one. No receipt depends on its neighbours.
--
-- Unrecorded codes of envelopes: invalid_command, wrong_actor, id_taken (by another person), id_reused
-- (with other content). A null `hash` tells the device to keep its copy.

-- `missing_photos` is computed now: a replay lists files still missing.
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

-- For an unrecorded command.
create or replace function private.rejected_receipt(p_id text, p_code text, p_field text default null)
returns jsonb language sql immutable set search_path = '' as $$
  select jsonb_build_object('id', p_id, 'outcome', 'rejected', 'hash', null, 'incident_id', null,
    'version', null, 'error', jsonb_strip_nulls(jsonb_build_object('code', p_code, 'field', p_field)),
    'missing_photos', '[]'::jsonb)
$$;

create type private.command_envelope as (
  fault text, id uuid, actor uuid, type text, at timestamptz, replaces uuid, payload text, hash text,
  sent_at timestamptz
);

-- `fault` names the first wrong key.
create or replace function private.read_envelope(p_item json)
returns private.command_envelope language plpgsql set search_path = '' as $$
declare
  v_envelope private.command_envelope;
  v_parts record;
begin
  v_envelope.fault := 'command';
  if json_typeof(p_item) <> 'object' then return v_envelope; end if;
  select p.*, (select count(*) from json_object_keys(p_item)) as keys into v_parts
  from json_to_record(p_item) as p (id json, actor json, type json, at json, payload json, replaces json,
    "sentAt" json);
  -- Fewer values than names: a name is unknown, comes twice or has a null. Only a null is allowed: parsers
  -- disagree on names that come twice.
  if v_parts.keys <> num_nonnulls(v_parts.id, v_parts.actor, v_parts.type, v_parts.at, v_parts.payload,
      v_parts.replaces, v_parts."sentAt") and exists (
      select 1 from json_object_keys(p_item) as key group by key
      having count(*) > 1 or key <> all ('{id,actor,type,at,payload,replaces,sentAt}')) then
    return v_envelope;
  end if;
  v_envelope.fault := 'id';
  if json_typeof(v_parts.id) is distinct from 'string' or not private.is_uuid(v_parts.id #>> '{}') then
    return v_envelope;
  end if;
  v_envelope.fault := 'actor';
  if json_typeof(v_parts.actor) is distinct from 'string' or not private.is_uuid(v_parts.actor #>> '{}') then
    return v_envelope;
  end if;
  v_envelope.fault := 'type';
  if json_typeof(v_parts.type) is distinct from 'string' then return v_envelope; end if;
  v_envelope.fault := 'at';
  if json_typeof(v_parts.at) is distinct from 'string' then return v_envelope; end if;
  v_envelope.fault := 'payload';
  if json_typeof(v_parts.payload) is distinct from 'string' then return v_envelope; end if;
  v_envelope.fault := 'replaces';
  if coalesce(json_typeof(v_parts.replaces), 'null') <> 'null' then
    if json_typeof(v_parts.replaces) <> 'string' or not private.is_uuid(v_parts.replaces #>> '{}') then
      return v_envelope;
    end if;
    v_envelope.replaces := (v_parts.replaces #>> '{}')::uuid;
  end if;
  v_envelope.id := (v_parts.id #>> '{}')::uuid;
  v_envelope.actor := (v_parts.actor #>> '{}')::uuid;
  v_envelope.payload := v_parts.payload #>> '{}';
  v_envelope.hash := encode(sha256(convert_to(v_envelope.payload, 'UTF8')), 'hex');
  v_envelope.fault := 'type';
  v_envelope.type := v_parts.type #>> '{}';
  if length(v_envelope.type) not between 1 and 60 then return v_envelope; end if;
  v_envelope.fault := 'at';
  v_envelope.at := private.instant(v_parts.at #>> '{}');
  v_envelope.fault := 'sentAt';
  if coalesce(json_typeof(v_parts."sentAt"), 'null') <> 'null' then
    if json_typeof(v_parts."sentAt") <> 'string' then return v_envelope; end if;
    v_envelope.sent_at := private.instant(v_parts."sentAt" #>> '{}');
  end if;
  v_envelope.fault := null;
  return v_envelope;
exception when data_exception or program_limit_exceeded then
  return v_envelope;
end $$;

-- Counts brackets outside of strings first: the parser recurses, and after a stack overflow PGlite
-- acknowledges writes and drops them. Few brackets need no exact count.
create or replace function private.parse_payload(p_payload text)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_parsed jsonb;
begin
  if length(p_payload) - length(translate(p_payload, '[{', '')) > 1000
    and length(regexp_replace(regexp_replace(p_payload, '"(?:[^"\\]|\\.)*"', '', 'g'),
      '[^[{]', '', 'g')) > 1000 then
    perform private.reject_command('invalid_payload', null, 'more than 1000 arrays and objects');
  end if;
  begin
    v_parsed := p_payload::jsonb;
  exception when others then
    perform private.reject_command('invalid_payload', null, left(sqlerrm, 200));
  end;
  if jsonb_typeof(v_parsed) <> 'object' then
    perform private.reject_command('invalid_payload', null, 'not an object');
  end if;
  return v_parsed;
end $$;

-- Our own rejection, or content that no table takes. Null for the server's errors: a full disk or lock
-- fails the call, to be sent again; a missing function leaves the command without a receipt.
create or replace function private.verdict_of(p_state text, p_detail text)
returns jsonb language sql immutable set search_path = '' as $$
  select case
    when p_state in ('WG001', 'WG002') then p_detail::jsonb
    when left(p_state, 2) in ('22', '23', '54') then jsonb_build_object('code', 'refused', 'detail', p_state) end
$$;

-- Errors that may pass: connection, lock, full disk, shutdown.
create or replace function private.fails_call(p_state text)
returns boolean language sql immutable set search_path = '' as $$
  select left(p_state, 2) in ('08', '25', '40', '53', '55', '57', '58', 'XX')
$$;

-- `settled` is the receipt, or JSON null for none; else `record` is to be stored, with `report` or `step`.
-- `incident` is that of the payload.
create type private.judged_command as (
  settled jsonb, record public.commands, report private.report, step private.step, incident uuid);

-- For an unreadable, foreign or known command; else null.
create or replace function private.settled_receipt(
  p_item json, p_envelope private.command_envelope, p_actor uuid)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_known public.commands;
begin
  if p_envelope.fault is not null then
    -- names the envelope by an id found in the text
    return private.rejected_receipt(
      coalesce(p_envelope.id::text, substring(p_item::text from '"id"\s*:\s*"([0-9a-f-]{36})"')),
      'invalid_command', p_envelope.fault);
  end if;
  -- Not recorded: the id belongs to another person's queue.
  if p_envelope.actor <> p_actor then
    return private.rejected_receipt(p_envelope.id::text, 'wrong_actor', 'actor');
  end if;
  select * into v_known from public.commands c where c.id = p_envelope.id;
  if not found then
    return null;
  end if;
  if v_known.actor <> p_actor then
    return private.rejected_receipt(p_envelope.id::text, 'id_taken', 'id');
  end if;
  if (v_known.type, v_known.hash, v_known.device_at, v_known.replaces)
    is distinct from (p_envelope.type, p_envelope.hash, p_envelope.at, p_envelope.replaces) then
    return private.rejected_receipt(p_envelope.id::text, 'id_reused', 'id');
  end if;
  return private.receipt(v_known, true);
end $$;

-- Records nothing; only judges reports and transitions. A replay does not record not_allowed and unknown_incident: a
-- command of the server, which no journal holds, may have given the role.
create or replace function private.judge_command(p_item json, p_envelope private.command_envelope, p_actor uuid,
  p_may_report boolean, p_at timestamptz, p_is_replay boolean)
returns private.judged_command language plpgsql set search_path = '' as $$
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
  v_record.sent_at := p_envelope.sent_at;
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
      when 'save_evaluation' then
        v_result := private.save_evaluation(p_actor, v_payload, p_at);
      when 'import_survey' then
        v_result := private.import_survey(p_actor, v_payload, p_at);
      when 'delete_wave' then
        v_result := private.delete_wave(p_actor, v_payload, p_at);
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
  v_record.photo_hashes := '{}';
  if jsonb_typeof(v_result -> 'photos') = 'array' and v_result -> 'photos' <> '[]' then
    v_record.photo_hashes := array(select jsonb_array_elements_text(v_result -> 'photos'));
  end if;
  v_judged.record := v_record;
  return v_judged;
end $$;

-- Stores the reports and steps of a batch, all or none. Returns it with the versions of the steps.
create or replace function private.store_judged(p_batch private.judged_command[])
returns private.judged_command[] language plpgsql set search_path = '' as $$
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
end $$;

-- After a failed batch. A command that fails alone is rejected, or gets no receipt.
create or replace function private.store_singly(p_batch private.judged_command[])
returns private.judged_command[] language plpgsql set search_path = '' as $$
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
end $$;

-- Returns the receipts in order.
create or replace function private.store_batch(p_batch private.judged_command[])
returns jsonb[] language plpgsql set search_path = '' as $$
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
    device_at, sent_at, received_at, photo_hashes)
  select (b.record).id, (b.record).actor, (b.record).type, (b.record).hash, (b.record).outcome,
    (b.record).incident_id, (b.record).version, (b.record).error, (b.record).replaces,
    (b.record).device_at, (b.record).sent_at, (b.record).received_at, (b.record).photo_hashes
  from unnest(v_batch) b where b.settled is null;
  select array_agg(coalesce(b.settled, private.receipt(b.record, false)) order by b.n) into v_receipts
  from unnest(v_batch) with ordinality as b (settled, record, report, step, incident, n)
  where b.settled is distinct from 'null';
  return coalesce(v_receipts, '{}');
end $$;

-- Errors of a whole call.
create or replace function private.check_call(p_commands json)
returns void language plpgsql set search_path = '' as $$
begin
  if octet_length(p_commands::text) > 1048576 then
    raise exception 'a call holds at most 1 MB' using errcode = 'PT413', detail = 'too_large';
  end if;
  if json_typeof(p_commands) is distinct from 'array' then
    raise exception 'p_commands is not an array' using errcode = '22023', detail = 'not_an_array';
  end if;
  if json_array_length(p_commands) > 200 then
    raise exception 'a call holds at most 200 commands' using errcode = 'PT413', detail = 'too_many_commands';
  end if;
  if not exists (select 1 from public.city_settings) then
    raise exception 'the city has no settings yet' using errcode = 'PT503', detail = 'not_ready';
  end if;
end $$;

-- A replay passes the time each call was received; rights are those of that time. Commands of a call are a
-- microsecond apart, to keep their order. Plans are made once a session, not compiled: every statement is
-- small.
-- Errors: those of apply_commands; WG003 for a replay without any record.
create or replace function private.apply_commands_at(
  p_commands json, p_received timestamptz, p_is_replay boolean default true)
returns jsonb language plpgsql
set search_path = '' set jit = off set plan_cache_mode = force_generic_plan as $$
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
end $$;

-- At the present instant. Functions in SQL would be planned at each call.
create or replace function private.apply_commands(p_commands json)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
begin
  return private.apply_commands_at(p_commands, clock_timestamp(), false);
end $$;

-- Carries out commands in their order, each by itself. `p_commands` is
-- `[{id, actor, type, at, payload, replaces?, sentAt?}]` with `payload` a string of JSON: at most 200 commands
-- and 1 MB. `sentAt` is the device's clock when the call left, which tells what that clock is off. schemas/05_command_types.sql holds types, payloads and codes of `error`, 06_commands.sql the codes
-- of envelopes.
-- Returns receipts `[{id, outcome, hash, incident_id, version, error, case_number, missing_photos}]`. `outcome` is
-- applied, replayed, conflict or rejected. `hash` is the payload's SHA-256; null means that no record
-- exists: keep the copy. `missing_photos` lists hashes without a checked file: upload, send again. A
-- command that a fault of the server kept from being judged has no receipt.
-- Errors: 42501; 22023 for other than an array; PT413 for too much; PT503 before the city has settings;
-- PT500 when no command could be judged.
create or replace function public.apply_commands(p_commands json) returns jsonb
language plpgsql volatile set search_path = '' as $$ begin return private.apply_commands(p_commands); end $$;
grant execute on function private.apply_commands(json), public.apply_commands(json) to authenticated;
