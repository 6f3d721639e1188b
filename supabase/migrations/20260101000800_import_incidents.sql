-- Bulk import of incidents. Not part of the public API: only the schema's owner calls it, one batch
-- a call, so that a batch is one transaction and a broken import can be run again.

-- The same source row has the same id everywhere and for ever (RFC 9562, version 8).
create function private.import_incident_id(p_source text, p_source_id text)
returns uuid language sql immutable strict parallel safe set search_path = '' as $$
  select (substr(h, 1, 12) || '8' || substr(h, 14, 3) || 'a' || substr(h, 18, 15))::uuid
  from (select encode(sha256(convert_to(p_source || E'\x1f' || p_source_id, 'UTF8')), 'hex') as h) x
$$;

-- 0 for the city down to 4 for the grid; null for a word that is no level.
create function private.level_rank(p_level text)
returns integer language sql immutable strict parallel safe set search_path = '' as $$
  select array_position(array['city', 'district', 'subdistrict', 'community', 'grid'], p_level) - 1
$$;

-- Which area holds each of many points: the deepest level, on a border the lowest code. Points that
-- no area holds are left out. `n` counts from 1 in the order of the arrays. The rule of
-- private.place_incident, but area by area instead of point by point, so that each polygon is unpacked
-- and prepared once a batch.
create function private.areas_of_points(p_lon double precision[], p_lat double precision[])
returns table (n integer, area_code text)
language sql stable set search_path = '' as $$
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
    where a.valid_from <= city.today and (a.valid_to is null or a.valid_to > city.today)
  )
  select distinct on (hit.n) hit.n, b.code
  from boxes b cross join lateral (
    select p.n from points p
    where p.lon between b.west and b.east and p.lat between b.south and b.north
      and extensions.st_covers(b.geom, p.geom)
    offset 0
  ) hit
  order by hit.n, b.depth desc, b.code collate "C"
$$;

-- Stores one batch and says what became of every row.
--   p_rows: [{line, id, hash, category, department, stage, onHold, severity, lon, lat, description,
--     address, reportedAt, closedAt, channel}]; instants are ISO 8601 with offset; `department` null
--     is the category's default; an id comes at most once a batch.
--   p_update: replace rows whose content changed, unless somebody worked on them here since.
-- Returns {stored, unchanged, updated, byLevel: {level: stored}, rejected: [{line, id, field, reason,
-- detail}]}. Reasons: unknown_category, unknown_department, bad_coordinates, bad_stage,
-- closed_before_opened, future_date, field_too_long, outside_city, changed_content, changed_here.
create function private.import_incidents(p_source text, p_rows jsonb, p_update boolean default false)
returns jsonb language plpgsql set search_path = '' as $$
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
    -- by id alone: content that moved to another district must not be stored twice
    select i.district_code, i.id, i.source_hash, i.stage,
      (select l.kind from public.incident_log l
       where l.district_code = i.district_code and l.incident_id = i.id
         and l.kind <> 'area_redrawn' order by l.seq desc limit 1) as last_kind,
      (select max(l.seq) from public.incident_log l
       where l.district_code = i.district_code and l.incident_id = i.id) as last_seq
    from (select distinct incident_id from input) wanted
    -- the fence keeps this a look-up by index each; a join may read the whole table for every batch
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
        ('stage', 'bad_stage', i.stage, i.stage is null or i.stage not in
          ('reported', 'filed', 'dispatched', 'handled', 'closed', 'rejected', 'merged')
          or (i.stage = 'closed') <> (i."closedAt" is not null)),
        ('severity', 'bad_severity', i.severity::text, i.severity not between 1 and 4),
        ('lon', 'bad_coordinates', i.lon || ' ' || i.lat,
          -- NaN is greater than every number here, so the ranges refuse it too
          (i.lon between -180 and 180 and i.lat between -90 and 90) is not true),
        ('reportedAt', 'bad_date', null, i."reportedAt" is null or not isfinite(i."reportedAt")),
        ('reportedAt', 'future_date', i."reportedAt"::text, i."reportedAt" > now()),
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
    -- array_agg without an order follows the scan; the explicit order keeps n and place together
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
        -- the ancestor at the shard level, else the top
        select d.code from public.areas d
        where d.code = any (string_to_array(rtrim(a.path, '/'), '/'))
        order by (d.level = v_city.shard_level) desc, length(d.path) limit 1)) as district,
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
end $$;

revoke all on function private.import_incident_id(text, text) from public;
revoke all on function private.level_rank(text) from public;
revoke all on function private.areas_of_points(double precision[], double precision[]) from public;
revoke all on function private.import_incidents(text, jsonb, boolean) from public;
