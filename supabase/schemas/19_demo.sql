-- The demo's generated steps: the owner's script takes them by the command path at past instants. Incidents and
-- commands keep a mark, `is_generated`. server/import/demo-loop.ts says which incidents and which steps.

-- Puts imported, open incidents back to the first state of their workflow, each at an instant of its own that starts
-- its clock: [{id, at}].
create or replace function private.begin_demo_incidents(p_starts jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_old public.incidents;
  v_new public.incidents;
  v_starts constant jsonb := (
    select jsonb_object_agg(s.start ->> 'id', s.start -> 'at') from jsonb_array_elements(p_starts) s (start));
  v_at timestamptz;
begin
  for v_old in
    select * from public.incidents i
    where i.id in (select k.id::uuid from jsonb_object_keys(v_starts) k (id)) and i.source is not null and private.is_open(i.stage) and not i.is_generated
    order by i.id for no key update
  loop
    v_at := (v_starts ->> v_old.id::text)::timestamptz;
    v_new := v_old;
    v_new.stage := 'reported';
    select w.first_state into v_new.state from public.workflows w where w.code = v_old.workflow_code;
    perform private.turn_clocks(array[(v_new, '{}', null, v_at)::private.clock_turn]);
    update public.incidents i set stage = v_new.stage, state = v_new.state, state_since = v_at,
      is_generated = true
    where i.district_code = v_old.district_code and i.id = v_old.id;
    perform private.append_log(v_old, null, null, v_at, 'demo_started', '', '{}', '[]',
      v_old.stage, v_new.stage);
  end loop;
end $$;

-- Takes commands in their order, each at its own instant and by its own person: [{id, actor, at, type, payload}]
-- with `payload` as an object. A transition gets the incident's present version. Returns how many.
-- Errors: P0001 when one is not applied; all are undone.
create or replace function private.take_demo_steps(p_steps jsonb)
returns integer language plpgsql set search_path = '' set timezone = 'UTC' as $$
declare
  v_step jsonb;
  v_payload jsonb;
  v_receipt jsonb;
  v_ids uuid[] := '{}';
begin
  for v_step in select value from jsonb_array_elements(p_steps) with ordinality as s (value, n) order by s.n loop
    v_payload := v_step -> 'payload';
    if v_step ->> 'type' = 'transition' then
      v_payload := v_payload || jsonb_build_object('baseVersion', (
        select i.version from public.incidents i where i.id = (v_payload ->> 'incidentId')::uuid));
    end if;
    perform set_config('request.jwt.claim.sub', v_step ->> 'actor', true),
      set_config('request.jwt.claims',
        jsonb_build_object('sub', v_step ->> 'actor', 'role', 'authenticated')::text, true);
    v_receipt := private.apply_commands_at(json_build_array(json_build_object('id', v_step ->> 'id',
      'actor', v_step ->> 'actor', 'type', v_step ->> 'type', 'at', v_step ->> 'at',
      'payload', v_payload::text)), (v_step ->> 'at')::timestamptz, false) -> 0;
    if v_receipt ->> 'outcome' is distinct from 'applied' then
      raise exception 'the demo''s step % was not taken: %', v_step, v_receipt;
    end if;
    v_ids := v_ids || (v_step ->> 'id')::uuid;
  end loop;
  update public.commands c set is_generated = true where c.id = any (v_ids);
  return cardinality(v_ids);
end $$;

-- Makes incidents with generated steps alone as they were imported, so that a later import moves them. Those with
-- a step of a person stay. Returns how many it made so.
create or replace function private.clear_demo_incidents()
returns integer language plpgsql set search_path = '' as $$
declare
  v_ids uuid[];
begin
  -- first of all: a step that is being taken ends before
  lock table public.incident_log in share row exclusive mode;
  v_ids := array(
    select i.id from public.incidents i
    where i.is_generated and not exists (
      select from public.incident_log l
      left join public.commands c on c.id = l.command_id
      where l.district_code = i.district_code and l.incident_id = i.id and l.actor is not null
        and c.is_generated is not true));
  -- a step of a person may name one as its parent
  v_ids := array(select unnest(v_ids) except select i.parent_id from public.incidents i);
  delete from public.incident_clocks c where c.incident_id = any (v_ids);
  delete from public.incident_photos p where p.incident_id = any (v_ids);
  delete from public.commands c where c.incident_id = any (v_ids) and c.is_generated;
  alter table public.incident_log disable trigger refuse_log_change;
  delete from public.incident_log l
  where l.incident_id = any (v_ids) and l.kind not in ('imported', 'import_updated', 'area_redrawn');
  alter table public.incident_log enable trigger refuse_log_change;
  update public.incidents i set stage = 'dispatched', state = private.first_state_of(i.workflow_code, 'dispatched'),
    state_since = i.reported_at, passed = '{}', condition_code = null, handler = null, assignee = null,
    pending = null, pending_until = null, on_hold = false, hold_until = null, was_held = false, extensions = 0,
    rework = 0, reopened = 0, supervision = null, reply_by = null, is_generated = false
  where i.id = any (v_ids);
  return cardinality(v_ids);
end $$;
