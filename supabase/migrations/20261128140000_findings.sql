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

alter table public.follow_ups enable row level security;
alter table public.finding_dismissals enable row level security;

CREATE OR REPLACE FUNCTION private.judge_command(p_item json, p_envelope private.command_envelope, p_actor uuid, p_may_report boolean, p_at timestamp with time zone, p_is_replay boolean)
 RETURNS private.judged_command
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_judged private.judged_command;
  v_record public.commands;
  v_payload jsonb;
  v_result jsonb := '{}';
  v_state text;
  v_detail text;
begin
  v_judged.settled := private.settled_receipt(p_item, p_envelope, p_actor);
  if v_judged.settled is not null then
    return v_judged;
  end if;
  v_record.id := p_envelope.id;
  v_record.actor := p_actor;
  v_record.type := p_envelope.type;
  v_record.hash := p_envelope.hash;
  v_record.replaces := p_envelope.replaces;
  v_record.device_at := p_envelope.at;
  v_record.received_at := p_at;
  v_record.outcome := 'applied';
  begin
    v_payload := private.parse_payload(p_envelope.payload);
    if private.is_uuid(v_payload ->> 'incidentId') then
      v_judged.incident := (v_payload ->> 'incidentId')::uuid;
    end if;
    case p_envelope.type
      when 'report_incident' then
        if not p_may_report then
          perform private.reject_command('not_allowed');
        end if;
        v_judged.report := private.read_report(p_actor, p_envelope.id, v_payload, p_at);
        v_result := jsonb_build_object('incident_id', (v_judged.report).id, 'version', 1,
          'photos', case when (v_judged.report).condition_code is null then (v_judged.report).data -> 'photos'
            else to_jsonb(private.photo_hashes(
              (v_judged.report).photos || (v_judged.report).handled_photos)) end);
      when 'add_note' then
        v_result := private.add_note(p_actor, p_envelope.id, v_payload, p_at);
      when 'add_photo' then
        v_result := private.add_photo(p_actor, p_envelope.id, v_payload, p_at);
      when 'confirm_duplicate' then
        v_result := private.confirm_duplicate(p_actor, p_envelope.id, v_payload, p_at);
      when 'correct_incident' then
        v_result := private.correct_incident(p_actor, p_envelope.id, v_payload, p_at);
      when 'transition' then
        v_judged.step := private.read_transition(p_actor, p_envelope.id, v_payload, p_at);
        v_result := jsonb_build_object('incident_id', v_judged.incident,
          'photos', to_jsonb(private.photo_hashes((v_judged.step).photos)));
      when 'save_view' then
        v_result := private.save_view(p_actor, v_payload, p_at);
      when 'delete_view' then
        v_result := private.delete_view(p_actor, v_payload, p_at);
      when 'save_dispatch_rules' then
        v_result := private.save_dispatch_rules(p_actor, v_payload, p_at);
      when 'make_follow_up', 'finish_follow_up', 'dismiss_finding', 'restore_finding' then
        v_result := private.mark_finding(p_actor, p_envelope.type, v_payload, p_at);
      else
        perform private.reject_command('unknown_type', 'type');
    end case;
  exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
    if private.fails_call(v_state) then raise; end if;
    v_record.error := private.verdict_of(v_state, v_detail);
    v_judged.report := null;
    v_judged.step := null;
    if v_record.error is null then
      raise warning 'no receipt for a % (%): %', p_envelope.type, v_state, sqlerrm;
      v_judged.settled := 'null';
      return v_judged;
    end if;
    if p_is_replay and v_record.error ->> 'code' in ('not_allowed', 'unknown_incident') then
      v_judged.settled := private.rejected_receipt(p_envelope.id::text, v_record.error ->> 'code');
      return v_judged;
    end if;
    v_result := '{}';
    v_record.outcome := 'rejected';
    if v_state = 'WG002' then
      v_record.outcome := 'conflict';
      v_result := jsonb_build_object('incident_id', v_payload ->> 'incidentId',
        'version', v_record.error -> 'server' -> 'version');
    end if;
  end;
  v_record.incident_id := (v_result ->> 'incident_id')::uuid;
  v_record.version := (v_result ->> 'version')::integer;
  v_record.photo_hashes := case when jsonb_typeof(v_result -> 'photos') = 'array'
    then array(select jsonb_array_elements_text(v_result -> 'photos')) else '{}' end;
  v_judged.record := v_record;
  return v_judged;
end $function$;

CREATE OR REPLACE FUNCTION private.follow_up_area_codes()
 RETURNS text[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(array_agg(a.code order by a.code collate "C"), '{}')
  from public.areas a
  where exists (select from unnest(private.scope_paths()) as s (path) where private.is_within(a.path, s.path))
    or exists (select from unnest(private.scope_paths('{field_staff}')) as s (path)
      where private.is_within(s.path, a.path))
$function$;

CREATE OR REPLACE FUNCTION private.follow_up_roles(p_area text, p_department text, p_user uuid, p_at timestamp with time zone)
 RETURNS text[]
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(array_agg(distinct m.role), '{}')
  from public.memberships m
  join public.areas a on a.code = m.area_code
  join public.areas own on own.code = p_area
  where m.user_id = p_user and private.is_valid(m.valid_from, m.valid_to, p_at)
    and case m.role
      when 'handler' then m.department_code = p_department
      when 'field_staff' then private.is_within(own.path, a.path) or private.is_within(a.path, own.path)
      else private.is_within(own.path, a.path) end
$function$;

CREATE OR REPLACE FUNCTION private.refuse_marking(p_area text, p_user uuid, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if not private.follow_up_roles(p_area, null, p_user, p_at) && '{grid_manager,leader,admin}' then
    perform private.reject_command('not_allowed', 'areaCode');
  end if;
end $function$;

CREATE OR REPLACE FUNCTION private.payload_day(p_payload jsonb, p_field text)
 RETURNS date
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_text constant text := private.payload_text(p_payload, p_field, false, 10);
begin
  if v_text !~ '^\d{4}-\d\d-\d\d$' then
    perform private.reject_command('invalid_field', p_field, 'not a day');
  end if;
  return v_text::date;
exception when data_exception then
  perform private.reject_command('invalid_field', p_field, 'not a day');
end $function$;

CREATE OR REPLACE FUNCTION private.payload_filled(p_payload jsonb, p_field text, p_most integer)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_text constant text := btrim(private.payload_text(p_payload, p_field, true, p_most));
begin
  if private.is_blank(v_text) then
    perform private.reject_command('missing_field', p_field);
  end if;
  return v_text;
end $function$;

CREATE OR REPLACE FUNCTION private.payload_marked_category(p_payload jsonb)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_code constant text := private.payload_text(p_payload, 'categoryCode', true, 60);
begin
  if not exists (select from public.categories c where c.code = v_code) then
    perform private.reject_command('unknown_category', 'categoryCode');
  end if;
  return v_code;
end $function$;

CREATE OR REPLACE FUNCTION private.make_follow_up(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.finish_follow_up(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.dismiss_finding(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.restore_finding(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.mark_finding(p_actor uuid, p_type text, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  case p_type
    when 'make_follow_up' then perform private.make_follow_up(p_actor, p_payload, p_at);
    when 'finish_follow_up' then perform private.finish_follow_up(p_actor, p_payload, p_at);
    when 'dismiss_finding' then perform private.dismiss_finding(p_actor, p_payload, p_at);
    when 'restore_finding' then perform private.restore_finding(p_actor, p_payload, p_at);
  end case;
  return '{}';
end $function$;

CREATE OR REPLACE FUNCTION private.finding_marks()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.finding_marks()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.finding_marks() $function$;

CREATE INDEX finding_dismissals_area_idx ON public.finding_dismissals USING btree (area_code);

CREATE INDEX finding_dismissals_category_idx ON public.finding_dismissals USING btree (category_code);

CREATE INDEX finding_dismissals_made_by_idx ON public.finding_dismissals USING btree (made_by);

CREATE INDEX finding_dismissals_restored_by_idx ON public.finding_dismissals USING btree (restored_by);

CREATE INDEX follow_ups_area_idx ON public.follow_ups USING btree (area_code);

CREATE INDEX follow_ups_category_idx ON public.follow_ups USING btree (category_code);

CREATE INDEX follow_ups_department_idx ON public.follow_ups USING btree (department_code);

CREATE INDEX follow_ups_finished_by_idx ON public.follow_ups USING btree (finished_by);

CREATE INDEX follow_ups_made_by_idx ON public.follow_ups USING btree (made_by);

create policy "People see which findings of their areas are not of interest" on public.finding_dismissals for select to authenticated using ((area_code = ANY (( SELECT private.scope_area_codes() AS scope_area_codes)::text[])));

create policy "People see follow-ups of their areas and of their department" on public.follow_ups for select to authenticated using (((area_code = ANY (( SELECT private.follow_up_area_codes() AS follow_up_area_codes)::text[])) OR (department_code = ANY (( SELECT private.scope_departments() AS scope_departments)::text[]))));

revoke all on function private.finding_marks() from public, anon, authenticated, service_role;

grant execute on function private.finding_marks() to authenticated;

revoke all on function private.follow_up_area_codes() from public, anon, authenticated, service_role;

grant execute on function private.follow_up_area_codes() to authenticated;

revoke all on function public.finding_marks() from public, anon, authenticated, service_role;

grant execute on function public.finding_marks() to authenticated;

revoke all on public.finding_dismissals from public, anon, authenticated, service_role;

grant select on public.finding_dismissals to authenticated;

revoke all on public.follow_ups from public, anon, authenticated, service_role;

grant select on public.follow_ups to authenticated;
