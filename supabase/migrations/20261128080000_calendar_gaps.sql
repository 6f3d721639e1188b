CREATE OR REPLACE FUNCTION private.incident_detail(p_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_incident public.incidents;
  v_rights private.incident_rights;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    private.scope_condition(private.resolve_scope(), 'i'))
  into v_incident using p_id;
  if v_incident.id is null then
    return null;
  end if;
  v_rights := private.rights_on(v_incident);
  return jsonb_build_object(
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
      'dueUnknown', private.due_unknown(v_incident)),
    'photos', private.incident_photo_list(v_incident, auth.uid()),
    'canCorrect', v_rights.may_correct and private.is_open(v_incident.stage),
    'canNote', v_rights.may_note,
    'canAsk', v_rights.may_ask,
    'transitions', private.offered_transitions(v_incident, v_rights.acts_as, now()),
    'log', coalesce((
      select jsonb_agg(jsonb_build_object('seq', l.seq, 'at', l.at, 'kind', l.kind, 'actor', l.actor,
          'actorName', p.display_name, 'stageFrom', l.stage_from, 'stageTo', l.stage_to,
          'note', l.note, 'data', l.data) order by l.seq)
      from public.incident_log l
      left join public.profiles p on p.user_id = l.actor
      where l.district_code = v_incident.district_code and l.incident_id = v_incident.id), '[]'));
end $function$;

CREATE OR REPLACE FUNCTION private.queue_rows(p_incidents public.incidents[], p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_user constant uuid := auth.uid();
  v_departments constant text[] := private.scope_departments();
  v_notes constant boolean := private.has_right('note', p_at);
begin
  return (
    with page as (
      select p_incidents[n] as i, n from generate_subscripts(p_incidents, 1) n
    ), place as (
      select own.code, coalesce(array_agg(distinct m.role) filter (where m.role is not null), '{}') as roles
      from public.areas own
      left join (
        select a.path, m.role from public.memberships m join public.areas a on a.code = m.area_code
        where m.user_id = v_user and m.role <> 'handler'
          and private.is_valid(m.valid_from, m.valid_to, p_at)
      ) m on private.is_within(own.path, m.path)
      where own.code in (select (p.i).area_code from page p)
      group by own.code
    )
    select coalesce(jsonb_agg(private.incident_row(p.i) || jsonb_build_object(
      'handler', (p.i).handler, 'handlerName', handler.display_name,
      'assignee', (p.i).assignee, 'assigneeName', assignee.display_name,
      'dueUnknown', case when (p.i).due_at is null then private.due_unknown(p.i) end,
      'steps', steps.names) order by p.n), '[]')
    from page p
    join place on place.code = (p.i).area_code
    left join public.profiles handler on handler.user_id = (p.i).handler
    left join public.profiles assignee on assignee.user_id = (p.i).assignee
    cross join lateral (
      select place.roles
        || case when (p.i).department_code = any (v_departments) then '{handler}'::text[] else '{}' end
        || case when (p.i).reported_by = v_user and v_notes then '{reporter}'::text[] else '{}' end as acts_as
    ) caller
    cross join lateral (
      select coalesce(jsonb_agg(o.name order by o.sort, o.name collate "C"), '[]') as names
      from (
        select t.name, min(t.sort) as sort from public.workflow_transitions t
        where t.workflow = (p.i).workflow_code and t.from_state = (p.i).state and t.roles && caller.acts_as
          -- most transitions have no guard, and asking costs more than the row
          and case when t.guards = '{}' and t.gate is null and not (p.i).on_hold then true
            else private.failing_guard(t, p.i, p_at) is null end
        group by t.name
      ) o
    ) steps);
end $function$;

CREATE OR REPLACE FUNCTION private.due_unknown(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_until timestamptz;
begin
  if p_incident.due_at is not null or p_incident.on_hold or not private.is_open(p_incident.stage) then
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
end $function$;

CREATE OR REPLACE FUNCTION private.calendar_notices()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.calendar_notices()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.calendar_notices() $function$;

alter table public.workflow_fields add constraint workflow_fields_named_kind_check CHECK (
CASE name
    WHEN 'note'::text THEN (kind = 'text'::text)
    WHEN 'photos'::text THEN (kind = 'photos'::text)
    WHEN 'department'::text THEN (kind = 'department'::text)
    WHEN 'handler'::text THEN (kind = 'handler'::text)
    WHEN 'assignee'::text THEN (kind = 'assignee'::text)
    WHEN 'condition'::text THEN (kind = 'condition'::text)
    WHEN 'into'::text THEN (kind = 'incident'::text)
    WHEN 'milestone'::text THEN (kind = 'milestone'::text)
    WHEN 'until'::text THEN (kind = 'instant'::text)
    WHEN 'replyBy'::text THEN (kind = 'instant'::text)
    WHEN 'level'::text THEN (kind = 'whole'::text)
    ELSE true
END);

alter table public.workflow_fields add constraint workflow_fields_reserved_check CHECK ((name <> ALL (ARRAY['from'::text, 'to'::text, 'deviceClockSuspect'::text])));

revoke all on function private.calendar_notices() from public, anon, authenticated, service_role;

grant execute on function private.calendar_notices() to authenticated;

revoke all on function public.calendar_notices() from public, anon, authenticated, service_role;

grant execute on function public.calendar_notices() to authenticated;
