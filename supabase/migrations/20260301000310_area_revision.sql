-- Clients that stay open learn that the areas are others now: columns name areas by index, and an
-- index that a client does not know would be in its total and on no map.

-- Changes with every area that is stored, changed, ended or begins, of those valid today. Clients
-- compute the same from their list: areasRevision in src/domain/area.ts.
create function private.area_revision()
returns text language sql stable set search_path = '' as $$
  select concat_ws('.', count(*), coalesce(sum(a.idx), 0), coalesce(sum(a.revision), 0))
  from private.city_today() as today, public.areas a
  where a.valid_from <= today and (a.valid_to is null or a.valid_to > today)
$$;

-- As before, with the revision of each.
create or replace function private.area_list()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'idx', a.idx, 'code', a.code, 'parentCode', a.parent_code, 'path', a.path, 'level', a.level,
    'name', a.name, 'households', a.households, 'revision', a.revision,
    'bbox', jsonb_build_array(extensions.st_xmin(a.geom), extensions.st_ymin(a.geom),
      extensions.st_xmax(a.geom), extensions.st_ymax(a.geom)),
    'pointOnSurface', jsonb_build_array(extensions.st_x(a.label_point), extensions.st_y(a.label_point))
  ) order by a.path collate "C"), '[]')
  from private.require_user(), private.city_today() as today, public.areas a
  where a.valid_from <= today and (a.valid_to is null or a.valid_to > today)
$$;

-- As before, with the revision of the areas.
alter function private.changes_since(text) rename to month_changes_since;
create function private.changes_since(p_cursor text)
returns jsonb language sql stable security definer set search_path = '' as $$
  select private.month_changes_since(p_cursor)
    || jsonb_build_object('areasRevision', private.area_revision())
$$;

revoke all on function private.area_revision() from public, anon, authenticated;
revoke all on function private.month_changes_since(text) from public, anon, authenticated;
revoke all on function private.changes_since(text) from public, anon;
grant execute on function private.changes_since(text) to authenticated;
