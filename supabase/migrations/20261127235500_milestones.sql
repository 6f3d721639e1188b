-- A milestone is offered where the filing condition has some.
-- The present text with its reasons is in supabase/schemas.

CREATE OR REPLACE FUNCTION private.guard_names()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY['not_reporter'::text, 'verified'::text, 'not_controlled'::text, 'has_department'::text, 'nothing_pending'::text, 'extension_pending'::text, 'hold_pending'::text, 'in_time'::text, 'first_extension'::text, 'extension_left'::text, 'never_held'::text, 'held'::text, 'not_of_department'::text, 'reopen_window'::text, 'supervised'::text, 'not_supervised'::text, 'has_milestones'::text];

CREATE OR REPLACE FUNCTION private.guard_holds(p_guard text, p_incident public.incidents, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- a statement, not an expression: only the guard asked for is prepared
  case p_guard
    when 'not_reporter' then return p_incident.reported_by is distinct from auth.uid();
    when 'verified' then return (select w.trusted_channels is null or p_incident.channel = any (w.trusted_channels)
      from public.workflows w where w.code = p_incident.workflow_code);
    when 'not_controlled' then return (private.control_on(p_incident, p_at)).code is null;
    when 'has_department' then return p_incident.department_code is not null;
    when 'nothing_pending' then return p_incident.pending is null;
    when 'extension_pending' then return p_incident.pending = 'extension';
    when 'hold_pending' then return p_incident.pending = 'hold';
    when 'in_time' then return p_incident.due_at is null or p_at <= p_incident.due_at;
    when 'first_extension' then return p_incident.extensions = 0;
    when 'extension_left' then return p_incident.extensions <
      (select w.max_extensions from public.workflows w where w.code = p_incident.workflow_code);
    when 'never_held' then return not p_incident.was_held;
    when 'held' then return p_incident.on_hold;
    when 'not_of_department' then return not exists (
        select from public.memberships m
        where m.user_id = auth.uid() and m.role = 'handler' and m.department_code = p_incident.department_code
          and private.is_valid(m.valid_from, m.valid_to, p_at))
      and not exists (
        select from public.incident_log l
        where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
          and l.actor = auth.uid()
          and (l.kind = 'self_handled' or l.stage_to = 'handled' and l.stage_from <> 'handled'));
    when 'reopen_window' then return p_at <= p_incident.closed_at + make_interval(days =>
      (select w.reopen_days from public.workflows w where w.code = p_incident.workflow_code));
    when 'supervised' then return p_incident.supervision is not null;
    when 'not_supervised' then return p_incident.supervision is null;
    when 'has_milestones' then return exists (select from public.condition_milestones m
      where m.condition = p_incident.condition_code);
    else return null;
  end case;
end $function$;

update public.workflow_transitions set guards = guards || '{has_milestones}'::text[]
where name = 'milestone' and workflow in ('event', 'component', 'service');
