-- Verifying and checking on foot: the two queues of field staff as one list for a phone.

create or replace function private.field_tasks(p_limit integer)
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' set max_parallel_workers_per_gather = 0 as $$
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
end $$;

-- Incidents that the caller may verify or check now, those given to the caller first, then the clock that ends
-- first. `p_limit` bounds the rows looked at; `more` says that there were others.
-- Returns `{asOf, more, workSpans, rows}`, `workSpans` as in work_queue; a row is one of work_queue with `isAsked` (given to the caller) and `photo`, the
-- first one, `{owner, hash, mediaType}` or null. `description` has 200 characters at most, `steps` are those of
-- field staff.
-- Errors: 42501; 22023 for a limit outside 1..200.
create or replace function public.field_tasks(p_limit integer default 200)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.field_tasks(p_limit)
$$;
grant execute on function private.field_tasks(integer), public.field_tasks(integer) to authenticated;
