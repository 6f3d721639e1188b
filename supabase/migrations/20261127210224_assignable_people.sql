CREATE OR REPLACE FUNCTION private.assignable_people(p_incident uuid, p_department text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_incident public.incidents;
  v_department text := p_department;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    private.scope_condition(private.resolve_scope(), 'i'))
  into v_incident using p_incident;
  if not exists (
    select from public.workflow_transitions t
    join public.workflow_fields f on f.workflow = t.workflow and f.transition = t.name
    where t.workflow = v_incident.workflow_code and t.from_state = v_incident.state
      and t.roles && (private.rights_on(v_incident)).acts_as and f.kind in ('handler', 'assignee')) then
    return '[]';
  end if;
  if v_department is null and v_incident.stage = 'dispatched' then
    v_department := v_incident.department_code;
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', p.user_id, 'name', p.display_name)
      order by p.display_name, p.user_id), '[]')
    from public.profiles p
    where exists (select from public.memberships m where m.user_id = p.user_id
        and m.role in ('field_staff', 'handler'))
      and private.may_be_assigned(p.user_id, v_incident, v_department, now()));
end $function$;

CREATE OR REPLACE FUNCTION public.assignable_people(p_incident uuid, p_department text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.assignable_people(p_incident, p_department) $function$;

revoke all on function private.assignable_people(uuid,text) from public, anon, authenticated, service_role;

grant execute on function private.assignable_people(uuid,text) to authenticated;

revoke all on function public.assignable_people(uuid,text) from public, anon, authenticated, service_role;

grant execute on function public.assignable_people(uuid,text) to authenticated;
