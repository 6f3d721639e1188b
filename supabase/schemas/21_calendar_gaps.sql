-- Tells people where a calendar ends: due times beyond it are unknown and never guessed.

-- Why the incident has no due time although a clock runs: `{until}`, the last local day that the clock's calendar
-- knows, null where the city has no calendar. Null when nothing is unknown.
create or replace function private.due_unknown(p_incident public.incidents)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  v_until timestamptz;
begin
  if p_incident.on_hold or not private.is_open(p_incident.stage) or private.due_of(p_incident) is not null then
    return null;
  end if;
  select (
    select max(v.ends_at) from private.calendar_covers v
    where v.calendar = c.calendar and v.starts_at <= c.running_since) into v_until
  from public.incident_clocks c
  where c.incident_id = p_incident.id and c.district_code = p_incident.district_code
    and c.stopped_at is null and c.running_since is not null and c.due_at is null
  order by 1 nulls last limit 1;
  if not found then return null; end if;
  return jsonb_build_object('until', to_char(
    v_until at time zone (select s.time_zone from public.city_settings s) - interval '1 day', 'YYYY-MM-DD'));
end $$;

create or replace function private.calendar_notices()
returns jsonb language plpgsql stable security definer set search_path = '' as $$
begin
  perform private.require_user();
  if not exists (
    select from public.memberships m
    where m.user_id = auth.uid() and m.role in ('admin', 'leader', 'grid_manager')
      and private.is_valid(m.valid_from, m.valid_to, now())) then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('calendar', c.code, 'nameZh', c.name_zh, 'nameEn', c.name_en,
      'year', g.year) order by g.year, c.code), '[]')
    from private.calendar_gaps(now()) g
    join public.calendars c on c.code = g.calendar);
end $$;

-- Years that the city's calendars lack: the present one, and the next from a month before it begins. Empty for
-- all but admins, leaders and managers.
-- Returns `[{calendar, nameZh, nameEn, year}]`.
-- Errors: 42501.
create or replace function public.calendar_notices() returns jsonb
language sql stable set search_path = '' as $$ select private.calendar_notices() $$;
grant execute on function private.calendar_notices(), public.calendar_notices() to authenticated;
