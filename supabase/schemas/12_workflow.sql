-- Workflows as rows, and the one interpreter of their transitions.
--
-- A workflow has stages of its own (`incidents.state`), each shown and counted as one of the seven of
-- private.stage_codes() (`incidents.stage`). A transition leads from one to another, or stays. It names the
-- roles that may take it, the fields it wants, guards that must hold and effects on the incident. A new
-- workflow needs rows alone.

-- The rows a city begins with. Services are verified by no visit.
insert into public.workflows (code, name_zh, name_en, first_state, trusted_channels, sort) values
  ('event', '事件流程', 'Events', 'reported', '{app}', 1),
  ('component', '部件流程', 'Components', 'reported', '{app}', 2),
  ('service', '诉求流程', 'Requests', 'reported', null, 3);

insert into public.workflow_stages (workflow, code, stage, clock, name_zh, name_en, sort)
select w.code, s.code, s.stage, s.clock, s.name_zh, s.name_en, s.sort
from public.workflows w
cross join (values
  ('reported', 'reported', 'accept', '待受理', 'Waiting', 1),
  ('verifying', 'reported', 'verify', '待核实', 'To verify', 2),
  ('verified', 'reported', 'file', '已核实', 'Verified', 3),
  ('refuted', 'reported', 'file', '核实不属实', 'Found untrue', 4),
  ('filed', 'filed', 'dispatch', '已立案', 'Filed', 5),
  ('returned', 'filed', 'dispatch', '部门退回', 'Returned', 6),
  ('dispatched', 'dispatched', 'handle', '已派遣', 'Dispatched', 7),
  ('handled', 'handled', 'check', '待核查', 'To check', 8),
  ('closed', 'closed', null, '已结案', 'Closed', 9),
  ('rejected', 'rejected', null, '不予立案', 'Rejected', 10),
  ('merged', 'merged', null, '已并案', 'Merged', 11)
) as s (code, stage, clock, name_zh, name_en, sort)
where w.code <> 'service' or s.code not in ('verifying', 'verified', 'refuted');

insert into public.workflow_transitions (workflow, from_state, name, sort, to_state, roles, guards, effects,
  choice_field, choice_value, tone, can_undo, name_zh, name_en)
select w.code, t.from_state, t.name, t.sort, t.to_state, t.roles::text[], t.guards::text[], t.effects::text[],
  t.choice_field, t.choice_value, t.tone, t.can_undo, t.name_zh, t.name_en
from public.workflows w
cross join lateral (
  select f.from_state, v.*
  from (values
    ('assign', 1, '{reported}', 'verifying', '{grid_manager,admin}', '{}', '{}', null, null, 'neutral', true,
      '派发核实', 'Send to verify'),
    ('assign', 1, '{verifying}', null, '{grid_manager,admin}', '{}', '{}', null, null, 'neutral', true,
      '改派核实人', 'Assign'),
    ('verify', 1, '{reported,verifying}', 'verified', '{field_staff,grid_manager,admin}', '{not_reporter}', '{}',
      'isTrue', 'true', 'primary', false, '核实', 'Verify'),
    ('verify', 2, '{reported,verifying}', 'refuted', '{field_staff,grid_manager,admin}', '{not_reporter}', '{}',
      'isTrue', 'false', 'primary', false, '核实', 'Verify'),
    ('file', 2, '{reported}', 'filed', '{grid_manager,admin}', '{verified,not_controlled}', '{}', null, null, 'primary', true,
      '立案', 'File'),
    ('file', 2, '{verified}', 'filed', '{grid_manager,admin}', '{not_controlled}', '{}', null, null, 'primary',
      true, '立案', 'File'),
    ('reject', 8, '{reported,verifying,verified,refuted}', 'rejected', '{grid_manager,admin}', '{}', '{}',
      null, null, 'danger', true, '不予立案', 'Reject'),
    ('merge', 7, '{reported,verifying,verified,refuted,filed}', 'merged', '{grid_manager,admin}', '{}', '{}',
      null, null, 'neutral', true, '并案', 'Merge'),
    ('dispatch', 1, '{filed,returned}', 'dispatched', '{grid_manager,admin}', '{}', '{}', null, null, 'primary',
      true, '派遣', 'Dispatch'),
    ('give_back', 2, '{returned}', 'dispatched', '{grid_manager,admin}', '{has_department}', '{}', null, null,
      'neutral', true, '退还部门', 'Give back'),
    ('assign', 4, '{dispatched}', null, '{handler,grid_manager,admin}', '{has_department}', '{}', null, null,
      'neutral', true, '指定处置人', 'Assign'),
    ('handle', 1, '{dispatched}', 'handled', '{handler}', '{}', '{}', null, null, 'primary', false,
      '处置反馈', 'Handled'),
    ('return', 5, '{dispatched}', 'returned', '{handler}', '{}', '{}', null, null, 'danger', true,
      '退回', 'Return'),
    ('request_extension', 3, '{dispatched}', null, '{handler}',
      '{nothing_pending,in_time,extension_left}', '{ask_extension}', null, null, 'neutral', false,
      '申请延期', 'Ask for more time'),
    ('decide_extension', 1, '{dispatched}', null, '{grid_manager,leader,admin}',
      '{extension_pending,first_extension}', '{grant_extension}', 'isApproved', 'true', 'primary', false,
      '审批延期', 'Decide on more time'),
    ('decide_extension', 2, '{dispatched}', null, '{leader,admin}', '{extension_pending}', '{grant_extension}',
      'isApproved', 'true', 'primary', false, '审批延期', 'Decide on more time'),
    ('decide_extension', 3, '{dispatched}', null, '{grid_manager,leader,admin}', '{extension_pending}',
      '{drop_request}', 'isApproved', 'false', 'primary', false, '审批延期', 'Decide on more time'),
    ('request_hold', 6, '{filed,dispatched}', null, '{handler,grid_manager}', '{nothing_pending,never_held}',
      '{ask_hold}', null, null, 'neutral', false, '申请挂账', 'Ask to hold'),
    ('refuse_hold', 3, '{filed,dispatched}', null, '{leader}', '{hold_pending}', '{drop_request}', null, null,
      'danger', false, '不予挂账', 'Refuse the hold'),
    ('hold', 6, '{filed,dispatched}', null, '{leader}', '{never_held}', '{hold}', null, null, 'neutral', false,
      '挂账', 'Hold'),
    ('resume', 1, '{filed,dispatched}', null, '{leader,grid_manager,admin}', '{held}', '{resume}', null, null,
      'primary', false, '恢复', 'Resume'),
    ('milestone', 2, '{dispatched}', null, '{handler}', '{has_milestones}', '{milestone}', null, null, 'neutral', false,
      '阶段完成', 'Milestone reached'),
    ('assign', 4, '{handled}', null, '{grid_manager,admin}', '{}', '{}', null, null, 'neutral', true,
      '派发核查', 'Send to check'),
    ('check_pass', 1, '{handled}', 'closed', '{field_staff,grid_manager,admin}', '{not_of_department}', '{}',
      null, null, 'primary', true, '核查通过', 'Check passed'),
    ('check_fail', 2, '{handled}', 'dispatched', '{field_staff,grid_manager,admin}', '{not_of_department}',
      '{rework}', null, null, 'danger', true, '核查不通过', 'Check failed'),
    ('reopen', 1, '{closed}', 'dispatched', '{grid_manager,leader,admin,reporter}',
      '{reopen_window,has_department}', '{reopen}', null, null, 'neutral', false, '重新打开', 'Reopen'),
    ('reopen', 2, '{closed}', 'filed', '{grid_manager,leader,admin,reporter}', '{reopen_window}', '{reopen}',
      null, null, 'neutral', false, '重新打开', 'Reopen'),
    ('reopen', 1, '{rejected}', 'reported', '{grid_manager,leader,admin}', '{}', '{reopen}', null, null,
      'neutral', false, '重新打开', 'Reopen'),
    ('escalate', 9, '{reported,verifying,verified,refuted,filed,returned,dispatched,handled}', null, '{leader}',
      '{not_supervised}', '{supervise}', null, null, 'danger', true, '督办', 'Escalate'),
    ('reply', 1, '{reported,verifying,verified,refuted,filed,returned,dispatched,handled}', null,
      '{grid_manager,handler,admin}', '{supervised}', '{reply}', null, null, 'primary', false,
      '回复督办', 'Answer the leader')
  ) as v (name, sort, from_states, to_state, roles, guards, effects, choice_field, choice_value, tone, can_undo,
    name_zh, name_en)
  cross join lateral unnest(v.from_states::text[]) as f (from_state)
) as t
where exists (select from public.workflow_stages s where s.workflow = w.code and s.code = t.from_state)
  and (t.to_state is null or exists (
    select from public.workflow_stages s where s.workflow = w.code and s.code = t.to_state));

insert into public.workflow_fields (workflow, transition, name, kind, is_required, required_when, choices, least, most,
  label_zh, label_en, sort)
select w.code, f.transition, f.name, f.kind, f.is_required,
  case f.kind when 'condition' then 'several_conditions'
    when 'photos' then case f.transition when 'handle' then 'after_photos' end end,
  f.choices::text[], f.least, f.most,
  f.label_zh, f.label_en, f.sort
from public.workflows w
cross join (values
  ('verify', 'isTrue', 'boolean', true, null, null, null, '情况属实', 'It is as reported', 1),
  ('verify', 'photos', 'photos', false, null, null, null, '照片', 'Photos', 2),
  ('verify', 'note', 'text', false, null, null, 2000, '说明', 'Note', 3),
  ('file', 'condition', 'condition', false, null, null, null, '立案条件', 'Filing condition', 1),
  ('file', 'note', 'text', false, null, null, 2000, '说明', 'Note', 2),
  ('reject', 'note', 'text', true, null, null, 2000, '理由', 'Reason', 1),
  ('merge', 'into', 'incident', true, null, null, null, '并入', 'Into', 1),
  ('merge', 'note', 'text', false, null, null, 2000, '说明', 'Note', 2),
  ('dispatch', 'department', 'department', true, null, null, null, '处置部门', 'Department', 1),
  ('dispatch', 'handler', 'handler', false, null, null, null, '处置人', 'Handler', 2),
  ('dispatch', 'note', 'text', false, null, null, 2000, '说明', 'Note', 3),
  ('give_back', 'note', 'text', true, null, null, 2000, '理由', 'Reason', 1),
  ('assign', 'assignee', 'assignee', true, null, null, null, '人员', 'Person', 1),
  ('assign', 'note', 'text', false, null, null, 2000, '说明', 'Note', 2),
  ('handle', 'note', 'text', true, null, null, 2000, '处置情况', 'What was done', 1),
  ('handle', 'photos', 'photos', false, null, null, null, '处置后照片', 'Photos after', 2),
  ('return', 'note', 'text', true, null, null, 2000, '理由', 'Reason', 1),
  ('request_extension', 'note', 'text', true, null, null, 2000, '理由', 'Reason', 1),
  ('decide_extension', 'isApproved', 'boolean', true, null, null, null, '同意', 'Approve', 1),
  ('decide_extension', 'note', 'text', false, null, null, 2000, '说明', 'Note', 2),
  ('request_hold', 'until', 'instant', true, null, null, null, '挂账至', 'Hold until', 1),
  ('request_hold', 'note', 'text', true, null, null, 2000, '理由', 'Reason', 2),
  ('refuse_hold', 'note', 'text', true, null, null, 2000, '理由', 'Reason', 1),
  ('hold', 'until', 'instant', true, null, null, null, '挂账至', 'Hold until', 1),
  ('hold', 'note', 'text', false, null, null, 2000, '说明', 'Note', 2),
  ('resume', 'note', 'text', false, null, null, 2000, '说明', 'Note', 1),
  ('milestone', 'milestone', 'milestone', true, null, null, null, '阶段', 'Milestone', 1),
  ('milestone', 'photos', 'photos', false, null, null, null, '照片', 'Photos', 2),
  ('milestone', 'note', 'text', false, null, null, 2000, '说明', 'Note', 3),
  ('check_pass', 'photos', 'photos', false, null, null, null, '核查照片', 'Photos', 1),
  ('check_pass', 'note', 'text', false, null, null, 2000, '说明', 'Note', 2),
  ('check_fail', 'note', 'text', true, null, null, 2000, '理由', 'Reason', 1),
  ('check_fail', 'photos', 'photos', false, null, null, null, '核查照片', 'Photos', 2),
  ('reopen', 'note', 'text', true, null, null, 2000, '理由', 'Reason', 1),
  ('escalate', 'kind', 'choice', true, '{timeout,leader,important}', null, null, '类型', 'Kind', 1),
  ('escalate', 'level', 'whole', true, null, 1, 3, '等级', 'Level', 2),
  ('escalate', 'replyBy', 'instant', true, null, null, null, '回复期限', 'Answer by', 3),
  ('escalate', 'note', 'text', true, null, null, 2000, '督办意见', 'Demand', 4),
  ('reply', 'note', 'text', true, null, null, 2000, '回复', 'Answer', 1)
) as f (transition, name, kind, is_required, choices, least, most, label_zh, label_en, sort)
where exists (select from public.workflow_transitions t where t.workflow = w.code and t.name = f.transition);

update public.workflow_fields
set choices_zh = '{超时督办,领导督办,重点事项}', choices_en = '{Overdue,"Leader''s concern","Important case"}'
where transition = 'escalate' and name = 'kind';

-- the first states are there now
set constraints all immediate;

update public.categories set workflow_code = case class when 'event' then 'event'
  when 'component' then 'component' else 'service' end;
alter table public.categories add constraint categories_workflow_code_fkey
  foreign key (workflow_code) references public.workflows (code);
create index categories_workflow_idx on public.categories (workflow_code);

-- The control that keeps the incident from being filed at that instant; no row when there is none. Inlined.
create or replace function private.control_on(p_incident public.incidents, p_at timestamptz)
returns setof public.filing_controls language sql stable
begin atomic
  select f.* from public.filing_controls f
  cross join public.city_settings city
  cross join lateral (select p_at at time zone city.time_zone as at) local
  where f.is_active
    and extract(isodow from local.at) = any (f.weekdays)
    and extract(hour from local.at) * 60 + extract(minute from local.at) >= f.from_minute
    and extract(hour from local.at) * 60 + extract(minute from local.at) < f.to_minute
    and (f.category_code is null or exists (
      select from public.categories own, public.categories c
      where own.code = (p_incident).category_code and c.code = f.category_code
        and private.is_within(own.path, c.path)))
    and (f.area_code is null or exists (
      select from public.areas own, public.areas a
      where own.code = (p_incident).area_code and a.code = f.area_code and private.is_within(own.path, a.path)))
  order by f.code limit 1;
end;

-- The guards that a transition may name.
create or replace function private.guard_names()
returns text[] language sql immutable parallel safe
return array['not_reporter', 'verified', 'not_controlled', 'has_department', 'nothing_pending',
  'extension_pending', 'hold_pending', 'in_time', 'first_extension', 'extension_left', 'never_held', 'held',
  'not_of_department', 'reopen_window', 'supervised', 'not_supervised', 'has_milestones'];

-- The effects that a transition may name.
create or replace function private.effect_names()
returns text[] language sql immutable parallel safe
return array['ask_extension', 'grant_extension', 'ask_hold', 'drop_request', 'hold', 'resume', 'rework', 'reopen',
  'supervise', 'reply', 'milestone'];

-- Guards look at the incident, the caller and the time, never at fields: the engine accepts all that it offers.
-- Each stands in one of the two functions below. Both are parsed bodies: Postgres inlines them into queries over
-- many rows.

-- Of the guards that look at the incident's own row, those that fail.
create or replace function private.failing_row_guards(p_incident public.incidents, p_at timestamptz)
returns text[] language sql stable
return array_remove(array[
  case when (p_incident).reported_by = auth.uid() then 'not_reporter' end,
  case when (p_incident).to_verify then 'verified' end,
  case when (p_incident).department_code is null then 'has_department' end,
  case when (p_incident).pending is not null then 'nothing_pending' end,
  case when (p_incident).pending is distinct from 'extension' then 'extension_pending' end,
  case when (p_incident).pending is distinct from 'hold' then 'hold_pending' end,
  case when (p_incident).extensions > 0 then 'first_extension' end,
  case when (p_incident).was_held then 'never_held' end,
  case when not (p_incident).on_hold then 'held' end,
  case when (p_incident).supervision is null then 'supervised' end,
  case when (p_incident).supervision is not null then 'not_supervised' end], null);

-- Of the guards asked for that look at other rows, those that fail.
create or replace function private.failing_looks(
  p_incident public.incidents, p_guards text[], p_at timestamptz)
returns table (failing text[]) language sql stable
begin atomic
  select array_remove(array[
    case when 'in_time' = any (p_guards) and exists (
      select from public.incident_work d
      where d.district_code = (p_incident).district_code and d.incident_id = (p_incident).id and p_at > d.due_at)
      then 'in_time' end,
    case when 'not_controlled' = any (p_guards) and exists (
      select from private.control_on(p_incident, p_at)) then 'not_controlled' end,
    case when 'extension_left' = any (p_guards) and not exists (
      select from public.workflows w
      where w.code = (p_incident).workflow_code and (p_incident).extensions < w.max_extensions)
      then 'extension_left' end,
    case when 'not_of_department' = any (p_guards) and (exists (
        select from public.memberships m
        where m.user_id = auth.uid() and m.role = 'handler' and m.department_code = (p_incident).department_code
          and private.is_valid(m.valid_from, m.valid_to, p_at))
      or exists (
        select from public.incident_log l
        where l.district_code = (p_incident).district_code and l.incident_id = (p_incident).id
          and l.actor = auth.uid()
          and (l.kind = 'self_handled' or l.stage_to = 'handled' and l.stage_from <> 'handled')))
      then 'not_of_department' end,
    case when 'reopen_window' = any (p_guards) and not exists (
      select from public.workflows w where w.code = (p_incident).workflow_code
        and p_at <= (p_incident).closed_at + make_interval(days => w.reopen_days)) then 'reopen_window' end,
    case when 'has_milestones' = any (p_guards) and not exists (
      select from public.condition_milestones m where m.condition = (p_incident).condition_code)
      then 'has_milestones' end], null);
end;

-- The guards of private.failing_looks.
create or replace function private.looking_guards()
returns text[] language sql immutable parallel safe
return array['in_time', 'not_controlled', 'extension_left', 'not_of_department', 'reopen_window', 'has_milestones'];

-- Why no guard is asked: on hold, only a resumption, a leader's demand or its answer is taken, and a gate's
-- transition once. Inlined.
create or replace function private.bar_of(p_effects text[], p_gate text, p_name text, p_on_hold boolean,
  p_passed text[])
returns text language sql immutable
return case when p_on_hold and not p_effects && '{resume,supervise,reply}' then 'not_held'
  when p_gate is not null and p_name = any (p_passed) then 'not_passed' end;

-- The first guard that fails; null when all hold.
create or replace function private.failing_guard(
  p_transition public.workflow_transitions, p_incident public.incidents, p_at timestamptz)
returns text language plpgsql stable set search_path = '' as $$
declare
  v_bar constant text := private.bar_of(p_transition.effects, p_transition.gate, p_transition.name,
    p_incident.on_hold, p_incident.passed);
  v_failing text[];
begin
  if v_bar is not null or p_transition.guards = '{}' then return v_bar; end if;
  v_failing := private.failing_row_guards(p_incident, p_at);
  if p_transition.guards && private.looking_guards() then
    v_failing := v_failing || (
      select f.failing from private.failing_looks(p_incident, p_transition.guards, p_at) f);
  end if;
  if not p_transition.guards && v_failing then return null; end if;
  return (select g.guard from unnest(p_transition.guards) with ordinality g (guard, n)
    where g.guard = any (v_failing) order by g.n limit 1);
end $$;

-- The transitions open to a caller of these roles, or those of one name. The engine takes one of these. Inlined.
create or replace function private.open_transitions(
  p_incident public.incidents, p_roles text[], p_at timestamptz, p_name text default null)
returns setof public.workflow_transitions language sql stable
begin atomic
  select t.* from public.workflow_transitions t
  where t.workflow = (p_incident).workflow_code and t.from_state = (p_incident).state and t.roles && p_roles
    and (p_name is null or t.name = p_name) and private.failing_guard(t, p_incident, p_at) is null
  order by t.sort, t.name collate "C";
end;

-- Whether the field must be there for this incident.
create or replace function private.is_field_required(p_field public.workflow_fields, p_incident public.incidents)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  -- statements: only the question asked for is prepared
  if p_field.is_required or p_field.required_when is null then return p_field.is_required; end if;
  case p_field.required_when
    when 'after_photos' then return coalesce((select c.needs_after_photos from public.filing_conditions c
      where c.code = p_incident.condition_code), false);
    when 'several_conditions' then return 1 < (select count(*) from public.filing_conditions c
      where c.category_code = p_incident.category_code and c.is_active);
    else return false;
  end case;
end $$;

-- Whether the person may verify and check in the area, or handle for the department where one is given.
create or replace function private.may_be_assigned(p_person uuid, p_area text, p_department text,
  p_at timestamptz)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.memberships m
    join public.areas a on a.code = m.area_code
    join public.areas own on own.code = p_area
    where m.user_id = p_person and private.is_valid(m.valid_from, m.valid_to, p_at)
      and case when p_department is null then m.role = 'field_staff' and private.is_within(own.path, a.path)
        else m.role = 'handler' and m.department_code = p_department end);
end $$;

-- One field of a transition, checked. Errors: rejections of the field.
create or replace function private.read_field(p_field public.workflow_fields, p_payload jsonb,
  p_incident public.incidents, p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  v_name constant text := p_field.name;
  v_required constant boolean := private.is_field_required(p_field, p_incident);
  v_text text;
  v_instant timestamptz;
begin
  if p_field.kind = 'photos' then
    return private.payload_photos(jsonb_build_object('photos', p_payload -> v_name), v_required);
  elsif p_field.kind = 'boolean' then
    if coalesce(p_payload -> v_name, 'null') = 'null' and not v_required then return 'null'; end if;
    if coalesce(p_payload -> v_name, 'null') = 'null' then
      perform private.reject_command('missing_field', v_name);
    elsif jsonb_typeof(p_payload -> v_name) <> 'boolean' then
      perform private.reject_command('invalid_field', v_name, 'not true or false');
    end if;
    return p_payload -> v_name;
  elsif p_field.kind = 'whole' then
    return coalesce(to_jsonb(private.payload_whole(p_payload, v_name, v_required, p_field.least, p_field.most)), 'null');
  end if;
  v_text := private.payload_text(p_payload, v_name, v_required, coalesce(p_field.most, 2000));
  if v_text is not null and p_field.kind = 'text' and v_required and private.is_blank(v_text) then
    perform private.reject_command('missing_field', v_name);
  end if;
  if p_field.kind = 'condition' and v_text is null then
    select min(c.code) into v_text from public.filing_conditions c
    where c.category_code = p_incident.category_code and c.is_active;
  end if;
  if v_text is null or p_field.kind = 'text' then
    return coalesce(to_jsonb(v_text), 'null');
  end if;
  if p_field.kind = 'instant' then
    v_instant := private.payload_instant(p_payload, v_name);
    if v_instant <= p_at or v_instant > p_at + interval '1 year' then
      perform private.reject_command('invalid_field', v_name, 'not within a year from now');
    end if;
    return to_jsonb(v_instant);
  elsif p_field.kind in ('handler', 'assignee', 'incident') and not private.is_uuid(v_text) then
    perform private.reject_command('invalid_field', v_name, 'not a UUID in lower case');
  end if;
  if (case p_field.kind
    when 'choice' then v_text = any (p_field.choices)
    when 'department' then exists (select from public.departments d where d.code = v_text)
    when 'condition' then exists (select from public.filing_conditions c
      where c.code = v_text and c.category_code = p_incident.category_code and c.is_active)
    when 'handler' then private.may_be_assigned(v_text::uuid, p_incident.area_code,
      coalesce(p_payload ->> 'department', p_incident.department_code), p_at)
    when 'assignee' then private.may_be_assigned(v_text::uuid, p_incident.area_code,
      case when p_incident.stage = 'dispatched' then p_incident.department_code end, p_at)
    when 'milestone' then exists (select from public.condition_milestones m
      where m.condition = p_incident.condition_code and m.code = v_text)
    when 'incident' then true end) is not true then
    perform private.reject_command('invalid_field', v_name, 'not one that can be chosen');
  end if;
  return to_jsonb(v_text);
end $$;

-- Says why a transition is not among the open ones: its name is not of this workflow, or not of this state, or
-- not for the caller, or a guard does not hold now. `p_values` are the fields read so far: they choose between
-- transitions of one name.
create or replace function private.refuse_transition(
  p_incident public.incidents, p_roles text[], p_name text, p_at timestamptz, p_values jsonb default null)
returns void language plpgsql set search_path = '' as $$
declare
  v_guard text;
  v_control public.filing_controls;
begin
  if not exists (select from public.workflow_transitions t
    where t.workflow = p_incident.workflow_code and t.name = p_name) then
    perform private.reject_command('unknown_transition', 'name');
  elsif not exists (select from public.workflow_transitions t
    where t.workflow = p_incident.workflow_code and t.name = p_name and t.from_state = p_incident.state) then
    perform private.reject_command('wrong_stage', 'name', p_incident.state);
  end if;
  select private.failing_guard(t, p_incident, p_at) into v_guard from public.workflow_transitions t
  where t.workflow = p_incident.workflow_code and t.name = p_name and t.from_state = p_incident.state
    and t.roles && p_roles
    and (p_values is null or t.choice_field is null or p_values ->> t.choice_field = t.choice_value)
  order by t.sort limit 1;
  if not found then
    perform private.reject_command('not_allowed', 'name');
  elsif v_guard = 'not_controlled' then
    select * into v_control from private.control_on(p_incident, p_at);
    raise exception 'not_now' using errcode = 'WG001', detail = jsonb_build_object('code', 'not_now',
      'field', 'name', 'detail', v_guard, 'tipZh', v_control.tip_zh, 'tipEn', v_control.tip_en)::text;
  end if;
  perform private.reject_command('not_now', 'name', v_guard);
end $$;

-- Locks the target of a merge. Two that merge into each other end one call with a deadlock.
create or replace function private.lock_parent(p_incident public.incidents, p_into uuid, p_at timestamptz)
returns void language plpgsql set search_path = '' as $$
declare
  v_parent public.incidents;
begin
  select * into v_parent from public.incidents i
  where i.district_code = p_incident.district_code and i.id = p_into for no key update;
  if not found or v_parent.id = p_incident.id or not private.is_open(v_parent.stage)
    or not (private.rights_on(v_parent, p_at)).sees then
    perform private.reject_command('invalid_field', 'into', 'not an open incident of this district');
  end if;
end $$;

-- Keeps the values of a transition's fields in the incident.
create or replace function private.with_fields(p_incident public.incidents, p_values jsonb)
returns public.incidents language plpgsql stable set search_path = '' as $$
declare
  v_new public.incidents := p_incident;
begin
  if coalesce(p_values -> 'department', 'null') <> 'null' then
    v_new.department_code := p_values ->> 'department';
    v_new.handler := null;
  end if;
  if coalesce(p_values -> 'handler', 'null') <> 'null' then
    v_new.handler := (p_values ->> 'handler')::uuid;
  end if;
  if coalesce(p_values -> 'assignee', 'null') <> 'null' then
    if p_incident.stage = 'dispatched' then v_new.handler := (p_values ->> 'assignee')::uuid;
    else v_new.assignee := (p_values ->> 'assignee')::uuid; end if;
  end if;
  if coalesce(p_values -> 'condition', 'null') <> 'null' then
    v_new.condition_code := p_values ->> 'condition';
  end if;
  if coalesce(p_values -> 'into', 'null') <> 'null' then
    v_new.parent_id := (p_values ->> 'into')::uuid;
  end if;
  return v_new;
end $$;

-- An effect of a transition on the incident; those on clocks are private.turn_clocks.
create or replace function private.with_effect(
  p_incident public.incidents, p_effect text, p_values jsonb)
returns public.incidents language plpgsql stable set search_path = '' as $$
declare
  v_new public.incidents := p_incident;
begin
  case p_effect
    when 'ask_extension' then v_new.pending := 'extension';
    when 'grant_extension' then
      v_new.pending := null;
      v_new.extensions := v_new.extensions + 1;
    when 'ask_hold' then
      v_new.pending := 'hold';
      v_new.pending_until := (p_values ->> 'until')::timestamptz;
    when 'drop_request' then
      v_new.pending := null;
      v_new.pending_until := null;
    when 'hold' then
      v_new.pending := null;
      v_new.pending_until := null;
      v_new.on_hold := true;
      v_new.was_held := true;
      v_new.hold_until := (p_values ->> 'until')::timestamptz;
    when 'resume' then
      v_new.on_hold := false;
      v_new.hold_until := null;
    when 'rework' then v_new.rework := v_new.rework + 1;
    when 'reopen' then v_new.reopened := v_new.reopened + 1;
    when 'supervise' then
      v_new.supervision := (p_values ->> 'level')::smallint;
      v_new.reply_by := (p_values ->> 'replyBy')::timestamptz;
    when 'reply' then
      v_new.supervision := null;
      v_new.reply_by := null;
    when 'milestone' then null;
  end case;
  return v_new;
end $$;

-- The incident after a transition; its clocks are turned after that.
create or replace function private.after_transition(p_incident public.incidents,
  p_transition public.workflow_transitions, p_values jsonb, p_at timestamptz)
returns public.incidents language plpgsql stable set search_path = '' as $$
declare
  v_new public.incidents := private.with_fields(p_incident, p_values);
  v_effect text;
  v_to text := p_transition.to_state;
begin
  foreach v_effect in array p_transition.effects loop
    v_new := private.with_effect(v_new, v_effect, p_values);
  end loop;
  if p_transition.gate is not null then
    v_new.passed := v_new.passed || p_transition.name;
    if exists (select from public.workflow_transitions t
      where t.workflow = p_incident.workflow_code and t.from_state = p_incident.state
        and t.gate = p_transition.gate and t.name <> all (v_new.passed)) then
      v_to := null;
    end if;
  end if;
  if v_to is null then return v_new; end if;
  v_new.state := v_to;
  v_new.state_since := p_at;
  v_new.passed := '{}';
  v_new.pending := null;
  v_new.pending_until := null;
  if v_new.assignee is not distinct from p_incident.assignee then v_new.assignee := null; end if;
  if v_to is distinct from p_incident.state and v_new.handler is not distinct from p_incident.handler
    and p_transition.name = 'return' then
    v_new.handler := null;
  end if;
  if v_to <> p_incident.state then
    select s.stage into v_new.stage from public.workflow_stages s
    where s.workflow = v_new.workflow_code and s.code = v_to;
  end if;
  v_new.closed_at := case when v_new.stage <> 'closed' then null
    when p_incident.stage = 'closed' then p_incident.closed_at
    else greatest(p_at, p_incident.reported_at) end;
  -- a demand ends with the case
  if not private.is_open(v_new.stage) then
    v_new.supervision := null;
    v_new.reply_by := null;
  end if;
  return v_new;
end $$;

-- Tells in the log of each incident that was merged into this one: `parent_closed`, `parent_reopened` or
-- `parent_merged`. A reporter's My day shows it.
create or replace function private.tell_children(p_parent public.incidents, p_actor uuid, p_command uuid,
  p_at timestamptz, p_kind text, p_data jsonb)
returns void language plpgsql set search_path = '' as $$
declare
  v_child public.incidents;
begin
  for v_child in
    select * from public.incidents i
    where i.district_code = p_parent.district_code and i.parent_id = p_parent.id
    order by i.id for no key update
  loop
    perform private.append_log(v_child, p_actor, p_command, p_at, p_kind, '',
      jsonb_build_object('parent', p_parent.id) || p_data, '[]');
  end loop;
end $$;

-- Judges a transition: {incidentId, baseVersion, name, deviceAt?} and the fields of its rows in workflow_fields.
-- Looks at no incident but its own, which it locks. A stale baseVersion raises WG002.
create or replace function private.read_transition(
  p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamptz)
returns private.step language plpgsql set search_path = '' set timezone = 'UTC' as $$
declare
  v_name constant text := private.payload_text(p_payload, 'name', true, 40);
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 1, 2147483647);
  v_device_at constant timestamptz := private.payload_instant(p_payload, 'deviceAt');
  v_locked constant private.locked_incident := private.lock_incident(p_payload, p_at, true);
  v_incident constant public.incidents := v_locked.incident;
  v_roles constant text[] := (v_locked.rights).acts_as;
  v_open public.workflow_transitions[];
  v_transition public.workflow_transitions;
  v_is_open boolean := false;
  v_field public.workflow_fields;
  v_values jsonb := '{}';
  v_photos jsonb := '[]';
  v_known text[] := '{incidentId,baseVersion,name,deviceAt}';
  v_new public.incidents;
  v_step private.step;
begin
  if v_incident.version <> v_base and exists (select from public.workflow_transitions t
    where t.workflow = v_incident.workflow_code and t.name = v_name and t.roles && v_roles) then
    raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object(
      'code', 'conflict', 'server', private.server_side(v_incident))::text;
  end if;
  v_open := array(select t from private.open_transitions(v_incident, v_roles, p_at, v_name) t);
  if v_open = '{}' then
    perform private.refuse_transition(v_incident, v_roles, v_name, p_at);
  end if;
  for v_field in
    select * from public.workflow_fields f
    where f.workflow = v_incident.workflow_code and f.transition = v_name order by f.sort, f.name
  loop
    v_known := v_known || v_field.name;
    if v_field.kind = 'photos' then
      v_photos := private.read_field(v_field, p_payload, v_incident, p_at);
    else
      v_values := v_values || jsonb_build_object(
        v_field.name, private.read_field(v_field, p_payload, v_incident, p_at));
    end if;
  end loop;
  perform private.refuse_unknown_fields(p_payload, v_known);
  foreach v_transition in array v_open loop
    v_is_open := v_transition.choice_field is null
      or v_values ->> v_transition.choice_field is not distinct from v_transition.choice_value;
    exit when v_is_open;
  end loop;
  if not v_is_open then
    perform private.refuse_transition(v_incident, v_roles, v_name, p_at, v_values);
  end if;
  v_new := private.after_transition(v_incident, v_transition, v_values, p_at);
  v_step.before := v_incident;
  v_step.after := v_new;
  v_step.effects := v_transition.effects;
  v_step.fields := v_values;
  v_step.data := private.log_data(v_device_at, p_at, v_photos, jsonb_build_object('name', v_name,
    'from', v_incident.state, 'to', v_new.state) || jsonb_strip_nulls(v_values - 'note'));
  v_step.photos := v_photos;
  v_step.actor := p_actor;
  v_step.command_id := p_command;
  v_step.at := p_at;
  v_step.stands_alone := coalesce(v_values -> 'into', 'null') <> 'null'
    -- another incident filed later in the same call may be a repeat of it, or not any more
    or private.is_open(v_incident.stage) <> private.is_open(v_new.stage);
  return v_step;
end $$;

-- Tells the children of an incident that was merged, closed or reopened. Those of a merged one go along.
create or replace function private.take_children(p_step private.step)
returns void language plpgsql set search_path = '' as $$
declare
  v_before constant public.incidents := p_step.before;
  v_after constant public.incidents := p_step.after;
begin
  if v_after.stage = 'merged' then
    perform private.tell_children(v_after, p_step.actor, p_step.command_id, p_step.at, 'parent_merged',
      jsonb_build_object('into', v_after.parent_id));
    update public.incidents i set parent_id = v_after.parent_id
    where i.district_code = v_before.district_code and i.parent_id = v_before.id;
  elsif private.is_open(v_before.stage) and not private.is_open(v_after.stage) then
    perform private.tell_children(v_after, p_step.actor, p_step.command_id, p_step.at, 'parent_closed',
      jsonb_build_object('stage', v_after.stage));
  elsif private.is_open(v_after.stage) and not private.is_open(v_before.stage) then
    perform private.tell_children(v_after, p_step.actor, p_step.command_id, p_step.at, 'parent_reopened',
      jsonb_build_object('stage', v_after.stage));
  end if;
end $$;

-- Stores steps of different incidents, all or none, in a fixed number of statements. Returns their versions.
create or replace function private.store_transitions(p_steps private.step[])
returns integer[] language plpgsql set search_path = '' set timezone = 'UTC' as $$
declare
  v_step private.step;
  v_versions integer[];
begin
  if cardinality(p_steps) = 0 then return '{}'; end if;
  foreach v_step in array p_steps loop
    if v_step.stands_alone and coalesce(v_step.fields -> 'into', 'null') <> 'null' then
      perform private.lock_parent(v_step.before, (v_step.fields ->> 'into')::uuid, v_step.at);
    end if;
  end loop;
  perform private.turn_clocks(array(
    select (s.after, s.effects, s.fields ->> 'milestone', s.at)::private.clock_turn
    from unnest(p_steps) with ordinality
      as s (before, after, effects, fields, data, photos, actor, command_id, at, stands_alone, n)
    order by s.n));
  with stored as (
    update public.incidents i set stage = s.stage, state = s.state, state_since = s.state_since,
      passed = s.passed, condition_code = s.condition_code, department_code = s.department_code,
      handler = s.handler, assignee = s.assignee, parent_id = s.parent_id, pending = s.pending,
      pending_until = s.pending_until, on_hold = s.on_hold, hold_until = s.hold_until,
      was_held = s.was_held, extensions = s.extensions, rework = s.rework,
      reopened = s.reopened, supervision = s.supervision, reply_by = s.reply_by,
      closed_at = s.closed_at
    from (
      select u.n, (u.after).*
      from unnest(p_steps) with ordinality as u (before, after, effects, fields, data, photos, actor, command_id, at,
        stands_alone, n)
      -- each incident is taken apart once
      offset 0) s
    where i.district_code = s.district_code and i.id = s.id
    returning s.n, i.version
  )
  select array_agg(s.version order by s.n) into v_versions from stored s;
  perform private.append_entries(array(
    select ((s.before).district_code, (s.before).id, s.actor, s.command_id, s.at, 'transition',
      (s.before).stage, (s.after).stage, s.fields ->> 'note', s.data, s.photos)::private.log_entry
    from unnest(p_steps) s));
  foreach v_step in array p_steps loop
    if v_step.stands_alone then perform private.take_children(v_step); end if;
  end loop;
  return v_versions;
end $$;

-- The values by which a field may choose between open transitions of one name (`p_open`); null when it does not
-- choose, or each of its values is open.
create or replace function private.open_choices(p_field public.workflow_fields, p_incident public.incidents,
  p_open public.workflow_transitions[])
returns text[] language sql stable set search_path = '' as $$
  select array_agg(distinct o.choice_value order by o.choice_value)
  from unnest(p_open) o
  where o.name = p_field.transition
  having bool_and(o.choice_field = p_field.name) and exists (
    select from public.workflow_transitions t
    where t.workflow = p_incident.workflow_code and t.from_state = p_incident.state
      and t.name = p_field.transition and t.choice_field = p_field.name
      and t.choice_value <> all (array_agg(o.choice_value)))
$$;

-- Words of a field's choices, as rows have them.
create or replace function private.choice_names(p_field public.workflow_fields)
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('code', c.code, 'nameZh', c.name_zh, 'nameEn', c.name_en)
    order by c.n), '[]')
  from unnest(p_field.choices, p_field.choices_zh, p_field.choices_en) with ordinality as c (code, name_zh, name_en, n)
  where p_field.choices_zh is not null
$$;

-- The transitions open to the caller, by name, with the fields each wants of this incident. Several under one
-- name show the words of the first. Where one asks for a department, its fields carry what is `proposed`, and
-- `proposedByRule`, the position of the dispatch rule that says so.
create or replace function private.offered_transitions(
  p_incident public.incidents, p_roles text[], p_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  v_open constant public.workflow_transitions[] :=
    array(select o from private.open_transitions(p_incident, p_roles, p_at) o);
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'nameZh', t.name_zh, 'nameEn', t.name_en,
      'tone', t.tone, 'canUndo', t.can_undo, 'fields', (
        select coalesce(jsonb_agg(jsonb_build_object('name', f.name, 'kind', f.kind,
          'isRequired', private.is_field_required(f, p_incident),
          'choices', coalesce(private.open_choices(f, p_incident, v_open), f.choices),
          'choiceNames', private.choice_names(f), 'least', f.least, 'most', f.most,
          'labelZh', f.label_zh, 'labelEn', f.label_en,
          'proposed', case when f.kind in ('department', 'handler') then proposal.made ->> f.kind end,
          'proposedByRule', case when f.kind = 'department' then proposal.made -> 'rule' end)
          order by f.sort, f.name), '[]')
        from public.workflow_fields f where f.workflow = t.workflow and f.transition = t.name))
      order by t.sort, t.name collate "C"), '[]')
    from (select distinct on (o.name) o.* from unnest(v_open) o order by o.name, o.sort) t
    left join lateral (
      select private.proposed_dispatch(p_incident, p_at) as made
      where exists (select from public.workflow_fields f
        where f.workflow = t.workflow and f.transition = t.name and f.kind = 'department')
    ) proposal on true);
end $$;

create or replace function private.workflow_list()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'workflows', (
      select coalesce(jsonb_agg(jsonb_build_object('code', w.code, 'nameZh', w.name_zh, 'nameEn', w.name_en,
        'firstState', w.first_state,
        'stages', (
          select coalesce(jsonb_agg(jsonb_build_object('code', s.code, 'stage', s.stage, 'clock', s.clock,
            'nameZh', s.name_zh, 'nameEn', s.name_en) order by s.sort, s.code), '[]')
          from public.workflow_stages s where s.workflow = w.code),
        'transitions', (
          select coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'from', t.from_state, 'to', t.to_state,
            'roles', t.roles, 'tone', t.tone, 'canUndo', t.can_undo, 'nameZh', t.name_zh, 'nameEn', t.name_en)
            order by t.from_state, t.sort, t.name), '[]')
          from public.workflow_transitions t where t.workflow = w.code),
        'fields', (
          select coalesce(jsonb_agg(jsonb_build_object('transition', f.transition, 'name', f.name,
            'kind', f.kind, 'isRequired', f.is_required, 'requiredWhen', f.required_when, 'choices', f.choices,
            'choiceNames', private.choice_names(f),
            'least', f.least, 'most', f.most, 'labelZh', f.label_zh, 'labelEn', f.label_en)
            order by f.transition, f.sort, f.name), '[]')
          from public.workflow_fields f where f.workflow = w.code),
        'limits', (
          select coalesce(jsonb_agg(jsonb_build_object('clock', l.clock, 'amount', l.amount, 'unit', l.unit,
            'dayRule', l.day_rule) order by l.clock), '[]')
          from public.workflow_limits l where l.workflow = w.code))
        order by w.sort, w.code), '[]')
      from public.workflows w),
    'conditions', (
      select coalesce(jsonb_agg(jsonb_build_object('code', c.code, 'categoryCode', c.category_code,
        'nameZh', c.name_zh, 'nameEn', c.name_en, 'closingZh', c.closing_zh, 'closingEn', c.closing_en,
        'departmentCode', c.department_code, 'needsAfterPhotos', c.needs_after_photos,
        'allowsSelfHandling', c.allows_self_handling,
        'limits', (
          select coalesce(jsonb_agg(jsonb_build_object('clock', l.clock, 'amount', l.amount, 'unit', l.unit,
            'dayRule', l.day_rule) order by l.clock), '[]')
          from public.condition_limits l where l.condition = c.code),
        'milestones', (
          select coalesce(jsonb_agg(jsonb_build_object('code', m.code, 'nameZh', m.name_zh, 'nameEn', m.name_en,
            'amount', m.amount, 'unit', m.unit, 'dayRule', m.day_rule) order by m.sort, m.code), '[]')
          from public.condition_milestones m where m.condition = c.code)) order by c.category_code, c.sort, c.code), '[]')
      from public.filing_conditions c where c.is_active),
    'controls', (
      select coalesce(jsonb_agg(jsonb_build_object('code', f.code, 'areaCode', f.area_code,
        'categoryCode', f.category_code, 'weekdays', f.weekdays, 'fromMinute', f.from_minute,
        'toMinute', f.to_minute, 'tipZh', f.tip_zh, 'tipEn', f.tip_en) order by f.code), '[]')
      from public.filing_controls f where f.is_active))
  from private.require_user()
$$;

-- People whom a step of the incident may name, for callers to whom such a step is open by role. Without a
-- department: as for an `assignee`, see private.read_field.
create or replace function private.assignable_people(p_incident uuid, p_department text)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  v_incident public.incidents;
  v_department text := p_department;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    private.scope_condition(private.resolve_scope(), 'i'))
  into v_incident using p_incident;
  if not exists (
    select from public.workflow_transitions t
    join public.workflow_fields f on f.workflow = t.workflow and f.transition = t.name
    where t.workflow = v_incident.workflow_code and t.from_state = v_incident.state
      and t.roles && (private.rights_on(v_incident)).acts_as and f.kind in ('handler', 'assignee')) then
    return '[]';
  end if;
  if v_department is null and v_incident.stage = 'dispatched' then
    v_department := v_incident.department_code;
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', p.user_id, 'name', p.display_name)
      order by p.display_name, p.user_id), '[]')
    from public.profiles p
    where exists (select from public.memberships m where m.user_id = p.user_id
        and m.role in ('field_staff', 'handler'))
      and private.may_be_assigned(p.user_id, v_incident.area_code, v_department, now()));
end $$;

-- People whom a step may name: handlers of the department, or without one those who may verify or check here.
-- Returns `[{id, name}]`; empty for who may take no such step.
-- Errors: 42501.
create or replace function public.assignable_people(p_incident uuid, p_department text default null) returns jsonb
language sql stable set search_path = '' as $$ select private.assignable_people(p_incident, p_department) $$;
grant execute on function private.assignable_people(uuid, text), public.assignable_people(uuid, text)
to authenticated;

-- Workflows, their stages, transitions and fields, the filing conditions in use, and where and when nothing is
-- filed.
-- Returns `WorkflowBook` of src/domain/workflow/workflow.ts: `{workflows, conditions, controls}`.
-- Errors: 42501.
create or replace function public.workflow_list() returns jsonb
language sql stable set search_path = '' as $$ select private.workflow_list() $$;
grant execute on function private.workflow_list(), public.workflow_list() to authenticated;

-- Refuses a workflow, and names the first 20 incidents of those states.
-- Errors: 23514 with detail {code, fault, workflow, names, incidents}.
create or replace function private.refuse_workflow(p_workflow text, p_fault text, p_names text[])
returns void language plpgsql set search_path = '' as $$
begin
  raise exception 'workflow %: % (%)', p_workflow, p_fault, array_to_string(p_names, ', ')
    using errcode = 'check_violation', detail = jsonb_build_object('code', 'invalid_workflow', 'fault', p_fault,
      'workflow', p_workflow, 'names', p_names, 'incidents', array(
        select i.id from public.incidents i
        where i.workflow_code = p_workflow and i.state = any (p_names)
        order by i.reported_at, i.id limit 20))::text;
end $$;

-- The first fault of a workflow: {fault, names}. Every open state leads to an end by some transitions.
create or replace function private.workflow_fault(p_workflow text)
returns jsonb language sql stable set search_path = '' as $$
  with recursive states as (
    select s.code, private.is_open(s.stage) as is_open from public.workflow_stages s where s.workflow = p_workflow
  ), moves as (
    select t.* from public.workflow_transitions t where t.workflow = p_workflow
  ), ending (code) as (
    select s.code from states s where not s.is_open
    union
    select m.from_state from ending e join moves m on m.to_state = e.code
  ), faults (rank, fault, names) as (
    select 1, 'unknown_guard', array_agg(distinct g.name) from moves m, unnest(m.guards) g (name)
    where g.name <> all (private.guard_names())
    union all
    select 2, 'unknown_effect', array_agg(distinct e.name) from moves m, unnest(m.effects) e (name)
    where e.name <> all (private.effect_names())
    union all
    select 3, 'first_state_not_reported', array_agg(s.code) from public.workflows w
    join public.workflow_stages s on s.workflow = w.code and s.code = w.first_state
    where w.code = p_workflow and s.stage <> 'reported'
    union all
    select 4, 'no_way_out', array_agg(s.code order by s.code) from states s
    where s.is_open and not exists (select from moves m where m.from_state = s.code and m.to_state <> s.code)
    union all
    select 5, 'no_end', array_agg(s.code order by s.code) from states s
    where s.is_open and s.code not in (select e.code from ending e)
    union all
    select 6, 'gate_with_two_ends', array_agg(distinct g.gate) from (
      select m.gate from moves m where m.gate is not null
      group by m.from_state, m.gate having count(distinct m.to_state) > 1) g
    union all
    select 7, 'choice_without_field', array_agg(distinct m.name) from moves m
    where m.choice_field is not null and not exists (
      select from public.workflow_fields f
      where f.workflow = p_workflow and f.transition = m.name and f.name = m.choice_field and f.is_required)
    union all
    select 8, 'field_without_transition', array_agg(distinct f.transition) from public.workflow_fields f
    where f.workflow = p_workflow and not exists (select from moves m where m.name = f.transition)
  )
  select jsonb_build_object('fault', f.fault, 'names', f.names) from faults f
  where f.names is not null order by f.rank limit 1
$$;

-- Checks a workflow at the end of the transaction that changed it. Its argument names the column of the
-- workflow's code.
create or replace function private.check_workflow()
returns trigger language plpgsql set search_path = '' as $$
declare
  v_workflow text;
  v_fault jsonb;
begin
  for v_workflow in
    select distinct r.row ->> tg_argv[0] from (values (to_jsonb(new)), (to_jsonb(old))) as r (row)
    where r.row is not null
  loop
    v_fault := private.workflow_fault(v_workflow);
    if v_fault is not null then
      perform private.refuse_workflow(v_workflow, v_fault ->> 'fault',
        array(select jsonb_array_elements_text(v_fault -> 'names')));
    end if;
  end loop;
  return null;
end $$;

-- Keeps a state in which incidents are.
create or replace function private.keep_used_state()
returns trigger language plpgsql set search_path = '' as $$
begin
  if tg_op = 'UPDATE' and (old.workflow, old.code, old.stage) = (new.workflow, new.code, new.stage) then
    return new;
  end if;
  if exists (select from public.incidents i where i.workflow_code = old.workflow and i.state = old.code) then
    perform private.refuse_workflow(old.workflow, 'state_in_use', array[old.code]);
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;

create constraint trigger check_workflow
after insert or update on public.workflows deferrable initially deferred
for each row execute function private.check_workflow('code');
create constraint trigger check_workflow
after insert or update or delete on public.workflow_stages deferrable initially deferred
for each row execute function private.check_workflow('workflow');
create constraint trigger check_workflow
after insert or update or delete on public.workflow_transitions deferrable initially deferred
for each row execute function private.check_workflow('workflow');
create constraint trigger check_workflow
after insert or update or delete on public.workflow_fields deferrable initially deferred
for each row execute function private.check_workflow('workflow');
create trigger keep_used_state
before update or delete on public.workflow_stages
for each row execute function private.keep_used_state();
