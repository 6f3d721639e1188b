CREATE OR REPLACE FUNCTION private.store_reports(p_reports private.report[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  with clocks as materialized (
    select * from private.first_clocks(array(
      select r from unnest(p_reports) r where r.condition_code is null)::private.report[])
  ), stored as (
    insert into public.incidents (district_code, id, category_code, area_code, severity, lon, lat,
      qx, qy, description, address_label, reported_at, device_at, month, reported_by,
      workflow_code, stage, state, state_since, condition_code, self_handled, closed_at, due_at, warn_at)
    select r.district_code, r.id, r.category_code, r.area_code, r.severity, r.lon, r.lat,
      r.qx, r.qy, r.description, r.address_label, r.at, r.device_at,
      date_trunc('month', r.at at time zone city.time_zone)::date, r.actor,
      w.code, case when r.condition_code is null then 'reported' else 'closed' end,
      case when r.condition_code is null then w.first_state else private.first_state_of(w.code, 'closed') end,
      r.at, r.condition_code, r.condition_code is not null,
      case when r.condition_code is not null then r.at end, k.due_at, k.warn_at
    from unnest(p_reports) r
    join public.categories c on c.code = r.category_code
    join public.workflows w on w.code = c.workflow_code
    left join clocks k on k.incident_id = r.id
    cross join public.city_settings city
  ), started as (
    insert into public.incident_clocks select * from clocks
  )
  insert into public.incident_log
    (district_code, incident_id, seq, at, actor, kind, stage_from, stage_to, note, data, command_id)
  select r.district_code, r.id, 1, r.at, r.actor, 'reported', null, 'reported', '', r.data, r.command_id
  from unnest(p_reports) r
  union all
  select r.district_code, r.id, 2, r.at, r.actor, 'self_handled', 'reported', 'closed',
    coalesce(r.handled_note, ''), private.log_data(null, r.at, r.handled_photos,
      jsonb_build_object('condition', r.condition_code)), r.command_id
  from unnest(p_reports) r where r.condition_code is not null;
  perform private.store_photos(array_agg((r.district_code, r.id, p.seq, r.actor, r.command_id, r.at, p.photos)
    ::private.brought_photos order by p.seq))
  from unnest(p_reports) r
  cross join lateral (values (1, r.photos), (2, r.handled_photos)) as p (seq, photos)
  where p.photos <> '[]'
  having count(*) > 0;
end $function$;

CREATE OR REPLACE FUNCTION private.read_field(p_field public.workflow_fields, p_payload jsonb, p_incident public.incidents, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_name constant text := p_field.name;
  v_required constant boolean := private.is_field_required(p_field, p_incident);
  v_text text;
  v_instant timestamptz;
begin
  if p_field.kind = 'photos' then
    return private.payload_photos(jsonb_build_object('photos', p_payload -> v_name), v_required);
  elsif p_field.kind = 'boolean' then
    if coalesce(p_payload -> v_name, 'null') = 'null' and not v_required then return 'null'; end if;
    if coalesce(p_payload -> v_name, 'null') = 'null' then
      perform private.reject_command('missing_field', v_name);
    elsif jsonb_typeof(p_payload -> v_name) <> 'boolean' then
      perform private.reject_command('invalid_field', v_name, 'not true or false');
    end if;
    return p_payload -> v_name;
  elsif p_field.kind = 'whole' then
    return coalesce(to_jsonb(private.payload_whole(p_payload, v_name, v_required, p_field.least, p_field.most)), 'null');
  end if;
  v_text := private.payload_text(p_payload, v_name, v_required, coalesce(p_field.most, 2000));
  if v_text is not null and p_field.kind = 'text' and v_required and private.is_blank(v_text) then
    perform private.reject_command('missing_field', v_name);
  end if;
  if p_field.kind = 'condition' and v_text is null then
    select min(c.code) into v_text from public.filing_conditions c
    where c.category_code = p_incident.category_code and c.is_active;
  end if;
  if v_text is null or p_field.kind = 'text' then
    return coalesce(to_jsonb(v_text), 'null');
  end if;
  if p_field.kind = 'instant' then
    v_instant := private.payload_instant(p_payload, v_name);
    if v_instant <= p_at or v_instant > p_at + interval '1 year' then
      perform private.reject_command('invalid_field', v_name, 'not within a year from now');
    end if;
    return to_jsonb(v_instant);
  elsif p_field.kind in ('handler', 'assignee', 'incident') and not private.is_uuid(v_text) then
    perform private.reject_command('invalid_field', v_name, 'not a UUID in lower case');
  end if;
  if (case p_field.kind
    when 'choice' then v_text = any (p_field.choices)
    when 'department' then exists (select from public.departments d where d.code = v_text)
    when 'condition' then exists (select from public.filing_conditions c
      where c.code = v_text and c.category_code = p_incident.category_code and c.is_active)
    when 'handler' then private.may_be_assigned(v_text::uuid, p_incident.area_code,
      coalesce(p_payload ->> 'department', p_incident.department_code), p_at)
    when 'assignee' then private.may_be_assigned(v_text::uuid, p_incident.area_code,
      case when p_incident.stage = 'dispatched' then p_incident.department_code end, p_at)
    when 'milestone' then exists (select from public.condition_milestones m
      where m.condition = p_incident.condition_code and m.code = v_text)
    when 'incident' then true end) is not true then
    perform private.reject_command('invalid_field', v_name, 'not one that can be chosen');
  end if;
  return to_jsonb(v_text);
end $function$;

CREATE OR REPLACE FUNCTION private.workflow_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select jsonb_build_object(
    'workflows', (
      select coalesce(jsonb_agg(jsonb_build_object('code', w.code, 'nameZh', w.name_zh, 'nameEn', w.name_en,
        'firstState', w.first_state,
        'stages', (
          select coalesce(jsonb_agg(jsonb_build_object('code', s.code, 'stage', s.stage, 'clock', s.clock,
            'nameZh', s.name_zh, 'nameEn', s.name_en) order by s.sort, s.code), '[]')
          from public.workflow_stages s where s.workflow = w.code),
        'transitions', (
          select coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'from', t.from_state, 'to', t.to_state,
            'roles', t.roles, 'tone', t.tone, 'canUndo', t.can_undo, 'nameZh', t.name_zh, 'nameEn', t.name_en)
            order by t.from_state, t.sort, t.name), '[]')
          from public.workflow_transitions t where t.workflow = w.code),
        'fields', (
          select coalesce(jsonb_agg(jsonb_build_object('transition', f.transition, 'name', f.name,
            'kind', f.kind, 'isRequired', f.is_required, 'requiredWhen', f.required_when, 'choices', f.choices,
            'least', f.least, 'most', f.most, 'labelZh', f.label_zh, 'labelEn', f.label_en)
            order by f.transition, f.sort, f.name), '[]')
          from public.workflow_fields f where f.workflow = w.code),
        'limits', (
          select coalesce(jsonb_agg(jsonb_build_object('clock', l.clock, 'amount', l.amount, 'unit', l.unit,
            'dayRule', l.day_rule) order by l.clock), '[]')
          from public.workflow_limits l where l.workflow = w.code))
        order by w.sort, w.code), '[]')
      from public.workflows w),
    'conditions', (
      select coalesce(jsonb_agg(jsonb_build_object('code', c.code, 'categoryCode', c.category_code,
        'nameZh', c.name_zh, 'nameEn', c.name_en, 'closingZh', c.closing_zh, 'closingEn', c.closing_en,
        'departmentCode', c.department_code, 'needsAfterPhotos', c.needs_after_photos,
        'allowsSelfHandling', c.allows_self_handling,
        'limits', (
          select coalesce(jsonb_agg(jsonb_build_object('clock', l.clock, 'amount', l.amount, 'unit', l.unit,
            'dayRule', l.day_rule) order by l.clock), '[]')
          from public.condition_limits l where l.condition = c.code),
        'milestones', (
          select coalesce(jsonb_agg(jsonb_build_object('code', m.code, 'nameZh', m.name_zh, 'nameEn', m.name_en,
            'amount', m.amount, 'unit', m.unit, 'dayRule', m.day_rule) order by m.sort, m.code), '[]')
          from public.condition_milestones m where m.condition = c.code)) order by c.category_code, c.sort, c.code), '[]')
      from public.filing_conditions c where c.is_active),
    'controls', (
      select coalesce(jsonb_agg(jsonb_build_object('code', f.code, 'areaCode', f.area_code,
        'categoryCode', f.category_code, 'weekdays', f.weekdays, 'fromMinute', f.from_minute,
        'toMinute', f.to_minute, 'tipZh', f.tip_zh, 'tipEn', f.tip_en) order by f.code), '[]')
      from public.filing_controls f where f.is_active))
  from private.require_user()
$function$;

CREATE OR REPLACE FUNCTION private.assignable_people(p_incident uuid, p_department text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_incident public.incidents;
  v_department text := p_department;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    private.scope_condition(private.resolve_scope(), 'i'))
  into v_incident using p_incident;
  if not exists (
    select from public.workflow_transitions t
    join public.workflow_fields f on f.workflow = t.workflow and f.transition = t.name
    where t.workflow = v_incident.workflow_code and t.from_state = v_incident.state
      and t.roles && (private.rights_on(v_incident)).acts_as and f.kind in ('handler', 'assignee')) then
    return '[]';
  end if;
  if v_department is null and v_incident.stage = 'dispatched' then
    v_department := v_incident.department_code;
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', p.user_id, 'name', p.display_name)
      order by p.display_name, p.user_id), '[]')
    from public.profiles p
    where exists (select from public.memberships m where m.user_id = p.user_id
        and m.role in ('field_staff', 'handler'))
      and private.may_be_assigned(p.user_id, v_incident.area_code, v_department, now()));
end $function$;
