-- Appeals: a department says that a closing should not count against it, because of its rating or its times.
--
-- Once for each closing, within the time to ask after the closing or after its rating. A grid manager reviews first; a
-- refusal ends it. A leader or admin reviews second and decides. Reviewers are two people, neither of the case nor of
-- its department. Granted, the closing leaves the rates; its facts stay visible with the reason and who decided.

create table public.appeals (
  district_code text not null,
  incident_id uuid not null,
  closing smallint not null,
  -- of the department that closed it
  department_code text not null references public.departments (code),
  reason text not null,
  made_by uuid not null references public.profiles (user_id),
  made_at timestamptz not null,
  first_by uuid references public.profiles (user_id),
  first_at timestamptz,
  first_granted boolean,
  first_note text,
  second_by uuid references public.profiles (user_id),
  second_at timestamptz,
  second_granted boolean,
  second_note text,
  is_granted boolean generated always as (coalesce(first_granted and second_granted, false)) stored,
  -- copies of the incident's; a trigger keeps them
  area_code text not null,
  is_generated boolean not null default false,
  primary key (district_code, incident_id, closing),
  constraint appeals_incident_fkey foreign key (district_code, incident_id)
    references public.incidents (district_code, id),
  constraint appeals_first_check check (num_nonnulls(first_by, first_at, first_granted, first_note) in (0, 4)),
  constraint appeals_second_check check (num_nonnulls(second_by, second_at, second_granted, second_note) in (0, 4)
    and (second_by is null or first_granted and second_by <> first_by))
);
create index appeals_department_idx on public.appeals (department_code);
create index appeals_made_by_idx on public.appeals (made_by);
create index appeals_first_by_idx on public.appeals (first_by);
create index appeals_second_by_idx on public.appeals (second_by);

alter table public.appeals enable row level security;
grant select on public.appeals to authenticated;
create policy "Who sees an area or is of the department sees its appeals"
on public.appeals for select to authenticated
using (
  area_code = any ((select private.scope_area_codes())::text[])
  or department_code = any ((select private.scope_departments())::text[])
);

-- Carries an incident's new area to its appeals.
create or replace function private.carry_to_appeals()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  update public.appeals a set area_code = new.area_code
  where a.district_code = new.district_code and a.incident_id = new.id;
  return null;
end $$;
create trigger carry_to_appeals after update on public.incidents
for each row when (old.area_code is distinct from new.area_code) execute function private.carry_to_appeals();

-- Until when the closing may be appealed, and by which department; no row for a closing that is neither the present
-- one nor rated.
create or replace function private.appealable(p_incident public.incidents, p_closing integer)
returns table (department_code text, until timestamptz) language sql stable set search_path = '' as $$
  select coalesce(r.department_code, p_incident.department_code),
    greatest(r.at, case when p_incident.stage = 'closed' and p_closing = private.closing_of(p_incident.district_code, p_incident.id)
      then p_incident.closed_at end) + make_interval(days => w.rating_days)
  from public.workflows w
  left join public.ratings r on r.district_code = p_incident.district_code and r.incident_id = p_incident.id
    and r.closing = p_closing
  where w.code = p_incident.workflow_code
    and (r.closing is not null or p_incident.stage = 'closed' and p_closing = private.closing_of(p_incident.district_code, p_incident.id))
$$;

-- Whether the person handles for the department at that instant.
create or replace function private.is_of_department(p_person uuid, p_department text, p_at timestamptz)
returns boolean language sql stable set search_path = '' as $$
  select exists (select from public.memberships m
    where m.user_id = p_person and m.role = 'handler' and m.department_code = p_department
      and private.is_valid(m.valid_from, m.valid_to, p_at))
$$;

-- {incidentId, closing, reason, deviceAt?}. Rejections: not_allowed for other departments, other_closing, too_late,
-- already_appealed.
create or replace function private.make_appeal(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_closing constant integer := private.payload_whole(p_payload, 'closing', true, 1, 32767);
  v_reason constant text := private.payload_filled(p_payload, 'reason', 2000);
  v_locked private.locked_incident;
  v_incident public.incidents;
  v_may record;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,closing,reason,deviceAt}');
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  select * into v_may from private.appealable(v_incident, v_closing);
  if v_may.until is null then
    perform private.reject_command('other_closing', 'closing');
  elsif not private.is_of_department(p_actor, v_may.department_code, p_at) then
    perform private.reject_command('not_allowed', 'incidentId');
  elsif p_at >= v_may.until then
    perform private.reject_command('too_late', 'incidentId');
  elsif exists (select from public.appeals a where a.district_code = v_incident.district_code
    and a.incident_id = v_incident.id and a.closing = v_closing) then
    perform private.reject_command('already_appealed', 'incidentId');
  end if;
  insert into public.appeals (district_code, incident_id, closing, department_code, reason, made_by, made_at,
    area_code)
  values (v_incident.district_code, v_incident.id, v_closing, v_may.department_code, v_reason, p_actor, p_at,
    v_incident.area_code);
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'appealed', v_reason,
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]',
      jsonb_build_object('closing', v_closing)), '[]');
  return jsonb_build_object('incident_id', v_incident.id);
end $$;

-- Which review the person may make of an appeal: `first`, `second`, or null. Roles are those over the incident's area.
create or replace function private.appeal_review(p_appeal public.appeals, p_incident public.incidents,
  p_roles text[], p_person uuid, p_at timestamptz)
returns text language sql stable set search_path = '' as $$
  select case
    when p_person = p_appeal.made_by
      or coalesce(private.call_bar(p_incident, p_person, p_at), '') in ('own_case', 'own_department') then null
    when p_appeal.first_by is null then case when 'grid_manager' = any (p_roles) then 'first' end
    when p_appeal.first_granted and p_appeal.second_by is null and p_person <> p_appeal.first_by
      and p_roles && '{leader,admin}' then 'second' end
$$;

-- {incidentId, closing, review: first | second, isGranted, note, deviceAt?}. Rejections: unknown_appeal, already_reviewed,
-- not_allowed.
create or replace function private.review_appeal(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_closing constant integer := private.payload_whole(p_payload, 'closing', true, 1, 32767);
  v_review constant text := private.payload_word(p_payload, 'review', '{first,second}');
  v_granted constant boolean := private.payload_flag(p_payload, 'isGranted');
  v_note constant text := private.payload_filled(p_payload, 'note', 2000);
  v_locked private.locked_incident;
  v_incident public.incidents;
  v_appeal public.appeals;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,closing,review,isGranted,note,deviceAt}');
  if v_review is null or v_granted is null then
    perform private.reject_command('missing_field', case when v_review is null then 'review' else 'isGranted' end);
  end if;
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  select * into v_appeal from public.appeals a where a.district_code = v_incident.district_code
    and a.incident_id = v_incident.id and a.closing = v_closing for update;
  if not found then
    perform private.reject_command('unknown_appeal', 'closing');
  elsif v_appeal.second_by is not null or not v_appeal.first_granted
    or v_review = 'first' and v_appeal.first_by is not null then
    perform private.reject_command('already_reviewed', 'closing');
  elsif private.appeal_review(v_appeal, v_incident, (v_locked.rights).roles, p_actor, p_at)
    is distinct from v_review then
    perform private.reject_command('not_allowed', 'closing');
  end if;
  if v_review = 'first' then
    update public.appeals a set first_by = p_actor, first_at = p_at, first_granted = v_granted, first_note = v_note
    where a.district_code = v_incident.district_code and a.incident_id = v_incident.id and a.closing = v_closing;
  else
    update public.appeals a set second_by = p_actor, second_at = p_at, second_granted = v_granted, second_note = v_note
    where a.district_code = v_incident.district_code and a.incident_id = v_incident.id and a.closing = v_closing;
    update public.ratings r set is_exempt = v_granted where v_granted and r.district_code = v_incident.district_code
      and r.incident_id = v_incident.id and r.closing = v_closing;
    update public.callbacks c set is_exempt = v_granted where v_granted and c.district_code = v_incident.district_code
      and c.incident_id = v_incident.id and c.closing = v_closing;
  end if;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'appeal_reviewed', v_note,
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]',
      jsonb_build_object('closing', v_closing, 'review', v_review, 'isGranted', v_granted)), '[]');
  return jsonb_build_object('incident_id', v_incident.id);
end $$;

-- Appeals of one incident, for its page: those made, the closings that the caller may appeal, and the reviews that are
-- the caller's to make.
create or replace function private.incident_appeals(
  p_incident public.incidents, p_rights private.incident_rights, p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
begin
  return jsonb_build_object(
    'appeals', (
      select coalesce(jsonb_agg(jsonb_build_object('closing', a.closing, 'departmentCode', a.department_code,
        'reason', a.reason, 'madeByName', m.display_name, 'madeAt', a.made_at, 'isGranted', a.is_granted,
        'reviews', (select coalesce(jsonb_agg(jsonb_build_object('review', v.review, 'byName', p.display_name,
            'at', v.at, 'isGranted', v.granted, 'note', v.note) order by v.review), '[]')
          from (values ('first', a.first_by, a.first_at, a.first_granted, a.first_note),
            ('second', a.second_by, a.second_at, a.second_granted, a.second_note))
            as v (review, person, at, granted, note)
          join public.profiles p on p.user_id = v.person),
        'review', private.appeal_review(a, p_incident, p_rights.roles, auth.uid(), p_at),
        'isGenerated', a.is_generated) order by a.closing), '[]')
      from public.appeals a
      join public.profiles m on m.user_id = a.made_by
      where a.district_code = p_incident.district_code and a.incident_id = p_incident.id),
    'canAppeal', (
      select coalesce(jsonb_agg(c.n order by c.n), '[]')
      from generate_series(1, private.closing_of(p_incident.district_code, p_incident.id)) c (n)
      cross join lateral private.appealable(p_incident, c.n) m
      where p_at < m.until and private.is_of_department(auth.uid(), m.department_code, p_at)
        and not exists (select from public.appeals a where a.district_code = p_incident.district_code
          and a.incident_id = p_incident.id and a.closing = c.n)));
end $$;
