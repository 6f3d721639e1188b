CREATE OR REPLACE FUNCTION private.area_label(p_code text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(string_agg(n.name, ' · ' order by n.depth)
    filter (where n.name <> '' and not coalesce(starts_with(n.next, n.name), false)), '')
  from (
    select length(a.path) as depth, btrim(a.name) as name,
      lead(btrim(a.name)) over (order by length(a.path)) as next
    from public.areas own
    join public.areas a on a.code = any (string_to_array(rtrim(own.path, '/'), '/'))
    where own.code = p_code and (a.level <> 'city' or a.code = own.code)
  ) n
$function$;

CREATE OR REPLACE FUNCTION private.rights_before_own_move(p_incident public.incidents, p_at timestamp with time zone, p_to_act boolean)
 RETURNS private.incident_rights
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_before public.incidents := p_incident;
  v_actor uuid;
  v_at timestamptz;
begin
  select l.data -> 'areaCode' ->> 0, l.actor, l.at into v_before.area_code, v_actor, v_at
  from public.incident_log l
  where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
    and l.kind = 'corrected' and l.data ? 'areaCode'
  order by l.seq desc limit 1;
  if v_actor is distinct from auth.uid() or v_at <= p_at - interval '1 day' then return null; end if;
  return private.rights_on(v_before, p_at, p_to_act);
end $function$;

CREATE OR REPLACE FUNCTION private.lock_incident(p_payload jsonb, p_at timestamp with time zone, p_to_act boolean DEFAULT false)
 RETURNS private.locked_incident
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
      v_locked.rights := private.rights_before_own_move(v_locked.incident, p_at, p_to_act);
    end if;
  end if;
  if (v_locked.rights).sees is not true then
    perform private.reject_command('unknown_incident', 'incidentId');
  end if;
  return v_locked;
end $function$;

CREATE OR REPLACE FUNCTION private.corrected_incident(p_incident public.incidents, p_changes jsonb)
 RETURNS public.incidents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.incident_moved(p_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.incident_moved(p_id uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.incident_moved(p_id)
$function$;

revoke all on function private.incident_moved(uuid) from public, anon, authenticated, service_role;

grant execute on function private.incident_moved(uuid) to authenticated;

revoke all on function public.incident_moved(uuid) from public, anon, authenticated, service_role;

grant execute on function public.incident_moved(uuid) to authenticated;
