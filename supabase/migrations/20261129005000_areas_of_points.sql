CREATE OR REPLACE FUNCTION private.areas_of_points(p_lon double precision[], p_lat double precision[])
 RETURNS TABLE(n integer, area_code text)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  with points as materialized (
    select p.n::integer as n, p.lon, p.lat,
      extensions.st_setsrid(extensions.st_makepoint(p.lon, p.lat), 4326) as geom
    from unnest(p_lon, p_lat) with ordinality as p (lon, lat, n)
  ), boxes as materialized (
    select a.code, private.level_rank(a.level) as depth, a.geom,
      extensions.st_xmin(a.geom) as west, extensions.st_ymin(a.geom) as south,
      extensions.st_xmax(a.geom) as east, extensions.st_ymax(a.geom) as north
    from public.areas a
    cross join (select (now() at time zone time_zone)::date as today from public.city_settings) city
    where private.is_valid(a.valid_from, a.valid_to, city.today)
  ), deepest as materialized (
    select distinct on (hit.n) hit.n, b.code
    from boxes b cross join lateral (
      select p.n from points p
      where p.lon between b.west and b.east and p.lat between b.south and b.north
        and extensions.st_covers(b.geom, p.geom)
      offset 0
    ) hit
    where b.depth = (select max(x.depth) from boxes x)
    order by hit.n, b.code collate "C"
  ), rest as materialized (
    select p.* from points p where not exists (select from deepest d where d.n = p.n)
  ), above as (
    select distinct on (hit.n) hit.n, b.code
    from boxes b cross join lateral (
      select p.n from rest p
      where p.lon between b.west and b.east and p.lat between b.south and b.north
        and extensions.st_covers(b.geom, p.geom)
      offset 0
    ) hit
    where b.depth < (select max(x.depth) from boxes x)
    order by hit.n, b.depth desc, b.code collate "C"
  )
  select d.n, d.code from deepest d
  union all
  select u.n, u.code from above u
$function$;
