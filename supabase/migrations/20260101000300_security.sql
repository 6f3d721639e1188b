-- Who may read what. Nobody but the owner writes: every change goes through apply_commands, the
-- importer or a command of the server. Helpers that look into memberships are security definer and
-- live in `private`; they answer for auth.uid() alone, so that handing them to every signed-in user
-- gives nothing away. Each policy calls them inside a sub-select: once a statement, not once a row.

-- Whatever a later migration makes is closed until it says otherwise. On a Supabase the defaults
-- would hand it to anon. EXECUTE for everybody is a global default, so only a global statement takes
-- it back.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from public, anon, authenticated;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated;
alter default privileges in schema public revoke all on functions from public, anon, authenticated;
alter default privileges in schema private revoke all on tables from public, anon, authenticated;
alter default privileges in schema private revoke all on sequences from public, anon, authenticated;
alter default privileges in schema private revoke all on functions from public, anon, authenticated;

revoke all on all tables in schema public from public, anon, authenticated;
revoke all on all sequences in schema public from public, anon, authenticated;
revoke all on all functions in schema public from public, anon, authenticated;
revoke create on schema public from public, anon, authenticated;
revoke all on schema private from public, anon;
grant usage on schema public to anon, authenticated;
grant usage on schema private to authenticated;

-- Areas below a membership share its path's beginning, never its code's: SF-N-1 is not above
-- SF-N-10, and _ or % in a code must not act as a wildcard. '0' is the character after '/', so the
-- range holds exactly the paths that start with the prefix, and the "C" index serves it. Neither
-- strict nor with a search_path of its own, so that it is inlined.
create function private.is_within(p_path text, p_prefix text)
returns boolean language sql immutable parallel safe as $$
  select p_path collate "C" >= p_prefix and p_path collate "C" < left(p_prefix, -1) || '0'
$$;

-- Path prefixes of the caller's memberships that are valid now; of certain roles when given.
-- A handler sees by department, so that role gives no path.
create function private.scope_paths(p_roles text[] default null)
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(distinct a.path), '{}')
  from public.memberships m
  join public.areas a on a.code = m.area_code
  where m.user_id = auth.uid()
    and m.role <> 'handler'
    and (p_roles is null or m.role = any (p_roles))
    and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
$$;

-- Codes of all areas at or below the caller's, also of areas no longer valid: old incidents lie there.
create function private.scope_area_codes(p_roles text[] default null)
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(a.code order by a.code collate "C"), '{}')
  from public.areas a
  where exists (
    select 1 from unnest(private.scope_paths(p_roles)) as s (path)
    where private.is_within(a.path, s.path))
$$;

-- Departments the caller handles for.
create function private.scope_departments()
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(distinct m.department_code), '{}')
  from public.memberships m
  where m.user_id = auth.uid()
    and m.role = 'handler'
    and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
$$;

-- The caller, and whoever has or had a membership at or below the areas the caller manages or leads.
create function private.scope_people()
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

-- True when the caller holds one of the roles now, anywhere.
create function private.has_role(p_roles text[])
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
    select 1 from public.memberships m
    where m.user_id = auth.uid()
      and m.role = any (p_roles)
      and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now()))
$$;

-- Changes when what the caller may see changes; keys what a device has cached.
create function private.scope_key()
returns text language sql stable security definer set search_path = '' as $$
  select encode(sha256(convert_to(coalesce(auth.uid()::text, '') || coalesce(
    string_agg(concat_ws('|', m.role, a.path, m.department_code), ',' order by
      m.role collate "C", a.path collate "C", m.department_code collate "C"), ''), 'UTF8')), 'hex')
  from public.memberships m
  join public.areas a on a.code = m.area_code
  where m.user_id = auth.uid()
    and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
$$;

revoke all on all functions in schema private from public, anon, authenticated;
grant execute on function private.scope_area_codes(text[]) to authenticated;
grant execute on function private.scope_departments() to authenticated;
grant execute on function private.scope_people() to authenticated;

alter table public.city_settings enable row level security;
alter table public.areas enable row level security;
alter table public.departments enable row level security;
alter table public.categories enable row level security;
alter table public.profiles enable row level security;
alter table public.memberships enable row level security;
alter table public.incidents enable row level security;
alter table public.incident_log enable row level security;
alter table public.commands enable row level security;

grant select on public.city_settings, public.areas, public.departments, public.categories,
  public.profiles, public.memberships, public.incidents, public.incident_log, public.commands
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

-- The sub-select is itself under the policy of incidents.
create policy "Who sees an incident sees its log"
on public.incident_log for select to authenticated
using (exists (
  select 1 from public.incidents i
  where i.district_code = incident_log.district_code and i.id = incident_log.incident_id
));

create policy "People see the receipts of their own commands"
on public.commands for select to authenticated
using (actor = (select auth.uid()));

-- The audit trail is written once. Statement-level, so that it also refuses what matches no row.
create function private.refuse_log_change()
returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception 'incident_log is append-only: % refused', lower(tg_op) using errcode = 'restrict_violation';
end $$;
revoke all on function private.refuse_log_change() from public, anon, authenticated;

create trigger refuse_log_change
before update or delete or truncate on public.incident_log
for each statement execute function private.refuse_log_change();
