-- Working calendars: hours of weekdays, days off and make-up days, and arithmetic in working time.
--
-- Look-ups use precomputed spans of working time with the seconds before each. Spans are absolute instants, so
-- days of a clock change are exact. A year without a row in calendar_years is not known: every answer that needs
-- it is null. Table functions have parsed bodies, so that Postgres inlines them into queries over many clocks;
-- `offset 0` keeps it from computing a result again wherever it is used.

-- Each city has one default. A calendar with an area is that of the area and all below it; the deepest wins.
create table public.calendars (
  code text primary key check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null,
  name_en text not null,
  area_code text references public.areas (code),
  -- one working day, where a limit counts days as hours
  day_seconds integer not null default 28800 check (day_seconds between 60 and 86400)
);
create unique index calendars_area_idx on public.calendars (area_code);
create unique index calendars_default_idx on public.calendars ((area_code is null)) where area_code is null;

-- Working hours of a weekday, 1 for Monday to 7. Any number a day; 1440 is the end of the day.
create table public.calendar_hours (
  calendar text not null references public.calendars (code) on delete cascade,
  weekday smallint not null check (weekday between 1 and 7),
  from_minute smallint not null check (from_minute between 0 and 1439),
  to_minute smallint not null,
  primary key (calendar, weekday, from_minute),
  constraint calendar_hours_order_check check (to_minute > from_minute and to_minute <= 1440)
);

-- Days unlike their weekday.
create table public.calendar_days (
  calendar text not null references public.calendars (code) on delete cascade,
  day date not null,
  -- works as this weekday; null: off
  as_weekday smallint check (as_weekday between 1 and 7),
  name text not null default '' check (length(name) <= 200),
  primary key (calendar, day)
);

-- Years whose days are known.
create table public.calendar_years (
  calendar text not null references public.calendars (code) on delete cascade,
  year smallint not null check (year between 1970 and 2200),
  -- where the days come from: an address or words
  source text not null check (length(source) between 1 and 2000),
  primary key (calendar, year)
);

-- Made by private.rebuild_calendar from the tables above. Neighbouring spans and years are joined.
create table private.calendar_covers (
  calendar text not null references public.calendars (code) on delete cascade,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  primary key (calendar, starts_at)
);

create table private.calendar_spans (
  calendar text not null references public.calendars (code) on delete cascade,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  -- working seconds of all earlier spans
  before_seconds bigint not null,
  primary key (calendar, starts_at)
);
create unique index calendar_spans_before_idx on private.calendar_spans (calendar, before_seconds);

create table private.calendar_workdays (
  calendar text not null references public.calendars (code) on delete cascade,
  day date not null,
  -- counts from 1
  n integer not null,
  ends_at timestamptz not null,
  primary key (calendar, day)
);
create unique index calendar_workdays_n_idx on private.calendar_workdays (calendar, n);

alter table public.calendars enable row level security;
alter table public.calendar_hours enable row level security;
alter table public.calendar_days enable row level security;
alter table public.calendar_years enable row level security;
alter table private.calendar_covers enable row level security;
alter table private.calendar_spans enable row level security;
alter table private.calendar_workdays enable row level security;
grant select on public.calendars, public.calendar_hours, public.calendar_days, public.calendar_years
to authenticated;
create policy "Signed-in people see the calendars"
on public.calendars for select to authenticated using (true);
create policy "Signed-in people see the hours of calendars"
on public.calendar_hours for select to authenticated using (true);
create policy "Signed-in people see the days of calendars"
on public.calendar_days for select to authenticated using (true);
create policy "Signed-in people see the years of calendars"
on public.calendar_years for select to authenticated using (true);

-- Computes the spans again after any change of a calendar; private.recompute_clocks then moves the open clocks.
-- Errors: 22023 for an unknown calendar.
create or replace function private.rebuild_calendar(p_calendar text)
returns void language plpgsql set search_path = '' as $$
declare
  v_zone constant text := (select c.time_zone from public.city_settings c);
begin
  if not exists (select from public.calendars c where c.code = p_calendar) then
    raise exception 'there is no calendar %', p_calendar using errcode = '22023', detail = 'p_calendar';
  end if;
  delete from private.calendar_covers c where c.calendar = p_calendar;
  delete from private.calendar_spans s where s.calendar = p_calendar;
  delete from private.calendar_workdays d where d.calendar = p_calendar;
  insert into private.calendar_covers (calendar, starts_at, ends_at)
  select p_calendar, lower(c.range), upper(c.range)
  from (
    select unnest(range_agg(tstzrange(make_date(y.year, 1, 1)::timestamp at time zone v_zone,
      make_date(y.year + 1, 1, 1)::timestamp at time zone v_zone))) as range
    from public.calendar_years y where y.calendar = p_calendar) c;
  with hours as (
    select d.day::date as day, h.range
    from public.calendar_years y
    cross join lateral generate_series(make_date(y.year, 1, 1)::timestamp, make_date(y.year, 12, 31), '1 day') d (day)
    left join public.calendar_days x on x.calendar = y.calendar and x.day = d.day::date
    join public.calendar_hours w on w.calendar = y.calendar
      and w.weekday = case when x.day is null then extract(isodow from d.day) else x.as_weekday end
    -- when clocks go forward, a time that does not exist is read as a later one
    cross join lateral (
      select (d.day + make_interval(mins => w.from_minute)) at time zone v_zone as starts_at,
        (d.day + make_interval(mins => w.to_minute)) at time zone v_zone as ends_at) t
    cross join lateral (select tstzrange(least(t.starts_at, t.ends_at), t.ends_at) as range) h
    where y.calendar = p_calendar and not isempty(h.range)
  ), workdays as (
    insert into private.calendar_workdays (calendar, day, n, ends_at)
    select p_calendar, h.day, row_number() over (order by h.day), max(upper(h.range))
    from hours h group by h.day
  )
  insert into private.calendar_spans (calendar, starts_at, ends_at, before_seconds)
  select p_calendar, lower(s.range), upper(s.range),
    coalesce(sum(extract(epoch from upper(s.range) - lower(s.range)))
      over (order by s.range rows between unbounded preceding and 1 preceding), 0)
  from (select unnest(range_agg(h.range)) as range from hours h) s;
end $$;

-- The calendar of an area: its own, that of the nearest area above, or the default. Null in a city without one.
create or replace function private.calendar_of(p_area text)
returns text language plpgsql stable set search_path = '' as $$
begin
  return (
    select c.code
    from public.calendars c
    -- looked up for the few calendars: a join reads all areas
    left join lateral (select a.path from public.areas a where a.code = c.area_code offset 0) a on true
    where c.area_code is null
      or private.is_within((select own.path from public.areas own where own.code = p_area), a.path)
    order by length(a.path) desc nulls last limit 1);
end $$;

-- Working seconds before an instant, and the known time around it. No row where the year is not known.
create or replace function private.work_position(p_calendar text, p_at timestamptz)
returns table (cover_starts_at timestamptz, cover_ends_at timestamptz, seconds numeric) language sql stable
begin atomic
  select c.starts_at, c.ends_at, coalesce((
    select s.before_seconds + extract(epoch from least(p_at, s.ends_at) - s.starts_at)
    from private.calendar_spans s
    where s.calendar = p_calendar and s.starts_at <= p_at
    order by s.starts_at desc limit 1), 0)
  from private.calendar_covers c
  where c.calendar = p_calendar and c.starts_at <= p_at and c.ends_at >= p_at
  offset 0;
end;

-- Working seconds from one instant to another, negative when that is earlier. No row beyond the known years.
create or replace function private.work_between(p_calendar text, p_from timestamptz, p_to timestamptz)
returns table (seconds numeric) language sql stable
begin atomic
  select t.seconds - f.seconds
  from private.work_position(p_calendar, p_from) f
  join private.work_position(p_calendar, p_to) t on t.cover_starts_at = f.cover_starts_at;
end;

-- The instant at which so many working seconds of the calendar lie before, within known time. A time used up when
-- a span ends is due there, not at the next start. No row outside of the known time.
create or replace function private.work_until(p_calendar text, p_cover_starts_at timestamptz,
  p_cover_ends_at timestamptz, p_seconds numeric)
returns table (at timestamptz) language sql stable
begin atomic
  select s.starts_at + make_interval(secs => (p_seconds - s.before_seconds)::double precision)
  from (
    select x.starts_at, x.ends_at, x.before_seconds
    from private.calendar_spans x
    -- as whole seconds, for the index
    where x.calendar = p_calendar and x.before_seconds < ceil(p_seconds)::bigint
    order by x.before_seconds desc limit 1) s
  where s.starts_at >= p_cover_starts_at and s.ends_at <= p_cover_ends_at
    and p_seconds <= s.before_seconds + extract(epoch from s.ends_at - s.starts_at);
end;

-- Working seconds from one instant to another; null beyond the known years.
create or replace function private.work_seconds(p_calendar text, p_from timestamptz, p_to timestamptz)
returns numeric language sql stable
return (select w.seconds from private.work_between(p_calendar, p_from, p_to) w);

-- The instant after so many working seconds; null beyond the known years. Negative seconds go back.
create or replace function private.add_work_seconds(p_calendar text, p_from timestamptz, p_seconds numeric)
returns timestamptz language sql stable
return (select w.at from private.work_position(p_calendar, p_from) p
  cross join lateral private.work_until(p_calendar, p.cover_starts_at, p.cover_ends_at, p.seconds + p_seconds) w);

-- Working time of the week after an instant, so that a client counts on by itself: `{until, spans: [[from, to]]}`, at
-- most 200 spans, complete up to `until`. Null beyond the known years.
create or replace function private.work_ahead(p_calendar text, p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
begin
  return (
    with spans as materialized (
      select greatest(s.starts_at, p_at) as starts_at, s.ends_at, row_number() over (order by s.starts_at) as n
      from private.calendar_spans s
      where s.calendar = p_calendar and s.ends_at > p_at and s.starts_at >= coalesce((
        select b.starts_at from private.calendar_spans b
        where b.calendar = p_calendar and b.starts_at <= p_at
        order by b.starts_at desc limit 1), p_at)
      order by s.starts_at limit 201
    ), known as (
      select least(c.ends_at, p_at + interval '168 hours',
        (select s.starts_at from spans s where s.n = 201)) as until
      from private.calendar_covers c
      where c.calendar = p_calendar and c.starts_at <= p_at and c.ends_at >= p_at
    )
    select jsonb_build_object('until', k.until, 'spans', coalesce((
      select jsonb_agg(jsonb_build_array(s.starts_at, least(s.ends_at, k.until)) order by s.starts_at)
      from spans s where s.starts_at < k.until), '[]'))
    from known k);
end $$;

-- Whether a limit can be read. urgent_hour and natural_day run round the clock, work_hour and work_day in working
-- time. The day rule `end_of_day` ends a limit with its last working day.
create or replace function private.is_limit(p_amount numeric, p_unit text, p_day_rule text)
returns boolean language sql immutable parallel safe
return p_amount > 0 and p_amount < 100000
  and p_unit in ('urgent_hour', 'natural_day', 'work_hour', 'work_day')
  and p_day_rule in ('hours', 'end_of_day')
  and (p_day_rule = 'hours' or p_unit = 'work_day')
  and (p_amount = trunc(p_amount) or (p_unit <> 'natural_day' and p_day_rule = 'hours'));

-- Runs round the clock, whatever the calendar.
create or replace function private.is_round_the_clock(p_unit text)
returns boolean language sql immutable parallel safe
return p_unit in ('urgent_hour', 'natural_day');

-- Raises 22023.
create or replace function private.refuse_limit(p_amount numeric, p_unit text, p_day_rule text)
returns numeric language plpgsql stable set search_path = '' as $$
begin
  raise exception 'not a limit: % % (%)', p_amount, p_unit, p_day_rule
    using errcode = '22023', detail = 'limit';
end $$;

-- The seconds of a limit that begins at an instant, in the time it runs in: one row, null beyond the known years.
-- A natural day is the same wall-clock time on the next day. Errors: 22023 for one that cannot be read.
create or replace function private.limit_of(p_calendar text, p_start timestamptz, p_amount numeric, p_unit text,
  p_day_rule text)
returns table (seconds numeric) language sql stable
begin atomic
  select case
    when private.is_limit(p_amount, p_unit, p_day_rule) is not true
      then private.refuse_limit(p_amount, p_unit, p_day_rule)
    when p_unit in ('urgent_hour', 'work_hour') then round(p_amount * 3600)
    when p_unit = 'natural_day' then extract(epoch from
      ((p_start at time zone (select city.time_zone from public.city_settings city))
        + make_interval(days => p_amount::integer))
        at time zone (select city.time_zone from public.city_settings city) - p_start)
    when p_day_rule = 'hours' then
      (select round(p_amount * c.day_seconds) from public.calendars c where c.code = p_calendar)
    else (
      select w.seconds
      from (
        select d.ends_at from private.calendar_workdays d
        where d.calendar = p_calendar and d.n = p_amount::integer + coalesce((
          select b.n from private.calendar_workdays b
          where b.calendar = p_calendar and b.day <=
            (p_start at time zone (select city.time_zone from public.city_settings city))::date
          order by b.day desc limit 1), 0)
        offset 0) d
      cross join lateral private.work_between(p_calendar, p_start, d.ends_at) w)
    end
  offset 0;
end;

-- The seconds of a limit; null beyond the known years. Errors: 22023 for one that cannot be read.
create or replace function private.limit_seconds(p_calendar text, p_start timestamptz, p_amount numeric,
  p_unit text, p_day_rule text default 'hours')
returns numeric language sql stable
return (select l.seconds from private.limit_of(p_calendar, p_start, p_amount, p_unit, p_day_rule) l);

-- Years that calendars lack: the present one, and the next from a month before it begins.
create or replace function private.calendar_gaps(p_at timestamptz)
returns table (calendar text, year integer) language sql stable set search_path = '' as $$
  select c.code, n.year
  from public.calendars c
  cross join public.city_settings city
  cross join lateral (
    select distinct extract(year from (p_at at time zone city.time_zone) + ahead)::integer as year
    from (values (interval '0'), (interval '1 month')) a (ahead)) n
  where not exists (
    select from public.calendar_years y where y.calendar = c.code and y.year = n.year)
  order by n.year, c.code
$$;
