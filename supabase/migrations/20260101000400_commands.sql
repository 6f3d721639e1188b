-- The write path: apply_commands takes what people did, one receipt each.
--
-- How a command travels: the call's body holds `payload` as a JSON *string* that itself contains
-- JSON. What is poison to Postgres in the payload (\u0000, a lone surrogate) is therefore doubly
-- escaped: plain text to the parser of the body, and only refused when the payload is parsed here,
-- inside the command's own subtransaction. The parameter is json and not jsonb, because jsonb would
-- refuse the whole body for a \u0000 in one envelope; json keeps the text, so such an envelope costs
-- only itself. (PostgREST on a Supabase unpacks the body's strings before the call, so there a \u0000
-- in an envelope still fails the call. Envelopes hold ids, a type and an instant, made by the
-- client's own code; what people write is in the payload.)
--
-- Errors of a command: {code, field?, detail?}. Codes:
--   envelope, not recorded: invalid_command, wrong_actor, id_taken (somebody else's id), id_reused
--     (own id, other content). Their `hash` is null: no record of this content exists, and a device
--     must keep its copy.
--   recorded: unknown_type, invalid_payload, unknown_field, missing_field, invalid_field, too_long,
--     not_allowed, unknown_category, not_a_leaf_category, outside_city, incident_exists, refused.

-- src/domain/columns.ts in SQL, bit for bit: Math.round rounds halves up, while round(float8) rounds
-- them to even, and floor(x + 0.5) is wrong just below a half.
create function private.quantise(p_value double precision, p_low double precision, p_high double precision)
returns integer language sql immutable strict parallel safe as $$
  select least(65535, greatest(0, floor(s) + case when s - floor(s) >= 0.5 then 1 else 0 end))::integer
  from (select (p_value - p_low) / (p_high - p_low) * 65535 as s) scaled
$$;

-- The area, shard key and quantised place of a point. Its area is the deepest one valid today that
-- holds it, on a border the lowest code. No row when no area does. Written to be inlined, so
-- that `cross join lateral private.place_incident(r.lon, r.lat)` places many.
create function private.place_incident(p_lon double precision, p_lat double precision)
returns table (area_code text, district_code text, qx integer, qy integer)
language sql stable as $$
  select a.code, d.code,
    private.quantise(p_lon, city.west, city.east), private.quantise(p_lat, city.south, city.north)
  from public.city_settings city
  cross join lateral (
    select x.code, x.path
    from public.areas x
    where extensions.st_intersects(
        x.geom, extensions.st_setsrid(extensions.st_makepoint(p_lon, p_lat), 4326))
      and x.valid_from <= (now() at time zone city.time_zone)::date
      and (x.valid_to is null or x.valid_to > (now() at time zone city.time_zone)::date)
    order by array_position(array['city', 'district', 'subdistrict', 'community', 'grid'], x.level) desc,
      x.code collate "C"
    limit 1
  ) a
  cross join lateral (
    -- the ancestor at the shard level, else the top
    select y.code
    from public.areas y
    where y.code = any (string_to_array(rtrim(a.path, '/'), '/'))
    order by (y.level = city.shard_level) desc, length(y.path)
    limit 1
  ) d
$$;

-- Ends the command that runs: its subtransaction is undone and the receipt says `rejected`.
create function private.reject_command(p_code text, p_field text default null, p_detail text default null)
returns void language plpgsql set search_path = '' as $$
begin
  raise exception '%', p_code using errcode = 'WG001', detail =
    jsonb_strip_nulls(jsonb_build_object('code', p_code, 'field', p_field, 'detail', p_detail))::text;
end $$;

-- A text field of a payload; null where it is left out and not required.
create function private.payload_text(p_payload jsonb, p_field text, p_required boolean, p_most integer)
returns text language plpgsql set search_path = '' as $$
declare
  v_value jsonb := p_payload -> p_field;
begin
  if v_value is null or v_value = 'null' then
    if p_required then perform private.reject_command('missing_field', p_field); end if;
    return null;
  end if;
  if jsonb_typeof(v_value) <> 'string' then
    perform private.reject_command('invalid_field', p_field, 'not text');
  end if;
  if length(p_payload ->> p_field) > p_most then
    perform private.reject_command('too_long', p_field, p_most::text);
  end if;
  return p_payload ->> p_field;
end $$;

-- A number of a payload within bounds, both inclusive; null where it is left out and not required.
create function private.payload_number(
  p_payload jsonb, p_field text, p_required boolean, p_least numeric, p_most numeric)
returns numeric language plpgsql set search_path = '' as $$
declare
  v_value jsonb := p_payload -> p_field;
begin
  if v_value is null or v_value = 'null' then
    if p_required then perform private.reject_command('missing_field', p_field); end if;
    return null;
  end if;
  -- JSON has no NaN or infinity; clients that try send null or text
  if (case when jsonb_typeof(v_value) = 'number' then v_value::numeric not between p_least and p_most
      else true end) then
    perform private.reject_command('invalid_field', p_field, format('not a number from %s to %s', p_least, p_most));
  end if;
  return v_value::numeric;
end $$;

-- An instant written as ISO 8601 with an offset. Errors: class 22 when it is not one.
create function private.instant(p_text text)
returns timestamptz language plpgsql immutable strict set search_path = '' as $$
begin
  if p_text !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$' then
    raise exception 'not an instant with offset' using errcode = 'invalid_datetime_format';
  end if;
  return p_text::timestamptz;
end $$;

create function private.payload_instant(p_payload jsonb, p_field text)
returns timestamptz language plpgsql set search_path = '' as $$
begin
  return private.instant(private.payload_text(p_payload, p_field, false, 40));
exception when data_exception then
  perform private.reject_command('invalid_field', p_field, 'not an instant with offset');
end $$;

-- Files a new incident: {incidentId, categoryCode, lon, lat, description?, severity?, addressLabel?,
-- deviceAt?}. Whoever works in the field, manages grids or administers may report anywhere in the
-- city, also outside their own areas. Returns the id and version.
create function private.report_incident(p_actor uuid, p_command uuid, p_payload jsonb)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_unknown text;
  v_id uuid;
  v_category text;
  v_lon double precision;
  v_lat double precision;
  v_place record;
  v_severity numeric;
  v_device_at timestamptz;
  v_now timestamptz := clock_timestamp();
  v_version integer;
begin
  if not private.has_role('{field_staff,grid_manager,admin}') then
    perform private.reject_command('not_allowed');
  end if;
  select min(key) into v_unknown from jsonb_object_keys(p_payload) as key
  where key <> all ('{incidentId,categoryCode,lon,lat,description,severity,addressLabel,deviceAt}');
  if v_unknown is not null then
    perform private.reject_command('unknown_field', left(v_unknown, 60));
  end if;

  if private.payload_text(p_payload, 'incidentId', true, 36) !~
    '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then
    perform private.reject_command('invalid_field', 'incidentId', 'not a UUID in lower case');
  end if;
  v_id := (p_payload ->> 'incidentId')::uuid;
  if exists (select 1 from public.incidents i where i.id = v_id) then
    perform private.reject_command('incident_exists', 'incidentId');
  end if;

  v_category := private.payload_text(p_payload, 'categoryCode', true, 60);
  if not exists (select 1 from public.categories c where c.code = v_category) then
    perform private.reject_command('unknown_category', 'categoryCode');
  end if;
  if exists (select 1 from public.categories c where c.parent_code = v_category) then
    perform private.reject_command('not_a_leaf_category', 'categoryCode');
  end if;

  v_lon := private.payload_number(p_payload, 'lon', true, -180, 180);
  v_lat := private.payload_number(p_payload, 'lat', true, -90, 90);
  select * into v_place from private.place_incident(v_lon, v_lat);
  if v_place.area_code is null then
    perform private.reject_command('outside_city');
  end if;
  v_severity := coalesce(private.payload_number(p_payload, 'severity', false, 1, 4), 2);
  if v_severity <> trunc(v_severity) then
    perform private.reject_command('invalid_field', 'severity', 'not a whole number');
  end if;
  v_device_at := private.payload_instant(p_payload, 'deviceAt');

  insert into public.incidents (district_code, id, category_code, area_code, severity, lon, lat,
    qx, qy, description, address_label, reported_at, device_at, month, reported_by)
  select v_place.district_code, v_id, v_category, v_place.area_code, v_severity,
    v_lon, v_lat, v_place.qx, v_place.qy,
    coalesce(private.payload_text(p_payload, 'description', false, 10000), ''),
    coalesce(private.payload_text(p_payload, 'addressLabel', false, 500), ''),
    v_now, v_device_at, date_trunc('month', v_now at time zone city.time_zone)::date, p_actor
  from public.city_settings city
  returning version into v_version;

  insert into public.incident_log
    (district_code, incident_id, seq, at, actor, kind, stage_to, data, command_id)
  values (v_place.district_code, v_id, 1, v_now, p_actor, 'reported', 'reported',
    jsonb_strip_nulls(jsonb_build_object(
      'deviceAt', v_device_at,
      -- a queue may wait days for a network; a clock that is ahead is simply wrong
      'deviceClockSuspect', case when v_device_at > v_now + interval '5 minutes'
        or v_device_at < v_now - interval '30 days' then true end)),
    p_command);
  return jsonb_build_object('incident_id', v_id, 'version', v_version);
end $$;

create function private.rejected_receipt(p_id text, p_code text, p_field text default null)
returns jsonb language sql immutable set search_path = '' as $$
  select jsonb_build_object('id', p_id, 'outcome', 'rejected', 'hash', null, 'incident_id', null,
    'version', null, 'error', jsonb_strip_nulls(jsonb_build_object('code', p_code, 'field', p_field)))
$$;

-- Reads an envelope {id, actor, type, at, payload, replaces?} and throws away nothing: whatever is
-- wrong with it is named in `fault`.
create type private.command_envelope as (
  fault text, id uuid, actor uuid, type text, at timestamptz, replaces uuid, payload text, hash text
);

create function private.read_envelope(p_item json)
returns private.command_envelope language plpgsql set search_path = '' as $$
declare
  v_envelope private.command_envelope;
  v_uuid constant text := '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
  v_field text;
begin
  v_envelope.fault := 'command';
  if json_typeof(p_item) <> 'object' then return v_envelope; end if;
  -- a name that comes twice would leave it to each reader which of the two counts
  if exists (select 1 from json_object_keys(p_item) as key
      where key <> all ('{id,actor,type,at,payload,replaces}') group by key)
    or (select count(*) <> count(distinct key) from json_object_keys(p_item) as key) then
    return v_envelope;
  end if;
  foreach v_field in array '{id,actor,type,at,payload,replaces}'::text[] loop
    v_envelope.fault := v_field;
    if v_field = 'replaces' and coalesce(json_typeof(p_item -> v_field), 'null') = 'null' then
      continue;
    end if;
    if json_typeof(p_item -> v_field) is distinct from 'string' then return v_envelope; end if;
    if v_field in ('id', 'actor', 'replaces') and p_item ->> v_field !~ v_uuid then
      return v_envelope;
    end if;
  end loop;
  v_envelope.id := (p_item ->> 'id')::uuid;
  v_envelope.actor := (p_item ->> 'actor')::uuid;
  v_envelope.replaces := (p_item ->> 'replaces')::uuid;
  v_envelope.payload := p_item ->> 'payload';
  v_envelope.hash := encode(sha256(convert_to(v_envelope.payload, 'UTF8')), 'hex');
  v_envelope.fault := 'type';
  v_envelope.type := p_item ->> 'type';
  if length(v_envelope.type) not between 1 and 60 then return v_envelope; end if;
  v_envelope.fault := 'at';
  v_envelope.at := private.instant(p_item ->> 'at');
  v_envelope.fault := null;
  return v_envelope;
exception when data_exception or program_limit_exceeded then
  return v_envelope;
end $$;

-- One command, one receipt. Returns {id, outcome, hash, incident_id, version, error}.
create function private.apply_command(p_item json, p_actor uuid)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_envelope private.command_envelope := private.read_envelope(p_item);
  v_known public.commands;
  v_result jsonb := '{}';
  v_error jsonb;
  v_parsed jsonb;
  v_state text;
  v_message text;
  v_detail text;
  -- the id of an envelope that cannot be read, so that the device can tell which one it was
  v_id text := coalesce(v_envelope.id::text, substring(p_item::text from '"id"\s*:\s*"([0-9a-f-]{36})"'));
begin
  if v_envelope.fault is not null then
    return private.rejected_receipt(v_id, 'invalid_command', v_envelope.fault);
  end if;
  -- not recorded: the id belongs to the other person's queue, which will still be sent
  if v_envelope.actor <> p_actor then
    return private.rejected_receipt(v_id, 'wrong_actor', 'actor');
  end if;

  select * into v_known from public.commands c where c.id = v_envelope.id;
  if found then
    if v_known.actor <> p_actor then
      return private.rejected_receipt(v_id, 'id_taken', 'id');
    end if;
    if (v_known.type, v_known.hash, v_known.device_at, v_known.replaces)
      is distinct from (v_envelope.type, v_envelope.hash, v_envelope.at, v_envelope.replaces) then
      return private.rejected_receipt(v_id, 'id_reused', 'id');
    end if;
    return jsonb_build_object('id', v_id,
      'outcome', case v_known.outcome when 'applied' then 'replayed' else v_known.outcome end,
      'hash', v_known.hash, 'incident_id', v_known.incident_id, 'version', v_known.version,
      'error', v_known.error);
  end if;

  begin
    -- The JSON parser recurses, and PGlite does not survive its stack running over: it goes on
    -- acknowledging writes that it drops. So brackets outside of strings are counted before.
    if length(regexp_replace(regexp_replace(v_envelope.payload, '"(?:[^"\\]|\\.)*"', '', 'g'),
      '[^[{]', '', 'g')) > 1000 then
      perform private.reject_command('invalid_payload', null, 'more than 1000 arrays and objects');
    end if;
    v_parsed := v_envelope.payload::jsonb;
    if jsonb_typeof(v_parsed) <> 'object' then
      perform private.reject_command('invalid_payload', null, 'not an object');
    end if;
    case v_envelope.type
      when 'report_incident' then
        v_result := private.report_incident(p_actor, v_envelope.id, v_parsed);
      else
        perform private.reject_command('unknown_type', 'type');
    end case;
  exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_message = message_text,
      v_detail = pg_exception_detail;
    -- what may go well the next time is no verdict on the command: the call fails, the device retries
    if left(v_state, 2) in ('08', '25', '40', '53', '55', '57', '58', 'XX') then raise; end if;
    v_result := '{}';
    v_error := case
      when v_state = 'WG001' then v_detail::jsonb
      when v_parsed is null then
        jsonb_build_object('code', 'invalid_payload', 'detail', left(v_message, 200))
      else jsonb_build_object('code', 'refused', 'detail', v_state) end;
  end;

  -- two people sending one id in the same moment: the later call fails here as a whole, and when it
  -- is sent again finds the id taken
  insert into public.commands
    (id, actor, type, hash, outcome, incident_id, version, error, replaces, device_at)
  values (v_envelope.id, p_actor, v_envelope.type, v_envelope.hash,
    case when v_error is null then 'applied' else 'rejected' end,
    (v_result ->> 'incident_id')::uuid, (v_result ->> 'version')::integer, v_error,
    v_envelope.replaces, v_envelope.at)
  returning * into v_known;
  return jsonb_build_object('id', v_id, 'outcome', v_known.outcome, 'hash', v_known.hash,
    'incident_id', v_known.incident_id, 'version', v_known.version, 'error', v_known.error);
end $$;

create function private.apply_commands(p_commands json)
returns jsonb language plpgsql security definer set search_path = '' as $$
declare
  v_actor uuid := private.require_user();
  v_item json;
  v_receipts jsonb[] := '{}';
begin
  if octet_length(p_commands::text) > 1048576 then
    raise exception 'a call holds at most 1 MB' using errcode = 'PT413', detail = 'too_large';
  end if;
  if json_typeof(p_commands) is distinct from 'array' then
    raise exception 'p_commands is not an array' using errcode = '22023', detail = 'not_an_array';
  end if;
  if json_array_length(p_commands) > 200 then
    raise exception 'a call holds at most 200 commands' using errcode = 'PT413', detail = 'too_many_commands';
  end if;
  if not exists (select 1 from public.city_settings) then
    raise exception 'the city has no settings yet' using errcode = 'PT503', detail = 'not_ready';
  end if;
  -- a device that lost the answer sends again while the first call may still run
  perform pg_advisory_xact_lock(hashtextextended('apply_commands ' || v_actor::text, 0));
  for v_item in
    select value from json_array_elements(p_commands) with ordinality as c (value, n) order by n
  loop
    v_receipts := v_receipts || private.apply_command(v_item, v_actor);
  end loop;
  return to_jsonb(v_receipts);
end $$;

-- At most 200 commands and 1 MB a call. Errors: 42501 not signed in, PT413 too much, 22023 no array,
-- PT503 before the city has settings. Anything wrong with one command is in its receipt.
create function public.apply_commands(p_commands json) returns jsonb
language sql volatile set search_path = '' as $$ select private.apply_commands(p_commands) $$;

revoke all on function private.place_incident(double precision, double precision),
  private.quantise(double precision, double precision, double precision),
  private.reject_command(text, text, text), private.payload_text(jsonb, text, boolean, integer),
  private.payload_number(jsonb, text, boolean, numeric, numeric), private.instant(text),
  private.payload_instant(jsonb, text), private.report_incident(uuid, uuid, jsonb),
  private.rejected_receipt(text, text, text), private.read_envelope(json),
  private.apply_command(json, uuid), private.apply_commands(json), public.apply_commands(json)
from public, anon, authenticated;
grant execute on function private.apply_commands(json), public.apply_commands(json) to authenticated;
