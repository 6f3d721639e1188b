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
