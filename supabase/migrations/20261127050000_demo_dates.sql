-- The demo's dates are moved forward by whole weeks. The city keeps by how many, so that tests can
-- compare with the source and people can be told.
-- The present text with its reasons is in supabase/schemas.

alter table public.city_settings
  add column demo_id text,
  add column demo_weeks integer check (demo_weeks >= 0),
  add column demo_until date,
  add constraint city_settings_demo_check
    check (is_demo or (demo_id is null and demo_weeks is null and demo_until is null));

-- A demo loaded by an earlier version keeps the source's own dates.
update public.city_settings set demo_id = 'sf', demo_weeks = 0, demo_until = '2016-01-27' where is_demo;

create or replace function private.demo_dates()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('weeks', demo_weeks, 'until', demo_until,
    'isOld', demo_until < private.city_today() - interval '1 month')
  from public.city_settings where demo_weeks is not null
$$;

create or replace function private.session_context()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'userId', u.id,
    'displayName', p.display_name,
    'locale', p.locale,
    'memberships', coalesce((
      select jsonb_agg(jsonb_build_object(
        'role', m.role, 'areaCode', a.code, 'areaPath', a.path, 'areaName', a.name,
        'departmentCode', m.department_code) order by a.path collate "C", m.role, m.department_code)
      from public.memberships m
      join public.areas a on a.code = m.area_code
      where m.user_id = u.id
        and private.is_valid(m.valid_from, m.valid_to, now())), '[]'),
    'scopeKey', private.scope_key(),
    'demo', private.demo_dates())
  from private.require_user() as u (id)
  left join public.profiles p on p.user_id = u.id
$$;
