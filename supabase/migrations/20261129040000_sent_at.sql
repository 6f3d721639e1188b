alter table public.commands add column sent_at timestamptz;
alter type private.command_envelope add attribute sent_at timestamptz;

CREATE OR REPLACE FUNCTION private.read_envelope(p_item json)
 RETURNS private.command_envelope
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
    device_at, sent_at, received_at, photo_hashes)
  select (b.record).id, (b.record).actor, (b.record).type, (b.record).hash, (b.record).outcome,
    (b.record).incident_id, (b.record).version, (b.record).error, (b.record).replaces,
    (b.record).device_at, (b.record).sent_at, (b.record).received_at, (b.record).photo_hashes
  from unnest(v_batch) b where b.settled is null;
  select array_agg(coalesce(b.settled, private.receipt(b.record, false)) order by b.n) into v_receipts
  from unnest(v_batch) with ordinality as b (settled, record, report, step, incident, n)
  where b.settled is distinct from 'null';
  return coalesce(v_receipts, '{}');
end $function$;

CREATE OR REPLACE FUNCTION private.incident_log_list(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    with entries as materialized (
      select l.* from public.incident_log l
      where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
    ), given as materialized (
      select array_agg(distinct d.code) as departments
      from (
        select e.data ->> f.name as code from entries e
        join public.workflow_fields f on f.workflow = p_incident.workflow_code
          and f.transition = e.data ->> 'name' and f.kind = 'department'
        union all
        select p_incident.department_code
      ) d where d.code is not null
    )
    select coalesce(jsonb_agg(jsonb_build_object('seq', e.seq, 'at', e.at, 'kind', e.kind, 'actor', e.actor,
        'actorName', p.display_name, 'actorRoles', a.roles, 'actorDepartments', a.departments,
        'stageFrom', e.stage_from, 'stageTo', e.stage_to, 'note', e.note, 'data', e.data,
        'deviceSkewSeconds', round(extract(epoch from c.received_at - c.sent_at)),
        'isGenerated', e.kind = 'demo_started' or coalesce(c.is_generated, false)) order by e.seq), '[]')
    from entries e
    cross join given g
    left join public.commands c on c.id = e.command_id
    left join public.profiles p on p.user_id = e.actor
    left join lateral (
      select coalesce(array_agg(distinct m.role), '{}') as roles,
        coalesce(array_agg(distinct m.department_code) filter (where m.department_code is not null), '{}')
          as departments
      from public.memberships m
      join public.areas area on area.code = m.area_code
      join public.areas own on own.code = p_incident.area_code
      where m.user_id = e.actor and private.is_valid(m.valid_from, m.valid_to, e.at)
        and case when m.role = 'handler' then m.department_code = any (g.departments)
          else private.is_within(own.path, area.path) end
    ) a on e.actor is not null);
end $function$;
