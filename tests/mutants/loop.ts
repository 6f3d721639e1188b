import { breaksOf } from './mutant.ts'

const test = (name: string): string => `supabase/tests/${name}.test.ts`

const guards = breaksOf(
  'migrations',
  [test('workflow')],
  [
    {
      name: 'a reporter verifies the own report',
      find: `WHEN ((p_incident).reported_by = auth.uid()) THEN 'not_reporter'::text`,
      replace: `WHEN false THEN 'not_reporter'::text`,
    },
    {
      name: 'what nobody verified is filed',
      find: `WHEN (p_incident).to_verify THEN 'verified'::text`,
      replace: `WHEN false THEN 'verified'::text`,
    },
    {
      name: 'an extension may be asked after the due time',
      find: `(failing_looks.p_at > d.due_at)`,
      replace: `false`,
    },
    {
      name: 'a case is held twice',
      find: `WHEN (p_incident).was_held THEN 'never_held'::text`,
      replace: `WHEN false THEN 'never_held'::text`,
    },
    {
      name: 'there is no last extension',
      find: `((failing_looks.p_incident).extensions < w.max_extensions)`,
      replace: `true`,
    },
    {
      name: 'the handling department checks its own handling',
      find: `AND (m.role = 'handler'::text) AND (m.department_code = (failing_looks.p_incident).department_code)`,
      replace: `AND false`,
    },
    {
      name: 'those who handled it check it after they left the department',
      find: `((l.kind = 'self_handled'::text) OR`,
      replace: `(false AND`,
    },
    {
      name: 'a case may be reopened for ever',
      find: `(failing_looks.p_at <= ((failing_looks.p_incident).closed_at`,
      replace: `(true OR failing_looks.p_at <= ((failing_looks.p_incident).closed_at`,
    },
  ],
)

const engine = breaksOf(
  'migrations',
  [test('workflow')],
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
      find: `perform private.tell_children(v_after, p_step.actor, p_step.command_id, p_step.at, 'parent_closed',`,
      replace: `perform private.tell_children(v_after, p_step.actor, p_step.command_id, p_step.at, 'parent_closed_not',`,
      tests: [test('workflow')],
    },
    {
      name: 'those merged into a merged one stay behind',
      find: `update public.incidents i set parent_id = v_after.parent_id
    where i.district_code = v_before.district_code and i.parent_id = v_before.id;`,
      replace: `update public.incidents i set parent_id = i.parent_id
    where i.district_code = v_before.district_code and i.parent_id = v_before.id;`,
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
      find: `else c.runs + tstzmultirange(tstzrange(c.running_since, greatest(s.at, c.running_since))) end,`,
      replace: `else '{}' end,`,
    },
    {
      name: 'another department goes on with the clock of the one before',
      find: `not r.is_reached and c.department_code is not distinct from t.department_code and exists (`,
      replace: `not r.is_reached and exists (`,
    },
    {
      name: 'a clock starts with the second',
      find: `date_trunc('minute', t.at) as at, 'grant_extension'`,
      replace: `t.at, 'grant_extension'`,
    },
    {
      name: 'an extension adds its time to milestones too',
      find: `c.extensions + (s.runs and s.is_extended and c.kind <> 'milestone')::integer`,
      replace: `c.extensions + (s.runs and s.is_extended)::integer`,
    },
    {
      name: 'a reached milestone runs on',
      find: `select c.is_reached or c.stopped_at is null and coalesce(c.milestone = t.reached, false) as is_reached`,
      replace: `select c.is_reached as is_reached`,
    },
    {
      name: 'a hold ends when somebody comes, not when it was due',
      find: `perform private.turn_clocks(array[(v_new, '{}', null, v_old.hold_until)::private.clock_turn]);`,
      replace: `perform private.turn_clocks(array[(v_new, '{}', null, p_at)::private.clock_turn]);`,
    },
    {
      name: 'a clock on hold runs',
      find: `(NOT (wanted_clocks.p_incident).on_hold)`,
      replace: `true`,
    },
    {
      name: 'a change of category keeps the old limit',
      find: `cross join lateral (select coalesce(l.amount, x.amount) as amount,`,
      replace: `cross join lateral (select x.amount as amount,`,
    },
    {
      name: 'a moved clock says nothing in the log',
      find: `if v_due is distinct from p_before then`,
      replace: `if false then`,
    },
  ],
)

const pageOfIncident = breaksOf(
  'migrations',
  [test('incident-page')],
  [
    {
      name: 'the family shows children outside the scope',
      find: 'where i.district_code = $1 and i.parent_id = $3 and %1$s',
      replace: 'where i.district_code = $1 and i.parent_id = $3',
    },
    {
      name: 'the log says roles of today',
      find: 'where m.user_id = e.actor and private.is_valid(m.valid_from, m.valid_to, e.at)',
      replace: 'where m.user_id = e.actor and private.is_valid(m.valid_from, m.valid_to, now())',
    },
    {
      name: 'rejected and merged incidents count as recurrences',
      find: "and i.stage not in ('rejected', 'merged') and %s $q$",
      replace: 'and %s $q$',
    },
  ],
)

const judging = breaksOf(
  'migrations',
  [test('rates')],
  [
    {
      name: 'held incidents stay in the rates',
      find: 'with verdicts as materialized (%s), v as (\n      select * from verdicts where not on_hold',
      replace: 'with verdicts as materialized (%s), v as (\n      select * from verdicts',
    },
    {
      name: 'held incidents stay in the rates of the boards',
      find: 'with verdicts as materialized (%1$s), v as (\n      select * from verdicts where not on_hold',
      replace: 'with verdicts as materialized (%1$s), v as (\n      select * from verdicts',
      tests: [test('evaluations')],
    },
    {
      name: 'a clock that rests is never late',
      find: 'WHEN ((p_due_at < p_at) OR (p_used_seconds > p_limit_seconds)) THEN 2',
      replace: 'WHEN (p_due_at < p_at) THEN 2',
    },
    {
      name: 'a case that is over forgets what its clocks said',
      find: "when tg_op = 'UPDATE' and not private.is_open(new.stage) then private.lateness_of(new) end",
      replace: 'when false then private.lateness_of(new) end',
    },
    {
      name: 'a department answers for the one before it',
      find: `c.kind <> 'handle' or c.department_code is not distinct from i.department_code`,
      replace: 'true',
    },
  ],
)

export const loopMutants = [...guards, ...engine, ...clocks, ...pageOfIncident, ...judging]
