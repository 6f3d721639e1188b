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

-- Stores a generated plan of call-backs and ratings on closed, imported incidents, all with their mark: `{draws,
-- rows, appeals}`.
-- A draw is `{id, areaCode, fromDay, toDay, wanted, poolCount, seed, lastScore, by, at}`, a row `{drawId, n, incidentId,
-- caller, outcome, attempts, responded, solved, satisfied, words, at, decideBy}`; with `decideBy` a person is left to
-- decide. Appeals, `{incidentId, reason, by, first, second, note, at}`, are granted.
create or replace function private.make_demo_ratings(p_plan jsonb)
returns void language plpgsql set search_path = '' set timezone = 'UTC' as $$
begin
  insert into public.callback_draws (id, area_code, from_day, to_day, wanted, seed, pool_count, drawn_count, last_score,
    list_hash, drawn_by, drawn_at, is_generated)
  select d.id, d."areaCode", d."fromDay", d."toDay", d.wanted, d.seed, d."poolCount", 0, d."lastScore", '', d.by, d.at,
    true
  from jsonb_to_recordset(p_plan -> 'draws') as d (id uuid, "areaCode" text, "fromDay" date, "toDay" date,
    wanted integer, "poolCount" integer, seed text, "lastScore" text, by uuid, at timestamptz);
  insert into public.callbacks (district_code, incident_id, closing, draw_id, n, caller, closed_at, closed_month,
    department_code, area_code, category_code, reported_by, outcome, attempts, last_by, last_at, is_generated,
    changed_xid)
  select i.district_code, i.id, private.closing_of(i.district_code, i.id), r."drawId", r.n, r.caller, i.closed_at,
    private.local_month(i.closed_at), i.department_code, i.area_code, i.category_code, i.reported_by, r.outcome,
    r.attempts, case when r.attempts > 0 then r.caller end, case when r.attempts > 0 then r.at end, true, 0
  from jsonb_to_recordset(p_plan -> 'rows') as r ("drawId" uuid, n integer, "incidentId" uuid, caller uuid,
    outcome text, attempts smallint, at timestamptz)
  join public.incidents i on i.id = r."incidentId" and i.stage = 'closed';
  insert into public.ratings (district_code, incident_id, closing, way, responded, solved, satisfied, has_words,
    asked_by, at, closed_at, closed_month, department_code, area_code, category_code, reported_by, unsolved, decide_by,
    is_generated, changed_xid)
  select c.district_code, c.incident_id, c.closing, 'callback', r.responded, r.solved, r.satisfied, r.words is not null,
    c.caller, r.at, c.closed_at, c.closed_month, c.department_code, c.area_code, c.category_code, c.reported_by,
    case when not r.solved then case when r."decideBy" is null then 'none' else 'asked' end end,
    case when not r.solved then r."decideBy" end, true, 0
  from jsonb_to_recordset(p_plan -> 'rows') as r ("incidentId" uuid, outcome text, responded boolean, solved boolean,
    satisfied smallint, words text, at timestamptz, "decideBy" timestamptz)
  join public.callbacks c on c.incident_id = r."incidentId" and c.is_generated
  where r.outcome = 'reached';
  insert into public.rating_words (district_code, incident_id, closing, words)
  select c.district_code, c.incident_id, c.closing, r.words
  from jsonb_to_recordset(p_plan -> 'rows') as r ("incidentId" uuid, words text)
  join public.ratings c on c.incident_id = r."incidentId" and c.is_generated
  where r.words is not null;
  insert into public.appeals (district_code, incident_id, closing, department_code, reason, made_by, made_at, first_by,
    first_at, first_granted, first_note, second_by, second_at, second_granted, second_note, area_code, is_generated)
  select r.district_code, r.incident_id, r.closing, r.department_code, a.reason, a.by, a.at, a.first,
    a.at + interval '1 day', true, a.note, a.second, a.at + interval '2 days', true, a.note, r.area_code, true
  from jsonb_to_recordset(p_plan -> 'appeals') as a ("incidentId" uuid, reason text, by uuid, first uuid, second uuid,
    note text, at timestamptz)
  join public.ratings r on r.incident_id = a."incidentId" and r.is_generated;
  update public.ratings r set is_exempt = true from public.appeals a
  where a.is_generated and a.district_code = r.district_code and a.incident_id = r.incident_id and a.closing = r.closing;
  update public.callbacks c set is_exempt = true from public.appeals a
  where a.is_generated and a.district_code = c.district_code and a.incident_id = c.incident_id and a.closing = c.closing;
  update public.callback_draws d set drawn_count = (select count(*) from public.callbacks c where c.draw_id = d.id),
    list_hash = encode(sha256(convert_to(private.draw_list(d.id), 'UTF8')), 'hex')
  where d.is_generated and d.list_hash = '';
end $$;

-- Takes generated call-backs and ratings away, but those that a person went on with.
create or replace function private.clear_demo_ratings()
returns void language plpgsql set search_path = '' as $$
begin
  delete from public.appeals a where a.is_generated;
  delete from public.ratings r where r.is_generated and not exists (
    select from public.appeals a where a.district_code = r.district_code and a.incident_id = r.incident_id
      and a.closing = r.closing) and r.decision is null;
  delete from public.callbacks c where c.is_generated and not exists (
    select from public.ratings r where r.district_code = c.district_code and r.incident_id = c.incident_id
      and r.closing = c.closing)
    and not exists (select from public.incident_log l where l.district_code = c.district_code
      and l.incident_id = c.incident_id and l.kind = 'called');
  delete from public.callback_draws d where d.is_generated
    and not exists (select from public.callbacks c where c.draw_id = d.id);
end $$;
