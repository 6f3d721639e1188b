-- Queues: each role's work in one order, the clock that ends first before all others.

-- Keys of a page: due, or infinity without a clock, then the id.
create index incident_work_queue_idx
on public.incident_work (stage, to_verify, coalesce(due_at, 'infinity'), incident_id)
  where stage in ('reported', 'filed', 'dispatched', 'handled') and not on_hold;
create index incident_work_due_idx on public.incident_work (coalesce(due_at, 'infinity'), incident_id)
  where stage in ('reported', 'filed', 'dispatched', 'handled') and not on_hold;
-- for people of few areas
create index incident_work_area_idx on public.incident_work (area_code, stage, to_verify)
  where stage in ('reported', 'filed', 'dispatched', 'handled') and not on_hold;
create index incident_work_department_idx
on public.incident_work (department_code, coalesce(due_at, 'infinity'), incident_id)
  where stage = 'dispatched' and not on_hold;
create index incident_work_rework_idx
on public.incident_work (department_code, coalesce(due_at, 'infinity'), incident_id)
  where stage = 'dispatched' and not on_hold and rework > 0;
create index incident_work_handler_idx on public.incident_work (handler, coalesce(due_at, 'infinity'), incident_id)
  where stage = 'dispatched' and not on_hold and handler is not null;
create index incident_work_assignee_idx on public.incident_work (assignee, coalesce(due_at, 'infinity'), incident_id)
  where assignee is not null and stage in ('reported', 'filed', 'dispatched', 'handled') and not on_hold;
create index incident_work_held_idx on public.incident_work (coalesce(due_at, 'infinity'), incident_id)
  where on_hold and stage in ('reported', 'filed', 'dispatched', 'handled');
create index incident_work_pending_idx on public.incident_work (coalesce(due_at, 'infinity'), incident_id)
  where pending is not null;
create index incident_work_supervised_idx on public.incident_work (coalesce(due_at, 'infinity'), incident_id)
  where supervision is not null;

-- Whether a queue lists it.
create or replace function private.is_work(p_stage text, p_pending text, p_supervision smallint)
returns boolean language sql immutable parallel safe
return private.is_open(p_stage) or p_pending is not null or p_supervision is not null;

-- Keeps the incident's row of work. Its clocks have turned before: due and warning times are theirs.
create or replace function private.keep_work()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  if not private.is_work(new.stage, new.pending, new.supervision) then
    delete from public.incident_work w where w.district_code = new.district_code and w.incident_id = new.id;
    return null;
  end if;
  insert into public.incident_work as w (district_code, incident_id, due_at, warn_at, month, area_code,
    department_code, reported_by, stage, on_hold, to_verify, handler, assignee, rework, pending, supervision, changed_xid,
    due_calendar)
  select new.district_code, new.id, min(c.due_at), min(c.warn_at), new.month, new.area_code, new.department_code,
    new.reported_by, new.stage, new.on_hold, new.to_verify, new.handler, new.assignee, new.rework, new.pending,
    new.supervision, new.changed_xid, (array_agg(c.calendar order by c.due_at, c.seq))[1]
  from public.incident_clocks c
  where c.district_code = new.district_code and c.incident_id = new.id and c.running_since is not null
  on conflict (district_code, incident_id) do update set due_at = excluded.due_at, warn_at = excluded.warn_at,
    month = excluded.month, area_code = excluded.area_code, department_code = excluded.department_code,
    reported_by = excluded.reported_by, stage = excluded.stage, on_hold = excluded.on_hold,
    to_verify = excluded.to_verify, handler = excluded.handler, assignee = excluded.assignee,
    rework = excluded.rework, pending = excluded.pending, supervision = excluded.supervision,
    changed_xid = excluded.changed_xid, due_calendar = excluded.due_calendar;
  return null;
end $$;
create trigger keep_new_work after insert on public.incidents
for each row when (private.is_work(new.stage, new.pending, new.supervision))
execute function private.keep_work();
create trigger keep_work after update on public.incidents
for each row when (private.is_work(new.stage, new.pending, new.supervision)
  or private.is_work(old.stage, old.pending, old.supervision))
execute function private.keep_work();

-- Asks again which reports wait for a verification, after an edit of their workflow's rows. The trigger of
-- incidents sets the answer.
create or replace function private.verify_again()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.incidents i set to_verify = not i.to_verify
  where i.workflow_code = to_jsonb(new) ->> tg_argv[0] and i.stage = 'reported'
    and i.to_verify <> private.must_be_verified(i.workflow_code, i.state, i.channel);
  return null;
end $$;
create trigger verify_again after update of trusted_channels on public.workflows
for each row execute function private.verify_again('code');
create trigger verify_again after update of clock on public.workflow_stages
for each row execute function private.verify_again('workflow');

-- People who work on a queue: those of `area_roles` over their areas, handlers for their departments.
create type private.queue_rule as (
  queue text,
  area_roles text[],
  for_departments boolean,
  -- for work `w`
  condition text
);

-- All queues in the order of their tabs. A workflow's own states fall under the stage they are counted as.
create or replace function private.queue_rules()
returns setof private.queue_rule language sql stable set search_path = '' as $$
  select q.queue, q.area_roles::text[], q.for_departments, q.condition
  from (values
    ('to_verify', '{field_staff,grid_manager,admin}', false,
      'w.stage = ''reported'' and w.to_verify and not w.on_hold'),
    ('to_file', '{grid_manager,admin}', false, 'w.stage = ''reported'' and not w.to_verify and not w.on_hold'),
    -- only reports wait for a verification: the index is asked for both values of its columns
    ('to_dispatch', '{grid_manager,admin}', false, 'w.stage = ''filed'' and not w.to_verify and not w.on_hold'),
    ('to_check', '{field_staff,grid_manager,admin}', false,
      'w.stage = ''handled'' and not w.to_verify and not w.on_hold'),
    ('mine', '{}', true, format('w.stage = ''dispatched'' and not w.on_hold and w.handler = %L::uuid', auth.uid())),
    ('returned_to_me', '{}', true, format('w.stage = ''dispatched'' and not w.on_hold and w.rework > 0
      and (w.handler = %L::uuid or w.handler is null)', auth.uid())),
    ('department', '{}', true, 'w.stage = ''dispatched'' and not w.on_hold'),
    ('escalated', '{grid_manager,leader,admin}', true, 'w.supervision is not null'),
    ('overdue', '{leader}', false,
      'private.is_open(w.stage) and not w.on_hold and coalesce(w.due_at, ''infinity'') < now()'),
    ('requests', '{grid_manager,leader,admin}', false, 'w.pending is not null'),
    ('holds', '{grid_manager,leader,admin}', false, 'w.on_hold and private.is_open(w.stage)'),
    ('open', '{field_staff,grid_manager,leader,admin}', true, 'private.is_open(w.stage) and not w.on_hold')
  ) as q (queue, area_roles, for_departments, condition)
$$;

-- The condition that narrows work `w` to the areas of these roles; null without any.
create or replace function private.area_condition(p_roles text[])
returns text language plpgsql stable set search_path = '' as $$
declare
  v_paths constant text[] := private.scope_paths(p_roles);
begin
  if v_paths = '{}' then return null; end if;
  -- every area lies within one that has none above it
  if not exists (select from public.areas a where a.parent_code is null
      and not exists (select from unnest(v_paths) s (path) where private.is_within(a.path, s.path))) then
    return 'true';
  end if;
  return format('w.area_code = any (%L::text[])', private.scope_area_codes(p_roles));
end $$;

-- The caller's queues, or the one asked for, each in parts that follow on each other: field staff first find
-- what is theirs.
create or replace function private.own_queues(p_queue text, out queue text, out parts text[])
returns setof record language plpgsql stable set search_path = '' as $$
declare
  v_user constant uuid := private.require_user();
  v_departments constant text[] := private.scope_departments();
  v_roles constant text[] := array(select distinct m.role from public.memberships m
    where m.user_id = v_user and private.is_valid(m.valid_from, m.valid_to, now()));
  v_rule private.queue_rule;
  v_areas text;
  -- by the roles that were asked for
  v_known jsonb := '{}';
  v_where text[];
begin
  for v_rule in select * from private.queue_rules() r where p_queue is null or r.queue = p_queue loop
    v_where := '{}';
    if v_rule.area_roles && v_roles then
      if not v_known ? v_rule.area_roles::text then
        v_known := v_known || jsonb_build_object(v_rule.area_roles::text, private.area_condition(v_rule.area_roles));
      end if;
      v_areas := v_known ->> v_rule.area_roles::text;
      if v_areas is not null then v_where := v_where || v_areas; end if;
    end if;
    if v_rule.for_departments and v_departments <> '{}' then
      -- one department: an equality keeps the index's order
      v_where := v_where || case cardinality(v_departments)
        when 1 then format('w.department_code = %L', v_departments[1])
        else format('w.department_code = any (%L::text[])', v_departments) end;
    end if;
    continue when v_where = '{}';
    queue := v_rule.queue;
    parts := array[format('%s and (%s)', v_rule.condition, array_to_string(v_where, ' or '))];
    if 'field_staff' = any (v_roles) and 'field_staff' = any (v_rule.area_roles) then
      parts := array[parts[1] || format(' and w.assignee = %L::uuid', v_user),
        parts[1] || format(' and w.assignee is distinct from %L::uuid', v_user)];
    end if;
    return next;
  end loop;
end $$;

-- The rows of a page for the client, in the order of their keys. `steps` are the names that
-- private.offered_transitions would give. Rows that are alike for the transitions share them: a page has few
-- such kinds.
create or replace function private.queue_rows(p_districts text[], p_ids uuid[], p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
declare
  v_user constant uuid := auth.uid();
  v_departments constant text[] := private.scope_departments();
  v_notes constant boolean := private.has_right('note', p_at);
begin
  return (
    with mine as materialized (
      select a.path, m.role from public.memberships m join public.areas a on a.code = m.area_code
      where m.user_id = v_user and m.role <> 'handler' and private.is_valid(m.valid_from, m.valid_to, p_at)
    ), states as materialized (
      select t.workflow, t.from_state, array_agg(distinct g.guard) as looks
      from public.workflow_transitions t
      cross join lateral unnest(t.guards) g (guard)
      where g.guard = any (private.looking_guards())
        and t.roles && (array(select m.role from mine m) || '{handler,reporter}')
      group by t.workflow, t.from_state
    ), page as materialized (
      select k.n, i.workflow_code, i.state, i.on_hold, i.passed,
        array(select distinct m.role from mine m where private.is_within(own.path, m.path))
          || case when i.department_code = any (v_departments) then '{handler}'::text[] else '{}' end
          || case when i.reported_by = v_user and v_notes then '{reporter}'::text[] else '{}' end as acts_as,
        private.failing_row_guards(i, p_at) || l.failing as failing
      from unnest(p_districts, p_ids) with ordinality k (district, id, n)
      join public.incidents i on i.district_code = k.district and i.id = k.id
      join public.areas own on own.code = i.area_code
      left join states s on s.workflow = i.workflow_code and s.from_state = i.state
      cross join lateral private.failing_looks(i, s.looks, p_at) l
    ), kinds as materialized (
      select k.*, (
        select coalesce(jsonb_agg(o.name order by o.sort, o.name collate "C"), '[]')
        from (
          select t.name, min(t.sort) as sort from public.workflow_transitions t
          where t.workflow = k.workflow_code and t.from_state = k.state and t.roles && k.acts_as
            and private.bar_of(t.effects, t.gate, t.name, k.on_hold, k.passed) is null
            and not t.guards && k.failing
          group by t.name) o) as steps
      from (
        select p.workflow_code, p.state, p.on_hold, p.passed, p.acts_as, p.failing, array_agg(p.n) as rows
        from page p group by 1, 2, 3, 4, 5, 6) k
    )
    select coalesce(jsonb_agg(private.incident_row(i, w) || jsonb_build_object(
      'handler', i.handler, 'handlerName', handler.display_name,
      'assignee', i.assignee, 'assigneeName', assignee.display_name,
      'dueUnknown', case when w.due_at is null then private.due_unknown(i) end,
      'dueCalendar', case when w.due_at is not null then w.due_calendar end, 'steps', k.steps) order by r.n), '[]')
    from kinds k
    cross join lateral unnest(k.rows) r (n)
    join public.incidents i on i.district_code = p_districts[r.n] and i.id = p_ids[r.n]
    left join public.incident_work w on w.district_code = i.district_code and w.incident_id = i.id
    left join public.profiles handler on handler.user_id = i.handler
    left join public.profiles assignee on assignee.user_id = i.assignee);
end $$;

-- Working time between the page's instant and the due times of its rows, by calendar:
-- `{calendar: {from, until, spans: [[from, to]]}}`, a year back and ahead at most. Twelve hours more, for a page
-- that stays open.
create or replace function private.page_spans(p_rows jsonb, p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
begin
  return (
    select coalesce(jsonb_object_agg(r.calendar, jsonb_build_object('from', r.starts_at, 'until', r.ends_at,
      'spans', (
        select coalesce(jsonb_agg(jsonb_build_array(s.starts_at, s.ends_at) order by s.starts_at), '[]')
        from private.calendar_spans s
        where s.calendar = r.calendar and s.ends_at > r.starts_at and s.starts_at < r.ends_at
          and s.starts_at >= coalesce((
            select max(b.starts_at) from private.calendar_spans b
            where b.calendar = r.calendar and b.starts_at <= r.starts_at), r.starts_at)))), '{}')
    from (
      select x.line ->> 'dueCalendar' as calendar,
        greatest(least(min(d.due), p_at), p_at - interval '1 year') as starts_at,
        least(greatest(max(d.due), p_at + interval '12 hours'), p_at + interval '1 year') as ends_at
      from jsonb_array_elements(p_rows) x (line)
      cross join lateral (select (x.line ->> 'dueAt')::timestamptz as due) d
      where x.line ->> 'dueCalendar' is not null
      group by 1) r
    -- a year that is not known has no working time, and is not free
    where exists (
      select from private.calendar_covers c
      where c.calendar = r.calendar and c.starts_at <= r.starts_at and c.ends_at >= r.ends_at));
end $$;

create or replace function private.work_queue(p_queue text, p_filter jsonb, p_after jsonb, p_limit integer)
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' set datestyle = 'ISO' set max_parallel_workers_per_gather = 0
set plan_cache_mode = force_generic_plan as $$
declare
  v_parts text[] := (select o.parts from private.own_queues(p_queue) o where p_queue is not null);
  v_filter text := private.filter_condition(private.parse_filter(p_filter));
  v_limit constant integer := coalesce(p_limit, 50);
  v_after constant jsonb := nullif(p_after, 'null');
  v_part integer := 1;
  v_due timestamptz := '-infinity';
  v_id uuid := '00000000-0000-0000-0000-000000000000';
  v_districts text[] := '{}';
  v_ids uuid[] := '{}';
  v_dues timestamptz[] := '{}';
  v_found record;
  v_part_of integer[] := '{}';
  v_rows jsonb;
begin
  perform private.require_user();
  if v_limit not between 1 and 200 then
    raise exception 'p_limit: 1 to 200 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  if v_parts is null then
    if exists (select from private.queue_rules() r where r.queue = p_queue) then
      raise exception 'not a queue of yours' using errcode = '42501', detail = 'p_queue';
    end if;
    raise exception 'p_queue: unknown queue' using errcode = '22023', detail = 'p_queue';
  end if;
  if v_after is not null then
    begin
      v_part := (v_after ->> 'part')::integer;
      v_due := (v_after ->> 'due')::timestamptz;
      v_id := (v_after ->> 'id')::uuid;
      if v_after ->> 'queue' is distinct from p_queue or v_part is null or v_due is null or v_id is null
          or v_part not between 1 and cardinality(v_parts) then
        raise data_exception;
      end if;
    exception when data_exception then
      raise exception 'p_after: not a cursor of this queue' using errcode = '22023', detail = 'p_after';
    end;
  end if;
  while v_part <= cardinality(v_parts) and cardinality(v_ids) <= v_limit loop
    execute format($q$
      select coalesce(array_agg(r.district_code), '{}') as districts, coalesce(array_agg(r.incident_id), '{}') as ids,
        coalesce(array_agg(r.due), '{}') as dues
      from (
        select w.district_code, w.incident_id, coalesce(w.due_at, 'infinity') as due from public.incident_work w %s
        where %s and %s and (coalesce(w.due_at, 'infinity'), w.incident_id) > ($1, $2)
        order by coalesce(w.due_at, 'infinity'), w.incident_id limit $3) r $q$,
      case when v_filter <> 'true' then
        'join public.incidents i on i.district_code = w.district_code and i.id = w.incident_id' end,
      v_parts[v_part], v_filter)
    into v_found using v_due, v_id, v_limit + 1 - cardinality(v_ids);
    v_districts := v_districts || v_found.districts;
    v_ids := v_ids || v_found.ids;
    v_dues := v_dues || v_found.dues;
    v_part_of := v_part_of || array_fill(v_part, array[cardinality(v_found.ids)]);
    v_part := v_part + 1;
    v_due := '-infinity';
    v_id := '00000000-0000-0000-0000-000000000000';
  end loop;
  v_rows := private.queue_rows(v_districts[1:v_limit], v_ids[1:v_limit], now());
  return jsonb_build_object('asOf', now(), 'rows', v_rows, 'workSpans', private.page_spans(v_rows, now()),
    'next', case when cardinality(v_ids) > v_limit then jsonb_build_object('queue', p_queue,
      'part', v_part_of[v_limit], 'due', v_dues[v_limit], 'id', v_ids[v_limit]) end);
end $$;

create or replace function private.work_counts()
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' set max_parallel_workers_per_gather = 0 as $$
declare
  v_own record;
  v_count integer;
  v_queues jsonb := '[]';
begin
  for v_own in select * from private.own_queues(null) loop
    -- parts do not meet
    execute 'select sum(p.n) from (' || (
      select string_agg(format('select count(*) as n from (
        select from public.incident_work w where %s limit 1000) c', c), ' union all ')
      from unnest(v_own.parts) c) || ') p'
    into v_count;
    v_queues := v_queues || jsonb_build_object('queue', v_own.queue, 'count', least(v_count, 1000));
  end loop;
  return jsonb_build_object('asOf', now(), 'queues', v_queues);
end $$;

-- One page of a queue of the caller, the clock that ends first before all others, those without one last.
-- `p_queue` is one of work_counts. Field staff find what they are asked to do before the rest. `p_after` is
-- the `next` of the page before.
-- Returns `{asOf, rows: [IncidentRow], workSpans, next}`; each row also has `handler, handlerName, assignee,
-- assigneeName`, `dueUnknown` as in incident_detail, `dueCalendar` of a clock in working time, whose time is counted
-- by `workSpans`: `{calendar: {from, until, spans: [[from, to]]}}`, and `steps`, the names of the transitions open to the caller.
-- Errors: 42501, also for a queue that is not the caller's; 22023 for an unknown queue, another queue's cursor,
-- a limit outside 1..200, or a wrong filter.
create or replace function public.work_queue(p_queue text, p_filter jsonb, p_after jsonb, p_limit integer)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.work_queue(p_queue, p_filter, p_after, p_limit)
$$;

-- The caller's queues in the order of their tabs, with the number of incidents in each, 1,000 for more.
-- Returns `{asOf, queues: [{queue, count}]}`.
-- Errors: 42501.
create or replace function public.work_counts()
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.work_counts()
$$;
grant execute on function private.work_queue(text, jsonb, jsonb, integer), private.work_counts(),
  public.work_queue(text, jsonb, jsonb, integer), public.work_counts()
to authenticated;
