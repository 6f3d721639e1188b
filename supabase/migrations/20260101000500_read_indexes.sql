-- What the read functions stand on: indexes, the change marks of a row, and where a row used to be.

create index if not exists incidents_id_idx on public.incidents (id);
-- one month of a scope, and revisions of months without touching the rows
create index incidents_month_idx on public.incidents (month, area_code, changed_xid);
create index incidents_changed_idx on public.incidents (changed_xid);
create index incidents_geom_idx on public.incidents using gist (geom);
create index incidents_department_idx on public.incidents (department_code, month);
create index incidents_reporter_idx on public.incidents (reported_by) where reported_by is not null;
-- whether anything was reported here rather than imported
create index incidents_here_idx on public.incidents (reported_at) where source is null;

-- The orders of incident_list. Keys are never null, so that a row comparison is the whole keyset
-- condition: what is not closed gets a value that sorts after everything else. "Newest first"
-- inside a group is the ascending distance back from a fixed instant.
create index incidents_reported_idx on public.incidents (reported_at, id);
create index incidents_open_idx on public.incidents (reported_at, id)
  where stage in ('reported', 'filed', 'dispatched', 'handled');
create index incidents_closed_idx on public.incidents (coalesce(closed_at, '-infinity'), id);
create index incidents_hours_desc_idx on public.incidents
  (coalesce(closed_at - reported_at, '-1 second'), id);
create index incidents_hours_asc_idx on public.incidents
  (coalesce(closed_at - reported_at, '1000000 days'), id);
create index incidents_area_idx on public.incidents
  (area_code, ('2000-01-01T00:00:00Z'::timestamptz - reported_at), id);
create index incidents_category_idx on public.incidents
  (category_code, ('2000-01-01T00:00:00Z'::timestamptz - reported_at), id);

create index if not exists incident_log_actor_idx on public.incident_log (actor);

-- Where an incident was before a change took it to another month, area or department. Somebody who
-- saw it there and does not see it any more must be told that the month changed.
create table private.incident_moves (
  district_code text not null,
  incident_id uuid not null,
  changed_xid bigint not null,
  month date not null,
  area_code text not null,
  department_code text,
  reported_by uuid,
  primary key (district_code, incident_id, changed_xid)
);
create index incident_moves_changed_idx on private.incident_moves (changed_xid);
alter table private.incident_moves enable row level security;
revoke all on table private.incident_moves from public, anon, authenticated;

-- Whoever writes, and whatever they set: version and changed_xid tell the truth.
create function private.mark_incident_change()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  new.changed_xid := pg_current_xact_id()::text::bigint;
  if tg_op = 'UPDATE' then
    new.version := old.version + 1;
  end if;
  return new;
end $$;

create trigger mark_incident_change
before insert or update on public.incidents
for each row execute function private.mark_incident_change();

-- Of several moves in one transaction the first counts: others only ever saw where it began.
create function private.record_incident_move()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into private.incident_moves
    (district_code, incident_id, changed_xid, month, area_code, department_code, reported_by)
  values (old.district_code, old.id, new.changed_xid, old.month, old.area_code,
    old.department_code, old.reported_by)
  on conflict do nothing;
  return null;
end $$;

create trigger record_incident_move
after update on public.incidents
for each row
when ((old.month, old.area_code, old.department_code)
  is distinct from (new.month, new.area_code, new.department_code))
execute function private.record_incident_move();

revoke all on function private.mark_incident_change() from public, anon, authenticated;
revoke all on function private.record_incident_move() from public, anon, authenticated;
