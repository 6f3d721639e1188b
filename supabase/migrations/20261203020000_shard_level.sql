alter table public.city_settings drop constraint city_settings_shard_level_check;

create table private.shard_moves (
  n integer primary key,
  from_level text not null,
  to_level text not null,
  started_at timestamptz not null default clock_timestamp(),
  started_by uuid,
  finished_at timestamptz,
  is_replaced boolean not null default false,
  total integer not null,
  seen integer not null default 0,
  moved integer not null default 0,
  pass integer not null default 1,
  pass_moved integer not null default 0,
  last_id uuid
);
alter table private.shard_moves enable row level security;

CREATE OR REPLACE FUNCTION private.shard_level_fault(p_level text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case
    when private.level_rank(p_level) is null then 'unknown_level'
    when p_level = 'grid' then 'too_small'
    when p_level <> 'city' and not exists (
      select from public.areas a, private.city_today() today
      where a.level = p_level and private.is_valid(a.valid_from, a.valid_to, today)) then 'no_areas'
    when p_level = city.shard_level then 'present'
  end
  from public.city_settings city
$function$;

CREATE OR REPLACE FUNCTION private.shard_state()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object(
    'level', city.shard_level,
    'levels', (
      select jsonb_agg(jsonb_build_object('level', l.level, 'areas', l.areas,
        'fault', private.shard_level_fault(l.level)) order by private.level_rank(l.level))
      from (
        select l.level, (select count(*) from public.areas a, private.city_today() today
          where a.level = l.level and private.is_valid(a.valid_from, a.valid_to, today)) as areas
        from unnest(array['city', 'district', 'subdistrict', 'community', 'grid']) l (level)) l),
    'incidents', (select count(*) from public.incidents),
    'lastMove', (
      select jsonb_build_object('from', m.from_level, 'to', m.to_level, 'startedAt', m.started_at,
        'startedBy', p.display_name, 'finishedAt', m.finished_at, 'isReplaced', m.is_replaced,
        'total', m.total, 'seen', least(m.seen, m.total), 'moved', m.moved, 'isChecking', m.pass > 1)
      from private.shard_moves m left join public.profiles p on p.user_id = m.started_by
      order by m.n desc limit 1))
  from public.city_settings city
$function$;

CREATE OR REPLACE FUNCTION private.begin_shard_move(p_level text, p_by uuid DEFAULT NULL::uuid)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_fault text;
begin
  -- reports under way keep the present level
  lock table public.incidents in exclusive mode;
  v_fault := private.shard_level_fault(p_level);
  if v_fault is not null then
    return v_fault;
  end if;
  update private.shard_moves set finished_at = clock_timestamp(), is_replaced = true where finished_at is null;
  insert into private.shard_moves (n, from_level, to_level, started_by, total)
  select (select coalesce(max(m.n), 0) + 1 from private.shard_moves m), city.shard_level, p_level, p_by, (select count(*) from public.incidents) from public.city_settings city;
  update public.city_settings set shard_level = p_level;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION private.keyed_tables()
 RETURNS TABLE(name regclass, id_column text)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select c.oid::regclass, case c.oid when 'public.incidents'::regclass then 'id' else 'incident_id' end
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace and n.nspname in ('public', 'private')
  where c.relkind in ('r', 'p') and exists (
    select from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = 'district_code' and not a.attisdropped)
  order by c.oid
$function$;

CREATE OR REPLACE FUNCTION private.change_keys(p_ids uuid[], p_old text[], p_new text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_table record;
begin
  for v_table in
    select k.name from private.keyed_tables() k
    where exists (select from pg_catalog.pg_trigger t where t.tgrelid = k.name and not t.tgisinternal)
  loop
    execute format('alter table %s disable trigger user', v_table.name);
  end loop;
  -- one statement: foreign keys are compared after it
  execute (
    select 'with k as materialized (select * from unnest($1, $2, $3) k (id, old_key, new_key)), '
      || string_agg(format('t%s as (update %s t set district_code = k.new_key from k
        where t.district_code = k.old_key and t.%s = k.id)', n, name, id_column), ', ') || ' select'
    from (select row_number() over () as n, k.name, k.id_column from private.keyed_tables() k) k)
  using p_ids, p_old, p_new;
  for v_table in
    select k.name from private.keyed_tables() k
    where exists (select from pg_catalog.pg_trigger t where t.tgrelid = k.name and not t.tgisinternal)
  loop
    execute format('alter table %s enable trigger user', v_table.name);
  end loop;
end $function$;

CREATE OR REPLACE FUNCTION private.continue_shard_move(p_count integer DEFAULT 1000)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
 SET lock_timeout TO '1s'
AS $function$
declare
  v_move private.shard_moves;
  v_ids uuid[];
  v_old text[];
  v_new text[];
  v_seen integer;
  v_last uuid;
begin
  -- who has read a key holds a lock on the row, and writes by that key
  lock table public.incidents in exclusive mode;
  select * into v_move from private.shard_moves m where m.finished_at is null for update;
  if v_move.n is null then
    return false;
  end if;

  with roots as materialized (
    select i.district_code, i.id, i.area_code from public.incidents i
    where i.parent_id is null and (v_move.last_id is null or i.id > v_move.last_id)
    order by i.id limit p_count
  ), keys as materialized (
    select a.code, d.district_code
    from public.areas a cross join lateral private.shard_of(a.path, v_move.to_level) d
    where a.code in (select r.area_code from roots r)
  ), families as (
    select r.id, r.district_code as old_key, k.district_code as new_key
    from roots r join keys k on k.code = r.area_code
    union all
    select c.id, c.district_code, k.district_code
    from roots r
    join keys k on k.code = r.area_code
    join public.incidents c on c.district_code = r.district_code and c.parent_id = r.id
  )
  select count(*), (select r.id from roots r order by r.id desc limit 1),
    array_agg(f.id) filter (where f.old_key <> f.new_key), array_agg(f.old_key) filter (where f.old_key <> f.new_key),
    array_agg(f.new_key) filter (where f.old_key <> f.new_key)
  into v_seen, v_last, v_ids, v_old, v_new
  from families f;

  if v_ids is not null then
    perform private.change_keys(v_ids, v_old, v_new);
  end if;

  update private.shard_moves m set
    moved = m.moved + coalesce(cardinality(v_ids), 0),
    seen = case when m.pass = 1 then m.seen + v_seen else m.seen end,
    pass = case when v_last is null then m.pass + 1 else m.pass end,
    pass_moved = case when v_last is null then 0 else m.pass_moved + coalesce(cardinality(v_ids), 0) end,
    last_id = v_last,
    finished_at = case when v_last is null and m.pass_moved = 0 then clock_timestamp() end
  where m.n = v_move.n;
  return v_last is not null or v_move.pass_moved > 0;
end $function$;

alter table public.city_settings add constraint city_settings_shard_level_check CHECK ((shard_level = ANY (ARRAY['city'::text, 'district'::text, 'subdistrict'::text, 'community'::text])));

CREATE UNIQUE INDEX shard_moves_running_idx ON private.shard_moves USING btree ((true)) WHERE (finished_at IS NULL);
