-- The loop: workflows as rows, filing conditions, calendars, clocks, queues, rates, saved views and dispatch rules.
-- The present text with its reasons is in supabase/schemas.

drop function private.append_log(public.incidents,uuid,uuid,timestamp with time zone,text,text,jsonb,jsonb);

alter table public.categories add column workflow_code text not null default 'event';

create table public.workflows (
  code text primary key check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null,
  name_en text not null,
  first_state text not null,
  trusted_channels text[] default '{app}',
  reopen_days integer not null default 30 check (reopen_days between 0 and 3650),
  max_extensions integer not null default 2 check (max_extensions between 0 and 9),
  sort integer not null default 0
);

create table public.workflow_stages (
  workflow text not null references public.workflows (code) on delete cascade,
  code text not null check (code ~ '^[a-z0-9_]{1,40}$'),
  stage text not null check (stage = any (private.stage_codes())),
  clock text check (clock in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check')),
  name_zh text not null,
  name_en text not null,
  sort integer not null default 0,
  primary key (workflow, code)
);
alter table public.workflows add constraint workflows_first_state_fkey
  foreign key (code, first_state) references public.workflow_stages (workflow, code)
  deferrable initially deferred;
create index workflows_first_state_idx on public.workflows (code, first_state);

create table public.workflow_transitions (
  workflow text not null,
  from_state text not null,
  name text not null check (name ~ '^[a-z0-9_]{1,40}$'),
  sort integer not null default 0,
  to_state text,
  roles text[] not null check (roles <> '{}' and
    roles <@ '{field_staff,handler,grid_manager,leader,admin,reporter}'::text[]),
  guards text[] not null default '{}',
  effects text[] not null default '{}',
  gate text,
  choice_field text,
  choice_value text,
  tone text not null default 'neutral' check (tone in ('primary', 'neutral', 'danger')),
  can_undo boolean not null default false,
  name_zh text not null,
  name_en text not null,
  primary key (workflow, from_state, name, sort),
  foreign key (workflow, from_state) references public.workflow_stages (workflow, code) on delete cascade,
  foreign key (workflow, to_state) references public.workflow_stages (workflow, code),
  check ((choice_field is null) = (choice_value is null)),
  check (gate is null or to_state is not null)
);
create index workflow_transitions_to_idx on public.workflow_transitions (workflow, to_state);

-- The fields of a transition, in its command and in its form.
create table public.workflow_fields (
  workflow text not null references public.workflows (code) on delete cascade,
  transition text not null,
  name text not null check (name ~ '^[a-zA-Z][a-zA-Z0-9]{0,39}$'
    and name not in ('incidentId', 'baseVersion', 'name', 'deviceAt')),
  kind text not null check (kind in ('text', 'boolean', 'choice', 'whole', 'instant', 'photos', 'department',
    'handler', 'assignee', 'condition', 'incident', 'milestone')),
  is_required boolean not null default false,
  required_when text check (required_when in ('after_photos', 'several_conditions')),
  choices text[],
  least integer,
  most integer,
  label_zh text not null,
  label_en text not null,
  sort integer not null default 0,
  choices_zh text[],
  choices_en text[],
  primary key (workflow, transition, name),
  check ((kind = 'choice') = (choices is not null)),
  constraint workflow_fields_reserved_check check (name not in ('from', 'to', 'deviceClockSuspect')),
  constraint workflow_fields_named_kind_check check (case name
    when 'note' then kind = 'text'
    when 'photos' then kind = 'photos'
    when 'department' then kind = 'department'
    when 'handler' then kind = 'handler'
    when 'assignee' then kind = 'assignee'
    when 'condition' then kind = 'condition'
    when 'into' then kind = 'incident'
    when 'milestone' then kind = 'milestone'
    when 'until' then kind = 'instant'
    when 'replyBy' then kind = 'instant'
    when 'level' then kind = 'whole'
    else true end),
  constraint workflow_fields_choice_names_check check (choices_zh is null and choices_en is null
    or cardinality(choices_zh) = cardinality(choices) and cardinality(choices_en) = cardinality(choices))
);

-- A filing condition turns a report into a case and gives it limits and a department. Several per category.
create table public.filing_conditions (
  code text primary key check (code ~ '^[a-z0-9_]{1,80}$'),
  category_code text not null references public.categories (code),
  name_zh text not null check (length(name_zh) between 1 and 500),
  name_en text not null check (length(name_en) between 1 and 500),
  closing_zh text not null default '' check (length(closing_zh) <= 2000),
  closing_en text not null default '' check (length(closing_en) <= 2000),
  department_code text references public.departments (code),
  needs_after_photos boolean not null default false,
  allows_self_handling boolean not null default false,
  is_active boolean not null default true,
  sort integer not null default 0
);
create index filing_conditions_category_idx on public.filing_conditions (category_code, sort);
create index filing_conditions_department_idx on public.filing_conditions (department_code);

-- Areas and hours in which nothing is filed, with a tip that says why.
create table public.filing_controls (
  code text primary key check (code ~ '^[a-z0-9_]{1,80}$'),
  area_code text references public.areas (code),
  category_code text references public.categories (code),
  weekdays smallint[] not null default '{1,2,3,4,5,6,7}'
    constraint filing_controls_weekdays_check
      check (weekdays <> '{}' and weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]),
  from_minute integer not null default 0,
  to_minute integer not null default 1440,
  tip_zh text not null check (length(tip_zh) between 1 and 500),
  tip_en text not null check (length(tip_en) between 1 and 500),
  is_active boolean not null default true,
  constraint filing_controls_minutes_check
    check (from_minute >= 0 and from_minute < to_minute and to_minute <= 1440)
);
create index filing_controls_area_idx on public.filing_controls (area_code);
create index filing_controls_category_idx on public.filing_controls (category_code);


alter table public.workflows enable row level security;
alter table public.workflow_stages enable row level security;
alter table public.workflow_transitions enable row level security;
alter table public.workflow_fields enable row level security;
alter table public.filing_conditions enable row level security;
alter table public.filing_controls enable row level security;

alter type private.incident_rights add attribute acts_as text[];
alter type private.report add attribute condition_code text, add attribute handled_note text,
  add attribute handled_photos jsonb;

alter table public.incidents
  add column workflow_code text not null default 'event',
  add column state text,
  add column state_since timestamptz not null default now(),
  add column passed text[] not null default '{}',
  add column condition_code text,
  add column handler uuid,
  add column assignee uuid,
  add column parent_id uuid,
  add column pending text check (pending in ('extension', 'hold')),
  add column pending_until timestamptz,
  add column hold_until timestamptz,
  add column was_held boolean not null default false,
  add column extensions smallint not null default 0,
  add column rework smallint not null default 0,
  add column reopened smallint not null default 0,
  add column self_handled boolean not null default false,
  add column supervision smallint check (supervision between 1 and 3),
  add column reply_by timestamptz,
  add column due_at timestamptz,
  add column warn_at timestamptz,
  add constraint incidents_parent_check check (parent_id is null or stage = 'merged'),
  add constraint incidents_held_check check (hold_until is null or on_hold);

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

insert into public.filing_conditions (code, category_code, name_zh, name_en, closing_zh, closing_en,
  department_code, needs_after_photos, allows_self_handling, sort)
select f.code, f.category, f.name_zh, f.name_en, f.closing_zh, f.closing_en,
  coalesce(f.department, c.default_department), f.after, f.self, f.sort
from (values
  ('street_cleaning', 'street_cleaning', '路面、人行道有垃圾或污渍', 'Litter or stains on road or sidewalk', '清扫干净，无残留', 'Swept clean, nothing left', null, true, true, 1),
  ('bulky_items', 'bulky_items', '公共场所堆放大件垃圾', 'Bulky waste left in public space', '全部清运', 'All carried away', null, true, false, 1),
  ('illegal_dumping', 'illegal_dumping', '少量乱倒垃圾', 'A small amount dumped', '清理干净', 'Cleared', null, true, true, 1),
  ('illegal_dumping_large', 'illegal_dumping', '成车乱倒垃圾', 'Dumped by the truckload', '全部清运，查明倾倒人', 'All carried away, dumper looked for', 'urban_management', true, false, 2),
  ('exposed_garbage', 'exposed_garbage', '暴露垃圾一平方米以下', 'Exposed garbage up to one square metre', '清理干净', 'Cleared', null, true, true, 1),
  ('exposed_garbage_large', 'exposed_garbage', '暴露垃圾超过一平方米', 'Exposed garbage above one square metre', '全部清运', 'All carried away', null, true, false, 2),
  ('construction_waste', 'construction_waste', '建筑渣土堆放或遗撒', 'Construction waste piled or spilled', '全部清运，路面冲洗', 'Carried away, road washed', null, true, false, 1),
  ('hazardous_waste', 'hazardous_waste', '危险废弃物', 'Hazardous waste', '由有资质单位清运', 'Removed by a licensed company', null, true, false, 1),
  ('human_animal_waste', 'human_animal_waste', '粪便污物', 'Human or animal waste', '清理并冲洗', 'Removed and washed', null, true, true, 1),
  ('litter_bin', 'litter_bin', '垃圾箱满溢', 'Bin overflowing', '清空并清洁周边', 'Emptied, surroundings clean', null, true, true, 1),
  ('litter_bin_damaged', 'litter_bin', '垃圾箱破损或缺失', 'Bin damaged or missing', '修复或更换', 'Repaired or replaced', null, true, false, 2),
  ('graffiti_public', 'graffiti_public', '公共设施有涂鸦', 'Graffiti on public property', '清除，恢复原貌', 'Removed, surface restored', null, true, false, 1),
  ('graffiti_private', 'graffiti_private', '私有物业有涂鸦', 'Graffiti on private property', '业主清除或代为清除', 'Removed by the owner or for them', null, true, false, 1),
  ('illegal_posting', 'illegal_posting', '乱贴小广告', 'Illegal postings', '清除干净', 'Removed', null, true, true, 1),
  ('piled_goods', 'piled_goods', '公共场所乱堆物料', 'Goods piled in public space', '搬离', 'Taken away', null, true, true, 1),
  ('water_body_pollution', 'water_body_pollution', '水面有漂浮物或油污', 'Floating waste or oil on water', '打捞干净', 'Water surface clean', null, true, false, 1),
  ('cooking_fumes', 'cooking_fumes', '油烟直排', 'Cooking fumes let out unfiltered', '净化设施正常运行', 'Filters in working order', null, false, false, 1),
  ('dust', 'dust', '工地或道路扬尘', 'Dust from site or road', '覆盖、喷淋到位', 'Covered and sprayed', null, true, false, 1),
  ('street_light', 'street_light', '路灯不亮', 'Street light out', '恢复照明', 'Light works', null, false, false, 1),
  ('street_light_pole', 'street_light', '灯杆倾斜或漏电', 'Pole leaning or live', '排除危险并修复', 'Made safe and repaired', null, true, false, 2),
  ('road_surface', 'road_surface', '路面坑洼、破损', 'Pothole or broken surface', '修补平整', 'Repaired and level', null, true, false, 1),
  ('road_surface_collapse', 'road_surface', '路面塌陷', 'Road collapsed', '围挡、回填、恢复通行', 'Fenced, filled, open to traffic', null, true, false, 2),
  ('sidewalk_curb', 'sidewalk_curb', '人行道或路缘石破损', 'Broken sidewalk or curb', '修复平整', 'Repaired and level', null, true, false, 1),
  ('manhole_cover', 'manhole_cover', '井盖缺失、移位', 'Cover missing or shifted', '补齐并固定', 'In place and fixed', null, true, false, 1),
  ('manhole_cover_broken', 'manhole_cover', '井盖破损、异响', 'Cover broken or rattling', '更换', 'Replaced', null, true, false, 2),
  ('sewer', 'sewer', '污水外溢、管道堵塞', 'Sewage overflow or blocked pipe', '疏通，路面冲洗', 'Cleared, road washed', null, true, false, 1),
  ('storm_drain', 'storm_drain', '雨水箅子堵塞或破损', 'Drain blocked or broken', '疏通或更换', 'Cleared or replaced', null, true, false, 1),
  ('water_supply', 'water_supply', '供水管道漏水', 'Water main leaking', '止漏，恢复供水', 'Leak stopped, supply restored', null, true, false, 1),
  ('traffic_signal', 'traffic_signal', '信号灯故障', 'Signal out of order', '恢复正常', 'Works again', null, false, false, 1),
  ('traffic_sign', 'traffic_sign', '标志标牌破损、遮挡', 'Sign damaged or hidden', '修复，清晰可见', 'Repaired and visible', null, true, false, 1),
  ('parking_meter', 'parking_meter', '停车计费设施故障', 'Meter out of order', '恢复正常', 'Works again', null, false, false, 1),
  ('transit_shelter', 'transit_shelter', '公交站亭破损', 'Shelter damaged', '修复', 'Repaired', null, true, false, 1),
  ('street_furniture', 'street_furniture', '街道家具破损', 'Street furniture damaged', '修复或更换', 'Repaired or replaced', null, true, false, 1),
  ('street_tree', 'street_tree', '行道树缺株、枯死、遮挡', 'Tree missing, dead or in the way', '补植或修剪', 'Replanted or pruned', null, true, false, 1),
  ('street_tree_fallen', 'street_tree', '树木倒伏、断枝', 'Tree or branch down', '清除，恢复通行', 'Removed, way open', null, true, false, 2),
  ('park_facility', 'park_facility', '公园绿地设施损坏', 'Park facility damaged', '修复', 'Repaired', null, true, false, 1),
  ('fitness_equipment', 'fitness_equipment', '健身器材损坏', 'Fitness equipment broken', '停用标识后修复', 'Marked, then repaired', null, true, false, 1),
  ('public_housing', 'public_housing', '公共住房报修', 'Repair in public housing', '修复，住户确认', 'Repaired, tenant confirms', null, true, false, 1),
  ('dangerous_building', 'dangerous_building', '老旧房屋有安全隐患', 'Old building unsafe', '鉴定并采取措施', 'Surveyed, measures taken', null, true, false, 1),
  ('elevator', 'elevator', '电梯停运、故障', 'Lift out of order', '检修合格，恢复运行', 'Inspected and running', null, false, false, 1),
  ('elevator_trapped', 'elevator', '电梯困人', 'People trapped in a lift', '人员救出', 'People freed', 'fire_safety', false, false, 2),
  ('overhead_cables', 'overhead_cables', '线缆杂乱、垂落', 'Cables tangled or hanging', '梳理固定', 'Tidied and fixed', null, true, false, 1),
  ('utility_cabinet', 'utility_cabinet', '箱体破损、箱门敞开', 'Cabinet damaged or open', '修复、上锁', 'Repaired and locked', null, true, false, 1),
  ('fire_equipment', 'fire_equipment', '消防设施缺损', 'Fire equipment damaged or missing', '修复或补齐，可用', 'Complete and usable', null, true, false, 1),
  ('abandoned_vehicle', 'abandoned_vehicle', '废弃车辆占用公共空间', 'Abandoned vehicle in public space', '拖离', 'Towed away', null, true, false, 1),
  ('blocked_sidewalk', 'blocked_sidewalk', '占用道路或人行道', 'Street or sidewalk blocked', '恢复通行', 'Way open', null, true, true, 1),
  ('vehicle_parking', 'vehicle_parking', '机动车乱停放', 'Vehicle badly parked', '驶离或依法处理', 'Driven off, or fined', null, true, false, 1),
  ('bicycle_parking', 'bicycle_parking', '非机动车乱停放', 'Bicycle badly parked', '摆放整齐', 'Put in order', null, true, true, 1),
  ('shared_bicycles', 'shared_bicycles', '共享单车淤积', 'Shared bicycles piled up', '清运、摆放整齐', 'Carried off and put in order', null, true, true, 1),
  ('fire_lane', 'fire_lane', '占用消防通道', 'Fire lane blocked', '通道畅通', 'Lane free', null, true, false, 1),
  ('residential_building', 'residential_building', '住宅建筑问题', 'Fault of a residential building', '责令整改到位', 'Ordered and put right', null, true, false, 1),
  ('rooftop_addition', 'rooftop_addition', '楼顶正在加建', 'Rooftop addition under way', '停工并拆除', 'Stopped and taken down', null, true, false, 1),
  ('rooftop_addition_built', 'rooftop_addition', '楼顶已建成违建', 'Rooftop addition standing', '拆除', 'Taken down', null, true, false, 2),
  ('shed', 'shed', '正在私搭棚亭', 'Shed going up', '停工并拆除', 'Stopped and taken down', null, true, false, 1),
  ('shed_built', 'shed', '已建成棚亭', 'Shed standing', '拆除', 'Taken down', null, true, false, 2),
  ('land_occupation', 'land_occupation', '侵占公共用地', 'Public land occupied', '退还、恢复原状', 'Given back and restored', null, true, false, 1),
  ('facade_alteration', 'facade_alteration', '擅自改变外立面', 'Facade altered without permit', '恢复原状', 'Restored', null, true, false, 1),
  ('load_bearing_damage', 'load_bearing_damage', '破坏承重结构', 'Load-bearing wall damaged', '停工，加固并鉴定', 'Stopped, strengthened, surveyed', null, true, false, 1),
  ('unlicensed_works', 'unlicensed_works', '无证施工', 'Works without permit', '停工，依法处理', 'Stopped and dealt with by law', null, true, false, 1),
  ('general_request', 'general_request', '综合诉求', 'General request', '答复诉求人', 'Answered', null, false, false, 1),
  ('transit_feedback', 'transit_feedback', '公交服务意见', 'Feedback on transit', '答复诉求人', 'Answered', null, false, false, 1),
  ('temporary_sign', 'temporary_sign', '申请临时标志', 'Temporary sign asked for', '批复并设置', 'Decided, sign put up', null, false, false, 1),
  ('curb_marking', 'curb_marking', '申请路缘标线', 'Curb marking asked for', '批复并施划', 'Decided, curb painted', null, false, false, 1),
  ('external_request', 'external_request', '外部转办', 'Passed on from outside', '办结并回复来源', 'Done, sender told', null, false, false, 1),
  ('interdepartmental', 'interdepartmental', '部门协办', 'Help for another department', '办结并回复', 'Done and answered', null, false, false, 1),
  ('volunteering', 'volunteering', '志愿服务', 'Volunteering', '对接完成', 'Brought together', null, false, false, 1),
  ('noise', 'noise', '噪声扰民', 'Noise', '噪声消除或达标', 'Stopped, or within limits', null, false, false, 1),
  ('unlicensed_taxi', 'unlicensed_taxi', '非法营运', 'Unlicensed taxi', '依法处理', 'Dealt with by law', null, false, false, 1),
  ('street_vending', 'street_vending', '占道经营', 'Vending in the street', '劝离或依法处理', 'Moved on, or dealt with by law', null, true, true, 1),
  ('outdoor_advertising', 'outdoor_advertising', '违规设置户外广告', 'Advertising without permit', '拆除', 'Taken down', null, true, false, 1),
  ('outdoor_advertising_unsafe', 'outdoor_advertising', '户外广告松动、有坠落危险', 'Sign loose and may fall', '加固或拆除', 'Fixed or taken down', null, true, false, 2),
  ('stray_animals', 'stray_animals', '流浪动物', 'Stray animals', '收容', 'Taken in', null, false, false, 1),
  ('safety_hazard', 'safety_hazard', '安全隐患', 'Safety hazard', '隐患消除', 'Hazard gone', null, true, false, 1),
  ('neighbour_dispute', 'neighbour_dispute', '邻里纠纷', 'Dispute between neighbours', '调解完成', 'Mediated', null, false, false, 1),
  ('resident_proposal', 'resident_proposal', '居民建议', 'Proposal of a resident', '研究并答复', 'Considered and answered', null, false, false, 1),
  ('other_matter', 'other_matter', '其他事项', 'Other matter', '办结', 'Done', null, false, false, 1)
) as f (code, category, name_zh, name_en, closing_zh, closing_en, department, after, self, sort)
join public.categories c on c.code = f.category;


-- Nobody worked on these: neither version nor cursor moves.
alter table public.incidents disable trigger user;
update public.incidents i set workflow_code = c.workflow_code, state = i.stage,
  state_since = coalesce(i.closed_at, i.reported_at)
from public.categories c where c.code = i.category_code;
alter table public.incidents enable trigger user;
alter table public.incidents alter column state set not null;


-- Working calendars and the clocks of incidents.
-- The present text with its reasons is in supabase/schemas.

-- Limits of a workflow's clocks, and those of a condition, which win once it is chosen.
create table public.workflow_limits (
  workflow text not null references public.workflows (code) on delete cascade,
  clock text not null check (clock in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check')),
  amount numeric not null,
  unit text not null,
  day_rule text not null default 'hours',
  primary key (workflow, clock)
);

create table public.condition_limits (
  condition text not null references public.filing_conditions (code) on delete cascade,
  clock text not null check (clock in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check')),
  amount numeric not null,
  unit text not null,
  day_rule text not null default 'hours',
  primary key (condition, clock)
);

-- Steps of handling with a clock of their own from the dispatch on.
create table public.condition_milestones (
  condition text not null references public.filing_conditions (code) on delete cascade,
  code text not null check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null,
  name_en text not null,
  amount numeric not null,
  unit text not null,
  day_rule text not null default 'hours',
  sort integer not null default 0,
  primary key (condition, code)
);

-- Each city has one default. A calendar with an area is that of the area and all below it; the deepest wins.
create table public.calendars (
  code text primary key check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null,
  name_en text not null,
  area_code text references public.areas (code),
  day_seconds integer not null default 28800 check (day_seconds between 60 and 86400)
);
create unique index calendars_area_idx on public.calendars (area_code);
create unique index calendars_default_idx on public.calendars ((area_code is null)) where area_code is null;

-- Working hours of a weekday, 1 for Monday to 7. Any number a day; 1440 is the end of the day.
create table public.calendar_hours (
  calendar text not null references public.calendars (code) on delete cascade,
  weekday smallint not null check (weekday between 1 and 7),
  from_minute smallint not null check (from_minute between 0 and 1439),
  to_minute smallint not null,
  primary key (calendar, weekday, from_minute),
  constraint calendar_hours_order_check check (to_minute > from_minute and to_minute <= 1440)
);

-- Days unlike their weekday.
create table public.calendar_days (
  calendar text not null references public.calendars (code) on delete cascade,
  day date not null,
  as_weekday smallint check (as_weekday between 1 and 7),
  name text not null default '' check (length(name) <= 200),
  primary key (calendar, day)
);

-- Years whose days are known.
create table public.calendar_years (
  calendar text not null references public.calendars (code) on delete cascade,
  year smallint not null check (year between 1970 and 2200),
  source text not null check (length(source) between 1 and 2000),
  primary key (calendar, year)
);

-- Made by private.rebuild_calendar from the tables above. Neighbouring spans and years are joined.
create table private.calendar_covers (
  calendar text not null references public.calendars (code) on delete cascade,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  primary key (calendar, starts_at)
);

create table private.calendar_spans (
  calendar text not null references public.calendars (code) on delete cascade,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  before_seconds bigint not null,
  primary key (calendar, starts_at)
);
create unique index calendar_spans_before_idx on private.calendar_spans (calendar, before_seconds);

create table private.calendar_workdays (
  calendar text not null references public.calendars (code) on delete cascade,
  day date not null,
  n integer not null,
  ends_at timestamptz not null,
  primary key (calendar, day)
);
create unique index calendar_workdays_n_idx on private.calendar_workdays (calendar, n);

create or replace function private.is_limit(p_amount numeric, p_unit text, p_day_rule text)
returns boolean language sql immutable parallel safe
return p_amount > 0 and p_amount < 100000
  and p_unit in ('urgent_hour', 'natural_day', 'work_hour', 'work_day')
  and p_day_rule in ('hours', 'end_of_day')
  and (p_day_rule = 'hours' or p_unit = 'work_day')
  and (p_amount = trunc(p_amount) or (p_unit <> 'natural_day' and p_day_rule = 'hours'));

alter table public.workflow_limits add constraint workflow_limits_limit_check
  check (private.is_limit(amount, unit, day_rule));
alter table public.condition_limits add constraint condition_limits_limit_check
  check (private.is_limit(amount, unit, day_rule));
alter table public.condition_milestones add constraint condition_milestones_limit_check
  check (private.is_limit(amount, unit, day_rule));

insert into public.condition_limits (condition, clock, amount, unit) values
  ('street_cleaning', 'handle', 4, 'work_hour'),
  ('exposed_garbage', 'handle', 4, 'work_hour'),
  ('exposed_garbage_large', 'handle', 1, 'work_day'),
  ('human_animal_waste', 'handle', 4, 'work_hour'),
  ('litter_bin', 'handle', 4, 'work_hour'),
  ('construction_waste', 'handle', 2, 'work_day'),
  ('illegal_dumping_large', 'handle', 2, 'work_day'),
  ('hazardous_waste', 'handle', 4, 'urgent_hour'),
  ('street_light_pole', 'handle', 2, 'urgent_hour'),
  ('road_surface_collapse', 'handle', 2, 'urgent_hour'),
  ('manhole_cover', 'handle', 2, 'urgent_hour'),
  ('traffic_signal', 'handle', 2, 'urgent_hour'),
  ('street_tree_fallen', 'handle', 4, 'urgent_hour'),
  ('elevator_trapped', 'handle', 0.5, 'urgent_hour'),
  ('fire_lane', 'handle', 2, 'urgent_hour'),
  ('rooftop_addition', 'handle', 20, 'work_day'),
  ('rooftop_addition_built', 'handle', 15, 'work_day'),
  ('shed', 'handle', 20, 'work_day'),
  ('shed_built', 'handle', 15, 'work_day'),
  ('land_occupation', 'handle', 15, 'work_day'),
  ('unlicensed_works', 'handle', 7, 'work_day');

insert into public.condition_milestones (condition, code, name_zh, name_en, amount, unit, sort)
select c.code, m.code, m.name_zh, m.name_en, m.amount, m.unit, m.sort
from (values ('rooftop_addition', true), ('shed', true), ('unlicensed_works', false)) as c (code, is_built)
cross join (values
  ('stop_work', '停工', 'Work stopped', 4, 'work_hour', 1, false),
  ('fine', '处罚', 'Fine imposed', 7, 'work_day', 2, false),
  ('demolition', '拆除', 'Demolished', 20, 'work_day', 3, true)
) as m (code, name_zh, name_en, amount, unit, sort, needs_building)
where c.is_built or not m.needs_building;

insert into public.workflow_limits (workflow, clock, amount, unit)
select w.code, l.clock, l.amount, l.unit
from public.workflows w
cross join (values
  ('accept', 0.25, 'urgent_hour'),
  ('verify', 0.5, 'urgent_hour'),
  ('file', 0.25, 'urgent_hour'),
  ('dispatch', 0.25, 'urgent_hour'),
  ('handle', 5, 'work_day'),
  ('check', 4, 'work_hour')
) as l (clock, amount, unit)
where exists (select from public.workflow_stages s where s.workflow = w.code and s.clock = l.clock);

create table public.incident_clocks (
  district_code text not null,
  incident_id uuid not null,
  seq integer not null,
  kind text not null
    check (kind in ('accept', 'verify', 'file', 'dispatch', 'handle', 'check', 'milestone')),
  milestone text,
  department_code text,
  calendar text,
  amount numeric not null,
  unit text not null,
  day_rule text not null,
  extensions smallint not null default 0,
  started_at timestamptz not null,
  runs tstzmultirange not null default '{}',
  running_since timestamptz,
  limit_seconds numeric,
  due_at timestamptz,
  warn_at timestamptz,
  stopped_at timestamptz,
  used_seconds numeric,
  is_reached boolean not null default false,
  primary key (district_code, incident_id, seq),
  constraint incident_clocks_incident_fkey
    foreign key (district_code, incident_id) references public.incidents (district_code, id),
  constraint incident_clocks_limit_check check (private.is_limit(amount, unit, day_rule)),
  constraint incident_clocks_milestone_check check ((kind = 'milestone') = (milestone is not null)),
  constraint incident_clocks_stopped_check check (stopped_at is null or running_since is null)
);

create type private.recomputed as (next uuid, looked integer, moved integer);

alter table private.calendar_covers enable row level security;
alter table private.calendar_spans enable row level security;
alter table private.calendar_workdays enable row level security;
alter table public.calendar_days enable row level security;
alter table public.calendar_hours enable row level security;
alter table public.calendar_years enable row level security;
alter table public.calendars enable row level security;
alter table public.condition_limits enable row level security;
alter table public.condition_milestones enable row level security;
alter table public.incident_clocks enable row level security;
alter table public.workflow_limits enable row level security;


create table public.work_views (
  id uuid primary key,
  owner uuid not null references public.profiles (user_id),
  name text not null constraint work_views_name_check check (length(name) between 1 and 60),
  query text not null constraint work_views_query_check
    check (length(query) <= 1000 and query ~ '^[A-Za-z0-9_.~=&%-]*$'),
  areas text[] not null default '{}',
  departments text[] not null default '{}',
  version integer not null default 1,
  changed_at timestamptz not null,
  constraint work_views_owner_name_key unique (owner, name)
);

create table public.dispatch_rule_lists (
  version integer primary key constraint dispatch_rule_lists_version_check check (version > 0),
  saved_at timestamptz not null,
  saved_by uuid not null references public.profiles (user_id)
);

create table public.dispatch_rules (
  version integer not null references public.dispatch_rule_lists (version),
  position integer not null constraint dispatch_rules_position_check check (position between 1 and 200),
  area_code text references public.areas (code),
  category_code text references public.categories (code),
  weekdays smallint[] not null constraint dispatch_rules_weekdays_check
    check (weekdays <> '{}' and weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]),
  from_hour smallint not null,
  to_hour smallint not null,
  department_code text not null references public.departments (code),
  handler uuid references public.profiles (user_id),
  primary key (version, position),
  constraint dispatch_rules_hours_check
    check (from_hour between 0 and 23 and to_hour between 1 and 24 and from_hour <> to_hour)
);

alter table public.work_views enable row level security;
alter table public.dispatch_rule_lists enable row level security;
alter table public.dispatch_rules enable row level security;

create type private.queue_rule as (
  queue text,
  area_roles text[],
  for_departments boolean,
  condition text
);

create type private.rate_rule as (rate text, counted text, due text);

alter type private.incident_filter
  add attribute due_after timestamptz,
  add attribute due_until timestamptz;

alter table public.commands add column is_generated boolean not null default false;

alter table public.incidents
  add column is_generated boolean not null default false,
  add column is_repeat boolean not null default false,
  add column to_verify boolean not null default false;

CREATE OR REPLACE FUNCTION private.rights_on(p_incident public.incidents, p_at timestamp with time zone DEFAULT now())
 RETURNS private.incident_rights
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_rights private.incident_rights;
  v_may text[];
  v_handles boolean := exists (
    select 1 from public.memberships m
    where m.user_id = auth.uid() and m.role = 'handler' and m.department_code = p_incident.department_code
      and private.is_valid(m.valid_from, m.valid_to, p_at));
begin
  select coalesce(array_agg(distinct m.role), '{}') into v_rights.roles
  from public.areas own, public.memberships m
  join public.areas a on a.code = m.area_code
  where own.code = p_incident.area_code and private.is_within(own.path, a.path)
    and m.user_id = auth.uid() and m.role <> 'handler'
    and private.is_valid(m.valid_from, m.valid_to, p_at);
  v_rights.is_reporter := coalesce(p_incident.reported_by = auth.uid(), false);
  v_rights.sees := v_rights.is_reporter or v_rights.roles <> '{}' or v_handles;
  v_may := array(
    select r.may from private.role_rights r
    where r.role = any (v_rights.roles)
      -- a report gives its reporter no right that none of their roles gives any more
      or r.role = 'reporter' and v_rights.is_reporter and private.has_right(r.may, p_at));
  v_rights.may_note := 'note' = any (v_may) or v_rights.sees and private.has_right('note', p_at);
  v_rights.may_ask := 'ask' = any (v_may);
  v_rights.may_correct := 'correct' = any (v_may);
  v_rights.acts_as := v_rights.roles
    || case when v_handles then '{handler}'::text[] else '{}' end
    || case when v_rights.is_reporter and private.has_right('note', p_at) then '{reporter}'::text[] else '{}' end;
  return v_rights;
end $function$;

CREATE OR REPLACE FUNCTION private.first_state_of(p_workflow text, p_stage text)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce((select s.code from public.workflow_stages s
    where s.workflow = p_workflow and s.stage = p_stage order by s.sort, s.code limit 1), p_stage)
$function$;

CREATE OR REPLACE FUNCTION private.must_be_verified(p_workflow text, p_state text, p_channel text)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.workflows w
    join public.workflow_stages s on s.workflow = w.code and s.code = p_state and s.stage = 'reported'
    where w.code = p_workflow and w.trusted_channels is not null
      and (s.clock = 'verify' or s.clock is distinct from 'file' and p_channel <> all (w.trusted_channels)));
end $function$;

CREATE OR REPLACE FUNCTION private.mark_incident_change()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  new.changed_xid := pg_current_xact_id()::text::bigint;
  if tg_op = 'UPDATE' then
    new.version := old.version + 1;
    if new.stage <> old.stage and new.state = old.state then
      new.state := private.first_state_of(new.workflow_code, new.stage);
    end if;
  elsif new.state is null then
    new.state := private.first_state_of(new.workflow_code, new.stage);
  end if;
  new.to_verify := new.stage = 'reported'
    and private.must_be_verified(new.workflow_code, new.state, new.channel);
  return new;
end $function$;

CREATE OR REPLACE FUNCTION private.read_handled(p_report private.report, p_handled jsonb)
 RETURNS private.report
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_report private.report := p_report;
  v_needs_photos boolean;
begin
  if jsonb_typeof(p_handled) <> 'object' then
    perform private.reject_command('invalid_field', 'handled', 'not an object');
  end if;
  perform private.refuse_unknown_fields(p_handled, '{note,photos}');
  if not private.may_be_assigned(v_report.actor, v_report.area_code, null, v_report.at) then
    perform private.reject_command('not_allowed', 'handled');
  end if;
  select f.code, f.needs_after_photos into v_report.condition_code, v_needs_photos
  from public.filing_conditions f
  join public.categories c on c.code = f.category_code
  where f.category_code = v_report.category_code and f.is_active and f.allows_self_handling
    and exists (select from public.workflow_stages s
      where s.workflow = c.workflow_code and s.stage = 'closed')
  order by f.sort, f.code limit 1;
  if not found then
    perform private.reject_command('invalid_field', 'handled', 'not of this category');
  end if;
  v_report.handled_note := private.payload_text(p_handled, 'note', false, 2000);
  v_report.handled_photos := private.payload_photos(p_handled, v_needs_photos);
  return v_report;
end $function$;

CREATE OR REPLACE FUNCTION private.read_report(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS private.report
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_report private.report;
  v_requires_description boolean;
begin
  perform private.refuse_unknown_fields(p_payload,
    '{incidentId,categoryCode,lon,lat,description,severity,addressLabel,deviceAt,photos,accuracyMeters,placedBy,handled}');
  v_report.id := private.payload_uuid(p_payload, 'incidentId');
  v_report.category_code := private.payload_text(p_payload, 'categoryCode', true, 60);
  v_requires_description := private.check_category(v_report.category_code);
  v_report.lon := private.payload_number(p_payload, 'lon', true, -180, 180);
  v_report.lat := private.payload_number(p_payload, 'lat', true, -90, 90);
  select p.area_code, p.district_code, p.qx, p.qy
  into v_report.area_code, v_report.district_code, v_report.qx, v_report.qy
  from private.place_incident(v_report.lon, v_report.lat) p;
  if v_report.area_code is null then
    perform private.reject_command('outside_city');
  end if;
  v_report.severity := coalesce(private.payload_whole(p_payload, 'severity', false, 1, 4), 2);
  v_report.description := coalesce(private.payload_text(p_payload, 'description', false, 10000), '');
  if v_requires_description and private.is_blank(v_report.description) then
    perform private.reject_command('missing_field', 'description');
  end if;
  v_report.address_label := coalesce(private.payload_text(p_payload, 'addressLabel', false, 500), '');
  v_report.device_at := private.payload_instant(p_payload, 'deviceAt');
  v_report.photos := private.payload_photos(p_payload, false);
  v_report.actor := p_actor;
  v_report.command_id := p_command;
  v_report.at := p_at;
  v_report.data := private.log_data(v_report.device_at, p_at, v_report.photos,
    jsonb_strip_nulls(jsonb_build_object(
      'accuracyMeters', private.payload_number(p_payload, 'accuracyMeters', false, 0, 100000),
      'placedBy', private.payload_word(p_payload, 'placedBy', '{gps,hand,photo}'))));
  if coalesce(p_payload -> 'handled', 'null') <> 'null' then
    v_report := private.read_handled(v_report, p_payload -> 'handled');
  end if;
  -- Checked last: only this check can change when the waiting batch is stored.
  if exists (select 1 from public.incidents i where i.id = v_report.id) then
    perform private.reject_command('incident_exists', 'incidentId');
  end if;
  return v_report;
end $function$;

CREATE OR REPLACE FUNCTION private.store_reports(p_reports private.report[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  -- planning the clocks of no report takes longer than a transition
  if cardinality(p_reports) = 0 then return; end if;
  with clocks as materialized (
    select * from private.first_clocks(array(
      select r from unnest(p_reports) r where r.condition_code is null)::private.report[])
  ), stored as (
    insert into public.incidents (district_code, id, category_code, area_code, severity, lon, lat,
      qx, qy, description, address_label, reported_at, device_at, month, reported_by,
      workflow_code, stage, state, state_since, condition_code, self_handled, closed_at, due_at, warn_at)
    select r.district_code, r.id, r.category_code, r.area_code, r.severity, r.lon, r.lat,
      r.qx, r.qy, r.description, r.address_label, r.at, r.device_at,
      date_trunc('month', r.at at time zone city.time_zone)::date, r.actor,
      w.code, case when r.condition_code is null then 'reported' else 'closed' end,
      case when r.condition_code is null then w.first_state else private.first_state_of(w.code, 'closed') end,
      r.at, r.condition_code, r.condition_code is not null,
      case when r.condition_code is not null then r.at end, k.due_at, k.warn_at
    from unnest(p_reports) r
    join public.categories c on c.code = r.category_code
    join public.workflows w on w.code = c.workflow_code
    left join clocks k on k.incident_id = r.id
    cross join public.city_settings city
  ), started as (
    insert into public.incident_clocks select * from clocks
  )
  insert into public.incident_log
    (district_code, incident_id, seq, at, actor, kind, stage_from, stage_to, note, data, command_id)
  select r.district_code, r.id, 1, r.at, r.actor, 'reported', null, 'reported', '', r.data, r.command_id
  from unnest(p_reports) r
  union all
  select r.district_code, r.id, 2, r.at, r.actor, 'self_handled', 'reported', 'closed',
    coalesce(r.handled_note, ''), private.log_data(null, r.at, r.handled_photos,
      jsonb_build_object('condition', r.condition_code)), r.command_id
  from unnest(p_reports) r where r.condition_code is not null;
  perform private.store_photos(array_agg((r.district_code, r.id, p.seq, r.actor, r.command_id, r.at, p.photos)
    ::private.brought_photos order by p.seq))
  from unnest(p_reports) r
  cross join lateral (values (1, r.photos), (2, r.handled_photos)) as p (seq, photos)
  where p.photos <> '[]'
  having count(*) > 0;
end $function$;

CREATE OR REPLACE FUNCTION private.append_log(p_incident public.incidents, p_actor uuid, p_command uuid, p_at timestamp with time zone, p_kind text, p_note text, p_data jsonb, p_photos jsonb, p_stage_from text DEFAULT NULL::text, p_stage_to text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_seq integer;
begin
  insert into public.incident_log
    (district_code, incident_id, seq, at, actor, kind, stage_from, stage_to, note, data, command_id)
  select p_incident.district_code, p_incident.id, 1 + coalesce(max(l.seq), 0), p_at, p_actor, p_kind,
    p_stage_from, p_stage_to, coalesce(p_note, ''), p_data, p_command
  from public.incident_log l
  where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
  returning seq into v_seq;
  if p_photos <> '[]' then
    perform private.store_photos(array[(p_incident.district_code, p_incident.id, v_seq, p_actor,
      p_command, p_at, p_photos)::private.brought_photos]);
  end if;
end $function$;

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
      and l.kind not in ('note', 'noted', 'asked', 'photo', 'confirmed')
    order by l.seq desc limit 1) last on true
  left join public.profiles p on p.user_id = last.actor
$function$;

CREATE OR REPLACE FUNCTION private.corrected_incident(p_incident public.incidents, p_changes jsonb)
 RETURNS public.incidents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_new public.incidents := p_incident;
  v_place record;
begin
  if p_changes ? 'categoryCode' then
    v_new.category_code := private.payload_text(p_changes, 'categoryCode', true, 60);
  end if;
  if p_changes ? 'description' then
    v_new.description := private.payload_text(p_changes, 'description', true, 10000);
  end if;
  if v_new.category_code <> p_incident.category_code then
    -- conditions are of one category; another workflow goes on from the same stage
    v_new.condition_code := null;
    select c.workflow_code into v_new.workflow_code from public.categories c where c.code = v_new.category_code;
    if v_new.workflow_code <> p_incident.workflow_code then
      v_new.state := private.first_state_of(v_new.workflow_code, p_incident.stage);
      v_new.passed := '{}';
    end if;
  end if;
  if p_changes ?| '{categoryCode,description}' and private.check_category(v_new.category_code)
    and private.is_blank(v_new.description) then
    perform private.reject_command('missing_field', 'description');
  end if;
  if p_changes ? 'severity' then
    v_new.severity := private.payload_whole(p_changes, 'severity', true, 1, 4);
  end if;
  if p_changes ? 'addressLabel' then
    v_new.address_label := private.payload_text(p_changes, 'addressLabel', true, 500);
  end if;
  if p_changes ?| '{lon,lat}' then
    v_new.lon := private.payload_number(p_changes, 'lon', true, -180, 180);
    v_new.lat := private.payload_number(p_changes, 'lat', true, -90, 90);
    select * into v_place from private.place_incident(v_new.lon, v_new.lat);
    if v_place.area_code is null then
      perform private.reject_command('outside_city');
    end if;
    v_new.area_code := v_place.area_code;
    v_new.qx := v_place.qx;
    v_new.qy := v_place.qy;
  end if;
  return v_new;
end $function$;

CREATE OR REPLACE FUNCTION private.correct_incident(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_incident public.incidents;
  v_new public.incidents;
  v_base integer;
  v_changes jsonb := p_payload -> 'changes';
  v_version integer;
  v_diff jsonb;
begin
  perform private.refuse_unknown_fields(p_payload, '{incidentId,baseVersion,changes,deviceAt}');
  v_base := private.payload_whole(p_payload, 'baseVersion', true, 1, 2147483647);
  if coalesce(v_changes, 'null') in ('null', '{}') then
    perform private.reject_command('missing_field', 'changes');
  end if;
  if jsonb_typeof(v_changes) <> 'object' then
    perform private.reject_command('invalid_field', 'changes', 'not an object');
  end if;
  perform private.refuse_unknown_fields(v_changes,
    '{categoryCode,lon,lat,description,severity,addressLabel}');
  v_incident := private.lock_incident(p_payload, p_at);
  if not (private.rights_on(v_incident, p_at)).may_correct then
    perform private.reject_command('not_allowed');
  end if;
  if not private.is_open(v_incident.stage) then
    perform private.reject_command('incident_closed', 'incidentId');
  end if;
  if v_incident.version <> v_base then
    raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object(
      'code', 'conflict', 'server', private.server_side(v_incident))::text;
  end if;
  v_new := private.corrected_incident(v_incident, v_changes);
  v_diff := private.correction_changes(v_incident, v_new);
  if v_diff = '{}' then
    return jsonb_build_object('incident_id', v_incident.id, 'version', v_incident.version);
  end if;
  if (v_new.category_code, v_new.area_code) <> (v_incident.category_code, v_incident.area_code) then
    v_new := private.move_clocks(v_new, p_at);
  end if;
  update public.incidents i set category_code = v_new.category_code, workflow_code = v_new.workflow_code,
    state = v_new.state, passed = v_new.passed, condition_code = v_new.condition_code, lon = v_new.lon, lat = v_new.lat,
    area_code = v_new.area_code, qx = v_new.qx, qy = v_new.qy, description = v_new.description,
    severity = v_new.severity, address_label = v_new.address_label, due_at = v_new.due_at, warn_at = v_new.warn_at
  where i.district_code = v_incident.district_code and i.id = v_incident.id
  returning i.version into v_version;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'corrected', '',
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]',
      jsonb_strip_nulls(jsonb_build_object('changes', v_diff, 'areaCode',
        case when v_new.area_code <> v_incident.area_code
          then jsonb_build_array(v_incident.area_code, v_new.area_code) end))), '[]');
  perform private.log_clock_move(v_incident, v_new, p_actor, p_command, p_at);
  return jsonb_build_object('incident_id', v_incident.id, 'version', v_version);
end $function$;

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
        v_result := private.take_transition(p_actor, p_envelope.id, v_payload, p_at);
      when 'save_view' then
        v_result := private.save_view(p_actor, v_payload, p_at);
      when 'delete_view' then
        v_result := private.delete_view(p_actor, v_payload, p_at);
      when 'save_dispatch_rules' then
        v_result := private.save_dispatch_rules(p_actor, v_payload, p_at);
      else
        perform private.reject_command('unknown_type', 'type');
    end case;
  exception when others then
    get stacked diagnostics v_state = returned_sqlstate, v_detail = pg_exception_detail;
    if private.fails_call(v_state) then raise; end if;
    v_record.error := private.verdict_of(v_state, v_detail);
    v_judged.report := null;
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

CREATE OR REPLACE FUNCTION private.store_batch(p_batch private.judged_command[])
 RETURNS jsonb[]
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_batch private.judged_command[] := p_batch;
  v_reports constant private.report[] := array(
    select b.report from unnest(p_batch) b where (b.report).id is not null);
  v_receipts jsonb[];
begin
  if v_reports <> '{}' then
    begin
      perform private.store_reports(v_reports);
    exception when others then
      v_batch := private.store_reports_singly(p_batch);
    end;
  end if;
  -- Two people sent one id at once: the later call fails here, and finds the id taken when sent again.
  insert into public.commands (id, actor, type, hash, outcome, incident_id, version, error, replaces,
    device_at, received_at, photo_hashes)
  select (b.record).id, (b.record).actor, (b.record).type, (b.record).hash, (b.record).outcome,
    (b.record).incident_id, (b.record).version, (b.record).error, (b.record).replaces,
    (b.record).device_at, (b.record).received_at, (b.record).photo_hashes
  from unnest(v_batch) b where b.settled is null;
  select array_agg(coalesce(b.settled, private.receipt(b.record, false)) order by b.n) into v_receipts
  from unnest(v_batch) with ordinality as b (settled, record, report, n)
  where b.settled is distinct from 'null';
  return coalesce(v_receipts, '{}');
end $function$;

CREATE OR REPLACE FUNCTION private.apply_commands_at(p_commands json, p_received timestamp with time zone, p_is_replay boolean DEFAULT true)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET jit TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  v_actor uuid := private.require_user();
  v_at timestamptz := least(p_received, clock_timestamp());
  v_may_report boolean;
  v_item json;
  v_envelope private.command_envelope;
  v_judged private.judged_command;
  v_batch private.judged_command[] := '{}';
  v_ids uuid[] := '{}';
  v_incidents uuid[] := '{}';
  v_must_store boolean;
  v_receipts jsonb[] := '{}';
begin
  perform private.check_call(p_commands);
  if p_is_replay and not exists (select 1 from public.profiles p where p.user_id = v_actor) then
    raise exception 'nobody here is %', v_actor using errcode = 'WG003', detail = 'unknown_person';
  end if;
  -- A device that lost the answer sends again while its first call still runs.
  perform pg_advisory_xact_lock(hashtextextended('apply_commands ' || v_actor::text, 0));
  perform private.resume_due(v_at);
  v_may_report := private.has_right('report', v_at);
  for v_item in
    select value from json_array_elements(p_commands) with ordinality as c (value, n) order by n
  loop
    v_envelope := private.read_envelope(v_item);
    v_at := v_at + interval '1 microsecond';
    v_must_store := v_envelope.id = any (v_ids)
      or v_envelope.type <> 'report_incident' and cardinality(v_incidents) > 0;
    loop
      if v_must_store then
        v_receipts := v_receipts || private.store_batch(v_batch);
        v_batch := '{}';
        v_ids := '{}';
        v_incidents := '{}';
      end if;
      v_judged := private.judge_command(
        v_item, v_envelope, v_actor, v_may_report, v_at, p_is_replay);
      -- The batch holds this incident: store it, then judge again.
      v_must_store := coalesce((v_judged.report).id = any (v_incidents), false);
      exit when not v_must_store;
    end loop;
    v_batch := v_batch || v_judged;
    if (v_judged.record).id is not null then
      v_ids := v_ids || (v_judged.record).id;
    end if;
    if (v_judged.report).id is not null then
      v_incidents := v_incidents || (v_judged.report).id;
    end if;
  end loop;
  v_receipts := v_receipts || private.store_batch(v_batch);
  if p_is_replay and not exists (select from unnest(v_receipts) r where r ->> 'hash' is not null) then
    raise exception 'nothing of this call could be repeated' using errcode = 'WG003',
      detail = to_jsonb(v_receipts)::text;
  elsif cardinality(v_receipts) = 0 and json_array_length(p_commands) > 0 then
    raise exception 'none of these commands could be judged' using errcode = 'PT500', detail = 'no_receipt';
  end if;
  return to_jsonb(v_receipts);
end $function$;

CREATE OR REPLACE FUNCTION private.parse_filter(p_filter jsonb)
 RETURNS private.incident_filter
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_known constant text[] := '{from,to,areas,categories,stages,openOnly,onHoldOnly,due,bbox}';
  -- whole minutes, as in the columns: clocks run in them
  v_minute constant timestamptz := date_trunc('minute', now());
  v_source jsonb := coalesce(p_filter, '{}');
  v_result private.incident_filter;
  v_city public.city_settings;
  v_from date;
  v_to date;
  v_list text[];
  v_unknown text;
  v_box jsonb;
begin
  if jsonb_typeof(v_source) <> 'object' then
    perform private.refuse_filter('filter', 'must be an object');
  end if;
  select k into v_unknown from jsonb_object_keys(v_source) k where k <> all (v_known) order by k limit 1;
  if found then
    perform private.refuse_filter(left(v_unknown, 60), 'is not a part of the filter');
  end if;
  select * into strict v_city from public.city_settings;

  v_from := private.filter_day(v_source, 'from');
  v_to := private.filter_day(v_source, 'to');
  if v_to < v_from then
    perform private.refuse_filter('to', 'must not be before from');
  end if;
  v_result.from_at := v_from::timestamp at time zone v_city.time_zone;
  v_result.to_at := (v_to + 1)::timestamp at time zone v_city.time_zone;
  v_result.month_from := date_trunc('month', v_from::timestamp)::date;
  v_result.month_to := date_trunc('month', v_to::timestamp)::date;

  v_list := private.filter_list(v_source, 'areas');
  if v_list is not null then
    v_result.area_codes := array(
      select a.code from public.areas a
      where exists (select 1 from public.areas f
        where f.code = any (v_list) and starts_with(a.path, f.path)));
  end if;
  v_list := private.filter_list(v_source, 'categories');
  if v_list is not null then
    v_result.category_codes := array(
      select c.code from public.categories c
      where exists (select 1 from public.categories f
        where f.code = any (v_list) and starts_with(c.path, f.path)));
  end if;

  v_result.stages := private.filter_list(v_source, 'stages');
  if not v_result.stages <@ private.stage_codes() then
    perform private.refuse_filter('stages', 'unknown stage');
  end if;
  if private.filter_flag(v_source, 'openOnly') then
    v_result.stages := array(
      select s from unnest(coalesce(v_result.stages, private.stage_codes())) s where private.is_open(s));
  end if;
  v_result.on_hold_only := private.filter_flag(v_source, 'onHoldOnly');
  v_list := private.filter_list(v_source, 'due');
  if not v_list <@ '{overdue,within_day}' then
    perform private.refuse_filter('due', 'must be overdue or within_day');
  end if;
  if v_list is not null then
    v_result.due_after := case when 'overdue' = any (v_list) then '-infinity' else v_minute end;
    v_result.due_until := case when 'within_day' = any (v_list) then v_minute + interval '24 hours'
      else v_minute end;
  end if;

  v_box := nullif(v_source -> 'bbox', 'null');
  if v_box is not null then
    if jsonb_typeof(v_box) <> 'array' or jsonb_array_length(v_box) <> 4 or exists (
        select 1 from jsonb_array_elements(v_box) e where jsonb_typeof(e) <> 'number') then
      perform private.refuse_filter('bbox', 'must be [west, south, east, north]');
    end if;
    if exists (select 1 from jsonb_array_elements(v_box) e where abs((e #>> '{}')::numeric) > 360) then
      perform private.refuse_filter('bbox', 'must be degrees');
    end if;
    if (v_box ->> 0)::float8 > (v_box ->> 2)::float8 or (v_box ->> 1)::float8 > (v_box ->> 3)::float8 then
      perform private.refuse_filter('bbox', 'must be [west, south, east, north]');
    end if;
    v_result.min_x := private.quantise((v_box ->> 0)::float8, v_city.west, v_city.east);
    v_result.min_y := private.quantise((v_box ->> 1)::float8, v_city.south, v_city.north);
    v_result.max_x := private.quantise((v_box ->> 2)::float8, v_city.west, v_city.east);
    v_result.max_y := private.quantise((v_box ->> 3)::float8, v_city.south, v_city.north);
  end if;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.filter_condition(p_filter private.incident_filter)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(nullif(concat_ws(' and ',
    -- the month narrows by index, the instants decide
    case when (p_filter).month_from is not null then format('i.month >= %L::date and i.reported_at >= %L::timestamptz',
      (p_filter).month_from, (p_filter).from_at) end,
    case when (p_filter).month_to is not null then format('i.month <= %L::date and i.reported_at < %L::timestamptz',
      (p_filter).month_to, (p_filter).to_at) end,
    case when (p_filter).area_codes is not null then format('i.area_code = any (%L::text[])', (p_filter).area_codes) end,
    case when (p_filter).category_codes is not null then format('i.category_code = any (%L::text[])', (p_filter).category_codes) end,
    case when (p_filter).stages is not null then format('i.stage = any (%L::text[])', (p_filter).stages) end,
    case when (p_filter).on_hold_only then 'i.on_hold' end,
    -- incidents_due_idx has these words
    case when (p_filter).due_until is not null then format('private.is_open(i.stage) and not i.on_hold'
      ' and coalesce(i.due_at, ''infinity'') > %L::timestamptz and coalesce(i.due_at, ''infinity'') <= %L::timestamptz',
      (p_filter).due_after, (p_filter).due_until) end,
    case when (p_filter).min_x is not null then format('i.qx between %s and %s and i.qy between %s and %s',
      (p_filter).min_x, (p_filter).max_x, (p_filter).min_y, (p_filter).max_y) end), ''), 'true')
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
    'now', now(), 'months', v_months);
end $function$;

CREATE OR REPLACE FUNCTION private.incident_columns(p_months text[])
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
AS $function$
declare
  v_months date[];
  v_zone text := (select time_zone from public.city_settings);
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
    with timed as (
      select i.month, i.id, i.area_code, i.category_code, i.qx, i.qy, i.changed_xid,
        greatest(0, least(65535, floor(date_part('epoch',
          (i.reported_at at time zone $1) - i.month::timestamp) / 60)))::integer as minute,
        case when i.closed_at is null then 65535 else least(65534, floor(date_part('epoch',
          i.closed_at - i.reported_at) / 3600))::integer end as hours,
        private.stage_byte(i.stage, i.on_hold) as stage,
        case when i.closed_at is null then 255 else least(254, greatest(0,
          (date_part('year', i.closed_at at time zone $1) * 12 + date_part('month', i.closed_at at time zone $1)
          - date_part('year', i.month) * 12 - date_part('month', i.month))))::integer end as closed_month,
        private.is_open(i.stage) as is_open,
        -- the first whole minute at which it is overdue
        case when not i.on_hold then ceil(date_part('epoch', i.due_at) / 60)
          - date_part('epoch', i.month::timestamp) / 60 end as due_minute
      from public.incidents i
      where i.month = any (%L::date[]) and %s
    ), ordered as (
      select t.*, a.idx as area, c.idx as category,
        t.minute - lag(t.minute, 1, 0) over w as step,
        -- a day more, because the clock on the wall may be ahead; 0 is none; null for what is not open
        case when t.is_open and t.due_minute is null then 0
          when t.is_open then least(16777215, greatest(1, t.due_minute - t.minute + 1440))::integer end as due
      from timed t
      join public.areas a on a.code = t.area_code
      join public.categories c on c.code = t.category_code
      window w as (partition by t.month order by t.minute, t.id)
      order by t.month, t.minute, t.id
    ), packed as (
      select o.month, count(*) as n, max(o.changed_xid) as newest, sum(o.changed_xid) as total,
        string_agg(set_byte('\x00', 0, o.step >> 8), '') || string_agg(set_byte('\x00', 0, o.step & 255), '') as minute,
        string_agg(set_byte('\x00', 0, o.hours >> 8), '') || string_agg(set_byte('\x00', 0, o.hours & 255), '') as hours,
        string_agg(set_byte('\x00', 0, o.area >> 8), '') || string_agg(set_byte('\x00', 0, o.area & 255), '') as area,
        string_agg(set_byte('\x00', 0, o.category), '') as category,
        string_agg(set_byte('\x00', 0, o.stage), '') as stage,
        string_agg(set_byte('\x00', 0, o.closed_month), '') as closed_month,
        string_agg(set_byte('\x00', 0, o.qx >> 8), '') || string_agg(set_byte('\x00', 0, o.qx & 255), '') as x,
        string_agg(set_byte('\x00', 0, o.qy >> 8), '') || string_agg(set_byte('\x00', 0, o.qy & 255), '') as y,
        string_agg(set_byte('\x00', 0, o.due >> 16), '') || string_agg(set_byte('\x00', 0, (o.due >> 8) & 255), '')
          || string_agg(set_byte('\x00', 0, o.due & 255), '') as due
      from ordered o group by o.month
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'month', to_char(m, 'YYYY-MM'),
      'revision', private.month_revision(coalesce(p.n, 0), p.newest, p.total),
      'count', coalesce(p.n, 0),
      'minute', private.base64(p.minute), 'hours', private.base64(p.hours),
      'area', private.base64(p.area), 'category', private.base64(p.category),
      'stage', private.base64(p.stage), 'closedMonth', private.base64(p.closed_month),
      'x', private.base64(p.x), 'y', private.base64(p.y), 'due', private.base64(p.due)) order by m), '[]')
    from unnest(%L::date[]) m left join packed p on p.month = m $q$,
    v_months, private.scope_condition(private.resolve_scope(), 'i'), v_months)
  into v_result using v_zone;
  return v_result;
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
  -- a cursor of the future: the database was restored since
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
  return jsonb_build_object('cursor', v_cursor, 'asOf', private.data_as_of(), 'now', now(),
    'reset', v_start is null, 'scopeKey', private.scope_key(), 'months', v_months,
    'areasRevision', private.area_revision(),
    'waiting', case when v_settled.waits_since < now() - interval '1 minute'
      then jsonb_build_object('since', v_settled.waits_since) end);
end $function$;

CREATE OR REPLACE FUNCTION private.incident_points(p_z integer, p_x integer, p_y integer, p_filter jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '32MB'
AS $function$
declare
  v_tiles float8;
  v_west float8;
  v_east float8;
  v_north float8;
  v_south float8;
  v_result jsonb;
begin
  if p_z is null or p_z not between 14 and 22 then
    raise exception 'p_z: points are given from zoom 14 to 22' using errcode = '22023', detail = 'p_z';
  end if;
  v_tiles := 1 << p_z;
  if p_x is null or p_y is null or p_x not between 0 and v_tiles - 1 or p_y not between 0 and v_tiles - 1 then
    raise exception 'p_x, p_y: no such tile' using errcode = '22023', detail = 'p_x';
  end if;
  v_west := p_x / v_tiles * 360 - 180;
  v_east := (p_x + 1) / v_tiles * 360 - 180;
  v_north := private.tile_latitude(p_y / v_tiles);
  v_south := private.tile_latitude((p_y + 1) / v_tiles);

  execute format($q$
    with hits as materialized (
      -- narrow rows: a crowded tile has tens of thousands
      select i.ctid as row_at, i.reported_at, i.id
      from public.incidents i
      where i.geom operator(extensions.&&) extensions.st_makeenvelope($1, $2, $3, $4, 4326)
        -- && compares in single precision, about a metre wider
        and i.lon >= $1 and i.lon < $3 and i.lat > $2 and i.lat <= $4
        and %s and %s
    ), shown as (
      select i.id, i.lon, i.lat, c.idx as category,
        private.stage_byte(i.stage, i.on_hold) | case when i.is_generated then 32 else 0 end as stage
      from (select * from hits order by reported_at desc, id limit 2000) h
      join public.incidents i on i.ctid = h.row_at
      join public.categories c on c.code = i.category_code
    ), placed as (
      select s.id, s.category, s.stage,
        least(4095, greatest(0, floor(((s.lon + 180) / 360 * $5 - $6) * 4096)))::integer::smallint as x,
        least(4095, greatest(0, floor(((0.5 - ln(tan(pi() / 4 + radians(s.lat) / 2)) / (2 * pi())) * $5 - $7)
          * 4096)))::integer::smallint as y
      from shown s
    )
    select jsonb_build_object(
      'total', (select count(*) from hits),
      'shown', count(*),
      'ids', coalesce(jsonb_agg(p.id), '[]'),
      'category', private.base64(string_agg(set_byte('\x00', 0, p.category), '')),
      'stage', private.base64(string_agg(set_byte('\x00', 0, p.stage), '')),
      'x', private.base64(string_agg(int2send(p.x), '')),
      'y', private.base64(string_agg(int2send(p.y), '')))
    from placed p $q$,
    private.scope_condition(private.resolve_scope(), 'i'),
    private.filter_condition(private.parse_filter(p_filter)))
  into v_result using v_west, v_south, v_east, v_north, v_tiles, p_x, p_y;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.incident_row(i public.incidents)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
RETURN jsonb_build_object('id', (i).id, 'districtCode', (i).district_code, 'categoryCode', (i).category_code, 'areaCode', (i).area_code, 'departmentCode', (i).department_code, 'stage', (i).stage, 'onHold', (i).on_hold, 'severity', (i).severity, 'lon', (i).lon, 'lat', (i).lat, 'description', (i).description, 'addressLabel', (i).address_label, 'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'channel', (i).channel, 'version', (i).version, 'workflowCode', (i).workflow_code, 'state', (i).state, 'stateSince', (i).state_since, 'dueAt', (i).due_at, 'warnAt', (i).warn_at, 'pending', (i).pending, 'holdUntil', (i).hold_until, 'supervision', (i).supervision, 'replyBy', (i).reply_by, 'rework', (i).rework, 'reopened', (i).reopened, 'extensions', (i).extensions, 'selfHandled', (i).self_handled, 'isGenerated', (i).is_generated);

CREATE OR REPLACE FUNCTION private.field_row(p_incident public.incidents, p_user uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return jsonb_build_object('id', p_incident.id, 'version', p_incident.version,
    'categoryCode', p_incident.category_code, 'lon', p_incident.lon, 'lat', p_incident.lat,
    'areaCode', p_incident.area_code, 'stage', p_incident.stage,
    'description', left(p_incident.description, 200), 'addressLabel', p_incident.address_label,
    'reportedAt', p_incident.reported_at,
    'reportedByMe', coalesce(p_incident.reported_by = p_user, false),
    'isGenerated', p_incident.is_generated,
    'photo', (
      select jsonb_build_object('owner', p.owner, 'hash', p.hash, 'mediaType', p.media_type)
      from public.incident_photos p
      where p.district_code = p_incident.district_code and p.incident_id = p_incident.id
        and (p.owner = p_user or private.is_photo_checked(p.owner, p.hash, p.media_type))
      order by p.seq_in_log, p.hash limit 1));
end $function$;

CREATE OR REPLACE FUNCTION private.incident_photo_list(p_incident public.incidents, p_user uuid)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('owner', p.owner, 'hash', p.hash,
    'mediaType', p.media_type, 'bytes', c.bytes, 'width', c.width, 'height', c.height,
    'takenAt', p.taken_at, 'lon', p.lon, 'lat', p.lat, 'at', p.at,
    'byName', who.display_name, 'isChecked', c.hash is not null,
    'isGenerated', coalesce(cmd.is_generated, false)) order by p.seq_in_log, p.hash), '[]')
  from public.incident_photos p
  left join public.commands cmd on cmd.id = p.command_id
  left join public.photo_checks c
    on c.owner = p.owner and c.hash = p.hash and c.media_type = p.media_type and c.verdict = 'ok'
  left join public.profiles who on who.user_id = p.owner
  where p.district_code = p_incident.district_code and p.incident_id = p_incident.id
    and (c.hash is not null or p.owner = p_user)
$function$;

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
  v_rights private.incident_rights;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    v_scope)
  into v_incident using p_id;
  if v_incident.id is null then
    return null;
  end if;
  v_rights := private.rights_on(v_incident);
  return jsonb_build_object(
    'asOf', now(),
    'incident', private.incident_row(v_incident) || jsonb_build_object(
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
    'spot', private.incident_spot(v_incident, v_scope));
end $function$;

CREATE OR REPLACE FUNCTION private.import_incidents(p_source text, p_rows jsonb, p_update boolean DEFAULT false)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
    -- by id alone: a row that moved to another district must not be stored twice
    select i.district_code, i.id, i.source_hash, i.stage,
      (select l.kind from public.incident_log l
       where l.district_code = i.district_code and l.incident_id = i.id
         and l.kind <> 'area_redrawn' order by l.seq desc limit 1) as last_kind,
      (select max(l.seq) from public.incident_log l
       where l.district_code = i.district_code and l.incident_id = i.id) as last_seq
    from (select distinct incident_id from input) wanted
    -- `offset 0` forces look-ups by index; a join may read the whole table
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
        ('stage', 'bad_stage', i.stage, i.stage is null or i.stage <> all (private.stage_codes())
          or (i.stage = 'closed') <> (i."closedAt" is not null)),
        ('severity', 'bad_severity', i.severity::text, i.severity not between 1 and 4),
        ('lon', 'bad_coordinates', i.lon || ' ' || i.lat,
          -- NaN sorts above all numbers: the ranges refuse it
          (i.lon between -180 and 180 and i.lat between -90 and 90) is not true),
        ('reportedAt', 'bad_date', null, i."reportedAt" is null or not isfinite(i."reportedAt")),
        ('reportedAt', 'future_date', i."reportedAt"::text,
          i."reportedAt" > now() and isfinite(i."reportedAt")),
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
    -- the order keeps n and place together: array_agg alone follows the scan
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
        select d.district_code from private.shard_of(a.path, v_city.shard_level) d)) as district,
      private.quantise(j.lon, v_city.west, v_city.east) as qx,
      private.quantise(j.lat, v_city.south, v_city.north) as qy,
      date_trunc('month', j."reportedAt" at time zone v_city.time_zone)::date as month,
      coalesce(j.department, c.default_department) as department_code, c.workflow_code
    from judged j
    join public.areas a on a.code = j.area_code
    join public.categories c on c.code = j.category
    where j.verdict in ('store', 'update')
  ), stored as (
    insert into public.incidents (district_code, id, category_code, area_code, department_code,
      stage, on_hold, severity, lon, lat, qx, qy, description, address_label, reported_at, month,
      closed_at, channel, source, source_id, source_hash, workflow_code, state_since)
    select r.district, r.incident_id, r.category, r.area_code, r.department_code, r.stage,
      coalesce(r."onHold", false), coalesce(r.severity, 2::smallint), r.lon, r.lat, r.qx, r.qy,
      coalesce(r.description, ''), coalesce(r.address, ''), r."reportedAt", r.month, r."closedAt",
      coalesce(r.channel, 'import'), p_source, r.id, r.hash, r.workflow_code,
      coalesce(r."closedAt", r."reportedAt")
    from ready r where r.verdict = 'store'
    returning district_code, id, stage, source_id
  ), updated as (
    update public.incidents i set category_code = r.category, area_code = r.area_code,
      department_code = r.department_code, stage = r.stage, workflow_code = r.workflow_code,
      state = case when (i.workflow_code, i.stage) = (r.workflow_code, r.stage) then i.state
        else private.first_state_of(r.workflow_code, r.stage) end,
      on_hold = coalesce(r."onHold", false), hold_until = case when r."onHold" then i.hold_until end,
      parent_id = case when r.stage = 'merged' then i.parent_id end,
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
end $function$;

CREATE OR REPLACE FUNCTION private.control_on(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS SETOF public.filing_controls
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT f.code,
     f.area_code,
     f.category_code,
     f.weekdays,
     f.from_minute,
     f.to_minute,
     f.tip_zh,
     f.tip_en,
     f.is_active
    FROM ((public.filing_controls f
      CROSS JOIN public.city_settings city)
      CROSS JOIN LATERAL ( SELECT (control_on.p_at AT TIME ZONE city.time_zone) AS at) local)
   WHERE (f.is_active AND (EXTRACT(isodow FROM local.at) = ANY ((f.weekdays)::numeric[])) AND (((EXTRACT(hour FROM local.at) * (60)::numeric) + EXTRACT(minute FROM local.at)) >= (f.from_minute)::numeric) AND (((EXTRACT(hour FROM local.at) * (60)::numeric) + EXTRACT(minute FROM local.at)) < (f.to_minute)::numeric) AND ((f.category_code IS NULL) OR (EXISTS ( SELECT
            FROM public.categories own,
             public.categories c
           WHERE ((own.code = (control_on.p_incident).category_code) AND (c.code = f.category_code) AND private.is_within(own.path, c.path))))) AND ((f.area_code IS NULL) OR (EXISTS ( SELECT
            FROM public.areas own,
             public.areas a
           WHERE ((own.code = (control_on.p_incident).area_code) AND (a.code = f.area_code) AND private.is_within(own.path, a.path))))))
   ORDER BY f.code
  LIMIT 1;
END;

CREATE OR REPLACE FUNCTION private.guard_names()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY['not_reporter'::text, 'verified'::text, 'not_controlled'::text, 'has_department'::text, 'nothing_pending'::text, 'extension_pending'::text, 'hold_pending'::text, 'in_time'::text, 'first_extension'::text, 'extension_left'::text, 'never_held'::text, 'held'::text, 'not_of_department'::text, 'reopen_window'::text, 'supervised'::text, 'not_supervised'::text, 'has_milestones'::text];

CREATE OR REPLACE FUNCTION private.effect_names()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY['ask_extension'::text, 'grant_extension'::text, 'ask_hold'::text, 'drop_request'::text, 'hold'::text, 'resume'::text, 'rework'::text, 'reopen'::text, 'supervise'::text, 'reply'::text, 'milestone'::text];

CREATE OR REPLACE FUNCTION private.failing_row_guards(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS text[]
 LANGUAGE sql
 STABLE
RETURN array_remove(ARRAY[CASE WHEN ((p_incident).reported_by = auth.uid()) THEN 'not_reporter'::text ELSE NULL::text END, CASE WHEN (p_incident).to_verify THEN 'verified'::text ELSE NULL::text END, CASE WHEN ((p_incident).department_code IS NULL) THEN 'has_department'::text ELSE NULL::text END, CASE WHEN ((p_incident).pending IS NOT NULL) THEN 'nothing_pending'::text ELSE NULL::text END, CASE WHEN ((p_incident).pending IS DISTINCT FROM 'extension'::text) THEN 'extension_pending'::text ELSE NULL::text END, CASE WHEN ((p_incident).pending IS DISTINCT FROM 'hold'::text) THEN 'hold_pending'::text ELSE NULL::text END, CASE WHEN (p_at > (p_incident).due_at) THEN 'in_time'::text ELSE NULL::text END, CASE WHEN ((p_incident).extensions > 0) THEN 'first_extension'::text ELSE NULL::text END, CASE WHEN (p_incident).was_held THEN 'never_held'::text ELSE NULL::text END, CASE WHEN (NOT (p_incident).on_hold) THEN 'held'::text ELSE NULL::text END, CASE WHEN ((p_incident).supervision IS NULL) THEN 'supervised'::text ELSE NULL::text END, CASE WHEN ((p_incident).supervision IS NOT NULL) THEN 'not_supervised'::text ELSE NULL::text END], NULL::text);

CREATE OR REPLACE FUNCTION private.failing_looks(p_incident public.incidents, p_guards text[], p_at timestamp with time zone)
 RETURNS TABLE(failing text[])
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT array_remove(ARRAY[
         CASE
             WHEN (('not_controlled'::text = ANY (p_guards)) AND (EXISTS ( SELECT
                FROM private.control_on(failing_looks.p_incident, failing_looks.p_at) control_on(code, area_code, category_code, weekdays, from_minute, to_minute, tip_zh, tip_en, is_active)))) THEN 'not_controlled'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (('extension_left'::text = ANY (p_guards)) AND (NOT (EXISTS ( SELECT
                FROM public.workflows w
               WHERE ((w.code = (failing_looks.p_incident).workflow_code) AND ((failing_looks.p_incident).extensions < w.max_extensions)))))) THEN 'extension_left'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (('not_of_department'::text = ANY (p_guards)) AND ((EXISTS ( SELECT
                FROM public.memberships m
               WHERE ((m.user_id = auth.uid()) AND (m.role = 'handler'::text) AND (m.department_code = (failing_looks.p_incident).department_code) AND private.is_valid(m.valid_from, m.valid_to, failing_looks.p_at)))) OR (EXISTS ( SELECT
                FROM public.incident_log l
               WHERE ((l.district_code = (failing_looks.p_incident).district_code) AND (l.incident_id = (failing_looks.p_incident).id) AND (l.actor = auth.uid()) AND ((l.kind = 'self_handled'::text) OR ((l.stage_to = 'handled'::text) AND (l.stage_from <> 'handled'::text)))))))) THEN 'not_of_department'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (('reopen_window'::text = ANY (p_guards)) AND (NOT (EXISTS ( SELECT
                FROM public.workflows w
               WHERE ((w.code = (failing_looks.p_incident).workflow_code) AND (failing_looks.p_at <= ((failing_looks.p_incident).closed_at + make_interval(days => w.reopen_days)))))))) THEN 'reopen_window'::text
             ELSE NULL::text
         END,
         CASE
             WHEN (('has_milestones'::text = ANY (p_guards)) AND (NOT (EXISTS ( SELECT
                FROM public.condition_milestones m
               WHERE (m.condition = (failing_looks.p_incident).condition_code))))) THEN 'has_milestones'::text
             ELSE NULL::text
         END], NULL::text) AS array_remove;
END;

CREATE OR REPLACE FUNCTION private.looking_guards()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY['not_controlled'::text, 'extension_left'::text, 'not_of_department'::text, 'reopen_window'::text, 'has_milestones'::text];

CREATE OR REPLACE FUNCTION private.bar_of(p_effects text[], p_gate text, p_name text, p_on_hold boolean, p_passed text[])
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
RETURN CASE WHEN (p_on_hold AND (NOT (p_effects && '{resume,supervise,reply}'::text[]))) THEN 'not_held'::text WHEN ((p_gate IS NOT NULL) AND (p_name = ANY (p_passed))) THEN 'not_passed'::text ELSE NULL::text END;

CREATE OR REPLACE FUNCTION private.failing_guard(p_transition public.workflow_transitions, p_incident public.incidents, p_at timestamp with time zone)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
  return (select g.guard from unnest(p_transition.guards) with ordinality g (guard, n)
    where g.guard = any (v_failing) order by g.n limit 1);
end $function$;

CREATE OR REPLACE FUNCTION private.open_transitions(p_incident public.incidents, p_roles text[], p_at timestamp with time zone, p_name text DEFAULT NULL::text)
 RETURNS SETOF public.workflow_transitions
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return query
  select t.* from public.workflow_transitions t
  where t.workflow = p_incident.workflow_code and t.from_state = p_incident.state and t.roles && p_roles
    and (p_name is null or t.name = p_name) and private.failing_guard(t, p_incident, p_at) is null
  order by t.sort, t.name collate "C";
end $function$;

CREATE OR REPLACE FUNCTION private.is_field_required(p_field public.workflow_fields, p_incident public.incidents)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.may_be_assigned(p_person uuid, p_area text, p_department text, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return exists (
    select from public.memberships m
    join public.areas a on a.code = m.area_code
    join public.areas own on own.code = p_area
    where m.user_id = p_person and private.is_valid(m.valid_from, m.valid_to, p_at)
      and case when p_department is null then m.role = 'field_staff' and private.is_within(own.path, a.path)
        else m.role = 'handler' and m.department_code = p_department end);
end $function$;

CREATE OR REPLACE FUNCTION private.read_field(p_field public.workflow_fields, p_payload jsonb, p_incident public.incidents, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.refuse_transition(p_incident public.incidents, p_roles text[], p_name text, p_at timestamp with time zone, p_values jsonb DEFAULT NULL::jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.lock_parent(p_incident public.incidents, p_into uuid, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_parent public.incidents;
begin
  select * into v_parent from public.incidents i
  where i.district_code = p_incident.district_code and i.id = p_into for no key update;
  if not found or v_parent.id = p_incident.id or not private.is_open(v_parent.stage)
    or not (private.rights_on(v_parent, p_at)).sees then
    perform private.reject_command('invalid_field', 'into', 'not an open incident of this district');
  end if;
end $function$;

CREATE OR REPLACE FUNCTION private.with_fields(p_incident public.incidents, p_values jsonb)
 RETURNS public.incidents
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.with_effect(p_incident public.incidents, p_effect text, p_values jsonb)
 RETURNS public.incidents
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.after_transition(p_incident public.incidents, p_transition public.workflow_transitions, p_values jsonb, p_at timestamp with time zone)
 RETURNS public.incidents
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
  select s.stage into v_new.stage from public.workflow_stages s
  where s.workflow = v_new.workflow_code and s.code = v_to;
  v_new.closed_at := case when v_new.stage <> 'closed' then null
    when p_incident.stage = 'closed' then p_incident.closed_at
    else greatest(p_at, p_incident.reported_at) end;
  -- a demand ends with the case
  if not private.is_open(v_new.stage) then
    v_new.supervision := null;
    v_new.reply_by := null;
  end if;
  return v_new;
end $function$;

CREATE OR REPLACE FUNCTION private.tell_children(p_parent public.incidents, p_actor uuid, p_command uuid, p_at timestamp with time zone, p_kind text, p_data jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.take_transition(p_actor uuid, p_command uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_name constant text := private.payload_text(p_payload, 'name', true, 40);
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 1, 2147483647);
  v_device_at constant timestamptz := private.payload_instant(p_payload, 'deviceAt');
  v_incident public.incidents := private.lock_incident(p_payload, p_at);
  v_roles constant text[] := (private.rights_on(v_incident, p_at)).acts_as;
  v_open public.workflow_transitions[];
  v_transition public.workflow_transitions;
  v_is_open boolean := false;
  v_field public.workflow_fields;
  v_values jsonb := '{}';
  v_photos jsonb := '[]';
  v_known text[] := '{incidentId,baseVersion,name,deviceAt}';
  v_new public.incidents;
  v_version integer;
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
  if coalesce(v_values -> 'into', 'null') <> 'null' then
    perform private.lock_parent(v_incident, (v_values ->> 'into')::uuid, p_at);
  end if;
  v_new := private.after_transition(v_incident, v_transition, v_values, p_at);
  v_new := private.turn_clocks(v_incident, v_new, v_transition.effects, v_values, p_at);
  update public.incidents i set stage = v_new.stage, state = v_new.state, state_since = v_new.state_since,
    passed = v_new.passed, condition_code = v_new.condition_code, department_code = v_new.department_code,
    handler = v_new.handler, assignee = v_new.assignee, parent_id = v_new.parent_id, pending = v_new.pending,
    pending_until = v_new.pending_until, on_hold = v_new.on_hold, hold_until = v_new.hold_until,
    was_held = v_new.was_held, extensions = v_new.extensions, rework = v_new.rework,
    reopened = v_new.reopened, supervision = v_new.supervision, reply_by = v_new.reply_by,
    closed_at = v_new.closed_at, due_at = v_new.due_at, warn_at = v_new.warn_at
  where i.district_code = v_incident.district_code and i.id = v_incident.id
  returning i.version into v_version;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'transition', v_values ->> 'note',
    private.log_data(v_device_at, p_at, v_photos, jsonb_build_object('name', v_name,
      'from', v_incident.state, 'to', v_new.state) || jsonb_strip_nulls(v_values - 'note')),
    v_photos, v_incident.stage, v_new.stage);
  if v_new.stage = 'merged' then
    -- those merged into it go along
    perform private.tell_children(v_new, p_actor, p_command, p_at, 'parent_merged',
      jsonb_build_object('into', v_new.parent_id));
    update public.incidents i set parent_id = v_new.parent_id
    where i.district_code = v_incident.district_code and i.parent_id = v_incident.id;
  elsif private.is_open(v_incident.stage) and not private.is_open(v_new.stage) then
    perform private.tell_children(v_new, p_actor, p_command, p_at, 'parent_closed',
      jsonb_build_object('stage', v_new.stage));
  elsif private.is_open(v_new.stage) and not private.is_open(v_incident.stage) then
    perform private.tell_children(v_new, p_actor, p_command, p_at, 'parent_reopened',
      jsonb_build_object('stage', v_new.stage));
  end if;
  return jsonb_build_object('incident_id', v_incident.id, 'version', v_version,
    'photos', to_jsonb(private.photo_hashes(v_photos)));
end $function$;

CREATE OR REPLACE FUNCTION private.open_choices(p_field public.workflow_fields, p_incident public.incidents, p_open public.workflow_transitions[])
 RETURNS text[]
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select array_agg(distinct o.choice_value order by o.choice_value)
  from unnest(p_open) o
  where o.name = p_field.transition
  having bool_and(o.choice_field = p_field.name) and exists (
    select from public.workflow_transitions t
    where t.workflow = p_incident.workflow_code and t.from_state = p_incident.state
      and t.name = p_field.transition and t.choice_field = p_field.name
      and t.choice_value <> all (array_agg(o.choice_value)))
$function$;

CREATE OR REPLACE FUNCTION private.choice_names(p_field public.workflow_fields)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('code', c.code, 'nameZh', c.name_zh, 'nameEn', c.name_en)
    order by c.n), '[]')
  from unnest(p_field.choices, p_field.choices_zh, p_field.choices_en) with ordinality as c (code, name_zh, name_en, n)
  where p_field.choices_zh is not null
$function$;

CREATE OR REPLACE FUNCTION private.offered_transitions(p_incident public.incidents, p_roles text[], p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.workflow_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION private.assignable_people(p_incident uuid, p_department text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.assignable_people(p_incident uuid, p_department text DEFAULT NULL::text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.assignable_people(p_incident, p_department) $function$;

CREATE OR REPLACE FUNCTION public.workflow_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.workflow_list() $function$;

CREATE OR REPLACE FUNCTION private.refuse_workflow(p_workflow text, p_fault text, p_names text[])
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  raise exception 'workflow %: % (%)', p_workflow, p_fault, array_to_string(p_names, ', ')
    using errcode = 'check_violation', detail = jsonb_build_object('code', 'invalid_workflow', 'fault', p_fault,
      'workflow', p_workflow, 'names', p_names, 'incidents', array(
        select i.id from public.incidents i
        where i.workflow_code = p_workflow and i.state = any (p_names)
        order by i.reported_at, i.id limit 20))::text;
end $function$;

CREATE OR REPLACE FUNCTION private.workflow_fault(p_workflow text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION private.check_workflow()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.keep_used_state()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  if tg_op = 'UPDATE' and (old.workflow, old.code, old.stage) = (new.workflow, new.code, new.stage) then
    return new;
  end if;
  if exists (select from public.incidents i where i.workflow_code = old.workflow and i.state = old.code) then
    perform private.refuse_workflow(old.workflow, 'state_in_use', array[old.code]);
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $function$;

CREATE OR REPLACE FUNCTION private.rebuild_calendar(p_calendar text)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_zone constant text := (select c.time_zone from public.city_settings c);
begin
  if not exists (select from public.calendars c where c.code = p_calendar) then
    raise exception 'there is no calendar %', p_calendar using errcode = '22023', detail = 'p_calendar';
  end if;
  delete from private.calendar_covers c where c.calendar = p_calendar;
  delete from private.calendar_spans s where s.calendar = p_calendar;
  delete from private.calendar_workdays d where d.calendar = p_calendar;
  insert into private.calendar_covers (calendar, starts_at, ends_at)
  select p_calendar, lower(c.range), upper(c.range)
  from (
    select unnest(range_agg(tstzrange(make_date(y.year, 1, 1)::timestamp at time zone v_zone,
      make_date(y.year + 1, 1, 1)::timestamp at time zone v_zone))) as range
    from public.calendar_years y where y.calendar = p_calendar) c;
  with hours as (
    select d.day::date as day, h.range
    from public.calendar_years y
    cross join lateral generate_series(make_date(y.year, 1, 1)::timestamp, make_date(y.year, 12, 31), '1 day') d (day)
    left join public.calendar_days x on x.calendar = y.calendar and x.day = d.day::date
    join public.calendar_hours w on w.calendar = y.calendar
      and w.weekday = case when x.day is null then extract(isodow from d.day) else x.as_weekday end
    -- when clocks go forward, a time that does not exist is read as a later one
    cross join lateral (
      select (d.day + make_interval(mins => w.from_minute)) at time zone v_zone as starts_at,
        (d.day + make_interval(mins => w.to_minute)) at time zone v_zone as ends_at) t
    cross join lateral (select tstzrange(least(t.starts_at, t.ends_at), t.ends_at) as range) h
    where y.calendar = p_calendar and not isempty(h.range)
  ), workdays as (
    insert into private.calendar_workdays (calendar, day, n, ends_at)
    select p_calendar, h.day, row_number() over (order by h.day), max(upper(h.range))
    from hours h group by h.day
  )
  insert into private.calendar_spans (calendar, starts_at, ends_at, before_seconds)
  select p_calendar, lower(s.range), upper(s.range),
    coalesce(sum(extract(epoch from upper(s.range) - lower(s.range)))
      over (order by s.range rows between unbounded preceding and 1 preceding), 0)
  from (select unnest(range_agg(h.range)) as range from hours h) s;
end $function$;

CREATE OR REPLACE FUNCTION private.calendar_of(p_area text)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select c.code
    from public.calendars c
    left join public.areas a on a.code = c.area_code
    where c.area_code is null
      or private.is_within((select own.path from public.areas own where own.code = p_area), a.path)
    order by length(a.path) desc nulls last limit 1);
end $function$;

CREATE OR REPLACE FUNCTION private.work_position(p_calendar text, p_at timestamp with time zone)
 RETURNS TABLE(cover_starts_at timestamp with time zone, cover_ends_at timestamp with time zone, seconds numeric)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT c.starts_at,
     c.ends_at,
     COALESCE(( SELECT ((s.before_seconds)::numeric + EXTRACT(epoch FROM (LEAST(work_position.p_at, s.ends_at) - s.starts_at)))
            FROM private.calendar_spans s
           WHERE ((s.calendar = work_position.p_calendar) AND (s.starts_at <= work_position.p_at))
           ORDER BY s.starts_at DESC
          LIMIT 1), (0)::numeric) AS "coalesce"
    FROM private.calendar_covers c
   WHERE ((c.calendar = work_position.p_calendar) AND (c.starts_at <= work_position.p_at) AND (c.ends_at >= work_position.p_at))
  OFFSET 0;
END;

CREATE OR REPLACE FUNCTION private.work_between(p_calendar text, p_from timestamp with time zone, p_to timestamp with time zone)
 RETURNS TABLE(seconds numeric)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT (t.seconds - f.seconds)
    FROM (private.work_position(work_between.p_calendar, work_between.p_from) f(cover_starts_at, cover_ends_at, seconds)
      JOIN private.work_position(work_between.p_calendar, work_between.p_to) t(cover_starts_at, cover_ends_at, seconds) ON ((t.cover_starts_at = f.cover_starts_at)));
END;

CREATE OR REPLACE FUNCTION private.work_after(p_calendar text, p_from timestamp with time zone, p_seconds numeric)
 RETURNS TABLE(at timestamp with time zone)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT (s.starts_at + make_interval(secs => (((p.seconds + work_after.p_seconds) - (s.before_seconds)::numeric))::double precision))
    FROM (private.work_position(work_after.p_calendar, work_after.p_from) p(cover_starts_at, cover_ends_at, seconds)
      CROSS JOIN LATERAL ( SELECT x.starts_at,
             x.ends_at,
             x.before_seconds
            FROM private.calendar_spans x
           WHERE ((x.calendar = work_after.p_calendar) AND (x.before_seconds < (ceil((p.seconds + work_after.p_seconds)))::bigint))
           ORDER BY x.before_seconds DESC
          LIMIT 1) s)
   WHERE ((s.starts_at >= p.cover_starts_at) AND (s.ends_at <= p.cover_ends_at) AND ((p.seconds + work_after.p_seconds) <= ((s.before_seconds)::numeric + EXTRACT(epoch FROM (s.ends_at - s.starts_at)))));
END;

CREATE OR REPLACE FUNCTION private.work_seconds(p_calendar text, p_from timestamp with time zone, p_to timestamp with time zone)
 RETURNS numeric
 LANGUAGE sql
 STABLE
RETURN (SELECT w.seconds FROM private.work_between(work_seconds.p_calendar, work_seconds.p_from, work_seconds.p_to) w(seconds));

CREATE OR REPLACE FUNCTION private.add_work_seconds(p_calendar text, p_from timestamp with time zone, p_seconds numeric)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
RETURN (SELECT w.at FROM private.work_after(add_work_seconds.p_calendar, add_work_seconds.p_from, add_work_seconds.p_seconds) w(at));

CREATE OR REPLACE FUNCTION private.is_limit(p_amount numeric, p_unit text, p_day_rule text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((p_amount > (0)::numeric) AND (p_amount < (100000)::numeric) AND (p_unit = ANY (ARRAY['urgent_hour'::text, 'natural_day'::text, 'work_hour'::text, 'work_day'::text])) AND (p_day_rule = ANY (ARRAY['hours'::text, 'end_of_day'::text])) AND ((p_day_rule = 'hours'::text) OR (p_unit = 'work_day'::text)) AND ((p_amount = trunc(p_amount)) OR ((p_unit <> 'natural_day'::text) AND (p_day_rule = 'hours'::text))));

CREATE OR REPLACE FUNCTION private.is_round_the_clock(p_unit text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (p_unit = ANY (ARRAY['urgent_hour'::text, 'natural_day'::text]));

CREATE OR REPLACE FUNCTION private.refuse_limit(p_amount numeric, p_unit text, p_day_rule text)
 RETURNS numeric
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  raise exception 'not a limit: % % (%)', p_amount, p_unit, p_day_rule
    using errcode = '22023', detail = 'limit';
end $function$;

CREATE OR REPLACE FUNCTION private.limit_of(p_calendar text, p_start timestamp with time zone, p_amount numeric, p_unit text, p_day_rule text)
 RETURNS TABLE(seconds numeric)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT
         CASE
             WHEN (private.is_limit(p_amount, p_unit, p_day_rule) IS NOT TRUE) THEN private.refuse_limit(p_amount, p_unit, p_day_rule)
             WHEN (p_unit = ANY (ARRAY['urgent_hour'::text, 'work_hour'::text])) THEN round((p_amount * (3600)::numeric))
             WHEN (p_unit = 'natural_day'::text) THEN EXTRACT(epoch FROM ((((p_start AT TIME ZONE ( SELECT city.time_zone
                FROM public.city_settings city)) + make_interval(days => (p_amount)::integer)) AT TIME ZONE ( SELECT city.time_zone
                FROM public.city_settings city)) - p_start))
             WHEN (p_day_rule = 'hours'::text) THEN ( SELECT round((limit_of.p_amount * (c.day_seconds)::numeric)) AS round
                FROM public.calendars c
               WHERE (c.code = limit_of.p_calendar))
             ELSE ( SELECT w.seconds
                FROM (( SELECT d_1.ends_at
                        FROM private.calendar_workdays d_1
                       WHERE ((d_1.calendar = limit_of.p_calendar) AND (d_1.n = ((limit_of.p_amount)::integer + COALESCE(( SELECT b.n
                                FROM private.calendar_workdays b
                               WHERE ((b.calendar = limit_of.p_calendar) AND (b.day <= ((limit_of.p_start AT TIME ZONE ( SELECT city.time_zone
                                        FROM public.city_settings city)))::date))
                               ORDER BY b.day DESC
                              LIMIT 1), 0))))
                      OFFSET 0) d
                  CROSS JOIN LATERAL private.work_between(limit_of.p_calendar, limit_of.p_start, d.ends_at) w(seconds)))
         END AS seconds
  OFFSET 0;
END;

CREATE OR REPLACE FUNCTION private.limit_seconds(p_calendar text, p_start timestamp with time zone, p_amount numeric, p_unit text, p_day_rule text DEFAULT 'hours'::text)
 RETURNS numeric
 LANGUAGE sql
 STABLE
RETURN (SELECT l.seconds FROM private.limit_of(limit_seconds.p_calendar, limit_seconds.p_start, limit_seconds.p_amount, limit_seconds.p_unit, limit_seconds.p_day_rule) l(seconds));

CREATE OR REPLACE FUNCTION private.calendar_gaps(p_at timestamp with time zone)
 RETURNS TABLE(calendar text, year integer)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select c.code, n.year
  from public.calendars c
  cross join public.city_settings city
  cross join lateral (
    select distinct extract(year from (p_at at time zone city.time_zone) + ahead)::integer as year
    from (values (interval '0'), (interval '1 month')) a (ahead)) n
  where not exists (
    select from public.calendar_years y where y.calendar = c.code and y.year = n.year)
  order by n.year, c.code
$function$;

CREATE OR REPLACE FUNCTION private.clock_times(p_clock public.incident_clocks)
 RETURNS TABLE(limit_seconds numeric, used_seconds numeric, due_at timestamp with time zone, warn_at timestamp with time zone)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT l.seconds,
     u.seconds,
         CASE
             WHEN private.is_round_the_clock((clock_times.p_clock).unit) THEN ((clock_times.p_clock).running_since + make_interval(secs => ((l.seconds - u.seconds))::double precision))
             ELSE ( SELECT w.at
                FROM private.work_after((clock_times.p_clock).calendar, (clock_times.p_clock).running_since, (l.seconds - u.seconds)) w(at))
         END AS at,
         CASE
             WHEN (u.seconds >= (l.seconds * 0.75)) THEN (clock_times.p_clock).running_since
             WHEN private.is_round_the_clock((clock_times.p_clock).unit) THEN ((clock_times.p_clock).running_since + make_interval(secs => (((l.seconds * 0.75) - u.seconds))::double precision))
             ELSE ( SELECT w.at
                FROM private.work_after((clock_times.p_clock).calendar, (clock_times.p_clock).running_since, ((l.seconds * 0.75) - u.seconds)) w(at))
         END AS at
    FROM (private.limit_of((clock_times.p_clock).calendar, (clock_times.p_clock).started_at, ((clock_times.p_clock).amount * ((1 + (clock_times.p_clock).extensions))::numeric), (clock_times.p_clock).unit, (clock_times.p_clock).day_rule) l(seconds)
      CROSS JOIN LATERAL ( SELECT
                 CASE
                     WHEN (count(*) = count(r.seconds)) THEN COALESCE(sum(r.seconds), (0)::numeric)
                     ELSE NULL::numeric
                 END AS seconds
            FROM ( SELECT
                         CASE
                             WHEN private.is_round_the_clock((clock_times.p_clock).unit) THEN EXTRACT(epoch FROM (upper(x.run) - lower(x.run)))
                             ELSE ( SELECT w.seconds
                                FROM private.work_between((clock_times.p_clock).calendar, lower(x.run), upper(x.run)) w(seconds))
                         END AS seconds
                    FROM unnest((clock_times.p_clock).runs) x(run)
                  OFFSET 0) r) u);
END;

CREATE OR REPLACE FUNCTION private.limit_for(p_workflow text, p_condition text, p_kind text)
 RETURNS TABLE(amount numeric, unit text, day_rule text)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT l.amount,
     l.unit,
     l.day_rule
    FROM ( SELECT c.amount,
             c.unit,
             c.day_rule,
             1 AS n
            FROM public.condition_limits c
           WHERE ((c.condition = limit_for.p_condition) AND (c.clock = limit_for.p_kind))
         UNION ALL
          SELECT w.amount,
             w.unit,
             w.day_rule,
             2
            FROM public.workflow_limits w
           WHERE ((w.workflow = limit_for.p_workflow) AND (w.clock = limit_for.p_kind))) l
   ORDER BY l.n
  LIMIT 1;
END;

CREATE OR REPLACE FUNCTION private.wanted_clocks(p_incident public.incidents)
 RETURNS TABLE(kind text, milestone text, amount numeric, unit text, day_rule text)
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  if p_incident.on_hold or not private.is_open(p_incident.stage) then return; end if;
  -- a statement, whose plan is kept
  return query
  select w.*
  from public.workflow_stages s
  cross join lateral (
    select s.clock, null::text, l.amount, l.unit, l.day_rule
    from private.limit_for(p_incident.workflow_code, p_incident.condition_code, s.clock) l
    union all
    select 'milestone', m.code, m.amount, m.unit, m.day_rule
    from public.condition_milestones m
    where s.clock = 'handle' and m.condition = p_incident.condition_code) w
  where s.workflow = p_incident.workflow_code and s.code = p_incident.state;
end $function$;

CREATE OR REPLACE FUNCTION private.first_clocks(p_reports private.report[])
 RETURNS SETOF public.incident_clocks
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select x.district_code, x.incident_id, x.seq, x.kind, x.milestone, x.department_code, x.calendar, x.amount,
    x.unit, x.day_rule, x.extensions, x.started_at, x.runs, x.running_since, t.limit_seconds, t.due_at, t.warn_at,
    x.stopped_at, x.used_seconds, x.is_reached
  from unnest(p_reports) r
  join public.categories c on c.code = r.category_code
  join public.workflows w on w.code = c.workflow_code
  join public.workflow_stages s on s.workflow = w.code and s.code = w.first_state
  cross join lateral private.limit_for(w.code, null, s.clock) l
  cross join lateral (
    select (r.district_code, r.id, 1, s.clock, null, null,
      case when not private.is_round_the_clock(l.unit) then private.calendar_of(r.area_code) end,
      l.amount, l.unit, l.day_rule, 0, date_trunc('minute', r.at), '{}', date_trunc('minute', r.at), null, null, null, null, null, false
    )::public.incident_clocks as clock) k
  cross join lateral (select (k.clock).*) x
  cross join lateral private.clock_times(k.clock) t
$function$;

CREATE OR REPLACE FUNCTION private.rest_clocks(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.incident_clocks c
  set runs = c.runs + tstzmultirange(tstzrange(c.running_since, greatest(p_at, c.running_since))),
    running_since = null, due_at = null, warn_at = null
  where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
    and c.running_since is not null
    and (c.is_reached or c.department_code is distinct from p_incident.department_code or not exists (
      select from private.wanted_clocks(p_incident) w
      where w.kind = c.kind and w.milestone is not distinct from c.milestone));
  if private.is_open(p_incident.stage) and not exists (
      select from public.incident_clocks c
      where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
        and c.stopped_at is null and c.is_reached) then
    return;
  end if;
  update public.incident_clocks c set stopped_at = p_at, used_seconds = t.used_seconds
  from public.incident_clocks x
  cross join lateral private.clock_times(x) t
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    and (x.is_reached or not private.is_open(p_incident.stage))
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq;
end $function$;

CREATE OR REPLACE FUNCTION private.run_clocks(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  update public.incident_clocks c set running_since = p_at, stopped_at = null, used_seconds = null
  from private.wanted_clocks(p_incident) w
  where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
    and c.running_since is null and not c.is_reached
    and c.department_code is not distinct from p_incident.department_code
    and c.kind = w.kind and c.milestone is not distinct from w.milestone;
  insert into public.incident_clocks (district_code, incident_id, seq, kind, milestone, department_code,
    calendar, amount, unit, day_rule, started_at, running_since)
  select p_incident.district_code, p_incident.id,
    (select coalesce(max(c.seq), 0) from public.incident_clocks c
      where c.district_code = p_incident.district_code and c.incident_id = p_incident.id)
      + row_number() over (order by w.kind, w.milestone),
    w.kind, w.milestone, p_incident.department_code,
    case when not private.is_round_the_clock(w.unit) then private.calendar_of(p_incident.area_code) end,
    w.amount, w.unit, w.day_rule, p_at, p_at
  from private.wanted_clocks(p_incident) w
  where not exists (
    select from public.incident_clocks c
    where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
      and c.kind = w.kind and c.milestone is not distinct from w.milestone
      and (c.is_reached or c.department_code is not distinct from p_incident.department_code));
end $function$;

CREATE OR REPLACE FUNCTION private.with_due(p_incident public.incidents)
 RETURNS public.incidents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_new public.incidents := p_incident;
begin
  update public.incident_clocks c
  set limit_seconds = t.limit_seconds, due_at = t.due_at, warn_at = t.warn_at,
    used_seconds = case when x.running_since is null then t.used_seconds end
  from public.incident_clocks x
  cross join lateral private.clock_times(x) t
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    -- one that rested before has its times
    and (x.running_since is not null or x.used_seconds is null)
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq
    and (x.limit_seconds, x.due_at, x.warn_at, x.used_seconds) is distinct from (t.limit_seconds, t.due_at,
      t.warn_at, case when x.running_since is null then t.used_seconds end);
  select min(c.due_at), min(c.warn_at) into v_new.due_at, v_new.warn_at
  from public.incident_clocks c
  where c.district_code = p_incident.district_code and c.incident_id = p_incident.id
    and c.running_since is not null;
  return v_new;
end $function$;

CREATE OR REPLACE FUNCTION private.turn_clocks(p_old public.incidents, p_new public.incidents, p_effects text[], p_values jsonb, p_at timestamp with time zone)
 RETURNS public.incidents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_at constant timestamptz := date_trunc('minute', p_at);
begin
  if 'milestone' = any (p_effects) then
    update public.incident_clocks c set is_reached = true
    where c.district_code = p_new.district_code and c.incident_id = p_new.id
      and c.kind = 'milestone' and c.milestone = p_values ->> 'milestone' and c.stopped_at is null;
  end if;
  perform private.rest_clocks(p_new, v_at);
  perform private.run_clocks(p_new, v_at);
  if 'grant_extension' = any (p_effects) then
    update public.incident_clocks c set extensions = c.extensions + 1
    where c.district_code = p_new.district_code and c.incident_id = p_new.id
      and c.running_since is not null and c.kind <> 'milestone';
  end if;
  return private.with_due(p_new);
end $function$;

CREATE OR REPLACE FUNCTION private.move_clocks(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS public.incidents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_at constant timestamptz := date_trunc('minute', p_at);
begin
  update public.incident_clocks c
  set amount = n.amount, unit = n.unit, day_rule = n.day_rule, used_seconds = null, calendar = case
    when not private.is_round_the_clock(n.unit) then private.calendar_of(p_incident.area_code) end
  from public.incident_clocks x
  left join lateral (
    select l.amount, l.unit, l.day_rule
    from private.limit_for(p_incident.workflow_code, p_incident.condition_code, x.kind) l
    union all
    select m.amount, m.unit, m.day_rule from public.condition_milestones m
    where m.condition = p_incident.condition_code and m.code = x.milestone) l on true
  cross join lateral (select coalesce(l.amount, x.amount) as amount, coalesce(l.unit, x.unit) as unit,
    coalesce(l.day_rule, x.day_rule) as day_rule) n
  where x.district_code = p_incident.district_code and x.incident_id = p_incident.id and x.stopped_at is null
    and c.district_code = x.district_code and c.incident_id = x.incident_id and c.seq = x.seq;
  perform private.rest_clocks(p_incident, v_at);
  perform private.run_clocks(p_incident, v_at);
  return private.with_due(p_incident);
end $function$;

CREATE OR REPLACE FUNCTION private.log_clock_move(p_old public.incidents, p_new public.incidents, p_actor uuid, p_command uuid, p_at timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  if p_new.due_at is distinct from p_old.due_at then
    perform private.append_log(p_old, p_actor, p_command, p_at, 'clock_moved', '',
      jsonb_build_object('from', p_old.due_at, 'to', p_new.due_at), '[]');
  end if;
end $function$;

CREATE OR REPLACE FUNCTION private.resume_due(p_at timestamp with time zone)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_old public.incidents;
  v_new public.incidents;
  v_resumed integer := 0;
begin
  for v_old in
    select * from public.incidents i where i.on_hold and i.hold_until <= p_at
    -- another call that holds one resumes it
    order by i.hold_until, i.id for no key update skip locked
  loop
    v_new := v_old;
    v_new.on_hold := false;
    v_new.hold_until := null;
    v_new := private.turn_clocks(v_old, v_new, '{resume}', '{}', v_old.hold_until);
    update public.incidents i
    set on_hold = false, hold_until = null, due_at = v_new.due_at, warn_at = v_new.warn_at
    where i.district_code = v_old.district_code and i.id = v_old.id;
    perform private.append_log(v_old, null, null, v_old.hold_until, 'resumed', '', '{}', '[]');
    v_resumed := v_resumed + 1;
  end loop;
  return v_resumed;
end $function$;

CREATE OR REPLACE FUNCTION private.recompute_clocks(p_calendar text, p_batch integer, p_after uuid, p_at timestamp with time zone)
 RETURNS private.recomputed
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET jit TO 'off'
 SET enable_bitmapscan TO 'off'
AS $function$
declare
  v_ids constant uuid[] := array(
    select distinct c.incident_id from public.incident_clocks c
    where c.stopped_at is null and c.unit in ('work_hour', 'work_day')
      and (p_calendar is null or c.calendar = p_calendar) and (p_after is null or c.incident_id > p_after)
    order by c.incident_id limit p_batch);
  -- the clocks of a batch are one range of their index
  v_first constant uuid := v_ids[1];
  v_last constant uuid := v_ids[cardinality(v_ids)];
  v_result private.recomputed;
begin
  -- as commands do, so that none sees half of it
  perform from public.incidents i where i.id = any (v_ids) order by i.id for no key update;
  with places as materialized (
    select p.area_code, private.calendar_of(p.area_code) as calendar
    from (select distinct i.area_code from public.incidents i where i.id = any (v_ids)) p)
  update public.incident_clocks c set calendar = p.calendar
  from public.incidents i
  join places p on p.area_code = i.area_code
  where i.id = any (v_ids) and c.district_code = i.district_code and c.incident_id = i.id
    and c.incident_id between v_first and v_last
    and c.stopped_at is null and c.unit in ('work_hour', 'work_day') and c.calendar is distinct from p.calendar;
  update public.incident_clocks c
  set limit_seconds = n.limit_seconds, due_at = n.due_at, warn_at = n.warn_at, used_seconds = n.used_seconds
  from (
    select x.ctid as place, t.limit_seconds, t.due_at, t.warn_at, r.used_seconds
    from public.incident_clocks x
    cross join lateral private.clock_times(x) t
    cross join lateral (select case when x.running_since is null then t.used_seconds end as used_seconds) r
    where x.incident_id between v_first and v_last and x.stopped_at is null
      and x.unit in ('work_hour', 'work_day') and x.incident_id = any (v_ids)
      and (x.limit_seconds, x.due_at, x.warn_at, x.used_seconds)
        is distinct from (t.limit_seconds, t.due_at, t.warn_at, r.used_seconds)
    offset 0) n
  where c.ctid = n.place;
  with earliest as materialized (
    select i.ctid as place, i.district_code, i.id, i.due_at as before, c.due_at, c.warn_at
    from (
      select c.district_code, c.incident_id, min(c.due_at) as due_at, min(c.warn_at) as warn_at
      from public.incident_clocks c
      where c.incident_id between v_first and v_last and c.stopped_at is null and c.incident_id = any (v_ids)
      group by c.district_code, c.incident_id) c
    join public.incidents i on i.district_code = c.district_code and i.id = c.incident_id
    where (i.due_at, i.warn_at) is distinct from (c.due_at, c.warn_at)
  ), moved as (
    update public.incidents i set due_at = e.due_at, warn_at = e.warn_at
    from earliest e
    where i.ctid = e.place
  ), logged as (
    insert into public.incident_log (district_code, incident_id, seq, at, kind, data)
    select e.district_code, e.id,
      1 + coalesce((select max(l.seq) from public.incident_log l
        where l.district_code = e.district_code and l.incident_id = e.id), 0),
      p_at, 'clock_moved', jsonb_build_object('from', e.before, 'to', e.due_at)
    from earliest e where e.before is distinct from e.due_at
  )
  select count(*) into v_result.moved from earliest;
  v_result.looked := cardinality(v_ids);
  v_result.next := case when v_result.looked = p_batch then v_last end;
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.verify_again()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  update public.incidents i set to_verify = not i.to_verify
  where i.workflow_code = to_jsonb(new) ->> tg_argv[0] and i.stage = 'reported'
    and i.to_verify <> private.must_be_verified(i.workflow_code, i.state, i.channel);
  return null;
end $function$;

CREATE OR REPLACE FUNCTION private.queue_rules()
 RETURNS SETOF private.queue_rule
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select q.queue, q.area_roles::text[], q.for_departments, q.condition
  from (values
    ('to_verify', '{field_staff,grid_manager,admin}', false,
      'i.stage = ''reported'' and i.to_verify and not i.on_hold'),
    ('to_file', '{grid_manager,admin}', false, 'i.stage = ''reported'' and not i.to_verify and not i.on_hold'),
    -- only reports wait for a verification: the index is asked for both values of its columns
    ('to_dispatch', '{grid_manager,admin}', false, 'i.stage = ''filed'' and not i.to_verify and not i.on_hold'),
    ('to_check', '{field_staff,grid_manager,admin}', false,
      'i.stage = ''handled'' and not i.to_verify and not i.on_hold'),
    ('mine', '{}', true, format('i.stage = ''dispatched'' and not i.on_hold and i.handler = %L::uuid', auth.uid())),
    ('returned_to_me', '{}', true, format('i.stage = ''dispatched'' and not i.on_hold and i.rework > 0
      and (i.handler = %L::uuid or i.handler is null)', auth.uid())),
    ('department', '{}', true, 'i.stage = ''dispatched'' and not i.on_hold'),
    ('escalated', '{grid_manager,leader,admin}', true, 'i.supervision is not null'),
    ('overdue', '{leader}', false,
      'private.is_open(i.stage) and not i.on_hold and coalesce(i.due_at, ''infinity'') < now()'),
    ('requests', '{grid_manager,leader,admin}', false, 'i.pending is not null'),
    ('holds', '{grid_manager,leader,admin}', false, 'i.on_hold and private.is_open(i.stage)'),
    ('open', '{field_staff,grid_manager,leader,admin}', true, 'private.is_open(i.stage) and not i.on_hold')
  ) as q (queue, area_roles, for_departments, condition)
$function$;

CREATE OR REPLACE FUNCTION private.area_condition(p_roles text[])
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_paths constant text[] := private.scope_paths(p_roles);
begin
  if v_paths = '{}' then return null; end if;
  -- every area lies within one that has none above it
  if not exists (select from public.areas a where a.parent_code is null
      and not exists (select from unnest(v_paths) s (path) where private.is_within(a.path, s.path))) then
    return 'true';
  end if;
  return format('i.area_code = any (%L::text[])', private.scope_area_codes(p_roles));
end $function$;

CREATE OR REPLACE FUNCTION private.own_queues(p_queue text, OUT queue text, OUT parts text[])
 RETURNS SETOF record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_user constant uuid := private.require_user();
  v_departments constant text[] := private.scope_departments();
  v_roles constant text[] := array(select distinct m.role from public.memberships m
    where m.user_id = v_user and private.is_valid(m.valid_from, m.valid_to, now()));
  v_rule private.queue_rule;
  v_areas text;
  -- by the roles that were asked for
  v_known jsonb := '{}';
  v_where text[];
begin
  for v_rule in select * from private.queue_rules() r where p_queue is null or r.queue = p_queue loop
    v_where := '{}';
    if v_rule.area_roles && v_roles then
      if not v_known ? v_rule.area_roles::text then
        v_known := v_known || jsonb_build_object(v_rule.area_roles::text, private.area_condition(v_rule.area_roles));
      end if;
      v_areas := v_known ->> v_rule.area_roles::text;
      if v_areas is not null then v_where := v_where || v_areas; end if;
    end if;
    if v_rule.for_departments and v_departments <> '{}' then
      -- one department: an equality keeps the index's order
      v_where := v_where || case cardinality(v_departments)
        when 1 then format('i.department_code = %L', v_departments[1])
        else format('i.department_code = any (%L::text[])', v_departments) end;
    end if;
    continue when v_where = '{}';
    queue := v_rule.queue;
    parts := array[format('%s and (%s)', v_rule.condition, array_to_string(v_where, ' or '))];
    if 'field_staff' = any (v_roles) and 'field_staff' = any (v_rule.area_roles) then
      parts := array[parts[1] || format(' and i.assignee = %L::uuid', v_user),
        parts[1] || format(' and i.assignee is distinct from %L::uuid', v_user)];
    end if;
    return next;
  end loop;
end $function$;

CREATE OR REPLACE FUNCTION private.queue_rows(p_districts text[], p_ids uuid[], p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_user constant uuid := auth.uid();
  v_departments constant text[] := private.scope_departments();
  v_notes constant boolean := private.has_right('note', p_at);
begin
  return (
    with mine as materialized (
      select a.path, m.role from public.memberships m join public.areas a on a.code = m.area_code
      where m.user_id = v_user and m.role <> 'handler' and private.is_valid(m.valid_from, m.valid_to, p_at)
    ), states as materialized (
      select t.workflow, t.from_state, array_agg(distinct g.guard) as looks
      from public.workflow_transitions t
      cross join lateral unnest(t.guards) g (guard)
      where g.guard = any (private.looking_guards())
        and t.roles && (array(select m.role from mine m) || '{handler,reporter}')
      group by t.workflow, t.from_state
    ), page as materialized (
      select k.n, i.workflow_code, i.state, i.on_hold, i.passed,
        array(select distinct m.role from mine m where private.is_within(own.path, m.path))
          || case when i.department_code = any (v_departments) then '{handler}'::text[] else '{}' end
          || case when i.reported_by = v_user and v_notes then '{reporter}'::text[] else '{}' end as acts_as,
        private.failing_row_guards(i, p_at) || l.failing as failing
      from unnest(p_districts, p_ids) with ordinality k (district, id, n)
      join public.incidents i on i.district_code = k.district and i.id = k.id
      join public.areas own on own.code = i.area_code
      left join states s on s.workflow = i.workflow_code and s.from_state = i.state
      cross join lateral private.failing_looks(i, s.looks, p_at) l
    ), kinds as materialized (
      select k.*, (
        select coalesce(jsonb_agg(o.name order by o.sort, o.name collate "C"), '[]')
        from (
          select t.name, min(t.sort) as sort from public.workflow_transitions t
          where t.workflow = k.workflow_code and t.from_state = k.state and t.roles && k.acts_as
            and private.bar_of(t.effects, t.gate, t.name, k.on_hold, k.passed) is null
            and not t.guards && k.failing
          group by t.name) o) as steps
      from (
        select p.workflow_code, p.state, p.on_hold, p.passed, p.acts_as, p.failing, array_agg(p.n) as rows
        from page p group by 1, 2, 3, 4, 5, 6) k
    )
    select coalesce(jsonb_agg(private.incident_row(i) || jsonb_build_object(
      'handler', i.handler, 'handlerName', handler.display_name,
      'assignee', i.assignee, 'assigneeName', assignee.display_name,
      'dueUnknown', case when i.due_at is null then private.due_unknown(i) end, 'steps', k.steps) order by r.n), '[]')
    from kinds k
    cross join lateral unnest(k.rows) r (n)
    join public.incidents i on i.district_code = p_districts[r.n] and i.id = p_ids[r.n]
    left join public.profiles handler on handler.user_id = i.handler
    left join public.profiles assignee on assignee.user_id = i.assignee);
end $function$;

CREATE OR REPLACE FUNCTION private.work_queue(p_queue text, p_filter jsonb, p_after jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET "DateStyle" TO 'ISO'
 SET max_parallel_workers_per_gather TO '0'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
declare
  v_parts text[] := (select o.parts from private.own_queues(p_queue) o where p_queue is not null);
  v_filter text := private.filter_condition(private.parse_filter(p_filter));
  v_limit constant integer := coalesce(p_limit, 50);
  v_after constant jsonb := nullif(p_after, 'null');
  v_part integer := 1;
  v_due timestamptz := '-infinity';
  v_id uuid := '00000000-0000-0000-0000-000000000000';
  v_districts text[] := '{}';
  v_ids uuid[] := '{}';
  v_dues timestamptz[] := '{}';
  v_found record;
  v_part_of integer[] := '{}';
begin
  perform private.require_user();
  if v_limit not between 1 and 200 then
    raise exception 'p_limit: 1 to 200 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  if v_parts is null then
    if exists (select from private.queue_rules() r where r.queue = p_queue) then
      raise exception 'not a queue of yours' using errcode = '42501', detail = 'p_queue';
    end if;
    raise exception 'p_queue: unknown queue' using errcode = '22023', detail = 'p_queue';
  end if;
  if v_after is not null then
    begin
      v_part := (v_after ->> 'part')::integer;
      v_due := (v_after ->> 'due')::timestamptz;
      v_id := (v_after ->> 'id')::uuid;
      if v_after ->> 'queue' is distinct from p_queue or v_part is null or v_due is null or v_id is null
          or v_part not between 1 and cardinality(v_parts) then
        raise data_exception;
      end if;
    exception when data_exception then
      raise exception 'p_after: not a cursor of this queue' using errcode = '22023', detail = 'p_after';
    end;
  end if;
  while v_part <= cardinality(v_parts) and cardinality(v_ids) <= v_limit loop
    execute format($q$
      select coalesce(array_agg(r.district_code), '{}') as districts, coalesce(array_agg(r.id), '{}') as ids,
        coalesce(array_agg(r.due), '{}') as dues
      from (
        select i.district_code, i.id, coalesce(i.due_at, 'infinity') as due from public.incidents i
        where %s and %s and (coalesce(i.due_at, 'infinity'), i.id) > ($1, $2)
        order by coalesce(i.due_at, 'infinity'), i.id limit $3) r $q$, v_parts[v_part], v_filter)
    into v_found using v_due, v_id, v_limit + 1 - cardinality(v_ids);
    v_districts := v_districts || v_found.districts;
    v_ids := v_ids || v_found.ids;
    v_dues := v_dues || v_found.dues;
    v_part_of := v_part_of || array_fill(v_part, array[cardinality(v_found.ids)]);
    v_part := v_part + 1;
    v_due := '-infinity';
    v_id := '00000000-0000-0000-0000-000000000000';
  end loop;
  return jsonb_build_object('asOf', now(),
    'rows', private.queue_rows(v_districts[1:v_limit], v_ids[1:v_limit], now()),
    'next', case when cardinality(v_ids) > v_limit then jsonb_build_object('queue', p_queue,
      'part', v_part_of[v_limit], 'due', v_dues[v_limit], 'id', v_ids[v_limit]) end);
end $function$;

CREATE OR REPLACE FUNCTION private.work_counts()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_own record;
  v_count integer;
  v_queues jsonb := '[]';
begin
  for v_own in select * from private.own_queues(null) loop
    -- parts do not meet
    execute 'select sum(p.n) from (' || (
      select string_agg(format('select count(*) as n from (
        select from public.incidents i where %s limit 1000) c', c), ' union all ')
      from unnest(v_own.parts) c) || ') p'
    into v_count;
    v_queues := v_queues || jsonb_build_object('queue', v_own.queue, 'count', least(v_count, 1000));
  end loop;
  return jsonb_build_object('asOf', now(), 'queues', v_queues);
end $function$;

CREATE OR REPLACE FUNCTION public.work_queue(p_queue text, p_filter jsonb, p_after jsonb, p_limit integer)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.work_queue(p_queue, p_filter, p_after, p_limit)
$function$;

CREATE OR REPLACE FUNCTION public.work_counts()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.work_counts()
$function$;

CREATE OR REPLACE FUNCTION private.has_earlier_at_spot(p_incident public.incidents)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (
    select from public.categories c
    cross join lateral (select c.duplicate_radius_meters / 111195.0 as lat,
      c.duplicate_radius_meters / 111195.0 / cos(radians(p_incident.lat)) as lon) r
    join public.incidents o on o.district_code = p_incident.district_code and o.category_code = c.code
      and floor(o.lat * 1000)::integer = any (array(select generate_series(
        floor((p_incident.lat - r.lat) * 1000)::integer, floor((p_incident.lat + r.lat) * 1000)::integer)))
      and floor(o.lon * 1000)::integer between
        floor((p_incident.lon - r.lon) * 1000)::integer and floor((p_incident.lon + r.lon) * 1000)::integer
    where c.code = p_incident.category_code and c.duplicate_radius_meters > 0
      and o.reported_at >= p_incident.reported_at - interval '1 year' and o.reported_at < p_incident.reported_at
      -- metres on a sphere, flat at this distance
      and ((o.lat - p_incident.lat) * 111195) ^ 2
        + ((o.lon - p_incident.lon) * 111195 * cos(radians(p_incident.lat))) ^ 2 <= c.duplicate_radius_meters ^ 2
      and o.stage <> all ('{rejected,merged}'))
$function$;

CREATE OR REPLACE FUNCTION private.note_repeat()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  new.is_repeat := private.has_earlier_at_spot(new);
  return new;
end $function$;

CREATE OR REPLACE FUNCTION private.rate_rules()
 RETURNS SETOF private.rate_rule
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select r.rate, r.counted, r.due
  from (
    select s.n * 10 + k.n as n, s.stage || k.suffix as rate, format(k.counted, s.stage) as counted,
      format(k.due, s.stage) as due
    from unnest('{verifying,filing,dispatch,handling,checking,closing}'::text[]) with ordinality as s (stage, n)
    cross join (values
      (1, '', 'v.%s in (''in_time'', ''late'')', 'v.%s in (''in_time'', ''late'', ''overdue'')'),
      (2, '_in_time', 'v.%s = ''in_time''', 'v.%s in (''in_time'', ''late'', ''overdue'')'),
      (3, '_overdue', 'v.%s in (''late'', ''overdue'')', 'v.%s in (''in_time'', ''late'', ''overdue'')')
    ) as k (n, suffix, counted, due)
    where (s.stage, k.n) not in (('filing', 2), ('filing', 3))
    union all
    -- filing is judged by what was filed
    values
      (22, 'filing_in_time', 'v.filing = ''in_time''', 'v.filing in (''in_time'', ''late'')'),
      (23, 'filing_overdue', 'v.filing = ''late''', 'v.filing in (''in_time'', ''late'')'),
      (64, 'closing_late', 'v.closing = ''late''', 'v.closing in (''in_time'', ''late'', ''overdue'')'),
      (71, 'not_closed', 'v.is_open', 'true'),
      (72, 'rework', 'v.is_rework and v.closing in (''in_time'', ''late'', ''overdue'')',
        'v.closing in (''in_time'', ''late'', ''overdue'')'),
      (73, 'extension', 'v.is_extended and v.handling in (''in_time'', ''late'', ''overdue'')',
        'v.handling in (''in_time'', ''late'', ''overdue'')'),
      (74, 'repeat', 'v.is_repeat', 'v.is_filed'),
      (75, 'valid', 'v.is_filed', 'v.is_filed or v.is_rejected'),
      (76, 'found_by_public', 'v.is_filed and v.is_public', 'v.is_filed')
  ) r
  order by r.n
$function$;

CREATE OR REPLACE FUNCTION private.verdict_query(p_scope private.incident_scope, p_filter private.incident_filter)
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select format($q$
    with clocked as (
      select i.stage, i.on_hold, i.department_code, i.rework > 0 as is_rework, i.extensions > 0 as is_extended,
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
      j.is_filed and j.is_repeat as is_repeat,
      count(*) as n
    from judged j
    join public.workflows w on w.code = j.workflow_code
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    $q$,
    private.scope_condition(p_scope, 'i'), private.filter_condition(p_filter))
$function$;

CREATE OR REPLACE FUNCTION private.stage_verdict(p_late integer, p_is_done boolean, p_is_counted boolean)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (NOT p_is_counted) THEN NULL::text WHEN (p_late = 2) THEN CASE WHEN p_is_done THEN 'late'::text ELSE 'overdue'::text END WHEN (p_late = 0) THEN CASE WHEN p_is_done THEN 'in_time'::text ELSE 'running'::text END ELSE NULL::text END;

CREATE OR REPLACE FUNCTION private.is_counted(p_stage text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (p_stage <> ALL (ARRAY['rejected'::text, 'merged'::text]));

CREATE OR REPLACE FUNCTION private.rates_at(p_filter jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
 SET work_mem TO '64MB'
 SET enable_mergejoin TO 'off'
AS $function$
declare
  v_result jsonb;
begin
  execute format($q$
    with verdicts as materialized (%s), v as (
      select * from verdicts where not on_hold
    )
    select jsonb_build_object('asOf', $1,
      'counted', (select coalesce(sum(n), 0) from v),
      'held', (select coalesce(sum(n), 0) from verdicts where on_hold),
      'rates', (select jsonb_agg(jsonb_build_object('rate', r.rate, 'numerator', r.numerator,
          'denominator', r.denominator) order by r.ordinality)
        from (select %s from v) sums
        cross join lateral unnest($2, sums.numerators, sums.denominators) with ordinality
          as r (rate, numerator, denominator, ordinality)),
      'stages', (select coalesce(jsonb_agg(jsonb_build_object('stage', s.stage, 'inTime', s.in_time,
          'overdue', s.overdue, 'running', s.running) order by s.n), '[]')
        from (
          select x.stage, x.n, coalesce(sum(v.n) filter (where x.verdict = 'in_time'), 0) as in_time,
            coalesce(sum(v.n) filter (where x.verdict in ('late', 'overdue')), 0) as overdue,
            coalesce(sum(v.n) filter (where x.verdict = 'running'), 0) as running
          from v cross join lateral (values (1, 'verifying', v.verifying), (2, 'filing', v.filing),
            (3, 'dispatch', v.dispatch), (4, 'handling', v.handling), (5, 'checking', v.checking),
            (6, 'closing', v.closing)) as x (n, stage, verdict)
          group by x.stage, x.n) s),
      'departments', (select coalesce(jsonb_agg(jsonb_build_object('departmentCode', d.department_code,
          'numerator', d.in_time, 'denominator', d.due) order by d.due desc, d.department_code), '[]')
        from (
          select v.department_code, coalesce(sum(v.n) filter (where %s), 0) as in_time, sum(v.n) as due
          from v where v.department_code is not null and %s group by v.department_code) d))
    $q$,
    private.verdict_query(private.resolve_scope(), private.parse_filter(p_filter)),
    (select format('array[%s] as numerators, array[%s] as denominators',
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.counted), ', ' order by r.ordinality),
        string_agg(format('coalesce(sum(v.n) filter (where %s), 0)', r.due), ', ' order by r.ordinality))
      from private.rate_rules() with ordinality r),
    (select r.counted from private.rate_rules() r where r.rate = 'handling_in_time'),
    (select r.due from private.rate_rules() r where r.rate = 'handling_in_time'))
  into v_result using p_at, array(select r.rate from private.rate_rules() r);
  return v_result;
end $function$;

CREATE OR REPLACE FUNCTION private.incident_rates(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select private.rates_at(p_filter, now())
$function$;

CREATE OR REPLACE FUNCTION public.incident_rates(p_filter jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.incident_rates(p_filter)
$function$;

CREATE OR REPLACE FUNCTION private.member_area_codes()
 RETURNS text[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(array_agg(distinct m.area_code), '{}')
  from public.memberships m
  where m.user_id = auth.uid() and m.role <> 'handler' and private.is_valid(m.valid_from, m.valid_to, now())
$function$;

CREATE OR REPLACE FUNCTION private.may_delete_view(p_view public.work_views, p_user uuid, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select p_view.owner = p_user or exists (
    select from public.memberships m
    join public.areas a on a.code = m.area_code
    join public.areas own on own.code = any (p_view.areas)
    where m.user_id = p_user and m.role = 'admin' and private.is_valid(m.valid_from, m.valid_to, p_at)
      and private.is_within(own.path, a.path))
$function$;

CREATE OR REPLACE FUNCTION private.refuse_stale_view(p_view public.work_views)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object('code', 'conflict',
    'server', jsonb_build_object('version', coalesce(p_view.version, 0), 'savedAt', p_view.changed_at,
      'savedByName', (select p.display_name from public.profiles p where p.user_id = p_view.owner)))::text;
end $function$;

CREATE OR REPLACE FUNCTION private.save_view(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 0, 2147483647);
  v_name constant text := btrim(private.payload_text(p_payload, 'name', true, 60));
  v_query constant text := private.payload_text(p_payload, 'query', true, 1000);
  v_view public.work_views;
begin
  perform private.refuse_unknown_fields(p_payload, '{id,baseVersion,name,query,isShared}');
  if private.is_blank(v_name) then
    perform private.reject_command('missing_field', 'name');
  elsif v_query !~ '^[A-Za-z0-9_.~=&%-]*$' then
    perform private.reject_command('invalid_field', 'query', 'not the query of an address');
  elsif jsonb_typeof(p_payload -> 'isShared') is distinct from 'boolean' then
    perform private.reject_command('invalid_field', 'isShared', 'not true or false');
  elsif not exists (select from public.memberships m
    where m.user_id = p_actor and private.is_valid(m.valid_from, m.valid_to, p_at)) then
    perform private.reject_command('not_allowed');
  end if;
  select * into v_view from public.work_views v where v.id = v_id for update;
  if v_view.owner <> p_actor then
    perform private.reject_command('not_allowed', 'id');
  elsif coalesce(v_view.version, 0) <> v_base then
    perform private.refuse_stale_view(v_view);
  elsif exists (select from public.work_views v where v.owner = p_actor and v.name = v_name and v.id <> v_id) then
    perform private.reject_command('name_taken', 'name');
  elsif v_base = 0 and 100 <= (select count(*) from public.work_views v where v.owner = p_actor) then
    perform private.reject_command('too_many', 'id', '100');
  end if;
  insert into public.work_views (id, owner, name, query, areas, departments, version, changed_at)
  select v_id, p_actor, v_name, v_query,
    coalesce(array_agg(distinct m.area_code) filter (where m.role <> 'handler'), '{}'),
    coalesce(array_agg(distinct m.department_code) filter (where m.role = 'handler'), '{}'), v_base + 1, p_at
  from public.memberships m
  where m.user_id = p_actor and private.is_valid(m.valid_from, m.valid_to, p_at)
    and (p_payload -> 'isShared')::boolean
  on conflict (id) do update set name = excluded.name, query = excluded.query, areas = excluded.areas,
    departments = excluded.departments, version = excluded.version, changed_at = excluded.changed_at;
  return jsonb_build_object('version', v_base + 1);
end $function$;

CREATE OR REPLACE FUNCTION private.delete_view(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_id constant uuid := private.payload_uuid(p_payload, 'id');
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 1, 2147483647);
  v_view public.work_views;
begin
  perform private.refuse_unknown_fields(p_payload, '{id,baseVersion}');
  select * into v_view from public.work_views v where v.id = v_id for update;
  if found and private.may_delete_view(v_view, p_actor, p_at) is not true then
    perform private.reject_command('not_allowed', 'id');
  elsif found and v_view.version <> v_base then
    perform private.refuse_stale_view(v_view);
  end if;
  delete from public.work_views v where v.id = v_id;
  return jsonb_build_object('version', v_base);
end $function$;

CREATE OR REPLACE FUNCTION private.work_view_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'name', v.name, 'query', v.query,
    'isShared', v.areas <> '{}' or v.departments <> '{}', 'isOwn', v.owner = u.id,
    'ownerName', p.display_name, 'canDelete', private.may_delete_view(v, u.id, now()), 'version', v.version)
    order by v.owner = u.id desc, lower(v.name), v.name collate "C", v.id), '[]')
  from private.require_user() as u (id)
  join public.work_views v on v.owner = u.id or v.areas && private.member_area_codes()
    or v.departments && private.scope_departments()::text[]
  join public.profiles p on p.user_id = v.owner
$function$;

CREATE OR REPLACE FUNCTION public.work_view_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.work_view_list() $function$;

CREATE OR REPLACE FUNCTION private.may_edit_rules(p_user uuid, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (select from public.areas) and not exists (
    select from public.areas root
    where root.parent_code is null and not exists (
      select from public.memberships m
      where m.user_id = p_user and m.role = 'admin' and m.area_code = root.code
        and private.is_valid(m.valid_from, m.valid_to, p_at)))
$function$;

CREATE OR REPLACE FUNCTION private.is_handler_of(p_person uuid, p_department text, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select exists (
    select from public.memberships m
    where m.user_id = p_person and m.role = 'handler' and m.department_code = p_department
      and private.is_valid(m.valid_from, m.valid_to, p_at))
$function$;

CREATE OR REPLACE FUNCTION private.hour_fits(p_weekdays smallint[], p_from smallint, p_to smallint, p_weekday integer, p_hour integer)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((p_weekday = ANY (p_weekdays)) AND CASE WHEN (p_from < p_to) THEN ((p_hour >= p_from) AND (p_hour < p_to)) ELSE ((p_hour >= p_from) OR (p_hour < p_to)) END);

CREATE OR REPLACE FUNCTION private.path_fits(p_rule text, p_path text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((p_rule IS NULL) OR private.is_within(p_path, p_rule));

CREATE OR REPLACE FUNCTION private.present_rules()
 RETURNS public.dispatch_rules[]
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(array_agg(r order by r.position), '{}') from public.dispatch_rules r
  where r.version = (select max(l.version) from public.dispatch_rule_lists l)
$function$;

CREATE OR REPLACE FUNCTION private.fitting_rules(p_rules public.dispatch_rules[], p_from timestamp with time zone, p_to timestamp with time zone)
 RETURNS TABLE(incident_id uuid, rule integer)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  with incident as materialized (
    select i.id, i.area_code, i.category_code,
      extract(isodow from i.reported_at at time zone city.time_zone)::integer as weekday,
      extract(hour from i.reported_at at time zone city.time_zone)::integer as hour
    from public.city_settings city, public.incidents i
    where i.reported_at >= p_from and i.reported_at < p_to
  ), rule as materialized (
    select r.position, r.weekdays, r.from_hour, r.to_hour, a.path as area, c.path as category
    from unnest(p_rules) r
    left join public.areas a on a.code = r.area_code
    left join public.categories c on c.code = r.category_code
  ), by_area as materialized (
    select a.code, string_agg(private.path_fits(r.area, a.path)::integer::text, '' order by r.position)::varbit as bits
    from (select distinct i.area_code from incident i) k
    join public.areas a on a.code = k.area_code
    cross join rule r group by a.code
  ), by_category as materialized (
    select c.code, string_agg(private.path_fits(r.category, c.path)::integer::text, '' order by r.position)::varbit as bits
    from (select distinct i.category_code from incident i) k
    join public.categories c on c.code = k.category_code
    cross join rule r group by c.code
  ), by_hour as materialized (
    select k.weekday, k.hour, string_agg(private.hour_fits(r.weekdays, r.from_hour, r.to_hour, k.weekday, k.hour)
      ::integer::text, '' order by r.position)::varbit as bits
    from (select distinct i.weekday, i.hour from incident i) k
    cross join rule r group by k.weekday, k.hour
  )
  select i.id, nullif(position(b'1' in a.bits & c.bits & h.bits), 0)
  from incident i
  -- without rules there are no bits
  left join by_area a on a.code = i.area_code
  left join by_category c on c.code = i.category_code
  left join by_hour h on (h.weekday, h.hour) = (i.weekday, i.hour)
$function$;

CREATE OR REPLACE FUNCTION private.proposed_dispatch(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select jsonb_build_object('department', coalesce(r.department_code, usual.department),
    'handler', case when private.is_handler_of(r.handler, r.department_code, p_at) then r.handler end,
    'rule', r.position)
  from (
    select coalesce((select f.department_code from public.filing_conditions f
        where f.code = p_incident.condition_code),
      p_incident.department_code,
      (select c.default_department from public.categories c where c.code = p_incident.category_code)) as department
  ) usual
  left join lateral (
    select r.* from public.city_settings city, unnest(private.present_rules()) r
    left join public.areas ra on ra.code = r.area_code
    left join public.categories rc on rc.code = r.category_code
    where private.path_fits(rc.path, (select c.path from public.categories c where c.code = p_incident.category_code))
      and private.path_fits(ra.path, (select a.path from public.areas a where a.code = p_incident.area_code))
      and private.hour_fits(r.weekdays, r.from_hour, r.to_hour,
        extract(isodow from p_incident.reported_at at time zone city.time_zone)::integer,
        extract(hour from p_incident.reported_at at time zone city.time_zone)::integer)
    order by r.position limit 1
  ) r on true
$function$;

CREATE OR REPLACE FUNCTION private.read_dispatch_rule(p_rule jsonb, p_position integer, p_at timestamp with time zone)
 RETURNS public.dispatch_rules
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_rule public.dispatch_rules;
  v_handler text;
begin
  if jsonb_typeof(p_rule) <> 'object' then
    perform private.reject_command('invalid_field', '', 'not an object');
  end if;
  perform private.refuse_unknown_fields(p_rule,
    '{areaCode,categoryCode,weekdays,fromHour,toHour,departmentCode,handler}');
  v_rule.position := p_position;
  v_rule.area_code := private.payload_text(p_rule, 'areaCode', false, 40);
  v_rule.category_code := private.payload_text(p_rule, 'categoryCode', false, 60);
  v_rule.from_hour := private.payload_whole(p_rule, 'fromHour', true, 0, 23);
  v_rule.to_hour := private.payload_whole(p_rule, 'toHour', true, 1, 24);
  v_rule.department_code := private.payload_text(p_rule, 'departmentCode', true, 40);
  v_handler := private.payload_text(p_rule, 'handler', false, 36);
  if v_rule.from_hour = v_rule.to_hour then
    perform private.reject_command('invalid_field', 'toHour', 'no hours');
  elsif jsonb_typeof(p_rule -> 'weekdays') is distinct from 'array' or p_rule -> 'weekdays' = '[]'
    or not p_rule -> 'weekdays' <@ '[1,2,3,4,5,6,7]' then
    perform private.reject_command('invalid_field', 'weekdays', 'not days from 1 to 7');
  elsif v_rule.area_code is not null
    and not exists (select from public.areas a where a.code = v_rule.area_code) then
    perform private.reject_command('invalid_field', 'areaCode', 'no such area');
  elsif v_rule.category_code is not null
    and not exists (select from public.categories c where c.code = v_rule.category_code) then
    perform private.reject_command('invalid_field', 'categoryCode', 'no such category');
  elsif not exists (select from public.departments d where d.code = v_rule.department_code) then
    perform private.reject_command('invalid_field', 'departmentCode', 'no such department');
  elsif v_handler is not null and (not private.is_uuid(v_handler)
    or not private.is_handler_of(v_handler::uuid, v_rule.department_code, p_at)) then
    perform private.reject_command('invalid_field', 'handler', 'not a handler of the department');
  end if;
  v_rule.weekdays := array(
    select distinct d::smallint from jsonb_array_elements_text(p_rule -> 'weekdays') d order by 1);
  v_rule.handler := v_handler::uuid;
  return v_rule;
end $function$;

CREATE OR REPLACE FUNCTION private.read_dispatch_rules(p_rules jsonb, p_at timestamp with time zone)
 RETURNS public.dispatch_rules[]
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_rules public.dispatch_rules[] := '{}';
  v_position integer := 0;
  v_rule jsonb;
  v_detail jsonb;
  v_text text;
begin
  if jsonb_typeof(p_rules) is distinct from 'array' then
    perform private.reject_command('invalid_field', 'rules', 'not an array');
  elsif jsonb_array_length(p_rules) > 200 then
    perform private.reject_command('too_many', 'rules', '200');
  end if;
  for v_rule in select value from jsonb_array_elements(p_rules) loop
    v_position := v_position + 1;
    v_rules := v_rules || private.read_dispatch_rule(v_rule, v_position, p_at);
  end loop;
  return v_rules;
exception when sqlstate 'WG001' then
  get stacked diagnostics v_text = pg_exception_detail;
  v_detail := v_text::jsonb;
  if v_position > 0 then
    v_detail := v_detail || jsonb_build_object('field', format('rules.%s.%s', v_position, v_detail ->> 'field'));
  end if;
  raise exception '%', v_detail ->> 'code' using errcode = 'WG001', detail = v_detail::text;
end $function$;

CREATE OR REPLACE FUNCTION private.save_dispatch_rules(p_actor uuid, p_payload jsonb, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  v_base constant integer := private.payload_whole(p_payload, 'baseVersion', true, 0, 2147483646);
  v_list public.dispatch_rule_lists;
begin
  perform private.refuse_unknown_fields(p_payload, '{baseVersion,rules}');
  if not private.may_edit_rules(p_actor, p_at) then
    perform private.reject_command('not_allowed');
  end if;
  -- the second of two editors waits, then sees the first's version
  perform pg_advisory_xact_lock(hashtextextended('dispatch_rules', 0));
  select * into v_list from public.dispatch_rule_lists l order by l.version desc limit 1;
  if coalesce(v_list.version, 0) <> v_base then
    raise exception 'conflict' using errcode = 'WG002', detail = jsonb_build_object('code', 'conflict',
      'server', jsonb_build_object('version', coalesce(v_list.version, 0), 'savedAt', v_list.saved_at,
        'savedByName', (select p.display_name from public.profiles p where p.user_id = v_list.saved_by)))::text;
  end if;
  insert into public.dispatch_rule_lists (version, saved_at, saved_by) values (v_base + 1, p_at, p_actor);
  insert into public.dispatch_rules (version, position, area_code, category_code, weekdays, from_hour, to_hour,
    department_code, handler)
  select v_base + 1, r.position, r.area_code, r.category_code, r.weekdays, r.from_hour, r.to_hour,
    r.department_code, r.handler
  from unnest(private.read_dispatch_rules(p_payload -> 'rules', p_at)) r;
  return jsonb_build_object('version', v_base + 1);
end $function$;

CREATE OR REPLACE FUNCTION private.dispatch_rule_list()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  v_user constant uuid := private.require_user();
  v_may_edit constant boolean := private.may_edit_rules(v_user, now());
begin
  if private.scope_paths('{grid_manager,leader,admin}') = '{}' then
    raise exception 'dispatch rules are for managers, leaders and admins' using errcode = '42501';
  end if;
  return (
    select jsonb_build_object('version', coalesce(l.version, 0), 'savedAt', l.saved_at,
      'savedByName', p.display_name, 'canEdit', v_may_edit,
      'rules', coalesce((
        select jsonb_agg(jsonb_build_object('areaCode', r.area_code, 'categoryCode', r.category_code,
          'weekdays', r.weekdays, 'fromHour', r.from_hour, 'toHour', r.to_hour,
          'departmentCode', r.department_code, 'handler', r.handler,
          'handlerName', h.display_name) order by r.position)
        from unnest(private.present_rules()) r
        left join public.profiles h on h.user_id = r.handler), '[]'),
      'handlers', case when v_may_edit then coalesce((
        select jsonb_agg(jsonb_build_object('id', o.user_id, 'name', h.display_name,
          'departmentCode', o.department_code) order by h.display_name, o.user_id)
        from (
          select distinct m.user_id, m.department_code from public.memberships m
          where m.role = 'handler' and private.is_valid(m.valid_from, m.valid_to, now())
        ) o
        join public.profiles h on h.user_id = o.user_id), '[]') else '[]' end)
    from (values (true)) as one (one)
    left join lateral (
      select * from public.dispatch_rule_lists l order by l.version desc limit 1) l on true
    left join public.profiles p on p.user_id = l.saved_by);
end $function$;

CREATE OR REPLACE FUNCTION private.try_dispatch_rules(p_rules jsonb)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_to constant timestamptz := now();
  v_from constant timestamptz := v_to - interval '31 days';
  v_present constant public.dispatch_rules[] := private.present_rules();
  v_tried public.dispatch_rules[];
  v_answer jsonb;
  v_detail text;
begin
  if not private.may_edit_rules(private.require_user(), v_to) then
    raise exception 'only an admin of the whole city tries dispatch rules' using errcode = '42501';
  end if;
  begin
    v_tried := private.read_dispatch_rules(p_rules, v_to);
  exception when sqlstate 'WG001' then
    get stacked diagnostics v_detail = pg_exception_detail;
    raise exception 'p_rules: %', v_detail using errcode = '22023', detail = v_detail;
  end;
  with proposal as materialized (
    select i.id, i.category_code, i.area_code, i.description, i.reported_at, tried.rule,
      present.rule as present_rule,
      coalesce(t.department_code, usual.department) as department,
      coalesce(p.department_code, usual.department) as present_department,
      case when i.stage in ('dispatched', 'handled', 'closed') then i.department_code end as real_department,
      (coalesce(t.department_code, usual.department), t.handler)
        is distinct from (coalesce(p.department_code, usual.department), p.handler) as is_changed
    from private.fitting_rules(v_tried, v_from, v_to) tried
    join private.fitting_rules(v_present, v_from, v_to) present using (incident_id)
    join public.incidents i on i.id = tried.incident_id
      and i.reported_at >= v_from and i.reported_at < v_to
    join public.categories c on c.code = i.category_code
    left join public.filing_conditions f on f.code = i.condition_code
    left join unnest(v_tried) t on t.position = tried.rule
    left join unnest(v_present) p on p.position = present.rule
    cross join lateral (select coalesce(f.department_code, c.default_department) as department) usual
  )
  select jsonb_build_object('from', v_from, 'to', v_to, 'total', count(*),
    'withoutRule', count(*) filter (where o.rule is null),
    'withoutPresentRule', count(*) filter (where o.present_rule is null),
    'changed', count(*) filter (where o.is_changed),
    'dispatched', count(o.real_department),
    'unlikeDispatched', count(*) filter (where o.real_department <> o.department),
    'presentUnlikeDispatched', count(*) filter (where o.real_department <> o.present_department),
    'rules', (
      select coalesce(jsonb_agg(coalesce(n.count, 0) order by t.position), '[]')
      from unnest(v_tried) t
      left join (select q.rule, count(*) from proposal q group by q.rule) n on n.rule = t.position),
    'departments', (
      select coalesce(jsonb_agg(jsonb_build_object('departmentCode', d.department, 'proposed', d.proposed,
        'present', d.present, 'dispatched', d.dispatched) order by d.proposed desc, d.department), '[]')
      from (
        select n.department, count(*) filter (where n.kind = 1) as proposed,
          count(*) filter (where n.kind = 2) as present, count(*) filter (where n.kind = 3) as dispatched
        from proposal q
        cross join lateral (values (1, q.department), (2, q.present_department), (3, q.real_department))
          as n (kind, department)
        where n.kind < 3 or n.department is not null
        group by n.department
      ) d),
    'examples', (
      select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'categoryCode', e.category_code,
        'areaCode', e.area_code, 'description', left(e.description, 200), 'reportedAt', e.reported_at,
        'rule', e.rule, 'departmentCode', e.department, 'presentDepartmentCode', e.present_department,
        'dispatchedDepartmentCode', e.real_department, 'isChanged', e.is_changed)
        order by e.is_changed desc, e.reported_at desc, e.id), '[]')
      from (select * from proposal q order by q.is_changed desc, q.reported_at desc, q.id limit 50) e))
  into v_answer
  from proposal o;
  return v_answer;
end $function$;

CREATE OR REPLACE FUNCTION public.dispatch_rule_list()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.dispatch_rule_list() $function$;

CREATE OR REPLACE FUNCTION public.try_dispatch_rules(p_rules jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.try_dispatch_rules(p_rules) $function$;

CREATE OR REPLACE FUNCTION private.begin_demo_incidents(p_starts jsonb)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
    v_new := private.turn_clocks(v_old, v_new, '{}', '{}', v_at);
    update public.incidents i set stage = v_new.stage, state = v_new.state, state_since = v_at,
      due_at = v_new.due_at, warn_at = v_new.warn_at, is_generated = true
    where i.district_code = v_old.district_code and i.id = v_old.id;
    perform private.append_log(v_old, null, null, v_at, 'demo_started', '', '{}', '[]',
      v_old.stage, v_new.stage);
  end loop;
end $function$;

CREATE OR REPLACE FUNCTION private.take_demo_steps(p_steps jsonb)
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION private.clear_demo_incidents()
 RETURNS integer
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
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
    rework = 0, reopened = 0, supervision = null, reply_by = null, due_at = null, warn_at = null,
    is_generated = false
  where i.id = any (v_ids);
  return cardinality(v_ids);
end $function$;

CREATE OR REPLACE FUNCTION private.field_tasks(p_limit integer)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
 SET max_parallel_workers_per_gather TO '0'
AS $function$
declare
  v_user constant uuid := private.require_user();
  v_limit constant integer := coalesce(p_limit, 200);
  v_pages text;
  v_found public.incidents[] := '{}';
begin
  if v_limit not between 1 and 200 then
    raise exception 'p_limit: 1 to 200 rows' using errcode = '22023', detail = 'p_limit';
  end if;
  -- each part keeps the order of its index
  select string_agg(format('(select i from public.incidents i where %s
    order by coalesce(i.due_at, ''infinity''), i.id limit $1)', p.condition), ' union all ')
  into v_pages
  from (select unnest(o.parts) as condition
    from unnest(array['to_verify', 'to_check']) q (queue), private.own_queues(q.queue) o) p;
  if v_pages is not null then
    execute format($q$
      select coalesce(array_agg(r.i order by r.n), '{}') from (
        select f.i, row_number() over (
          order by coalesce((f.i).assignee = $2, false) desc, coalesce((f.i).due_at, 'infinity'), (f.i).id) as n
        from (%s) f (i) order by n limit $1) r $q$, v_pages)
    into v_found using v_limit + 1, v_user;
  end if;
  return jsonb_build_object('asOf', now(), 'more', cardinality(v_found) > v_limit, 'rows', (
    select coalesce(jsonb_agg(r.line || jsonb_build_object('description', left(i.description, 200),
      'steps', own.steps, 'isAsked', coalesce(i.assignee = v_user, false),
      'photo', private.field_row(i, v_user) -> 'photo') order by r.n), '[]')
    from jsonb_array_elements(private.queue_rows(
      array(select f.district_code from unnest(v_found[1:v_limit]) with ordinality f order by f.ordinality),
      array(select f.id from unnest(v_found[1:v_limit]) with ordinality f order by f.ordinality), now()))
      with ordinality r (line, n)
    join unnest(v_found) i on i.id = (r.line ->> 'id')::uuid
    cross join lateral (
      select coalesce(jsonb_agg(s.name order by s.n), '[]') as steps
      from jsonb_array_elements_text(r.line -> 'steps') with ordinality s (name, n)
      where exists (select from public.workflow_transitions t
        where t.workflow = i.workflow_code and t.from_state = i.state and t.name = s.name
          and 'field_staff' = any (t.roles))
    ) own
    where own.steps <> '[]'));
end $function$;

CREATE OR REPLACE FUNCTION public.field_tasks(p_limit integer DEFAULT 200)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select private.field_tasks(p_limit)
$function$;

CREATE OR REPLACE FUNCTION private.incident_clock_list(p_incident public.incidents, p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('seq', c.seq, 'kind', c.kind, 'milestone', c.milestone,
      'departmentCode', c.department_code, 'isWorkingTime', not private.is_round_the_clock(c.unit),
      'extensions', c.extensions, 'startedAt', c.started_at,
      'runs', (select coalesce(jsonb_agg(jsonb_build_array(lower(x.run), upper(x.run)) order by lower(x.run)), '[]')
        from unnest(c.runs) as x (run)),
      'runningSince', c.running_since, 'limitSeconds', c.limit_seconds,
      'usedSeconds', case when c.stopped_at is not null then c.used_seconds else u.seconds end,
      'dueAt', c.due_at, 'warnAt', c.warn_at, 'stoppedAt', c.stopped_at, 'isReached', c.is_reached)
      order by c.seq), '[]')
    from public.incident_clocks c
    left join lateral (
      -- one run beyond the known years makes the sum unknown
      select case when count(*) = count(r.seconds) then coalesce(sum(r.seconds), 0) end as seconds
      from (
        select case when private.is_round_the_clock(c.unit) then extract(epoch from upper(x.run) - lower(x.run))
          else (select w.seconds from private.work_between(c.calendar, lower(x.run), upper(x.run)) w)
          end as seconds
        from unnest(c.runs + case when c.running_since < p_at then tstzmultirange(tstzrange(c.running_since, p_at))
          else '{}' end) as x (run)
        offset 0) r
    ) u on c.stopped_at is null
    where c.district_code = p_incident.district_code and c.incident_id = p_incident.id);
end $function$;

CREATE OR REPLACE FUNCTION private.incident_holds(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    with turns as (
      select l.seq, l.at, coalesce(e.starts, false) as starts
      from public.incident_log l
      left join lateral (
        select bool_or('hold' = any (t.effects)) as starts, bool_or('resume' = any (t.effects)) as ends
        from public.workflow_transitions t
        where l.kind = 'transition' and t.workflow = p_incident.workflow_code
          and t.from_state = l.data ->> 'from' and t.name = l.data ->> 'name'
      ) e on true
      where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
        and (l.kind = 'resumed' or e.starts or e.ends)
    )
    select coalesce(jsonb_agg(jsonb_build_array(h.at, h.until) order by h.seq), '[]')
    from (
      select t.seq, t.at, t.starts, lead(t.at) over (order by t.seq) as until from turns t
    ) h where h.starts);
end $function$;

CREATE OR REPLACE FUNCTION private.incident_people(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return (
    select coalesce(jsonb_object_agg(p.user_id, p.display_name), '{}')
    from public.profiles p
    where p.user_id in (
      select p_incident.handler
      union all
      select p_incident.assignee
      union all
      select (l.data ->> f.name)::uuid
      from public.incident_log l
      join public.workflow_fields f on f.workflow = p_incident.workflow_code
        and f.transition = l.data ->> 'name' and f.kind in ('handler', 'assignee')
      where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
        and l.kind = 'transition' and private.is_uuid(l.data ->> f.name)));
end $function$;

CREATE OR REPLACE FUNCTION private.incident_log_list(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    with entries as materialized (
      select l.* from public.incident_log l
      where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
    ), given as materialized (
      select array_agg(distinct d.code) as departments
      from (
        select e.data ->> f.name as code from entries e
        join public.workflow_fields f on f.workflow = p_incident.workflow_code
          and f.transition = e.data ->> 'name' and f.kind = 'department'
        union all
        select p_incident.department_code
      ) d where d.code is not null
    )
    select coalesce(jsonb_agg(jsonb_build_object('seq', e.seq, 'at', e.at, 'kind', e.kind, 'actor', e.actor,
        'actorName', p.display_name, 'actorRoles', a.roles, 'actorDepartments', a.departments,
        'stageFrom', e.stage_from, 'stageTo', e.stage_to, 'note', e.note, 'data', e.data,
        'isGenerated', e.kind = 'demo_started' or coalesce(c.is_generated, false)) order by e.seq), '[]')
    from entries e
    cross join given g
    left join public.commands c on c.id = e.command_id
    left join public.profiles p on p.user_id = e.actor
    left join lateral (
      select coalesce(array_agg(distinct m.role), '{}') as roles,
        coalesce(array_agg(distinct m.department_code) filter (where m.department_code is not null), '{}')
          as departments
      from public.memberships m
      join public.areas area on area.code = m.area_code
      join public.areas own on own.code = p_incident.area_code
      where m.user_id = e.actor and private.is_valid(m.valid_from, m.valid_to, e.at)
        and case when m.role = 'handler' then m.department_code = any (g.departments)
          else private.is_within(own.path, area.path) end
    ) a on e.actor is not null);
end $function$;

CREATE OR REPLACE FUNCTION private.related_row(i public.incidents, p_meters double precision DEFAULT NULL::double precision)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
begin
  return (
    select jsonb_build_object('id', (i).id, 'categoryCode', (i).category_code, 'areaCode', (i).area_code,
      'stage', (i).stage, 'onHold', (i).on_hold, 'workflowCode', (i).workflow_code, 'state', (i).state,
      'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'description', left((i).description, 200),
      'addressLabel', (i).address_label, 'meters', round(p_meters::numeric, 1)));
end $function$;

CREATE OR REPLACE FUNCTION private.incident_family(p_incident public.incidents, p_scope text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_family jsonb;
begin
  execute format($q$
    select jsonb_build_object('parentId', $2, 'parent', (
        select private.related_row(i) from public.incidents i
        where i.district_code = $1 and i.id = $2 and %1$s),
      'children', (
        select coalesce(jsonb_agg(private.related_row(c.i) order by c.reported_at, c.id), '[]')
        from (
          select i, i.reported_at, i.id from public.incidents i
          where i.district_code = $1 and i.parent_id = $3 and %1$s
          order by i.reported_at, i.id limit 50) c))
    $q$, p_scope)
  into v_family using p_incident.district_code, p_incident.parent_id, p_incident.id;
  return v_family;
end $function$;

CREATE OR REPLACE FUNCTION private.spot_query(p_scope text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO ''
AS $function$
  select format($q$
    select i, i.reported_at, i.id, extensions.st_distancesphere(i.geom, ($1).geom) as meters
    from public.incidents i
    -- a degree of latitude has at least 110 km
    where i.geom operator(extensions.&&) extensions.st_expand(($1).geom,
        $2 / 110000.0 / greatest(0.01, cos(radians(($1).lat))), $2 / 110000.0)
      and extensions.st_distancesphere(i.geom, ($1).geom) <= $2
      and i.category_code = ($1).category_code and i.id <> ($1).id
      and i.reported_at between ($1).reported_at - interval '1 year' and ($1).reported_at + interval '1 year'
      and i.stage not in ('rejected', 'merged') and %s $q$, p_scope)
$function$;

CREATE OR REPLACE FUNCTION private.incident_spot(p_incident public.incidents, p_scope text)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_radius constant integer := (select c.duplicate_radius_meters from public.categories c
    where c.code = p_incident.category_code);
  v_spot jsonb;
begin
  -- requests without an object have no spot
  if coalesce(v_radius, 0) = 0 then
    return jsonb_build_object('radiusMeters', 0, 'ordinal', null, 'count', 0, 'rows', '[]'::jsonb);
  end if;
  execute format($q$
    with near as materialized (%s)
    select jsonb_build_object('radiusMeters', $2, 'ordinal',
        case when ($1).stage not in ('rejected', 'merged') then
          1 + count(*) filter (where (n.reported_at, n.id) < (($1).reported_at, ($1).id)) end,
      'count', count(*),
      'rows', (select coalesce(jsonb_agg(private.related_row(r.i, r.meters) order by r.reported_at desc, r.id desc), '[]')
        from (select * from near order by reported_at desc, id desc limit 20) r))
    from near n $q$, private.spot_query(p_scope))
  into v_spot using p_incident, v_radius;
  return v_spot;
end $function$;

CREATE OR REPLACE FUNCTION private.due_unknown(p_incident public.incidents)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_until timestamptz;
begin
  if p_incident.due_at is not null or p_incident.on_hold or not private.is_open(p_incident.stage) then
    return null;
  end if;
  select (
    select max(v.ends_at) from private.calendar_covers v
    where v.calendar = c.calendar and v.starts_at <= c.running_since) into v_until
  from public.incident_clocks c
  where c.incident_id = p_incident.id and c.district_code = p_incident.district_code
    and c.stopped_at is null and c.running_since is not null and c.due_at is null
  order by 1 nulls last limit 1;
  if not found then return null; end if;
  return jsonb_build_object('until', to_char(
    v_until at time zone (select s.time_zone from public.city_settings s) - interval '1 day', 'YYYY-MM-DD'));
end $function$;

CREATE OR REPLACE FUNCTION private.calendar_notices()
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
begin
  perform private.require_user();
  if not exists (
    select from public.memberships m
    where m.user_id = auth.uid() and m.role in ('admin', 'leader', 'grid_manager')
      and private.is_valid(m.valid_from, m.valid_to, now())) then
    return '[]';
  end if;
  return (
    select coalesce(jsonb_agg(jsonb_build_object('calendar', c.code, 'nameZh', c.name_zh, 'nameEn', c.name_en,
      'year', g.year) order by g.year, c.code), '[]')
    from private.calendar_gaps(now()) g
    join public.calendars c on c.code = g.calendar);
end $function$;

CREATE OR REPLACE FUNCTION public.calendar_notices()
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$ select private.calendar_notices() $function$;

alter table public.categories add constraint categories_workflow_code_fkey FOREIGN KEY (workflow_code) REFERENCES public.workflows(code);

alter table public.incidents add constraint incidents_condition_code_fkey FOREIGN KEY (condition_code) REFERENCES public.filing_conditions(code);

alter table public.incidents add constraint incidents_parent_fkey FOREIGN KEY (district_code, parent_id) REFERENCES public.incidents(district_code, id);

alter table public.incidents add constraint incidents_state_fkey FOREIGN KEY (workflow_code, state) REFERENCES public.workflow_stages(workflow, code);

CREATE INDEX categories_workflow_idx ON public.categories USING btree (workflow_code);

CREATE INDEX dispatch_rule_lists_saved_by_idx ON public.dispatch_rule_lists USING btree (saved_by);

CREATE INDEX dispatch_rules_area_idx ON public.dispatch_rules USING btree (area_code);

CREATE INDEX dispatch_rules_category_idx ON public.dispatch_rules USING btree (category_code);

CREATE INDEX dispatch_rules_department_idx ON public.dispatch_rules USING btree (department_code);

CREATE INDEX dispatch_rules_handler_idx ON public.dispatch_rules USING btree (handler);

CREATE INDEX incident_clocks_calendar_idx ON public.incident_clocks USING btree (incident_id) WHERE ((stopped_at IS NULL) AND (unit = ANY (ARRAY['work_hour'::text, 'work_day'::text])));

CREATE INDEX incident_clocks_open_idx ON public.incident_clocks USING btree (incident_id) WHERE (stopped_at IS NULL);

CREATE INDEX incidents_condition_idx ON public.incidents USING btree (condition_code) WHERE (condition_code IS NOT NULL);

CREATE INDEX incidents_due_idx ON public.incidents USING btree (COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE ((stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])) AND (NOT on_hold));

CREATE INDEX incidents_held_idx ON public.incidents USING btree (COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE (on_hold AND (stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])));

CREATE INDEX incidents_hold_idx ON public.incidents USING btree (hold_until) WHERE on_hold;

CREATE INDEX incidents_parent_idx ON public.incidents USING btree (district_code, parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX incidents_pending_idx ON public.incidents USING btree (COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE (pending IS NOT NULL);

CREATE INDEX incidents_queue_area_idx ON public.incidents USING btree (area_code, stage, to_verify) WHERE ((stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])) AND (NOT on_hold));

CREATE INDEX incidents_queue_assignee_idx ON public.incidents USING btree (assignee, COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE ((assignee IS NOT NULL) AND (stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])) AND (NOT on_hold));

CREATE INDEX incidents_queue_department_idx ON public.incidents USING btree (department_code, COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE ((stage = 'dispatched'::text) AND (NOT on_hold));

CREATE INDEX incidents_queue_handler_idx ON public.incidents USING btree (handler, COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE ((stage = 'dispatched'::text) AND (NOT on_hold) AND (handler IS NOT NULL));

CREATE INDEX incidents_queue_idx ON public.incidents USING btree (stage, to_verify, COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE ((stage = ANY (ARRAY['reported'::text, 'filed'::text, 'dispatched'::text, 'handled'::text])) AND (NOT on_hold));

CREATE INDEX incidents_queue_rework_idx ON public.incidents USING btree (department_code, COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE ((stage = 'dispatched'::text) AND (NOT on_hold) AND (rework > 0));

CREATE INDEX incidents_spot_idx ON public.incidents USING btree (district_code, category_code, ((floor((lat * (1000)::double precision)))::integer), ((floor((lon * (1000)::double precision)))::integer), reported_at);

CREATE INDEX incidents_state_idx ON public.incidents USING btree (workflow_code, state);

CREATE INDEX incidents_supervised_idx ON public.incidents USING btree (COALESCE(due_at, 'infinity'::timestamp with time zone), id) WHERE (supervision IS NOT NULL);

CREATE TRIGGER note_repeat BEFORE UPDATE OF stage ON public.incidents FOR EACH ROW WHEN (((old.stage = 'reported'::text) AND (new.stage <> ALL (ARRAY['reported'::text, 'rejected'::text, 'merged'::text])))) EXECUTE FUNCTION private.note_repeat();

CREATE CONSTRAINT TRIGGER check_workflow AFTER INSERT OR DELETE OR UPDATE ON public.workflow_fields DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.check_workflow('workflow');

CREATE CONSTRAINT TRIGGER check_workflow AFTER INSERT OR DELETE OR UPDATE ON public.workflow_stages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.check_workflow('workflow');

CREATE TRIGGER keep_used_state BEFORE DELETE OR UPDATE ON public.workflow_stages FOR EACH ROW EXECUTE FUNCTION private.keep_used_state();

CREATE TRIGGER verify_again AFTER UPDATE OF clock ON public.workflow_stages FOR EACH ROW EXECUTE FUNCTION private.verify_again('workflow');

CREATE CONSTRAINT TRIGGER check_workflow AFTER INSERT OR DELETE OR UPDATE ON public.workflow_transitions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.check_workflow('workflow');

CREATE CONSTRAINT TRIGGER check_workflow AFTER INSERT OR UPDATE ON public.workflows DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.check_workflow('code');

CREATE TRIGGER verify_again AFTER UPDATE OF trusted_channels ON public.workflows FOR EACH ROW EXECUTE FUNCTION private.verify_again('code');

create policy "Signed-in people see the days of calendars" on public.calendar_days for select to authenticated using (true);

create policy "Signed-in people see the hours of calendars" on public.calendar_hours for select to authenticated using (true);

create policy "Signed-in people see the years of calendars" on public.calendar_years for select to authenticated using (true);

create policy "Signed-in people see the calendars" on public.calendars for select to authenticated using (true);

create policy "Signed-in people see the limits of conditions" on public.condition_limits for select to authenticated using (true);

create policy "Signed-in people see the milestones of conditions" on public.condition_milestones for select to authenticated using (true);

create policy "Managers, leaders and admins see who saved the dispatch rules" on public.dispatch_rule_lists for select to authenticated using ((( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes) <> '{}'::text[]));

create policy "Managers, leaders and admins see the dispatch rules" on public.dispatch_rules for select to authenticated using ((( SELECT private.scope_area_codes('{grid_manager,leader,admin}'::text[]) AS scope_area_codes) <> '{}'::text[]));

create policy "Signed-in people see the filing conditions" on public.filing_conditions for select to authenticated using (true);

create policy "Signed-in people see where and when nothing is filed" on public.filing_controls for select to authenticated using (true);

create policy "Who sees an incident sees its clocks" on public.incident_clocks for select to authenticated using ((EXISTS ( SELECT 1
   FROM public.incidents i
  WHERE ((i.district_code = incident_clocks.district_code) AND (i.id = incident_clocks.incident_id)))));

create policy "People see their own views and those shared with their team" on public.work_views for select to authenticated using (((owner = ( SELECT auth.uid() AS uid)) OR (areas && ( SELECT private.member_area_codes() AS member_area_codes)) OR (departments && ( SELECT private.scope_departments() AS scope_departments))));

create policy "Signed-in people see the fields of transitions" on public.workflow_fields for select to authenticated using (true);

create policy "Signed-in people see the limits of workflows" on public.workflow_limits for select to authenticated using (true);

create policy "Signed-in people see the stages of workflows" on public.workflow_stages for select to authenticated using (true);

create policy "Signed-in people see the transitions of workflows" on public.workflow_transitions for select to authenticated using (true);

create policy "Signed-in people see the workflows" on public.workflows for select to authenticated using (true);

revoke all on function private.assignable_people(uuid,text) from public, anon, authenticated, service_role;

grant execute on function private.assignable_people(uuid,text) to authenticated;

revoke all on function private.calendar_notices() from public, anon, authenticated, service_role;

grant execute on function private.calendar_notices() to authenticated;

revoke all on function private.dispatch_rule_list() from public, anon, authenticated, service_role;

grant execute on function private.dispatch_rule_list() to authenticated;

revoke all on function private.field_tasks(integer) from public, anon, authenticated, service_role;

grant execute on function private.field_tasks(integer) to authenticated;

revoke all on function private.incident_rates(jsonb) from public, anon, authenticated, service_role;

grant execute on function private.incident_rates(jsonb) to authenticated;

revoke all on function private.member_area_codes() from public, anon, authenticated, service_role;

grant execute on function private.member_area_codes() to authenticated;

revoke all on function private.try_dispatch_rules(jsonb) from public, anon, authenticated, service_role;

grant execute on function private.try_dispatch_rules(jsonb) to authenticated;

revoke all on function private.work_counts() from public, anon, authenticated, service_role;

grant execute on function private.work_counts() to authenticated;

revoke all on function private.work_queue(text,jsonb,jsonb,integer) from public, anon, authenticated, service_role;

grant execute on function private.work_queue(text,jsonb,jsonb,integer) to authenticated;

revoke all on function private.work_view_list() from public, anon, authenticated, service_role;

grant execute on function private.work_view_list() to authenticated;

revoke all on function private.workflow_list() from public, anon, authenticated, service_role;

grant execute on function private.workflow_list() to authenticated;

revoke all on function public.assignable_people(uuid,text) from public, anon, authenticated, service_role;

grant execute on function public.assignable_people(uuid,text) to authenticated;

revoke all on function public.calendar_notices() from public, anon, authenticated, service_role;

grant execute on function public.calendar_notices() to authenticated;

revoke all on function public.dispatch_rule_list() from public, anon, authenticated, service_role;

grant execute on function public.dispatch_rule_list() to authenticated;

revoke all on function public.field_tasks(integer) from public, anon, authenticated, service_role;

grant execute on function public.field_tasks(integer) to authenticated;

revoke all on function public.incident_rates(jsonb) from public, anon, authenticated, service_role;

grant execute on function public.incident_rates(jsonb) to authenticated;

revoke all on function public.try_dispatch_rules(jsonb) from public, anon, authenticated, service_role;

grant execute on function public.try_dispatch_rules(jsonb) to authenticated;

revoke all on function public.work_counts() from public, anon, authenticated, service_role;

grant execute on function public.work_counts() to authenticated;

revoke all on function public.work_queue(text,jsonb,jsonb,integer) from public, anon, authenticated, service_role;

grant execute on function public.work_queue(text,jsonb,jsonb,integer) to authenticated;

revoke all on function public.work_view_list() from public, anon, authenticated, service_role;

grant execute on function public.work_view_list() to authenticated;

revoke all on function public.workflow_list() from public, anon, authenticated, service_role;

grant execute on function public.workflow_list() to authenticated;

revoke all on public.calendar_days from public, anon, authenticated, service_role;

grant select on public.calendar_days to authenticated;

revoke all on public.calendar_hours from public, anon, authenticated, service_role;

grant select on public.calendar_hours to authenticated;

revoke all on public.calendar_years from public, anon, authenticated, service_role;

grant select on public.calendar_years to authenticated;

revoke all on public.calendars from public, anon, authenticated, service_role;

grant select on public.calendars to authenticated;

revoke all on public.condition_limits from public, anon, authenticated, service_role;

grant select on public.condition_limits to authenticated;

revoke all on public.condition_milestones from public, anon, authenticated, service_role;

grant select on public.condition_milestones to authenticated;

revoke all on public.dispatch_rule_lists from public, anon, authenticated, service_role;

grant select on public.dispatch_rule_lists to authenticated;

revoke all on public.dispatch_rules from public, anon, authenticated, service_role;

grant select on public.dispatch_rules to authenticated;

revoke all on public.filing_conditions from public, anon, authenticated, service_role;

grant select on public.filing_conditions to authenticated;

revoke all on public.filing_controls from public, anon, authenticated, service_role;

grant select on public.filing_controls to authenticated;

revoke all on public.incident_clocks from public, anon, authenticated, service_role;

grant select on public.incident_clocks to authenticated;

revoke all on public.work_views from public, anon, authenticated, service_role;

grant select on public.work_views to authenticated;

revoke all on public.workflow_fields from public, anon, authenticated, service_role;

grant select on public.workflow_fields to authenticated;

revoke all on public.workflow_limits from public, anon, authenticated, service_role;

grant select on public.workflow_limits to authenticated;

revoke all on public.workflow_stages from public, anon, authenticated, service_role;

grant select on public.workflow_stages to authenticated;

revoke all on public.workflow_transitions from public, anon, authenticated, service_role;

grant select on public.workflow_transitions to authenticated;

revoke all on public.workflows from public, anon, authenticated, service_role;

grant select on public.workflows to authenticated;

-- Reports of before wait for a verification too. Nobody worked on them: neither version nor cursor moves.
alter table public.incidents disable trigger user;
update public.incidents i set to_verify = true
where i.stage = 'reported' and private.must_be_verified(i.workflow_code, i.state, i.channel);
alter table public.incidents enable trigger user;
