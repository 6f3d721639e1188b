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
  v_found public.incidents[] := '{}';
begin
  if v_limit not between 1 and 200 then
    raise exception 'p_limit: 1 to 200 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  -- each part keeps the order of its index
  select string_agg(format('(select i from public.incidents i where %s
    order by coalesce(i.due_at, ''infinity''), i.id limit $1)', p.condition), ' union all ')
  into v_pages
  from (select unnest(o.parts) as condition
    from unnest(array['to_verify', 'to_check']) q (queue), private.own_queues(q.queue) o) p;
  if v_pages is not null then
    execute format($q$
      select coalesce(array_agg(r.i order by r.n), '{}') from (
        select f.i, row_number() over (
          order by coalesce((f.i).assignee = $2, false) desc, coalesce((f.i).due_at, 'infinity'), (f.i).id) as n
        from (%s) f (i) order by n limit $1) r $q$, v_pages)
    into v_found using v_limit + 1, v_user;
  end if;
  return jsonb_build_object('asOf', now(), 'more', cardinality(v_found) > v_limit, 'rows', (
    select coalesce(jsonb_agg(r.line || jsonb_build_object('description', left(i.description, 200),
      'steps', own.steps, 'isAsked', coalesce(i.assignee = v_user, false),
      'photo', private.field_row(i, v_user) -> 'photo') order by r.n), '[]')
    from jsonb_array_elements(private.queue_rows(v_found[1:v_limit], now())) with ordinality r (line, n)
    join unnest(v_found) i on i.id = (r.line ->> 'id')::uuid
    cross join lateral (
      select coalesce(jsonb_agg(s.name order by s.n), '[]') as steps
      from jsonb_array_elements_text(r.line -> 'steps') with ordinality s (name, n)
      where exists (select from public.workflow_transitions t
        where t.workflow = i.workflow_code and t.from_state = i.state and t.name = s.name
          and 'field_staff' = any (t.roles))
    ) own
    where own.steps <> '[]'));
end $function$;

CREATE OR REPLACE FUNCTION public.field_tasks(p_limit integer DEFAULT 200)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.field_tasks(p_limit)
$function$;

revoke all on function private.field_tasks(integer) from public, anon, authenticated, service_role;

grant execute on function private.field_tasks(integer) to authenticated;

revoke all on function public.field_tasks(integer) from public, anon, authenticated, service_role;

grant execute on function public.field_tasks(integer) to authenticated;
