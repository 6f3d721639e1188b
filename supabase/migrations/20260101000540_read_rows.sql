-- Rows: the list by pages, and everything about one incident.

create function private.incident_row(i public.incidents)
returns jsonb language sql stable set search_path = '' set timezone = 'UTC' as $$
  select jsonb_build_object(
    'id', (i).id, 'districtCode', (i).district_code, 'categoryCode', (i).category_code,
    'areaCode', (i).area_code, 'departmentCode', (i).department_code, 'stage', (i).stage,
    'onHold', (i).on_hold, 'severity', (i).severity, 'lon', (i).lon, 'lat', (i).lat,
    'description', (i).description, 'addressLabel', (i).address_label,
    'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'channel', (i).channel,
    'version', (i).version)
$$;

-- Each sort is one or two keys, all in one direction, then the id; every key has an index in
-- …_read_indexes.sql written with the very same expression. Null for an unknown sort.
create function private.list_order(p_sort text, out keys text[], out types text[], out descending boolean)
language sql immutable set search_path = '' as $$
  select o.keys, o.types, o.descending from (values
    ('reported_desc', array['i.reported_at'], array['timestamptz'], true),
    ('reported_asc', array['i.reported_at'], array['timestamptz'], false),
    ('closed_desc', array[$k$coalesce(i.closed_at, '-infinity')$k$], array['timestamptz'], true),
    ('hours_desc', array[$k$coalesce(i.closed_at - i.reported_at, '-1 second')$k$], array['interval'], true),
    ('hours_asc', array[$k$coalesce(i.closed_at - i.reported_at, '1000000 days')$k$], array['interval'], false),
    ('area_asc', array['i.area_code', $k$('2000-01-01T00:00:00Z'::timestamptz - i.reported_at)$k$],
      array['text', 'interval'], false),
    ('category_asc', array['i.category_code', $k$('2000-01-01T00:00:00Z'::timestamptz - i.reported_at)$k$],
      array['text', 'interval'], false)
  ) as o (sort, keys, types, descending) where o.sort = p_sort
$$;

-- One page. p_after is the `next` of the page before, {sort, keys, id}, and null for the first;
-- what is not closed comes last under closed_desc and both hours sorts.
-- Errors: 22023 for an unknown sort, a cursor of another sort, a limit outside 1..200, or a
-- malformed filter.
create function private.incident_list(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres'
set max_parallel_workers_per_gather = 0 as $$
declare
  v_sort text := coalesce(p_sort, 'reported_desc');
  v_limit integer := coalesce(p_limit, 50);
  v_after jsonb := nullif(p_after, 'null');
  v_order record;
  v_key_list text;
  v_key_texts text;
  v_direction text;
  v_condition text := 'true';
  v_result jsonb;
begin
  select * into v_order from private.list_order(v_sort);
  if v_order.keys is null then
    raise exception 'p_sort: unknown sort' using errcode = '22023', detail = 'p_sort';
  end if;
  if v_limit not between 1 and 200 then
    raise exception 'p_limit: 1 to 200 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  v_direction := case when v_order.descending then ' desc' else ' asc' end;
  v_key_list := array_to_string(v_order.keys, ', ');
  v_key_texts := (select string_agg(k || '::text', ', ') from unnest(v_order.keys) k);

  if v_after is not null then
    begin
      if v_after ->> 'sort' is distinct from v_sort or v_after ->> 'id' is null
          or jsonb_array_length(v_after -> 'keys') is distinct from cardinality(v_order.keys)
          or v_after -> 'keys' @> 'null' then
        raise data_exception;
      end if;
      v_condition := format('(%s, i.id) %s (%s, %L::uuid)', v_key_list,
        case when v_order.descending then '<' else '>' end,
        (select string_agg(case t.type
            when 'timestamptz' then quote_nullable((v_after -> 'keys' ->> t.n::integer - 1)::timestamptz)
            when 'interval' then quote_nullable((v_after -> 'keys' ->> t.n::integer - 1)::interval)
            else quote_nullable(v_after -> 'keys' ->> t.n::integer - 1) end || '::' || t.type, ', ' order by t.n)
          from unnest(v_order.types) with ordinality t (type, n)),
        (v_after ->> 'id')::uuid);
    exception when data_exception then
      raise exception 'p_after: not a cursor of this sort' using errcode = '22023', detail = 'p_after';
    end;
  end if;

  execute format($q$
    with page as (
      -- numbered outside, so that the limit reaches the index or the sort
      select r.*, row_number() over () as n from (
        select i, array[%s] as keys, i.id
        from public.incidents i
        where %s and %s and %s
        order by %s%s, i.id%s limit $1 + 1
      ) r
    )
    select jsonb_build_object(
      'rows', coalesce(jsonb_agg(private.incident_row(p.i) order by p.n) filter (where p.n <= $1), '[]'),
      'next', case when count(*) > $1 then
        jsonb_agg(jsonb_build_object('sort', $2, 'keys', p.keys, 'id', p.id)) filter (where p.n = $1) -> 0 end)
    from page p $q$,
    v_key_texts,
    private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(private.parse_filter(p_filter)),
    v_condition,
    array_to_string(v_order.keys, v_direction || ', '), v_direction, v_direction)
  into v_result using v_limit, v_sort;
  return v_result;
end $$;

-- Everything a person needs about one incident, or null when it does not exist or lies outside the
-- caller's scope (the answer does not tell which).
create function private.incident_detail(p_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' as $$
declare
  v_incident public.incidents;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    private.scope_condition(private.resolve_scope(), 'i'))
  into v_incident using p_id;
  if v_incident.id is null then
    return null;
  end if;
  return jsonb_build_object(
    'incident', private.incident_row(v_incident) || jsonb_build_object(
      'category', (select jsonb_build_object('code', c.code, 'nameZh', c.name_zh, 'nameEn', c.name_en,
          'class', c.class, 'path', c.path)
        from public.categories c where c.code = v_incident.category_code),
      -- from the top down to the area that holds the incident
      'areas', (select jsonb_agg(jsonb_build_object('code', a.code, 'level', a.level, 'name', a.name)
          order by length(a.path))
        from public.areas a join public.areas own on own.code = v_incident.area_code
          and starts_with(own.path, a.path)),
      'department', (select jsonb_build_object('code', d.code, 'nameZh', d.name_zh, 'nameEn', d.name_en)
        from public.departments d where d.code = v_incident.department_code),
      'reportedBy', v_incident.reported_by,
      'reporterName', (select p.display_name from public.profiles p where p.user_id = v_incident.reported_by),
      'deviceAt', v_incident.device_at,
      'source', v_incident.source,
      'sourceId', v_incident.source_id),
    'log', coalesce((
      select jsonb_agg(jsonb_build_object('seq', l.seq, 'at', l.at, 'kind', l.kind, 'actor', l.actor,
          'actorName', p.display_name, 'stageFrom', l.stage_from, 'stageTo', l.stage_to,
          'note', l.note, 'data', l.data) order by l.seq)
      from public.incident_log l
      left join public.profiles p on p.user_id = l.actor
      where l.district_code = v_incident.district_code and l.incident_id = v_incident.id), '[]'));
end $$;

create function public.incident_list(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_list(p_filter, p_sort, p_after, p_limit)
$$;
create function public.incident_detail(p_id uuid)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_detail(p_id)
$$;

revoke all on function private.incident_row(public.incidents) from public, anon, authenticated;
revoke all on function private.list_order(text) from public, anon, authenticated;
revoke all on function private.incident_list(jsonb, text, jsonb, integer) from public, anon;
revoke all on function private.incident_detail(uuid) from public, anon;
revoke all on function public.incident_list(jsonb, text, jsonb, integer) from public, anon;
revoke all on function public.incident_detail(uuid) from public, anon;
grant execute on function private.incident_list(jsonb, text, jsonb, integer) to authenticated;
grant execute on function private.incident_detail(uuid) to authenticated;
grant execute on function public.incident_list(jsonb, text, jsonb, integer) to authenticated;
grant execute on function public.incident_detail(uuid) to authenticated;
