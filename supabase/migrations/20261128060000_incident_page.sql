alter table public.workflow_fields add column choices_zh text[], add column choices_en text[];
alter table public.workflow_fields add constraint workflow_fields_choice_names_check
  check (choices_zh is null and choices_en is null
    or cardinality(choices_zh) = cardinality(choices) and cardinality(choices_en) = cardinality(choices));
update public.workflow_fields
set choices_zh = '{超时督办,领导督办,重点事项}', choices_en = '{Overdue,"Leader''s concern","Important case"}'
where transition = 'escalate' and name = 'kind' and choices = '{timeout,leader,important}'
  and workflow in ('event', 'component', 'service');
set constraints all immediate;

CREATE OR REPLACE FUNCTION private.incident_detail(p_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_scope constant text := private.scope_condition(private.resolve_scope(), 'i');
  v_incident public.incidents;
  v_rights private.incident_rights;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    v_scope)
  into v_incident using p_id;
  if v_incident.id is null then
    return null;
  end if;
  v_rights := private.rights_on(v_incident);
  return jsonb_build_object(
    'asOf', now(),
    'incident', private.incident_row(v_incident) || jsonb_build_object(
      'category', (select jsonb_build_object('code', c.code, 'nameZh', c.name_zh, 'nameEn', c.name_en,
          'class', c.class, 'path', c.path)
        from public.categories c where c.code = v_incident.category_code),
      -- from the top down
      'areas', (select jsonb_agg(jsonb_build_object('code', a.code, 'level', a.level, 'name', a.name)
          order by length(a.path))
        from public.areas a join public.areas own on own.code = v_incident.area_code
          and starts_with(own.path, a.path)),
      'department', (select jsonb_build_object('code', d.code, 'nameZh', d.name_zh, 'nameEn', d.name_en)
        from public.departments d where d.code = v_incident.department_code),
      'reportedBy', v_incident.reported_by,
      'reporterName', (select p.display_name from public.profiles p where p.user_id = v_incident.reported_by),
      'deviceAt', v_incident.device_at,
      'source', v_incident.source,
      'sourceId', v_incident.source_id,
      'handler', v_incident.handler,
      'assignee', v_incident.assignee),
    'photos', private.incident_photo_list(v_incident, auth.uid()),
    'canCorrect', v_rights.may_correct and private.is_open(v_incident.stage),
    'canNote', v_rights.may_note,
    'canAsk', v_rights.may_ask,
    'transitions', private.offered_transitions(v_incident, v_rights.acts_as, now()),
    'log', private.incident_log_list(v_incident),
    'people', private.incident_people(v_incident),
    'clocks', private.incident_clock_list(v_incident, now()),
    'holds', private.incident_holds(v_incident),
    'family', private.incident_family(v_incident, v_scope),
    'spot', private.incident_spot(v_incident, v_scope));
end $function$;

CREATE OR REPLACE FUNCTION private.open_choices(p_field public.workflow_fields, p_incident public.incidents, p_open public.workflow_transitions[])
 RETURNS text[]
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select array_agg(distinct o.choice_value order by o.choice_value)
  from unnest(p_open) o
  where o.name = p_field.transition
  having bool_and(o.choice_field = p_field.name) and exists (
    select from public.workflow_transitions t
    where t.workflow = p_incident.workflow_code and t.from_state = p_incident.state
      and t.name = p_field.transition and t.choice_field = p_field.name
      and t.choice_value <> all (array_agg(o.choice_value)))
$function$;

CREATE OR REPLACE FUNCTION private.choice_names(p_field public.workflow_fields)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('code', c.code, 'nameZh', c.name_zh, 'nameEn', c.name_en)
    order by c.n), '[]')
  from unnest(p_field.choices, p_field.choices_zh, p_field.choices_en) with ordinality as c (code, name_zh, name_en, n)
  where p_field.choices_zh is not null
$function$;

CREATE OR REPLACE FUNCTION private.offered_transitions(p_incident public.incidents, p_roles text[], p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_open constant public.workflow_transitions[] :=
    array(select o from private.open_transitions(p_incident, p_roles, p_at) o);
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'nameZh', t.name_zh, 'nameEn', t.name_en,
      'tone', t.tone, 'canUndo', t.can_undo, 'fields', (
        select coalesce(jsonb_agg(jsonb_build_object('name', f.name, 'kind', f.kind,
          'isRequired', private.is_field_required(f, p_incident),
          'choices', coalesce(private.open_choices(f, p_incident, v_open), f.choices),
          'choiceNames', private.choice_names(f), 'least', f.least, 'most', f.most,
          'labelZh', f.label_zh, 'labelEn', f.label_en) order by f.sort, f.name), '[]')
        from public.workflow_fields f where f.workflow = t.workflow and f.transition = t.name))
      order by t.sort, t.name collate "C"), '[]')
    from (select distinct on (o.name) o.* from unnest(v_open) o order by o.name, o.sort) t);
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
            'choiceNames', private.choice_names(f),
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

CREATE OR REPLACE FUNCTION private.incident_clock_list(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('seq', c.seq, 'kind', c.kind, 'milestone', c.milestone,
      'departmentCode', c.department_code, 'isWorkingTime', not private.is_round_the_clock(c.unit),
      'extensions', c.extensions, 'startedAt', c.started_at,
      'runs', (select coalesce(jsonb_agg(jsonb_build_array(lower(x.run), upper(x.run)) order by lower(x.run)), '[]')
        from unnest(c.runs) as x (run)),
      'runningSince', c.running_since, 'limitSeconds', c.limit_seconds,
      'usedSeconds', case when c.stopped_at is not null then c.used_seconds else u.seconds end,
      'dueAt', c.due_at, 'warnAt', c.warn_at, 'stoppedAt', c.stopped_at, 'isReached', c.is_reached)
      order by c.seq), '[]')
    from public.incident_clocks c
    left join lateral (
      -- one run beyond the known years makes the sum unknown
      select case when count(*) = count(r.seconds) then coalesce(sum(r.seconds), 0) end as seconds
      from (
        select case when private.is_round_the_clock(c.unit) then extract(epoch from upper(x.run) - lower(x.run))
          else (select w.seconds from private.work_between(c.calendar, lower(x.run), upper(x.run)) w)
          end as seconds
        from unnest(c.runs + case when c.running_since < p_at then tstzmultirange(tstzrange(c.running_since, p_at))
          else '{}' end) as x (run)
        offset 0) r
    ) u on c.stopped_at is null
    where c.district_code = p_incident.district_code and c.incident_id = p_incident.id);
end $function$;

CREATE OR REPLACE FUNCTION private.incident_holds(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    with turns as (
      select l.seq, l.at, coalesce(e.starts, false) as starts
      from public.incident_log l
      left join lateral (
        select bool_or('hold' = any (t.effects)) as starts, bool_or('resume' = any (t.effects)) as ends
        from public.workflow_transitions t
        where l.kind = 'transition' and t.workflow = p_incident.workflow_code
          and t.from_state = l.data ->> 'from' and t.name = l.data ->> 'name'
      ) e on true
      where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
        and (l.kind = 'resumed' or e.starts or e.ends)
    )
    select coalesce(jsonb_agg(jsonb_build_array(h.at, h.until) order by h.seq), '[]')
    from (
      select t.seq, t.at, t.starts, lead(t.at) over (order by t.seq) as until from turns t
    ) h where h.starts);
end $function$;

CREATE OR REPLACE FUNCTION private.incident_people(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_object_agg(p.user_id, p.display_name), '{}')
    from public.profiles p
    where p.user_id in (
      select p_incident.handler
      union all
      select p_incident.assignee
      union all
      select (l.data ->> f.name)::uuid
      from public.incident_log l
      join public.workflow_fields f on f.workflow = p_incident.workflow_code
        and f.transition = l.data ->> 'name' and f.kind in ('handler', 'assignee')
      where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
        and l.kind = 'transition' and private.is_uuid(l.data ->> f.name)));
end $function$;

CREATE OR REPLACE FUNCTION private.incident_log_list(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    with entries as materialized (
      select l.* from public.incident_log l
      where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
    ), given as materialized (
      select array_agg(distinct d.code) as departments
      from (
        select e.data ->> f.name as code from entries e
        join public.workflow_fields f on f.workflow = p_incident.workflow_code
          and f.transition = e.data ->> 'name' and f.kind = 'department'
        union all
        select p_incident.department_code
      ) d where d.code is not null
    )
    select coalesce(jsonb_agg(jsonb_build_object('seq', e.seq, 'at', e.at, 'kind', e.kind, 'actor', e.actor,
        'actorName', p.display_name, 'actorRoles', a.roles, 'actorDepartments', a.departments,
        'stageFrom', e.stage_from, 'stageTo', e.stage_to, 'note', e.note, 'data', e.data) order by e.seq), '[]')
    from entries e
    cross join given g
    left join public.profiles p on p.user_id = e.actor
    left join lateral (
      select coalesce(array_agg(distinct m.role), '{}') as roles,
        coalesce(array_agg(distinct m.department_code) filter (where m.department_code is not null), '{}')
          as departments
      from public.memberships m
      join public.areas area on area.code = m.area_code
      join public.areas own on own.code = p_incident.area_code
      where m.user_id = e.actor and private.is_valid(m.valid_from, m.valid_to, e.at)
        and case when m.role = 'handler' then m.department_code = any (g.departments)
          else private.is_within(own.path, area.path) end
    ) a on e.actor is not null);
end $function$;

CREATE OR REPLACE FUNCTION private.related_row(i public.incidents, p_meters double precision DEFAULT NULL::double precision)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    select jsonb_build_object('id', (i).id, 'categoryCode', (i).category_code, 'areaCode', (i).area_code,
      'stage', (i).stage, 'onHold', (i).on_hold, 'workflowCode', (i).workflow_code, 'state', (i).state,
      'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'description', left((i).description, 200),
      'addressLabel', (i).address_label, 'meters', round(p_meters::numeric, 1)));
end $function$;

CREATE OR REPLACE FUNCTION private.incident_family(p_incident public.incidents, p_scope text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_family jsonb;
begin
  execute format($q$
    select jsonb_build_object('parentId', $2, 'parent', (
        select private.related_row(i) from public.incidents i
        where i.district_code = $1 and i.id = $2 and %1$s),
      'children', (
        select coalesce(jsonb_agg(private.related_row(c.i) order by c.reported_at, c.id), '[]')
        from (
          select i, i.reported_at, i.id from public.incidents i
          where i.district_code = $1 and i.parent_id = $3 and %1$s
          order by i.reported_at, i.id limit 50) c))
    $q$, p_scope)
  into v_family using p_incident.district_code, p_incident.parent_id, p_incident.id;
  return v_family;
end $function$;

CREATE OR REPLACE FUNCTION private.spot_query(p_scope text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select format($q$
    select i, i.reported_at, i.id, extensions.st_distancesphere(i.geom, ($1).geom) as meters
    from public.incidents i
    -- a degree of latitude has at least 110 km
    where i.geom operator(extensions.&&) extensions.st_expand(($1).geom,
        $2 / 110000.0 / greatest(0.01, cos(radians(($1).lat))), $2 / 110000.0)
      and extensions.st_distancesphere(i.geom, ($1).geom) <= $2
      and i.category_code = ($1).category_code and i.id <> ($1).id
      and i.reported_at between ($1).reported_at - interval '1 year' and ($1).reported_at + interval '1 year'
      and i.stage not in ('rejected', 'merged') and %s $q$, p_scope)
$function$;

CREATE OR REPLACE FUNCTION private.incident_spot(p_incident public.incidents, p_scope text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_radius constant integer := (select c.duplicate_radius_meters from public.categories c
    where c.code = p_incident.category_code);
  v_spot jsonb;
begin
  -- requests without an object have no spot
  if coalesce(v_radius, 0) = 0 then
    return jsonb_build_object('radiusMeters', 0, 'ordinal', null, 'count', 0, 'rows', '[]'::jsonb);
  end if;
  execute format($q$
    with near as materialized (%s)
    select jsonb_build_object('radiusMeters', $2, 'ordinal',
        case when ($1).stage not in ('rejected', 'merged') then
          1 + count(*) filter (where (n.reported_at, n.id) < (($1).reported_at, ($1).id)) end,
      'count', count(*),
      'rows', (select coalesce(jsonb_agg(private.related_row(r.i, r.meters) order by r.reported_at desc, r.id desc), '[]')
        from (select * from near order by reported_at desc, id desc limit 20) r))
    from near n $q$, private.spot_query(p_scope))
  into v_spot using p_incident, v_radius;
  return v_spot;
end $function$;

