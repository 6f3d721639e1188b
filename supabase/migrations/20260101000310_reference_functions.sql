-- What every page needs first: who am I, and the city's areas, categories and departments.
-- Thin functions in public for the API, the work in private.

-- A point inside the area for its label. Stored, because finding it costs milliseconds a polygon.
alter table public.areas add column label_point extensions.geometry(Point, 4326)
  generated always as (extensions.st_pointonsurface(geom)) stored;

-- Errors: 42501 when nobody is signed in.
create function private.require_user()
returns uuid language plpgsql stable set search_path = '' as $$
declare
  v_user uuid := auth.uid();
begin
  if v_user is null then
    raise exception 'sign in first' using errcode = '42501';
  end if;
  return v_user;
end $$;

-- The calendar day in the city; UTC's before the city has settings.
create function private.city_today()
returns date language sql stable security definer set search_path = '' as $$
  select (now() at time zone coalesce((select time_zone from public.city_settings), 'UTC'))::date
$$;

create function private.session_context()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'userId', u.id,
    'displayName', p.display_name,
    'locale', p.locale,
    'memberships', coalesce((
      select jsonb_agg(jsonb_build_object(
        'role', m.role, 'areaCode', a.code, 'areaPath', a.path, 'areaName', a.name,
        'departmentCode', m.department_code) order by a.path collate "C", m.role, m.department_code)
      from public.memberships m
      join public.areas a on a.code = m.area_code
      where m.user_id = u.id
        and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())), '[]'),
    'scopeKey', private.scope_key())
  from private.require_user() as u (id)
  left join public.profiles p on p.user_id = u.id
$$;

create function private.area_list()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'idx', a.idx, 'code', a.code, 'parentCode', a.parent_code, 'path', a.path, 'level', a.level,
    'name', a.name, 'households', a.households,
    'bbox', jsonb_build_array(extensions.st_xmin(a.geom), extensions.st_ymin(a.geom),
      extensions.st_xmax(a.geom), extensions.st_ymax(a.geom)),
    'pointOnSurface', jsonb_build_array(extensions.st_x(a.label_point), extensions.st_y(a.label_point))
  ) order by a.path collate "C"), '[]')
  from private.require_user(), private.city_today() as today, public.areas a
  where a.valid_from <= today and (a.valid_to is null or a.valid_to > today)
$$;

-- Errors: 22023 for a word that is no level. Coordinates have six decimals, some 10 cm.
create function private.area_features(p_level text)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
begin
  perform private.require_user();
  if p_level is null or p_level not in ('city', 'district', 'subdistrict', 'community', 'grid') then
    raise exception 'p_level: % is no level', coalesce(p_level, 'null') using errcode = '22023';
  end if;
  return (
    select jsonb_build_object('type', 'FeatureCollection', 'features', coalesce(jsonb_agg(
      jsonb_build_object('type', 'Feature', 'id', a.idx,
        'properties', jsonb_build_object('code', a.code, 'parentCode', a.parent_code,
          'path', a.path, 'level', a.level, 'name', a.name),
        'geometry', extensions.st_asgeojson(a.geom, 6)::jsonb)
      order by a.path collate "C"), '[]'))
    from public.areas a, private.city_today() as today
    where a.level = p_level and a.valid_from <= today and (a.valid_to is null or a.valid_to > today));
end $$;

create function private.category_list()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'idx', c.idx, 'code', c.code, 'parentCode', c.parent_code, 'path', c.path, 'class', c.class,
    'nameZh', c.name_zh, 'nameEn', c.name_en, 'icon', c.icon, 'color', c.color,
    'defaultDepartment', c.default_department, 'sort', c.sort
  ) order by c.sort, c.code collate "C"), '[]')
  from private.require_user(), public.categories c
$$;

create function private.department_list()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'code', d.code, 'nameZh', d.name_zh, 'nameEn', d.name_en) order by d.code collate "C"), '[]')
  from private.require_user(), public.departments d
$$;

create function public.session_context() returns jsonb
language sql stable set search_path = '' as $$ select private.session_context() $$;
create function public.area_list() returns jsonb
language sql stable set search_path = '' as $$ select private.area_list() $$;
create function public.area_features(p_level text) returns jsonb
language sql stable set search_path = '' as $$ select private.area_features(p_level) $$;
create function public.category_list() returns jsonb
language sql stable set search_path = '' as $$ select private.category_list() $$;
create function public.department_list() returns jsonb
language sql stable set search_path = '' as $$ select private.department_list() $$;

revoke all on function private.require_user(), private.city_today(), private.session_context(),
  private.area_list(), private.area_features(text), private.category_list(),
  private.department_list(), public.session_context(), public.area_list(),
  public.area_features(text), public.category_list(), public.department_list()
from public, anon, authenticated;
grant execute on function private.session_context(), private.area_list(),
  private.area_features(text), private.category_list(), private.department_list(),
  public.session_context(), public.area_list(), public.area_features(text),
  public.category_list(), public.department_list()
to authenticated;
