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

revoke all on function private.proposed_dispatches(uuid[]) from public, anon, authenticated, service_role;

grant execute on function private.proposed_dispatches(uuid[]) to authenticated;

revoke all on function public.proposed_dispatches(uuid[]) from public, anon, authenticated, service_role;

grant execute on function public.proposed_dispatches(uuid[]) to authenticated;
