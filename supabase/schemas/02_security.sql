-- Rights. Only the owner writes to tables: through apply_commands, the importer and the server's commands.
--
-- Functions that read memberships are security definer and answer for auth.uid() alone. Policies call them
-- in a sub-select: once a statement, not once a row.

-- Compares paths, never codes: SF-N-1 is not above SF-N-10. No LIKE: codes may hold _ and %. '0' follows
-- '/', so the "C" index serves the range.
create or replace function private.is_within(p_path text, p_prefix text)
returns boolean language sql immutable parallel safe
return p_path collate "C" >= p_prefix and p_path collate "C" < left(p_prefix, -1) || '0';

-- The end of a membership's time is excluded.
create or replace function private.is_valid(
  p_from timestamptz, p_to timestamptz, p_at timestamptz)
returns boolean language sql immutable parallel safe
return p_from <= p_at and (p_to is null or p_to > p_at);

-- The same for an area's days.
create or replace function private.is_valid(p_from date, p_to date, p_at date)
returns boolean language sql immutable parallel safe
return p_from <= p_at and (p_to is null or p_to > p_at);

-- Paths of the caller's valid memberships. Handlers see by department: theirs give none.
create or replace function private.scope_paths(p_roles text[] default null)
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(distinct a.path), '{}')
  from public.memberships m
  join public.areas a on a.code = m.area_code
  where m.user_id = auth.uid()
    and m.role <> 'handler'
    and (p_roles is null or m.role = any (p_roles))
    and private.is_valid(m.valid_from, m.valid_to, now())
$$;

-- Ended areas are included: old incidents lie there.
create or replace function private.scope_area_codes(p_roles text[] default null)
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(a.code order by a.code collate "C"), '{}')
  from public.areas a
  where exists (
    select 1 from unnest(private.scope_paths(p_roles)) as s (path)
    where private.is_within(a.path, s.path))
$$;

-- The caller's departments.
create or replace function private.scope_departments()
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(distinct m.department_code), '{}')
  from public.memberships m
  where m.user_id = auth.uid()
    and m.role = 'handler'
    and private.is_valid(m.valid_from, m.valid_to, now())
$$;

-- The caller, and present and past people of areas the caller manages, leads or administers.
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

-- `reporter` reported the incident. `report` and `note` hold in any area, `ask` and `correct` over the
-- incident's.
create table private.role_rights (
  role text not null check (
    role in ('field_staff', 'handler', 'grid_manager', 'leader', 'admin', 'reporter')),
  may text not null check (may in ('report', 'note', 'ask', 'correct')),
  primary key (role, may)
);
insert into private.role_rights (role, may) values
  ('field_staff', 'report'), ('field_staff', 'note'), ('field_staff', 'correct'),
  ('handler', 'note'),
  ('grid_manager', 'report'), ('grid_manager', 'note'), ('grid_manager', 'ask'), ('grid_manager', 'correct'),
  ('admin', 'report'), ('admin', 'note'), ('admin', 'ask'), ('admin', 'correct'),
  ('reporter', 'note'), ('reporter', 'correct');

-- Whether a role in any area gave the right at that instant; a replay asks about the past.
create or replace function private.has_right(p_may text, p_at timestamptz default now())
returns boolean language plpgsql stable security definer set search_path = '' as $$
begin
  return exists (
    select 1 from public.memberships m
    join private.role_rights r on r.role = m.role and r.may = p_may
    where m.user_id = auth.uid() and private.is_valid(m.valid_from, m.valid_to, p_at));
end $$;

-- Changes with the rights to see; keys a device's caches.
create or replace function private.scope_key()
returns text language sql stable security definer set search_path = '' as $$
  select encode(sha256(convert_to(coalesce(auth.uid()::text, '') || coalesce(
    string_agg(concat_ws('|', m.role, a.path, m.department_code), ',' order by
      m.role collate "C", a.path collate "C", m.department_code collate "C"), ''), 'UTF8')), 'hex')
  from public.memberships m
  join public.areas a on a.code = m.area_code
  where m.user_id = auth.uid()
    and private.is_valid(m.valid_from, m.valid_to, now())
$$;

grant execute on function private.scope_area_codes(text[]), private.scope_departments(),
  private.scope_people()
to authenticated;

create type private.incident_rights as (
  sees boolean,
  -- over the incident's area, without handlers
  roles text[],
  is_reporter boolean,
  may_note boolean,
  may_ask boolean,
  may_correct boolean,
  -- `roles`, `handler` for its department's, and `reporter`: what a workflow's transitions ask for
  acts_as text[]
);

-- The policy on incidents, for one incident at an instant. Two statements: every step of a person asks this.
-- `p_to_act` asks one statement: `may_note`, `may_ask` and `may_correct` stay null.
create or replace function private.rights_on(
  p_incident public.incidents, p_at timestamptz default now(), p_to_act boolean default false)
returns private.incident_rights language plpgsql stable set search_path = '' as $$
declare
  v_rights private.incident_rights;
  v_handles boolean;
  -- in any area
  v_all_roles text[];
  v_may text[];
  v_may_anywhere text[];
begin
  select coalesce(array_agg(distinct m.role)
      filter (where m.role <> 'handler' and private.is_within(own.path, a.path)), '{}'),
    coalesce(bool_or(m.role = 'handler' and m.department_code = p_incident.department_code), false),
    coalesce(array_agg(distinct m.role), '{}')
  into v_rights.roles, v_handles, v_all_roles
  from public.memberships m
  left join public.areas a on a.code = m.area_code
  left join public.areas own on own.code = p_incident.area_code
  where m.user_id = auth.uid() and private.is_valid(m.valid_from, m.valid_to, p_at);
  v_rights.is_reporter := coalesce(p_incident.reported_by = auth.uid(), false);
  v_rights.sees := v_rights.is_reporter or v_rights.roles <> '{}' or v_handles;
  v_rights.acts_as := v_rights.roles || case when v_handles then '{handler}'::text[] else '{}' end;
  if p_to_act and not v_rights.is_reporter then return v_rights; end if;
  select coalesce(array_agg(r.may) filter (where r.role = any (v_all_roles)), '{}'),
    coalesce(array_agg(r.may) filter (where r.role = any (v_rights.roles)
      -- a report gives its reporter no right that none of their roles gives any more
      or r.role = 'reporter' and v_rights.is_reporter and exists (
        select from private.role_rights o where o.may = r.may and o.role = any (v_all_roles))), '{}')
  into v_may_anywhere, v_may
  from private.role_rights r;
  v_rights.may_note := 'note' = any (v_may) or v_rights.sees and 'note' = any (v_may_anywhere);
  v_rights.may_ask := 'ask' = any (v_may);
  v_rights.may_correct := 'correct' = any (v_may);
  if v_rights.is_reporter and 'note' = any (v_may_anywhere) then
    v_rights.acts_as := v_rights.acts_as || '{reporter}'::text[];
  end if;
  return v_rights;
end $$;

alter table public.city_settings enable row level security;
alter table public.areas enable row level security;
alter table public.departments enable row level security;
alter table public.categories enable row level security;
alter table public.profiles enable row level security;
alter table public.memberships enable row level security;
alter table private.role_rights enable row level security;
alter table private.case_counters enable row level security;
alter table public.incidents enable row level security;
alter table public.incident_work enable row level security;
alter table public.incident_log enable row level security;
alter table private.incident_moves enable row level security;
alter table public.commands enable row level security;
alter table public.incident_photos enable row level security;
alter table public.photo_checks enable row level security;
alter table public.workflows enable row level security;
alter table public.workflow_stages enable row level security;
alter table public.workflow_transitions enable row level security;
alter table public.workflow_fields enable row level security;
alter table public.filing_conditions enable row level security;
alter table public.filing_controls enable row level security;
alter table public.workflow_limits enable row level security;
alter table public.condition_limits enable row level security;
alter table public.condition_milestones enable row level security;

grant select on public.city_settings, public.areas, public.departments, public.categories,
  public.profiles, public.memberships, public.incidents, public.incident_work, public.incident_log, public.commands,
  public.incident_photos, public.photo_checks
to authenticated;

grant select on public.workflows, public.workflow_stages, public.workflow_transitions, public.workflow_fields,
  public.filing_conditions, public.filing_controls, public.workflow_limits, public.condition_limits,
  public.condition_milestones
to authenticated;
create policy "Signed-in people see the workflows"
on public.workflows for select to authenticated using (true);
create policy "Signed-in people see the stages of workflows"
on public.workflow_stages for select to authenticated using (true);
create policy "Signed-in people see the transitions of workflows"
on public.workflow_transitions for select to authenticated using (true);
create policy "Signed-in people see the fields of transitions"
on public.workflow_fields for select to authenticated using (true);
create policy "Signed-in people see the filing conditions"
on public.filing_conditions for select to authenticated using (true);
create policy "Signed-in people see where and when nothing is filed"
on public.filing_controls for select to authenticated using (true);
create policy "Signed-in people see the limits of workflows"
on public.workflow_limits for select to authenticated using (true);
create policy "Signed-in people see the limits of conditions"
on public.condition_limits for select to authenticated using (true);
create policy "Signed-in people see the milestones of conditions"
on public.condition_milestones for select to authenticated using (true);

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

create policy "People see the work of the incidents that they see"
on public.incident_work for select to authenticated
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

-- Runs once a statement, so it also refuses one that matches no row.
create or replace function private.refuse_log_change()
returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception 'incident_log is append-only: % refused', lower(tg_op) using errcode = 'restrict_violation';
end $$;

create trigger refuse_log_change
before update or delete or truncate on public.incident_log
for each statement execute function private.refuse_log_change();

-- A workflow's stage for one of the seven; the stage itself where it has none.
create or replace function private.first_state_of(p_workflow text, p_stage text)
returns text language sql stable set search_path = '' as $$
  select coalesce((select s.code from public.workflow_stages s
    where s.workflow = p_workflow and s.stage = p_stage order by s.sort, s.code limit 1), p_stage)
$$;

-- Whether a report waits for a verification: it is being verified, or its channel is not trusted and its state
-- not the one before filing.
create or replace function private.must_be_verified(p_workflow text, p_state text, p_channel text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.workflows w
    join public.workflow_stages s on s.workflow = w.code and s.code = p_state and s.stage = 'reported'
    where w.code = p_workflow and w.trusted_channels is not null
      and (s.clock = 'verify' or s.clock is distinct from 'file' and p_channel <> all (w.trusted_channels)));
end $$;

-- Numbers for incidents reported in these years, in their order. The counters stay locked until the transaction
-- ends, so that numbers follow the order of the calls and a repeated journal gives the same ones; they are locked
-- in the order of the years, so that two calls never wait crosswise.
create or replace function private.draw_case_numbers(p_years integer[])
returns text[] language plpgsql set search_path = '' as $$
declare
  v_numbers text[];
begin
  with drawn as (
    insert into private.case_counters as c (year, last)
    select y.year, count(*) from unnest(p_years) y (year) group by y.year order by y.year
    on conflict (year) do update set last = c.last + excluded.last
    returning year, last
  ), placed as (
    select y.n, y.year, row_number() over (partition by y.year order by y.n)
      - count(*) over (partition by y.year) as place
    from unnest(p_years) with ordinality y (year, n)
  )
  select array_agg(private.case_number(p.year, (d.last + p.place)::integer) order by p.n) into v_numbers
  from placed p join drawn d using (year);
  return coalesce(v_numbers, '{}');
end $$;

-- At least six digits: more only where a year has more than a million incidents.
create or replace function private.case_number(p_year integer, p_serial integer)
returns text language sql immutable parallel safe
return lpad(p_year::text, 4, '0') || '-' || lpad(p_serial::text, greatest(6, length(p_serial::text)), '0');

-- Sets version, changed_xid, to_verify and lateness at every write, and a case number once. An importer names the stage alone: the state of its
-- workflow follows.
create or replace function private.mark_incident_change()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  new.changed_xid := pg_current_xact_id()::text::bigint;
  if tg_op = 'UPDATE' then
    new.version := old.version + 1;
    new.case_number := old.case_number;
    if new.stage <> old.stage and new.state = old.state then
      new.state := private.first_state_of(new.workflow_code, new.stage);
    end if;
  else
    if new.state is null then
      new.state := private.first_state_of(new.workflow_code, new.stage);
    end if;
    -- reports and imports draw theirs for a whole call
    if new.case_number is null then
      new.case_number := (private.draw_case_numbers(array[extract(year from new.month)::integer]))[1];
    end if;
  end if;
  new.to_verify := new.stage = 'reported'
    and private.must_be_verified(new.workflow_code, new.state, new.channel);
  -- a new one has no clocks
  new.lateness := case when tg_op = 'UPDATE' and not private.is_open(new.stage) then private.lateness_of(new) end;
  return new;
end $$;

create trigger mark_incident_change
before update on public.incidents
for each row execute function private.mark_incident_change();

-- Only rows that it would change: an import of many names all of it, and the call of a trigger takes longer than this.
create trigger mark_new_incident
before insert on public.incidents
for each row when (new.stage = 'reported' or new.state is null or new.case_number is null or new.to_verify is distinct from false
  or new.lateness is not null or new.changed_xid is distinct from pg_current_xact_id()::text::bigint)
execute function private.mark_incident_change();

-- Keeps the first of several moves in a transaction: nobody saw the others.
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
