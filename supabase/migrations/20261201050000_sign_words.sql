CREATE OR REPLACE FUNCTION private.bare_words(p_words text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select lower(regexp_replace(normalize(p_words, nfkc), '[[:space:][:punct:]。、·“”‘’《》【】…—～]+', '', 'g'))
$function$;

CREATE OR REPLACE FUNCTION private.rating_signs(p_days integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_user constant uuid := private.require_user();
  v_led constant text[] := private.scope_area_codes('{leader,grid_manager,admin}');
begin
  if p_days is null or p_days not between 1 and 366 then
    raise exception 'p_days: 1 to 366 days' using errcode = '22023', detail = 'p_days';
  end if;
  return (
    with seen as materialized (
      select r.*, coalesce(a.parent_code, a.code) as place
      from public.ratings r
      join public.areas a on a.code = r.area_code
      where v_user is not null and r.at > now() - make_interval(days => p_days) and r.area_code = any (v_led)
    ), signs (kind, place, person, words, n, from_at, to_at, is_generated) as (
      select 'all_equal', s.place, null::uuid, null::text, count(*), min(s.at), max(s.at), bool_or(s.is_generated)
      from seen s where s.satisfied is not null
      group by s.place having count(*) >= 30 and min(s.satisfied) = max(s.satisfied)
      union all
      select 'same_words', s.place, null, min(w.words), count(*), min(s.at), max(s.at), bool_or(s.is_generated)
      from seen s
      join public.rating_words w on w.district_code = s.district_code and w.incident_id = s.incident_id
        and w.closing = s.closing
      cross join lateral (select private.bare_words(w.words) as bare) b
      -- short words are often the same
      where length(b.bare) >= 6
      group by s.place, b.bare having count(*) >= 5
      union all
      select 'burst', null, b.asked_by, null, max(b.n), min(b.at) filter (where b.n >= 8),
        max(b.at) filter (where b.n >= 8), bool_or(b.is_generated)
      from (
        select s.asked_by, s.at, s.is_generated, count(*) over (partition by s.asked_by order by s.at
          range between current row and interval '10 minutes' following) as n
        from seen s where s.asked_by is not null) b
      group by b.asked_by having max(b.n) >= 8
      union all
      select 'at_once', s.place, null, null, count(*), min(s.at), max(s.at), bool_or(s.is_generated)
      from seen s where s.at < s.closed_at + interval '1 minute'
      group by s.place
    )
    select jsonb_build_object('asOf', now(), 'signs', coalesce(jsonb_agg(jsonb_build_object('kind', g.kind,
      'areaCode', g.place, 'personName', p.display_name, 'words', g.words, 'count', g.n, 'from', g.from_at,
      'to', g.to_at, 'isGenerated', g.is_generated) order by g.kind, g.n desc, g.place, p.display_name), '[]'))
    from (select * from signs order by kind, n desc limit 100) g
    left join public.profiles p on p.user_id = g.person);
end $function$;
