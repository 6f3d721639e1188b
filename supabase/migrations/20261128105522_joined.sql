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
    new.case_number := old.case_number;
    if new.stage <> old.stage and new.state = old.state then
      new.state := private.first_state_of(new.workflow_code, new.stage);
    end if;
  else
    if new.state is null then
      new.state := private.first_state_of(new.workflow_code, new.stage);
    end if;
    -- reports and imports draw theirs for a whole call
    if new.case_number is null then
      new.case_number := (private.draw_case_numbers(array[extract(year from new.month)::integer]))[1];
    end if;
  end if;
  new.to_verify := new.stage = 'reported'
    and private.must_be_verified(new.workflow_code, new.state, new.channel);
  -- a new one has no clocks
  new.lateness := case when tg_op = 'UPDATE' and not private.is_open(new.stage) then private.lateness_of(new) end;
  return new;
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
