import { breaksOf } from './mutant.ts'

const test = (name: string): string => `supabase/tests/${name}.test.ts`

const guards = breaksOf(
  'migrations',
  [test('workflow-model')],
  [
    {
      name: 'a guard looks at who reported, and lets the reporter verify',
      find: `when 'not_reporter' then return p_incident.reported_by is distinct from auth.uid();`,
      replace: `when 'not_reporter' then return true;`,
    },
    {
      name: 'every channel is trusted',
      find: `when 'verified' then return (select w.trusted_channels is null or p_incident.channel = any (w.trusted_channels)`,
      replace: `when 'verified' then return (select true`,
    },
    {
      name: 'a step that waits for a decision stops nothing',
      find: `when 'nothing_pending' then return p_incident.pending is null;`,
      replace: `when 'nothing_pending' then return true;`,
    },
    {
      name: 'an extension may be asked after the due time',
      find: `when 'in_time' then return p_incident.due_at is null or p_at <= p_incident.due_at;`,
      replace: `when 'in_time' then return true;`,
      tests: [test('workflow')],
    },
    {
      name: 'there is no last extension',
      find: `when 'extension_left' then return p_incident.extensions <`,
      replace: `when 'extension_left' then return -1 <`,
      tests: [test('workflow')],
    },
    {
      name: 'the handling department checks its own handling',
      find: `where m.user_id = auth.uid() and m.role = 'handler' and m.department_code = p_incident.department_code
          and private.is_valid(m.valid_from, m.valid_to, p_at))
      and not exists (`,
      replace: `where false)
      and not exists (`,
      tests: [test('workflow')],
    },
    {
      name: 'those who handled it check it after they left the department',
      find: `and (l.kind = 'self_handled' or l.stage_to = 'handled' and l.stage_from <> 'handled'));`,
      replace: `and l.kind = 'none');`,
      tests: [test('workflow')],
    },
    {
      name: 'a case may be reopened for ever',
      find: `when 'reopen_window' then return p_at <= p_incident.closed_at + make_interval(days =>`,
      replace: `when 'reopen_window' then return p_at is not null or p_at <= p_incident.closed_at + make_interval(days =>`,
      tests: [test('workflow')],
    },
    {
      name: 'a case is held twice',
      find: `when 'never_held' then return not p_incident.was_held;`,
      replace: `when 'never_held' then return true;`,
    },
    {
      name: 'a controlled condition is filed all the same',
      find: `when 'not_controlled' then return (private.control_on(p_incident, p_at)).code is null;`,
      replace: `when 'not_controlled' then return true;`,
      tests: [test('workflow')],
    },
  ],
)

const engine = breaksOf(
  'migrations',
  [test('workflow-model')],
  [
    {
      name: 'a step on an older version goes through',
      find: `if v_incident.version <> v_base and exists (`,
      replace: `if false and exists (`,
    },
    {
      name: 'a choice takes the first of its transitions',
      find: `v_is_open := v_transition.choice_field is null
      or v_values ->> v_transition.choice_field is not distinct from v_transition.choice_value;`,
      replace: `v_is_open := true;`,
    },
    {
      name: 'a field nobody knows is taken',
      find: `  perform private.refuse_unknown_fields(p_payload, v_known);
  foreach v_transition in array v_open loop`,
      replace: `  foreach v_transition in array v_open loop`,
      tests: [test('workflow')],
    },
    {
      name: 'the log forgets the state before',
      find: `jsonb_build_object('name', v_name,
      'from', v_incident.state, 'to', v_new.state)`,
      replace: `jsonb_build_object('name', v_name,
      'from', v_new.state, 'to', v_new.state)`,
      tests: [test('workflow')],
    },
    {
      name: 'children stay open when their parent is closed',
      find: `perform private.tell_children(v_new, p_actor, p_command, p_at, 'parent_closed',`,
      replace: `perform private.tell_children(v_incident, p_actor, p_command, p_at, 'parent_closed_not',`,
      tests: [test('workflow')],
    },
    {
      name: 'those merged into a merged one stay behind',
      find: `update public.incidents i set parent_id = v_new.parent_id
    where i.district_code = v_incident.district_code and i.parent_id = v_incident.id;`,
      replace: `update public.incidents i set parent_id = i.parent_id
    where i.district_code = v_incident.district_code and i.parent_id = v_incident.id;`,
      tests: [test('workflow')],
    },
    {
      name: 'a removed state in use goes',
      find: `CREATE TRIGGER keep_used_state BEFORE DELETE OR UPDATE ON`,
      replace: `CREATE TRIGGER keep_used_state BEFORE UPDATE OF sort ON`,
      tests: [test('workflow-rows')],
    },
  ],
)

const clocks = breaksOf(
  'migrations',
  [test('clocks')],
  [
    {
      name: 'a warning comes at half the limit',
      find: `make_interval(secs => (((l.seconds * 0.75) - u.seconds))::double precision))`,
      replace: `make_interval(secs => (((l.seconds * 0.5) - u.seconds))::double precision))`,
    },
    {
      name: 'rework starts its time anew',
      find: `set runs = c.runs + tstzmultirange(tstzrange(c.running_since, greatest(p_at, c.running_since))),`,
      replace: `set runs = '{}',`,
    },
    {
      name: 'another department goes on with the clock of the one before',
      find: `and (c.is_reached or c.department_code is not distinct from p_incident.department_code));`,
      replace: `);`,
    },
    {
      name: 'a clock starts with the second',
      find: `  v_at constant timestamptz := date_trunc('minute', p_at);
begin
  if 'milestone' = any (p_effects) then`,
      replace: `  v_at constant timestamptz := p_at;
begin
  if 'milestone' = any (p_effects) then`,
    },
    {
      name: 'an extension adds its time to milestones too',
      find: `and c.running_since is not null and c.kind <> 'milestone';`,
      replace: `and c.running_since is not null;`,
    },
    {
      name: 'a reached milestone runs on',
      find: `update public.incident_clocks c set is_reached = true`,
      replace: `update public.incident_clocks c set is_reached = false`,
    },
    {
      name: 'a hold ends when somebody comes, not when it was due',
      find: `v_new := private.turn_clocks(v_old, v_new, '{resume}', '{}', v_old.hold_until);`,
      replace: `v_new := private.turn_clocks(v_old, v_new, '{resume}', '{}', p_at);`,
    },
    {
      name: 'a clock on hold runs',
      find: `and private.is_open(p_incident.stage) and not p_incident.on_hold
$`,
      replace: `and private.is_open(p_incident.stage)
$`,
    },
    {
      name: 'a change of category keeps the old limit',
      find: `cross join lateral (select coalesce(l.amount, x.amount) as amount,`,
      replace: `cross join lateral (select x.amount as amount,`,
    },
    {
      name: 'a moved clock says nothing in the log',
      find: `if p_new.due_at is distinct from p_old.due_at then`,
      replace: `if false then`,
    },
  ],
)

export const loopMutants = [...guards, ...engine, ...clocks]
