-- The present text with its reasons is in supabase/schemas.

create or replace function private.is_within(p_path text, p_prefix text)
returns boolean language sql immutable parallel safe as $$
  select p_path collate "C" >= p_prefix and p_path collate "C" < left(p_prefix, -1) || '0'
$$;

create or replace function private.scope_paths(p_roles text[] default null)
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(distinct a.path), '{}')
  from public.memberships m
  join public.areas a on a.code = m.area_code
  where m.user_id = auth.uid()
    and m.role <> 'handler'
    and (p_roles is null or m.role = any (p_roles))
    and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
$$;

create or replace function private.scope_area_codes(p_roles text[] default null)
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(a.code order by a.code collate "C"), '{}')
  from public.areas a
  where exists (
    select 1 from unnest(private.scope_paths(p_roles)) as s (path)
    where private.is_within(a.path, s.path))
$$;

create or replace function private.scope_departments()
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(distinct m.department_code), '{}')
  from public.memberships m
  where m.user_id = auth.uid()
    and m.role = 'handler'
    and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
$$;

create or replace function private.scope_people()
returns uuid[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(distinct p.user_id), '{}')
  from (
    select auth.uid() as user_id
    union all
    select m.user_id from public.memberships m
    where m.area_code = any (private.scope_area_codes('{grid_manager,leader,admin}'))
  ) p
  where p.user_id is not null
$$;

create or replace function private.has_role(p_roles text[], p_at timestamptz default now())
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.memberships m
    where m.user_id = auth.uid()
      and m.role = any (p_roles)
      and m.valid_from <= p_at and (m.valid_to is null or m.valid_to > p_at))
$$;

create or replace function private.scope_key()
returns text language sql stable security definer set search_path = '' as $$
  select encode(sha256(convert_to(coalesce(auth.uid()::text, '') || coalesce(
    string_agg(concat_ws('|', m.role, a.path, m.department_code), ',' order by
      m.role collate "C", a.path collate "C", m.department_code collate "C"), ''), 'UTF8')), 'hex')
  from public.memberships m
  join public.areas a on a.code = m.area_code
  where m.user_id = auth.uid()
    and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
$$;

grant execute on function private.scope_area_codes(text[]), private.scope_departments(),
  private.scope_people()
to authenticated;

create type private.incident_rights as (
  sees boolean,
  roles text[],
  is_reporter boolean,
  may_note boolean,
  may_ask boolean,
  may_correct boolean
);

create or replace function private.rights_on(p_incident public.incidents, p_at timestamptz default now())
returns private.incident_rights language plpgsql stable set search_path = '' as $$
declare
  v_rights private.incident_rights;
  v_handles boolean := exists (
    select 1 from public.memberships m
    where m.user_id = auth.uid() and m.role = 'handler' and m.department_code = p_incident.department_code
      and m.valid_from <= p_at and (m.valid_to is null or m.valid_to > p_at));
begin
  select coalesce(array_agg(distinct m.role), '{}') into v_rights.roles
  from public.areas own, public.memberships m
  join public.areas a on a.code = m.area_code
  where own.code = p_incident.area_code and private.is_within(own.path, a.path)
    and m.user_id = auth.uid() and m.role <> 'handler'
    and m.valid_from <= p_at and (m.valid_to is null or m.valid_to > p_at);
  v_rights.is_reporter := coalesce(p_incident.reported_by = auth.uid(), false);
  v_rights.sees := v_rights.is_reporter or v_rights.roles <> '{}' or v_handles;
  v_rights.may_note := v_rights.is_reporter
    or v_rights.sees and private.has_role('{field_staff,handler,grid_manager,admin}', p_at);
  v_rights.may_ask := v_rights.roles && '{grid_manager,admin}';
  v_rights.may_correct := v_rights.is_reporter or v_rights.roles && '{field_staff,grid_manager,admin}';
  return v_rights;
end $$;

alter table public.city_settings enable row level security;
alter table public.areas enable row level security;
alter table public.departments enable row level security;
alter table public.categories enable row level security;
alter table public.profiles enable row level security;
alter table public.memberships enable row level security;
alter table public.incidents enable row level security;
alter table public.incident_log enable row level security;
alter table private.incident_moves enable row level security;
alter table public.commands enable row level security;
alter table public.incident_photos enable row level security;
alter table public.photo_checks enable row level security;

grant select on public.city_settings, public.areas, public.departments, public.categories,
  public.profiles, public.memberships, public.incidents, public.incident_log, public.commands,
  public.incident_photos, public.photo_checks
to authenticated;

create policy "Signed-in people see the city's settings"
on public.city_settings for select to authenticated using (true);

create policy "Signed-in people see all areas"
on public.areas for select to authenticated using (true);

create policy "Signed-in people see all departments"
on public.departments for select to authenticated using (true);

create policy "Signed-in people see all categories"
on public.categories for select to authenticated using (true);

create policy "People see their own profile, managers and leaders those of their areas"
on public.profiles for select to authenticated
using (user_id = any ((select private.scope_people())::uuid[]));

create policy "People see their own memberships, admins and managers those in their areas"
on public.memberships for select to authenticated
using (
  user_id = (select auth.uid())
  or area_code = any ((select private.scope_area_codes('{grid_manager,admin}'))::text[])
);

create policy "People see incidents in their areas, their own, and their department's"
on public.incidents for select to authenticated
using (
  area_code = any ((select private.scope_area_codes())::text[])
  or reported_by = (select auth.uid())
  or department_code = any ((select private.scope_departments())::text[])
);

create policy "Who sees an incident sees its log"
on public.incident_log for select to authenticated
using (exists (
  select 1 from public.incidents i
  where i.district_code = incident_log.district_code and i.id = incident_log.incident_id
));

create policy "People see the receipts of their own commands"
on public.commands for select to authenticated
using (actor = (select auth.uid()));

create or replace function private.refuse_log_change()
returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception 'incident_log is append-only: % refused', lower(tg_op) using errcode = 'restrict_violation';
end $$;

create trigger refuse_log_change
before update or delete or truncate on public.incident_log
for each statement execute function private.refuse_log_change();

create or replace function private.mark_incident_change()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  new.changed_xid := pg_current_xact_id()::text::bigint;
  if tg_op = 'UPDATE' then
    new.version := old.version + 1;
  end if;
  return new;
end $$;

create trigger mark_incident_change
before insert or update on public.incidents
for each row execute function private.mark_incident_change();

create or replace function private.record_incident_move()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into private.incident_moves
    (district_code, incident_id, changed_xid, month, area_code, department_code, reported_by)
  values (old.district_code, old.id, new.changed_xid, old.month, old.area_code,
    old.department_code, old.reported_by)
  on conflict do nothing;
  return null;
end $$;

create trigger record_incident_move
after update on public.incidents
for each row
when ((old.month, old.area_code, old.department_code)
  is distinct from (new.month, new.area_code, new.department_code))
execute function private.record_incident_move();
