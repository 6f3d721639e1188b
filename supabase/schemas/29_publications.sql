-- Public figures: what the city has published, from aggregates alone. The owner's command and the server's own door for
-- admins of the whole city write; another door serves the newest document from memory.
--
-- A month is counted once, at its first publication. Later publications repeat these counts, so that differences
-- between two publications tell nothing but what the audit has seen (src/domain/publish).

-- The level of the smallest published areas, chosen with the first publication.
create table private.publication_settings (
  singleton boolean primary key default true check (singleton),
  leaf_level text not null constraint publication_settings_level_check check (private.level_rank(leaf_level) is not null)
);
alter table private.publication_settings enable row level security;

-- Months that are counted for good.
create table private.publication_months (
  month date primary key constraint publication_months_month_check check (extract(day from month) = 1),
  counted_at timestamptz not null default now()
);
alter table private.publication_months enable row level security;

-- The finest counts, hidden ones too: nobody but the owner reads them.
create table private.publication_counts (
  measure text not null constraint publication_counts_measure_check
    check (measure in ('reported', 'closed', 'satisfied', 'solved')),
  month date not null references private.publication_months (month),
  -- of the area at the level, or above it where an incident lies in none
  area_path text not null,
  -- top of the tree; empty for answers
  category_code text not null,
  -- incidents, or answers
  n integer not null constraint publication_counts_n_check check (n > 0),
  -- of the answers, those that say yes
  yes integer not null default 0,
  has_generated boolean not null default false,
  primary key (measure, month, area_path, category_code),
  constraint publication_counts_yes_check check (yes between 0 and n)
);
create index publication_counts_month_idx on private.publication_counts (month);
alter table private.publication_counts enable row level security;

create table public.publications (
  -- counted from 1
  id integer primary key,
  published_at timestamptz not null default now(),
  from_month date not null,
  to_month date not null,
  -- `PublicFigures` of src/domain/publish/figures.ts: finished, without hidden figures
  document jsonb not null,
  -- no longer served; later audits still count on it: what was told stays told
  withdrawn_at timestamptz,
  constraint publications_months_check check (from_month <= to_month)
);
alter table public.publications enable row level security;
grant select on public.publications to authenticated;
create policy "Everybody signed in reads what is published"
on public.publications for select to authenticated
using (withdrawn_at is null);

-- Publishing and withdrawing, by person and time. A null person is the owner's command.
create table private.publication_acts (
  publication_id integer not null references public.publications (id),
  act text not null constraint publication_acts_act_check check (act in ('published', 'withdrawn')),
  done_by uuid references public.profiles (user_id),
  done_at timestamptz not null default now(),
  primary key (publication_id, act)
);
create index publication_acts_done_by_idx on private.publication_acts (done_by);
alter table private.publication_acts enable row level security;

-- The path of the area at a level that holds an area; above the level the area's own.
create or replace function private.path_at_level(p_area text, p_level text)
returns text language sql stable set search_path = '' as $$
  select coalesce(
    (select l.path from public.areas l where private.is_within(a.path, l.path) and l.level = p_level limit 1), a.path)
  from public.areas a where a.code = p_area
$$;

-- Counts months for good that are not counted yet. Returns how many. Errors: 22023 for a month that is not over, or for
-- another level than that of the first publication.
create or replace function private.count_publication_months(p_from date, p_to date, p_level text)
returns integer language plpgsql set search_path = '' as $$
declare
  v_zone constant text := (select time_zone from public.city_settings);
  v_months date[];
begin
  insert into private.publication_settings (leaf_level) values (p_level) on conflict do nothing;
  if not exists (select from private.publication_settings s where s.leaf_level = p_level) then
    raise exception 'the smallest published areas are of level %, chosen with the first publication',
      (select leaf_level from private.publication_settings) using errcode = '22023';
  end if;
  if p_to >= date_trunc('month', private.city_today())::date then
    raise exception 'a month is published once it is over' using errcode = '22023';
  end if;
  v_months := array(select m::date from generate_series(p_from, p_to, interval '1 month') m
    where not exists (select from private.publication_months k where k.month = m::date));
  insert into private.publication_months (month) select unnest(v_months);
  insert into private.publication_counts (measure, month, area_path, category_code, n, yes, has_generated)
  with places as materialized (
    select a.code, private.path_at_level(a.code, p_level) as path from public.areas a
  ), tops as (
    select c.code, split_part(c.path, '/', 1) as top from public.categories c
  ), rows as (
    select 'reported' as measure, i.month, i.area_code, i.category_code, false as yes, false as generated
    from public.incidents i
    where i.month = any (v_months) and i.stage not in ('rejected', 'merged')
    union all
    select 'closed', date_trunc('month', i.closed_at at time zone v_zone)::date, i.area_code, i.category_code, false, false
    from public.incidents i
    where i.stage = 'closed' and date_trunc('month', i.closed_at at time zone v_zone)::date = any (v_months)
    union all
    select 'satisfied', r.closed_month, r.area_code, null, r.satisfied >= 4, r.is_generated
    from public.ratings r
    where r.closed_month = any (v_months) and r.satisfied is not null and not r.is_exempt
    union all
    select 'solved', r.closed_month, r.area_code, null, r.solved, r.is_generated
    from public.ratings r
    where r.closed_month = any (v_months) and r.solved is not null and not r.is_exempt
  )
  select r.measure, r.month, p.path, coalesce(t.top, ''), count(*), count(*) filter (where r.yes), bool_or(r.generated)
  from rows r
  join places p on p.code = r.area_code
  left join tops t on t.code = r.category_code
  group by 1, 2, 3, 4;
  return cardinality(v_months);
end $$;
