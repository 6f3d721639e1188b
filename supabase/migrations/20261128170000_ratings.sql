alter table public.workflows add column rating_days integer not null default 14;
alter table public.workflows add column unsolved text not null default 'ask';
alter table public.workflows add column unsolved_amount numeric not null default 1;
alter table public.workflows add column unsolved_unit text not null default 'work_day';

create table private.draw_secrets (
  singleton boolean primary key default true check (singleton),
  secret text not null
);
alter table private.draw_secrets enable row level security;

create table private.reopenings (
  district_code text not null,
  incident_id uuid not null,
  n smallint not null,
  primary key (district_code, incident_id),
  constraint reopenings_incident_fkey foreign key (district_code, incident_id)
    references public.incidents (district_code, id) on delete cascade
);
alter table private.reopenings enable row level security;

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
alter table public.callback_draws enable row level security;

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
alter table public.callbacks enable row level security;

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
  -- What followed where it is not solved: reopened at once, a person was asked until `decide_by`, or nothing.
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
alter table public.ratings enable row level security;

create table public.rating_words (
  district_code text not null,
  incident_id uuid not null,
  closing smallint not null,
  words text not null constraint rating_words_words_check check (length(words) between 1 and 2000),
  primary key (district_code, incident_id, closing),
  constraint rating_words_rating_fkey foreign key (district_code, incident_id, closing)
    references public.ratings (district_code, incident_id, closing) on delete cascade
);
alter table public.rating_words enable row level security;

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

create table public.appeals (
  district_code text not null,
  incident_id uuid not null,
  closing smallint not null,
  -- of the department that closed it
  department_code text not null references public.departments (code),
  reason text not null,
  made_by uuid not null references public.profiles (user_id),
  made_at timestamptz not null,
  first_by uuid references public.profiles (user_id),
  first_at timestamptz,
  first_granted boolean,
  first_note text,
  second_by uuid references public.profiles (user_id),
  second_at timestamptz,
  second_granted boolean,
  second_note text,
  is_granted boolean generated always as (coalesce(first_granted and second_granted, false)) stored,
  -- copies of the incident's; a trigger keeps them
  area_code text not null,
  is_generated boolean not null default false,
  primary key (district_code, incident_id, closing),
  constraint appeals_incident_fkey foreign key (district_code, incident_id)
    references public.incidents (district_code, id),
  constraint appeals_first_check check (num_nonnulls(first_by, first_at, first_granted, first_note) in (0, 4)),
  constraint appeals_second_check check (num_nonnulls(second_by, second_at, second_granted, second_note) in (0, 4)
    and (second_by is null or first_granted and second_by <> first_by))
);
alter table public.appeals enable row level security;

create type private.unsolved_follows as (unsolved text, decide_by timestamptz, version integer);

CREATE OR REPLACE FUNCTION private.server_side(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
  select jsonb_build_object('version', p_incident.version, 'categoryCode', p_incident.category_code,
    'lon', p_incident.lon, 'lat', p_incident.lat, 'description', p_incident.description,
    'severity', p_incident.severity, 'addressLabel', p_incident.address_label,
    'areaCode', p_incident.area_code, 'stage', p_incident.stage, 'state', p_incident.state,
    'departmentCode', p_incident.department_code, 'reportedBy', p_incident.reported_by, 'changedAt', last.at, 'changedBy', p.display_name)
  from (values (1)) one
  left join lateral (
    select l.at, l.actor from public.incident_log l
    where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
      and l.kind not in ('note', 'noted', 'asked', 'photo', 'confirmed', 'called', 'rated', 'kept_closed',
        'appealed', 'appeal_reviewed')
    order by l.seq desc limit 1) last on true
  left join public.profiles p on p.user_id = last.actor
$function$;

CREATE OR REPLACE FUNCTION private.judge_command(p_item json, p_envelope private.command_envelope, p_actor uuid, p_may_report boolean, p_at timestamp with time zone, p_is_replay boolean)
 RETURNS private.judged_command
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_judged private.judged_command;
  v_record public.commands;
  v_payload jsonb;
  v_result jsonb := '{}';
  v_state text;
  v_detail text;
begin
  v_judged.settled := private.settled_receipt(p_item, p_envelope, p_actor);
  if v_judged.settled is not null then
    return v_judged;
  end if;
  v_record.id := p_envelope.id;
  v_record.actor := p_actor;
  v_record.type := p_envelope.type;
  v_record.hash := p_envelope.hash;
  v_record.replaces := p_envelope.replaces;
  v_record.device_at := p_envelope.at;
  v_record.received_at := p_at;
  v_record.outcome := 'applied';
  begin
    v_payload := private.parse_payload(p_envelope.payload);
    if private.is_uuid(v_payload ->> 'incidentId') then
      v_judged.incident := (v_payload ->> 'incidentId')::uuid;
    end if;
    case p_envelope.type
      when 'report_incident' then
        if not p_may_report then
          perform private.reject_command('not_allowed');
        end if;
        v_judged.report := private.read_report(p_actor, p_envelope.id, v_payload, p_at);
        v_result := jsonb_build_object('incident_id', (v_judged.report).id, 'version', 1,
          'photos', case when (v_judged.report).condition_code is null then (v_judged.report).data -> 'photos'
            else to_jsonb(private.photo_hashes(
              (v_judged.report).photos || (v_judged.report).handled_photos)) end);
      when 'add_note' then
        v_result := private.add_note(p_actor, p_envelope.id, v_payload, p_at);
      when 'add_photo' then
        v_result := private.add_photo(p_actor, p_envelope.id, v_payload, p_at);
      when 'confirm_duplicate' then
        v_result := private.confirm_duplicate(p_actor, p_envelope.id, v_payload, p_at);
      when 'correct_incident' then
        v_result := private.correct_incident(p_actor, p_envelope.id, v_payload, p_at);
      when 'transition' then
        v_judged.step := private.read_transition(p_actor, p_envelope.id, v_payload, p_at);
        v_result := jsonb_build_object('incident_id', v_judged.incident,
          'photos', to_jsonb(private.photo_hashes((v_judged.step).photos)));
      when 'save_view' then
        v_result := private.save_view(p_actor, v_payload, p_at);
      when 'delete_view' then
        v_result := private.delete_view(p_actor, v_payload, p_at);
      when 'save_dispatch_rules' then
        v_result := private.save_dispatch_rules(p_actor, v_payload, p_at);
      when 'make_follow_up', 'finish_follow_up', 'dismiss_finding', 'restore_finding' then
        v_result := private.mark_finding(p_actor, p_envelope.type, v_payload, p_at);
      when 'draw_callbacks' then
        v_result := private.draw_callbacks(p_actor, v_payload, p_at);
      when 'rate' then
        v_result := private.rate(p_actor, p_envelope.id, v_payload, p_at);
      when 'callback_outcome' then
        v_result := private.note_callback(p_actor, p_envelope.id, v_payload, p_at);
      when 'keep_closed' then
        v_result := private.keep_closed(p_actor, p_envelope.id, v_payload, p_at);
      when 'appeal' then
        v_result := private.make_appeal(p_actor, p_envelope.id, v_payload, p_at);
      when 'review_appeal' then
        v_result := private.review_appeal(p_actor, p_envelope.id, v_payload, p_at);
      else
        perform private.reject_command('unknown_type', 'type');
    end case;
  exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
    if private.fails_call(v_state) then raise; end if;
    v_record.error := private.verdict_of(v_state, v_detail);
    v_judged.report := null;
    v_judged.step := null;
    if v_record.error is null then
      raise warning 'no receipt for a % (%): %', p_envelope.type, v_state, sqlerrm;
      v_judged.settled := 'null';
      return v_judged;
    end if;
    if p_is_replay and v_record.error ->> 'code' in ('not_allowed', 'unknown_incident') then
      v_judged.settled := private.rejected_receipt(p_envelope.id::text, v_record.error ->> 'code');
      return v_judged;
    end if;
    v_result := '{}';
    v_record.outcome := 'rejected';
    if v_state = 'WG002' then
      v_record.outcome := 'conflict';
      v_result := jsonb_build_object('incident_id', v_payload ->> 'incidentId',
        'version', v_record.error -> 'server' -> 'version');
    end if;
  end;
  v_record.incident_id := (v_result ->> 'incident_id')::uuid;
  v_record.version := (v_result ->> 'version')::integer;
  v_record.photo_hashes := case when jsonb_typeof(v_result -> 'photos') = 'array'
    then array(select jsonb_array_elements_text(v_result -> 'photos')) else '{}' end;
  v_judged.record := v_record;
  return v_judged;
end $function$;

CREATE OR REPLACE FUNCTION private.incident_detail(p_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_scope constant text := private.scope_condition(private.resolve_scope(), 'i');
  v_incident public.incidents;
  v_work public.incident_work;
  v_rights private.incident_rights;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    v_scope)
  into v_incident using p_id;
  if v_incident.id is null then
    return null;
  end if;
  select * into v_work from public.incident_work w
  where w.district_code = v_incident.district_code and w.incident_id = v_incident.id;
  v_rights := private.rights_on(v_incident);
  return jsonb_build_object(
    'asOf', now(),
    'incident', private.incident_row(v_incident, v_work) || jsonb_build_object(
      'category', (select jsonb_build_object('code', c.code, 'nameZh', c.name_zh, 'nameEn', c.name_en,
          'class', c.class, 'path', c.path)
        from public.categories c where c.code = v_incident.category_code),
      -- from the top down
      'areas', (select jsonb_agg(jsonb_build_object('code', a.code, 'level', a.level, 'name', a.name)
          order by length(a.path))
        from public.areas a join public.areas own on own.code = v_incident.area_code
          and starts_with(own.path, a.path)),
      'department', (select jsonb_build_object('code', d.code, 'nameZh', d.name_zh, 'nameEn', d.name_en)
        from public.departments d where d.code = v_incident.department_code),
      'reportedBy', v_incident.reported_by,
      'reporterName', (select p.display_name from public.profiles p where p.user_id = v_incident.reported_by),
      'deviceAt', v_incident.device_at,
      'source', v_incident.source,
      'sourceId', v_incident.source_id,
      'dueUnknown', private.due_unknown(v_incident),
      'handler', v_incident.handler,
      'assignee', v_incident.assignee),
    'photos', private.incident_photo_list(v_incident, auth.uid()),
    'canCorrect', v_rights.may_correct and private.is_open(v_incident.stage),
    'canNote', v_rights.may_note,
    'canAsk', v_rights.may_ask,
    'transitions', private.offered_transitions(v_incident, v_rights.acts_as, now()),
    'log', private.incident_log_list(v_incident),
    'people', private.incident_people(v_incident),
    'clocks', private.incident_clock_list(v_incident, now()),
    'holds', private.incident_holds(v_incident),
    'family', private.incident_family(v_incident, v_scope),
    'spot', private.incident_spot(v_incident, v_scope),
    'feedback', private.incident_feedback(v_incident, v_rights, now()));
end $function$;

CREATE OR REPLACE FUNCTION private.verdict_query(p_scope private.incident_scope, p_filter private.incident_filter, p_month text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format($q$
    with clocked as (
      select %3$s as month, i.stage, i.on_hold, i.department_code, i.rework > 0 as is_rework, i.extensions > 0 as is_extended,
        i.is_repeat, i.workflow_code, i.channel,
        -- 2: past its time, 1: unknown beyond the calendar's years, 0: in time
        max(k.late) filter (where c.kind = 'verify') as verifying,
        max(k.late) filter (where c.kind in ('accept', 'file')) as filing,
        max(k.late) filter (where c.kind = 'dispatch') as dispatch,
        max(k.late) filter (where c.kind = 'handle') as handling,
        max(k.late) filter (where c.kind = 'check') as checking,
        max(k.late) as closing,
        max(k.late) filter (where c.running_since is not null) as now,
        max(c.seq) filter (where c.kind = 'verify') < max(c.seq) as is_verified,
        coalesce(bool_or(c.running_since is not null) filter (where c.kind = 'check'), false) as is_checked_now
      from public.incidents i
      join public.incident_clocks c on c.district_code = i.district_code and c.incident_id = i.id
      cross join lateral (
        select case when c.due_at < $1 or c.used_seconds > c.limit_seconds then 2
          when c.due_at is null and (c.used_seconds is null or c.limit_seconds is null) then 1 else 0 end as late) k
      -- a department that gave it back no longer has it to handle
      where c.kind <> 'milestone' and (c.kind <> 'handle' or c.department_code is not distinct from i.department_code)
        and %1$s and %2$s
        -- a granted appeal of its newest closing
        and not exists (select from public.appeals x
          where x.district_code = i.district_code and x.incident_id = i.id and x.is_granted
            and x.closing = private.closing_of(i.district_code, i.id))
      group by i.district_code, i.id
    ), judged as (
      select k.*, private.is_open(k.stage) as is_open, k.stage = 'rejected' as is_rejected,
        k.stage in ('filed', 'dispatched', 'handled', 'closed') as is_filed,
        private.stage_verdict(k.verifying, k.is_verified,
          k.is_verified or private.is_open(k.stage)) as verifying_verdict,
        private.stage_verdict(k.filing, k.stage in ('filed', 'dispatched', 'handled', 'closed'),
          private.is_counted(k.stage)) as filing_verdict,
        private.stage_verdict(k.dispatch, k.stage in ('dispatched', 'handled', 'closed'),
          private.is_counted(k.stage)) as dispatch_verdict,
        private.stage_verdict(k.handling, k.stage in ('handled', 'closed'),
          private.is_counted(k.stage)) as handling_verdict,
        private.stage_verdict(k.checking, not k.is_checked_now, private.is_counted(k.stage)) as checking_verdict,
        private.stage_verdict(case when k.stage = 'closed' then k.closing else k.now end, k.stage = 'closed',
          private.is_counted(k.stage)) as closing_verdict
      from clocked k
    )
    select j.on_hold, j.department_code, j.is_open, j.is_filed, j.is_rejected, j.is_rework, j.is_extended,
      j.verifying_verdict as verifying, j.filing_verdict as filing, j.dispatch_verdict as dispatch,
      j.handling_verdict as handling, j.checking_verdict as checking, j.closing_verdict as closing,
      j.channel <> all (coalesce(w.trusted_channels, '{app}')) as is_public,
      j.is_filed and j.is_repeat as is_repeat, j.month,
      count(*) as n
    from judged j
    join public.workflows w on w.code = j.workflow_code
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    $q$,
    private.scope_condition(p_scope, 'i'), private.filter_condition(p_filter), coalesce(p_month, 'null::date'))
$function$;

CREATE OR REPLACE FUNCTION private.make_demo_ratings(p_plan jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.clear_demo_ratings()
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.random_token()
 RETURNS text
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  select left(encode(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 'hex'), 32)
$function$;

CREATE OR REPLACE FUNCTION private.make_draw_secret()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  insert into private.draw_secrets (secret) values (private.random_token()) on conflict do nothing;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION private.closing_of(p_district text, p_incident uuid)
 RETURNS integer
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT (1 + COALESCE((( SELECT r.n
            FROM private.reopenings r
           WHERE ((r.district_code = closing_of.p_district) AND (r.incident_id = closing_of.p_incident))))::integer, 0));
END;

CREATE OR REPLACE FUNCTION private.mark_rating_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  new.changed_xid := pg_current_xact_id()::text::bigint;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION private.carry_to_ratings()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.settle_unsolved()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  insert into private.reopenings (district_code, incident_id, n) values (new.district_code, new.id, 1)
  on conflict (district_code, incident_id) do update set n = reopenings.n + 1;
  update public.ratings r set decision = 'reopened', decided_by = auth.uid(), decided_at = new.state_since
  where r.district_code = new.district_code and r.incident_id = new.id and r.unsolved = 'asked'
    and r.decision is null;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION private.draw_score(p_seed text, p_incident uuid, p_closing integer)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
 SET search_path TO ''
AS $function$
  select encode(sha256(convert_to(concat_ws(' ', p_seed, p_incident, p_closing), 'UTF8')), 'hex')
$function$;

CREATE OR REPLACE FUNCTION private.local_month(p_at timestamp with time zone)
 RETURNS date
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select date_trunc('month', p_at at time zone c.time_zone)::date from public.city_settings c
$function$;

CREATE OR REPLACE FUNCTION private.rated_until(p_incident public.incidents)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select p_incident.closed_at + make_interval(days => w.rating_days)
  from public.workflows w where w.code = p_incident.workflow_code
$function$;

CREATE OR REPLACE FUNCTION private.call_bar(p_incident public.incidents, p_person uuid, p_at timestamp with time zone)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.callback_pool(p_area text, p_from date, p_to date, p_categories text[], p_at timestamp with time zone)
 RETURNS SETOF public.incidents
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION private.draw_list(p_draw uuid)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(string_agg(concat_ws(' ', c.n, c.incident_id, c.closing), E'\n' order by c.n), '')
  from public.callbacks c where c.draw_id = p_draw
$function$;

CREATE OR REPLACE FUNCTION private.may_draw(p_area text, p_person uuid, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.follow_up_roles(p_area, null, p_person, p_at) && '{grid_manager,leader,admin}'
$function$;

CREATE OR REPLACE FUNCTION private.payload_callers(p_payload jsonb)
 RETURNS uuid[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.spread_callbacks(p_draw uuid, p_callers uuid[], p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.draw_callbacks(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.lock_callback(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS public.callbacks
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.refuse_rating(p_incident public.incidents, p_closing integer, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.payload_flag(p_payload jsonb, p_field text)
 RETURNS boolean
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if coalesce(jsonb_typeof(p_payload -> p_field), 'null') not in ('boolean', 'null') then
    perform private.reject_command('invalid_field', p_field, 'not true or false');
  end if;
  return (p_payload ->> p_field)::boolean;
end $function$;

CREATE OR REPLACE FUNCTION private.follow_unsolved(p_incident public.incidents, p_actor uuid, p_command uuid, p_at timestamp with time zone)
 RETURNS private.unsolved_follows
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.store_rating(p_incident public.incidents, p_way text, p_actor uuid, p_link text, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.rate(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_call public.callbacks;
  v_incident public.incidents;
  v_version integer;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,closing,responded,solved,satisfied,why,deviceAt}');
  v_call := private.lock_callback(p_actor, p_payload, p_at);
  select * into v_incident from public.incidents i
  where i.district_code = v_call.district_code and i.id = v_call.incident_id;
  v_version := private.store_rating(v_incident, 'callback', p_actor, null, p_command, p_payload, p_at);
  update public.callbacks c set outcome = 'reached', attempts = c.attempts + 1, last_by = p_actor, last_at = p_at,
    last_device_at = private.payload_instant(p_payload, 'deviceAt')
  where c.district_code = v_call.district_code and c.incident_id = v_call.incident_id and c.closing = v_call.closing;
  return jsonb_build_object('incident_id', v_incident.id, 'version', v_version);
end $function$;

CREATE OR REPLACE FUNCTION private.note_callback(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.keep_closed(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.issue_rating_link(p_incident uuid, p_at timestamp with time zone)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.rating_link_of(p_token text, p_at timestamp with time zone)
 RETURNS private.rating_links
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select l from private.rating_links l
  where l.token_hash = encode(sha256(convert_to(p_token, 'UTF8')), 'hex') and p_at < l.expires_at
$function$;

CREATE OR REPLACE FUNCTION private.rating_link_page(p_token text, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.rate_by_link(p_token text, p_payload text, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.incident_feedback(p_incident public.incidents, p_rights private.incident_rights, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.callback_row(c public.callbacks, p_user uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    select jsonb_build_object('incidentId', i.id, 'closing', (c).closing, 'drawId', (c).draw_id, 'n', (c).n,
      'isMine', (c).caller is not distinct from p_user, 'callerName', p.display_name,
      'categoryCode', i.category_code, 'areaCode', i.area_code, 'departmentCode', (c).department_code,
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
end $function$;

CREATE OR REPLACE FUNCTION private.callback_sheet()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
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
        'categoryCode', i.category_code, 'areaCode', i.area_code, 'departmentCode', r.department_code,
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
end $function$;

CREATE OR REPLACE FUNCTION private.callback_people(p_area text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.callback_draw_check(p_draw uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.callback_sheet()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.callback_sheet() $function$;

CREATE OR REPLACE FUNCTION public.callback_people(p_area text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.callback_people(p_area) $function$;

CREATE OR REPLACE FUNCTION public.callback_draw_check(p_draw uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.callback_draw_check(p_draw) $function$;

CREATE OR REPLACE FUNCTION private.carry_to_appeals()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update public.appeals a set area_code = new.area_code
  where a.district_code = new.district_code and a.incident_id = new.id;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION private.appealable(p_incident public.incidents, p_closing integer)
 RETURNS TABLE(department_code text, until timestamp with time zone)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(r.department_code, p_incident.department_code),
    greatest(r.at, case when p_incident.stage = 'closed' and p_closing = private.closing_of(p_incident.district_code, p_incident.id)
      then p_incident.closed_at end) + make_interval(days => w.rating_days)
  from public.workflows w
  left join public.ratings r on r.district_code = p_incident.district_code and r.incident_id = p_incident.id
    and r.closing = p_closing
  where w.code = p_incident.workflow_code
    and (r.closing is not null or p_incident.stage = 'closed' and p_closing = private.closing_of(p_incident.district_code, p_incident.id))
$function$;

CREATE OR REPLACE FUNCTION private.is_of_department(p_person uuid, p_department text, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (select from public.memberships m
    where m.user_id = p_person and m.role = 'handler' and m.department_code = p_department
      and private.is_valid(m.valid_from, m.valid_to, p_at))
$function$;

CREATE OR REPLACE FUNCTION private.make_appeal(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_closing constant integer := private.payload_whole(p_payload, 'closing', true, 1, 32767);
  v_reason constant text := private.payload_filled(p_payload, 'reason', 2000);
  v_locked private.locked_incident;
  v_incident public.incidents;
  v_may record;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,closing,reason,deviceAt}');
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  select * into v_may from private.appealable(v_incident, v_closing);
  if v_may.until is null then
    perform private.reject_command('other_closing', 'closing');
  elsif not private.is_of_department(p_actor, v_may.department_code, p_at) then
    perform private.reject_command('not_allowed', 'incidentId');
  elsif p_at >= v_may.until then
    perform private.reject_command('too_late', 'incidentId');
  elsif exists (select from public.appeals a where a.district_code = v_incident.district_code
    and a.incident_id = v_incident.id and a.closing = v_closing) then
    perform private.reject_command('already_appealed', 'incidentId');
  end if;
  insert into public.appeals (district_code, incident_id, closing, department_code, reason, made_by, made_at,
    area_code)
  values (v_incident.district_code, v_incident.id, v_closing, v_may.department_code, v_reason, p_actor, p_at,
    v_incident.area_code);
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'appealed', v_reason,
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]',
      jsonb_build_object('closing', v_closing)), '[]');
  return jsonb_build_object('incident_id', v_incident.id);
end $function$;

CREATE OR REPLACE FUNCTION private.appeal_review(p_appeal public.appeals, p_incident public.incidents, p_roles text[], p_person uuid, p_at timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select case
    when p_person = p_appeal.made_by
      or coalesce(private.call_bar(p_incident, p_person, p_at), '') in ('own_case', 'own_department') then null
    when p_appeal.first_by is null then case when 'grid_manager' = any (p_roles) then 'first' end
    when p_appeal.first_granted and p_appeal.second_by is null and p_person <> p_appeal.first_by
      and p_roles && '{leader,admin}' then 'second' end
$function$;

CREATE OR REPLACE FUNCTION private.review_appeal(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_closing constant integer := private.payload_whole(p_payload, 'closing', true, 1, 32767);
  v_review constant text := private.payload_word(p_payload, 'review', '{first,second}');
  v_granted constant boolean := private.payload_flag(p_payload, 'isGranted');
  v_note constant text := private.payload_filled(p_payload, 'note', 2000);
  v_locked private.locked_incident;
  v_incident public.incidents;
  v_appeal public.appeals;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,closing,review,isGranted,note,deviceAt}');
  if v_review is null or v_granted is null then
    perform private.reject_command('missing_field', case when v_review is null then 'review' else 'isGranted' end);
  end if;
  v_locked := private.lock_incident(p_payload, p_at);
  v_incident := v_locked.incident;
  select * into v_appeal from public.appeals a where a.district_code = v_incident.district_code
    and a.incident_id = v_incident.id and a.closing = v_closing for update;
  if not found then
    perform private.reject_command('unknown_appeal', 'closing');
  elsif v_appeal.second_by is not null or not v_appeal.first_granted
    or v_review = 'first' and v_appeal.first_by is not null then
    perform private.reject_command('already_reviewed', 'closing');
  elsif private.appeal_review(v_appeal, v_incident, (v_locked.rights).roles, p_actor, p_at)
    is distinct from v_review then
    perform private.reject_command('not_allowed', 'closing');
  end if;
  if v_review = 'first' then
    update public.appeals a set first_by = p_actor, first_at = p_at, first_granted = v_granted, first_note = v_note
    where a.district_code = v_incident.district_code and a.incident_id = v_incident.id and a.closing = v_closing;
  else
    update public.appeals a set second_by = p_actor, second_at = p_at, second_granted = v_granted, second_note = v_note
    where a.district_code = v_incident.district_code and a.incident_id = v_incident.id and a.closing = v_closing;
    update public.ratings r set is_exempt = v_granted where v_granted and r.district_code = v_incident.district_code
      and r.incident_id = v_incident.id and r.closing = v_closing;
    update public.callbacks c set is_exempt = v_granted where v_granted and c.district_code = v_incident.district_code
      and c.incident_id = v_incident.id and c.closing = v_closing;
  end if;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'appeal_reviewed', v_note,
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]',
      jsonb_build_object('closing', v_closing, 'review', v_review, 'isGranted', v_granted)), '[]');
  return jsonb_build_object('incident_id', v_incident.id);
end $function$;

CREATE OR REPLACE FUNCTION private.incident_appeals(p_incident public.incidents, p_rights private.incident_rights, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return jsonb_build_object(
    'appeals', (
      select coalesce(jsonb_agg(jsonb_build_object('closing', a.closing, 'departmentCode', a.department_code,
        'reason', a.reason, 'madeByName', m.display_name, 'madeAt', a.made_at, 'isGranted', a.is_granted,
        'reviews', (select coalesce(jsonb_agg(jsonb_build_object('review', v.review, 'byName', p.display_name,
            'at', v.at, 'isGranted', v.granted, 'note', v.note) order by v.review), '[]')
          from (values ('first', a.first_by, a.first_at, a.first_granted, a.first_note),
            ('second', a.second_by, a.second_at, a.second_granted, a.second_note))
            as v (review, person, at, granted, note)
          join public.profiles p on p.user_id = v.person),
        'review', private.appeal_review(a, p_incident, p_rights.roles, auth.uid(), p_at),
        'isGenerated', a.is_generated) order by a.closing), '[]')
      from public.appeals a
      join public.profiles m on m.user_id = a.made_by
      where a.district_code = p_incident.district_code and a.incident_id = p_incident.id),
    'canAppeal', (
      select coalesce(jsonb_agg(c.n order by c.n), '[]')
      from generate_series(1, private.closing_of(p_incident.district_code, p_incident.id)) c (n)
      cross join lateral private.appealable(p_incident, c.n) m
      where p_at < m.until and private.is_of_department(auth.uid(), m.department_code, p_at)
        and not exists (select from public.appeals a where a.district_code = p_incident.district_code
          and a.incident_id = p_incident.id and a.closing = c.n)));
end $function$;

CREATE OR REPLACE FUNCTION private.answer_byte(p_responded boolean, p_solved boolean, p_satisfied integer, p_outcome text, p_is_rated boolean)
 RETURNS integer
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_is_rated THEN ((COALESCE(p_satisfied, 0) + CASE WHEN p_responded THEN 16 WHEN (NOT p_responded) THEN 8 ELSE 0 END) + CASE WHEN p_solved THEN 64 WHEN (NOT p_solved) THEN 32 ELSE 0 END) ELSE CASE p_outcome WHEN 'refused'::text THEN 129 WHEN 'not_reached'::text THEN 130 ELSE 128 END END;

CREATE OR REPLACE FUNCTION private.asked_query(p_scope private.incident_scope)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format($q$
    select r.closed_month, r.area_code, r.category_code, r.department_code, r.way, r.is_exempt, r.is_generated,
      r.district_code, r.incident_id, r.closing,
      private.answer_byte(r.responded, r.solved, r.satisfied, null, true) as answer, r.changed_xid
    from public.ratings r where %s
    union all
    select c.closed_month, c.area_code, c.category_code, c.department_code, 'callback', c.is_exempt, c.is_generated,
      c.district_code, c.incident_id, c.closing,
      private.answer_byte(null, null, null, c.outcome, false), c.changed_xid
    from public.callbacks c
    where %s and (%s or c.outcome is not null) and not exists (
      select from public.ratings r where r.district_code = c.district_code and r.incident_id = c.incident_id
        and r.closing = c.closing)
    $q$, private.scope_condition(p_scope, 'r'), private.scope_condition(p_scope, 'c'),
    case when p_scope.whole then 'true' else format('c.area_code = any (%L::text[])', p_scope.area_codes) end)
$function$;

CREATE OR REPLACE FUNCTION private.rating_months(p_cursor text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_scope constant private.incident_scope := private.resolve_scope();
  v_before_xid constant bigint := (private.settled_until()).before_xid;
  v_cursor constant text := private.cursor_at(v_before_xid);
  v_start bigint;
  v_changed date[];
  v_months jsonb;
begin
  if split_part(p_cursor, '.', 1) = split_part(v_cursor, '.', 1)
      and split_part(p_cursor, '.', 2) ~ '^[0-9]{1,18}$' and split_part(p_cursor, '.', 3) = '' then
    v_start := split_part(p_cursor, '.', 2)::bigint;
  end if;
  if v_start > v_before_xid then
    v_start := null;
  end if;
  if v_start is not null then
    -- of everybody: a row that left the scope has changed too
    v_changed := array(
      select r.closed_month from public.ratings r where r.changed_xid >= v_start and r.changed_xid < v_before_xid
      union
      select c.closed_month from public.callbacks c where c.changed_xid >= v_start and c.changed_xid < v_before_xid);
  end if;
  if v_changed = '{}' then
    v_months := '[]';
  else
    execute format($q$
      select coalesce(jsonb_agg(jsonb_build_object('month', to_char(m.month, 'YYYY-MM'), 'count', coalesce(a.n, 0),
        'revision', private.month_revision(coalesce(a.n, 0), a.newest, a.total)) order by m.month), '[]')
      from (
        select q.closed_month as month, count(*) as n, max(q.changed_xid) as newest, sum(q.changed_xid) as total
        from (%s) q where $1 is null or q.closed_month = any ($1) group by q.closed_month) a
      full join unnest($1) as g (month) on g.month = a.month
      cross join lateral (select coalesce(g.month, a.month) as month) m $q$, private.asked_query(v_scope))
    into v_months using v_changed;
  end if;
  return jsonb_build_object('cursor', v_cursor, 'reset', v_start is null, 'scopeKey', private.scope_key(),
    'months', v_months);
end $function$;

CREATE OR REPLACE FUNCTION private.rating_columns(p_months text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
AS $function$
declare
  v_months date[];
  v_result jsonb;
begin
  if p_months is null or cardinality(p_months) > 120 or array_ndims(p_months) > 1 then
    raise exception 'p_months: a list of at most 120 months' using errcode = '22023', detail = 'p_months';
  end if;
  if exists (select 1 from unnest(p_months) m where m is null or m !~ '^[0-9]{4}-(0[1-9]|1[0-2])$' or m < '0001') then
    raise exception 'p_months: months as YYYY-MM' using errcode = '22023', detail = 'p_months';
  end if;
  v_months := array(select distinct (m || '-01')::date from unnest(p_months) m);
  execute format($q$
    with asked as materialized (
      select q.closed_month as month, q.department_code as department, q.way, q.is_exempt, q.is_generated,
        q.changed_xid, q.answer, a.idx as area, c.idx as category
      from (%s) q
      join public.areas a on a.code = q.area_code
      join public.categories c on c.code = q.category_code
      where q.closed_month = any (%L::date[])
    ), ordered as (
      select * from asked o
      order by o.month, o.department collate "C", o.way collate "C", o.is_exempt, o.is_generated, o.area, o.category,
        o.answer
    ), packed as (
      select o.month, count(*) as n, max(o.changed_xid) as newest, sum(o.changed_xid) as total,
        string_agg(set_byte('\x00', 0, o.area >> 8), '') || string_agg(set_byte('\x00', 0, o.area & 255), '') as area,
        string_agg(set_byte('\x00', 0, o.category), '') as category,
        string_agg(set_byte('\x00', 0, o.answer), '') as answer
      from ordered o group by o.month
    ), runs as (
      select r.month, jsonb_agg(jsonb_build_object('department', r.department, 'way', r.way, 'isExempt', r.is_exempt,
        'isGenerated', r.is_generated, 'count', r.n)
        order by r.department collate "C", r.way collate "C", r.is_exempt, r.is_generated) as list
      from (
        select o.month, o.department, o.way, o.is_exempt, o.is_generated, count(*) as n
        from asked o group by 1, 2, 3, 4, 5) r
      group by r.month
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m, 'YYYY-MM'),
      'revision', private.month_revision(coalesce(p.n, 0), p.newest, p.total),
      'count', coalesce(p.n, 0), 'runs', coalesce(r.list, '[]'), 'area', private.base64(p.area),
      'category', private.base64(p.category), 'answer', private.base64(p.answer)) order by m), '[]')
    from unnest(%L::date[]) m
    left join packed p on p.month = m
    left join runs r on r.month = m $q$,
    private.asked_query(private.resolve_scope()), v_months, v_months)
  into v_result;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION public.rating_months(p_cursor text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.rating_months(p_cursor) $function$;

CREATE OR REPLACE FUNCTION public.rating_columns(p_months text[])
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.rating_columns(p_months) $function$;

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
      select r.*, coalesce(a.parent_code, a.code) as place
      from public.ratings r
      join public.areas a on a.code = r.area_code
      where v_user is not null and r.at > now() - make_interval(days => p_days) and r.area_code = any (v_led)
    ), signs (kind, place, person, words, n, from_at, to_at, is_generated) as (
      select 'all_equal', s.place, null::uuid, null::text, count(*), min(s.at), max(s.at), bool_or(s.is_generated)
      from seen s where s.satisfied is not null
      group by s.place having count(*) >= 30 and min(s.satisfied) = max(s.satisfied)
      union all
      select 'same_words', s.place, null, min(w.words), count(*), min(s.at), max(s.at), bool_or(s.is_generated)
      from seen s
      join public.rating_words w on w.district_code = s.district_code and w.incident_id = s.incident_id
        and w.closing = s.closing
      -- short words are often the same
      where length(w.words) >= 6
      group by s.place, lower(regexp_replace(btrim(w.words), '\s+', ' ', 'g')) having count(*) >= 5
      union all
      select 'burst', null, b.asked_by, null, max(b.n), min(b.at) filter (where b.n >= 8),
        max(b.at) filter (where b.n >= 8), bool_or(b.is_generated)
      from (
        select s.asked_by, s.at, s.is_generated, count(*) over (partition by s.asked_by order by s.at
          range between current row and interval '10 minutes' following) as n
        from seen s where s.asked_by is not null) b
      group by b.asked_by having max(b.n) >= 8
      union all
      select 'at_once', s.place, null, null, count(*), min(s.at), max(s.at), bool_or(s.is_generated)
      from seen s where s.at < s.closed_at + interval '1 minute'
      group by s.place
    )
    select jsonb_build_object('asOf', now(), 'signs', coalesce(jsonb_agg(jsonb_build_object('kind', g.kind,
      'areaCode', g.place, 'personName', p.display_name, 'words', g.words, 'count', g.n, 'from', g.from_at,
      'to', g.to_at, 'isGenerated', g.is_generated) order by g.kind, g.n desc, g.place, p.display_name), '[]'))
    from (select * from signs order by kind, n desc limit 100) g
    left join public.profiles p on p.user_id = g.person);
end $function$;

CREATE OR REPLACE FUNCTION public.rating_signs(p_days integer DEFAULT 90)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.rating_signs(p_days) $function$;

alter table public.workflows add constraint workflows_rating_days_check CHECK (((rating_days >= 1) AND (rating_days <= 365)));

alter table public.workflows add constraint workflows_unsolved_check CHECK ((unsolved = ANY (ARRAY['reopen'::text, 'ask'::text, 'none'::text])));

alter table public.workflows add constraint workflows_unsolved_limit_check CHECK (private.is_limit(unsolved_amount, unsolved_unit, 'hours'::text));

CREATE INDEX appeals_department_idx ON public.appeals USING btree (department_code);

CREATE INDEX appeals_first_by_idx ON public.appeals USING btree (first_by);

CREATE INDEX appeals_made_by_idx ON public.appeals USING btree (made_by);

CREATE INDEX appeals_second_by_idx ON public.appeals USING btree (second_by);

CREATE INDEX callback_draws_area_idx ON public.callback_draws USING btree (area_code);

CREATE INDEX callback_draws_drawn_by_idx ON public.callback_draws USING btree (drawn_by);

CREATE INDEX callbacks_caller_idx ON public.callbacks USING btree (caller);

CREATE INDEX callbacks_changed_idx ON public.callbacks USING btree (changed_xid);

CREATE INDEX callbacks_draw_idx ON public.callbacks USING btree (draw_id);

CREATE INDEX callbacks_last_by_idx ON public.callbacks USING btree (last_by);

CREATE INDEX callbacks_month_idx ON public.callbacks USING btree (closed_month);

CREATE INDEX callbacks_open_idx ON public.callbacks USING btree (closed_at) WHERE ((outcome IS NULL) OR (outcome = 'not_reached'::text));

CREATE INDEX ratings_asked_by_idx ON public.ratings USING btree (asked_by);

CREATE INDEX ratings_changed_idx ON public.ratings USING btree (changed_xid);

CREATE INDEX ratings_decided_by_idx ON public.ratings USING btree (decided_by);

CREATE INDEX ratings_month_idx ON public.ratings USING btree (closed_month);

CREATE INDEX ratings_undecided_idx ON public.ratings USING btree (decide_by) WHERE ((unsolved = 'asked'::text) AND (decision IS NULL));

CREATE TRIGGER mark_rating_change BEFORE INSERT OR UPDATE ON public.callbacks FOR EACH ROW EXECUTE FUNCTION private.mark_rating_change();

CREATE TRIGGER make_draw_secret AFTER INSERT ON public.city_settings FOR EACH ROW EXECUTE FUNCTION private.make_draw_secret();

CREATE TRIGGER carry_to_appeals AFTER UPDATE ON public.incidents FOR EACH ROW WHEN ((old.area_code IS DISTINCT FROM new.area_code)) EXECUTE FUNCTION private.carry_to_appeals();

CREATE TRIGGER carry_to_ratings AFTER UPDATE ON public.incidents FOR EACH ROW WHEN (((old.area_code IS DISTINCT FROM new.area_code) OR (old.category_code IS DISTINCT FROM new.category_code) OR (old.reported_by IS DISTINCT FROM new.reported_by) OR ((old.stage = 'closed'::text) AND (new.stage = 'closed'::text) AND (old.closed_at IS DISTINCT FROM new.closed_at)))) EXECUTE FUNCTION private.carry_to_ratings();

CREATE TRIGGER settle_unsolved AFTER UPDATE ON public.incidents FOR EACH ROW WHEN (((old.stage = 'closed'::text) AND (new.stage <> 'closed'::text))) EXECUTE FUNCTION private.settle_unsolved();

CREATE TRIGGER mark_rating_change BEFORE INSERT OR UPDATE ON public.ratings FOR EACH ROW EXECUTE FUNCTION private.mark_rating_change();

create policy "Who sees an area or is of the department sees its appeals" on public.appeals for select to authenticated using (((area_code = ANY (( SELECT private.scope_area_codes() AS scope_area_codes)::text[])) OR (department_code = ANY (( SELECT private.scope_departments() AS scope_departments)::text[]))));

create policy "Managers, leaders and admins see the draws of their areas" on public.callback_draws for select to authenticated using ((area_code = ANY (( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes)::text[])));

create policy "People see calls given to them, and those of areas they lead" on public.callbacks for select to authenticated using (((area_code = ANY (( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes)::text[])) OR ((caller = ( SELECT auth.uid() AS uid)) AND (area_code = ANY (( SELECT private.scope_area_codes() AS scope_area_codes)::text[])))));

create policy "Managers, leaders and admins of the area read a resident's word" on public.rating_words for select to authenticated using ((EXISTS ( SELECT
   FROM public.ratings r
  WHERE ((r.district_code = rating_words.district_code) AND (r.incident_id = rating_words.incident_id) AND (r.closing = rating_words.closing) AND ((r.area_code = ANY (( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes)::text[])) OR (r.asked_by = ( SELECT auth.uid() AS uid)))))));

create policy "Who sees an incident sees how it was rated" on public.ratings for select to authenticated using (((area_code = ANY (( SELECT private.scope_area_codes() AS scope_area_codes)::text[])) OR (department_code = ANY (( SELECT private.scope_departments() AS scope_departments)::text[])) OR (reported_by = ( SELECT auth.uid() AS uid))));

revoke all on function private.callback_draw_check(uuid) from public, anon, authenticated, service_role;

grant execute on function private.callback_draw_check(uuid) to authenticated;

revoke all on function private.callback_people(text) from public, anon, authenticated, service_role;

grant execute on function private.callback_people(text) to authenticated;

revoke all on function private.callback_sheet() from public, anon, authenticated, service_role;

grant execute on function private.callback_sheet() to authenticated;

revoke all on function private.rating_columns(text[]) from public, anon, authenticated, service_role;

grant execute on function private.rating_columns(text[]) to authenticated;

revoke all on function private.rating_months(text) from public, anon, authenticated, service_role;

grant execute on function private.rating_months(text) to authenticated;

revoke all on function private.rating_signs(integer) from public, anon, authenticated, service_role;

grant execute on function private.rating_signs(integer) to authenticated;

revoke all on function public.callback_draw_check(uuid) from public, anon, authenticated, service_role;

grant execute on function public.callback_draw_check(uuid) to authenticated;

revoke all on function public.callback_people(text) from public, anon, authenticated, service_role;

grant execute on function public.callback_people(text) to authenticated;

revoke all on function public.callback_sheet() from public, anon, authenticated, service_role;

grant execute on function public.callback_sheet() to authenticated;

revoke all on function public.rating_columns(text[]) from public, anon, authenticated, service_role;

grant execute on function public.rating_columns(text[]) to authenticated;

revoke all on function public.rating_months(text) from public, anon, authenticated, service_role;

grant execute on function public.rating_months(text) to authenticated;

revoke all on function public.rating_signs(integer) from public, anon, authenticated, service_role;

grant execute on function public.rating_signs(integer) to authenticated;

revoke all on public.appeals from public, anon, authenticated, service_role;

grant select on public.appeals to authenticated;

revoke all on public.callback_draws from public, anon, authenticated, service_role;

grant select on public.callback_draws to authenticated;

revoke all on public.callbacks from public, anon, authenticated, service_role;

grant select on public.callbacks to authenticated;

revoke all on public.rating_words from public, anon, authenticated, service_role;

grant select on public.rating_words to authenticated;

revoke all on public.ratings from public, anon, authenticated, service_role;

grant select on public.ratings to authenticated;

-- a city that is there already
insert into private.draw_secrets (secret) select private.random_token() from public.city_settings;
