CREATE OR REPLACE FUNCTION private.incident_points(p_z integer, p_x integer, p_y integer, p_filter jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
AS $function$
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
      select h.row_at from hits h where (select n from counted) <= 2000
      union all
      -- each place before a second incident of any: a stack must not thin out its neighbours
      (select h.row_at from (
        select t.row_at, t.reported_at, t.id,
          row_number() over (partition by t.lon, t.lat order by t.reported_at desc, t.id) as nth
        from hits t where (select n from counted) > 2000) h
      order by h.nth, h.reported_at desc, h.id limit 2000)
    ), shown as (
      select i.id, i.lon, i.lat, c.idx as category,
        private.stage_byte(i.stage, i.on_hold) | case when i.is_generated then 32 else 0 end as stage
      from chosen h
      join public.incidents i on i.ctid = h.row_at
      join public.categories c on c.code = i.category_code
    ), placed as (
      select s.id, s.category, s.stage, s.lon, s.lat,
        least(4095, greatest(0, floor(((s.lon + 180) / 360 * $5 - $6) * 4096)))::integer::smallint as x,
        least(4095, greatest(0, floor(((0.5 - ln(tan(pi() / 4 + radians(s.lat) / 2)) / (2 * pi())) * $5 - $7)
          * 4096)))::integer::smallint as y
      from shown s
    ), stacks as materialized (
      select t.lon, t.lat, count(*) as n from hits t where (select n from counted) > 2000 group by 1, 2
    ), drawn as materialized (
      select p.lon, p.lat, min(p.x) as x, min(p.y) as y from placed p
      where (select n from counted) > 2000 group by 1, 2
    )
    select jsonb_strip_nulls(jsonb_build_object(
      'total', (select n from counted),
      'hidden', (select sum(k.n) from stacks k
        where not exists (select from drawn d where d.lon = k.lon and d.lat = k.lat)),
      'stacks', (select jsonb_agg(jsonb_build_array(t.x, t.y, t.n)) from (
        select d.x, d.y, sum(k.n) as n from drawn d join stacks k on k.lon = d.lon and k.lat = d.lat
        group by 1, 2 having sum(k.n) > 1) t),
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
end $function$;
