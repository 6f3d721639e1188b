-- The search over incidents: by case number, by the provisional number of a device, by words of text and address.

-- Words of Latin letters and digits in small letters; of all other writing each pair of neighbours and the last
-- sign, because Chinese has no spaces. Extensions for this differ between tiers. The cost keeps the planner from
-- computing it for rows that an index can find.
create or replace function private.search_words(p_text text)
returns text[] language sql immutable parallel safe cost 2000 set search_path = '' as $$
  select coalesce(array_agg(distinct w.word), '{}')
  from (
    select left(m[1], 40) as word from regexp_matches(lower(left(p_text, 2000)), '[a-z0-9]+', 'g') m
    union all
    select substr(m[1], n, 2)
    from regexp_matches(lower(left(p_text, 2000)), '[^[:space:][:punct:]a-z0-9、。，；：？！（）《》“”‘’【】·]+', 'g') m
    cross join lateral generate_series(1, length(m[1])) n
  ) w
$$;

-- The lexemes of the index. Text of ASCII words alone is split at once: private.search_words takes several times as
-- long, and gives the same lexemes. Inlined: a function called from a function's own SQL is planned again for each row.
create or replace function private.incident_words(p_description text, p_address text)
returns tsvector language sql immutable parallel safe cost 2000
return case
  when lower(left(left(p_address, 500) || ' ' || p_description, 2000))
    ~ '[^[:space:][:punct:]a-z0-9、。，；：？！（）《》“”‘’【】·]|[a-z0-9]{41}'
    then array_to_tsvector(private.search_words(left(p_address, 500) || ' ' || p_description))
  else array_to_tsvector(array_remove(
    regexp_split_to_array(lower(left(left(p_address, 500) || ' ' || p_description, 2000)), '[^a-z0-9]+'), ''))
end;

create index incidents_words_idx on public.incidents using gin (private.incident_words(description, address_label));

-- All words must be there, the Latin ones by their beginning. Null when the text holds no word.
create or replace function private.search_query(p_text text)
returns tsquery language sql immutable set search_path = '' as $$
  select nullif(string_agg(format('%L', w.word)
    || case when w.word ~ '^[a-z0-9]' or length(w.word) = 1 then ':*' else '' end, ' & '), '')::tsquery
  from unnest(private.search_words(p_text)) w (word)
  -- the last sign alone says no more than its pair
  where w.word ~ '^[a-z0-9]' or length(w.word) = 2
    or not exists (select from unnest(private.search_words(p_text)) o (word) where length(o.word) = 2
      and right(o.word, 1) = w.word)
$$;

-- The case number that a person may have meant: `2026-123`, `2026 000123`, `2026000123`, also with 编号 or No. before
-- it; up to six digits alone are of this year. Null for all else.
create or replace function private.read_case_number(p_text text, p_year integer)
returns text language plpgsql immutable set search_path = '' as $$
declare
  v_text constant text := regexp_replace(translate(lower(btrim(p_text)), '０１２３４５６７８９－—–＃', '0123456789---#'),
    '^(#|no\.?|nr\.?|number|case|编号|案号|案件号)[[:space:]:：]*', '');
  v_parts text[] := regexp_match(v_text, '^([0-9]{4})[[:space:]/-]+([0-9]{1,9})$');
begin
  v_parts := coalesce(v_parts, regexp_match(v_text, '^([0-9]{4})([0-9]{6})$'));
  if v_parts is null and v_text ~ '^[0-9]{1,6}$' then
    v_parts := array[p_year::text, v_text];
  end if;
  return case when v_parts[2]::integer > 0 then private.case_number(v_parts[1]::integer, v_parts[2]::integer) end;
end $$;

-- With the plan that the search below goes without: by bitmaps it would read all.
create or replace function private.newest_report()
returns timestamptz language sql stable set search_path = '' set enable_indexscan = on as $$
  select max(i.reported_at) from public.incidents i
$$;

-- Those with all words among the newest incidents, newest first: of 1,500 the first 200 within the scope. An index of
-- words reads a common one for the whole city before it gives the first; such a one is found here after a few rows.
create or replace function private.newest_hits(p_query tsquery, p_scope text, p_limit integer)
returns uuid[] language plpgsql stable
set search_path = '' set enable_seqscan = off set enable_indexscan = on as $$
declare
  v_found uuid[];
begin
  execute format($q$
    select coalesce(array_agg(h.id order by h.reported_at desc, h.id desc), '{}')
    from (
      select n.id, n.reported_at
      from (
        select i.id, i.reported_at, i.description, i.address_label
        from (select * from public.incidents order by reported_at desc, id desc limit 1500) i
        where %s limit 200) n
      where private.incident_words(n.description, n.address_label) operator(pg_catalog.@@) $1 limit $2) h $q$, p_scope)
  into v_found using p_query, p_limit;
  return v_found;
end $$;

-- Only plans by bitmaps: without statistics the planner would read months row by row for a word that is rare. Words
-- that many incidents have are looked for in the newest first, so that their thousands are never read.
create or replace function private.incident_search(p_text text, p_limit integer)
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' set max_parallel_workers_per_gather = 0
-- what is off counts as dear, which would have each statement compiled
set enable_seqscan = off set enable_indexscan = off set jit = off as $$
declare
  v_scope constant text := private.scope_condition(private.resolve_scope(), 'i');
  v_limit constant integer := coalesce(p_limit, 8);
  v_number text;
  v_prefix text;
  v_query tsquery;
  v_newest timestamptz;
  v_window interval;
  v_ids uuid[] := '{}';
  v_found uuid[];
  v_rows jsonb;
begin
  if v_limit not between 1 and 50 then
    raise exception 'p_limit: 1 to 50 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  if p_text is null or length(p_text) > 200 then
    raise exception 'p_text: 1 to 200 characters' using errcode = '22023', detail = 'p_text';
  end if;
  v_number := private.read_case_number(p_text, extract(year from private.city_today())::integer);
  if v_number is not null then
    execute format('select coalesce(array_agg(i.id), ''{}'') from public.incidents i where i.case_number = $1 and %s', v_scope)
    into v_ids using v_number;
  end if;
  -- six hexadecimal digits of the id, as the device shows them; or the whole id
  v_prefix := coalesce((regexp_match(lower(btrim(p_text)), '^p-?([0-9a-f]{6})$'))[1],
    (regexp_match(lower(btrim(p_text)), '^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$'))[1]);
  if v_prefix is not null then
    execute format('select coalesce(array_agg(i.id order by i.id), ''{}'') from (
      select i.id from public.incidents i where i.id between $1 and $2 and %s limit 50) i', v_scope)
    into v_found using
      (case when length(v_prefix) = 36 then v_prefix else v_prefix || '00-0000-0000-0000-000000000000' end)::uuid,
      (case when length(v_prefix) = 36 then v_prefix else v_prefix || 'ff-ffff-ffff-ffff-ffffffffffff' end)::uuid;
    v_ids := v_ids || v_found;
  end if;
  v_query := private.search_query(p_text);
  -- one letter begins too many words
  if v_query is not null and (length(btrim(p_text)) > 1 or p_text !~ '[A-Za-z0-9]') then
    v_found := private.newest_hits(v_query, v_scope, v_limit + 1);
    v_newest := private.newest_report();
    foreach v_window in array array['31 days', '1 year', '1000 years']::interval[] loop
      exit when cardinality(v_found) > v_limit;
      execute format($q$
        with hits as materialized (
          select i.id, i.reported_at from public.incidents i
          where private.incident_words(i.description, i.address_label) operator(pg_catalog.@@) $1
            and i.reported_at > $2 and %s limit 5000
        )
        select coalesce(array_agg(h.id order by h.reported_at desc, h.id desc), '{}')
        from (select * from hits order by reported_at desc, id desc limit $3) h $q$, v_scope)
      into v_found using v_query, v_newest - v_window, v_limit + 1;
    end loop;
    v_ids := v_ids || array(select f.id from unnest(v_found) with ordinality f (id, n)
      where f.id <> all (v_ids) order by f.n);
  end if;
  select jsonb_agg(private.incident_row(i, w) order by k.n) into v_rows
  from unnest(v_ids[1:v_limit]) with ordinality k (id, n)
  join public.incidents i on i.id = k.id
  left join public.incident_work w on w.district_code = i.district_code and w.incident_id = i.id;
  return jsonb_build_object('number', v_number, 'rows', coalesce(v_rows, '[]'),
    'isMore', cardinality(v_ids) > v_limit);
end $$;

-- Incidents of the caller's sight whose case number is meant, then those whose text or address has all the words,
-- newest first. Of a word that more than 5,000 have in a year, some of the newest may be missing.
-- Returns `{number, rows: [IncidentRow], isMore}`; `number` is the case number that the text was read as, or null.
-- Errors: 42501; 22023 for a text over 200 characters or a limit outside 1..50.
create or replace function public.incident_search(p_text text, p_limit integer default 8)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_search(p_text, p_limit)
$$;
grant execute on function private.incident_search(text, integer), public.incident_search(text, integer)
to authenticated;
