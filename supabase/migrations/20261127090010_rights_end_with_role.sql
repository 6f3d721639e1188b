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
