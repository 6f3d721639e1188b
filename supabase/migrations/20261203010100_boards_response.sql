CREATE OR REPLACE FUNCTION private.place_figures(p_board text, p_filter jsonb, p_level text, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_scope constant private.incident_scope := private.resolve_scope();
  v_filter constant private.incident_filter := private.parse_filter(p_filter);
  v_areas constant boolean := p_board = 'areas';
  v_column constant text := case when p_board = 'areas' then 'area_code' else 'department_code' end;
  v_result jsonb;
begin
  execute format($q$
    with verdicts as materialized (%1$s), v as (
      select * from verdicts where not on_hold
    ), subject as materialized (%2$s), place as materialized (%3$s), rated as materialized (
      -- the areas of a subject first: an area has many verdicts
      %4$s
    ), rates as (
      select p.subject, r.n, sum(r.numerator) as numerator, sum(r.denominator) as denominator
      from rated x
      join place p on p.part = x.subject
      cross join lateral unnest(x.numerators, x.denominators) with ordinality r (numerator, denominator, n)
      group by 1, 2
    ), answers as (
      select p.subject, count(*) filter (where r.responded) as responded, count(r.responded) as responded_of,
        count(*) filter (where r.solved) as solved, count(r.solved) as solved_of,
        count(*) filter (where r.satisfied >= 4) as satisfied, count(r.satisfied) as satisfied_of,
        bool_or(r.is_generated) as is_generated
      from public.ratings r
      join place p on p.part = r.%5$I
      where not r.is_exempt and %6$s
        and ($2::date is null or r.closed_month >= $2) and ($3::date is null or r.closed_month <= $3)
        and ($4::text[] is null or r.area_code = any ($4)) and ($5::text[] is null or r.category_code = any ($5))
      group by 1
    ), called as (
      -- calls that are over, as the page of satisfaction counts them
      select p.subject, count(*) as n, count(*) filter (where q.answer < 128) as answered
      from (%9$s) q
      join place p on p.part = q.%5$I
      where q.way = 'callback' and not q.is_exempt and q.answer <> 128
        and ($2::date is null or q.closed_month >= $2) and ($3::date is null or q.closed_month <= $3)
        and ($4::text[] is null or q.area_code = any ($4)) and ($5::text[] is null or q.category_code = any ($5))
      group by 1
    ), spots as (
      select s.subject, count(*) as n
      from (
        select p.subject from public.incidents i
        join place p on p.part = i.%5$I
        where i.is_repeat and i.stage in ('filed', 'dispatched', 'handled', 'closed') and %7$s and %8$s
        group by p.subject, i.category_code, floor(i.lat * 1000), floor(i.lon * 1000)
        having count(*) >= 5) s
      group by 1
    )
    select coalesce(jsonb_agg(jsonb_build_object('key', s.key, 'isGenerated', coalesce(a.is_generated, false), 'values',
      (select jsonb_object_agg(w.rate, jsonb_build_array(coalesce(r.numerator, 0), coalesce(r.denominator, 0)))
        from unnest($6) with ordinality w (rate, n)
        left join rates r on r.subject = s.key and r.n = w.n)
      || jsonb_build_object('responded', jsonb_build_array(coalesce(a.responded, 0), coalesce(a.responded_of, 0)),
        'solved', jsonb_build_array(coalesce(a.solved, 0), coalesce(a.solved_of, 0)),
        'satisfied', jsonb_build_array(coalesce(a.satisfied, 0), coalesce(a.satisfied_of, 0)),
        'answered', jsonb_build_array(coalesce(c.answered, 0), coalesce(c.n, 0)),
        'repeat_places', coalesce(o.n, 0),
        -- past its time and not handled
        'overdue_pending', coalesce((select jsonb_build_array(r.denominator - r.numerator, r.denominator)
          from rates r where r.subject = s.key and r.n = array_position($6, 'handling')), '[0, 0]'))
      || case when s.households is null then '{}' else jsonb_build_object('households', s.households) end)
      order by s.key), '[]')
    from subject s
    left join answers a on a.subject = s.key
    left join called c on c.subject = s.key
    left join spots o on o.subject = s.key
    where $7 or a.subject is not null or exists (select from rates r where r.subject = s.key)
    $q$,
    private.verdict_query(v_scope, v_filter, case when v_areas then 'i.area_code' else 'null::text' end),
    case when v_areas then format($s$select a.code as key, a.path, a.households from public.areas a
        where a.level = %L and a.code = any (%L::text[]) and private.is_valid(a.valid_from, a.valid_to, private.city_today())
          and (%L::text[] is null or a.code = any (%L::text[]))$s$,
        p_level, v_scope.area_codes, v_filter.area_codes, v_filter.area_codes)
      -- who sees by department alone is told of none but theirs
      else format($s$select d.code as key, null::integer as households from public.departments d
        where %L or d.code = any (%L::text[])$s$, v_scope.area_codes <> '{}', v_scope.departments) end,
    case when v_areas then 'select s.key as subject, a.code as part from subject s
        join public.areas a on starts_with(a.path, s.path)'
      else 'select s.key as subject, s.key as part from subject s' end,
    private.rate_sums(case when v_areas then 'v.month' else 'v.department_code' end), v_column,
    private.scope_condition(v_scope, 'r'), private.scope_condition(v_scope, 'i'), private.filter_condition(v_filter),
    private.asked_query(v_scope))
  into v_result using p_at, v_filter.month_from, v_filter.month_to, v_filter.area_codes, v_filter.category_codes,
    array(select r.rate from private.rate_rules() r), v_areas;
  return v_result;
end $function$;
