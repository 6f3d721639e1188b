create table private.rating_devices (
  district_code text not null,
  incident_id uuid not null,
  closing smallint not null,
  device_id uuid not null,
  primary key (district_code, incident_id, closing),
  constraint rating_devices_rating_fkey foreign key (district_code, incident_id, closing)
    references public.ratings (district_code, incident_id, closing) on delete cascade
);
alter table private.rating_devices enable row level security;

CREATE OR REPLACE FUNCTION private.rate(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_device constant uuid := case when coalesce(jsonb_typeof(p_payload -> 'deviceId'), 'null') <> 'null'
    then private.payload_uuid(p_payload, 'deviceId') end;
  v_call public.callbacks;
  v_incident public.incidents;
  v_version integer;
begin
  perform private.refuse_unknown_fields(p_payload,
    '{incidentId,closing,responded,solved,satisfied,why,deviceAt,deviceId}');
  v_call := private.lock_callback(p_actor, p_payload, p_at);
  select * into v_incident from public.incidents i
  where i.district_code = v_call.district_code and i.id = v_call.incident_id;
  v_version := private.store_rating(v_incident, 'callback', p_actor, null, p_command, p_payload, p_at);
  if v_device is not null then
    insert into private.rating_devices (district_code, incident_id, closing, device_id)
    values (v_call.district_code, v_call.incident_id, v_call.closing, v_device);
  end if;
  update public.callbacks c set outcome = 'reached', attempts = c.attempts + 1, last_by = p_actor, last_at = p_at,
    last_device_at = private.payload_instant(p_payload, 'deviceAt')
  where c.district_code = v_call.district_code and c.incident_id = v_call.incident_id and c.closing = v_call.closing;
  return jsonb_build_object('incident_id', v_incident.id, 'version', v_version);
end $function$;

CREATE OR REPLACE FUNCTION private.rating_signs(p_days integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_user constant uuid := private.require_user();
  v_led constant text[] := private.scope_area_codes('{leader,grid_manager,admin}');
begin
  if p_days is null or p_days not between 1 and 366 then
    raise exception 'p_days: 1 to 366 days' using errcode = '22023', detail = 'p_days';
  end if;
  return (
    with seen as materialized (
      select r.*, coalesce(a.parent_code, a.code) as place, d.device_id
      from public.ratings r
      join public.areas a on a.code = r.area_code
      left join private.rating_devices d on d.district_code = r.district_code and d.incident_id = r.incident_id
        and d.closing = r.closing
      where v_user is not null and r.at > now() - make_interval(days => p_days) and r.area_code = any (v_led)
    ), device_bursts as (
      -- of each device the ten minutes with the most; by one caller alone it is a burst of theirs
      select distinct on (w.device_id) w.device_id, w.at, w.n
      from (
        select s.device_id, s.at, count(*) over following as n,
          min(s.asked_by::text) over following <> max(s.asked_by::text) over following as is_shared
        from seen s where s.device_id is not null
        window following as (partition by s.device_id order by s.at
          range between current row and interval '10 minutes' following)) w
      where w.n >= 8 and w.is_shared
      order by w.device_id, w.n desc, w.at
    ), signs (kind, place, person, words, n, from_at, to_at, is_generated, people) as (
      select 'all_equal', s.place, null::uuid, null::text, count(*), min(s.at), max(s.at), bool_or(s.is_generated),
        null::uuid[]
      from seen s where s.satisfied is not null
      group by s.place having count(*) >= 30 and min(s.satisfied) = max(s.satisfied)
      union all
      select 'same_words', s.place, null, min(w.words), count(*), min(s.at), max(s.at), bool_or(s.is_generated), null
      from seen s
      join public.rating_words w on w.district_code = s.district_code and w.incident_id = s.incident_id
        and w.closing = s.closing
      cross join lateral (select private.bare_words(w.words) as bare) b
      -- short words are often the same
      where length(b.bare) >= 6
      group by s.place, b.bare having count(*) >= 5
      union all
      select 'burst', null, b.asked_by, null, max(b.n), min(b.at) filter (where b.n >= 8),
        max(b.at) filter (where b.n >= 8), bool_or(b.is_generated), null
      from (
        select s.asked_by, s.at, s.is_generated, count(*) over (partition by s.asked_by order by s.at
          range between current row and interval '10 minutes' following) as n
        from seen s where s.asked_by is not null) b
      group by b.asked_by having max(b.n) >= 8
      union all
      select 'device_burst', null, null, null, max(b.n), min(s.at), max(s.at), bool_or(s.is_generated),
        array_agg(distinct s.asked_by)
      from device_bursts b
      join seen s on s.device_id = b.device_id and s.at between b.at and b.at + interval '10 minutes'
      group by b.device_id
      union all
      select 'at_once', s.place, null, null, count(*), min(s.at), max(s.at), bool_or(s.is_generated), null
      from seen s where s.at < s.closed_at + interval '1 minute'
      group by s.place
    )
    select jsonb_build_object('asOf', now(), 'signs', coalesce(jsonb_agg(jsonb_build_object('kind', g.kind,
      'areaCode', g.place, 'personName', p.display_name, 'words', g.words, 'count', g.n, 'from', g.from_at,
      'to', g.to_at, 'isGenerated', g.is_generated, 'people', (
        select coalesce(jsonb_agg(o.display_name order by o.display_name), '[]') from public.profiles o
        where o.user_id = any (g.people))) order by g.kind, g.n desc, g.place, p.display_name), '[]'))
    from (select * from signs order by kind, n desc limit 100) g
    left join public.profiles p on p.user_id = g.person);
end $function$;
