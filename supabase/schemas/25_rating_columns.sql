-- Ratings as packed columns: one row of four bytes for each closing that was asked about or rated, by the month of its
-- closing. Rows of one department, way and mark stand together by day, so that runs carry these at no cost.

-- Answers in one byte: satisfied (0 not said, 1 to 5), plus 8 not or 16 responded, plus 32 not or 64 solved; 128 a
-- call that waits, 129 refused, 130 not reached.
create or replace function private.answer_byte(
  p_responded boolean, p_solved boolean, p_satisfied integer, p_outcome text, p_is_rated boolean)
returns integer language sql immutable parallel safe
return case when p_is_rated then coalesce(p_satisfied, 0)
    + case when p_responded then 16 when not p_responded then 8 else 0 end
    + case when p_solved then 64 when not p_solved then 32 else 0 end
  else case p_outcome when 'refused' then 129 when 'not_reached' then 130 else 128 end end;

-- Closings asked about or rated that the caller sees, as SQL. Calls that still wait are told to people of the area
-- alone: a department could reach the resident first.
create or replace function private.asked_query(p_scope private.incident_scope)
returns text language sql stable set search_path = '' as $$
  select format($q$
    select r.closed_month, r.closed_at, r.area_code, r.category_code, r.department_code, r.way, r.is_exempt, r.is_generated,
      r.district_code, r.incident_id, r.closing,
      private.answer_byte(r.responded, r.solved, r.satisfied, null, true) as answer, r.changed_xid
    from public.ratings r where %s
    union all
    select c.closed_month, c.closed_at, c.area_code, c.category_code, c.department_code, 'callback', c.is_exempt, c.is_generated,
      c.district_code, c.incident_id, c.closing,
      private.answer_byte(null, null, null, c.outcome, false), c.changed_xid
    from public.callbacks c
    where %s and (%s or c.outcome is not null) and not exists (
      select from public.ratings r where r.district_code = c.district_code and r.incident_id = c.incident_id
        and r.closing = c.closing)
    $q$, private.scope_condition(p_scope, 'r'), private.scope_condition(p_scope, 'c'),
    case when p_scope.whole then 'true' else format('c.area_code = any (%L::text[])', p_scope.area_codes) end)
$$;

create or replace function private.rating_months(p_cursor text)
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 as $$
declare
  v_scope constant private.incident_scope := private.resolve_scope();
  v_before_xid constant bigint := (private.settled_until()).before_xid;
  v_cursor constant text := private.cursor_at(v_before_xid);
  v_start bigint;
  v_changed date[];
  v_months jsonb;
begin
  if split_part(p_cursor, '.', 1) = split_part(v_cursor, '.', 1)
      and split_part(p_cursor, '.', 2) ~ '^[0-9]{1,18}$' and split_part(p_cursor, '.', 3) = '' then
    v_start := split_part(p_cursor, '.', 2)::bigint;
  end if;
  if v_start > v_before_xid then
    v_start := null;
  end if;
  if v_start is not null then
    -- of everybody: a row that left the scope has changed too
    v_changed := array(
      select r.closed_month from public.ratings r where r.changed_xid >= v_start and r.changed_xid < v_before_xid
      union
      select c.closed_month from public.callbacks c where c.changed_xid >= v_start and c.changed_xid < v_before_xid);
  end if;
  if v_changed = '{}' then
    v_months := '[]';
  else
    execute format($q$
      select coalesce(jsonb_agg(jsonb_build_object('month', to_char(m.month, 'YYYY-MM'), 'count', coalesce(a.n, 0),
        'revision', private.month_revision(coalesce(a.n, 0), a.newest, a.total)) order by m.month), '[]')
      from (
        select q.closed_month as month, count(*) as n, max(q.changed_xid) as newest, sum(q.changed_xid) as total
        from (%s) q where $1 is null or q.closed_month = any ($1) group by q.closed_month) a
      full join unnest($1) as g (month) on g.month = a.month
      cross join lateral (select coalesce(g.month, a.month) as month) m $q$, private.asked_query(v_scope))
    into v_months using v_changed;
  end if;
  return jsonb_build_object('cursor', v_cursor, 'reset', v_start is null, 'scopeKey', private.scope_key(),
    'months', v_months);
end $$;

create or replace function private.rating_columns(p_months text[])
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 set work_mem = '32MB' as $$
declare
  v_zone constant text := (select time_zone from public.city_settings);
  v_months date[];
  v_result jsonb;
begin
  if p_months is null or cardinality(p_months) > 120 or array_ndims(p_months) > 1 then
    raise exception 'p_months: a list of at most 120 months' using errcode = '22023', detail = 'p_months';
  end if;
  if exists (select 1 from unnest(p_months) m where m is null or m !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' or m < '0001') then
    raise exception 'p_months: months as YYYY-MM' using errcode = '22023', detail = 'p_months';
  end if;
  v_months := array(select distinct (m || '-01')::date from unnest(p_months) m);
  execute format($q$
    with asked as materialized (
      select q.closed_month as month, q.department_code as department, q.way, q.is_exempt, q.is_generated,
        q.changed_xid, q.answer, a.idx as area, c.idx as category,
        date_part('day', q.closed_at at time zone %L)::integer as day
      from (%s) q
      join public.areas a on a.code = q.area_code
      join public.categories c on c.code = q.category_code
      where q.closed_month = any (%L::date[])
    ), ordered as (
      select * from asked o
      order by o.month, o.department collate "C", o.way collate "C", o.is_exempt, o.is_generated, o.day, o.area,
        o.category, o.answer
    ), packed as (
      select o.month, count(*) as n, max(o.changed_xid) as newest, sum(o.changed_xid) as total,
        string_agg(set_byte('\x00', 0, o.area >> 8), '') || string_agg(set_byte('\x00', 0, o.area & 255), '') as area,
        string_agg(set_byte('\x00', 0, o.category), '') as category,
        string_agg(set_byte('\x00', 0, o.answer), '') as answer
      from ordered o group by o.month
    ), runs as (
      select r.month, jsonb_agg(jsonb_build_object('department', r.department, 'way', r.way, 'isExempt', r.is_exempt,
        'isGenerated', r.is_generated, 'count', r.n, 'days', r.days)
        order by r.department collate "C", r.way collate "C", r.is_exempt, r.is_generated) as list
      from (
        select o.month, o.department, o.way, o.is_exempt, o.is_generated, count(*) as n, array[%s] as days
        from asked o group by 1, 2, 3, 4, 5) r
      group by r.month
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m, 'YYYY-MM'),
      'revision', private.month_revision(coalesce(p.n, 0), p.newest, p.total),
      'count', coalesce(p.n, 0), 'runs', coalesce(r.list, '[]'), 'area', private.base64(p.area),
      'category', private.base64(p.category), 'answer', private.base64(p.answer)) order by m), '[]')
    from unnest(%L::date[]) m
    left join packed p on p.month = m
    left join runs r on r.month = m $q$,
    v_zone, private.asked_query(private.resolve_scope()), v_months,
    (select string_agg(format('count(*) filter (where o.day = %s)', d), ', ') from generate_series(1, 31) d), v_months)
  into v_result;
  return v_result;
end $$;

-- The months of closing with closings that were asked about or rated, of the caller's scope. With a cursor, only those
-- in which something changed since, for whomever; a count of 0 means that nothing is left in sight.
-- Returns `{cursor, reset, scopeKey, months: [{month, count, revision}]}`. `reset`: the cursor is missing or not of this
-- database, and all months are listed.
-- Errors: 42501.
create or replace function public.rating_months(p_cursor text default null) returns jsonb
language sql stable set search_path = '' as $$ select private.rating_months(p_cursor) $$;

-- Closings that were asked about or rated as packed columns, in runs of one department, way and marks.
-- Returns `[PackedRatings]` of src/domain/answers/rating-columns.ts, one for each month; without any its count is 0.
-- Errors: 42501; 22023 unless `p_months` are at most 120 months as YYYY-MM.
create or replace function public.rating_columns(p_months text[]) returns jsonb
language sql stable set search_path = '' as $$ select private.rating_columns(p_months) $$;
grant execute on function private.rating_months(text), public.rating_months(text), private.rating_columns(text[]),
  public.rating_columns(text[])
to authenticated;
