-- A city that renumbers its grids brings a whole new level: what its file no longer holds must end, or
-- old and new areas lie on one another and every point goes to the lower code.

-- Ends the validity, today, of the areas of a level that are not among the codes; opens those again
-- that are and had ended; stamps the incidents of both anew. Called by the importer after
-- import_areas, in its transaction.
-- Returns {closed: [code], reopened, restamped, people, holding: [code]}: `people` have a role in a
-- closed area; `holding` are areas that others still lie in: with one of these nothing is written.
create function private.close_missing_areas(p_level text, p_codes text[])
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_today date := private.city_today();
  v_closed text[] := array(
    select a.code from public.areas a
    where a.level = p_level and (a.valid_to is null or a.valid_to > v_today)
      and not a.code = any (p_codes) order by a.code collate "C");
  v_reopened text[] := array(
    select a.code from public.areas a where a.code = any (p_codes) and a.valid_to <= v_today);
  v_holding text[] := array(
    select distinct c.parent_code from public.areas c
    where c.parent_code = any (v_closed) and (c.valid_to is null or c.valid_to > v_today) order by 1);
  v_restamped integer := 0;
begin
  if cardinality(v_holding) > 0 then
    return jsonb_build_object('closed', '[]'::jsonb, 'reopened', 0, 'restamped', 0, 'people', 0,
      'holding', to_jsonb(v_holding));
  end if;
  update public.areas a
  set valid_to = case when a.code = any (v_closed) then v_today end, revision = a.revision + 1
  where a.code = any (v_closed || v_reopened);
  if found then
    v_restamped := private.restamp_incidents(array(
      select extensions.st_envelope(a.geom) from public.areas a where a.code = any (v_closed || v_reopened)));
  end if;
  return jsonb_build_object('closed', to_jsonb(v_closed), 'reopened', cardinality(v_reopened),
    'restamped', v_restamped, 'people', (
      select count(distinct m.user_id) from public.memberships m where m.area_code = any (v_closed)
        and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())),
    'holding', '[]'::jsonb);
end $$;

revoke all on function private.close_missing_areas(text, text[]) from public, anon, authenticated;
