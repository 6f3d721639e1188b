-- A restore with the journal keeps the instance, and with it the queues on people's devices; what the
-- database counted since the snapshot it counts again. Cursors given out before must not be taken for
-- its own: their instance part carries how often it was put back.
alter table public.city_settings add column restores integer not null default 0;

create or replace function private.current_cursor()
returns text language sql stable security definer set search_path = '' as $$
  select instance_id || '-' || restores || '.' || pg_snapshot_xmin(pg_current_snapshot())
  from public.city_settings
$$;
