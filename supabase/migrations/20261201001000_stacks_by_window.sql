-- Counts of stacked points by the window that orders them: their joins took most of a crowded tile's time.

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
