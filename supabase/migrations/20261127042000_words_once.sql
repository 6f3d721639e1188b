-- Stages, levels, validity, shard keys, UUIDs and rights stand in one place each; every function has a
-- fixed search path or a parsed body; every foreign key has an index; comments in plain words.
-- The present text with its reasons is in supabase/schemas.

alter table public.areas drop constraint areas_level_check;

alter table public.incidents drop constraint incidents_stage_check;

drop function private.has_role(text[],timestamp with time zone);

create table private.role_rights (
  role text not null check (
    role in ('field_staff', 'handler', 'grid_manager', 'leader', 'admin', 'reporter')),
  may text not null check (may in ('report', 'note', 'ask', 'correct')),
  primary key (role, may)
);
insert into private.role_rights (role, may) values
  ('field_staff', 'report'), ('field_staff', 'note'), ('field_staff', 'correct'),
  ('handler', 'note'),
  ('grid_manager', 'report'), ('grid_manager', 'note'), ('grid_manager', 'ask'), ('grid_manager', 'correct'),
  ('admin', 'report'), ('admin', 'note'), ('admin', 'ask'), ('admin', 'correct'),
  ('reporter', 'note'), ('reporter', 'correct');
alter table private.role_rights enable row level security;

CREATE OR REPLACE FUNCTION private.stage_codes()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text, 'closed'::text, 'rejected'::text, 'merged'::text];

CREATE OR REPLACE FUNCTION private.is_open(p_stage text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (p_stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text]));

CREATE OR REPLACE FUNCTION private.stage_byte(p_stage text, p_on_hold boolean)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((array_position(private.stage_codes(), p_stage) - 1) | CASE WHEN p_on_hold THEN 16 ELSE 0 END);

CREATE OR REPLACE FUNCTION private.level_rank(p_level text)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (array_position(ARRAY['city'::text, 'district'::text, 'subdistrict'::text, 'community'::text, 'grid'::text], p_level) - 1);

CREATE OR REPLACE FUNCTION private.is_within(p_path text, p_prefix text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (((p_path COLLATE "C") >= p_prefix) AND ((p_path COLLATE "C") < ("left"(p_prefix, '-1'::integer) || '0'::text)));

CREATE OR REPLACE FUNCTION private.is_valid(p_from date, p_to date, p_at date)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((p_from <= p_at) AND ((p_to IS NULL) OR (p_to > p_at)));

CREATE OR REPLACE FUNCTION private.is_valid(p_from timestamp with time zone, p_to timestamp with time zone, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((p_from <= p_at) AND ((p_to IS NULL) OR (p_to > p_at)));

CREATE OR REPLACE FUNCTION private.scope_paths(p_roles text[] DEFAULT NULL::text[])
 RETURNS text[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(array_agg(distinct a.path), '{}')
  from public.memberships m
  join public.areas a on a.code = m.area_code
  where m.user_id = auth.uid()
    and m.role <> 'handler'
    and (p_roles is null or m.role = any (p_roles))
    and private.is_valid(m.valid_from, m.valid_to, now())
$function$;

CREATE OR REPLACE FUNCTION private.scope_departments()
 RETURNS text[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(array_agg(distinct m.department_code), '{}')
  from public.memberships m
  where m.user_id = auth.uid()
    and m.role = 'handler'
    and private.is_valid(m.valid_from, m.valid_to, now())
$function$;

CREATE OR REPLACE FUNCTION private.has_right(p_may text, p_at timestamp with time zone DEFAULT now())
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select exists (
    select 1 from public.memberships m
    join private.role_rights r on r.role = m.role and r.may = p_may
    where m.user_id = auth.uid() and private.is_valid(m.valid_from, m.valid_to, p_at))
$function$;

CREATE OR REPLACE FUNCTION private.scope_key()
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select encode(sha256(convert_to(coalesce(auth.uid()::text, '') || coalesce(
    string_agg(concat_ws('|', m.role, a.path, m.department_code), ',' order by
      m.role collate "C", a.path collate "C", m.department_code collate "C"), ''), 'UTF8')), 'hex')
  from public.memberships m
  join public.areas a on a.code = m.area_code
  where m.user_id = auth.uid()
    and private.is_valid(m.valid_from, m.valid_to, now())
$function$;

CREATE OR REPLACE FUNCTION private.rights_on(p_incident public.incidents, p_at timestamp with time zone DEFAULT now())
 RETURNS private.incident_rights
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_rights private.incident_rights;
  v_may text[];
  v_handles boolean := exists (
    select 1 from public.memberships m
    where m.user_id = auth.uid() and m.role = 'handler' and m.department_code = p_incident.department_code
      and private.is_valid(m.valid_from, m.valid_to, p_at));
begin
  select coalesce(array_agg(distinct m.role), '{}') into v_rights.roles
  from public.areas own, public.memberships m
  join public.areas a on a.code = m.area_code
  where own.code = p_incident.area_code and private.is_within(own.path, a.path)
    and m.user_id = auth.uid() and m.role <> 'handler'
    and private.is_valid(m.valid_from, m.valid_to, p_at);
  v_rights.is_reporter := coalesce(p_incident.reported_by = auth.uid(), false);
  v_rights.sees := v_rights.is_reporter or v_rights.roles <> '{}' or v_handles;
  v_may := array(
    select r.may from private.role_rights r
    where r.role = any (v_rights.roles)
      -- a report gives its reporter no right that none of their roles gives any more
      or r.role = 'reporter' and v_rights.is_reporter and private.has_right(r.may, p_at));
  v_rights.may_note := 'note' = any (v_may) or v_rights.sees and private.has_right('note', p_at);
  v_rights.may_ask := 'ask' = any (v_may);
  v_rights.may_correct := 'correct' = any (v_may);
  return v_rights;
end $function$;

CREATE OR REPLACE FUNCTION private.session_context()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select jsonb_build_object(
    'userId', u.id,
    'displayName', p.display_name,
    'locale', p.locale,
    'memberships', coalesce((
      select jsonb_agg(jsonb_build_object(
        'role', m.role, 'areaCode', a.code, 'areaPath', a.path, 'areaName', a.name,
        'departmentCode', m.department_code) order by a.path collate "C", m.role, m.department_code)
      from public.memberships m
      join public.areas a on a.code = m.area_code
      where m.user_id = u.id
        and private.is_valid(m.valid_from, m.valid_to, now())), '[]'),
    'scopeKey', private.scope_key())
  from private.require_user() as u (id)
  left join public.profiles p on p.user_id = u.id
$function$;

CREATE OR REPLACE FUNCTION private.area_revision()
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select concat_ws('.', count(*), coalesce(sum(a.idx), 0), coalesce(sum(a.revision), 0))
  from private.city_today() as today, public.areas a
  where private.is_valid(a.valid_from, a.valid_to, today)
$function$;

CREATE OR REPLACE FUNCTION private.area_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object(
    'idx', a.idx, 'code', a.code, 'parentCode', a.parent_code, 'path', a.path, 'level', a.level,
    'name', a.name, 'households', a.households, 'revision', a.revision,
    'bbox', jsonb_build_array(extensions.st_xmin(a.geom), extensions.st_ymin(a.geom),
      extensions.st_xmax(a.geom), extensions.st_ymax(a.geom)),
    'pointOnSurface', jsonb_build_array(extensions.st_x(a.label_point), extensions.st_y(a.label_point))
  ) order by a.path collate "C"), '[]')
  from private.require_user(), private.city_today() as today, public.areas a
  where private.is_valid(a.valid_from, a.valid_to, today)
$function$;

CREATE OR REPLACE FUNCTION private.area_features(p_level text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_user();
  if private.level_rank(p_level) is null then
    raise exception 'p_level: % is no level', coalesce(p_level, 'null') using errcode = '22023';
  end if;
  return (
    select jsonb_build_object('type', 'FeatureCollection', 'features', coalesce(jsonb_agg(
      jsonb_build_object('type', 'Feature', 'id', a.idx,
        'properties', jsonb_build_object('code', a.code, 'parentCode', a.parent_code,
          'path', a.path, 'level', a.level, 'name', a.name),
        'geometry', extensions.st_asgeojson(a.geom, 6)::jsonb)
      order by a.path collate "C"), '[]'))
    from public.areas a, private.city_today() as today
    where a.level = p_level and private.is_valid(a.valid_from, a.valid_to, today));
end $function$;

CREATE OR REPLACE FUNCTION private.quantise(p_value double precision, p_low double precision, p_high double precision)
 RETURNS integer
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
 SET search_path TO ''
AS $function$
declare
  v_scaled constant double precision := (p_value - p_low) / (p_high - p_low) * 65535;
begin
  return least(65535, greatest(0, floor(v_scaled)
    + case when v_scaled - floor(v_scaled) >= 0.5 then 1 else 0 end))::integer;
end $function$;

CREATE OR REPLACE FUNCTION private.shard_of(p_path text, p_shard_level text)
 RETURNS TABLE(district_code text)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT a.code
    FROM public.areas a
   WHERE (a.code = ANY (string_to_array(rtrim(shard_of.p_path, '/'::text), '/'::text)))
   ORDER BY (a.level = shard_of.p_shard_level) DESC, (length(a.path))
  LIMIT 1;
END;

CREATE OR REPLACE FUNCTION private.place_incident(p_lon double precision, p_lat double precision)
 RETURNS TABLE(area_code text, district_code text, qx integer, qy integer)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT a.code,
     d.district_code,
     private.quantise(place_incident.p_lon, city.west, city.east) AS quantise,
     private.quantise(place_incident.p_lat, city.south, city.north) AS quantise
    FROM ((public.city_settings city
      CROSS JOIN LATERAL ( SELECT boxed.code,
             boxed.path
            FROM ( SELECT x.code,
                     x.path,
                     x.geom
                    FROM public.areas x
                   WHERE ((x.geom OPERATOR(extensions.&&) extensions.st_setsrid(extensions.st_makepoint(place_incident.p_lon, place_incident.p_lat), 4326)) AND private.is_valid(x.valid_from, x.valid_to, ((now() AT TIME ZONE city.time_zone))::date))
                   ORDER BY (private.level_rank(x.level)) DESC, (x.code COLLATE "C")
                  OFFSET 0) boxed
           WHERE extensions.st_intersects(boxed.geom, extensions.st_setsrid(extensions.st_makepoint(place_incident.p_lon, place_incident.p_lat), 4326))
          LIMIT 1) a)
      CROSS JOIN LATERAL private.shard_of(a.path, city.shard_level) d(district_code));
END;

CREATE OR REPLACE FUNCTION private.areas_of_points(p_lon double precision[], p_lat double precision[])
 RETURNS TABLE(n integer, area_code text)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  with points as materialized (
    select p.n::integer as n, p.lon, p.lat,
      extensions.st_setsrid(extensions.st_makepoint(p.lon, p.lat), 4326) as geom
    from unnest(p_lon, p_lat) with ordinality as p (lon, lat, n)
  ), boxes as materialized (
    select a.code, private.level_rank(a.level) as depth, a.geom,
      extensions.st_xmin(a.geom) as west, extensions.st_ymin(a.geom) as south,
      extensions.st_xmax(a.geom) as east, extensions.st_ymax(a.geom) as north
    from public.areas a
    cross join (select (now() at time zone time_zone)::date as today from public.city_settings) city
    where private.is_valid(a.valid_from, a.valid_to, city.today)
  )
  select distinct on (hit.n) hit.n, b.code
  from boxes b cross join lateral (
    select p.n from points p
    where p.lon between b.west and b.east and p.lat between b.south and b.north
      and extensions.st_covers(b.geom, p.geom)
    offset 0
  ) hit
  order by hit.n, b.depth desc, b.code collate "C"
$function$;

CREATE OR REPLACE FUNCTION private.payload_number(p_payload jsonb, p_field text, p_required boolean, p_least numeric, p_most numeric)
 RETURNS numeric
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_value jsonb := p_payload -> p_field;
begin
  if v_value is null or v_value = 'null' then
    if p_required then perform private.reject_command('missing_field', p_field); end if;
    return null;
  end if;
  -- JSON has no NaN: clients send null or text
  if (case when jsonb_typeof(v_value) = 'number' then v_value::numeric not between p_least and p_most
      else true end) then
    perform private.reject_command('invalid_field', p_field, format('not a number from %s to %s', p_least, p_most));
  end if;
  return v_value::numeric;
end $function$;

CREATE OR REPLACE FUNCTION private.is_blank(p_text text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select coalesce(btrim(p_text, E' \t\n\r\f\u000b\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'), '') = ''
$function$;

CREATE OR REPLACE FUNCTION private.is_uuid(p_text text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (p_text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'::text);

CREATE OR REPLACE FUNCTION private.payload_uuid(p_payload jsonb, p_field text)
 RETURNS uuid
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_text text := private.payload_text(p_payload, p_field, true, 36);
begin
  if not private.is_uuid(v_text) then
    perform private.reject_command('invalid_field', p_field, 'not a UUID in lower case');
  end if;
  return v_text::uuid;
end $function$;

CREATE OR REPLACE FUNCTION private.read_report(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS private.report
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_report private.report;
  v_requires_description boolean;
begin
  perform private.refuse_unknown_fields(p_payload,
    '{incidentId,categoryCode,lon,lat,description,severity,addressLabel,deviceAt,photos,accuracyMeters,placedBy}');
  v_report.id := private.payload_uuid(p_payload, 'incidentId');
  v_report.category_code := private.payload_text(p_payload, 'categoryCode', true, 60);
  v_requires_description := private.check_category(v_report.category_code);
  v_report.lon := private.payload_number(p_payload, 'lon', true, -180, 180);
  v_report.lat := private.payload_number(p_payload, 'lat', true, -90, 90);
  select p.area_code, p.district_code, p.qx, p.qy
  into v_report.area_code, v_report.district_code, v_report.qx, v_report.qy
  from private.place_incident(v_report.lon, v_report.lat) p;
  if v_report.area_code is null then
    perform private.reject_command('outside_city');
  end if;
  v_report.severity := coalesce(private.payload_whole(p_payload, 'severity', false, 1, 4), 2);
  v_report.description := coalesce(private.payload_text(p_payload, 'description', false, 10000), '');
  if v_requires_description and private.is_blank(v_report.description) then
    perform private.reject_command('missing_field', 'description');
  end if;
  v_report.address_label := coalesce(private.payload_text(p_payload, 'addressLabel', false, 500), '');
  v_report.device_at := private.payload_instant(p_payload, 'deviceAt');
  v_report.photos := private.payload_photos(p_payload, false);
  v_report.actor := p_actor;
  v_report.command_id := p_command;
  v_report.at := p_at;
  v_report.data := private.log_data(v_report.device_at, p_at, v_report.photos,
    jsonb_strip_nulls(jsonb_build_object(
      'accuracyMeters', private.payload_number(p_payload, 'accuracyMeters', false, 0, 100000),
      'placedBy', private.payload_word(p_payload, 'placedBy', '{gps,hand,photo}'))));
  -- Checked last: only this check can change when the waiting batch is stored.
  if exists (select 1 from public.incidents i where i.id = v_report.id) then
    perform private.reject_command('incident_exists', 'incidentId');
  end if;
  return v_report;
end $function$;

CREATE OR REPLACE FUNCTION private.read_envelope(p_item json)
 RETURNS private.command_envelope
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_envelope private.command_envelope;
  v_parts record;
begin
  v_envelope.fault := 'command';
  if json_typeof(p_item) <> 'object' then return v_envelope; end if;
  select p.*, (select count(*) from json_object_keys(p_item)) as keys into v_parts
  from json_to_record(p_item) as p (id json, actor json, type json, at json, payload json, replaces json);
  -- Fewer values than names: a name is unknown, comes twice or has a null. Only a null is allowed: parsers
  -- disagree on names that come twice.
  if v_parts.keys <> num_nonnulls(v_parts.id, v_parts.actor, v_parts.type, v_parts.at, v_parts.payload,
      v_parts.replaces) and exists (
      select 1 from json_object_keys(p_item) as key group by key
      having count(*) > 1 or key <> all ('{id,actor,type,at,payload,replaces}')) then
    return v_envelope;
  end if;
  v_envelope.fault := 'id';
  if json_typeof(v_parts.id) is distinct from 'string' or not private.is_uuid(v_parts.id #>> '{}') then
    return v_envelope;
  end if;
  v_envelope.fault := 'actor';
  if json_typeof(v_parts.actor) is distinct from 'string' or not private.is_uuid(v_parts.actor #>> '{}') then
    return v_envelope;
  end if;
  v_envelope.fault := 'type';
  if json_typeof(v_parts.type) is distinct from 'string' then return v_envelope; end if;
  v_envelope.fault := 'at';
  if json_typeof(v_parts.at) is distinct from 'string' then return v_envelope; end if;
  v_envelope.fault := 'payload';
  if json_typeof(v_parts.payload) is distinct from 'string' then return v_envelope; end if;
  v_envelope.fault := 'replaces';
  if coalesce(json_typeof(v_parts.replaces), 'null') <> 'null' then
    if json_typeof(v_parts.replaces) <> 'string' or not private.is_uuid(v_parts.replaces #>> '{}') then
      return v_envelope;
    end if;
    v_envelope.replaces := (v_parts.replaces #>> '{}')::uuid;
  end if;
  v_envelope.id := (v_parts.id #>> '{}')::uuid;
  v_envelope.actor := (v_parts.actor #>> '{}')::uuid;
  v_envelope.payload := v_parts.payload #>> '{}';
  v_envelope.hash := encode(sha256(convert_to(v_envelope.payload, 'UTF8')), 'hex');
  v_envelope.fault := 'type';
  v_envelope.type := v_parts.type #>> '{}';
  if length(v_envelope.type) not between 1 and 60 then return v_envelope; end if;
  v_envelope.fault := 'at';
  v_envelope.at := private.instant(v_parts.at #>> '{}');
  v_envelope.fault := null;
  return v_envelope;
exception when data_exception or program_limit_exceeded then
  return v_envelope;
end $function$;

CREATE OR REPLACE FUNCTION private.settled_receipt(p_item json, p_envelope private.command_envelope, p_actor uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_known public.commands;
begin
  if p_envelope.fault is not null then
    -- names the envelope by an id found in the text
    return private.rejected_receipt(
      coalesce(p_envelope.id::text, substring(p_item::text from '"id"\s*:\s*"([0-9a-f-]{36})"')),
      'invalid_command', p_envelope.fault);
  end if;
  -- Not recorded: the id belongs to another person's queue.
  if p_envelope.actor <> p_actor then
    return private.rejected_receipt(p_envelope.id::text, 'wrong_actor', 'actor');
  end if;
  select * into v_known from public.commands c where c.id = p_envelope.id;
  if not found then
    return null;
  end if;
  if v_known.actor <> p_actor then
    return private.rejected_receipt(p_envelope.id::text, 'id_taken', 'id');
  end if;
  if (v_known.type, v_known.hash, v_known.device_at, v_known.replaces)
    is distinct from (p_envelope.type, p_envelope.hash, p_envelope.at, p_envelope.replaces) then
    return private.rejected_receipt(p_envelope.id::text, 'id_reused', 'id');
  end if;
  return private.receipt(v_known, true);
end $function$;

CREATE OR REPLACE FUNCTION private.store_batch(p_batch private.judged_command[])
 RETURNS jsonb[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_batch private.judged_command[] := p_batch;
  v_receipts jsonb[];
begin
  begin
    perform private.store_reports(array(
      select b.report from unnest(p_batch) b where (b.report).id is not null));
  exception when others then
    v_batch := private.store_reports_singly(p_batch);
  end;
  -- Two people sent one id at once: the later call fails here, and finds the id taken when sent again.
  insert into public.commands (id, actor, type, hash, outcome, incident_id, version, error, replaces,
    device_at, received_at, photo_hashes)
  select (b.record).id, (b.record).actor, (b.record).type, (b.record).hash, (b.record).outcome,
    (b.record).incident_id, (b.record).version, (b.record).error, (b.record).replaces,
    (b.record).device_at, (b.record).received_at, (b.record).photo_hashes
  from unnest(v_batch) b where b.settled is null;
  select array_agg(coalesce(b.settled, private.receipt(b.record, false)) order by b.n) into v_receipts
  from unnest(v_batch) with ordinality as b (settled, record, report, n)
  where b.settled is distinct from 'null';
  return coalesce(v_receipts, '{}');
end $function$;

CREATE OR REPLACE FUNCTION private.apply_commands_at(p_commands json, p_received timestamp with time zone, p_is_replay boolean DEFAULT true)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  v_actor uuid := private.require_user();
  v_at timestamptz := least(p_received, clock_timestamp());
  v_may_report boolean;
  v_item json;
  v_envelope private.command_envelope;
  v_judged private.judged_command;
  v_batch private.judged_command[] := '{}';
  v_ids uuid[] := '{}';
  v_incidents uuid[] := '{}';
  v_must_store boolean;
  v_receipts jsonb[] := '{}';
begin
  perform private.check_call(p_commands);
  if p_is_replay and not exists (select 1 from public.profiles p where p.user_id = v_actor) then
    raise exception 'nobody here is %', v_actor using errcode = 'WG003', detail = 'unknown_person';
  end if;
  -- A device that lost the answer sends again while its first call still runs.
  perform pg_advisory_xact_lock(hashtextextended('apply_commands ' || v_actor::text, 0));
  v_may_report := private.has_right('report', v_at);
  for v_item in
    select value from json_array_elements(p_commands) with ordinality as c (value, n) order by n
  loop
    v_envelope := private.read_envelope(v_item);
    v_at := v_at + interval '1 microsecond';
    v_must_store := v_envelope.id = any (v_ids)
      or v_envelope.type <> 'report_incident' and cardinality(v_incidents) > 0;
    loop
      if v_must_store then
        v_receipts := v_receipts || private.store_batch(v_batch);
        v_batch := '{}';
        v_ids := '{}';
        v_incidents := '{}';
      end if;
      v_judged := private.judge_command(
        v_item, v_envelope, v_actor, v_may_report, v_at, p_is_replay);
      -- The batch holds this incident: store it, then judge again.
      v_must_store := coalesce((v_judged.report).id = any (v_incidents), false);
      exit when not v_must_store;
    end loop;
    v_batch := v_batch || v_judged;
    if (v_judged.record).id is not null then
      v_ids := v_ids || (v_judged.record).id;
    end if;
    if (v_judged.report).id is not null then
      v_incidents := v_incidents || (v_judged.report).id;
    end if;
  end loop;
  v_receipts := v_receipts || private.store_batch(v_batch);
  if p_is_replay and not exists (select from unnest(v_receipts) r where r ->> 'hash' is not null) then
    raise exception 'nothing of this call could be repeated' using errcode = 'WG003',
      detail = to_jsonb(v_receipts)::text;
  elsif cardinality(v_receipts) = 0 and json_array_length(p_commands) > 0 then
    raise exception 'none of these commands could be judged' using errcode = 'PT500', detail = 'no_receipt';
  end if;
  return to_jsonb(v_receipts);
end $function$;

CREATE OR REPLACE FUNCTION private.parse_filter(p_filter jsonb)
 RETURNS private.incident_filter
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_known constant text[] := '{from,to,areas,categories,stages,openOnly,onHoldOnly,bbox}';
  v_source jsonb := coalesce(p_filter, '{}');
  v_result private.incident_filter;
  v_city public.city_settings;
  v_from date;
  v_to date;
  v_list text[];
  v_unknown text;
  v_box jsonb;
begin
  if jsonb_typeof(v_source) <> 'object' then
    perform private.refuse_filter('filter', 'must be an object');
  end if;
  select k into v_unknown from jsonb_object_keys(v_source) k where k <> all (v_known) order by k limit 1;
  if found then
    perform private.refuse_filter(left(v_unknown, 60), 'is not a part of the filter');
  end if;
  select * into strict v_city from public.city_settings;

  v_from := private.filter_day(v_source, 'from');
  v_to := private.filter_day(v_source, 'to');
  if v_to < v_from then
    perform private.refuse_filter('to', 'must not be before from');
  end if;
  v_result.from_at := v_from::timestamp at time zone v_city.time_zone;
  v_result.to_at := (v_to + 1)::timestamp at time zone v_city.time_zone;
  v_result.month_from := date_trunc('month', v_from::timestamp)::date;
  v_result.month_to := date_trunc('month', v_to::timestamp)::date;

  v_list := private.filter_list(v_source, 'areas');
  if v_list is not null then
    v_result.area_codes := array(
      select a.code from public.areas a
      where exists (select 1 from public.areas f
        where f.code = any (v_list) and starts_with(a.path, f.path)));
  end if;
  v_list := private.filter_list(v_source, 'categories');
  if v_list is not null then
    v_result.category_codes := array(
      select c.code from public.categories c
      where exists (select 1 from public.categories f
        where f.code = any (v_list) and starts_with(c.path, f.path)));
  end if;

  v_result.stages := private.filter_list(v_source, 'stages');
  if not v_result.stages <@ private.stage_codes() then
    perform private.refuse_filter('stages', 'unknown stage');
  end if;
  if private.filter_flag(v_source, 'openOnly') then
    v_result.stages := array(
      select s from unnest(coalesce(v_result.stages, private.stage_codes())) s where private.is_open(s));
  end if;
  v_result.on_hold_only := private.filter_flag(v_source, 'onHoldOnly');

  v_box := nullif(v_source -> 'bbox', 'null');
  if v_box is not null then
    if jsonb_typeof(v_box) <> 'array' or jsonb_array_length(v_box) <> 4 or exists (
        select 1 from jsonb_array_elements(v_box) e where jsonb_typeof(e) <> 'number') then
      perform private.refuse_filter('bbox', 'must be [west, south, east, north]');
    end if;
    if exists (select 1 from jsonb_array_elements(v_box) e where abs((e #>> '{}')::numeric) > 360) then
      perform private.refuse_filter('bbox', 'must be degrees');
    end if;
    if (v_box ->> 0)::float8 > (v_box ->> 2)::float8 or (v_box ->> 1)::float8 > (v_box ->> 3)::float8 then
      perform private.refuse_filter('bbox', 'must be [west, south, east, north]');
    end if;
    v_result.min_x := private.quantise((v_box ->> 0)::float8, v_city.west, v_city.east);
    v_result.min_y := private.quantise((v_box ->> 1)::float8, v_city.south, v_city.north);
    v_result.max_x := private.quantise((v_box ->> 2)::float8, v_city.west, v_city.east);
    v_result.max_y := private.quantise((v_box ->> 3)::float8, v_city.south, v_city.north);
  end if;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.filter_condition(p_filter private.incident_filter)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(nullif(concat_ws(' and ',
    -- the month narrows by index, the instants decide
    case when (p_filter).month_from is not null then format('i.month >= %L::date and i.reported_at >= %L::timestamptz',
      (p_filter).month_from, (p_filter).from_at) end,
    case when (p_filter).month_to is not null then format('i.month <= %L::date and i.reported_at < %L::timestamptz',
      (p_filter).month_to, (p_filter).to_at) end,
    case when (p_filter).area_codes is not null then format('i.area_code = any (%L::text[])', (p_filter).area_codes) end,
    case when (p_filter).category_codes is not null then format('i.category_code = any (%L::text[])', (p_filter).category_codes) end,
    case when (p_filter).stages is not null then format('i.stage = any (%L::text[])', (p_filter).stages) end,
    case when (p_filter).on_hold_only then 'i.on_hold' end,
    case when (p_filter).min_x is not null then format('i.qx between %s and %s and i.qy between %s and %s',
      (p_filter).min_x, (p_filter).max_x, (p_filter).min_y, (p_filter).max_y) end), ''), 'true')
$function$;

CREATE OR REPLACE FUNCTION private.settled_until(OUT before_xid bigint, OUT waits_since timestamp with time zone)
 RETURNS record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_snapshot constant pg_snapshot := pg_current_snapshot();
  v_here constant oid := (select d.oid from pg_database d where d.datname = current_database());
begin
  before_xid := pg_snapshot_xmin(v_snapshot)::text::bigint;
  -- no other transaction is open; or this is a replica, which lists none
  if not exists (select from pg_snapshot_xip(v_snapshot)) then
    return;
  end if;
  -- forgets this transaction's earlier look at the sessions
  perform pg_stat_clear_snapshot();
  select min(o.xid::text::bigint) into before_xid
  from pg_snapshot_xip(v_snapshot) as o (xid)
  where not exists (select from pg_stat_get_activity(null) a
      where a.backend_xid = o.xid::xid and a.datid <> v_here)
    and not exists (select from pg_prepared_xacts p
      where p.transaction = o.xid::xid and p.database <> current_database());
  if before_xid is not null then
    select a.xact_start into waits_since from pg_stat_get_activity(null) a
    where a.backend_xid = before_xid::text::xid8::xid;
  end if;
  -- the list lacks the caller's own transaction
  before_xid := least(before_xid, pg_current_xact_id_if_assigned()::text::bigint,
    pg_snapshot_xmax(v_snapshot)::text::bigint);
end $function$;

CREATE OR REPLACE FUNCTION private.incident_columns(p_months text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
AS $function$
declare
  v_months date[];
  v_zone text := (select time_zone from public.city_settings);
  v_result jsonb;
begin
  if p_months is null or cardinality(p_months) > 120 or array_ndims(p_months) > 1 then
    raise exception 'p_months: a list of at most 120 months' using errcode = '22023', detail = 'p_months';
  end if;
  if exists (select 1 from unnest(p_months) m where m is null or m !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' or m < '0001') then
    raise exception 'p_months: months as YYYY-MM' using errcode = '22023', detail = 'p_months';
  end if;
  v_months := array(select distinct (m || '-01')::date from unnest(p_months) m);

  execute format($q$
    with timed as (
      select i.month, i.id, i.area_code, i.category_code, i.qx, i.qy, i.changed_xid,
        greatest(0, least(65535, floor(date_part('epoch',
          (i.reported_at at time zone $1) - i.month::timestamp) / 60)))::integer as minute,
        case when i.closed_at is null then 65535 else least(65534, floor(date_part('epoch',
          i.closed_at - i.reported_at) / 3600))::integer end as hours,
        private.stage_byte(i.stage, i.on_hold) as stage,
        case when i.closed_at is null then 255 else least(254, greatest(0,
          (date_part('year', i.closed_at at time zone $1) * 12 + date_part('month', i.closed_at at time zone $1)
          - date_part('year', i.month) * 12 - date_part('month', i.month))))::integer end as closed_month
      from public.incidents i
      where i.month = any (%L::date[]) and %s
    ), ordered as (
      select t.*, a.idx as area, c.idx as category,
        t.minute - lag(t.minute, 1, 0) over w as step
      from timed t
      join public.areas a on a.code = t.area_code
      join public.categories c on c.code = t.category_code
      window w as (partition by t.month order by t.minute, t.id)
      order by t.month, t.minute, t.id
    ), packed as (
      select o.month, count(*) as n, max(o.changed_xid) as newest, sum(o.changed_xid) as total,
        string_agg(set_byte('\x00', 0, o.step >> 8), '') || string_agg(set_byte('\x00', 0, o.step & 255), '') as minute,
        string_agg(set_byte('\x00', 0, o.hours >> 8), '') || string_agg(set_byte('\x00', 0, o.hours & 255), '') as hours,
        string_agg(set_byte('\x00', 0, o.area >> 8), '') || string_agg(set_byte('\x00', 0, o.area & 255), '') as area,
        string_agg(set_byte('\x00', 0, o.category), '') as category,
        string_agg(set_byte('\x00', 0, o.stage), '') as stage,
        string_agg(set_byte('\x00', 0, o.closed_month), '') as closed_month,
        string_agg(set_byte('\x00', 0, o.qx >> 8), '') || string_agg(set_byte('\x00', 0, o.qx & 255), '') as x,
        string_agg(set_byte('\x00', 0, o.qy >> 8), '') || string_agg(set_byte('\x00', 0, o.qy & 255), '') as y
      from ordered o group by o.month
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m, 'YYYY-MM'),
      'revision', private.month_revision(coalesce(p.n, 0), p.newest, p.total),
      'count', coalesce(p.n, 0),
      'minute', private.base64(p.minute), 'hours', private.base64(p.hours),
      'area', private.base64(p.area), 'category', private.base64(p.category),
      'stage', private.base64(p.stage), 'closedMonth', private.base64(p.closed_month),
      'x', private.base64(p.x), 'y', private.base64(p.y)) order by m), '[]')
    from unnest(%L::date[]) m left join packed p on p.month = m $q$,
    v_months, private.scope_condition(private.resolve_scope(), 'i'), v_months)
  into v_result using v_zone;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.changes_since(p_cursor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_settled constant record := private.settled_until();
  v_cursor constant text := private.cursor_at(v_settled.before_xid);
  v_scope private.incident_scope := private.resolve_scope();
  v_start bigint;
  v_months jsonb := '[]';
begin
  if split_part(p_cursor, '.', 1) = split_part(v_cursor, '.', 1)
      and split_part(p_cursor, '.', 2) ~ '^[0-9]{1,18}$' and split_part(p_cursor, '.', 3) = '' then
    v_start := split_part(p_cursor, '.', 2)::bigint;
  end if;
  -- a cursor of the future: the database was restored since
  if v_start > v_settled.before_xid then
    v_start := null;
  end if;
  if v_start is not null then
    execute format($q$
      select coalesce(jsonb_agg(to_char(m.month, 'YYYY-MM') order by m.month), '[]') from (
        select i.month from public.incidents i where i.changed_xid >= $1 and i.changed_xid < $2 and %s
        union
        select v.month from private.incident_moves v where v.changed_xid >= $1 and v.changed_xid < $2 and %s
      ) m $q$, private.scope_condition(v_scope, 'i'), private.scope_condition(v_scope, 'v'))
    into v_months using v_start, v_settled.before_xid;
  end if;
  return jsonb_build_object('cursor', v_cursor, 'asOf', private.data_as_of(),
    'reset', v_start is null, 'scopeKey', private.scope_key(), 'months', v_months,
    'areasRevision', private.area_revision(),
    'waiting', case when v_settled.waits_since < now() - interval '1 minute'
      then jsonb_build_object('since', v_settled.waits_since) end);
end $function$;

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
        private.stage_byte(i.stage, i.on_hold) as stage
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

CREATE OR REPLACE FUNCTION private.incident_list(p_filter jsonb, p_sort text, p_after jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET "DateStyle" TO 'ISO'
 SET "IntervalStyle" TO 'postgres'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
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
  if v_limit not between 1 and 200 then
    raise exception 'p_limit: 1 to 200 rows' using errcode = '22023', detail = 'p_limit';
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
      'rows', coalesce(jsonb_agg(private.incident_row(p.i) order by p.n) filter (where p.n <= $1), '[]'),
      'next', case when count(*) > $1 then
        jsonb_agg(jsonb_build_object('sort', $2, 'keys', p.keys, 'id', p.id)) filter (where p.n = $1) -> 0 end)
    from page p $q$,
    v_key_texts,
    private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(private.parse_filter(p_filter)),
    v_condition,
    array_to_string(v_order.keys, v_direction || ', '), v_direction, v_direction)
  into v_result using v_limit, v_sort;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.open_incidents(p_after jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
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
end $function$;

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
    'log', coalesce((
      select jsonb_agg(jsonb_build_object('seq', l.seq, 'at', l.at, 'kind', l.kind, 'actor', l.actor,
          'actorName', p.display_name, 'stageFrom', l.stage_from, 'stageTo', l.stage_to,
          'note', l.note, 'data', l.data) order by l.seq)
      from public.incident_log l
      left join public.profiles p on p.user_id = l.actor
      where l.district_code = v_incident.district_code and l.incident_id = v_incident.id), '[]'));
end $function$;

CREATE OR REPLACE FUNCTION private.import_incidents(p_source text, p_rows jsonb, p_update boolean DEFAULT false)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_city public.city_settings;
  v_result jsonb;
begin
  select * into strict v_city from public.city_settings;

  with input as materialized (
    select r.*, private.import_incident_id(p_source, r.id) as incident_id,
      row_number() over ()::integer as n
    from jsonb_to_recordset(p_rows) as r (
      line integer, id text, hash text, category text, department text, stage text,
      "onHold" boolean, severity smallint, lon double precision, lat double precision,
      description text, address text, "reportedAt" timestamptz, "closedAt" timestamptz, channel text)
  ), known as materialized (
    -- by id alone: a row that moved to another district must not be stored twice
    select i.district_code, i.id, i.source_hash, i.stage,
      (select l.kind from public.incident_log l
       where l.district_code = i.district_code and l.incident_id = i.id
         and l.kind <> 'area_redrawn' order by l.seq desc limit 1) as last_kind,
      (select max(l.seq) from public.incident_log l
       where l.district_code = i.district_code and l.incident_id = i.id) as last_seq
    from (select distinct incident_id from input) wanted
    -- `offset 0` forces look-ups by index; a join may read the whole table
    cross join lateral (
      select x.* from public.incidents x where x.id = wanted.incident_id offset 0) i
  ), checked as materialized (
    select i.n, x.field, x.reason, x.detail
    from input i cross join lateral (
      values
        ('id', 'no_id', null::text, coalesce(i.id, '') = '' or i.hash is null),
        ('id', 'field_too_long', length(i.id)::text, length(i.id) > 200),
        ('category', 'unknown_category', i.category, not exists (
          select 1 from public.categories c where c.code = i.category
            and not exists (select 1 from public.categories d where d.parent_code = c.code))),
        ('department', 'unknown_department', i.department, i.department is not null and not exists (
          select 1 from public.departments d where d.code = i.department)),
        ('stage', 'bad_stage', i.stage, i.stage is null or i.stage <> all (private.stage_codes())
          or (i.stage = 'closed') <> (i."closedAt" is not null)),
        ('severity', 'bad_severity', i.severity::text, i.severity not between 1 and 4),
        ('lon', 'bad_coordinates', i.lon || ' ' || i.lat,
          -- NaN sorts above all numbers: the ranges refuse it
          (i.lon between -180 and 180 and i.lat between -90 and 90) is not true),
        ('reportedAt', 'bad_date', null, i."reportedAt" is null or not isfinite(i."reportedAt")),
        ('reportedAt', 'future_date', i."reportedAt"::text,
          i."reportedAt" > now() and isfinite(i."reportedAt")),
        ('closedAt', 'closed_before_opened', i."closedAt"::text, i."closedAt" < i."reportedAt"),
        ('closedAt', 'future_date', i."closedAt"::text, i."closedAt" > now()),
        ('description', 'field_too_long', length(i.description)::text, length(i.description) > 10000),
        ('address', 'field_too_long', length(i.address)::text, length(i.address) > 500),
        ('channel', 'field_too_long', length(i.channel)::text, length(i.channel) > 100)
    ) as x (field, reason, detail, wrong)
    where x.wrong
  ), sound as materialized (
    select i.* from input i
    where not exists (select 1 from checked c where c.n = i.n)
  ), placed as materialized (
    -- the order keeps n and place together: array_agg alone follows the scan
    select s.n, p.area_code
    from (
      select array_agg(n order by n) as ns, array_agg(lon order by n) as lons,
        array_agg(lat order by n) as lats
      from sound
    ) a
    cross join lateral private.areas_of_points(a.lons, a.lats) p
    join sound s on s.n = a.ns[p.n]
  ), judged as materialized (
    select s.*, p.area_code, k.district_code as known_district, k.stage as known_stage,
      k.last_seq,
      case
        when k.id is not null and k.source_hash = s.hash then 'unchanged'
        when p.area_code is null then 'outside_city'
        when k.id is null then 'store'
        when not p_update then 'changed_content'
        when k.last_kind not in ('imported', 'import_updated') then 'changed_here'
        else 'update'
      end as verdict
    from sound s
    left join placed p on p.n = s.n
    left join known k on k.id = s.incident_id
  ), ready as materialized (
    select j.*, a.level,
      coalesce(j.known_district, (
        select d.district_code from private.shard_of(a.path, v_city.shard_level) d)) as district,
      private.quantise(j.lon, v_city.west, v_city.east) as qx,
      private.quantise(j.lat, v_city.south, v_city.north) as qy,
      date_trunc('month', j."reportedAt" at time zone v_city.time_zone)::date as month,
      coalesce(j.department, c.default_department) as department_code
    from judged j
    join public.areas a on a.code = j.area_code
    join public.categories c on c.code = j.category
    where j.verdict in ('store', 'update')
  ), stored as (
    insert into public.incidents (district_code, id, category_code, area_code, department_code,
      stage, on_hold, severity, lon, lat, qx, qy, description, address_label, reported_at, month,
      closed_at, channel, source, source_id, source_hash)
    select r.district, r.incident_id, r.category, r.area_code, r.department_code, r.stage,
      coalesce(r."onHold", false), coalesce(r.severity, 2::smallint), r.lon, r.lat, r.qx, r.qy,
      coalesce(r.description, ''), coalesce(r.address, ''), r."reportedAt", r.month, r."closedAt",
      coalesce(r.channel, 'import'), p_source, r.id, r.hash
    from ready r where r.verdict = 'store'
    returning district_code, id, stage, source_id
  ), updated as (
    update public.incidents i set category_code = r.category, area_code = r.area_code,
      department_code = r.department_code, stage = r.stage, on_hold = coalesce(r."onHold", false),
      severity = coalesce(r.severity, 2::smallint), lon = r.lon, lat = r.lat, qx = r.qx, qy = r.qy,
      description = coalesce(r.description, ''), address_label = coalesce(r.address, ''),
      reported_at = r."reportedAt", month = r.month, closed_at = r."closedAt",
      channel = coalesce(r.channel, 'import'), source_hash = r.hash
    from ready r
    where r.verdict = 'update' and i.district_code = r.district and i.id = r.incident_id
    returning i.district_code, i.id, i.stage, i.source_id, r.known_stage, r.last_seq
  ), logged as (
    insert into public.incident_log (district_code, incident_id, seq, kind, stage_from, stage_to, data)
    select district_code, id, 1, 'imported', null, stage,
      jsonb_build_object('source', p_source, 'sourceId', source_id)
    from stored
    union all
    select district_code, id, last_seq + 1, 'import_updated', known_stage, stage,
      jsonb_build_object('source', p_source, 'sourceId', source_id)
    from updated
    returning 1
  )
  select jsonb_build_object(
    'stored', (select count(*) from stored),
    'unchanged', (select count(*) from judged where verdict = 'unchanged'),
    'updated', (select count(*) from updated),
    'byLevel', coalesce((select jsonb_object_agg(level, count) from (
      select level, count(*) from ready where verdict = 'store' group by level) l), '{}'),
    'rejected', coalesce((select jsonb_agg(jsonb_build_object('line', line, 'id', id, 'field', field,
        'reason', reason, 'detail', detail) order by line) from (
      select i.line, i.id, c.field, c.reason, left(c.detail, 200) as detail
      from checked c join input i on i.n = c.n
      union all
      select line, id, case when verdict = 'outside_city' then 'lon' end, verdict,
        case when verdict = 'outside_city' then lon || ' ' || lat end
      from judged where verdict in ('outside_city', 'changed_content', 'changed_here')) r), '[]'),
    'logged', (select count(*) from logged)
  ) into v_result;
  return v_result - 'logged';
end $function$;

CREATE OR REPLACE FUNCTION private.import_areas(p_level text, p_areas jsonb, p_parent_by_point boolean DEFAULT false, p_check_only boolean DEFAULT false)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_rank integer := private.level_rank(p_level);
  v_placeholder text;
  v_faults jsonb;
  v_warnings jsonb := '[]';
  v_boxes extensions.geometry[];
  v_stored integer;
  v_updated integer;
  v_restamped integer := 0;
  v_city public.city_settings;
  v_hull extensions.box2d;
begin
  if v_rank is null then
    raise exception 'unknown level %', p_level using errcode = '22023';
  end if;
  -- one import at a time: the checks read the whole tree
  lock table public.areas in share row exclusive mode;
  select * into strict v_city from public.city_settings;
  select a.code into v_placeholder from public.areas a where a.level = 'city' and a.revision = 0;

  create temporary table import_area on commit drop as
  select r.feature, r.code, r.name, r.parent, r.households,
    extensions.st_multi(extensions.st_setsrid(extensions.st_geomfromgeojson(r.geometry::text), 4326))
      ::extensions.geometry(MultiPolygon, 4326) as geom
  from jsonb_to_recordset(p_areas) as r (
    feature integer, code text, name text, parent text, households integer, geometry jsonb);

  if p_parent_by_point and v_rank > 0 then
    update pg_temp.import_area f set parent = (
      select a.code from public.areas a
      where private.level_rank(a.level) < v_rank
        and (a.valid_to is null or a.valid_to > (now() at time zone v_city.time_zone)::date)
        and extensions.st_covers(a.geom, extensions.st_pointonsurface(f.geom))
      order by private.level_rank(a.level) desc, a.code collate "C" limit 1)
    where f.parent is null and extensions.st_isvalid(f.geom) and not extensions.st_isempty(f.geom);
  end if;

  -- a parent in the file has the same level; a cycle leads back to its start
  create temporary table import_cycle on commit drop as
  with recursive walk as (
    select f.code as start, f.parent as at, 1 as steps from pg_temp.import_area f
    union all
    select w.start, f.parent, w.steps + 1
    from walk w join pg_temp.import_area f on f.code = w.at
    where w.at <> w.start and w.steps < 100
  )
  select distinct start as code from walk where at = start;

  select jsonb_agg(jsonb_build_object('feature', f.feature, 'code', f.code, 'field', x.field,
    'reason', x.reason, 'detail', left(x.detail, 300)) order by f.feature, x.reason) into v_faults
  from pg_temp.import_area f
  left join public.areas old on old.code = f.code
  left join public.areas p on p.code = f.parent
  cross join lateral (select extensions.st_isempty(f.geom) as is_empty,
    extensions.st_npoints(f.geom) as vertices) g
  cross join lateral (select case when g.vertices <= 10000 and not g.is_empty
    then extensions.st_isvalidreason(f.geom) else 'Valid Geometry' end as verdict) v
  cross join lateral (values
    ('code', 'bad_code', f.code, (f.code ~ '^[A-Za-z0-9_.-]{1,40}$') is not true),
    ('code', 'duplicate_code', f.code, exists (
      select 1 from pg_temp.import_area d where d.code = f.code and d.feature < f.feature)),
    ('name', 'bad_name', f.name, (length(f.name) between 1 and 200) is not true),
    ('households', 'bad_households', f.households::text, f.households < 0),
    ('geometry', 'empty_geometry', null, g.is_empty),
    ('geometry', 'too_many_vertices', g.vertices::text, g.vertices > 10000),
    ('geometry', 'not_valid', v.verdict, v.verdict <> 'Valid Geometry'),
    ('parent', 'parent_not_allowed', f.parent, v_rank = 0 and f.parent is not null),
    ('parent', 'no_parent', null, v_rank > 0 and f.parent is null),
    ('parent', 'cycle', f.parent, exists (select 1 from pg_temp.import_cycle c where c.code = f.code)),
    ('parent', 'unknown_parent', f.parent, f.parent is not null and p.code is null and not exists (
      select 1 from pg_temp.import_area d where d.code = f.parent)),
    ('parent', 'parent_level', f.parent || ' is ' || coalesce(p.level, p_level),
      private.level_rank(coalesce(p.level, p_level)) >= v_rank and f.parent is not null
      and (p.code is not null or exists (select 1 from pg_temp.import_area d where d.code = f.parent))),
    ('level', 'level_of_children', p_level, exists (
      select 1 from public.areas c where c.parent_code = f.code
        and private.level_rank(c.level) <= v_rank)),
    ('geometry', 'outside_parent', f.parent, p.code is not null and v.verdict = 'Valid Geometry'
      and not g.is_empty and g.vertices <= 10000 and not extensions.st_intersects(p.geom, f.geom)),
    ('code', 'second_city', f.code, v_rank = 0 and old.code is null and (f.feature > (
        select min(feature) from pg_temp.import_area)
      or exists (select 1 from public.areas a where a.level = 'city' and a.code <> f.code
        and a.code is distinct from v_placeholder))),
    ('code', 'city_has_incidents', 'give the polygon the code ' || v_placeholder,
      v_rank = 0 and v_placeholder <> f.code
      and exists (select 1 from public.incidents i where i.district_code = v_placeholder
        or i.area_code = v_placeholder))
  ) as x (field, reason, detail, wrong)
  where x.wrong;

  if v_faults is not null or p_check_only then
    drop table pg_temp.import_area, pg_temp.import_cycle;
    return jsonb_build_object('stored', 0, 'updated', 0, 'unchanged', 0, 'replaced', null,
      'restamped', 0, 'warnings', '[]'::jsonb, 'faults', coalesce(v_faults, '[]'));
  end if;

  -- before and after: incidents inside may move
  select array_agg(extensions.st_envelope(moved.g)) into v_boxes from (
    select f.geom as g from pg_temp.import_area f left join public.areas a on a.code = f.code
    where a.code is null or extensions.st_asbinary(a.geom) <> extensions.st_asbinary(f.geom)
      or a.level <> p_level
    union all
    select a.geom from pg_temp.import_area f join public.areas a on a.code = f.code
    where extensions.st_asbinary(a.geom) <> extensions.st_asbinary(f.geom) or a.level <> p_level
  ) moved;

  update public.areas a
  set name = f.name, households = f.households, parent_code = f.parent, level = p_level,
    geom = f.geom, revision = a.revision + 1
  from pg_temp.import_area f
  where a.code = f.code and (a.revision = 0 or (a.name, a.level) <> (f.name, p_level)
    or a.households is distinct from f.households or a.parent_code is distinct from f.parent
    or extensions.st_asbinary(a.geom) <> extensions.st_asbinary(f.geom));
  get diagnostics v_updated = row_count;

  insert into public.areas (code, parent_code, path, level, name, households, geom)
  select f.code, f.parent, coalesce(p.path, '') || f.code || '/', p_level, f.name, f.households, f.geom
  from pg_temp.import_area f
  left join public.areas p on p.code = f.parent
  where not exists (select 1 from public.areas a where a.code = f.code)
  order by f.code collate "C";
  get diagnostics v_stored = row_count;
  perform private.refresh_area_paths();

  if v_rank = 0 then
    if v_placeholder is not null and not exists (
      select 1 from pg_temp.import_area f where f.code = v_placeholder) then
      perform private.replace_placeholder_city(v_placeholder, (select code from pg_temp.import_area));
    else
      v_placeholder := null;
    end if;
    select extensions.st_extent(f.geom) into v_hull from pg_temp.import_area f;
    if extensions.st_xmin(v_hull) < v_city.west or extensions.st_ymin(v_hull) < v_city.south
      or extensions.st_xmax(v_hull) > v_city.east or extensions.st_ymax(v_hull) > v_city.north then
      if exists (select 1 from public.incidents) then
        -- stored places are quantised on this box
        v_warnings := v_warnings || jsonb_build_object('reason', 'city_box_exceeded', 'detail', v_hull::text);
      else
        update public.city_settings set
          west = least(west, extensions.st_xmin(v_hull)), south = least(south, extensions.st_ymin(v_hull)),
          east = greatest(east, extensions.st_xmax(v_hull)), north = greatest(north, extensions.st_ymax(v_hull));
        v_warnings := v_warnings || jsonb_build_object('reason', 'city_box_widened', 'detail', v_hull::text);
      end if;
    end if;
  else
    v_placeholder := null;
  end if;

  if v_boxes is not null then
    v_restamped := private.restamp_incidents(v_boxes);
  end if;
  drop table pg_temp.import_area, pg_temp.import_cycle;
  return jsonb_build_object('stored', v_stored, 'updated', v_updated,
    'unchanged', jsonb_array_length(p_areas) - v_stored - v_updated, 'replaced', v_placeholder,
    'restamped', v_restamped, 'warnings', v_warnings, 'faults', '[]'::jsonb);
end $function$;

CREATE OR REPLACE FUNCTION private.close_missing_areas(p_level text, p_codes text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_today date := private.city_today();
  v_closed text[] := array(
    select a.code from public.areas a
    where a.level = p_level and (a.valid_to is null or a.valid_to > v_today)
      and not a.code = any (p_codes) order by a.code collate "C");
  v_reopened text[] := array(
    select a.code from public.areas a where a.code = any (p_codes) and a.valid_to <= v_today);
  v_holding text[] := array(
    select distinct c.parent_code from public.areas c
    where c.parent_code = any (v_closed) and (c.valid_to is null or c.valid_to > v_today) order by 1);
  v_restamped integer := 0;
begin
  if cardinality(v_holding) > 0 then
    return jsonb_build_object('closed', '[]'::jsonb, 'reopened', 0, 'restamped', 0, 'people', 0,
      'holding', to_jsonb(v_holding));
  end if;
  update public.areas a
  set valid_to = case when a.code = any (v_closed) then v_today end, revision = a.revision + 1
  where a.code = any (v_closed || v_reopened);
  if found then
    v_restamped := private.restamp_incidents(array(
      select extensions.st_envelope(a.geom) from public.areas a where a.code = any (v_closed || v_reopened)));
  end if;
  return jsonb_build_object('closed', to_jsonb(v_closed), 'reopened', cardinality(v_reopened),
    'restamped', v_restamped, 'people', (
      select count(distinct m.user_id) from public.memberships m where m.area_code = any (v_closed)
        and private.is_valid(m.valid_from, m.valid_to, now())),
    'holding', '[]'::jsonb);
end $function$;

alter table public.areas add constraint areas_level_check CHECK ((private.level_rank(level) IS NOT NULL));

alter table public.incidents add constraint incidents_stage_check CHECK ((stage = ANY (private.stage_codes())));

CREATE INDEX categories_department_idx ON public.categories USING btree (default_department);

CREATE INDEX categories_parent_idx ON public.categories USING btree (parent_code);

CREATE INDEX memberships_area_idx ON public.memberships USING btree (area_code);

CREATE INDEX memberships_department_idx ON public.memberships USING btree (department_code);

CREATE OR REPLACE FUNCTION private.server_side(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
  select jsonb_build_object('version', p_incident.version, 'categoryCode', p_incident.category_code,
    'lon', p_incident.lon, 'lat', p_incident.lat, 'description', p_incident.description,
    'severity', p_incident.severity, 'addressLabel', p_incident.address_label,
    'areaCode', p_incident.area_code, 'stage', p_incident.stage,
    'reportedBy', p_incident.reported_by, 'changedAt', last.at, 'changedBy', p.display_name)
  from (values (1)) one
  left join lateral (
    select l.at, l.actor from public.incident_log l
    where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
      and l.kind not in ('note', 'noted', 'asked', 'photo', 'confirmed')
    order by l.seq desc limit 1) last on true
  left join public.profiles p on p.user_id = last.actor
$function$;

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
    'byName', who.display_name, 'isChecked', c.hash is not null) order by p.seq_in_log, p.hash), '[]')
  from public.incident_photos p
  left join public.photo_checks c
    on c.owner = p.owner and c.hash = p.hash and c.media_type = p.media_type and c.verdict = 'ok'
  left join public.profiles who on who.user_id = p.owner
  where p.district_code = p_incident.district_code and p.incident_id = p_incident.id
    and (c.hash is not null or p.owner = p_user)
$function$;
