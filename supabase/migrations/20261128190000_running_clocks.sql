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
  v_work public.incident_work;
  v_rights private.incident_rights;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    v_scope)
  into v_incident using p_id;
  if v_incident.id is null then
    return null;
  end if;
  select * into v_work from public.incident_work w
  where w.district_code = v_incident.district_code and w.incident_id = v_incident.id;
  v_rights := private.rights_on(v_incident);
  return jsonb_build_object(
    'asOf', now(),
    'incident', private.incident_row(v_incident, v_work) || jsonb_build_object(
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
      'dueUnknown', private.due_unknown(v_incident),
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
    'workAhead', private.incident_work_ahead(v_incident, now()),
    'holds', private.incident_holds(v_incident),
    'family', private.incident_family(v_incident, v_scope),
    'spot', private.incident_spot(v_incident, v_scope),
    'feedback', private.incident_feedback(v_incident, v_rights, now()));
end $function$;

CREATE OR REPLACE FUNCTION private.work_ahead(p_calendar text, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    with spans as materialized (
      select greatest(s.starts_at, p_at) as starts_at, s.ends_at, row_number() over (order by s.starts_at) as n
      from private.calendar_spans s
      where s.calendar = p_calendar and s.ends_at > p_at and s.starts_at >= coalesce((
        select b.starts_at from private.calendar_spans b
        where b.calendar = p_calendar and b.starts_at <= p_at
        order by b.starts_at desc limit 1), p_at)
      order by s.starts_at limit 201
    ), known as (
      select least(c.ends_at, p_at + interval '168 hours',
        (select s.starts_at from spans s where s.n = 201)) as until
      from private.calendar_covers c
      where c.calendar = p_calendar and c.starts_at <= p_at and c.ends_at >= p_at
    )
    select jsonb_build_object('until', k.until, 'spans', coalesce((
      select jsonb_agg(jsonb_build_array(s.starts_at, least(s.ends_at, k.until)) order by s.starts_at)
      from spans s where s.starts_at < k.until), '[]'))
    from known k);
end $function$;

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
      'calendar', c.calendar, 'extensions', c.extensions, 'startedAt', c.started_at,
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

CREATE OR REPLACE FUNCTION private.incident_work_ahead(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_object_agg(k.calendar, k.ahead) filter (where k.ahead is not null), '{}')
    from (
      select d.calendar, private.work_ahead(d.calendar, p_at) as ahead
      from (
        select distinct c.calendar from public.incident_clocks c
        where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
          and c.running_since is not null and c.calendar is not null) d) k);
end $function$;
