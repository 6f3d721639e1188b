-- Answers for the page of satisfaction beside the columns: the city's targets, closings that count for nobody, and
-- residents' words.

-- The share of good answers that the city wants, by rate. A rate without a row has no target.
create table public.rating_targets (
  rate text primary key constraint rating_targets_rate_check check (rate in ('responded', 'solved', 'satisfied')),
  per_thousand smallint not null constraint rating_targets_share_check check (per_thousand between 1 and 1000),
  set_by uuid not null references public.profiles (user_id),
  set_at timestamptz not null
);
create index rating_targets_set_by_idx on public.rating_targets (set_by);
alter table public.rating_targets enable row level security;
grant select on public.rating_targets to authenticated;
create policy "Everybody signed in sees the city's targets"
on public.rating_targets for select to authenticated using (true);

-- The command `set_rating_target`: {rate, perThousand}; without `perThousand` the target goes. The later of two
-- editors wins. Rejections: not_allowed for who is no admin of the whole city.
create or replace function private.set_rating_target(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_rate constant text := private.payload_text(p_payload, 'rate', true, 20);
  v_share constant integer := private.payload_whole(p_payload, 'perThousand', false, 1, 1000);
begin
  perform private.refuse_unknown_fields(p_payload, '{rate,perThousand}');
  if v_rate not in ('responded', 'solved', 'satisfied') then
    perform private.reject_command('invalid_field', 'rate', 'responded, solved or satisfied');
  elsif not private.may_edit_rules(p_actor, p_at) then
    perform private.reject_command('not_allowed');
  end if;
  if v_share is null then
    delete from public.rating_targets t where t.rate = v_rate;
  else
    insert into public.rating_targets (rate, per_thousand, set_by, set_at) values (v_rate, v_share, p_actor, p_at)
    on conflict (rate) do update set per_thousand = excluded.per_thousand, set_by = excluded.set_by,
      set_at = excluded.set_at;
  end if;
  return jsonb_build_object('version', 1);
end $$;

create or replace function private.rating_targets()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('canEdit', private.may_edit_rules(u.id, now()),
    'perThousand', (select coalesce(jsonb_object_agg(t.rate, t.per_thousand), '{}') from public.rating_targets t))
  from private.require_user() as u (id)
$$;

create or replace function private.rating_exclusions(p_filter jsonb)
returns jsonb language plpgsql stable security definer set search_path = '' set timezone = 'UTC' as $$
declare
  v_filter constant private.incident_filter := private.parse_filter(p_filter);
  v_rows jsonb;
begin
  execute format($q$
    select jsonb_build_object('total', count(*), 'rows', coalesce(jsonb_agg(jsonb_build_object(
      'incidentId', e.incident_id, 'closing', e.closing, 'areaCode', e.area_code, 'categoryCode', e.category_code,
      'departmentCode', e.department_code, 'closedAt', e.closed_at, 'solved', e.solved, 'satisfied', e.satisfied,
      'reason', e.reason, 'madeByName', m.display_name, 'decidedByName', d.display_name, 'decidedAt', e.second_at,
      'note', e.second_note, 'isGenerated', e.is_generated) order by e.n) filter (where e.n <= 100), '[]'))
    from (
      select a.*, i.category_code, coalesce(r.closed_at, c.closed_at) as closed_at, r.solved, r.satisfied,
        row_number() over (order by a.second_at desc, a.incident_id, a.closing) as n
      from public.appeals a
      join public.incidents i on i.district_code = a.district_code and i.id = a.incident_id
      left join public.ratings r on r.district_code = a.district_code and r.incident_id = a.incident_id
        and r.closing = a.closing
      left join public.callbacks c on c.district_code = a.district_code and c.incident_id = a.incident_id
        and c.closing = a.closing
      where a.is_granted and %s and ($1 is null or i.area_code = any ($1))
        and ($2 is null or i.category_code = any ($2))
        and coalesce(r.closed_at, c.closed_at) >= coalesce($3, '-infinity')
        and coalesce(r.closed_at, c.closed_at) < coalesce($4, 'infinity')) e
    join public.profiles m on m.user_id = e.made_by
    join public.profiles d on d.user_id = e.second_by $q$,
    private.scope_condition(private.resolve_scope(), 'i'))
  into v_rows using v_filter.area_codes, v_filter.category_codes, v_filter.closed_from, v_filter.closed_to;
  return v_rows;
end $$;

-- Matches the names of people with an account, longest first; null without any.
create or replace function private.name_pattern()
returns text language sql stable set search_path = '' as $$
  select string_agg(regexp_replace(p.display_name, '([].*+?^${}()|\\[])', '\\\1', 'g'), '|'
    order by length(p.display_name) desc)
  from public.profiles p where length(btrim(p.display_name)) > 1
$$;

create or replace function private.rating_comments(p_filter jsonb)
returns jsonb language plpgsql stable security definer set search_path = '' set timezone = 'UTC' as $$
declare
  v_filter constant private.incident_filter := private.parse_filter(p_filter);
  v_user constant uuid := private.require_user();
  v_areas constant text[] := private.scope_area_codes('{grid_manager,leader,admin}');
  v_names constant text := private.name_pattern();
  v_rows jsonb;
begin
  select jsonb_build_object('total', count(*), 'rows', coalesce(jsonb_agg(jsonb_build_object(
    'incidentId', e.incident_id, 'closing', e.closing, 'areaCode', e.area_code, 'categoryCode', e.category_code,
    'closedAt', e.closed_at, 'solved', e.solved, 'satisfied', e.satisfied, 'isGenerated', e.is_generated,
    'words', case when v_names is null then e.words else regexp_replace(e.words, v_names, '…', 'gi') end)
    order by e.n) filter (where e.n <= 2000), '[]'))
  into v_rows
  from (
    select r.*, w.words, row_number() over (order by r.closed_at desc, r.incident_id, r.closing) as n
    from public.ratings r
    join public.rating_words w on w.district_code = r.district_code and w.incident_id = r.incident_id
      and w.closing = r.closing
    where r.has_words and not r.is_exempt and (r.area_code = any (v_areas) or r.asked_by = v_user)
      and (v_filter.area_codes is null or r.area_code = any (v_filter.area_codes))
      and (v_filter.category_codes is null or r.category_code = any (v_filter.category_codes))
      and r.closed_at >= coalesce(v_filter.closed_from, '-infinity')
      and r.closed_at < coalesce(v_filter.closed_to, 'infinity')) e;
  return v_rows;
end $$;

-- Counts closings that were called, by their groups. "Reached" holds refusals; answers by link choose themselves, so
-- they are not here.
create or replace function private.asked_groups(p_filter jsonb, p_level text)
returns jsonb language plpgsql stable security definer set search_path = '' set timezone = 'UTC' as $$
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
end $$;

-- The city's targets for the rates of answers. The command `set_rating_target` changes them.
-- Returns `{canEdit, perThousand: {responded, solved, satisfied}}`; a rate without a target is missing.
-- Errors: 42501.
create or replace function public.rating_targets() returns jsonb
language sql stable set search_path = '' as $$ select private.rating_targets() $$;

-- Closings that leave the rates by a granted appeal, by the filter's areas, categories, closedFrom and closedTo.
-- Returns `{total, rows: [{incidentId, closing, areaCode, categoryCode, departmentCode, closedAt, solved, satisfied,
-- reason, madeByName, decidedByName, decidedAt, note, isGenerated}]}`, at most 100 rows, the latest decision first.
-- Errors: 42501; 22023 for a wrong filter.
create or replace function public.rating_exclusions(p_filter jsonb) returns jsonb
language sql stable set search_path = '' as $$ select private.rating_exclusions(p_filter) $$;

-- Residents' words with their answers, by the filter's areas, categories, closedFrom and closedTo: of areas in which
-- the caller is manager, leader or admin, and those the caller heard. Names of people with an account are struck out.
-- Returns `{total, rows: [{incidentId, closing, areaCode, categoryCode, closedAt, solved, satisfied, words,
-- isGenerated}]}`, at most 2,000 rows, the latest closing first.
-- Errors: 42501; 22023 for a wrong filter.
create or replace function public.rating_comments(p_filter jsonb) returns jsonb
language sql stable set search_path = '' as $$ select private.rating_comments(p_filter) $$;

-- Answers against calls: closings of call-backs by area of a level, highest category, channel and time
-- from report to closing (`day`, `week`, `month`, `longer`: under 1, 7 and 30 days, and more), by the filter's areas,
-- categories, closedFrom and closedTo. Each group's counts: called, of them reached (refusals too), of them answered.
-- Returns `{groups: [{by, key, called, reached, answered, generated}]}`, the most called first within each `by` of
-- `area`, `category`, `channel` and `took`.
-- Errors: 42501; 22023 for a wrong filter or level.
create or replace function public.asked_groups(p_filter jsonb, p_level text) returns jsonb
language sql stable set search_path = '' as $$ select private.asked_groups(p_filter, p_level) $$;
grant execute on function private.rating_targets(), private.rating_exclusions(jsonb), private.rating_comments(jsonb),
  private.asked_groups(jsonb, text), public.asked_groups(jsonb, text),
  public.rating_targets(), public.rating_exclusions(jsonb), public.rating_comments(jsonb)
to authenticated;
