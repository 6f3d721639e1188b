-- The command types: one function each.
--
-- A rejection is {code, field?, detail?}. Codes: unknown_type, invalid_payload, unknown_field,
-- missing_field, invalid_field, too_long, not_allowed, unknown_category, not_a_leaf_category,
-- outside_city, incident_exists, unknown_incident (absent or not visible), incident_closed, refused (a
-- constraint), conflict (`server` holds the incident); of transitions unknown_transition, wrong_stage (`detail`
-- is the state), not_now (`detail` is the guard; of a control also `tipZh` and `tipEn`).

-- Undoes the command's subtransaction.
create or replace function private.reject_command(p_code text, p_field text default null, p_detail text default null)
returns void language plpgsql set search_path = '' as $$
begin
  raise exception '%', p_code using errcode = 'WG001', detail =
    jsonb_strip_nulls(jsonb_build_object('code', p_code, 'field', p_field, 'detail', p_detail))::text;
end $$;

-- At most p_most characters; null when optional and absent.
create or replace function private.payload_text(p_payload jsonb, p_field text, p_required boolean, p_most integer)
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

-- Bounds are inclusive; null when optional and absent.
create or replace function private.payload_number(
  p_payload jsonb, p_field text, p_required boolean, p_least numeric, p_most numeric)
returns numeric language plpgsql set search_path = '' as $$
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
end $$;

-- ISO 8601 with an offset. Errors: class 22.
create or replace function private.instant(p_text text)
returns timestamptz language plpgsql immutable strict set search_path = '' as $$
begin
  if p_text !~ '^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$' then
    raise exception 'not an instant with offset' using errcode = 'invalid_datetime_format';
  end if;
  return p_text::timestamptz;
end $$;

-- Null when absent.
create or replace function private.payload_instant(p_payload jsonb, p_field text)
returns timestamptz language plpgsql set search_path = '' as $$
declare
  v_text constant text := private.payload_text(p_payload, p_field, false, 40);
begin
  -- most have none: no subtransaction
  if v_text is null then return null; end if;
  begin
    return private.instant(v_text);
  exception when data_exception then
    perform private.reject_command('invalid_field', p_field, 'not an instant with offset');
  end;
end $$;

-- White space as in JavaScript's trim().
create or replace function private.is_blank(p_text text)
returns boolean language sql immutable parallel safe set search_path = '' as $$
  select coalesce(btrim(p_text, E' \t\n\r\f\u000b\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'), '') = ''
$$;

-- Lower case only.
create or replace function private.is_uuid(p_text text)
returns boolean language sql immutable parallel safe
return p_text ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';

-- Rejects fields outside p_known.
create or replace function private.refuse_unknown_fields(p_payload jsonb, p_known text[])
returns void language plpgsql set search_path = '' as $$
declare
  v_unknown text;
begin
  if p_payload - p_known = '{}' then return; end if;
  select min(key) into v_unknown from jsonb_object_keys(p_payload - p_known) as key;
  perform private.reject_command('unknown_field', left(v_unknown, 60));
end $$;

-- A required UUID.
create or replace function private.payload_uuid(p_payload jsonb, p_field text)
returns uuid language plpgsql set search_path = '' as $$
declare
  v_text text := private.payload_text(p_payload, p_field, true, 36);
begin
  if not private.is_uuid(v_text) then
    perform private.reject_command('invalid_field', p_field, 'not a UUID in lower case');
  end if;
  return v_text::uuid;
end $$;

-- One of p_words; null when absent.
create or replace function private.payload_word(p_payload jsonb, p_field text, p_words text[])
returns text language plpgsql set search_path = '' as $$
declare
  v_text text := private.payload_text(p_payload, p_field, false, 60);
begin
  if v_text <> all (p_words) then
    perform private.reject_command('invalid_field', p_field, 'not one of ' || array_to_string(p_words, ', '));
  end if;
  return v_text;
end $$;

-- A whole number within bounds; null when optional and absent.
create or replace function private.payload_whole(
  p_payload jsonb, p_field text, p_required boolean, p_least numeric, p_most numeric)
returns integer language plpgsql set search_path = '' as $$
declare
  v_value numeric := private.payload_number(p_payload, p_field, p_required, p_least, p_most);
begin
  if v_value <> trunc(v_value) then
    perform private.reject_command('invalid_field', p_field, 'not a whole number');
  end if;
  return v_value::integer;
end $$;

-- The first wrong key, else null. jsonb sorts by kind: only numbers lie between two numbers.
create or replace function private.photo_fault(p_photo jsonb)
returns text language plpgsql immutable set search_path = '' as $$
declare
  v_lon constant jsonb := nullif(p_photo -> 'lon', 'null');
  v_lat constant jsonb := nullif(p_photo -> 'lat', 'null');
begin
  return case
    when jsonb_typeof(p_photo) <> 'object' then 'photo'
    when p_photo - '{hash,mediaType,bytes,width,height,takenAt,lon,lat}'::text[] <> '{}' then 'unknown key'
    when (jsonb_typeof(p_photo -> 'hash') = 'string' and p_photo ->> 'hash' ~ '^[0-9a-f]{64}$') is not true then 'hash'
    when (p_photo -> 'mediaType' in ('"image/jpeg"', '"image/webp"')) is not true then 'mediaType'
    when (p_photo -> 'bytes' between '1' and '5242880' and p_photo ->> 'bytes' ~ '^\d+$') is not true then 'bytes'
    when (p_photo -> 'width' between '1' and '2048' and p_photo ->> 'width' ~ '^\d+$') is not true then 'width'
    when (p_photo -> 'height' between '1' and '2048' and p_photo ->> 'height' ~ '^\d+$') is not true then 'height'
    when v_lon not between '-180' and '180' or (v_lon is null and v_lat is not null) then 'lon'
    when v_lat not between '-90' and '90' or (v_lat is null and v_lon is not null) then 'lat'
    when coalesce(p_photo -> 'takenAt', 'null') = 'null' then null
    when jsonb_typeof(p_photo -> 'takenAt') <> 'string' or private.instant(p_photo ->> 'takenAt') is null then 'takenAt'
  end;
exception when data_exception then
  return 'takenAt';
end $$;

-- [] for none.
create or replace function private.payload_photos(p_payload jsonb, p_required boolean)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_photos jsonb := coalesce(p_payload -> 'photos', 'null');
  v_fault text;
begin
  if v_photos in ('null', '[]') then
    if p_required then perform private.reject_command('missing_field', 'photos'); end if;
    return '[]';
  end if;
  if jsonb_typeof(v_photos) <> 'array' then
    perform private.reject_command('invalid_field', 'photos', 'not a list');
  end if;
  if jsonb_array_length(v_photos) > 10 then
    perform private.reject_command('too_long', 'photos', '10');
  end if;
  select f.fault into v_fault
  from jsonb_array_elements(v_photos) with ordinality as p (photo, n)
  cross join lateral private.photo_fault(p.photo) as f (fault)
  where f.fault is not null order by p.n limit 1;
  if v_fault is not null then
    perform private.reject_command('invalid_field', 'photos', v_fault);
  end if;
  return v_photos;
end $$;

-- Each hash once.
create or replace function private.photo_hashes(p_photos jsonb)
returns text[] language plpgsql immutable set search_path = '' as $$
begin
  if p_photos = '[]' then return '{}'; end if;
  return array(
    select p.photo ->> 'hash' from jsonb_array_elements(p_photos) with ordinality as p (photo, n)
    group by 1 order by min(p.n));
end $$;

-- A device's clock is suspect 5 minutes ahead or 30 days behind: a queue may wait days for a network.
create or replace function private.log_data(p_device_at timestamptz, p_at timestamptz, p_photos jsonb, p_more jsonb)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
begin
  return jsonb_strip_nulls(jsonb_build_object(
    'deviceAt', p_device_at,
    'deviceClockSuspect', case when p_device_at > p_at + interval '5 minutes'
      or p_device_at < p_at - interval '30 days' then true end,
    'photos', case when p_photos <> '[]' then to_jsonb(private.photo_hashes(p_photos)) end)) || p_more;
end $$;

-- Whether it requires a description. Rejects all but leaves.
create or replace function private.check_category(p_code text)
returns boolean language plpgsql set search_path = '' as $$
declare
  v_requires boolean;
begin
  select c.requires_description into v_requires from public.categories c where c.code = p_code;
  if not found then
    perform private.reject_command('unknown_category', 'categoryCode');
  end if;
  if exists (select 1 from public.categories c where c.parent_code = p_code) then
    perform private.reject_command('not_a_leaf_category', 'categoryCode');
  end if;
  return v_requires;
end $$;

-- Checked, not stored yet.
create type private.report as (
  id uuid, district_code text, area_code text, category_code text, severity integer,
  lon double precision, lat double precision, qx integer, qy integer,
  description text, address_label text, device_at timestamptz, photos jsonb,
  actor uuid, command_id uuid, at timestamptz, data jsonb,
  -- put right on the spot, under this condition; else null
  condition_code text, handled_note text, handled_photos jsonb
);

-- A transition, judged and not stored yet: the incident before and after it, without new clocks.
create type private.step as (
  before public.incidents, after public.incidents, effects text[], fields jsonb, data jsonb, photos jsonb,
  actor uuid, command_id uuid, at timestamptz,
  -- other incidents count in it or change with it
  stands_alone boolean
);

-- `handled` of a report: {note?, photos?}. The first condition of the category that allows it is taken.
create or replace function private.read_handled(p_report private.report, p_handled jsonb)
returns private.report language plpgsql set search_path = '' as $$
declare
  v_report private.report := p_report;
  v_needs_photos boolean;
begin
  if jsonb_typeof(p_handled) <> 'object' then
    perform private.reject_command('invalid_field', 'handled', 'not an object');
  end if;
  perform private.refuse_unknown_fields(p_handled, '{note,photos}');
  if not private.may_be_assigned(v_report.actor, v_report.area_code, null, v_report.at) then
    perform private.reject_command('not_allowed', 'handled');
  end if;
  select f.code, f.needs_after_photos into v_report.condition_code, v_needs_photos
  from public.filing_conditions f
  join public.categories c on c.code = f.category_code
  where f.category_code = v_report.category_code and f.is_active and f.allows_self_handling
    and exists (select from public.workflow_stages s
      where s.workflow = c.workflow_code and s.stage = 'closed')
  order by f.sort, f.code limit 1;
  if not found then
    perform private.reject_command('invalid_field', 'handled', 'not of this category');
  end if;
  v_report.handled_note := private.payload_text(p_handled, 'note', false, 2000);
  v_report.handled_photos := private.payload_photos(p_handled, v_needs_photos);
  return v_report;
end $$;

-- {incidentId, categoryCode, lon, lat, description?, severity?, addressLabel?, deviceAt?, photos?,
-- accuracyMeters?, placedBy?, handled?}, anywhere in the city. Rejects all that store_reports would refuse.
create or replace function private.read_report(
  p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns private.report language plpgsql set search_path = '' as $$
declare
  v_report private.report;
  v_requires_description boolean;
begin
  perform private.refuse_unknown_fields(p_payload,
    '{incidentId,categoryCode,lon,lat,description,severity,addressLabel,deviceAt,photos,accuracyMeters,placedBy,handled}');
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
  if coalesce(p_payload -> 'handled', 'null') <> 'null' then
    v_report := private.read_handled(v_report, p_payload -> 'handled');
  end if;
  -- Checked last: only this check can change when the waiting batch is stored.
  if exists (select 1 from public.incidents i where i.id = v_report.id) then
    perform private.reject_command('incident_exists', 'incidentId');
  end if;
  return v_report;
end $$;

create type private.brought_photos as (district_code text, incident_id uuid, seq integer, owner uuid,
  command_id uuid, at timestamptz, photos jsonb);

-- Skips photos already there.
create or replace function private.store_photos(p_brought private.brought_photos[])
returns void language plpgsql set search_path = '' as $$
begin
  insert into public.incident_photos (district_code, incident_id, hash, owner, media_type, bytes,
    width, height, taken_at, lon, lat, seq_in_log, command_id, at)
  select b.district_code, b.incident_id, p.hash, b.owner, p."mediaType", p.bytes,
    p.width, p.height, p."takenAt", p.lon, p.lat, b.seq, b.command_id, b.at
  from unnest(p_brought) b
  cross join lateral jsonb_to_recordset(b.photos) as p (hash text, "mediaType" text, bytes integer,
    width integer, height integer, "takenAt" timestamptz, lon double precision, lat double precision)
  on conflict do nothing;
end $$;

-- All or none, in a fixed number of statements.
create or replace function private.store_reports(p_reports private.report[])
returns void language plpgsql set search_path = '' as $$
declare
  v_numbers text[];
begin
  -- planning the clocks of no report takes longer than a transition
  if cardinality(p_reports) = 0 then return; end if;
  v_numbers := private.draw_case_numbers(array(
    select extract(year from r.at at time zone city.time_zone)::integer
    from unnest(p_reports) with ordinality r cross join public.city_settings city order by r.ordinality));
  with stored as (
    insert into public.incidents (district_code, id, category_code, area_code, severity, lon, lat,
      qx, qy, description, address_label, reported_at, device_at, month, reported_by,
      workflow_code, stage, state, state_since, condition_code, self_handled, closed_at, case_number)
    select r.district_code, r.id, r.category_code, r.area_code, r.severity, r.lon, r.lat,
      r.qx, r.qy, r.description, r.address_label, r.at, r.device_at,
      date_trunc('month', r.at at time zone city.time_zone)::date, r.actor,
      w.code, case when r.condition_code is null then 'reported' else 'closed' end,
      case when r.condition_code is null then w.first_state else private.first_state_of(w.code, 'closed') end,
      r.at, r.condition_code, r.condition_code is not null,
      case when r.condition_code is not null then r.at end, v_numbers[r.ordinality]
    from unnest(p_reports) with ordinality r
    join public.categories c on c.code = r.category_code
    join public.workflows w on w.code = c.workflow_code
    cross join public.city_settings city
  ), started as (
    insert into public.incident_clocks
    select * from private.first_clocks(array(
      select r from unnest(p_reports) r where r.condition_code is null)::private.report[])
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
end $$;

-- The rights before a correction of the caller's own, of the last day, that took the incident out of their sight.
-- A command composed before the call of that correction left waited in one queue with it: it keeps all of them.
-- Both instants are of one device's clock. Later ones, and those without an instant, keep the right to add notes,
-- photos and sightings alone: an answer can be lost for hours. Null without such a correction.
create or replace function private.rights_before_own_move(
  p_incident public.incidents, p_composed timestamptz, p_at timestamptz, p_to_act boolean)
returns private.incident_rights language plpgsql stable set search_path = '' as $$
declare
  v_before public.incidents := p_incident;
  v_actor uuid;
  v_at timestamptz;
  v_left timestamptz;
  v_rights private.incident_rights;
begin
  select l.data -> 'areaCode' ->> 0, l.actor, l.at, c.sent_at into v_before.area_code, v_actor, v_at, v_left
  from public.incident_log l
  left join public.commands c on c.id = l.command_id
  where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
    and l.kind = 'corrected' and l.data ? 'areaCode'
  order by l.seq desc limit 1;
  if v_actor is distinct from auth.uid() or v_at <= p_at - interval '1 day' then return null; end if;
  if p_composed <= v_left then return private.rights_on(v_before, p_at, p_to_act); end if;
  if p_to_act then return null; end if;
  v_rights := private.rights_on(v_before, p_at);
  v_rights.roles := '{}';
  v_rights.acts_as := '{}';
  v_rights.may_ask := false;
  v_rights.may_correct := false;
  return v_rights;
end $$;

create type private.locked_incident as (incident public.incidents, rights private.incident_rights);

-- Locks the incident, so that no version or log number is given twice; the rights are the caller's. Crosswise
-- locks end one call with a deadlock; the device sends it again. `p_to_act`: see private.rights_on.
create or replace function private.lock_incident(p_payload jsonb, p_at timestamptz, p_to_act boolean default false)
returns private.locked_incident language plpgsql set search_path = '' as $$
declare
  v_id uuid := private.payload_uuid(p_payload, 'incidentId');
  v_locked private.locked_incident;
begin
  -- the collation keeps a database without statistics from reading the whole primary key
  select i as incident into v_locked.incident from public.incidents i where i.id = v_id
  order by i.district_code collate "C" limit 1 for no key update;
  if found then
    v_locked.rights := private.rights_on(v_locked.incident, p_at, p_to_act);
    if (v_locked.rights).sees is not true then
      v_locked.rights := private.rights_before_own_move(
        v_locked.incident, private.payload_instant(p_payload, 'deviceAt'), p_at, p_to_act);
    end if;
  end if;
  if (v_locked.rights).sees is not true then
    perform private.reject_command('unknown_incident', 'incidentId');
  end if;
  return v_locked;
end $$;

create type private.log_entry as (district_code text, incident_id uuid, actor uuid, command_id uuid,
  at timestamptz, kind text, stage_from text, stage_to text, note text, data jsonb, photos jsonb);

-- One entry each for several incidents, which the caller has locked.
create or replace function private.append_entries(p_entries private.log_entry[])
returns void language plpgsql set search_path = '' as $$
declare
  v_brought private.brought_photos[];
begin
  with stored as (
    insert into public.incident_log
      (district_code, incident_id, seq, at, actor, kind, stage_from, stage_to, note, data, command_id)
    select e.district_code, e.incident_id, 1 + coalesce((
        select max(l.seq) from public.incident_log l
        where l.district_code = e.district_code and l.incident_id = e.incident_id), 0),
      e.at, e.actor, e.kind, e.stage_from, e.stage_to, coalesce(e.note, ''), e.data, e.command_id
    from unnest(p_entries) e
    returning district_code, incident_id, seq
  )
  select array_agg((e.district_code, e.incident_id, s.seq, e.actor, e.command_id, e.at, e.photos)
    ::private.brought_photos)
  into v_brought
  from unnest(p_entries) e
  join stored s on s.district_code = e.district_code and s.incident_id = e.incident_id
  where e.photos <> '[]';
  if v_brought is not null then perform private.store_photos(v_brought); end if;
end $$;

-- The caller has locked the incident.
create or replace function private.append_log(p_incident public.incidents, p_actor uuid, p_command uuid,
  p_at timestamptz, p_kind text, p_note text, p_data jsonb, p_photos jsonb,
  p_stage_from text default null, p_stage_to text default null)
returns void language plpgsql set search_path = '' as $$
begin
  perform private.append_entries(array[(p_incident.district_code, p_incident.id, p_actor, p_command, p_at, p_kind,
    p_stage_from, p_stage_to, p_note, p_data, p_photos)::private.log_entry]);
end $$;

-- {incidentId, note, asks?, deviceAt?}; `asks` makes it a question to the reporter.
create or replace function private.add_note(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_locked private.locked_incident;
  v_asks boolean;
  v_note text;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,note,asks,deviceAt}');
  if coalesce(jsonb_typeof(p_payload -> 'asks'), 'null') not in ('boolean', 'null') then
    perform private.reject_command('invalid_field', 'asks', 'not true or false');
  end if;
  v_asks := coalesce((p_payload ->> 'asks')::boolean, false);
  v_note := private.payload_text(p_payload, 'note', true, 10000);
  if private.is_blank(v_note) then perform private.reject_command('missing_field', 'note'); end if;
  v_locked := private.lock_incident(p_payload, p_at);
  if not (case when v_asks then (v_locked.rights).may_ask else (v_locked.rights).may_note end) then
    perform private.reject_command('not_allowed');
  end if;
  perform private.append_log(v_locked.incident, p_actor, p_command, p_at,
    case when v_asks then 'asked' else 'note' end, v_note,
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]', '{}'), '[]');
  return jsonb_build_object('incident_id', (v_locked.incident).id);
end $$;

-- {incidentId, photos, note?, deviceAt?}
create or replace function private.add_photo(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_locked private.locked_incident;
  v_incident public.incidents;
  v_photos jsonb;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,photos,note,deviceAt}');
  v_photos := private.payload_photos(p_payload, true);
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  if not (v_locked.rights).may_note then
    perform private.reject_command('not_allowed');
  end if;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'photo',
    private.payload_text(p_payload, 'note', false, 10000),
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, v_photos, '{}'), v_photos);
  return jsonb_build_object('incident_id', v_incident.id, 'photos', to_jsonb(private.photo_hashes(v_photos)));
end $$;

-- {incidentId, lon, lat, accuracyMeters?, note?, photos?, deviceAt?}: the incident was seen again.
create or replace function private.confirm_duplicate(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_locked private.locked_incident;
  v_incident public.incidents;
  v_photos jsonb;
  v_data jsonb;
begin
  perform private.refuse_unknown_fields(p_payload,
    '{incidentId,note,photos,lon,lat,accuracyMeters,deviceAt}');
  v_photos := private.payload_photos(p_payload, false);
  v_data := private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, v_photos,
    jsonb_strip_nulls(jsonb_build_object(
      'lon', private.payload_number(p_payload, 'lon', true, -180, 180),
      'lat', private.payload_number(p_payload, 'lat', true, -90, 90),
      'accuracyMeters', private.payload_number(p_payload, 'accuracyMeters', false, 0, 100000))));
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  if not (v_locked.rights).may_note then
    perform private.reject_command('not_allowed');
  end if;
  if not private.is_open(v_incident.stage) then
    perform private.reject_command('incident_closed', 'incidentId');
  end if;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'confirmed',
    private.payload_text(p_payload, 'note', false, 10000), v_data, v_photos);
  return jsonb_build_object('incident_id', v_incident.id, 'photos', to_jsonb(private.photo_hashes(v_photos)));
end $$;

-- The server's version in a conflict. `changedBy` made it.
create or replace function private.server_side(p_incident public.incidents)
returns jsonb language sql stable set search_path = '' set timezone = 'UTC' as $$
  select jsonb_build_object('version', p_incident.version, 'categoryCode', p_incident.category_code,
    'lon', p_incident.lon, 'lat', p_incident.lat, 'description', p_incident.description,
    'severity', p_incident.severity, 'addressLabel', p_incident.address_label,
    'areaCode', p_incident.area_code, 'stage', p_incident.stage, 'state', p_incident.state,
    'departmentCode', p_incident.department_code, 'reportedBy', p_incident.reported_by, 'changedAt', last.at, 'changedBy', p.display_name)
  from (values (1)) one
  left join lateral (
    select l.at, l.actor from public.incident_log l
    where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
      and l.kind not in ('note', 'noted', 'asked', 'photo', 'confirmed', 'called', 'rated', 'kept_closed',
        'appealed', 'appeal_reviewed')
    order by l.seq desc limit 1) last on true
  left join public.profiles p on p.user_id = last.actor
$$;

-- Applies {categoryCode?, lon?, lat?, description?, severity?, addressLabel?}. The area and a label
-- that names it follow the place, the shard key stays.
create or replace function private.corrected_incident(p_incident public.incidents, p_changes jsonb)
returns public.incidents language plpgsql set search_path = '' as $$
declare
  v_new public.incidents := p_incident;
  v_place record;
begin
  if p_changes ? 'categoryCode' then
    v_new.category_code := private.payload_text(p_changes, 'categoryCode', true, 60);
  end if;
  if p_changes ? 'description' then
    v_new.description := private.payload_text(p_changes, 'description', true, 10000);
  end if;
  if v_new.category_code <> p_incident.category_code then
    -- conditions are of one category; another workflow goes on from the same stage
    v_new.condition_code := null;
    select c.workflow_code into v_new.workflow_code from public.categories c where c.code = v_new.category_code;
    if v_new.workflow_code <> p_incident.workflow_code then
      v_new.state := private.first_state_of(v_new.workflow_code, p_incident.stage);
      v_new.passed := '{}';
    end if;
  end if;
  if p_changes ?| '{categoryCode,description}' and private.check_category(v_new.category_code)
    and private.is_blank(v_new.description) then
    perform private.reject_command('missing_field', 'description');
  end if;
  if p_changes ? 'severity' then
    v_new.severity := private.payload_whole(p_changes, 'severity', true, 1, 4);
  end if;
  if p_changes ? 'addressLabel' then
    v_new.address_label := private.payload_text(p_changes, 'addressLabel', true, 500);
  end if;
  if p_changes ?| '{lon,lat}' then
    v_new.lon := private.payload_number(p_changes, 'lon', true, -180, 180);
    v_new.lat := private.payload_number(p_changes, 'lat', true, -90, 90);
    select * into v_place from private.place_incident(v_new.lon, v_new.lat);
    if v_place.area_code is null then
      perform private.reject_command('outside_city');
    end if;
    v_new.area_code := v_place.area_code;
    v_new.qx := v_place.qx;
    v_new.qy := v_place.qy;
    -- a label that only names the area follows it; words of people stay
    if v_new.area_code <> p_incident.area_code and not p_changes ? 'addressLabel'
      and p_incident.address_label = private.area_label(p_incident.area_code) then
      v_new.address_label := private.area_label(v_new.area_code);
    end if;
  end if;
  return v_new;
end $$;

-- {field: [before, after]}
create or replace function private.correction_changes(p_old public.incidents, p_new public.incidents)
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(jsonb_object_agg(f.name, jsonb_build_array(f.old, f.new)), '{}')
  from (values
    ('categoryCode', to_jsonb(p_old.category_code), to_jsonb(p_new.category_code)),
    ('lon', to_jsonb(p_old.lon), to_jsonb(p_new.lon)),
    ('lat', to_jsonb(p_old.lat), to_jsonb(p_new.lat)),
    ('description', to_jsonb(p_old.description), to_jsonb(p_new.description)),
    ('severity', to_jsonb(p_old.severity), to_jsonb(p_new.severity)),
    ('addressLabel', to_jsonb(p_old.address_label), to_jsonb(p_new.address_label))
  ) as f (name, old, new)
  where f.old <> f.new
$$;

-- {incidentId, baseVersion, changes, deviceAt?}. A stale baseVersion raises WG002.
create or replace function private.correct_incident(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_locked private.locked_incident;
  v_incident public.incidents;
  v_new public.incidents;
  v_base integer;
  v_changes jsonb := p_payload -> 'changes';
  v_version integer;
  v_diff jsonb;
  v_due timestamptz;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,baseVersion,changes,deviceAt}');
  v_base := private.payload_whole(p_payload, 'baseVersion', true, 1, 2147483647);
  if coalesce(v_changes, 'null') in ('null', '{}') then
    perform private.reject_command('missing_field', 'changes');
  end if;
  if jsonb_typeof(v_changes) <> 'object' then
    perform private.reject_command('invalid_field', 'changes', 'not an object');
  end if;
  perform private.refuse_unknown_fields(v_changes,
    '{categoryCode,lon,lat,description,severity,addressLabel}');
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  if not (v_locked.rights).may_correct then
    perform private.reject_command('not_allowed');
  end if;
  if not private.is_open(v_incident.stage) then
    perform private.reject_command('incident_closed', 'incidentId');
  end if;
  if v_incident.version <> v_base then
    raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object(
      'code', 'conflict', 'server', private.server_side(v_incident))::text;
  end if;
  v_new := private.corrected_incident(v_incident, v_changes);
  v_diff := private.correction_changes(v_incident, v_new);
  if v_diff = '{}' then
    return jsonb_build_object('incident_id', v_incident.id, 'version', v_incident.version);
  end if;
  v_due := private.due_of(v_incident);
  if (v_new.category_code, v_new.area_code) <> (v_incident.category_code, v_incident.area_code) then
    perform private.move_clocks(v_new, p_at);
  end if;
  update public.incidents i set category_code = v_new.category_code, workflow_code = v_new.workflow_code,
    state = v_new.state, passed = v_new.passed, condition_code = v_new.condition_code, lon = v_new.lon, lat = v_new.lat,
    area_code = v_new.area_code, qx = v_new.qx, qy = v_new.qy, description = v_new.description,
    severity = v_new.severity, address_label = v_new.address_label
  where i.district_code = v_incident.district_code and i.id = v_incident.id
  returning i.version into v_version;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'corrected', '',
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]',
      jsonb_strip_nulls(jsonb_build_object('changes', v_diff, 'areaCode',
        case when v_new.area_code <> v_incident.area_code
          then jsonb_build_array(v_incident.area_code, v_new.area_code) end))), '[]');
  perform private.log_clock_move(v_incident, v_due, p_actor, p_command, p_at);
  return jsonb_build_object('incident_id', v_incident.id, 'version', v_version);
end $$;
