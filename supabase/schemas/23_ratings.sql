-- Ratings: what residents answer after a closing, and whom the city asked.
--
-- The server draws closings for the call-back sheet and keeps the draw before anybody calls. Staff who did not
-- handle the incident and are not of its department fill the sheet. A closing is rated once; a reopened incident
-- needs a new closing first. A resident's own link is the other way: its functions are here and its tokens are
-- kept, but no door calls them yet, and nothing sends links.
--
-- `closing` counts the closings of an incident from 1: one more than how often it left the stage. Closings are dated by the city's clock.

-- Makes seeds unforeseeable and the same in a replay: made with the city, kept in its backups.
create table private.draw_secrets (
  singleton boolean primary key default true check (singleton),
  secret text not null
);
alter table private.draw_secrets enable row level security;

-- 128 bits as 32 hexadecimal digits.
create or replace function private.random_token()
returns text language sql volatile set search_path = '' as $$
  select left(encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex'), 32)
$$;

-- Gives a new city its secret.
create or replace function private.make_draw_secret()
returns trigger language plpgsql set search_path = '' as $$
begin
  insert into private.draw_secrets (secret) values (private.random_token()) on conflict do nothing;
  return null;
end $$;
create trigger make_draw_secret after insert on public.city_settings
for each row execute function private.make_draw_secret();

-- How often an incident left the stage `closed`; most never do and have no row. A trigger counts.
create table private.reopenings (
  district_code text not null,
  incident_id uuid not null,
  n smallint not null,
  primary key (district_code, incident_id),
  constraint reopenings_incident_fkey foreign key (district_code, incident_id)
    references public.incidents (district_code, id) on delete cascade
);
alter table private.reopenings enable row level security;

-- The number of the present closing, or of the next one while the incident is open. Inlined.
create or replace function private.closing_of(p_district text, p_incident uuid)
returns integer language sql stable
begin atomic
  select 1 + coalesce((select r.n from private.reopenings r
    where r.district_code = p_district and r.incident_id = p_incident), 0);
end;

-- A sheet: closings drawn at random from those of an area and of days.
create table public.callback_draws (
  id uuid primary key,
  area_code text not null references public.areas (code),
  -- days of closing, both included
  from_day date not null,
  to_day date not null,
  -- with all below them; null: all
  category_codes text[],
  wanted integer not null constraint callback_draws_wanted_check check (wanted between 1 and 500),
  -- closings are drawn in the order of private.draw_score(seed, id, closing)
  seed text not null,
  -- closings that could be drawn
  pool_count integer not null,
  drawn_count integer not null,
  -- the highest score drawn; null when the pool was empty
  last_score text,
  -- SHA-256 of the list as private.draw_list writes it
  list_hash text not null,
  drawn_by uuid not null references public.profiles (user_id),
  drawn_at timestamptz not null,
  is_generated boolean not null default false,
  constraint callback_draws_days_check check (from_day <= to_day)
);
create index callback_draws_area_idx on public.callback_draws (area_code);
create index callback_draws_drawn_by_idx on public.callback_draws (drawn_by);

-- A line of a sheet: a closing is drawn once at most.
create table public.callbacks (
  district_code text not null,
  incident_id uuid not null,
  closing smallint not null,
  draw_id uuid not null references public.callback_draws (id),
  -- place in the draw
  n integer not null,
  -- null: nobody among the callers may call
  caller uuid references public.profiles (user_id),
  closed_at timestamptz not null,
  closed_month date not null,
  -- the department that closed it
  department_code text,
  -- copies of the incident's; a trigger keeps them
  area_code text not null,
  category_code text not null,
  reported_by uuid,
  -- null: waits. `not_reached` may still be reached
  outcome text constraint callbacks_outcome_check check (outcome in ('reached', 'refused', 'not_reached')),
  attempts smallint not null default 0,
  note text not null default '',
  last_by uuid references public.profiles (user_id),
  last_at timestamptz,
  last_device_at timestamptz,
  is_exempt boolean not null default false,
  is_generated boolean not null default false,
  changed_xid bigint not null,
  primary key (district_code, incident_id, closing),
  constraint callbacks_incident_fkey foreign key (district_code, incident_id)
    references public.incidents (district_code, id)
);
create index callbacks_draw_idx on public.callbacks (draw_id);
create index callbacks_caller_idx on public.callbacks (caller);
create index callbacks_last_by_idx on public.callbacks (last_by);
create index callbacks_month_idx on public.callbacks (closed_month);
-- those that may still be answered
create index callbacks_open_idx on public.callbacks (closed_at) where outcome is null or outcome = 'not_reached';
create index callbacks_changed_idx on public.callbacks (changed_xid);

-- An answer: one for each closing.
create table public.ratings (
  district_code text not null,
  incident_id uuid not null,
  closing smallint not null,
  way text not null constraint ratings_way_check check (way in ('callback', 'link')),
  -- Did somebody respond, is it solved, how satisfied from 1 to 5; null where the resident did not say.
  responded boolean,
  solved boolean,
  satisfied smallint constraint ratings_satisfied_check check (satisfied between 1 and 5),
  has_words boolean not null default false,
  asked_by uuid references public.profiles (user_id),
  -- SHA-256 of the link's token
  link_hash text,
  -- the server's clock, and the device's claim
  at timestamptz not null,
  device_at timestamptz,
  closed_at timestamptz not null,
  closed_month date not null,
  -- the department that closed it
  department_code text,
  -- copies of the incident's; a trigger keeps them
  area_code text not null,
  category_code text not null,
  reported_by uuid,
  -- Consequence where it is not solved: reopened at once, a person was asked until `decide_by`, or nothing.
  unsolved text constraint ratings_unsolved_check check (unsolved in ('reopened', 'asked', 'none')),
  decide_by timestamptz,
  decision text constraint ratings_decision_check check (decision in ('reopened', 'kept')),
  decided_by uuid references public.profiles (user_id),
  decided_at timestamptz,
  decision_note text,
  is_exempt boolean not null default false,
  is_generated boolean not null default false,
  changed_xid bigint not null,
  primary key (district_code, incident_id, closing),
  constraint ratings_incident_fkey foreign key (district_code, incident_id)
    references public.incidents (district_code, id),
  constraint ratings_way_known_check check (case way when 'link' then asked_by is null and link_hash is not null
    else asked_by is not null and link_hash is null end),
  constraint ratings_answered_check check (num_nonnulls(responded, solved, satisfied) > 0),
  constraint ratings_unsolved_known_check check ((unsolved is not null) = (solved is not distinct from false)),
  constraint ratings_decided_check check (case when unsolved = 'asked' then num_nonnulls(decision, decided_at) in (0, 2)
    else num_nonnulls(decision, decided_by, decided_at, decision_note) = 0 end)
);
create index ratings_asked_by_idx on public.ratings (asked_by);
create index ratings_decided_by_idx on public.ratings (decided_by);
create index ratings_month_idx on public.ratings (closed_month);
create index ratings_changed_idx on public.ratings (changed_xid);
create index ratings_undecided_idx on public.ratings (decide_by) where unsolved = 'asked' and decision is null;

-- A resident's reason in their own words. Managers, leaders and admins of the area read it, and who heard it; the
-- handling department and field staff do not.
create table public.rating_words (
  district_code text not null,
  incident_id uuid not null,
  closing smallint not null,
  words text not null constraint rating_words_words_check check (length(words) between 1 and 2000),
  primary key (district_code, incident_id, closing),
  constraint rating_words_rating_fkey foreign key (district_code, incident_id, closing)
    references public.ratings (district_code, incident_id, closing) on delete cascade
);

-- The random number that a caller's device gave with an answer. private.rating_signs alone reads it: a column of
-- ratings would be read with them.
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

-- Links to rate: only the hash of a token is kept. Opening one changes nothing here.
create table private.rating_links (
  district_code text not null,
  incident_id uuid not null,
  closing smallint not null,
  -- SHA-256 of the token's 32 hexadecimal digits
  token_hash text not null unique,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (district_code, incident_id, closing, token_hash),
  constraint rating_links_incident_fkey foreign key (district_code, incident_id)
    references public.incidents (district_code, id)
);
alter table private.rating_links enable row level security;

alter table public.callback_draws enable row level security;
alter table public.callbacks enable row level security;
alter table public.ratings enable row level security;
alter table public.rating_words enable row level security;
grant select on public.callback_draws, public.callbacks, public.ratings, public.rating_words to authenticated;
create policy "Managers, leaders and admins see the draws of their areas"
on public.callback_draws for select to authenticated
using (area_code = any ((select private.scope_area_codes('{grid_manager,leader,admin}'))::text[]));
create policy "People see calls given to them, and those of areas they lead"
on public.callbacks for select to authenticated
using (
  area_code = any ((select private.scope_area_codes('{grid_manager,leader,admin}'))::text[])
  or caller = (select auth.uid()) and area_code = any ((select private.scope_area_codes())::text[])
);
create policy "Who sees an incident sees how it was rated"
on public.ratings for select to authenticated
using (
  area_code = any ((select private.scope_area_codes())::text[])
  or department_code = any ((select private.scope_departments())::text[])
  or reported_by = (select auth.uid())
);
create policy "Managers, leaders and admins of the area read a resident's words, and who heard them"
on public.rating_words for select to authenticated
using (exists (
  select from public.ratings r
  where r.district_code = rating_words.district_code and r.incident_id = rating_words.incident_id
    and r.closing = rating_words.closing
    and (r.area_code = any ((select private.scope_area_codes('{grid_manager,leader,admin}'))::text[])
      or r.asked_by = (select auth.uid()))
));

-- Marks a changed row, for the packed columns.
create or replace function private.mark_rating_change()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  new.changed_xid := pg_current_xact_id()::text::bigint;
  return new;
end $$;
create trigger mark_rating_change before insert or update on public.callbacks
for each row execute function private.mark_rating_change();
create trigger mark_rating_change before insert or update on public.ratings
for each row execute function private.mark_rating_change();

-- Carries an incident's new area, category or reporter to its calls and ratings, and an import's new time of the same
-- closing.
create or replace function private.carry_to_ratings()
returns trigger language plpgsql security definer set search_path = '' as $$
declare
  v_moved constant integer :=
    case when old.stage = 'closed' and new.stage = 'closed' then private.closing_of(new.district_code, new.id) end;
begin
  update public.ratings r set area_code = new.area_code, category_code = new.category_code,
    reported_by = new.reported_by, closed_at = case when r.closing = v_moved then new.closed_at else r.closed_at end,
    closed_month = case when r.closing = v_moved then private.local_month(new.closed_at) else r.closed_month end
  where r.district_code = new.district_code and r.incident_id = new.id;
  update public.callbacks c set area_code = new.area_code, category_code = new.category_code,
    reported_by = new.reported_by, closed_at = case when c.closing = v_moved then new.closed_at else c.closed_at end,
    closed_month = case when c.closing = v_moved then private.local_month(new.closed_at) else c.closed_month end
  where c.district_code = new.district_code and c.incident_id = new.id;
  return null;
end $$;
create trigger carry_to_ratings after update on public.incidents
for each row when (old.area_code is distinct from new.area_code
  or old.category_code is distinct from new.category_code or old.reported_by is distinct from new.reported_by
  or old.stage = 'closed' and new.stage = 'closed' and old.closed_at is distinct from new.closed_at)
execute function private.carry_to_ratings();

-- Counts a reopening, and settles the question whether to reopen.
create or replace function private.settle_unsolved()
returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into private.reopenings (district_code, incident_id, n) values (new.district_code, new.id, 1)
  on conflict (district_code, incident_id) do update set n = reopenings.n + 1;
  update public.ratings r set decision = 'reopened', decided_by = auth.uid(), decided_at = new.state_since
  where r.district_code = new.district_code and r.incident_id = new.id and r.unsolved = 'asked'
    and r.decision is null;
  return null;
end $$;
create trigger settle_unsolved after update on public.incidents
for each row when (old.stage = 'closed' and new.stage <> 'closed') execute function private.settle_unsolved();

-- The place of a closing in a draw: SHA-256 of `seed id closing`. Anybody can compute it again.
create or replace function private.draw_score(p_seed text, p_incident uuid, p_closing integer)
returns text language sql immutable parallel safe set search_path = '' as $$
  select encode(sha256(convert_to(concat_ws(' ', p_seed, p_incident, p_closing), 'UTF8')), 'hex')
$$;

-- The first day of the month of an instant by the city's clock.
create or replace function private.local_month(p_at timestamptz)
returns date language sql stable set search_path = '' as $$
  select date_trunc('month', p_at at time zone c.time_zone)::date from public.city_settings c
$$;

-- Until when residents are asked about the newest closing.
create or replace function private.rated_until(p_incident public.incidents)
returns timestamptz language sql stable set search_path = '' as $$
  select p_incident.closed_at + make_interval(days => w.rating_days)
  from public.workflows w where w.code = p_incident.workflow_code
$$;

-- Why the person may not ask the resident: `no_role` over the area as field staff or manager, `own_case` for who
-- handled, checked or reported it, `own_department` for who was of a department that had it, at any time since it
-- was reported. Null: they may.
create or replace function private.call_bar(p_incident public.incidents, p_person uuid, p_at timestamptz)
returns text language plpgsql stable set search_path = '' as $$
begin
  if not exists (
    select from public.memberships m
    join public.areas a on a.code = m.area_code
    join public.areas own on own.code = p_incident.area_code
    where m.user_id = p_person and m.role in ('field_staff', 'grid_manager')
      and private.is_valid(m.valid_from, m.valid_to, p_at) and private.is_within(own.path, a.path)) then
    return 'no_role';
  elsif p_person in (p_incident.handler, p_incident.reported_by) or exists (
    select from public.incident_log l
    where l.district_code = p_incident.district_code and l.incident_id = p_incident.id and l.actor = p_person
      and (l.kind = 'self_handled'
        or l.kind = 'transition' and (l.stage_to in ('handled', 'closed') or l.stage_from = 'dispatched'))) then
    return 'own_case';
  elsif exists (
    select from public.memberships m
    where m.user_id = p_person and m.role = 'handler'
      and m.valid_from <= p_at and (m.valid_to is null or m.valid_to > p_incident.reported_at)
      and (m.department_code = p_incident.department_code or exists (
        select from public.incident_log l
        where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
          and l.data ->> 'department' = m.department_code))) then
    return 'own_department';
  end if;
  return null;
end $$;

-- Closings that may be drawn: of the area and the days, reported by the public, within the time to ask, and
-- neither drawn nor rated.
create or replace function private.callback_pool(
  p_area text, p_from date, p_to date, p_categories text[], p_at timestamptz)
returns setof public.incidents language sql stable set search_path = '' as $$
  select i.* from public.incidents i
  cross join public.city_settings city
  join public.areas a on a.code = i.area_code
  join public.areas top on top.code = p_area and private.is_within(a.path, top.path)
  join public.workflows w on w.code = i.workflow_code
  join public.categories own on own.code = i.category_code
  where coalesce(i.closed_at, '-infinity') >= greatest(p_from::timestamp at time zone city.time_zone,
      p_at - interval '366 days')
    and coalesce(i.closed_at, '-infinity')
      < least((p_to + 1)::timestamp at time zone city.time_zone, p_at + interval '1 microsecond')
    and i.stage = 'closed' and i.closed_at + make_interval(days => w.rating_days) > p_at
    and i.channel <> all (coalesce(w.trusted_channels, '{app}'))
    and (p_categories is null or exists (
      select from public.categories c
      where c.code = any (p_categories) and private.is_within(own.path, c.path)))
    and not exists (select from public.callbacks c
      where c.district_code = i.district_code and c.incident_id = i.id and c.closing = private.closing_of(i.district_code, i.id))
    and not exists (select from public.ratings r
      where r.district_code = i.district_code and r.incident_id = i.id and r.closing = private.closing_of(i.district_code, i.id))
$$;

-- A sheet as text: `n id closing` a line, in order.
create or replace function private.draw_list(p_draw uuid)
returns text language sql stable set search_path = '' as $$
  select coalesce(string_agg(concat_ws(' ', c.n, c.incident_id, c.closing), E'\n' order by c.n), '')
  from public.callbacks c where c.draw_id = p_draw
$$;

-- Whether the person draws and looks after sheets of the area.
create or replace function private.may_draw(p_area text, p_person uuid, p_at timestamptz)
returns boolean language sql stable set search_path = '' as $$
  select private.follow_up_roles(p_area, null, p_person, p_at) && '{grid_manager,leader,admin}'
$$;

-- The callers of a payload: known people, at most 100, each once.
create or replace function private.payload_callers(p_payload jsonb)
returns uuid[] language plpgsql set search_path = '' as $$
declare
  v_callers constant jsonb := coalesce(p_payload -> 'callers', 'null');
begin
  if v_callers = 'null' or v_callers = '[]' then
    perform private.reject_command('missing_field', 'callers');
  elsif jsonb_typeof(v_callers) <> 'array' or jsonb_array_length(v_callers) > 100 or exists (
    select from jsonb_array_elements(v_callers) c (value)
    where jsonb_typeof(c.value) <> 'string' or not private.is_uuid(c.value #>> '{}')
      or not exists (select from public.profiles p where p.user_id::text = c.value #>> '{}')) then
    perform private.reject_command('invalid_field', 'callers', 'not a list of people');
  end if;
  return array(select distinct c.value::uuid from jsonb_array_elements_text(v_callers) c (value) order by 1);
end $$;

-- Gives each closing of a new sheet to one of the callers who may call, to the one with the fewest so far.
create or replace function private.spread_callbacks(p_draw uuid, p_callers uuid[], p_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  v_incident public.incidents;
  v_given integer[] := array_fill(0, array[cardinality(p_callers)]);
  v_found integer;
begin
  for v_incident in
    select i.* from public.callbacks c
    join public.incidents i on i.district_code = c.district_code and i.id = c.incident_id
    where c.draw_id = p_draw order by c.n
  loop
    -- asks one after the other and stops at the first
    select u.n into v_found from (
      select u.person, u.n from unnest(p_callers) with ordinality as u (person, n)
      order by v_given[u.n], u.n offset 0) u
    where private.call_bar(v_incident, u.person, p_at) is null limit 1;
    continue when not found;
    v_given[v_found] := v_given[v_found] + 1;
    update public.callbacks c set caller = p_callers[v_found]
    where c.district_code = v_incident.district_code and c.incident_id = v_incident.id
      and c.closing = private.closing_of(v_incident.district_code, v_incident.id);
  end loop;
end $$;

-- {id, areaCode, fromDay, toDay, categoryCodes?, count, callers}. Rejections: nothing_to_draw.
create or replace function private.draw_callbacks(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_area constant text := private.payload_text(p_payload, 'areaCode', true, 40);
  v_from constant date := private.payload_day(p_payload, 'fromDay');
  v_to constant date := private.payload_day(p_payload, 'toDay');
  v_count constant integer := private.payload_whole(p_payload, 'count', true, 1, 500);
  v_categories text[];
  v_callers uuid[];
  v_seed text;
begin
  perform private.refuse_unknown_fields(p_payload, '{id,areaCode,fromDay,toDay,categoryCodes,count,callers}');
  if not private.may_draw(v_area, p_actor, p_at) then
    perform private.reject_command('not_allowed', 'areaCode');
  elsif v_from is null or v_to is null then
    perform private.reject_command('missing_field', case when v_from is null then 'fromDay' else 'toDay' end);
  elsif v_to < v_from or v_to - v_from > 92 then
    perform private.reject_command('invalid_field', 'toDay', 'not within 92 days from fromDay');
  elsif exists (select from public.callback_draws d where d.id = v_id) then
    perform private.reject_command('invalid_field', 'id', 'taken');
  end if;
  if coalesce(p_payload -> 'categoryCodes', 'null') not in ('null', '[]') then
    if jsonb_typeof(p_payload -> 'categoryCodes') <> 'array' or jsonb_array_length(p_payload -> 'categoryCodes') > 254
      or exists (select from jsonb_array_elements(p_payload -> 'categoryCodes') c (value)
        where jsonb_typeof(c.value) <> 'string'
          or not exists (select from public.categories k where k.code = c.value #>> '{}')) then
      perform private.reject_command('unknown_category', 'categoryCodes');
    end if;
    v_categories := array(select jsonb_array_elements_text(p_payload -> 'categoryCodes'));
  end if;
  v_callers := private.payload_callers(p_payload);
  -- two draws of one moment must not take the same closing
  perform pg_advisory_xact_lock(hashtextextended('draw_callbacks', 0));
  select encode(sha256(convert_to(concat_ws(' ', s.secret, v_id), 'UTF8')), 'hex') into v_seed
  from private.draw_secrets s;
  if v_seed is null then
    raise exception 'the city has no secret for draws' using errcode = 'XX000';
  end if;
  insert into public.callback_draws (id, area_code, from_day, to_day, category_codes, wanted, seed, pool_count,
    drawn_count, last_score, list_hash, drawn_by, drawn_at)
  values (v_id, v_area, v_from, v_to, v_categories, v_count, v_seed, 0, 0, null, '', p_actor, p_at);
  with pool as materialized (
    select i.district_code, i.id, private.closing_of(i.district_code, i.id) as closing, i.closed_at, i.department_code, i.area_code,
      i.category_code, i.reported_by, private.draw_score(v_seed, i.id, private.closing_of(i.district_code, i.id)) as score
    from private.callback_pool(v_area, v_from, v_to, v_categories, p_at) i
  ), drawn as (
    select p.*, row_number() over (order by p.score) as n from pool p order by p.score limit v_count
  ), stored as (
    insert into public.callbacks (district_code, incident_id, closing, draw_id, n, closed_at, closed_month,
      department_code, area_code, category_code, reported_by, changed_xid)
    select d.district_code, d.id, d.closing, v_id, d.n, d.closed_at, private.local_month(d.closed_at),
      d.department_code, d.area_code, d.category_code, d.reported_by, 0
    from drawn d
  )
  update public.callback_draws d set pool_count = (select count(*) from pool), drawn_count = x.n, last_score = x.score
  from (select count(*) as n, max(drawn.score) as score from drawn) x where d.id = v_id;
  if not exists (select from public.callbacks c where c.draw_id = v_id) then
    perform private.reject_command('nothing_to_draw', 'areaCode');
  end if;
  update public.callback_draws d
  set list_hash = encode(sha256(convert_to(private.draw_list(v_id), 'UTF8')), 'hex') where d.id = v_id;
  perform private.spread_callbacks(v_id, v_callers, p_at);
  -- sent as a setting, whose receipt has a version
  return '{"version": 1}';
end $$;

-- The line of a sheet that the person may fill, locked with its incident: the caller it is given to, or a manager of
-- the area who may call. Rejections: unknown_incident; not_allowed with detail `not_drawn`, `not_yours` or that of
-- private.call_bar; not_closed, other_closing, too_late, already_rated, refused_before.
create or replace function private.lock_callback(p_actor uuid, p_payload jsonb, p_at timestamptz)
returns public.callbacks language plpgsql set search_path = '' as $$
declare
  v_closing constant integer := private.payload_whole(p_payload, 'closing', true, 1, 32767);
  v_locked constant private.locked_incident := private.lock_incident(p_payload, p_at);
  v_incident constant public.incidents := v_locked.incident;
  v_call public.callbacks;
  v_bar text;
begin
  select * into v_call from public.callbacks c
  where c.district_code = v_incident.district_code and c.incident_id = v_incident.id and c.closing = v_closing
  for update;
  v_bar := case when not found then 'not_drawn'
    when v_call.caller is distinct from p_actor and not 'grid_manager' = any ((v_locked.rights).roles)
      then 'not_yours'
    else private.call_bar(v_incident, p_actor, p_at) end;
  if v_bar is not null then
    perform private.reject_command('not_allowed', 'incidentId', v_bar);
  end if;
  perform private.refuse_rating(v_incident, v_closing, p_at);
  if v_call.outcome = 'refused' then
    perform private.reject_command('refused_before', 'incidentId');
  end if;
  return v_call;
end $$;

-- Rejects unless the closing is the incident's present one, unrated and within its time.
create or replace function private.refuse_rating(p_incident public.incidents, p_closing integer, p_at timestamptz)
returns void language plpgsql set search_path = '' as $$
begin
  if exists (select from public.ratings r where r.district_code = p_incident.district_code
    and r.incident_id = p_incident.id and r.closing = p_closing) then
    perform private.reject_command('already_rated', 'incidentId');
  elsif p_incident.stage <> 'closed' then
    perform private.reject_command('not_closed', 'incidentId');
  elsif p_closing <> private.closing_of(p_incident.district_code, p_incident.id) then
    perform private.reject_command('other_closing', 'closing');
  elsif p_at >= private.rated_until(p_incident) then
    perform private.reject_command('too_late', 'incidentId');
  end if;
end $$;

-- A boolean or null.
create or replace function private.payload_flag(p_payload jsonb, p_field text)
returns boolean language plpgsql set search_path = '' as $$
begin
  if coalesce(jsonb_typeof(p_payload -> p_field), 'null') not in ('boolean', 'null') then
    perform private.reject_command('invalid_field', p_field, 'not true or false');
  end if;
  return (p_payload ->> p_field)::boolean;
end $$;

create type private.unsolved_follows as (unsolved text, decide_by timestamptz, version integer);

-- Does as the workflow says where a closed incident is not solved. It reopens by the transition that a reporter
-- could take now; where none is open, a person is asked.
create or replace function private.follow_unsolved(
  p_incident public.incidents, p_actor uuid, p_command uuid, p_at timestamptz)
returns private.unsolved_follows language plpgsql set search_path = '' set timezone = 'UTC' as $$
declare
  v_follows private.unsolved_follows;
  v_workflow public.workflows;
  v_transition public.workflow_transitions;
  v_step private.step;
begin
  select * into v_workflow from public.workflows w where w.code = p_incident.workflow_code;
  v_follows.unsolved := case v_workflow.unsolved when 'reopen' then 'reopened' when 'ask' then 'asked' else 'none' end;
  if v_follows.unsolved = 'reopened' then
    select t.* into v_transition from private.open_transitions(p_incident, '{reporter}', p_at) t
    where 'reopen' = any (t.effects) and t.choice_field is null and t.gate is null limit 1;
    if not found then v_follows.unsolved := 'asked'; end if;
  end if;
  if v_follows.unsolved = 'asked' then
    select t.due_at into v_follows.decide_by
    from private.clock_times(private.calendar_of(p_incident.area_code), v_workflow.unsolved_amount,
      v_workflow.unsolved_unit, 'hours', date_trunc('minute', p_at), '{}', date_trunc('minute', p_at)) t;
  elsif v_follows.unsolved = 'reopened' then
    v_step.before := p_incident;
    v_step.after := private.after_transition(p_incident, v_transition, '{}', p_at);
    v_step.effects := v_transition.effects;
    v_step.fields := '{}';
    v_step.data := jsonb_build_object('name', v_transition.name, 'from', p_incident.state,
      'to', (v_step.after).state, 'by', 'resident');
    v_step.photos := '[]';
    v_step.actor := p_actor;
    v_step.command_id := p_command;
    v_step.at := p_at;
    v_step.stands_alone := true;
    v_follows.version := (private.store_transitions(array[v_step]))[1];
  end if;
  return v_follows;
end $$;

-- Stores the answers of a payload, `responded`, `solved`, `satisfied` and `why`, and does what follows. Who may rate,
-- and whether the closing may be rated, was judged before. Returns the incident's version where it was reopened.
create or replace function private.store_rating(p_incident public.incidents, p_way text, p_actor uuid,
  p_link text, p_command uuid, p_payload jsonb, p_at timestamptz)
returns integer language plpgsql set search_path = '' set timezone = 'UTC' as $$
declare
  v_closing constant integer := private.closing_of(p_incident.district_code, p_incident.id);
  v_responded constant boolean := private.payload_flag(p_payload, 'responded');
  v_solved constant boolean := private.payload_flag(p_payload, 'solved');
  v_satisfied constant integer := private.payload_whole(p_payload, 'satisfied', false, 1, 5);
  v_words constant text := btrim(private.payload_text(p_payload, 'why', false, 2000));
  v_device_at constant timestamptz := private.payload_instant(p_payload, 'deviceAt');
  v_has_words constant boolean := not private.is_blank(v_words);
  v_follows private.unsolved_follows;
begin
  if num_nonnulls(v_responded, v_solved, v_satisfied) = 0 then
    perform private.reject_command('missing_field', 'satisfied');
  end if;
  perform private.append_log(p_incident, p_actor, p_command, p_at, 'rated', '',
    private.log_data(v_device_at, p_at, '[]', jsonb_strip_nulls(jsonb_build_object('closing', v_closing,
      'way', p_way, 'responded', v_responded, 'solved', v_solved, 'satisfied', v_satisfied))), '[]');
  if not v_solved then
    v_follows := private.follow_unsolved(p_incident, p_actor, p_command, p_at);
  end if;
  insert into public.ratings (district_code, incident_id, closing, way, responded, solved, satisfied, has_words,
    asked_by, link_hash, at, device_at, closed_at, closed_month, department_code, area_code, category_code,
    reported_by, unsolved, decide_by, is_exempt, changed_xid)
  values (p_incident.district_code, p_incident.id, v_closing, p_way, v_responded, v_solved, v_satisfied, v_has_words,
    p_actor, p_link, p_at, v_device_at, p_incident.closed_at, private.local_month(p_incident.closed_at),
    p_incident.department_code, p_incident.area_code, p_incident.category_code, p_incident.reported_by,
    v_follows.unsolved, v_follows.decide_by, exists (
      select from public.appeals a where a.district_code = p_incident.district_code
        and a.incident_id = p_incident.id and a.closing = v_closing and a.is_granted), 0);
  if v_has_words then
    insert into public.rating_words (district_code, incident_id, closing, words)
    values (p_incident.district_code, p_incident.id, v_closing, v_words);
  end if;
  return v_follows.version;
end $$;

-- {incidentId, closing, responded?, solved?, satisfied?, why?, deviceAt?, deviceId?}, by a call-back. `deviceId` is the
-- device's random number.
create or replace function private.rate(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
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
end $$;

-- {incidentId, closing, outcome: refused | not_reached, note?, deviceAt?}. Each `not_reached` is an attempt.
create or replace function private.note_callback(
  p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_outcome constant text := private.payload_word(p_payload, 'outcome', '{refused,not_reached}');
  v_note constant text := coalesce(private.payload_text(p_payload, 'note', false, 2000), '');
  v_device_at constant timestamptz := private.payload_instant(p_payload, 'deviceAt');
  v_call public.callbacks;
  v_incident public.incidents;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,closing,outcome,note,deviceAt}');
  if v_outcome is null then
    perform private.reject_command('missing_field', 'outcome');
  end if;
  v_call := private.lock_callback(p_actor, p_payload, p_at);
  select * into v_incident from public.incidents i
  where i.district_code = v_call.district_code and i.id = v_call.incident_id;
  update public.callbacks c set outcome = v_outcome, attempts = c.attempts + 1, note = v_note, last_by = p_actor,
    last_at = p_at, last_device_at = v_device_at
  where c.district_code = v_call.district_code and c.incident_id = v_call.incident_id and c.closing = v_call.closing;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'called', '',
    private.log_data(v_device_at, p_at, '[]', jsonb_build_object('closing', v_call.closing, 'outcome', v_outcome,
      'attempts', v_call.attempts + 1)), '[]');
  return jsonb_build_object('incident_id', v_incident.id);
end $$;

-- {incidentId, closing, note, deviceAt?}: decides that a closed incident stays so though the resident says that it is
-- not solved. Whom private.call_bar bars as one of the case or the department may not. Rejections: not_asked,
-- already_decided.
create or replace function private.keep_closed(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_closing constant integer := private.payload_whole(p_payload, 'closing', true, 1, 32767);
  v_note constant text := private.payload_filled(p_payload, 'note', 2000);
  v_locked private.locked_incident;
  v_incident public.incidents;
  v_rating public.ratings;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,closing,note,deviceAt}');
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  if not (v_locked.rights).roles && '{grid_manager,leader,admin}' then
    perform private.reject_command('not_allowed', 'incidentId', 'no_role');
  elsif private.call_bar(v_incident, p_actor, p_at) in ('own_case', 'own_department') then
    perform private.reject_command('not_allowed', 'incidentId', private.call_bar(v_incident, p_actor, p_at));
  end if;
  select * into v_rating from public.ratings r
  where r.district_code = v_incident.district_code and r.incident_id = v_incident.id and r.closing = v_closing
  for update;
  if v_rating.unsolved is distinct from 'asked' then
    perform private.reject_command('not_asked', 'incidentId');
  elsif v_rating.decision is not null then
    perform private.reject_command('already_decided', 'incidentId');
  end if;
  update public.ratings r set decision = 'kept', decided_by = p_actor, decided_at = p_at, decision_note = v_note
  where r.district_code = v_incident.district_code and r.incident_id = v_incident.id and r.closing = v_closing;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'kept_closed', v_note,
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]',
      jsonb_build_object('closing', v_closing)), '[]');
  return jsonb_build_object('incident_id', v_incident.id);
end $$;

-- Issues a link for the present closing of a closed incident and returns its token, 32 hexadecimal digits. Only the
-- owner calls it: a later sender of messages. The token is kept nowhere.
-- Errors: WG001 with not_closed, already_rated or too_late.
create or replace function private.issue_rating_link(p_incident uuid, p_at timestamptz)
returns text language plpgsql set search_path = '' as $$
declare
  v_token constant text := private.random_token();
  v_incident public.incidents;
begin
  select * into v_incident from public.incidents i where i.id = p_incident
  order by i.district_code collate "C" limit 1 for no key update;
  if not found then
    perform private.reject_command('unknown_incident', 'incidentId');
  end if;
  perform private.refuse_rating(v_incident, private.closing_of(v_incident.district_code, v_incident.id), p_at);
  insert into private.rating_links (district_code, incident_id, closing, token_hash, issued_at, expires_at)
  values (v_incident.district_code, v_incident.id, private.closing_of(v_incident.district_code, v_incident.id),
    encode(sha256(convert_to(v_token, 'UTF8')), 'hex'), p_at, private.rated_until(v_incident));
  return v_token;
end $$;

-- The link of a token, if it is known and has not expired.
create or replace function private.rating_link_of(p_token text, p_at timestamptz)
returns private.rating_links language sql stable set search_path = '' as $$
  select l from private.rating_links l
  where l.token_hash = encode(sha256(convert_to(p_token, 'UTF8')), 'hex') and p_at < l.expires_at
$$;

-- The page of a link may show this. Reading changes nothing, however often: scanners of mail open links. Only the
-- owner calls it: a later door of the residents' page.
-- Returns `{categoryCode, addressLabel, reportedAt, closedAt, until, state}` with `state` open, rated or reopened; null
-- for a token that is unknown or has expired.
create or replace function private.rating_link_page(p_token text, p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
declare
  v_link constant private.rating_links := private.rating_link_of(p_token, p_at);
begin
  return (
    select jsonb_build_object('categoryCode', i.category_code, 'addressLabel', i.address_label,
      'reportedAt', i.reported_at, 'closedAt', i.closed_at, 'until', v_link.expires_at,
      'state', case when exists (select from public.ratings r where r.district_code = i.district_code
          and r.incident_id = i.id and r.closing = v_link.closing) then 'rated'
        when i.stage <> 'closed' or private.closing_of(i.district_code, i.id) <> v_link.closing then 'reopened' else 'open' end)
    from public.incidents i
    where i.district_code = v_link.district_code and i.id = v_link.incident_id);
end $$;

-- The command `rate` with a token in place of a user: `p_payload` is the text of {responded?, solved?, satisfied?, why?,
-- deviceAt?}. Only the owner calls it: a later door of the residents' page, which has to journal the call and to limit
-- its rate. It leaves no row in `commands`, whose actor is a person of the city: the rating is the receipt.
-- Returns a receipt `{outcome: applied | rejected, hash, error}`. Rejections: unknown_token, which also an expired one
-- is; those of a rating.
create or replace function private.rate_by_link(p_token text, p_payload text, p_at timestamptz)
returns jsonb language plpgsql set search_path = '' as $$
declare
  v_hash constant text := encode(sha256(convert_to(p_payload, 'UTF8')), 'hex');
  v_link private.rating_links;
  v_incident public.incidents;
  v_payload jsonb;
  v_state text;
  v_detail text;
  v_error jsonb;
begin
  begin
    v_payload := private.parse_payload(p_payload);
    perform private.refuse_unknown_fields(v_payload, '{responded,solved,satisfied,why,deviceAt}');
    v_link := private.rating_link_of(p_token, p_at);
    if v_link.token_hash is null then
      perform private.reject_command('unknown_token', 'token');
    end if;
    select * into v_incident from public.incidents i
    where i.district_code = v_link.district_code and i.id = v_link.incident_id for no key update;
    perform private.refuse_rating(v_incident, v_link.closing, p_at);
    perform private.store_rating(v_incident, 'link', null, v_link.token_hash, null, v_payload, p_at);
  exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
    v_error := private.verdict_of(v_state, v_detail);
    if v_error is null then raise; end if;
  end;
  return jsonb_build_object('outcome', case when v_error is null then 'applied' else 'rejected' end,
    'hash', v_hash, 'error', v_error);
end $$;

-- Calls and ratings of one incident, for its page. Words are there for who may read them; `hasWords` tells the others
-- that there are some. Calls that wait are not told: a department could reach the resident first.
create or replace function private.incident_feedback(
  p_incident public.incidents, p_rights private.incident_rights, p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
declare
  v_leads constant boolean := p_rights.roles && '{grid_manager,leader,admin}';
begin
  return jsonb_build_object(
    'closing', case when p_incident.stage = 'closed' then private.closing_of(p_incident.district_code, p_incident.id) end,
    'ratings', (
      select coalesce(jsonb_agg(jsonb_build_object('closing', r.closing, 'way', r.way, 'responded', r.responded,
        'solved', r.solved, 'satisfied', r.satisfied, 'hasWords', r.has_words, 'words', w.words, 'at', r.at,
        'askedByName', p.display_name, 'unsolved', r.unsolved, 'decideBy', r.decide_by, 'decision', r.decision,
        'decidedByName', d.display_name, 'decidedAt', r.decided_at, 'decisionNote', r.decision_note,
        'isExempt', r.is_exempt, 'isGenerated', r.is_generated) order by r.closing), '[]')
      from public.ratings r
      left join public.rating_words w on w.district_code = r.district_code and w.incident_id = r.incident_id
        and w.closing = r.closing and (v_leads or r.asked_by = auth.uid())
      left join public.profiles p on p.user_id = r.asked_by
      left join public.profiles d on d.user_id = r.decided_by
      where r.district_code = p_incident.district_code and r.incident_id = p_incident.id),
    'callbacks', (
      select coalesce(jsonb_agg(jsonb_build_object('closing', c.closing, 'outcome', c.outcome,
        'attempts', c.attempts, 'at', c.last_at, 'byName', p.display_name, 'isGenerated', c.is_generated)
        order by c.closing), '[]')
      from public.callbacks c
      left join public.profiles p on p.user_id = c.last_by
      where c.district_code = p_incident.district_code and c.incident_id = p_incident.id and c.outcome is not null),
    'canKeepClosed', v_leads and coalesce(private.call_bar(p_incident, auth.uid(), p_at), '')
      not in ('own_case', 'own_department') and exists (
      select from public.ratings r where r.district_code = p_incident.district_code
        and r.incident_id = p_incident.id and r.unsolved = 'asked' and r.decision is null))
    || private.incident_appeals(p_incident, p_rights, p_at);
end $$;

-- A line of a sheet with what its caller must know.
create or replace function private.callback_row(c public.callbacks, p_user uuid)
returns jsonb language plpgsql stable set search_path = '' set timezone = 'UTC' as $$
begin
  return (
    select jsonb_build_object('incidentId', i.id, 'closing', (c).closing, 'drawId', (c).draw_id, 'n', (c).n,
      'isMine', (c).caller is not distinct from p_user, 'callerName', p.display_name,
      'caseNumber', i.case_number, 'categoryCode', i.category_code, 'areaCode', i.area_code,
      'departmentCode', (c).department_code,
      'description', i.description, 'addressLabel', i.address_label, 'lon', i.lon, 'lat', i.lat,
      'channel', i.channel, 'source', i.source, 'sourceId', i.source_id, 'reportedAt', i.reported_at,
      'closedAt', (c).closed_at, 'until', private.rated_until(i), 'handledNote', (
        select l.note from public.incident_log l
        where l.district_code = i.district_code and l.incident_id = i.id
          and (l.kind = 'self_handled' or l.kind = 'transition' and l.stage_to = 'handled')
        order by l.seq desc limit 1),
      'outcome', (c).outcome, 'attempts', (c).attempts, 'note', (c).note, 'lastAt', (c).last_at,
      'isGenerated', (c).is_generated)
    from public.incidents i
    left join public.profiles p on p.user_id = (c).caller
    where i.district_code = (c).district_code and i.id = (c).incident_id);
end $$;

create or replace function private.callback_sheet()
returns jsonb language plpgsql stable security definer set search_path = '' set timezone = 'UTC' as $$
declare
  v_user constant uuid := private.require_user();
  v_seen constant text[] := private.scope_area_codes();
  v_managed constant text[] := private.scope_area_codes('{grid_manager}');
  v_led constant text[] := private.scope_area_codes('{leader,grid_manager,admin}');
begin
  return jsonb_build_object('asOf', now(),
    'drawsIn', (select coalesce(jsonb_agg(distinct m.area_code), '[]') from public.memberships m
      where m.user_id = v_user and m.role in ('grid_manager', 'leader', 'admin')
        and private.is_valid(m.valid_from, m.valid_to, now())),
    'rows', (
      select coalesce(jsonb_agg(private.callback_row(x.c, v_user) order by x.is_other, x.closed_at, x.id), '[]')
      from (
        select c, c.caller is distinct from v_user as is_other, i.closed_at, i.id
        from public.callbacks c
        join public.incidents i on i.district_code = c.district_code and i.id = c.incident_id
        join public.workflows w on w.code = i.workflow_code
        where (c.caller = v_user and c.area_code = any (v_seen) or c.area_code = any (v_managed))
          and (c.outcome is null or c.outcome = 'not_reached')
          and c.closed_at > now() - make_interval(days => (select max(o.rating_days) from public.workflows o))
          and i.stage = 'closed' and c.closing = private.closing_of(i.district_code, i.id)
          and now() < i.closed_at + make_interval(days => w.rating_days)
          and not exists (select from public.ratings r where r.district_code = c.district_code
            and r.incident_id = c.incident_id and r.closing = c.closing)
          and private.call_bar(i, v_user, now()) is null
        order by 2, 3, 4 limit 500) x),
    'asks', (
      select coalesce(jsonb_agg(jsonb_build_object('incidentId', i.id, 'closing', r.closing,
        'caseNumber', i.case_number, 'categoryCode', i.category_code, 'areaCode', i.area_code,
        'departmentCode', r.department_code,
        'description', left(i.description, 200), 'addressLabel', i.address_label, 'words', w.words,
        'satisfied', r.satisfied, 'at', r.at, 'decideBy', r.decide_by, 'version', i.version,
        'isGenerated', r.is_generated) order by r.decide_by, i.id), '[]')
      from (select * from public.ratings r
        where r.unsolved = 'asked' and r.decision is null and r.area_code = any (v_led)
        order by r.decide_by, r.incident_id limit 200) r
      join public.incidents i on i.district_code = r.district_code and i.id = r.incident_id
      left join public.rating_words w on w.district_code = r.district_code and w.incident_id = r.incident_id
        and w.closing = r.closing),
    'draws', (
      select coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'areaCode', d.area_code, 'fromDay', d.from_day,
        'toDay', d.to_day, 'categoryCodes', d.category_codes, 'poolCount', d.pool_count, 'count', d.drawn_count,
        'seed', d.seed, 'byName', p.display_name, 'at', d.drawn_at, 'isGenerated', d.is_generated,
        'waiting', s.waiting, 'reached', s.reached, 'refused', s.refused, 'notReached', s.not_reached,
        'withoutCaller', s.without_caller) order by d.drawn_at desc, d.id), '[]')
      from (select * from public.callback_draws d where d.area_code = any (v_led)
        order by d.drawn_at desc, d.id limit 20) d
      join public.profiles p on p.user_id = d.drawn_by
      cross join lateral (
        select count(*) filter (where c.outcome is null) as waiting,
          count(*) filter (where c.outcome = 'reached') as reached,
          count(*) filter (where c.outcome = 'refused') as refused,
          count(*) filter (where c.outcome = 'not_reached') as not_reached,
          count(*) filter (where c.outcome is null and c.caller is null) as without_caller
        from public.callbacks c where c.draw_id = d.id) s));
end $$;

-- People whom a sheet of the area may name as callers: field staff and managers over it or inside it.
create or replace function private.callback_people(p_area text)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
begin
  if not private.may_draw(p_area, private.require_user(), now()) then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', p.user_id, 'name', p.display_name)
      order by p.display_name, p.user_id), '[]')
    from public.profiles p
    where exists (
      select from public.memberships m
      join public.areas a on a.code = m.area_code
      join public.areas own on own.code = p_area
      where m.user_id = p.user_id and m.role in ('field_staff', 'grid_manager')
        and private.is_valid(m.valid_from, m.valid_to, now())
        and (private.is_within(own.path, a.path) or private.is_within(a.path, own.path))));
end $$;

create or replace function private.callback_draw_check(p_draw uuid)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  v_user constant uuid := private.require_user();
  v_draw public.callback_draws;
begin
  select * into v_draw from public.callback_draws d where d.id = p_draw;
  if not found or v_user is null
    or v_draw.area_code <> all (private.scope_area_codes('{leader,grid_manager,admin}')) then
    return null;
  end if;
  return (
    select jsonb_build_object('seed', v_draw.seed, 'poolCount', v_draw.pool_count, 'count', v_draw.drawn_count,
      'found', count(c.n), 'lastScore', v_draw.last_score,
      'misplaced', count(*) filter (where c.score > v_draw.last_score or c.score < c.before),
      'isIntact', encode(sha256(convert_to(private.draw_list(p_draw), 'UTF8')), 'hex') = v_draw.list_hash
        and count(c.n) = v_draw.drawn_count
        and count(*) filter (where c.score > v_draw.last_score or c.score < c.before) = 0)
    from (
      select c.n, s.score, lag(s.score) over (order by c.n) as before
      from public.callbacks c
      cross join lateral (select private.draw_score(v_draw.seed, c.incident_id, c.closing) as score offset 0) s
      where c.draw_id = p_draw) c);
end $$;

-- The calls that the caller may make now, at most 500, one's own and the oldest closings first; ratings that ask to
-- reopen; the newest 20 draws. Managers see all calls of their areas that they may make themselves.
-- Returns `{asOf, drawsIn, rows, asks, draws}`. `drawsIn`: codes of areas within which the caller draws. A row:
-- `{incidentId, closing, drawId, n, isMine, callerName, categoryCode, areaCode, departmentCode, description,
-- addressLabel, lon, lat, channel, source, sourceId, reportedAt, closedAt, until, handledNote, outcome, attempts, note,
-- lastAt, isGenerated}`. An ask: `{incidentId, closing, categoryCode, areaCode, departmentCode, description,
-- addressLabel, words, satisfied, at, decideBy, version, isGenerated}`. A draw: `{id, areaCode, fromDay, toDay,
-- categoryCodes, poolCount, count, seed, byName, at, isGenerated, waiting, reached, refused, notReached,
-- withoutCaller}`.
-- Commands `draw_callbacks`, `rate`, `callback_outcome` and `keep_closed` change them.
-- Errors: 42501.
create or replace function public.callback_sheet() returns jsonb
language sql stable set search_path = '' as $$ select private.callback_sheet() $$;

-- People whom a sheet of the area may name as callers.
-- Returns `[{id, name}]`; empty for who may not draw there.
-- Errors: 42501.
create or replace function public.callback_people(p_area text) returns jsonb
language sql stable set search_path = '' as $$ select private.callback_people(p_area) $$;

-- Draws a sheet again from its seed and compares: `isIntact` is false when lines were taken out, put in or moved.
-- Returns `{seed, poolCount, count, found, lastScore, misplaced, isIntact}`; null when it is absent or outside the scope.
-- Errors: 42501.
create or replace function public.callback_draw_check(p_draw uuid) returns jsonb
language sql stable set search_path = '' as $$ select private.callback_draw_check(p_draw) $$;
grant execute on function private.callback_sheet(), public.callback_sheet(), private.callback_people(text),
  public.callback_people(text), private.callback_draw_check(uuid), public.callback_draw_check(uuid)
to authenticated;
