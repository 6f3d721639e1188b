-- Workflows as rows; incidents move by transitions.
-- The present text with its reasons is in supabase/schemas.

drop function private.append_log(public.incidents,uuid,uuid,timestamp with time zone,text,text,jsonb,jsonb);

alter table public.categories add column workflow_code text not null default 'event';

create table public.workflows (
  code text primary key check (code ~ '^[a-z0-9_]{1,40}$'),
  name_zh text not null,
  name_en text not null,
  first_state text not null,
  -- reports of all other channels are verified before they are filed; null: none are
  trusted_channels text[] default '{app}',
  -- after closing
  reopen_days integer not null default 30 check (reopen_days between 0 and 3650),
  max_extensions integer not null default 2 check (max_extensions between 0 and 9),
  sort integer not null default 0
);

create table public.workflow_stages (
  workflow text not null references public.workflows (code) on delete cascade,
  code text not null check (code ~ '^[a-z0-9_]{1,40}$'),
  stage text not null check (stage = any (private.stage_codes())),
  -- which limit runs here
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
  -- of several under one name the first whose choice and guards hold is taken
  sort integer not null default 0,
  -- null: stays
  to_state text,
  -- `handler`: of the incident's department; `reporter`: who reported it
  roles text[] not null check (roles <> '{}' and
    roles <@ '{field_staff,handler,grid_manager,leader,admin,reporter}'::text[]),
  guards text[] not null default '{}',
  effects text[] not null default '{}',
  -- moves on only when every transition of this gate was taken
  gate text,
  -- taken when the field has this value
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
  -- required when the filing condition wants photos after, or when the category has several conditions
  required_when text check (required_when in ('after_photos', 'several_conditions')),
  -- of a choice
  choices text[],
  -- of a whole number; of a text the most characters
  least integer,
  most integer,
  label_zh text not null,
  label_en text not null,
  sort integer not null default 0,
  primary key (workflow, transition, name),
  check ((kind = 'choice') = (choices is not null))
);

-- A filing condition turns a report into a case and gives it limits and a department. Several per category.
create table public.filing_conditions (
  code text primary key check (code ~ '^[a-z0-9_]{1,80}$'),
  category_code text not null references public.categories (code),
  name_zh text not null check (length(name_zh) between 1 and 500),
  name_en text not null check (length(name_en) between 1 and 500),
  -- when it counts as put right
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
  -- null: everywhere
  area_code text references public.areas (code),
  -- with all below it; null: all
  category_code text references public.categories (code),
  -- 1 is Monday, 7 is Sunday
  weekdays smallint[] not null default '{1,2,3,4,5,6,7}'
    constraint filing_controls_weekdays_check
      check (weekdays <> '{}' and weekdays <@ '{1,2,3,4,5,6,7}'::smallint[]),
  -- minutes after midnight by the city's clocks; the end is excluded
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
    ('milestone', 2, '{dispatched}', null, '{handler}', '{}', '{milestone}', null, null, 'neutral', false,
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
 LANGUAGE sql
 SET search_path TO ''
AS $function$
  with stored as (
    insert into public.incidents (district_code, id, category_code, area_code, severity, lon, lat,
      qx, qy, description, address_label, reported_at, device_at, month, reported_by,
      workflow_code, stage, state, state_since, condition_code, self_handled, closed_at)
    select r.district_code, r.id, r.category_code, r.area_code, r.severity, r.lon, r.lat,
      r.qx, r.qy, r.description, r.address_label, r.at, r.device_at,
      date_trunc('month', r.at at time zone city.time_zone)::date, r.actor,
      w.code, case when r.condition_code is null then 'reported' else 'closed' end,
      case when r.condition_code is null then w.first_state else private.first_state_of(w.code, 'closed') end,
      r.at, r.condition_code, r.condition_code is not null,
      case when r.condition_code is not null then r.at end
    from unnest(p_reports) r
    join public.categories c on c.code = r.category_code
    join public.workflows w on w.code = c.workflow_code
    cross join public.city_settings city
  ), logged as (
    insert into public.incident_log
      (district_code, incident_id, seq, at, actor, kind, stage_from, stage_to, note, data, command_id)
    select r.district_code, r.id, 1, r.at, r.actor, 'reported', null, 'reported', '', r.data, r.command_id
    from unnest(p_reports) r
    union all
    select r.district_code, r.id, 2, r.at, r.actor, 'self_handled', 'reported', 'closed',
      coalesce(r.handled_note, ''), private.log_data(null, r.at, r.handled_photos,
        jsonb_build_object('condition', r.condition_code)), r.command_id
    from unnest(p_reports) r where r.condition_code is not null
  )
  select 1;
  select private.store_photos(array_agg((r.district_code, r.id, p.seq, r.actor, r.command_id, r.at, p.photos)
    ::private.brought_photos order by p.seq))
  from unnest(p_reports) r
  cross join lateral (values (1, r.photos), (2, r.handled_photos)) as p (seq, photos)
  where p.photos <> '[]'
  having count(*) > 0
$function$;

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
  update public.incidents i set category_code = v_new.category_code, workflow_code = v_new.workflow_code,
    state = v_new.state, passed = v_new.passed, condition_code = v_new.condition_code, lon = v_new.lon, lat = v_new.lat,
    area_code = v_new.area_code, qx = v_new.qx, qy = v_new.qy, description = v_new.description,
    severity = v_new.severity, address_label = v_new.address_label
  where i.district_code = v_incident.district_code and i.id = v_incident.id
  returning i.version into v_version;
  perform private.append_log(v_incident, p_actor, p_command, p_at, 'corrected', '',
    private.log_data(private.payload_instant(p_payload, 'deviceAt'), p_at, '[]',
      jsonb_strip_nulls(jsonb_build_object('changes', v_diff, 'areaCode',
        case when v_new.area_code <> v_incident.area_code
          then jsonb_build_array(v_incident.area_code, v_new.area_code) end))), '[]');
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

CREATE OR REPLACE FUNCTION private.incident_row(i public.incidents)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
  select jsonb_build_object(
    'id', (i).id, 'districtCode', (i).district_code, 'categoryCode', (i).category_code,
    'areaCode', (i).area_code, 'departmentCode', (i).department_code, 'stage', (i).stage,
    'onHold', (i).on_hold, 'severity', (i).severity, 'lon', (i).lon, 'lat', (i).lat,
    'description', (i).description, 'addressLabel', (i).address_label,
    'reportedAt', (i).reported_at, 'closedAt', (i).closed_at, 'channel', (i).channel,
    'version', (i).version, 'workflowCode', (i).workflow_code, 'state', (i).state,
    'stateSince', (i).state_since, 'dueAt', (i).due_at, 'warnAt', (i).warn_at, 'pending', (i).pending,
    'holdUntil', (i).hold_until, 'supervision', (i).supervision, 'replyBy', (i).reply_by,
    'rework', (i).rework, 'reopened', (i).reopened, 'extensions', (i).extensions,
    'selfHandled', (i).self_handled)
$function$;

CREATE OR REPLACE FUNCTION private.incident_detail(p_id uuid)
 RETURNS jsonb
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO ''
 SET "TimeZone" TO 'UTC'
AS $function$
declare
  v_incident public.incidents;
  v_rights private.incident_rights;
begin
  execute format('select i.* from public.incidents i where i.id = $1 and %s order by i.district_code limit 1',
    private.scope_condition(private.resolve_scope(), 'i'))
  into v_incident using p_id;
  if v_incident.id is null then
    return null;
  end if;
  v_rights := private.rights_on(v_incident);
  return jsonb_build_object(
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
      'sourceId', v_incident.source_id),
    'photos', private.incident_photo_list(v_incident, auth.uid()),
    'canCorrect', v_rights.may_correct and private.is_open(v_incident.stage),
    'canNote', v_rights.may_note,
    'canAsk', v_rights.may_ask,
    'transitions', private.offered_transitions(v_incident, v_rights.acts_as, now()),
    'log', coalesce((
      select jsonb_agg(jsonb_build_object('seq', l.seq, 'at', l.at, 'kind', l.kind, 'actor', l.actor,
          'actorName', p.display_name, 'stageFrom', l.stage_from, 'stageTo', l.stage_to,
          'note', l.note, 'data', l.data) order by l.seq)
      from public.incident_log l
      left join public.profiles p on p.user_id = l.actor
      where l.district_code = v_incident.district_code and l.incident_id = v_incident.id), '[]'));
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
 RETURNS public.filing_controls
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_control public.filing_controls;
begin
  select f.* into v_control from public.filing_controls f
  cross join public.city_settings city
  cross join lateral (select p_at at time zone city.time_zone as at) local
  where f.is_active
    and extract(isodow from local.at) = any (f.weekdays)
    and extract(hour from local.at) * 60 + extract(minute from local.at) >= f.from_minute
    and extract(hour from local.at) * 60 + extract(minute from local.at) < f.to_minute
    and (f.category_code is null or exists (
      select from public.categories own, public.categories c
      where own.code = p_incident.category_code and c.code = f.category_code
        and private.is_within(own.path, c.path)))
    and (f.area_code is null or exists (
      select from public.areas own, public.areas a
      where own.code = p_incident.area_code and a.code = f.area_code and private.is_within(own.path, a.path)))
  order by f.code limit 1;
  return v_control;
end $function$;

CREATE OR REPLACE FUNCTION private.guard_names()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY['not_reporter'::text, 'verified'::text, 'not_controlled'::text, 'has_department'::text, 'nothing_pending'::text, 'extension_pending'::text, 'hold_pending'::text, 'in_time'::text, 'first_extension'::text, 'extension_left'::text, 'never_held'::text, 'held'::text, 'not_of_department'::text, 'reopen_window'::text, 'supervised'::text, 'not_supervised'::text];

CREATE OR REPLACE FUNCTION private.effect_names()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ARRAY['ask_extension'::text, 'grant_extension'::text, 'ask_hold'::text, 'drop_request'::text, 'hold'::text, 'resume'::text, 'rework'::text, 'reopen'::text, 'supervise'::text, 'reply'::text, 'milestone'::text];

CREATE OR REPLACE FUNCTION private.guard_holds(p_guard text, p_incident public.incidents, p_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
begin
  return case p_guard
    when 'not_reporter' then p_incident.reported_by is distinct from auth.uid()
    when 'verified' then (select w.trusted_channels is null or p_incident.channel = any (w.trusted_channels)
      from public.workflows w where w.code = p_incident.workflow_code)
    when 'not_controlled' then (private.control_on(p_incident, p_at)).code is null
    when 'has_department' then p_incident.department_code is not null
    when 'nothing_pending' then p_incident.pending is null
    when 'extension_pending' then p_incident.pending = 'extension'
    when 'hold_pending' then p_incident.pending = 'hold'
    when 'in_time' then p_incident.due_at is null or p_at <= p_incident.due_at
    when 'first_extension' then p_incident.extensions = 0
    when 'extension_left' then p_incident.extensions <
      (select w.max_extensions from public.workflows w where w.code = p_incident.workflow_code)
    when 'never_held' then not p_incident.was_held
    when 'held' then p_incident.on_hold
    when 'not_of_department' then not exists (
        select from public.memberships m
        where m.user_id = auth.uid() and m.role = 'handler' and m.department_code = p_incident.department_code
          and private.is_valid(m.valid_from, m.valid_to, p_at))
      and not exists (
        select from public.incident_log l
        where l.district_code = p_incident.district_code and l.incident_id = p_incident.id
          and l.actor = auth.uid()
          and (l.kind = 'self_handled' or l.stage_to = 'handled' and l.stage_from <> 'handled'))
    when 'reopen_window' then p_at <= p_incident.closed_at + make_interval(days =>
      (select w.reopen_days from public.workflows w where w.code = p_incident.workflow_code))
    when 'supervised' then p_incident.supervision is not null
    when 'not_supervised' then p_incident.supervision is null
  end;
end $function$;

CREATE OR REPLACE FUNCTION private.failing_guard(p_transition public.workflow_transitions, p_incident public.incidents, p_at timestamp with time zone)
 RETURNS text
 LANGUAGE plpgsql
 STABLE
 SET search_path TO ''
AS $function$
declare
  v_guard text;
begin
  if p_incident.on_hold and not p_transition.effects && '{resume,supervise,reply}' then
    return 'not_held';
  end if;
  if p_transition.gate is not null and p_transition.name = any (p_incident.passed) then
    return 'not_passed';
  end if;
  foreach v_guard in array p_transition.guards loop
    if private.guard_holds(v_guard, p_incident, p_at) is not true then
      return v_guard;
    end if;
  end loop;
  return null;
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
  return p_field.is_required or case p_field.required_when
    when 'after_photos' then coalesce((select c.needs_after_photos from public.filing_conditions c
      where c.code = p_incident.condition_code), false)
    when 'several_conditions' then 1 < (select count(*) from public.filing_conditions c
      where c.category_code = p_incident.category_code and c.is_active)
    else false end;
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
    when 'milestone' then v_text ~ '^[a-z0-9_]{1,40}$'
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
    v_control := private.control_on(p_incident, p_at);
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

CREATE OR REPLACE FUNCTION private.offered_transitions(p_incident public.incidents, p_roles text[], p_at timestamp with time zone)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  select coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'nameZh', t.name_zh, 'nameEn', t.name_en,
    'tone', t.tone, 'canUndo', t.can_undo, 'fields', (
      select coalesce(jsonb_agg(jsonb_build_object('name', f.name, 'kind', f.kind,
        'isRequired', private.is_field_required(f, p_incident), 'choices', f.choices, 'least', f.least,
        'most', f.most, 'labelZh', f.label_zh, 'labelEn', f.label_en) order by f.sort, f.name), '[]')
      from public.workflow_fields f where f.workflow = t.workflow and f.transition = t.name))
    order by t.sort, t.name collate "C"), '[]')
  from (
    select distinct on (o.name) o.* from private.open_transitions(p_incident, p_roles, p_at) o
    order by o.name, o.sort
  ) t
$function$;

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
            'least', f.least, 'most', f.most, 'labelZh', f.label_zh, 'labelEn', f.label_en)
            order by f.transition, f.sort, f.name), '[]')
          from public.workflow_fields f where f.workflow = w.code))
        order by w.sort, w.code), '[]')
      from public.workflows w),
    'conditions', (
      select coalesce(jsonb_agg(jsonb_build_object('code', c.code, 'categoryCode', c.category_code,
        'nameZh', c.name_zh, 'nameEn', c.name_en, 'closingZh', c.closing_zh, 'closingEn', c.closing_en,
        'departmentCode', c.department_code, 'needsAfterPhotos', c.needs_after_photos,
        'allowsSelfHandling', c.allows_self_handling) order by c.category_code, c.sort, c.code), '[]')
      from public.filing_conditions c where c.is_active),
    'controls', (
      select coalesce(jsonb_agg(jsonb_build_object('code', f.code, 'areaCode', f.area_code,
        'categoryCode', f.category_code, 'weekdays', f.weekdays, 'fromMinute', f.from_minute,
        'toMinute', f.to_minute, 'tipZh', f.tip_zh, 'tipEn', f.tip_en) order by f.code), '[]')
      from public.filing_controls f where f.is_active))
  from private.require_user()
$function$;

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

CREATE OR REPLACE FUNCTION private.turn_clocks(p_old public.incidents, p_new public.incidents, p_effects text[], p_values jsonb, p_at timestamp with time zone)
 RETURNS public.incidents
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
begin
  return p_new;
end $function$;

alter table public.categories add constraint categories_workflow_code_fkey FOREIGN KEY (workflow_code) REFERENCES public.workflows(code);

alter table public.incidents add constraint incidents_condition_code_fkey FOREIGN KEY (condition_code) REFERENCES public.filing_conditions(code);

alter table public.incidents add constraint incidents_parent_fkey FOREIGN KEY (district_code, parent_id) REFERENCES public.incidents(district_code, id);

alter table public.incidents add constraint incidents_state_fkey FOREIGN KEY (workflow_code, state) REFERENCES public.workflow_stages(workflow, code);

CREATE INDEX categories_workflow_idx ON public.categories USING btree (workflow_code);

CREATE INDEX incidents_condition_idx ON public.incidents USING btree (condition_code) WHERE (condition_code IS NOT NULL);

CREATE INDEX incidents_hold_idx ON public.incidents USING btree (hold_until) WHERE on_hold;

CREATE INDEX incidents_parent_idx ON public.incidents USING btree (district_code, parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX incidents_state_idx ON public.incidents USING btree (workflow_code, state);

CREATE CONSTRAINT TRIGGER check_workflow AFTER INSERT OR DELETE OR UPDATE ON public.workflow_fields DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.check_workflow('workflow');

CREATE CONSTRAINT TRIGGER check_workflow AFTER INSERT OR DELETE OR UPDATE ON public.workflow_stages DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.check_workflow('workflow');

CREATE TRIGGER keep_used_state BEFORE DELETE OR UPDATE ON public.workflow_stages FOR EACH ROW EXECUTE FUNCTION private.keep_used_state();

CREATE CONSTRAINT TRIGGER check_workflow AFTER INSERT OR DELETE OR UPDATE ON public.workflow_transitions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.check_workflow('workflow');

CREATE CONSTRAINT TRIGGER check_workflow AFTER INSERT OR UPDATE ON public.workflows DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION private.check_workflow('code');

create policy "Signed-in people see the filing conditions" on public.filing_conditions for select to authenticated using (true);

create policy "Signed-in people see where and when nothing is filed" on public.filing_controls for select to authenticated using (true);

create policy "Signed-in people see the fields of transitions" on public.workflow_fields for select to authenticated using (true);

create policy "Signed-in people see the stages of workflows" on public.workflow_stages for select to authenticated using (true);

create policy "Signed-in people see the transitions of workflows" on public.workflow_transitions for select to authenticated using (true);

create policy "Signed-in people see the workflows" on public.workflows for select to authenticated using (true);

revoke all on function private.workflow_list() from public, anon, authenticated, service_role;

grant execute on function private.workflow_list() to authenticated;

revoke all on function public.workflow_list() from public, anon, authenticated, service_role;

grant execute on function public.workflow_list() to authenticated;

revoke all on public.filing_conditions from public, anon, authenticated, service_role;

grant select on public.filing_conditions to authenticated;

revoke all on public.filing_controls from public, anon, authenticated, service_role;

grant select on public.filing_controls to authenticated;

revoke all on public.workflow_fields from public, anon, authenticated, service_role;

grant select on public.workflow_fields to authenticated;

revoke all on public.workflow_stages from public, anon, authenticated, service_role;

grant select on public.workflow_stages to authenticated;

revoke all on public.workflow_transitions from public, anon, authenticated, service_role;

grant select on public.workflow_transitions to authenticated;

revoke all on public.workflows from public, anon, authenticated, service_role;

grant select on public.workflows to authenticated;
