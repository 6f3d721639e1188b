import { reportCommand } from './harness/commands.ts'
import { people } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { farIncident, knownCommand, nearIncident, nearPhoto, nearTile } from './matrix-world.ts'

/** People who ask: everybody of the small city, and somebody not signed in. */
export const personas = [...(Object.keys(people) as Person[]), 'anon'] as const
export type Persona = (typeof personas)[number]

/** A number of rows (or what a function's result is counted as), or the SQLSTATE it fails with. */
export type Cell = number | string
export type Row = Record<Persona, Cell>

const denied = '42501'

/** One row of the matrix, in the order of `personas`; anon is always denied. */
function row(
  admin: Cell,
  leader: Cell,
  manager: Cell,
  otherManager: Cell,
  field: Cell,
  handler: Cell,
  stranger: Cell,
): Row {
  return { admin, leader, manager, otherManager, field, handler, stranger, anon: denied }
}
const everyone = (cell: Cell): Row => row(cell, cell, cell, cell, cell, cell, cell)
export const nobody: Row = everyone(denied)

const visibleIncidents = row(6, 6, 3, 3, 2, 2, 1)

/** Rows each persona reads from each relation. Writing is denied to all of them, on all of them. */
export const readable: Record<string, Row> = {
  'public.city_settings': everyone(1),
  'public.areas': everyone(6),
  'public.departments': everyone(10),
  'public.categories': everyone(74),
  // admin and leader see everybody with a membership; the stranger has none
  'public.profiles': row(6, 6, 2, 1, 1, 1, 1),
  'public.memberships': row(6, 1, 2, 1, 1, 1, 0),
  'public.incidents': visibleIncidents,
  'public.incident_work': visibleIncidents,
  'public.incident_log': row(7, 7, 4, 3, 3, 2, 1),
  'public.commands': row(0, 0, 1, 0, 2, 0, 0),
  // the checked one of incident 1 by who sees that, both by who took them
  'public.incident_photos': row(1, 1, 1, 0, 2, 0, 0),
  'public.photo_checks': row(0, 0, 0, 0, 1, 0, 0),
  'public.workflows': everyone(3),
  'public.workflow_stages': everyone(30),
  'public.workflow_transitions': everyone(155),
  'public.workflow_fields': everyone(114),
  'public.filing_conditions': everyone(76),
  'public.filing_controls': everyone(1),
  'public.calendars': everyone(1),
  'public.calendar_hours': everyone(0),
  'public.calendar_days': everyone(0),
  'public.calendar_years': everyone(0),
  'public.workflow_limits': everyone(16),
  'public.condition_limits': everyone(21),
  'public.condition_milestones': everyone(8),
  'public.incident_clocks': everyone(0),
  'public.work_views': everyone(0),
  'public.dispatch_rule_lists': everyone(0),
  'public.dispatch_rules': everyone(0),
  'public.follow_ups': everyone(0),
  'public.finding_dismissals': everyone(0),
  'public.callback_draws': everyone(0),
  'public.callbacks': everyone(0),
  'public.ratings': everyone(0),
  'public.rating_words': everyone(0),
  'public.appeals': everyone(0),
  'public.evaluation_formulas': everyone(0),
  'public.surveys': everyone(0),
  'public.survey_items': everyone(0),
  'public.survey_waves': everyone(0),
  'public.survey_results': everyone(0),
  'public.rating_targets': everyone(0),
  'public.publications': everyone(1),
  'public.import_mappings': row(1, 0, 0, 0, 0, 0, 0),
  'private.area_doubts': nobody,
  'private.resting_indexes': nobody,
  'private.shard_moves': nobody,
  'private.publication_acts': nobody,
  'private.publication_counts': nobody,
  'private.publication_months': nobody,
  'private.publication_settings': nobody,
  'private.calendar_covers': nobody,
  'private.calendar_spans': nobody,
  'private.calendar_workdays': nobody,
  'private.incident_moves': nobody,
  'private.role_rights': nobody,
  'private.case_counters': nobody,
  'private.draw_secrets': nobody,
  'private.reopenings': nobody,
  'private.rating_links': nobody,
  'private.rating_devices': nobody,
}

/** Sequences nobody may touch. */
export const sequences = ['public.areas_idx_seq', 'public.categories_idx_seq']

interface Call {
  /** Gives one number. `fn` is the function's name, `persona` whoever calls. */
  sql: (fn: string, persona: Persona) => string
  expected: Row
}

const list = (args: string, expected: Row): Call => ({
  sql: (fn) => `select jsonb_array_length(${fn}(${args}))`,
  expected,
})
const array = (args: string, expected: Row): Call => ({
  sql: (fn) => `select cardinality(${fn}(${args}))`,
  expected,
})

function apply(fn: string, persona: Persona): string {
  const actor = persona === 'anon' ? people.stranger : people[persona]
  const body = JSON.stringify([reportCommand(actor, { lon: 12.5 })])
  return `select count(*) from jsonb_array_elements(${fn}('${body}'::json)) r where r ->> 'outcome' = 'applied'`
}

/** The functions of the API: each is there in `public` for clients and in `private` for the work. */
const api: Record<string, Call> = {
  'session_context()': {
    sql: (fn) => `select jsonb_array_length(${fn}() -> 'memberships')`,
    expected: row(1, 1, 1, 1, 1, 1, 0),
  },
  'area_list()': list('', everyone(6)),
  'area_features(text)': {
    sql: (fn) => `select jsonb_array_length(${fn}('grid') -> 'features')`,
    expected: everyone(3),
  },
  'category_list()': list('', everyone(74)),
  'department_list()': list('', everyone(10)),
  'workflow_list()': {
    sql: (fn) => `select jsonb_array_length(${fn}() -> 'workflows')`,
    expected: everyone(3),
  },
  'incident_months()': {
    sql: (fn) =>
      `select coalesce(sum((m ->> 'count')::int), 0) from jsonb_array_elements(${fn}() -> 'months') m`,
    expected: visibleIncidents,
  },
  'incident_columns(text[])': {
    sql: (fn) =>
      `select sum((m ->> 'count')::int) from jsonb_array_elements(${fn}('{2026-03,2026-04}')) m`,
    expected: visibleIncidents,
  },
  'changes_since(text)': {
    // months that changed since the beginning of this database
    sql: (fn) =>
      `select jsonb_array_length(${fn}((split_part(public.incident_months() ->> 'cursor', '.', 1)) || '.0') -> 'months')`,
    expected: row(2, 2, 1, 1, 2, 2, 1),
  },
  'incident_points(integer,integer,integer,jsonb)': {
    sql: (fn) =>
      `select (${fn}(${nearTile.z}, ${nearTile.x}, ${nearTile.y}, '{}') ->> 'total')::int`,
    expected: row(1, 1, 1, 0, 1, 0, 0),
  },
  'incident_list(jsonb,text,jsonb,integer)': {
    sql: (fn) => `select jsonb_array_length(${fn}('{}', 'reported_desc', null, 200) -> 'rows')`,
    expected: visibleIncidents,
  },
  'incident_search(text,integer)': {
    // one of the incidents of March
    sql: (fn) => `select jsonb_array_length(${fn}('2026-1', 8) -> 'rows')`,
    expected: row(1, 1, 1, 0, 1, 0, 0),
  },
  'incident_detail(uuid)': {
    sql: (fn) => `select count(${fn}('${farIncident}'))`,
    expected: row(1, 1, 0, 1, 0, 0, 0),
  },
  // nothing was moved
  'incident_moved(uuid)': {
    sql: (fn) => `select count(${fn}('${farIncident}'))`,
    expected: everyone(0),
  },
  // the field staff of its grid, for who may send it to verify
  'assignable_people(uuid,text)': list(`'${nearIncident}', null`, row(1, 0, 1, 0, 0, 0, 0)),
  'open_incidents(jsonb,integer)': {
    sql: (fn) => `select jsonb_array_length(${fn}(null, 500) -> 'rows')`,
    expected: visibleIncidents,
  },
  'work_queue(text,jsonb,jsonb,integer)': {
    sql: (fn) => `select jsonb_array_length(${fn}('to_verify', '{}', null, 200) -> 'rows')`,
    // a handler's queues are others; the stranger has none
    expected: row(0, denied, 0, 0, 0, denied, denied),
  },
  'work_counts()': {
    sql: (fn) => `select jsonb_array_length(${fn}() -> 'queues')`,
    expected: row(8, 5, 8, 8, 3, 5, 0),
  },
  'field_tasks(integer)': {
    sql: (fn) => `select jsonb_array_length(${fn}(200) -> 'rows')`,
    // none of the world's incidents waits on foot
    expected: row(0, 0, 0, 0, 0, 0, 0),
  },
  'calendar_notices()': {
    // a calendar without years lacks the present one, and from December the next too
    sql: (fn) => `select (jsonb_array_length(${fn}()) > 0)::int`,
    expected: row(1, 1, 1, 1, 0, 0, 0),
  },
  // the world's areas lie in their parents
  'area_notices()': list('', everyone(0)),
  'work_view_list()': list('', everyone(0)),
  'finding_marks()': {
    sql: (fn) => `select jsonb_array_length(${fn}() -> 'makesIn')`,
    expected: row(1, 1, 1, 1, 0, 0, 0),
  },
  'callback_sheet()': {
    sql: (fn) => `select jsonb_array_length(${fn}() -> 'drawsIn')`,
    expected: row(1, 1, 1, 1, 0, 0, 0),
  },
  // managers and field staff of the district, for who draws there
  'callback_people(text)': list(`'N-1'`, row(2, 2, 2, 0, 0, 0, 0)),
  'callback_draw_check(uuid)': {
    sql: (fn) => `select count(${fn}('${nearIncident}'))`,
    expected: everyone(0),
  },
  'rating_months(text)': {
    sql: (fn) => `select jsonb_array_length(${fn}(null) -> 'months')`,
    expected: everyone(0),
  },
  'rating_signs(integer)': {
    sql: (fn) => `select jsonb_array_length(${fn}(90) -> 'signs')`,
    expected: everyone(0),
  },
  'answered_columns(jsonb)': list(`'{"answers": ["solved"]}'`, everyone(0)),
  'rating_targets()': {
    sql: (fn) => `select (${fn}() ->> 'canEdit')::boolean::integer`,
    expected: row(1, 0, 0, 0, 0, 0, 0),
  },
  'rating_exclusions(jsonb)': {
    sql: (fn) => `select (${fn}('{}') ->> 'total')::integer`,
    expected: everyone(0),
  },
  'rating_comments(jsonb)': {
    sql: (fn) => `select (${fn}('{}') ->> 'total')::integer`,
    expected: everyone(0),
  },
  'asked_groups(jsonb,text)': {
    sql: (fn) => `select jsonb_array_length(${fn}('{}', 'grid') -> 'groups')`,
    expected: everyone(0),
  },
  'rating_columns(text[])': list(`'{2026-03}'`, everyone(1)),
  'survey_list()': {
    sql: (fn) => `select jsonb_array_length(${fn}() -> 'surveys')`,
    expected: row(0, 0, 0, 0, denied, denied, denied),
  },
  'survey_results(text,text)': list("'own', 'N'", row(0, 0, 0, 0, denied, denied, denied)),
  'evaluation_board(text,jsonb,text)': {
    sql: (fn) => `select jsonb_array_length(${fn}('areas', '{}', 'district') -> 'rows')`,
    expected: row(2, 2, 1, 1, 0, denied, denied),
  },
  'dispatch_rule_list()': {
    sql: (fn) => `select (${fn}() ->> 'version')::integer`,
    expected: row(0, 0, 0, 0, denied, denied, denied),
  },
  // no incident of the world is filed
  'proposed_dispatches(uuid[])': list(`'{${nearIncident}}'`, everyone(0)),
  'try_dispatch_rules(jsonb)': {
    sql: (fn) => `select jsonb_array_length(${fn}('[]') -> 'rules')`,
    expected: row(0, denied, 0, 0, denied, denied, denied),
  },
  'monthly_rates(jsonb)': {
    sql: (fn) => `select jsonb_array_length(${fn}('{}') -> 'months')`,
    expected: everyone(0),
  },
  // all of the world's incidents came by one channel
  'channel_counts(jsonb,text[])': list(`'{}', '{}'`, everyone(1)),
  'incident_rates(jsonb)': {
    // none of these incidents has a clock; rates are there for everybody, and count what they see
    sql: (fn) => `select (${fn}('{}') ->> 'counted')::int`,
    expected: everyone(0),
  },
  'my_day(integer)': {
    sql: (fn) => `select jsonb_array_length(${fn}(366) -> 'own')`,
    expected: row(0, 0, 0, 0, 2, 0, 1),
  },
  'command_receipts(uuid[])': {
    sql: (fn) =>
      `select jsonb_array_length(${fn}('{${knownCommand},00000000-0000-4000-9000-000000000000}'))`,
    expected: row(0, 0, 1, 0, 0, 0, 0),
  },
  'photo_to_read(uuid,text,text)': {
    sql: (fn) =>
      `select (${fn}('${people.field}', '${nearPhoto}', 'image/jpeg')::text::boolean)::integer`,
    expected: row(1, 1, 1, 0, 1, 0, 0),
  },
  'apply_commands(json)': { sql: apply, expected: row(1, 0, 1, 1, 1, 0, 0) },
}

/** Functions some may call, with what each persona gets. All others must be in `ownerOnly`. */
export const callable: Record<string, Call> = {
  ...Object.fromEntries(
    Object.entries(api).flatMap(([signature, call]) => [
      [`public.${signature}`, call],
      [`private.${signature}`, call],
    ]),
  ),
  // what policies ask: they answer for the caller alone
  'private.readable_boards()': array('', row(4, 4, 4, 4, 2, 1, 0)),
  'private.scope_area_codes(text[])': array('', row(6, 6, 3, 2, 1, 0, 0)),
  'private.scope_departments()': array('', row(0, 0, 0, 0, 0, 1, 0)),
  'private.member_area_codes()': array('', row(1, 1, 1, 1, 1, 0, 0)),
  // field staff: its grid, the district and the city around it
  'private.follow_up_area_codes()': array('', row(6, 6, 3, 2, 3, 0, 0)),
  'private.photo_object_to_read(text)': {
    sql: (fn) => `select ${fn}('${people.field}/${nearPhoto}.jpg')::integer`,
    expected: row(1, 1, 1, 0, 1, 0, 0),
  },
  'private.is_photo_checked(uuid,text,text)': {
    sql: (fn) => `select ${fn}('${people.field}', '${nearPhoto}', 'image/jpeg')::integer`,
    expected: everyone(1),
  },
  'private.columns_state(text)': {
    sql: (fn) => `select length(${fn}('') ->> 'scope')`,
    expected: everyone(64),
  },
  'private.incident_records(text[])': {
    sql: (fn) => `select coalesce(sum(m.count), 0)::integer from ${fn}('{2026-03,2026-04}') m`,
    expected: visibleIncidents,
  },
  'private.some_months(text[])': {
    sql: (fn) =>
      `select coalesce(sum((m ->> 'count')::int), 0) from jsonb_array_elements(${fn}('{2026-03,2026-04}')) m`,
    expected: visibleIncidents,
  },
  'private.scope_people()': array('', row(6, 6, 2, 1, 1, 1, 1)),
}

/** Functions a service beside the server may call. */
export const forService = [
  'private.offer_photo_check(uuid,text,text,integer,integer,integer,text,text)',
  'public.record_photo_check(uuid,text,text,integer,integer,integer,text,text)',
]

/** Functions that nobody but the owner, or a function of the owner's, may call. */
export const ownerOnly = [
  'private.delete_wave(uuid,jsonb,timestamp with time zone)',
  'private.import_survey(uuid,jsonb,timestamp with time zone)',
  'private.payload_column(jsonb,text,integer,text)',
  'private.store_survey(uuid,jsonb,boolean,timestamp with time zone)',
  'private.store_survey_items(text,jsonb)',
  'private.survey_rows(jsonb,integer)',
  'private.evaluation_board_at(text,jsonb,text,timestamp with time zone)',
  'private.fault_at(text,integer,text,text)',
  'private.formula_fault(text,text)',
  'private.may_edit_evaluations(uuid,timestamp with time zone)',
  'private.person_figures(text,jsonb,timestamp with time zone)',
  'private.place_figures(text,jsonb,text,timestamp with time zone)',
  'private.rate_sums(text)',
  'private.save_evaluation(uuid,jsonb,timestamp with time zone)',
  'private.score_names(text)',
  'private.answer_byte(boolean,boolean,integer,text,boolean)',
  'private.answer_choices()',
  'private.answer_condition(private.incident_filter)',
  'private.appeal_review(appeals,incidents,text[],uuid,timestamp with time zone)',
  'private.appealable(incidents,integer)',
  'private.asked_query(private.incident_scope)',
  'private.bare_words(text)',
  'private.call_bar(incidents,uuid,timestamp with time zone)',
  'private.callback_pool(text,date,date,text[],timestamp with time zone)',
  'private.callback_row(callbacks,uuid)',
  'private.carry_to_appeals()',
  'private.carry_to_ratings()',
  'private.clock_lateness(timestamp with time zone,numeric,numeric,timestamp with time zone)',
  'private.draw_callbacks(uuid,jsonb,timestamp with time zone)',
  'private.draw_list(uuid)',
  'private.draw_score(text,uuid,integer)',
  'private.follow_unsolved(incidents,uuid,uuid,timestamp with time zone)',
  'private.incident_appeals(incidents,private.incident_rights,timestamp with time zone)',
  'private.incident_feedback(incidents,private.incident_rights,timestamp with time zone)',
  'private.closing_of(text,uuid)',
  'private.is_of_department(uuid,text,timestamp with time zone)',
  'private.issue_rating_link(uuid,timestamp with time zone)',
  'private.keep_closed(uuid,uuid,jsonb,timestamp with time zone)',
  'private.lateness_of(incidents)',
  'private.local_month(timestamp with time zone)',
  'private.lock_callback(uuid,jsonb,timestamp with time zone)',
  'private.make_appeal(uuid,uuid,jsonb,timestamp with time zone)',
  'private.make_draw_secret()',
  'private.mark_rating_change()',
  'private.may_draw(text,uuid,timestamp with time zone)',
  'private.note_callback(uuid,uuid,jsonb,timestamp with time zone)',
  'private.page_spans(jsonb,timestamp with time zone)',
  'private.name_pattern()',
  'private.found_incidents(date[],text)',
  'private.pack_incidents(date[],text)',
  'private.payload_callers(jsonb)',
  'private.payload_flag(jsonb,text)',
  'private.random_token()',
  'private.rate(uuid,uuid,jsonb,timestamp with time zone)',
  'private.rate_by_link(text,text,timestamp with time zone)',
  'private.rated_until(incidents)',
  'private.rating_link_of(text,timestamp with time zone)',
  'private.rating_link_page(text,timestamp with time zone)',
  'private.refuse_rating(incidents,integer,timestamp with time zone)',
  'private.review_appeal(uuid,uuid,jsonb,timestamp with time zone)',
  'private.set_rating_target(uuid,jsonb,timestamp with time zone)',
  'private.settle_unsolved()',
  'private.spread_callbacks(uuid,uuid[],timestamp with time zone)',
  'private.store_rating(incidents,text,uuid,text,uuid,jsonb,timestamp with time zone)',
  'private.clear_demo_ratings()',
  'private.make_demo_ratings(jsonb)',
  'private.dismiss_finding(uuid,jsonb,timestamp with time zone)',
  'private.finish_follow_up(uuid,jsonb,timestamp with time zone)',
  'private.follow_up_roles(text,text,uuid,timestamp with time zone)',
  'private.make_follow_up(uuid,jsonb,timestamp with time zone)',
  'private.mark_finding(uuid,text,jsonb,timestamp with time zone)',
  'private.payload_day(jsonb,text)',
  'private.payload_filled(jsonb,text,integer)',
  'private.payload_marked_category(jsonb)',
  'private.refuse_marking(text,uuid,timestamp with time zone)',
  'private.restore_finding(uuid,jsonb,timestamp with time zone)',
  'private.delete_view(uuid,jsonb,timestamp with time zone)',
  'private.fitting_rules(dispatch_rules[],timestamp with time zone,timestamp with time zone)',
  'private.is_handler_of(uuid,text,timestamp with time zone)',
  'private.may_delete_view(work_views,uuid,timestamp with time zone)',
  'private.may_edit_rules(uuid,timestamp with time zone)',
  'private.rule_areas(uuid,timestamp with time zone)',
  'private.rule_content(dispatch_rules)',
  'private.refuse_foreign_rules(dispatch_rules[],text[])',
  'private.present_rules()',
  'private.proposed_dispatch(incidents,timestamp with time zone)',
  'private.read_dispatch_rule(jsonb,integer,timestamp with time zone)',
  'private.read_dispatch_rules(jsonb,timestamp with time zone)',
  'private.refuse_stale_view(work_views)',
  'private.hour_fits(smallint[],smallint,smallint,integer,integer)',
  'private.path_fits(text,text)',
  'private.save_dispatch_rules(uuid,jsonb,timestamp with time zone)',
  'private.save_view(uuid,jsonb,timestamp with time zone)',
  'private.add_note(uuid,uuid,jsonb,timestamp with time zone)',
  'private.add_photo(uuid,uuid,jsonb,timestamp with time zone)',
  'private.after_transition(incidents,workflow_transitions,jsonb,timestamp with time zone)',
  'private.append_entries(private.log_entry[])',
  'private.append_log(incidents,uuid,uuid,timestamp with time zone,text,text,jsonb,jsonb,text,text)',
  'private.apply_commands_at(json,timestamp with time zone,boolean)',
  'private.area_revision()',
  'private.count_publication_months(date,date,text)',
  'private.path_at_level(text,text)',
  'private.areas_of_points(double precision[],double precision[])',
  'private.base64(bytea)',
  'private.case_number(integer,integer)',
  'private.begin_demo_incidents(jsonb)',
  'private.check_call(json)',
  'private.check_category(text)',
  'private.check_workflow()',
  'private.city_today()',
  'private.clear_demo_incidents()',
  'private.close_missing_areas(text,text[])',
  'private.confirm_duplicate(uuid,uuid,jsonb,timestamp with time zone)',
  'private.control_on(incidents,timestamp with time zone)',
  'private.correct_incident(uuid,uuid,jsonb,timestamp with time zone)',
  'private.corrected_incident(incidents,jsonb)',
  'private.correction_changes(incidents,incidents)',
  'private.cursor_at(bigint)',
  'private.data_as_of()',
  'private.demo_dates()',
  'private.draw_case_numbers(integer[])',
  'private.effect_names()',
  'private.failing_guard(workflow_transitions,incidents,timestamp with time zone)',
  'private.fails_call(text)',
  'private.field_row(incidents,uuid)',
  'private.filter_condition(private.incident_filter)',
  'private.handling_condition(private.incident_filter)',
  'private.open_condition(private.incident_filter)',
  'private.filter_day(jsonb,text)',
  'private.filter_flag(jsonb,text)',
  'private.filter_list(jsonb,text)',
  'private.first_state_of(text,text)',
  'private.guard_names()',
  'private.has_right(text,timestamp with time zone)',
  'private.import_areas(text,jsonb,jsonb,boolean)',
  'private.import_incident_id(text,text)',
  'private.import_incidents(text,json,boolean)',
  'private.rest_indexes(text,integer)',
  'private.wake_index()',
  'private.begin_shard_move(text,uuid)',
  'private.continue_shard_move(integer)',
  'private.change_keys(uuid[],text[],text[])',
  'private.keyed_tables()',
  'private.shard_level_fault(text)',
  'private.shard_state()',
  'private.incident_photo_list(incidents,uuid)',
  'private.incident_row(incidents,incident_work)',
  'private.incident_words(text,text)',
  'private.instant(text)',
  'private.is_blank(text)',
  'private.is_field_required(workflow_fields,incidents)',
  'private.is_open(text)',
  'private.is_uuid(text)',
  'private.is_valid(date,date,date)',
  'private.is_valid(timestamp with time zone,timestamp with time zone,timestamp with time zone)',
  'private.is_within(text,text)',
  'private.judge_command(json,private.command_envelope,uuid,boolean,timestamp with time zone,boolean)',
  'private.keep_used_state()',
  'private.level_rank(text)',
  'private.list_order(text)',
  'private.lock_incident(jsonb,timestamp with time zone,boolean)',
  'private.lock_parent(incidents,uuid,timestamp with time zone)',
  'private.log_data(timestamp with time zone,timestamp with time zone,jsonb,jsonb)',
  'private.log_line(incident_log,uuid)',
  'private.mark_incident_change()',
  'private.may_be_assigned(uuid,text,text,timestamp with time zone)',
  'private.missing_photos(uuid,text[])',
  'private.month_list(private.incident_scope,date[])',
  'private.month_revision(bigint,bigint,numeric)',
  'private.offer_photo_check(uuid,text,text,integer,integer,integer,text,text)',
  'private.offered_transitions(incidents,text[],timestamp with time zone)',
  'private.open_transitions(incidents,text[],timestamp with time zone,text)',
  'private.parse_filter(jsonb)',
  'private.parse_payload(text)',
  'private.payload_instant(jsonb,text)',
  'private.payload_number(jsonb,text,boolean,numeric,numeric)',
  'private.payload_photos(jsonb,boolean)',
  'private.payload_text(jsonb,text,boolean,integer)',
  'private.payload_uuid(jsonb,text)',
  'private.payload_whole(jsonb,text,boolean,numeric,numeric)',
  'private.payload_word(jsonb,text,text[])',
  'private.photo_fault(jsonb)',
  'private.photo_hashes(jsonb)',
  'private.photos_to_read(uuid[],text[],text[])',
  'private.newest_report()',
  'private.newest_hits(tsquery,text,integer)',
  'private.place_incident(double precision,double precision)',
  'private.own_queues(text)',
  'private.area_condition(text[])',
  'private.must_be_verified(text,text,text)',
  'private.verify_again()',
  'private.failing_row_guards(incidents,timestamp with time zone)',
  'private.failing_looks(incidents,text[],timestamp with time zone)',
  'private.looking_guards()',
  'private.bar_of(text[],text,text,boolean,text[])',
  'private.queue_rows(text[],uuid[],timestamp with time zone)',
  'private.queue_rules()',
  'private.has_earlier_at_spot(incidents)',
  'private.is_counted(text)',
  'private.note_repeat()',
  'private.rate_rules()',
  'private.monthly_rates_at(jsonb,timestamp with time zone)',
  'private.rates_at(jsonb,timestamp with time zone)',
  'private.stage_verdict(integer,boolean,boolean)',
  'private.verdict_query(private.incident_scope,private.incident_filter,text,text,boolean)',
  'private.quantise(double precision,double precision,double precision)',
  'private.read_case_number(text,integer)',
  'private.read_envelope(json)',
  'private.read_field(workflow_fields,jsonb,incidents,timestamp with time zone)',
  'private.read_handled(private.report,jsonb)',
  'private.read_transition(uuid,uuid,jsonb,timestamp with time zone)',
  'private.read_report(uuid,uuid,jsonb,timestamp with time zone)',
  'private.receipt(commands,boolean)',
  'private.record_incident_move()',
  'private.record_photo_check(uuid,text,text,integer,integer,integer,text,text)',
  'private.refresh_area_doubts(text[],jsonb)',
  'private.refresh_area_paths()',
  'private.refuse_filter(text,text)',
  'private.filter_points(jsonb,text)',
  'private.refuse_log_change()',
  'private.refuse_transition(incidents,text[],text,timestamp with time zone,jsonb)',
  'private.refuse_unknown_fields(jsonb,text[])',
  'private.refuse_workflow(text,text,text[])',
  'private.reject_command(text,text,text)',
  'private.rejected_receipt(text,text,text)',
  'private.replace_placeholder_city(text,text)',
  'private.require_user()',
  'private.resolve_scope()',
  'private.restamp_incidents(extensions.geometry[])',
  'private.rights_on(incidents,timestamp with time zone,boolean)',
  'private.scope_condition(private.incident_scope,text)',
  'private.scope_key()',
  'private.scope_paths(text[])',
  'private.search_query(text)',
  'private.search_words(text)',
  'private.server_side(incidents)',
  'private.settled_receipt(json,private.command_envelope,uuid)',
  'private.settled_until()',
  'private.shard_of(text,text)',
  'private.share_inside(extensions.geometry,extensions.geometry)',
  'private.shared_ground(extensions.geometry,extensions.geometry)',
  'private.size_in_words(extensions.geometry,double precision)',
  'private.stage_byte(text,boolean)',
  'private.stage_codes()',
  'private.store_batch(private.judged_command[])',
  'private.store_photos(private.brought_photos[])',
  'private.store_reports(private.report[])',
  'private.store_judged(private.judged_command[])',
  'private.store_singly(private.judged_command[])',
  'private.store_transitions(private.step[])',
  'private.take_children(private.step)',
  'private.take_demo_steps(jsonb)',
  'private.tell_children(incidents,uuid,uuid,timestamp with time zone,text,jsonb)',
  'private.tile_latitude(double precision)',
  'private.turn_clocks(private.clock_turn[])',
  'private.calendar_gaps(timestamp with time zone)',
  'private.calendar_of(text)',
  'private.due_unknown(incidents)',
  'private.clock_batches(text,integer)',
  'private.clock_times(text,numeric,text,text,timestamp with time zone,tstzmultirange,timestamp with time zone)',
  'private.due_of(incidents)',
  'private.is_work(text,text,smallint)',
  'private.keep_work()',
  'private.first_clocks(private.report[])',
  'private.is_limit(numeric,text,text)',
  'private.is_round_the_clock(text)',
  'private.limit_for(text,text,text)',
  'private.limit_of(text,timestamp with time zone,numeric,text,text)',
  'private.limit_seconds(text,timestamp with time zone,numeric,text,text)',
  'private.log_clock_move(incidents,timestamp with time zone,uuid,uuid,timestamp with time zone)',
  'private.add_work_seconds(text,timestamp with time zone,numeric)',
  'private.move_clocks(incidents,timestamp with time zone)',
  'private.rebuild_calendar(text)',
  'private.recompute_clocks(text,uuid,uuid,timestamp with time zone)',
  'private.refuse_limit(numeric,text,text)',
  'private.resume_due(timestamp with time zone)',
  'private.wanted_clocks(incidents)',
  'private.work_until(text,timestamp with time zone,timestamp with time zone,numeric)',
  'private.work_between(text,timestamp with time zone,timestamp with time zone)',
  'private.work_position(text,timestamp with time zone)',
  'private.work_ahead(text,timestamp with time zone)',
  // the page of an incident
  'private.choice_names(workflow_fields)',
  'private.incident_clock_list(incidents,timestamp with time zone)',
  'private.incident_family(incidents,text)',
  'private.incident_holds(incidents)',
  'private.incident_log_list(incidents)',
  'private.incident_people(incidents)',
  'private.incident_work_ahead(incidents,timestamp with time zone)',
  'private.incident_spot(incidents,text)',
  'private.area_label(text)',
  'private.rights_before_own_move(incidents,timestamp with time zone,timestamp with time zone,boolean)',
  'private.open_choices(workflow_fields,incidents,workflow_transitions[])',
  'private.related_row(incidents,double precision)',
  'private.spot_query(text)',
  'private.work_seconds(text,timestamp with time zone,timestamp with time zone)',
  'private.verdict_of(text,text)',
  'private.with_effect(incidents,text,jsonb)',
  'private.with_fields(incidents,jsonb)',
  'private.workflow_fault(text)',
  'public.record_photo_check(uuid,text,text,integer,integer,integer,text,text)',
]
