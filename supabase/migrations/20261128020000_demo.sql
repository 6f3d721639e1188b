alter table public.commands add column is_generated boolean not null default false;
alter table public.incidents add column is_generated boolean not null default false;

CREATE OR REPLACE FUNCTION private.incident_points(p_z integer, p_x integer, p_y integer, p_filter jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
AS $function$
declare
  v_tiles float8;
  v_west float8;
  v_east float8;
  v_north float8;
  v_south float8;
  v_result jsonb;
begin
  if p_z is null or p_z not between 14 and 22 then
    raise exception 'p_z: points are given from zoom 14 to 22' using errcode = '22023', detail = 'p_z';
  end if;
  v_tiles := 1 << p_z;
  if p_x is null or p_y is null or p_x not between 0 and v_tiles - 1 or p_y not between 0 and v_tiles - 1 then
    raise exception 'p_x, p_y: no such tile' using errcode = '22023', detail = 'p_x';
  end if;
  v_west := p_x / v_tiles * 360 - 180;
  v_east := (p_x + 1) / v_tiles * 360 - 180;
  v_north := private.tile_latitude(p_y / v_tiles);
  v_south := private.tile_latitude((p_y + 1) / v_tiles);

  execute format($q$
    with hits as materialized (
      -- narrow rows: a crowded tile has tens of thousands
      select i.ctid as row_at, i.reported_at, i.id
      from public.incidents i
      where i.geom operator(extensions.&&) extensions.st_makeenvelope($1, $2, $3, $4, 4326)
        -- && compares in single precision, about a metre wider
        and i.lon >= $1 and i.lon < $3 and i.lat > $2 and i.lat <= $4
        and %s and %s
    ), shown as (
      select i.id, i.lon, i.lat, c.idx as category,
        private.stage_byte(i.stage, i.on_hold) | case when i.is_generated then 32 else 0 end as stage
      from (select * from hits order by reported_at desc, id limit 2000) h
      join public.incidents i on i.ctid = h.row_at
      join public.categories c on c.code = i.category_code
    ), placed as (
      select s.id, s.category, s.stage,
        least(4095, greatest(0, floor(((s.lon + 180) / 360 * $5 - $6) * 4096)))::integer::smallint as x,
        least(4095, greatest(0, floor(((0.5 - ln(tan(pi() / 4 + radians(s.lat) / 2)) / (2 * pi())) * $5 - $7)
          * 4096)))::integer::smallint as y
      from shown s
    )
    select jsonb_build_object(
      'total', (select count(*) from hits),
      'shown', count(*),
      'ids', coalesce(jsonb_agg(p.id), '[]'),
      'category', private.base64(string_agg(set_byte('\x00', 0, p.category), '')),
      'stage', private.base64(string_agg(set_byte('\x00', 0, p.stage), '')),
      'x', private.base64(string_agg(int2send(p.x), '')),
      'y', private.base64(string_agg(int2send(p.y), '')))
    from placed p $q$,
    private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(private.parse_filter(p_filter)))
  into v_result using v_west, v_south, v_east, v_north, v_tiles, p_x, p_y;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.incident_row(i public.incidents)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
  select jsonb_build_object(
    'id', (i).id, 'districtCode', (i).district_code, 'categoryCode', (i).category_code,
    'areaCode', (i).area_code, 'departmentCode', (i).department_code, 'stage', (i).stage,
    'onHold', (i).on_hold, 'severity', (i).severity, 'lon', (i).lon, 'lat', (i).lat,
    'description', (i).description, 'addressLabel', (i).address_label,
    'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'channel', (i).channel,
    'version', (i).version, 'workflowCode', (i).workflow_code, 'state', (i).state,
    'stateSince', (i).state_since, 'dueAt', (i).due_at, 'warnAt', (i).warn_at, 'pending', (i).pending,
    'holdUntil', (i).hold_until, 'supervision', (i).supervision, 'replyBy', (i).reply_by,
    'rework', (i).rework, 'reopened', (i).reopened, 'extensions', (i).extensions,
    'selfHandled', (i).self_handled, 'isGenerated', (i).is_generated)
$function$;

CREATE OR REPLACE FUNCTION private.field_row(p_incident public.incidents, p_user uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return jsonb_build_object('id', p_incident.id, 'version', p_incident.version,
    'categoryCode', p_incident.category_code, 'lon', p_incident.lon, 'lat', p_incident.lat,
    'areaCode', p_incident.area_code, 'stage', p_incident.stage,
    'description', left(p_incident.description, 200), 'addressLabel', p_incident.address_label,
    'reportedAt', p_incident.reported_at,
    'reportedByMe', coalesce(p_incident.reported_by = p_user, false),
    'isGenerated', p_incident.is_generated,
    'photo', (
      select jsonb_build_object('owner', p.owner, 'hash', p.hash, 'mediaType', p.media_type)
      from public.incident_photos p
      where p.district_code = p_incident.district_code and p.incident_id = p_incident.id
        and (p.owner = p_user or private.is_photo_checked(p.owner, p.hash, p.media_type))
      order by p.seq_in_log, p.hash limit 1));
end $function$;

CREATE OR REPLACE FUNCTION private.incident_photo_list(p_incident public.incidents, p_user uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
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
$function$;

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
      'sourceId', v_incident.source_id),
    'photos', private.incident_photo_list(v_incident, auth.uid()),
    'canCorrect', v_rights.may_correct and private.is_open(v_incident.stage),
    'canNote', v_rights.may_note,
    'canAsk', v_rights.may_ask,
    'transitions', private.offered_transitions(v_incident, v_rights.acts_as, now()),
    'log', coalesce((
      select jsonb_agg(jsonb_build_object('seq', l.seq, 'at', l.at, 'kind', l.kind, 'actor', l.actor,
          'actorName', p.display_name, 'stageFrom', l.stage_from, 'stageTo', l.stage_to,
          'note', l.note, 'data', l.data,
          'isGenerated', l.kind = 'demo_started' or coalesce(c.is_generated, false)) order by l.seq)
      from public.incident_log l
      left join public.profiles p on p.user_id = l.actor
      left join public.commands c on c.id = l.command_id
      where l.district_code = v_incident.district_code and l.incident_id = v_incident.id), '[]'));
end $function$;

CREATE OR REPLACE FUNCTION private.begin_demo_incidents(p_ids uuid[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_old public.incidents;
  v_new public.incidents;
begin
  for v_old in
    select * from public.incidents i
    where i.id = any (p_ids) and i.source is not null and private.is_open(i.stage) and not i.is_generated
    order by i.id for no key update
  loop
    v_new := v_old;
    v_new.stage := 'reported';
    select w.first_state into v_new.state from public.workflows w where w.code = v_old.workflow_code;
    v_new := private.turn_clocks(v_old, v_new, '{}', '{}', v_old.reported_at);
    update public.incidents i set stage = v_new.stage, state = v_new.state, state_since = v_old.reported_at,
      due_at = v_new.due_at, warn_at = v_new.warn_at, is_generated = true
    where i.district_code = v_old.district_code and i.id = v_old.id;
    perform private.append_log(v_old, null, null, v_old.reported_at, 'demo_started', '', '{}', '[]',
      v_old.stage, v_new.stage);
  end loop;
end $function$;

CREATE OR REPLACE FUNCTION private.take_demo_steps(p_steps jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_step jsonb;
  v_payload jsonb;
  v_receipt jsonb;
  v_ids uuid[] := '{}';
begin
  for v_step in select value from jsonb_array_elements(p_steps) with ordinality as s (value, n) order by s.n loop
    v_payload := v_step -> 'payload';
    if v_step ->> 'type' = 'transition' then
      v_payload := v_payload || jsonb_build_object('baseVersion', (
        select i.version from public.incidents i where i.id = (v_payload ->> 'incidentId')::uuid));
    end if;
    perform set_config('request.jwt.claim.sub', v_step ->> 'actor', true),
      set_config('request.jwt.claims',
        jsonb_build_object('sub', v_step ->> 'actor', 'role', 'authenticated')::text, true);
    v_receipt := private.apply_commands_at(json_build_array(json_build_object('id', v_step ->> 'id',
      'actor', v_step ->> 'actor', 'type', v_step ->> 'type', 'at', v_step ->> 'at',
      'payload', v_payload::text)), (v_step ->> 'at')::timestamptz, false) -> 0;
    if v_receipt ->> 'outcome' is distinct from 'applied' then
      raise exception 'the demo''s step % was not taken: %', v_step, v_receipt;
    end if;
    v_ids := v_ids || (v_step ->> 'id')::uuid;
  end loop;
  update public.commands c set is_generated = true where c.id = any (v_ids);
  return cardinality(v_ids);
end $function$;

CREATE OR REPLACE FUNCTION private.clear_demo_incidents()
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_ids uuid[];
begin
  -- first of all: a step that is being taken ends before
  lock table public.incident_log in share row exclusive mode;
  v_ids := array(
    select i.id from public.incidents i
    where i.is_generated and not exists (
      select from public.incident_log l
      left join public.commands c on c.id = l.command_id
      where l.district_code = i.district_code and l.incident_id = i.id and l.actor is not null
        and c.is_generated is not true));
  -- a step of a person may name one as its parent
  v_ids := array(select unnest(v_ids) except select i.parent_id from public.incidents i);
  delete from public.incident_clocks c where c.incident_id = any (v_ids);
  delete from public.incident_photos p where p.incident_id = any (v_ids);
  delete from public.commands c where c.incident_id = any (v_ids) and c.is_generated;
  alter table public.incident_log disable trigger refuse_log_change;
  delete from public.incident_log l
  where l.incident_id = any (v_ids) and l.kind not in ('imported', 'import_updated', 'area_redrawn');
  alter table public.incident_log enable trigger refuse_log_change;
  update public.incidents i set stage = 'dispatched', state = private.first_state_of(i.workflow_code, 'dispatched'),
    state_since = i.reported_at, passed = '{}', condition_code = null, handler = null, assignee = null,
    pending = null, pending_until = null, on_hold = false, hold_until = null, was_held = false, extensions = 0,
    rework = 0, reopened = 0, supervision = null, reply_by = null, due_at = null, warn_at = null,
    is_generated = false
  where i.id = any (v_ids);
  return cardinality(v_ids);
end $function$;

CREATE OR REPLACE FUNCTION private.store_reports(p_reports private.report[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if cardinality(p_reports) = 0 then return; end if;
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

CREATE OR REPLACE FUNCTION private.wanted_clocks(p_incident public.incidents)
 RETURNS TABLE(kind text, milestone text, amount numeric, unit text, day_rule text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  -- a statement, whose plan is kept
  return query
  select w.*
  from public.workflow_stages s
  cross join lateral (
    select s.clock, null::text, l.amount, l.unit, l.day_rule
    from private.limit_for(p_incident.workflow_code, p_incident.condition_code, s.clock) l
    union all
    select 'milestone', m.code, m.amount, m.unit, m.day_rule
    from public.condition_milestones m
    where s.clock = 'handle' and m.condition = p_incident.condition_code) w
  where s.workflow = p_incident.workflow_code and s.code = p_incident.state
    and private.is_open(p_incident.stage) and not p_incident.on_hold;
end $function$;
