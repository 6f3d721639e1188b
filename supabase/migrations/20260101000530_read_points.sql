-- Points of one map tile, packed; web-mercator arithmetic in plain SQL, so that it runs everywhere.

-- The parallel of a tile row's upper edge at zoom 0 scale: p_row / 2^z in 0..1, from north.
create function private.tile_latitude(p_row float8)
returns float8 language sql immutable strict parallel safe set search_path = '' as $$
  select degrees(atan(sinh(pi() * (1 - 2 * p_row))))
$$;

-- What is shown when a tile holds more than 2,000 are the newest; `total` counts all of them. A point
-- belongs to exactly one tile: west and north edges are inside, east and south edges are not.
-- Errors: 22023 for a tile that does not exist, below zoom 14, and for a malformed filter.
create function private.incident_points(p_z integer, p_x integer, p_y integer, p_filter jsonb)
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

create function public.incident_points(p_z integer, p_x integer, p_y integer, p_filter jsonb)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_points(p_z, p_x, p_y, p_filter)
$$;

revoke all on function private.tile_latitude(float8) from public, anon, authenticated;
revoke all on function private.incident_points(integer, integer, integer, jsonb) from public, anon;
revoke all on function public.incident_points(integer, integer, integer, jsonb) from public, anon;
grant execute on function private.incident_points(integer, integer, integer, jsonb) to authenticated;
grant execute on function public.incident_points(integer, integer, integer, jsonb) to authenticated;
