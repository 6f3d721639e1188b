-- The present text with its reasons is in supabase/schemas.

drop function private.current_cursor();

drop function private.month_changes_since(text);

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
  -- an earlier look in this transaction would be repeated otherwise
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
  -- the caller's own transaction is not in the list
  before_xid := least(before_xid, pg_current_xact_id_if_assigned()::text::bigint,
    pg_snapshot_xmax(v_snapshot)::text::bigint);
end $function$;

CREATE OR REPLACE FUNCTION private.cursor_at(p_before_xid bigint)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select instance_id || '-' || restores || '.' || p_before_xid from public.city_settings
$function$;

CREATE OR REPLACE FUNCTION private.incident_months()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_months jsonb;
begin
  execute format($q$
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m.month, 'YYYY-MM'), 'count', m.n,
      'revision', private.month_revision(m.n, m.newest, m.total)) order by m.month), '[]')
    from (
      select i.month, count(*) as n, max(i.changed_xid) as newest, sum(i.changed_xid) as total
      from public.incidents i where %s group by i.month
    ) m $q$, private.scope_condition(private.resolve_scope(), 'i'))
  into v_months;
  return jsonb_build_object('cursor', private.cursor_at((private.settled_until()).before_xid), 'asOf', private.data_as_of(),
    'months', v_months);
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
  -- a cursor of the future comes from a database that was put back
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
