-- The present text with its reasons is in supabase/schemas.

create or replace function private.current_cursor()
returns text language sql stable security definer set search_path = '' as $$
  select instance_id || '-' || restores || '.' || pg_snapshot_xmin(pg_current_snapshot())
  from public.city_settings
$$;

create or replace function private.data_as_of()
returns timestamptz language sql stable security definer set search_path = '' as $$
  select case when exists (select 1 from public.incidents where source is null) then now()
    else least(now(), (
      select greatest(
        (select max(reported_at) from public.incidents),
        nullif((select max(coalesce(closed_at, '-infinity')) from public.incidents), '-infinity')))) end
$$;

create or replace function private.month_revision(p_count bigint, p_max bigint, p_sum numeric)
returns text language sql immutable set search_path = '' as $$
  select concat_ws('.', p_count, coalesce(p_max, 0), coalesce(p_sum, 0))
$$;

create or replace function private.base64(p_bytes bytea)
returns text language sql immutable parallel safe set search_path = '' as $$
  select coalesce(translate(encode(p_bytes, 'base64'), E'\n', ''), '')
$$;

create or replace function private.incident_months()
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

create or replace function private.incident_columns(p_months text[])
returns jsonb language plpgsql stable security definer
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

create or replace function private.month_changes_since(p_cursor text)
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

create or replace function private.changes_since(p_cursor text)
returns jsonb language sql stable security definer set search_path = '' as $$
  select private.month_changes_since(p_cursor)
    || jsonb_build_object('areasRevision', private.area_revision())
$$;

create or replace function public.incident_months()
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_months()
$$;
create or replace function public.incident_columns(p_months text[])
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_columns(p_months)
$$;
create or replace function public.changes_since(p_cursor text)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.changes_since(p_cursor)
$$;
grant execute on function private.incident_months(), private.incident_columns(text[]),
  private.changes_since(text),
  public.incident_months(), public.incident_columns(text[]), public.changes_since(text)
to authenticated;

create or replace function private.tile_latitude(p_row float8)
returns float8 language sql immutable strict parallel safe set search_path = '' as $$
  select degrees(atan(sinh(pi() * (1 - 2 * p_row))))
$$;

create or replace function private.incident_points(p_z integer, p_x integer, p_y integer, p_filter jsonb)
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 set work_mem = '32MB' as $$
declare
  v_tiles float8;
  v_west float8;
  v_east float8;
  v_north float8;
  v_south float8;
  v_result jsonb;
begin
  if p_z is null or p_z not between 14 and 22 then
    raise exception 'p_z: points are given from zoom 14 to 22' using errcode = '22023', detail = 'p_z';
  end if;
  v_tiles := 1 << p_z;
  if p_x is null or p_y is null or p_x not between 0 and v_tiles - 1 or p_y not between 0 and v_tiles - 1 then
    raise exception 'p_x, p_y: no such tile' using errcode = '22023', detail = 'p_x';
  end if;
  v_west := p_x / v_tiles * 360 - 180;
  v_east := (p_x + 1) / v_tiles * 360 - 180;
  v_north := private.tile_latitude(p_y / v_tiles);
  v_south := private.tile_latitude((p_y + 1) / v_tiles);

  execute format($q$
    with hits as materialized (
      -- narrow on purpose: a crowded tile has tens of thousands, of which 2,000 are looked at again
      select i.ctid as row_at, i.reported_at, i.id
      from public.incidents i
      where i.geom operator(extensions.&&) extensions.st_makeenvelope($1, $2, $3, $4, 4326)
        -- && compares boxes in single precision: about a metre wider than asked
        and i.lon >= $1 and i.lon < $3 and i.lat > $2 and i.lat <= $4
        and %s and %s
    ), shown as (
      select i.id, i.lon, i.lat, c.idx as category,
        (case i.stage when 'reported' then 0 when 'filed' then 1 when 'dispatched' then 2
          when 'handled' then 3 when 'closed' then 4 when 'rejected' then 5 else 6 end)
          | (case when i.on_hold then 16 else 0 end) as stage
      from (select * from hits order by reported_at desc, id limit 2000) h
      join public.incidents i on i.ctid = h.row_at
      join public.categories c on c.code = i.category_code
    ), placed as (
      select s.id, s.category, s.stage,
        least(4095, greatest(0, floor(((s.lon + 180) / 360 * $5 - $6) * 4096)))::integer::smallint as x,
        least(4095, greatest(0, floor(((0.5 - ln(tan(pi() / 4 + radians(s.lat) / 2)) / (2 * pi())) * $5 - $7)
          * 4096)))::integer::smallint as y
      from shown s
    )
    select jsonb_build_object(
      'total', (select count(*) from hits),
      'shown', count(*),
      'ids', coalesce(jsonb_agg(p.id), '[]'),
      'category', private.base64(string_agg(set_byte('\x00', 0, p.category), '')),
      'stage', private.base64(string_agg(set_byte('\x00', 0, p.stage), '')),
      'x', private.base64(string_agg(int2send(p.x), '')),
      'y', private.base64(string_agg(int2send(p.y), '')))
    from placed p $q$,
    private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(private.parse_filter(p_filter)))
  into v_result using v_west, v_south, v_east, v_north, v_tiles, p_x, p_y;
  return v_result;
end $$;

create or replace function public.incident_points(p_z integer, p_x integer, p_y integer, p_filter jsonb)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_points(p_z, p_x, p_y, p_filter)
$$;
grant execute on function private.incident_points(integer, integer, integer, jsonb),
  public.incident_points(integer, integer, integer, jsonb)
to authenticated;
