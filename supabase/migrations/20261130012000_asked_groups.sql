CREATE OR REPLACE FUNCTION private.asked_groups(p_filter jsonb, p_level text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_filter constant private.incident_filter := private.parse_filter(p_filter);
  v_rows jsonb;
begin
  if private.level_rank(p_level) is null then
    raise exception 'p_level: a level of areas' using errcode = '22023', detail = 'p_level';
  end if;
  execute format($q$
    with called as (
      select s.code as area, t.code as category, i.channel, q.answer, q.is_generated,
        case when q.closed_at < i.reported_at + interval '1 day' then 'day'
          when q.closed_at < i.reported_at + interval '7 days' then 'week'
          when q.closed_at < i.reported_at + interval '30 days' then 'month' else 'longer' end as took
      from (%s) q
      join public.incidents i on i.district_code = q.district_code and i.id = q.incident_id
      join public.areas a on a.code = q.area_code
      join public.categories c on c.code = q.category_code
      join public.categories t on t.path = split_part(c.path, '/', 1) || '/'
      left join public.areas s on s.level = $5 and starts_with(a.path, s.path)
      -- 128: still to call
      where q.way = 'callback' and not q.is_exempt and q.answer <> 128
        and ($1 is null or q.area_code = any ($1)) and ($2 is null or q.category_code = any ($2))
        and q.closed_at >= coalesce($3, '-infinity') and q.closed_at < coalesce($4, 'infinity')
    ), grouped as (
      select case when grouping(d.area) = 0 then 'area' when grouping(d.category) = 0 then 'category'
          when grouping(d.channel) = 0 then 'channel' else 'took' end as by,
        coalesce(d.area, d.category, d.channel, d.took) as key, count(*) as called,
        count(*) filter (where d.answer <> 130) as reached, count(*) filter (where d.answer < 128) as answered,
        count(*) filter (where d.is_generated) as generated
      from called d
      group by grouping sets ((d.area), (d.category), (d.channel), (d.took))
    )
    select coalesce(jsonb_agg(jsonb_build_object('by', g.by, 'key', g.key, 'called', g.called, 'reached', g.reached,
      'answered', g.answered, 'generated', g.generated) order by g.by, g.called desc, g.key), '[]')
    from grouped g where g.key is not null $q$,
    private.asked_query(private.resolve_scope()))
  into v_rows using v_filter.area_codes, v_filter.category_codes, v_filter.closed_from, v_filter.closed_to, p_level;
  return jsonb_build_object('groups', v_rows);
end $function$;

CREATE OR REPLACE FUNCTION public.asked_groups(p_filter jsonb, p_level text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.asked_groups(p_filter, p_level) $function$;

revoke all on function private.asked_groups(jsonb,text) from public, anon, authenticated, service_role;

grant execute on function private.asked_groups(jsonb,text) to authenticated;

revoke all on function public.asked_groups(jsonb,text) from public, anon, authenticated, service_role;

grant execute on function public.asked_groups(jsonb,text) to authenticated;
