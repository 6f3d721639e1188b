-- Parts of the page of one incident beside its row and log: clocks, holds, names, family, and its spot. All is
-- part of incident_detail: one request.

-- Its clocks in the order they started. `usedSeconds` counts up to `p_at`, in the clock's own time; null beyond
-- the years of its calendar.
create or replace function private.incident_clock_list(p_incident public.incidents, p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
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
end $$;

-- Working time ahead of its running clocks, by calendar: private.work_ahead.
create or replace function private.incident_work_ahead(p_incident public.incidents, p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_object_agg(k.calendar, k.ahead) filter (where k.ahead is not null), '{}')
    from (
      select d.calendar, private.work_ahead(d.calendar, p_at) as ahead
      from (
        select distinct c.calendar from public.incident_clocks c
        where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
          and c.running_since is not null and c.calendar is not null) d) k);
end $$;

-- When it was on hold: `[[from, to]]`, `to` null while it is.
create or replace function private.incident_holds(p_incident public.incidents)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
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
end $$;

-- Names by id of the people whom the incident or its log names as handler or assignee. Who sees an incident sees
-- the names in its log, and no others.
create or replace function private.incident_people(p_incident public.incidents)
returns jsonb language plpgsql stable set search_path = '' as $$
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
end $$;

-- The log with the names of its actors and the roles in which they could act on the incident then: of handlers the
-- department, if the incident was ever given to it. Roles elsewhere stay unsaid.
create or replace function private.incident_log_list(p_incident public.incidents)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
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
        'stageFrom', e.stage_from, 'stageTo', e.stage_to, 'note', e.note, 'data', e.data,
        'deviceSkewSeconds', round(extract(epoch from c.received_at - c.sent_at)),
        'isGenerated', e.kind = 'demo_started' or coalesce(c.is_generated, false)) order by e.seq), '[]')
    from entries e
    cross join given g
    left join public.commands c on c.id = e.command_id
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
end $$;

-- RelatedIncident of the client; `p_meters` away.
create or replace function private.related_row(i public.incidents, p_meters double precision default null)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
begin
  return (
    select jsonb_build_object('id', (i).id, 'categoryCode', (i).category_code, 'areaCode', (i).area_code,
      'stage', (i).stage, 'onHold', (i).on_hold, 'workflowCode', (i).workflow_code, 'state', (i).state,
      'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'description', left((i).description, 200),
      'addressLabel', (i).address_label, 'caseNumber', (i).case_number, 'meters', round(p_meters::numeric, 1)));
end $$;

-- The incident it was merged into, and those merged into it: what the caller sees of them, 50 at most.
-- `p_scope` is the condition of private.scope_condition on `i`.
create or replace function private.incident_family(p_incident public.incidents, p_scope text)
returns jsonb language plpgsql stable set search_path = '' as $$
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
end $$;

-- Incidents at the spot of `$1`, as SQL: of its category, within the category's radius for duplicates (`$2` metres)
-- and a year before or after. Refused and merged ones are no recurrence.
create or replace function private.spot_query(p_scope text)
returns text language sql immutable set search_path = '' as $$
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
$$;

-- How often its category occurred at its spot, as far as the caller sees: `ordinal` 3 says that it is the third
-- within the year that ends with it; null for a refused or merged one. At most 20 rows, newest first.
create or replace function private.incident_spot(p_incident public.incidents, p_scope text)
returns jsonb language plpgsql stable set search_path = '' as $$
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
end $$;
