-- Columns: the months of the caller's scope, their content packed, and what changed since a cursor.

-- Opaque: the database's instance and the oldest transaction that was still open. Every row marked
-- with an older transaction is final and was visible to whoever got this cursor; whatever commits
-- later, however early it began, is marked with this transaction or a newer one.
create function private.current_cursor()
returns text language sql stable security definer set search_path = '' as $$
  select instance_id || '.' || pg_snapshot_xmin(pg_current_snapshot()) from public.city_settings
$$;

-- How far the data is known: now, or the last instant in it where everything was imported.
create function private.data_as_of()
returns timestamptz language sql stable security definer set search_path = '' as $$
  select case when exists (select 1 from public.incidents where source is null) then now()
    else least(now(), (
      select greatest(
        (select max(reported_at) from public.incidents),
        nullif((select max(coalesce(closed_at, '-infinity')) from public.incidents), '-infinity')))) end
$$;

-- Changes whenever a row of the month enters, leaves or changes within one scope: marks only grow,
-- and their sum moves also when a transaction older than the newest mark commits late.
create function private.month_revision(p_count bigint, p_max bigint, p_sum numeric)
returns text language sql immutable set search_path = '' as $$
  select concat_ws('.', p_count, coalesce(p_max, 0), coalesce(p_sum, 0))
$$;

-- Without the line breaks that encode() puts in; '' for null.
create function private.base64(p_bytes bytea)
returns text language sql immutable parallel safe set search_path = '' as $$
  select coalesce(translate(encode(p_bytes, 'base64'), E'\n', ''), '')
$$;

create function private.incident_months()
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 as $$
declare
  v_months jsonb;
begin
  execute format($q$
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m.month, 'YYYY-MM'), 'count', m.n,
      'revision', private.month_revision(m.n, m.newest, m.total)) order by m.month), '[]')
    from (
      select i.month, count(*) as n, max(i.changed_xid) as newest, sum(i.changed_xid) as total
      from public.incidents i where %s group by i.month
    ) m $q$, private.scope_condition(private.resolve_scope(), 'i'))
  into v_months;
  return jsonb_build_object('cursor', private.current_cursor(), 'asOf', private.data_as_of(),
    'months', v_months);
end $$;

-- The planes of PackedMonth in src/domain/columns.ts, rows in the order of the local wall clock; a
-- month without rows comes back with count 0. set_byte on a constant makes a plane's single byte.
-- Errors: 22023 for anything but at most 120 months as YYYY-MM.
create function private.incident_columns(p_months text[])
returns jsonb language plpgsql stable security definer
-- one sorted stream feeds all planes; workers would each bring their own
set search_path = '' set max_parallel_workers_per_gather = 0 set work_mem = '32MB' as $$
declare
  v_months date[];
  v_zone text := (select time_zone from public.city_settings);
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
    with timed as (
      select i.month, i.id, i.area_code, i.category_code, i.qx, i.qy, i.changed_xid,
        greatest(0, least(65535, floor(date_part('epoch',
          (i.reported_at at time zone $1) - i.month::timestamp) / 60)))::integer as minute,
        case when i.closed_at is null then 65535 else least(65534, floor(date_part('epoch',
          i.closed_at - i.reported_at) / 3600))::integer end as hours,
        (case i.stage when 'reported' then 0 when 'filed' then 1 when 'dispatched' then 2
          when 'handled' then 3 when 'closed' then 4 when 'rejected' then 5 else 6 end)
          | (case when i.on_hold then 16 else 0 end) as stage,
        case when i.closed_at is null then 255 else least(254, greatest(0,
          (date_part('year', i.closed_at at time zone $1) * 12 + date_part('month', i.closed_at at time zone $1)
          - date_part('year', i.month) * 12 - date_part('month', i.month))))::integer end as closed_month
      from public.incidents i
      where i.month = any (%L::date[]) and %s
    ), ordered as (
      select t.*, a.idx as area, c.idx as category,
        t.minute - lag(t.minute, 1, 0) over w as step
      from timed t
      join public.areas a on a.code = t.area_code
      join public.categories c on c.code = t.category_code
      window w as (partition by t.month order by t.minute, t.id)
      order by t.month, t.minute, t.id
    ), packed as (
      select o.month, count(*) as n, max(o.changed_xid) as newest, sum(o.changed_xid) as total,
        string_agg(set_byte('\x00', 0, o.step >> 8), '') || string_agg(set_byte('\x00', 0, o.step & 255), '') as minute,
        string_agg(set_byte('\x00', 0, o.hours >> 8), '') || string_agg(set_byte('\x00', 0, o.hours & 255), '') as hours,
        string_agg(set_byte('\x00', 0, o.area >> 8), '') || string_agg(set_byte('\x00', 0, o.area & 255), '') as area,
        string_agg(set_byte('\x00', 0, o.category), '') as category,
        string_agg(set_byte('\x00', 0, o.stage), '') as stage,
        string_agg(set_byte('\x00', 0, o.closed_month), '') as closed_month,
        string_agg(set_byte('\x00', 0, o.qx >> 8), '') || string_agg(set_byte('\x00', 0, o.qx & 255), '') as x,
        string_agg(set_byte('\x00', 0, o.qy >> 8), '') || string_agg(set_byte('\x00', 0, o.qy & 255), '') as y
      from ordered o group by o.month
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m, 'YYYY-MM'),
      'revision', private.month_revision(coalesce(p.n, 0), p.newest, p.total),
      'count', coalesce(p.n, 0),
      'minute', private.base64(p.minute), 'hours', private.base64(p.hours),
      'area', private.base64(p.area), 'category', private.base64(p.category),
      'stage', private.base64(p.stage), 'closedMonth', private.base64(p.closed_month),
      'x', private.base64(p.x), 'y', private.base64(p.y)) order by m), '[]')
    from unnest(%L::date[]) m left join packed p on p.month = m $q$,
    v_months, private.scope_condition(private.resolve_scope(), 'i'), v_months)
  into v_result using v_zone;
  return v_result;
end $$;

-- Months of the caller's scope with rows that became final since the cursor: changed there, come in
-- or gone. A cursor that is not of this database asks the client to load everything again.
create function private.changes_since(p_cursor text)
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 as $$
declare
  v_cursor text := private.current_cursor();
  v_end bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  v_scope private.incident_scope := private.resolve_scope();
  v_start bigint;
  v_months jsonb := '[]';
begin
  if split_part(p_cursor, '.', 1) = split_part(v_cursor, '.', 1)
      and split_part(p_cursor, '.', 2) ~ '^[0-9]{1,18}$' and split_part(p_cursor, '.', 3) = '' then
    v_start := split_part(p_cursor, '.', 2)::bigint;
  end if;
  -- a cursor of the future comes from a database that was put back
  if v_start > v_end then
    v_start := null;
  end if;
  if v_start is not null then
    execute format($q$
      select coalesce(jsonb_agg(to_char(m.month, 'YYYY-MM') order by m.month), '[]') from (
        select i.month from public.incidents i where i.changed_xid >= $1 and i.changed_xid < $2 and %s
        union
        select v.month from private.incident_moves v where v.changed_xid >= $1 and v.changed_xid < $2 and %s
      ) m $q$, private.scope_condition(v_scope, 'i'), private.scope_condition(v_scope, 'v'))
    into v_months using v_start, v_end;
  end if;
  return jsonb_build_object('cursor', v_cursor, 'asOf', private.data_as_of(),
    'reset', v_start is null, 'scopeKey', private.scope_key(), 'months', v_months);
end $$;

create function public.incident_months()
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_months()
$$;
create function public.incident_columns(p_months text[])
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_columns(p_months)
$$;
create function public.changes_since(p_cursor text)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.changes_since(p_cursor)
$$;

revoke all on function private.current_cursor() from public, anon, authenticated;
revoke all on function private.data_as_of() from public, anon, authenticated;
revoke all on function private.month_revision(bigint, bigint, numeric) from public, anon, authenticated;
revoke all on function private.base64(bytea) from public, anon, authenticated;
revoke all on function private.incident_months() from public, anon;
revoke all on function private.incident_columns(text[]) from public, anon;
revoke all on function private.changes_since(text) from public, anon;
revoke all on function public.incident_months() from public, anon;
revoke all on function public.incident_columns(text[]) from public, anon;
revoke all on function public.changes_since(text) from public, anon;
grant usage on schema private to authenticated;
grant execute on function private.incident_months() to authenticated;
grant execute on function private.incident_columns(text[]) to authenticated;
grant execute on function private.changes_since(text) to authenticated;
grant execute on function public.incident_months() to authenticated;
grant execute on function public.incident_columns(text[]) to authenticated;
grant execute on function public.changes_since(text) to authenticated;
