-- Marks on findings (an area and a category with more incidents than expected): follow-up tasks, and findings
-- that are not of interest. Made by commands; a finding itself is computed in the browser and not stored.
--
-- Managers, leaders and admins make both within their areas. Field staff of the area or of one inside it, and
-- handlers of the department, see and finish follow-ups.

create table public.follow_ups (
  id uuid primary key,
  area_code text not null references public.areas (code),
  category_code text not null references public.categories (code),
  -- null: for the area's field staff
  department_code text references public.departments (code),
  note text not null,
  due_day date,
  -- The finding's figures on the day it was made. `method` is the measure that gives the expected count.
  method text not null constraint follow_ups_method_check
    check (method in ('per_household', 'per_square_km', 'count')),
  observed integer not null constraint follow_ups_observed_check check (observed >= 0),
  expected double precision not null constraint follow_ups_expected_check check (expected >= 0),
  ratio double precision not null constraint follow_ups_ratio_check check (ratio >= 0),
  -- null: all days of the data
  period_from date,
  period_to date,
  made_by uuid not null references public.profiles (user_id),
  made_at timestamptz not null,
  finished_by uuid references public.profiles (user_id),
  finished_at timestamptz,
  finish_note text,
  constraint follow_ups_period_check check (period_from <= period_to),
  constraint follow_ups_finished_check check (num_nonnulls(finished_by, finished_at, finish_note) in (0, 3))
);
create index follow_ups_area_idx on public.follow_ups (area_code);
create index follow_ups_category_idx on public.follow_ups (category_code);
create index follow_ups_department_idx on public.follow_ups (department_code);
create index follow_ups_made_by_idx on public.follow_ups (made_by);
create index follow_ups_finished_by_idx on public.follow_ups (finished_by);

create table public.finding_dismissals (
  id uuid primary key,
  area_code text not null references public.areas (code),
  category_code text not null references public.categories (code),
  reason text not null,
  -- included; null: for good
  until_day date,
  made_by uuid not null references public.profiles (user_id),
  made_at timestamptz not null,
  -- taken back, or replaced by a newer one
  restored_by uuid references public.profiles (user_id),
  restored_at timestamptz,
  constraint finding_dismissals_restored_check check (num_nonnulls(restored_by, restored_at) in (0, 2))
);
create index finding_dismissals_area_idx on public.finding_dismissals (area_code);
create index finding_dismissals_category_idx on public.finding_dismissals (category_code);
create index finding_dismissals_made_by_idx on public.finding_dismissals (made_by);
create index finding_dismissals_restored_by_idx on public.finding_dismissals (restored_by);

-- Areas whose follow-ups the caller sees: those of their scope, and for field staff those around their own.
create or replace function private.follow_up_area_codes()
returns text[] language sql stable security definer set search_path = '' as $$
  select coalesce(array_agg(a.code order by a.code collate "C"), '{}')
  from public.areas a
  where exists (select from unnest(private.scope_paths()) as s (path) where private.is_within(a.path, s.path))
    or exists (select from unnest(private.scope_paths('{field_staff}')) as s (path)
      where private.is_within(s.path, a.path))
$$;
grant execute on function private.follow_up_area_codes() to authenticated;

alter table public.follow_ups enable row level security;
alter table public.finding_dismissals enable row level security;
grant select on public.follow_ups, public.finding_dismissals to authenticated;
create policy "People see follow-ups of their areas and of their department"
on public.follow_ups for select to authenticated
using (
  area_code = any ((select private.follow_up_area_codes())::text[])
  or department_code = any ((select private.scope_departments())::text[])
);
create policy "People see which findings of their areas are not of interest"
on public.finding_dismissals for select to authenticated
using (area_code = any ((select private.scope_area_codes())::text[]));

-- Roles in which a person sees a follow-up of an area and department at an instant; a replay asks about the past.
create or replace function private.follow_up_roles(
  p_area text, p_department text, p_user uuid, p_at timestamptz)
returns text[] language sql stable set search_path = '' as $$
  select coalesce(array_agg(distinct m.role), '{}')
  from public.memberships m
  join public.areas a on a.code = m.area_code
  join public.areas own on own.code = p_area
  where m.user_id = p_user and private.is_valid(m.valid_from, m.valid_to, p_at)
    and case m.role
      when 'handler' then m.department_code = p_department
      when 'field_staff' then private.is_within(own.path, a.path) or private.is_within(a.path, own.path)
      else private.is_within(own.path, a.path) end
$$;

-- Only managers, leaders and admins over the area mark its findings.
create or replace function private.refuse_marking(p_area text, p_user uuid, p_at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  if not private.follow_up_roles(p_area, null, p_user, p_at) && '{grid_manager,leader,admin}' then
    perform private.reject_command('not_allowed', 'areaCode');
  end if;
end $$;

-- `2026-03-01`; null when absent.
create or replace function private.payload_day(p_payload jsonb, p_field text)
returns date language plpgsql set search_path = '' as $$
declare
  v_text constant text := private.payload_text(p_payload, p_field, false, 10);
begin
  if v_text !~ '^\d{4}-\d\d-\d\d$' then
    perform private.reject_command('invalid_field', p_field, 'not a day');
  end if;
  return v_text::date;
exception when data_exception then
  perform private.reject_command('invalid_field', p_field, 'not a day');
end $$;

-- Required text that is not blank.
create or replace function private.payload_filled(p_payload jsonb, p_field text, p_most integer)
returns text language plpgsql set search_path = '' as $$
declare
  v_text constant text := btrim(private.payload_text(p_payload, p_field, true, p_most));
begin
  if private.is_blank(v_text) then
    perform private.reject_command('missing_field', p_field);
  end if;
  return v_text;
end $$;

-- A category that exists, of any level.
create or replace function private.payload_marked_category(p_payload jsonb)
returns text language plpgsql set search_path = '' as $$
declare
  v_code constant text := private.payload_text(p_payload, 'categoryCode', true, 60);
begin
  if not exists (select from public.categories c where c.code = v_code) then
    perform private.reject_command('unknown_category', 'categoryCode');
  end if;
  return v_code;
end $$;

-- {id, areaCode, categoryCode, departmentCode?, note, dueDay?, facts: {method, observed, expected, ratio, from?,
-- to?}}
create or replace function private.make_follow_up(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_area constant text := private.payload_text(p_payload, 'areaCode', true, 40);
  v_department constant text := private.payload_text(p_payload, 'departmentCode', false, 40);
  v_facts constant jsonb := p_payload -> 'facts';
  v_method text;
begin
  perform private.refuse_unknown_fields(p_payload,
    '{id,areaCode,categoryCode,departmentCode,note,dueDay,facts}');
  perform private.refuse_marking(v_area, p_actor, p_at);
  if jsonb_typeof(v_facts) is distinct from 'object' then
    perform private.reject_command('missing_field', 'facts');
  end if;
  perform private.refuse_unknown_fields(v_facts, '{method,observed,expected,ratio,from,to}');
  v_method := private.payload_word(v_facts, 'method', '{per_household,per_square_km,count}');
  if v_method is null then
    perform private.reject_command('missing_field', 'method');
  elsif v_department is not null
    and not exists (select from public.departments d where d.code = v_department) then
    perform private.reject_command('invalid_field', 'departmentCode', 'no such department');
  end if;
  insert into public.follow_ups (id, area_code, category_code, department_code, note, due_day, method, observed,
    expected, ratio, period_from, period_to, made_by, made_at)
  values (v_id, v_area, private.payload_marked_category(p_payload), v_department,
    private.payload_filled(p_payload, 'note', 10000), private.payload_day(p_payload, 'dueDay'), v_method,
    private.payload_whole(v_facts, 'observed', true, 0, 2147483647),
    private.payload_number(v_facts, 'expected', true, 0, 1e12),
    private.payload_number(v_facts, 'ratio', true, 0, 1e12),
    private.payload_day(v_facts, 'from'), private.payload_day(v_facts, 'to'), p_actor, p_at)
  on conflict (id) do nothing;
  if not found then
    perform private.reject_command('invalid_field', 'id', 'taken');
  end if;
end $$;

-- {id, note}. Rejections: unknown_mark, also for one the person does not see; already_finished.
create or replace function private.finish_follow_up(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_note constant text := private.payload_filled(p_payload, 'note', 10000);
  v_task public.follow_ups;
begin
  perform private.refuse_unknown_fields(p_payload, '{id,note}');
  select * into v_task from public.follow_ups f where f.id = v_id for update;
  if not found
    or private.follow_up_roles(v_task.area_code, v_task.department_code, p_actor, p_at) = '{}' then
    perform private.reject_command('unknown_mark', 'id');
  elsif v_task.finished_at is not null then
    perform private.reject_command('already_finished', 'id');
  end if;
  update public.follow_ups f set finished_by = p_actor, finished_at = p_at, finish_note = v_note where f.id = v_id;
end $$;

-- {id, areaCode, categoryCode, reason, untilDay?}. It replaces an earlier one of the same finding.
create or replace function private.dismiss_finding(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_area constant text := private.payload_text(p_payload, 'areaCode', true, 40);
  v_category text;
begin
  perform private.refuse_unknown_fields(p_payload, '{id,areaCode,categoryCode,reason,untilDay}');
  perform private.refuse_marking(v_area, p_actor, p_at);
  v_category := private.payload_marked_category(p_payload);
  if exists (select from public.finding_dismissals d where d.id = v_id) then
    perform private.reject_command('invalid_field', 'id', 'taken');
  end if;
  update public.finding_dismissals d set restored_by = p_actor, restored_at = p_at
  where d.area_code = v_area and d.category_code = v_category and d.restored_at is null;
  insert into public.finding_dismissals (id, area_code, category_code, reason, until_day, made_by, made_at)
  values (v_id, v_area, v_category, private.payload_filled(p_payload, 'reason', 10000),
    private.payload_day(p_payload, 'untilDay'), p_actor, p_at);
end $$;

-- {id}. Taking back what is taken back changes nothing.
create or replace function private.restore_finding(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_area text;
begin
  perform private.refuse_unknown_fields(p_payload, '{id}');
  select d.area_code into v_area from public.finding_dismissals d where d.id = v_id for update;
  if not found then
    perform private.reject_command('unknown_mark', 'id');
  end if;
  perform private.refuse_marking(v_area, p_actor, p_at);
  update public.finding_dismissals d set restored_by = p_actor, restored_at = p_at
  where d.id = v_id and d.restored_at is null;
end $$;

-- The four commands on findings.
create or replace function private.mark_finding(p_actor uuid, p_type text, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
begin
  case p_type
    when 'make_follow_up' then perform private.make_follow_up(p_actor, p_payload, p_at);
    when 'finish_follow_up' then perform private.finish_follow_up(p_actor, p_payload, p_at);
    when 'dismiss_finding' then perform private.dismiss_finding(p_actor, p_payload, p_at);
    when 'restore_finding' then perform private.restore_finding(p_actor, p_payload, p_at);
  end case;
  return '{}';
end $$;

create or replace function private.finding_marks()
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  v_user constant uuid := private.require_user();
  v_seen constant text[] := private.scope_area_codes();
  v_tasks constant text[] := private.follow_up_area_codes();
  v_departments constant text[] := private.scope_departments();
begin
  return jsonb_build_object(
    'asOf', now(),
    'makesIn', (select coalesce(jsonb_agg(distinct m.area_code), '[]') from public.memberships m
      where m.user_id = v_user and m.role in ('grid_manager', 'leader', 'admin')
        and private.is_valid(m.valid_from, m.valid_to, now())),
    'followUps', (select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'areaCode', f.area_code,
        'categoryCode', f.category_code, 'departmentCode', f.department_code, 'note', f.note, 'dueDay', f.due_day,
        'facts', jsonb_build_object('method', f.method, 'observed', f.observed, 'expected', f.expected,
          'ratio', f.ratio, 'from', f.period_from, 'to', f.period_to),
        'madeByName', p.display_name, 'madeAt', f.made_at) order by f.due_day, f.made_at, f.id), '[]')
      from (select * from public.follow_ups f
        where f.finished_at is null and (f.area_code = any (v_tasks) or f.department_code = any (v_departments))
        order by f.due_day, f.made_at, f.id limit 500) f
      join public.profiles p on p.user_id = f.made_by),
    'dismissals', (select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'areaCode', d.area_code,
        'categoryCode', d.category_code, 'reason', d.reason, 'untilDay', d.until_day,
        'madeByName', p.display_name, 'madeAt', d.made_at) order by d.made_at desc, d.id), '[]')
      from (select * from public.finding_dismissals d
        where d.restored_at is null and d.area_code = any (v_seen)
          and (d.until_day is null or d.until_day >= private.city_today())
        order by d.made_at desc, d.id limit 500) d
      join public.profiles p on p.user_id = d.made_by));
end $$;

-- Open follow-ups and findings not of interest that the caller sees, at most 500 each: follow-ups by due day, the
-- newest dismissals first. Who sees a follow-up may finish it; who makes marks in an area may take dismissals back.
-- Returns `{asOf, makesIn, followUps, dismissals}`. `makesIn`: codes of areas within which the caller makes them. A
-- follow-up: `{id, areaCode, categoryCode, departmentCode, note, dueDay, facts, madeByName, madeAt}` with `facts`
-- `{method, observed, expected, ratio, from, to}`. A dismissal: `{id, areaCode, categoryCode, reason, untilDay,
-- madeByName, madeAt}`; the day is included, null is for good.
-- Commands `make_follow_up`, `finish_follow_up`, `dismiss_finding` and `restore_finding` change them.
-- Errors: 42501.
create or replace function public.finding_marks() returns jsonb
language sql stable set search_path = '' as $$ select private.finding_marks() $$;
grant execute on function private.finding_marks(), public.finding_marks() to authenticated;

create or replace function private.channel_counts(p_filter jsonb, p_areas text[])
returns jsonb language plpgsql stable security definer
set search_path = '' set max_parallel_workers_per_gather = 0 as $$
declare
  v_areas text[] := (private.parse_filter(jsonb_build_object('areas', p_areas))).area_codes;
  v_result jsonb;
begin
  -- one look at all of them: the areas' own are among the city's
  execute format($q$
    select coalesce(jsonb_agg(jsonb_build_object('channel', c.channel, 'here', c.here, 'city', c.city)
      order by c.here desc, c.city desc, c.channel), '[]')
    from (
      select i.channel, count(*) filter (where i.area_code = any ($1)) as here, count(*) as city
      from public.incidents i where %s and %s group by i.channel) c
    $q$,
    private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(private.parse_filter(p_filter - 'areas')))
  into v_result using v_areas;
  return v_result;
end $$;

-- Incidents under a filter by the channel through which they were reported: in some areas, and in all that the caller
-- sees. The filter's own areas are left out of account.
-- Returns `[{channel, here, city}]`, the most in the areas first.
-- Errors: 42501; 22023 for a wrong filter.
create or replace function public.channel_counts(p_filter jsonb, p_areas text[]) returns jsonb
language sql stable set search_path = '' as $$ select private.channel_counts(p_filter, p_areas) $$;
grant execute on function private.channel_counts(jsonb, text[]), public.channel_counts(jsonb, text[]) to authenticated;
