drop function private.rights_before_own_move(public.incidents,timestamp with time zone,boolean);

CREATE OR REPLACE FUNCTION private.rights_before_own_move(p_incident public.incidents, p_composed timestamp with time zone, p_at timestamp with time zone, p_to_act boolean)
 RETURNS private.incident_rights
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_before public.incidents := p_incident;
  v_actor uuid;
  v_at timestamptz;
  v_left timestamptz;
  v_rights private.incident_rights;
begin
  select l.data -> 'areaCode' ->> 0, l.actor, l.at, c.sent_at into v_before.area_code, v_actor, v_at, v_left
  from public.incident_log l
  left join public.commands c on c.id = l.command_id
  where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
    and l.kind = 'corrected' and l.data ? 'areaCode'
  order by l.seq desc limit 1;
  if v_actor is distinct from auth.uid() or v_at <= p_at - interval '1 day' then return null; end if;
  if p_composed <= v_left then return private.rights_on(v_before, p_at, p_to_act); end if;
  if p_to_act then return null; end if;
  v_rights := private.rights_on(v_before, p_at);
  v_rights.roles := '{}';
  v_rights.acts_as := '{}';
  v_rights.may_ask := false;
  v_rights.may_correct := false;
  return v_rights;
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
    if (v_locked.rights).sees is not true then
      v_locked.rights := private.rights_before_own_move(
        v_locked.incident, private.payload_instant(p_payload, 'deviceAt'), p_at, p_to_act);
    end if;
  end if;
  if (v_locked.rights).sees is not true then
    perform private.reject_command('unknown_incident', 'incidentId');
  end if;
  return v_locked;
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
    -- another incident filed later in the same call may be a repeat of it, or not any more
    or private.is_open(v_incident.stage) <> private.is_open(v_new.stage);
  return v_step;
end $function$;
