-- Counts: months, packed columns, changes since a cursor, points of a tile.

-- Rows marked below `before_xid` are final; later commits are marked with it or above. pg_snapshot_xmin would
-- wait for every transaction of the cluster; those of other databases never write here. One that ended
-- meanwhile is waited for once more. `waits_since` is when the awaited one began; null when the owner may not
-- see it (without pg_read_all_stats).
create or replace function private.settled_until(out before_xid bigint, out waits_since timestamptz)
language plpgsql stable security definer set search_path = '' as $$
declare
  v_snapshot constant pg_snapshot := pg_current_snapshot();
  v_here constant oid := (select d.oid from pg_database d where d.datname = current_database());
begin
  before_xid := pg_snapshot_xmin(v_snapshot)::text::bigint;
  -- no other transaction is open; or this is a replica, which lists none
  if not exists (select from pg_snapshot_xip(v_snapshot)) then
    return;
  end if;
  -- forgets this transaction's earlier look at the sessions
  perform pg_stat_clear_snapshot();
  select min(o.xid::text::bigint) into before_xid
  from pg_snapshot_xip(v_snapshot) as o (xid)
  where not exists (select from pg_stat_get_activity(null) a
      where a.backend_xid = o.xid::xid and a.datid <> v_here)
    and not exists (select from pg_prepared_xacts p
      where p.transaction = o.xid::xid and p.database <> current_database());
  if before_xid is not null then
    select a.xact_start into waits_since from pg_stat_get_activity(null) a
    where a.backend_xid = before_xid::text::xid8::xid;
  end if;
  -- the list lacks the caller's own transaction
  before_xid := least(before_xid, pg_current_xact_id_if_assigned()::text::bigint,
    pg_snapshot_xmax(v_snapshot)::text::bigint);
end $$;

-- Instance, restores, first transaction that is not final.
create or replace function private.cursor_at(p_before_xid bigint)
returns text language sql stable security definer set search_path = '' as $$
  select instance_id || '-' || restores || '.' || p_before_xid from public.city_settings
$$;

-- Now, or the last instant of purely imported data.
create or replace function private.data_as_of()
returns timestamptz language sql stable security definer set search_path = '' as $$
  select case when exists (select 1 from public.incidents where source is null) then now()
    else least(now(), (
      select greatest(
        (select max(reported_at) from public.incidents),
        nullif((select max(coalesce(closed_at, '-infinity')) from public.incidents), '-infinity')))) end
$$;

-- Marks of incidents and of their work. Their sum also changes when an older transaction commits after the newest
-- mark.
create or replace function private.month_revision(p_count bigint, p_max bigint, p_sum numeric)
returns text language sql immutable set search_path = '' as $$
  select concat_ws('.', p_count, coalesce(p_max, 0), coalesce(p_sum, 0))
$$;

-- No line breaks; '' for null.
create or replace function private.base64(p_bytes bytea)
returns text language sql immutable parallel safe set search_path = '' as $$
  select coalesce(translate(encode(p_bytes, 'base64'), E'\n', ''), '')
$$;

-- Months of a scope, oldest first: all, or those asked for that have incidents.
create or replace function private.month_list(p_scope private.incident_scope, p_months date[] default null)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  v_months jsonb;
begin
  execute format($q$
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m.month, 'YYYY-MM'), 'count', m.n,
      'revision', private.month_revision(m.n, greatest(m.newest, w.newest), m.total + coalesce(w.total, 0)))
      order by m.month), '[]')
    from (
      select i.month, count(*) as n, max(i.changed_xid) as newest, sum(i.changed_xid) as total
      from public.incidents i where %1$s %3$s group by i.month
    ) m
    left join (
      select w.month, max(w.changed_xid) as newest, sum(w.changed_xid) as total
      from public.incident_work w where %2$s %4$s group by w.month
    ) w on w.month = m.month $q$,
    private.scope_condition(p_scope, 'i'), private.scope_condition(p_scope, 'w'),
    case when p_months is not null then format('and i.month = any (%L::date[])', p_months) end,
    case when p_months is not null then format('and w.month = any (%L::date[])', p_months) end)
  into v_months;
  return v_months;
end $$;

create or replace function private.incident_months()
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 set jit = off as $$
begin
  return jsonb_build_object('months', private.month_list(private.resolve_scope()),
    'cursor', private.cursor_at((private.settled_until()).before_xid), 'asOf', private.data_as_of(), 'now', now());
end $$;

-- Those of incident_months that are asked for; all for null.
create or replace function private.some_months(p_months text[])
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 set jit = off as $$
begin
  return private.month_list(private.resolve_scope(),
    case when p_months is not null then array(select (m || '-01')::date from unnest(p_months) m) end);
end $$;

-- The beginning of a query: `found` are incidents `i` of months that meet a condition. To find the month of a closing in
-- a list takes a ninth of what its year and month take; the place of the incident's own month in the list is its
-- distance from the first one in months of the mean length, rounded.
create or replace function private.found_incidents(p_months date[], p_condition text)
returns text language sql stable set search_path = '' as $$
  select format($q$
    with timed as (
      select i.month, i.id, i.area_code, i.category_code, i.qx, i.qy,
        greatest(i.changed_xid, w.changed_xid) as newest_xid, i.changed_xid + coalesce(w.changed_xid, 0) as xids,
        greatest(0, least(65535, floor(date_part('epoch',
          (i.reported_at at time zone %1$L) - i.month::timestamp) / 60)))::integer as minute,
        case when i.closed_at is null then 65535 else least(65534, floor(date_part('epoch',
          i.closed_at - i.reported_at) / 3600))::integer end as hours,
        private.stage_byte(i.stage, i.on_hold) as stage,
        case when i.closed_at is null then 255 else least(254, greatest(0,
          width_bucket(i.closed_at at time zone %1$L, %4$L::timestamp[])
          - round((i.month - %5$L::date) / 30.436875::float8)::integer - 1)) end as closed_month,
        private.is_open(i.stage) as is_open,
        -- the first whole minute at which it is overdue
        case when not i.on_hold then ceil(date_part('epoch', w.due_at) / 60)
          - date_part('epoch', i.month::timestamp) / 60 end as due_minute
      from public.incidents i
      left join public.incident_work w on w.district_code = i.district_code and w.incident_id = i.id
        and w.month = any (%2$L::date[])
      where i.month = any (%2$L::date[]) and %3$s
    ), found as (
      select t.*, a.idx as area, c.idx as category,
        -- a day is added, because the wall clock may be ahead; 0 means no deadline, null a closed incident
        case when t.is_open and t.due_minute is null then 0
          when t.is_open then least(16777215, greatest(1, t.due_minute - t.minute + 1440))::integer end as due
      from timed t
      join public.areas a on a.code = t.area_code
      join public.categories c on c.code = t.category_code
    )
    $q$, time_zone, p_months, p_condition, array(
      select generate_series(min(m), max(m) + interval '255 months', interval '1 month') from unnest(p_months) m),
    (select min(m) from unnest(p_months) m))
  from public.city_settings
$$;

-- Incidents `i` of months that meet a condition, as packed columns. set_byte on a constant makes one byte.
create or replace function private.pack_incidents(p_months date[], p_condition text)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  v_result jsonb;
begin
  execute private.found_incidents(p_months, p_condition) || format($q$
    , ordered as (
      select f.*, f.minute - lag(f.minute, 1, 0) over w as step
      from found f
      window w as (partition by f.month order by f.minute, f.id)
      order by f.month, f.minute, f.id
    ), packed as (
      select o.month, count(*) as n, max(o.newest_xid) as newest, sum(o.xids) as total,
        string_agg(set_byte('\x00', 0, o.step >> 8), '') || string_agg(set_byte('\x00', 0, o.step & 255), '') as minute,
        string_agg(set_byte('\x00', 0, o.hours >> 8), '') || string_agg(set_byte('\x00', 0, o.hours & 255), '') as hours,
        string_agg(set_byte('\x00', 0, o.area >> 8), '') || string_agg(set_byte('\x00', 0, o.area & 255), '') as area,
        string_agg(set_byte('\x00', 0, o.category), '') as category,
        string_agg(set_byte('\x00', 0, o.stage), '') as stage,
        string_agg(set_byte('\x00', 0, o.closed_month), '') as closed_month,
        string_agg(set_byte('\x00', 0, o.qx >> 8), '') || string_agg(set_byte('\x00', 0, o.qx & 255), '') as x,
        string_agg(set_byte('\x00', 0, o.qy >> 8), '') || string_agg(set_byte('\x00', 0, o.qy & 255), '') as y,
        string_agg(set_byte('\x00', 0, o.due >> 16), '') || string_agg(set_byte('\x00', 0, (o.due >> 8) & 255), '')
          || string_agg(set_byte('\x00', 0, o.due & 255), '') as due
      from ordered o group by o.month
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m, 'YYYY-MM'),
      'revision', private.month_revision(coalesce(p.n, 0), p.newest, p.total),
      'count', coalesce(p.n, 0),
      'minute', private.base64(p.minute), 'hours', private.base64(p.hours),
      'area', private.base64(p.area), 'category', private.base64(p.category),
      'stage', private.base64(p.stage), 'closedMonth', private.base64(p.closed_month),
      'x', private.base64(p.x), 'y', private.base64(p.y), 'due', private.base64(p.due)) order by m), '[]')
    from unnest(%L::date[]) m left join packed p on p.month = m $q$,
    p_months)
  into v_result;
  return v_result;
end $$;

create or replace function private.incident_columns(p_months text[])
returns jsonb language plpgsql stable security definer
-- one sorted stream feeds all planes; parallel workers would each add one
set search_path = '' set max_parallel_workers_per_gather = 0 set work_mem = '32MB' set jit = off as $$
declare
  v_months date[];
begin
  if p_months is null or cardinality(p_months) > 120 or array_ndims(p_months) > 1 then
    raise exception 'p_months: a list of at most 120 months' using errcode = '22023', detail = 'p_months';
  end if;
  if exists (select 1 from unnest(p_months) m where m is null or m !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' or m < '0001') then
    raise exception 'p_months: months as YYYY-MM' using errcode = '22023', detail = 'p_months';
  end if;
  v_months := array(select distinct (m || '-01')::date from unnest(p_months) m);
  return private.pack_incidents(v_months, private.scope_condition(private.resolve_scope(), 'i'));
end $$;

-- For a server that packs by itself: 16 bytes an incident, which takes half of pack_incidents' time. Big-endian
-- minute, hours, area and x, then y, category, stage, closedMonth and due, 0 for null.
create or replace function private.incident_records(p_months text[])
returns table (month text, revision text, count integer, records text)
language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 set work_mem = '32MB' set jit = off as $$
declare
  v_months constant date[] := array(select (m || '-01')::date from unnest(p_months) m);
begin
  return query execute private.found_incidents(v_months, private.scope_condition(private.resolve_scope(), 'i'))
    || $q$
    -- sorted as records, month by month: to sort all that they are made of takes twice as long
    select to_char(o.month, 'YYYY-MM'), private.month_revision(count(*), max(o.newest_xid), sum(o.xids)),
      count(*)::integer, encode(string_agg(o.record, '' order by o.minute, o.id), 'base64')
    from (
      select f.month, f.minute, f.id, f.newest_xid, f.xids,
        int8send((f.minute::bigint << 48) | (f.hours::bigint << 32) | (f.area::bigint << 16) | f.qx)
        || int8send((f.qy::bigint << 48) | (f.category::bigint << 40) | (f.stage::bigint << 32)
          | (f.closed_month::bigint << 24) | coalesce(f.due, 0)) as record
      from found f offset 0
    ) o group by o.month $q$;
end $$;

create or replace function private.answered_columns(p_filter jsonb)
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 set work_mem = '32MB' set jit = off as $$
declare
  v_filter private.incident_filter := private.parse_filter(p_filter);
  v_condition text;
  v_months date[];
begin
  if v_filter.answers is null and v_filter.handling is null then
    perform private.refuse_filter('answers', 'must be given, or handling');
  end if;
  v_condition := concat_ws(' and ', private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(v_filter));
  execute format('select array(select distinct i.month from public.incidents i where %s)', v_condition)
  into v_months;
  return private.pack_incidents(v_months, v_condition);
end $$;

create or replace function private.changes_since(p_cursor text)
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 set jit = off as $$
declare
  v_settled constant record := private.settled_until();
  v_cursor constant text := private.cursor_at(v_settled.before_xid);
  v_scope private.incident_scope := private.resolve_scope();
  v_start bigint;
  v_months jsonb := '[]';
begin
  if split_part(p_cursor, '.', 1) = split_part(v_cursor, '.', 1)
      and split_part(p_cursor, '.', 2) ~ '^[0-9]{1,18}$' and split_part(p_cursor, '.', 3) = '' then
    v_start := split_part(p_cursor, '.', 2)::bigint;
  end if;
  -- a cursor of the future: the database was restored since
  if v_start > v_settled.before_xid then
    v_start := null;
  end if;
  if v_start is not null then
    execute format($q$
      select coalesce(jsonb_agg(to_char(m.month, 'YYYY-MM') order by m.month), '[]') from (
        select i.month from public.incidents i where i.changed_xid >= $1 and i.changed_xid < $2 and %s
        union
        select w.month from public.incident_work w where w.changed_xid >= $1 and w.changed_xid < $2 and %s
        union
        select v.month from private.incident_moves v where v.changed_xid >= $1 and v.changed_xid < $2 and %s
      ) m $q$, private.scope_condition(v_scope, 'i'), private.scope_condition(v_scope, 'w'),
      private.scope_condition(v_scope, 'v'))
    into v_months using v_start, v_settled.before_xid;
  end if;
  return jsonb_build_object('cursor', v_cursor, 'asOf', private.data_as_of(), 'now', now(),
    'reset', v_start is null, 'scopeKey', private.scope_key(), 'months', v_months,
    'areasRevision', private.area_revision(),
    'waiting', case when v_settled.waits_since < now() - interval '1 minute'
      then jsonb_build_object('since', v_settled.waits_since) end);
end $$;

-- For a server that keeps packed months. Persons with the same `scope` read the same. `changed` are months of the whole
-- city, also by transactions that are not final; null where the cursor tells nothing.
create or replace function private.columns_state(p_cursor text)
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 set jit = off as $$
declare
  v_before constant bigint := (private.settled_until()).before_xid;
  v_cursor constant text := private.cursor_at(v_before);
  v_start bigint;
  v_changed jsonb;
begin
  if split_part(p_cursor, '.', 1) = split_part(v_cursor, '.', 1) then
    v_start := split_part(p_cursor, '.', 2)::bigint;
  end if;
  if v_start <= v_before then
    select coalesce(jsonb_agg(to_char(m.month, 'YYYY-MM')), '[]') into v_changed from (
      select i.month from public.incidents i where i.changed_xid >= v_start
      union
      select w.month from public.incident_work w where w.changed_xid >= v_start
      union
      select v.month from private.incident_moves v where v.changed_xid >= v_start
    ) m;
  end if;
  return jsonb_build_object('cursor', v_cursor, 'asOf', private.data_as_of(), 'now', now(), 'changed', v_changed,
    'scope', encode(sha256(convert_to(private.scope_condition(private.resolve_scope(), 'i'), 'UTF8')), 'hex'));
end $$;

-- The report months of the caller's scope.
-- Returns `{cursor, asOf, now, months: [{month, count, revision}]}`. `asOf` is the instant up to which data are
-- known: now, or the last instant of a city that only holds imports. `now` is the server's clock.
-- Errors: 42501.
create or replace function public.incident_months()
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_months()
$$;

-- The incidents of months as packed columns, in the order of the local clock.
-- Returns `[PackedMonth]` of src/domain/answers/columns.ts, one for each month; without incidents its count
-- is 0.
-- Errors: 42501; 22023 unless `p_months` are at most 120 months as YYYY-MM.
create or replace function public.incident_columns(p_months text[])
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_columns(p_months)
$$;

-- The incidents about which residents gave these answers, or that were handled so, as packed columns of their report
-- months. Other parts of the filter may narrow too.
-- Returns `[PackedMonth]` as incident_columns does, without empty months.
-- Errors: 42501; 22023 for a wrong filter, or one without `answers` and `handling`.
create or replace function public.answered_columns(p_filter jsonb)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.answered_columns(p_filter)
$$;

-- The months of the scope whose incidents changed, came in or left since the cursor. Changes count once no
-- open transaction can precede them.
-- Returns `{cursor, asOf, now, reset, scopeKey, months, areasRevision, waiting}`. `reset`: the cursor is not of
-- this database, load all months. `areasRevision`: when areasRevision(list) differs, load the areas before
-- the months. `waiting` is `{since}` when a transaction has kept changes back for over a minute, else null.
-- Errors: 42501.
create or replace function public.changes_since(p_cursor text)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.changes_since(p_cursor)
$$;
grant execute on function private.columns_state(text), private.some_months(text[]),
  private.incident_records(text[]),
  private.incident_months(), private.incident_columns(text[]),
  private.changes_since(text), private.answered_columns(jsonb),
  public.incident_months(), public.incident_columns(text[]), public.changes_since(text),
  public.answered_columns(jsonb)
to authenticated;

-- The latitude of a tile row's upper edge: p_row / 2^z in 0..1, from north. PGlite has no ST_AsMVT.
create or replace function private.tile_latitude(p_row float8)
returns float8 language sql immutable strict parallel safe set search_path = '' as $$
  select degrees(atan(sinh(pi() * (1 - 2 * p_row))))
$$;

create or replace function private.incident_points(p_z integer, p_x integer, p_y integer, p_filter jsonb)
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 set work_mem = '32MB' set jit = off as $$
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
      -- narrow rows: a crowded tile has tens of thousands
      select i.ctid as row_at, i.reported_at, i.id, i.lon, i.lat
      from public.incidents i
      where i.geom operator(extensions.&&) extensions.st_makeenvelope($1, $2, $3, $4, 4326)
        -- && compares in single precision, about a metre wider
        and i.lon >= $1 and i.lon < $3 and i.lat > $2 and i.lat <= $4
        and %s and %s
    ), counted as materialized (
      select count(*) as n from hits
    ), chosen as materialized (
      select h.row_at, null::bigint as place_count from hits h where (select n from counted) <= 2000
      union all
      -- each place before a second incident of any: a stack must not thin out its neighbours. The first of each
      -- place carries the place's count.
      (select h.row_at, case when h.nth = 1 then h.place_count end from (
        select t.row_at, t.reported_at, t.id, count(*) over (partition by t.lon, t.lat) as place_count,
          row_number() over (partition by t.lon, t.lat order by t.reported_at desc, t.id) as nth
        from hits t where (select n from counted) > 2000) h
      order by h.nth, h.reported_at desc, h.id limit 2000)
    ), shown as (
      select i.id, i.lon, i.lat, c.idx as category, h.place_count,
        private.stage_byte(i.stage, i.on_hold) | case when i.is_generated then 32 else 0 end as stage
      from chosen h
      join public.incidents i on i.ctid = h.row_at
      join public.categories c on c.code = i.category_code
    ), placed as materialized (
      select s.id, s.category, s.stage, s.place_count,
        least(4095, greatest(0, floor(((s.lon + 180) / 360 * $5 - $6) * 4096)))::integer::smallint as x,
        least(4095, greatest(0, floor(((0.5 - ln(tan(pi() / 4 + radians(s.lat) / 2)) / (2 * pi())) * $5 - $7)
          * 4096)))::integer::smallint as y
      from shown s
    )
    select jsonb_strip_nulls(jsonb_build_object(
      'total', (select n from counted),
      'hidden', nullif((select n from counted) - (select sum(p.place_count) from placed p), 0),
      'stacks', (select jsonb_agg(jsonb_build_array(t.x, t.y, t.n)) from (
        select p.x, p.y, sum(p.place_count) as n from placed p where p.place_count is not null
        group by 1, 2 having sum(p.place_count) > 1) t),
      'shown', count(*),
      'ids', coalesce(jsonb_agg(p.id), '[]'),
      'category', private.base64(string_agg(set_byte('\x00', 0, p.category), '')),
      'stage', private.base64(string_agg(set_byte('\x00', 0, p.stage), '')),
      'x', private.base64(string_agg(int2send(p.x), '')),
      'y', private.base64(string_agg(int2send(p.y), ''))))
    from placed p $q$,
    private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(private.parse_filter(p_filter)))
  into v_result using v_west, v_south, v_east, v_north, v_tiles, p_x, p_y;
  return v_result;
end $$;

-- The points of a map tile, zoom 14 to 22; of more than 2,000 the newest of each place first. West and north edges
-- are inside, the others are not.
-- Returns `{total, shown, ids, category, stage, x, y, hidden?, stacks?}`. `total` counts all. Of more than 2,000,
-- `stacks` has `[x, y, count]` of each place with several, and `hidden` counts those at places without any point. `category` and `stage` are base64
-- of bytes, `x` and `y` of big-endian i16, local to the tile with extent 4096. `stage` has 32 added for incidents
-- with generated steps.
-- Errors: 42501; 22023 for an impossible tile, another zoom, or a wrong filter.
create or replace function public.incident_points(p_z integer, p_x integer, p_y integer, p_filter jsonb)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_points(p_z, p_x, p_y, p_filter)
$$;
grant execute on function private.incident_points(integer, integer, integer, jsonb),
  public.incident_points(integer, integer, integer, jsonb)
to authenticated;
