-- Incidents by channel for the patterns of areas, which columns cannot tell.

create or replace function private.channel_counts(p_filter jsonb, p_areas text[])
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 as $$
declare
  v_areas text[] := (private.parse_filter(jsonb_build_object('areas', p_areas))).area_codes;
  v_result jsonb;
begin
  -- one look at all of them: the areas' own are among the city's
  execute format($q$
    select coalesce(jsonb_agg(jsonb_build_object('channel', c.channel, 'here', c.here, 'city', c.city)
      order by c.here desc, c.city desc, c.channel), '[]')
    from (
      select i.channel, count(*) filter (where i.area_code = any ($1)) as here, count(*) as city
      from public.incidents i where %s and %s group by i.channel) c
    $q$,
    private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(private.parse_filter(p_filter - 'areas')))
  into v_result using v_areas;
  return v_result;
end $$;

-- Incidents under a filter by the channel through which they were reported: in some areas, and in all that the caller
-- sees. The filter's own areas are left out of account.
-- Returns `[{channel, here, city}]`, the most in the areas first.
-- Errors: 42501; 22023 for a wrong filter.
create or replace function public.channel_counts(p_filter jsonb, p_areas text[]) returns jsonb
language sql stable set search_path = '' as $$ select private.channel_counts(p_filter, p_areas) $$;
grant execute on function private.channel_counts(jsonb, text[]), public.channel_counts(jsonb, text[]) to authenticated;
