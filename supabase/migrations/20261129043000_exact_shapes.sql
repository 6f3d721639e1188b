CREATE OR REPLACE FUNCTION private.area_features(p_level text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_user();
  if private.level_rank(p_level) is null then
    raise exception 'p_level: % is no level', coalesce(p_level, 'null') using errcode = '22023';
  end if;
  return (
    select jsonb_build_object('type', 'FeatureCollection', 'features', coalesce(jsonb_agg(
      jsonb_build_object('type', 'Feature', 'id', a.idx,
        'properties', jsonb_build_object('code', a.code, 'parentCode', a.parent_code,
          'path', a.path, 'level', a.level, 'name', a.name),
        'geometry', extensions.st_asgeojson(a.geom, 15)::jsonb)
      order by a.path collate "C"), '[]'))
    from public.areas a, private.city_today() as today
    where a.level = p_level and private.is_valid(a.valid_from, a.valid_to, today));
end $function$;
