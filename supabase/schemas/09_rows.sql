-- Rows: the list by pages, one incident, open incidents, My day, receipts.

-- IncidentRow of the client; `w` is null for what nobody must act on. Inlined: a caller's time zone is UTC.
create or replace function private.incident_row(i public.incidents, w public.incident_work)
returns jsonb language sql stable
return jsonb_build_object(
    'id', (i).id, 'districtCode', (i).district_code, 'categoryCode', (i).category_code,
    'areaCode', (i).area_code, 'departmentCode', (i).department_code, 'stage', (i).stage,
    'onHold', (i).on_hold, 'severity', (i).severity, 'lon', (i).lon, 'lat', (i).lat,
    'description', (i).description, 'addressLabel', (i).address_label,
    'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'channel', (i).channel,
    'version', (i).version, 'workflowCode', (i).workflow_code, 'state', (i).state,
    'stateSince', (i).state_since, 'dueAt', (w).due_at, 'warnAt', (w).warn_at, 'pending', (i).pending,
    'holdUntil', (i).hold_until, 'supervision', (i).supervision, 'replyBy', (i).reply_by,
    'rework', (i).rework, 'reopened', (i).reopened, 'extensions', (i).extensions,
    'selfHandled', (i).self_handled, 'isGenerated', (i).is_generated, 'caseNumber', (i).case_number);

-- Sort keys, all in one direction; the id follows. 01_tables.sql has an index with each expression. Null
-- for an unknown sort.
create or replace function private.list_order(p_sort text, out keys text[], out types text[], out descending boolean)
language sql immutable set search_path = '' as $$
  select o.keys, o.types, o.descending from (values
    ('reported_desc', array['i.reported_at'], array['timestamptz'], true),
    ('reported_asc', array['i.reported_at'], array['timestamptz'], false),
    ('closed_desc', array[$k$coalesce(i.closed_at, '-infinity')$k$], array['timestamptz'], true),
    ('hours_desc', array[$k$coalesce(i.closed_at - i.reported_at, '-1 second')$k$], array['interval'], true),
    ('hours_asc', array[$k$coalesce(i.closed_at - i.reported_at, '1000000 days')$k$], array['interval'], false),
    ('area_asc', array['i.area_code', $k$('2000-01-01T00:00:00Z'::timestamptz - i.reported_at)$k$],
      array['text', 'interval'], false),
    ('category_asc', array['i.category_code', $k$('2000-01-01T00:00:00Z'::timestamptz - i.reported_at)$k$],
      array['text', 'interval'], false)
  ) as o (sort, keys, types, descending) where o.sort = p_sort
$$;

create or replace function private.incident_list(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres'
set max_parallel_workers_per_gather = 0 as $$
declare
  v_sort text := coalesce(p_sort, 'reported_desc');
  v_limit integer := coalesce(p_limit, 50);
  v_after jsonb := nullif(p_after, 'null');
  v_order record;
  v_key_list text;
  v_key_texts text;
  v_direction text;
  v_condition text := 'true';
  v_result jsonb;
begin
  select * into v_order from private.list_order(v_sort);
  if v_order.keys is null then
    raise exception 'p_sort: unknown sort' using errcode = '22023', detail = 'p_sort';
  end if;
  if v_limit not between 1 and 1000 then
    raise exception 'p_limit: 1 to 1000 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  v_direction := case when v_order.descending then ' desc' else ' asc' end;
  v_key_list := array_to_string(v_order.keys, ', ');
  v_key_texts := (select string_agg(k || '::text', ', ') from unnest(v_order.keys) k);

  if v_after is not null then
    begin
      if v_after ->> 'sort' is distinct from v_sort or v_after ->> 'id' is null
          or jsonb_array_length(v_after -> 'keys') is distinct from cardinality(v_order.keys)
          or v_after -> 'keys' @> 'null' then
        raise data_exception;
      end if;
      v_condition := format('(%s, i.id) %s (%s, %L::uuid)', v_key_list,
        case when v_order.descending then '<' else '>' end,
        (select string_agg(case t.type
            when 'timestamptz' then quote_nullable((v_after -> 'keys' ->> t.n::integer - 1)::timestamptz)
            when 'interval' then quote_nullable((v_after -> 'keys' ->> t.n::integer - 1)::interval)
            else quote_nullable(v_after -> 'keys' ->> t.n::integer - 1) end || '::' || t.type, ', ' order by t.n)
          from unnest(v_order.types) with ordinality t (type, n)),
        (v_after ->> 'id')::uuid);
    exception when data_exception then
      raise exception 'p_after: not a cursor of this sort' using errcode = '22023', detail = 'p_after';
    end;
  end if;

  execute format($q$
    with page as (
      -- numbered outside, so that the limit reaches the index
      select r.*, row_number() over () as n from (
        select i, array[%s] as keys, i.id
        from public.incidents i
        where %s and %s and %s
        order by %s%s, i.id%s limit $1 + 1
      ) r
    )
    select jsonb_build_object(
      'rows', coalesce(jsonb_agg(private.incident_row(p.i, w) order by p.n) filter (where p.n <= $1), '[]'),
      'next', case when count(*) > $1 then
        jsonb_agg(jsonb_build_object('sort', $2, 'keys', p.keys, 'id', p.id)) filter (where p.n = $1) -> 0 end)
    from page p
    left join public.incident_work w on w.district_code = (p.i).district_code and w.incident_id = p.id $q$,
    v_key_texts,
    private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(private.parse_filter(p_filter)),
    v_condition,
    array_to_string(v_order.keys, v_direction || ', '), v_direction, v_direction)
  into v_result using v_limit, v_sort;
  return v_result;
end $$;

-- With the first photo the caller may see.
create or replace function private.field_row(p_incident public.incidents, p_user uuid)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
begin
  return jsonb_build_object('id', p_incident.id, 'version', p_incident.version,
    'categoryCode', p_incident.category_code, 'lon', p_incident.lon, 'lat', p_incident.lat,
    'areaCode', p_incident.area_code, 'stage', p_incident.stage,
    'description', left(p_incident.description, 200), 'addressLabel', p_incident.address_label,
    'reportedAt', p_incident.reported_at,
    'reportedByMe', coalesce(p_incident.reported_by = p_user, false),
    'isGenerated', p_incident.is_generated, 'caseNumber', p_incident.case_number,
    'photo', (
      select jsonb_build_object('owner', p.owner, 'hash', p.hash, 'mediaType', p.media_type)
      from public.incident_photos p
      where p.district_code = p_incident.district_code and p.incident_id = p_incident.id
        and (p.owner = p_user or private.is_photo_checked(p.owner, p.hash, p.media_type))
      order by p.seq_in_log, p.hash limit 1));
end $$;

create or replace function private.open_incidents(p_after jsonb, p_limit integer)
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' set max_parallel_workers_per_gather = 0 as $$
declare
  v_scope private.incident_scope := private.resolve_scope();
  v_after jsonb := nullif(p_after, 'null');
  v_limit integer := coalesce(p_limit, 500);
  v_at timestamptz := 'infinity';
  v_id uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  v_result jsonb;
begin
  if v_limit not between 1 and 500 then
    raise exception 'p_limit: 1 to 500 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  if v_after is not null then
    begin
      v_at := private.instant(v_after ->> 'reportedAt');
      v_id := (v_after ->> 'id')::uuid;
      if v_at is null or v_id is null then raise data_exception; end if;
    exception when data_exception then
      raise exception 'p_after: not a cursor' using errcode = '22023', detail = 'p_after';
    end;
  end if;
  execute format($q$
    with page as (
      select r.*, row_number() over () as n from (
        select i, i.reported_at, i.id
        from public.incidents i
        where private.is_open(i.stage)
          and (i.reported_at, i.id) < ($1, $2) and %s
        order by i.reported_at desc, i.id desc limit $3 + 1
      ) r
    )
    select jsonb_build_object(
      'rows', coalesce(jsonb_agg(private.field_row(p.i, $4) order by p.n) filter (where p.n <= $3), '[]'),
      'next', case when count(*) > $3 then
        jsonb_agg(jsonb_build_object('reportedAt', p.reported_at, 'id', p.id)) filter (where p.n = $3) -> 0 end)
    from page p $q$, private.scope_condition(v_scope, 'i'))
  into v_result using v_at, v_id, v_limit, v_scope.user_id;
  return v_result;
end $$;

-- A log entry of my_day.
create or replace function private.log_line(p_entry public.incident_log, p_user uuid)
returns jsonb language sql stable set search_path = '' set timezone = 'UTC' as $$
  select jsonb_build_object('kind', p_entry.kind, 'stageTo', p_entry.stage_to, 'at', p_entry.at,
    'note', p_entry.note, 'byMe', coalesce(p_entry.actor = p_user, false),
    'actorName', (select p.display_name from public.profiles p where p.user_id = p_entry.actor))
$$;

create or replace function private.my_day(p_days integer)
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' set max_parallel_workers_per_gather = 0 as $$
declare
  v_user uuid := private.require_user();
  v_days integer := coalesce(p_days, 14);
  v_since timestamptz;
  v_own jsonb;
begin
  if v_days not between 1 and 366 then
    raise exception 'p_days: 1 to 366 days' using errcode = '22023', detail = 'p_days';
  end if;
  v_since := now() - make_interval(days => v_days);
  with own as (
    select i, i.reported_at, i.closed_at, i.id, asked.entry as asked, newest.entry as newest
    from public.incidents i
    left join lateral (
      select l as entry, l.at from public.incident_log l
      where l.district_code = i.district_code and l.incident_id = i.id
      order by l.seq desc limit 1) newest on true
    left join lateral (
      select l as entry from public.incident_log l
      where l.district_code = i.district_code and l.incident_id = i.id and l.kind = 'asked'
        and not exists (select 1 from public.incident_log a
          where a.district_code = i.district_code and a.incident_id = i.id
            and a.seq > l.seq and a.actor = v_user)
      order by l.seq desc limit 1) asked on true
    where i.reported_by = v_user
      and (i.reported_at >= v_since or private.is_open(i.stage) or newest.at >= v_since)
    order by ((asked.entry).seq is not null) desc, i.reported_at desc, i.id desc
    limit 500
  )
  select coalesce(jsonb_agg(private.field_row(o.i, v_user) || jsonb_build_object(
    'closedAt', o.closed_at,
    'last', case when (o.newest).seq is not null then private.log_line(o.newest, v_user) end,
    'asked', case when (o.asked).seq is not null then
      (select jsonb_build_object('note', l -> 'note', 'at', l -> 'at', 'actorName', l -> 'actorName')
       from private.log_line(o.asked, v_user) l) end)
    order by o.reported_at desc, o.id desc), '[]') into v_own
  from own o;
  return jsonb_build_object('asOf', now(), 'own', v_own, 'receivedToday', (
    select count(*) from public.commands c
    where c.actor = v_user and c.outcome = 'applied'
      and c.type in ('report_incident', 'confirm_duplicate')
      and c.received_at >= private.city_today()::timestamp at time zone
        (select time_zone from public.city_settings)));
end $$;

create or replace function private.command_receipts(p_ids uuid[])
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  v_user uuid := private.require_user();
begin
  if p_ids is null or cardinality(p_ids) > 1000 then
    raise exception 'p_ids: at most 1000 ids' using errcode = '22023', detail = 'p_ids';
  end if;
  return (
    select coalesce(jsonb_agg(private.receipt(c, true)), '[]')
    from public.commands c where c.id = any (p_ids) and c.actor = v_user);
end $$;

-- The checked photos and the caller's own. The server measured bytes, width and height (null before its
-- check); takenAt, lon and lat are the device's claims.
create or replace function private.incident_photo_list(p_incident public.incidents, p_user uuid)
returns jsonb language sql stable set search_path = '' set timezone = 'UTC' as $$
  select coalesce(jsonb_agg(jsonb_build_object('owner', p.owner, 'hash', p.hash,
    'mediaType', p.media_type, 'bytes', c.bytes, 'width', c.width, 'height', c.height,
    'takenAt', p.taken_at, 'lon', p.lon, 'lat', p.lat, 'at', p.at,
    'byName', who.display_name, 'isChecked', c.hash is not null,
    'isGenerated', coalesce(cmd.is_generated, false)) order by p.seq_in_log, p.hash), '[]')
  from public.incident_photos p
  left join public.commands cmd on cmd.id = p.command_id
  left join public.photo_checks c
    on c.owner = p.owner and c.hash = p.hash and c.media_type = p.media_type and c.verdict = 'ok'
  left join public.profiles who on who.user_id = p.owner
  where p.district_code = p_incident.district_code and p.incident_id = p_incident.id
    and (c.hash is not null or p.owner = p_user)
$$;

create or replace function private.incident_detail(p_id uuid)
returns jsonb language plpgsql stable security definer
set search_path = '' set timezone = 'UTC' as $$
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
end $$;

create or replace function private.incident_moved(p_id uuid)
returns jsonb language plpgsql stable security definer set search_path = '' set timezone = 'UTC' as $$
declare
  v_incident public.incidents;
  v_paths text[];
begin
  perform private.require_user();
  -- the collation keeps a database without statistics from reading the whole primary key
  select i.* into v_incident from public.incidents i where i.id = p_id order by i.district_code collate "C" limit 1;
  if v_incident.id is null or (private.rights_on(v_incident)).sees then return null; end if;
  v_paths := private.scope_paths();
  return (
    select jsonb_build_object('areaCode', l.data -> 'areaCode' ->> 1, 'at', l.at)
    from public.incident_log l
    join public.areas a on a.code = l.data -> 'areaCode' ->> 0
    where l.district_code = v_incident.district_code and l.incident_id = v_incident.id
      and l.kind = 'corrected' and l.data ? 'areaCode'
      and exists (select from unnest(v_paths) p where private.is_within(a.path, p))
    order by l.seq desc limit 1);
end $$;

-- One page of incidents. `p_sort` is reported_desc, reported_asc, closed_desc, hours_desc, hours_asc, area_asc
-- or category_asc; under closed_ and hours_ those not closed come last. `p_after` is the `next` of the page
-- before.
-- Returns `{rows: [IncidentRow], next}`; `next` is null on the last page.
-- Errors: 42501; 22023 for an unknown sort, another sort's cursor, a limit outside 1..1000, or a wrong filter.
create or replace function public.incident_list(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_list(p_filter, p_sort, p_after, p_limit)
$$;

-- One incident with its photos, log, clocks, holds, family and spot. Photos are the checked ones and the caller's
-- own.
-- Returns `{asOf, incident, photos: [{owner, hash, mediaType, bytes, width, height, takenAt, lon, lat, at, byName,
-- isChecked, isGenerated}], canCorrect, canNote, canAsk, transitions: [OfferedTransition], log: [{seq, at, kind, actor,
-- actorName, actorRoles, actorDepartments, stageFrom, stageTo, note, data, deviceSkewSeconds, isGenerated}], people: {id: name}, clocks,
-- workAhead: {calendar: {until, spans: [[from, to]]}}, holds: [[from, to]], family: {parentId, parent, children},
-- spot: {radiusMeters, ordinal, count, rows}, feedback}`; null when it is
-- absent or outside the scope. `incident` is an IncidentRow with `category, areas, department, reportedBy,
-- reporterName, deviceAt, source, sourceId, handler, assignee, dueUnknown`: `{until}`, the last day that the
-- calendar of a running clock knows, where its due time lies beyond. `deviceSkewSeconds` is what the server's clock
-- was ahead of the device's when the entry was sent, null where not known. `data` has the `photos` (hashes) an entry brought
-- and the `changes` of a correction, `{field: [before, after]}`. `people` are those whom the log names. A clock is
-- `{seq, kind, milestone, departmentCode, isWorkingTime, calendar, extensions, startedAt, runs: [[from, to]],
-- runningSince, limitSeconds, usedSeconds, dueAt, warnAt, stoppedAt, isReached}`; `usedSeconds` is that of `asOf`, and
-- `workAhead` has the working time of the week after it in the calendars of running clocks. `parent`, `children` and `rows` hold what the
-- caller sees of others: `{id, categoryCode, areaCode, stage, onHold, workflowCode, state, reportedAt, closedAt,
-- description, addressLabel, caseNumber, meters}`. `feedback` is `{closing, ratings, callbacks, appeals, canAppeal, canReview,
-- canKeepClosed}`, see 23_ratings.sql and 24_appeals.sql.
-- Errors: 42501.
create or replace function public.incident_detail(p_id uuid)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_detail(p_id)
$$;

-- Where an incident went that a correction took out of the caller's areas.
-- Returns `{areaCode, at}`, the area that the correction named; null when the caller sees the incident, or never saw it
-- by its area.
-- Errors: 42501.
create or replace function public.incident_moved(p_id uuid)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.incident_moved(p_id)
$$;
grant execute on function private.incident_moved(uuid), public.incident_moved(uuid) to authenticated;

-- Open incidents of the scope, newest first. `p_after` is the `next` of the page before.
-- Returns `{rows: [{id, version, categoryCode, lon, lat, areaCode, stage, description, addressLabel,
-- reportedAt, reportedByMe, isGenerated, caseNumber, photo}], next}`; `photo` is `{owner, hash, mediaType}` or null.
-- Errors: 42501; 22023 for another cursor or a limit outside 1..500.
create or replace function public.open_incidents(p_after jsonb default null, p_limit integer default 500)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.open_incidents(p_after, p_limit)
$$;

-- The caller's reports of the last `p_days` days, and older ones that are open or have new log entries: at most
-- 500, those with an unanswered question kept first.
-- Returns `{asOf, own, receivedToday}`. `own` are rows of open_incidents with `closedAt`, `last` (the newest
-- log entry) and `asked` (the question). `receivedToday` counts reports and confirmations since midnight.
-- Errors: 42501; 22023 for other than 1 to 366 days.
create or replace function public.my_day(p_days integer default 14)
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.my_day(p_days)
$$;

-- The receipts of the caller's own commands, in no order; other ids are left out.
-- Returns receipts as apply_commands does.
-- Errors: 42501; 22023 for more than 1,000 ids.
create or replace function public.command_receipts(p_ids uuid[])
returns jsonb language sql stable security invoker set search_path = '' as $$
  select private.command_receipts(p_ids)
$$;
grant execute on function private.incident_list(jsonb, text, jsonb, integer),
  private.incident_detail(uuid), private.open_incidents(jsonb, integer), private.my_day(integer),
  private.command_receipts(uuid[]), public.incident_list(jsonb, text, jsonb, integer),
  public.incident_detail(uuid), public.open_incidents(jsonb, integer), public.my_day(integer),
  public.command_receipts(uuid[])
to authenticated;
