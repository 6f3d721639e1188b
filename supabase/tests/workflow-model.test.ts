import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { patientTest } from '../../tests/kit/patience.ts'
import { applyCommands, commandOf, photoRef } from './harness/commands.ts'
import type { Receipt } from './harness/commands.ts'
import { openTestDatabase } from './harness/index.ts'
import type { TestDatabase } from './harness/index.ts'
import { missingPostgres } from './harness/postgres.ts'
import { people, seedSmallCity } from './harness/small-city.ts'
import type { Person } from './harness/small-city.ts'
import { after, assigneeIn, names, sees, stageOf, states } from './workflow-model.ts'
import type { Fields, Model } from './workflow-model.ts'
import { nextWeek, workflowWorld } from './workflow-world.ts'
import type { WorkflowWorld } from './workflow-world.ts'

/** Groups of 100 sequences; thousands by WORKFLOW_RUNS=25. A group's steps go in one call a person. */
const runs = Number(process.env['WORKFLOW_RUNS'] ?? 2)
const sequencesInGroup = 100
const soon = nextWeek()
const everybody = Object.keys(people) as Person[]

let db: TestDatabase
let world: WorkflowWorld
/** An open incident that others are merged into. */
let sink: string
beforeAll(async () => {
  db = await openTestDatabase({ kind: missingPostgres() === null ? 'postgres' : 'pglite' })
  await seedSmallCity(db)
  await db.exec(`insert into public.condition_milestones (condition, code, name_zh, name_en, amount, unit)
    select code, 'halt', '暂停', 'Halted', 4, 'urgent_hour' from public.filing_conditions`)
  world = workflowWorld(db)
  await world.give('stranger', 'field_staff', 'N-1')
  await world.give('stranger', 'handler', 'N', 'public_works')
  await world.give('otherManager', 'handler', 'N', 'water')
  sink = await world.report()
})
afterAll(() => db?.close())

interface Kind {
  category: string
  isService: boolean
  needsPhotos: boolean
}
const kinds: Kind[] = [
  { category: 'noise', isService: false, needsPhotos: false },
  { category: 'street_cleaning', isService: false, needsPhotos: true },
  { category: 'street_furniture', isService: false, needsPhotos: true },
  { category: 'general_request', isService: true, needsPhotos: false },
]

interface Case {
  id: string
  category: string
  model: Model
}

function newCase(kind: Kind, isTrusted: boolean, changes: Partial<Model> = {}): Case {
  const model: Model = {
    state: 'reported',
    isService: kind.isService,
    isTrusted,
    needsPhotos: kind.needsPhotos,
    reporter: isTrusted ? 'field' : null,
    department: null,
    handler: null,
    pending: null,
    onHold: false,
    wasHeld: false,
    extensions: 0,
    rework: 0,
    reopened: 0,
    supervision: null,
    version: 1,
    handledBy: [],
    ...changes,
  }
  return { id: randomUUID(), category: kind.category, model }
}

/** Puts incidents into the database as their models say. */
async function store(cases: readonly Case[]): Promise<void> {
  const rows = cases.map(({ id, category, model: m }) => ({
    ...{ id, category, state: m.state, stage: stageOf(m.state), department: m.department },
    channel: m.isTrusted ? 'app' : 'phone',
    reporter: m.reporter && people[m.reporter],
    condition: ['reported', 'verifying', 'verified', 'refuted'].includes(m.state) ? null : category,
    handledBy: m.handledBy.map((person) => people[person]),
    ...{ pending: m.pending, onHold: m.onHold, wasHeld: m.wasHeld, extensions: m.extensions },
    ...{ supervision: m.supervision, parent: m.state === 'merged' ? sink : null },
  }))
  await db.query(
    `with given as (
       select * from jsonb_to_recordset($1::text::jsonb) as g (id uuid, category text, state text, stage text,
         department text, channel text, reporter uuid, condition text, "handledBy" uuid[], pending text,
         "onHold" boolean, "wasHeld" boolean, extensions integer, supervision integer, parent uuid)
     ), stored as (
       insert into public.incidents (district_code, id, category_code, area_code, department_code, lon, lat, qx,
         qy, reported_at, month, reported_by, channel, workflow_code, stage, state, condition_code, pending,
         on_hold, was_held, extensions, supervision, parent_id, closed_at)
       select p.district_code, g.id, g.category, p.area_code, g.department, 10.5, 21, p.qx, p.qy, now(),
         date_trunc('month', now())::date, g.reporter, g.channel, c.workflow_code, g.stage, g.state, g.condition,
         g.pending, g."onHold", g."wasHeld", g.extensions, g.supervision, g.parent,
         case when g.stage = 'closed' then now() end
       from given g join public.categories c on c.code = g.category
       cross join private.place_incident(10.5, 21) p
       returning district_code, id
     )
     insert into public.incident_log (district_code, incident_id, seq, kind, actor, stage_from, stage_to)
     select s.district_code, s.id, h.n, 'transition', h.person, 'dispatched', 'handled'
     from stored s join given g using (id)
     cross join lateral unnest(g."handledBy") with ordinality as h (person, n)`,
    [JSON.stringify(rows)],
  )
}

interface Try {
  of: Case
  person: Person
  name: string
  fields: Fields
  isStale?: boolean
}

/** Sends each person's commands in one call; the tries are of different incidents. Receipts in order. */
async function send(tries: readonly Try[]): Promise<Receipt[]> {
  const receipts = new Map<Try, Receipt>()
  for (const [person, own] of Map.groupBy(tries, (one) => one.person)) {
    for (let from = 0; from < own.length; from += 200) {
      const part = own.slice(from, from + 200)
      const commands = part.map(({ of, name, fields, isStale }) =>
        commandOf(people[person], 'transition', {
          ...{ incidentId: of.id, baseVersion: of.model.version + (isStale ? 1 : 0), name },
          ...fields,
        }),
      )
      const answers = await applyCommands(db, people[person], commands)
      part.forEach((one, index) => receipts.set(one, answers[index]!))
    }
  }
  return tries.map((one) => receipts.get(one)!)
}

/** All that the model knows of the incidents, as the database has it. */
async function stored(cases: readonly Case[]): Promise<Map<string, unknown>> {
  const rows = await db.query<{ id: string; row: unknown }>(
    `select id, jsonb_build_object('state', state, 'stage', stage, 'department', department_code,
       'handler', handler, 'pending', pending, 'onHold', on_hold, 'wasHeld', was_held, 'extensions', extensions,
       'rework', rework, 'reopened', reopened, 'supervision', supervision, 'version', version,
       'isClosed', closed_at is not null, 'isMerged', parent_id is not null, 'isPassed', passed <> '{}') as row
     from public.incidents join jsonb_array_elements_text($1::text::jsonb) as given (text) on id = given.text::uuid`,
    [JSON.stringify(cases.map(({ id }) => id))],
  )
  return new Map(rows.map(({ id, row }) => [id, row]))
}

const expectedRow = ({ model: m }: Case) => ({
  ...{ state: m.state, stage: stageOf(m.state), department: m.department, handler: m.handler },
  ...{ pending: m.pending, onHold: m.onHold, wasHeld: m.wasHeld, extensions: m.extensions },
  ...{ rework: m.rework, reopened: m.reopened, supervision: m.supervision, version: m.version },
  ...{ isClosed: m.state === 'closed', isMerged: m.state === 'merged', isPassed: false },
})

/** Each step with every field it may want; `choice` decides between true and false, and departments. */
function fieldsFor(name: string, m: Model, choice: boolean): Fields {
  const note = '说明'
  // made one at a time: the random test asks for thousands, and a photo is hashed
  switch (name) {
    case 'verify':
      return { isTrue: choice, note }
    case 'file':
      return { note }
    case 'merge':
      return { into: sink }
    case 'dispatch':
      return {
        department: choice ? 'public_works' : 'water',
        ...(choice && { handler: people.handler }),
      }
    case 'assign':
      return { assignee: assigneeIn(m) }
    case 'handle':
      return { note, photos: [photoRef()] }
    case 'decide_extension':
      return { isApproved: choice }
    case 'request_hold':
      return { note, until: soon }
    case 'hold':
      return { until: soon }
    case 'milestone':
      return { milestone: 'halt' }
    case 'escalate':
      return { note, kind: 'leader', level: choice ? 3 : 1, replyBy: soon }
    case 'fly':
      return {}
    default:
      return { note }
  }
}

const line = ({ of, person, name, fields }: Try) =>
  `${person} ${name} ${JSON.stringify(fields)} on ${JSON.stringify(of.model)}`

/** Compares a receipt with the model, and moves the model on. */
function judge(one: Try, receipt: Receipt): string | null {
  const { of, person, name, fields } = one
  const next = after(of.model, person, name, fields)
  const outcome = receipt.outcome
  if (one.isStale) {
    const isFine = next === null ? outcome !== 'applied' : outcome === 'conflict'
    return isFine ? null : `stale, ${outcome}: ${line(one)}`
  }
  if (next) of.model = next
  if (outcome === (next ? 'applied' : 'rejected')) return null
  return `${outcome} ${JSON.stringify(receipt.error)}, the model says ${next ? 'applied' : 'rejected'}: ${line(one)}`
}

it(
  'every step in every state by everybody is judged as the model judges it',
  async () => {
    const inState = (state: string): Partial<Model> => ({
      state,
      ...(['returned', 'dispatched', 'handled', 'closed'].includes(state) && {
        department: 'public_works',
      }),
      ...(['handled', 'closed'].includes(state) && { handledBy: ['handler'] }),
    })
    const situations: Partial<Model>[] = [
      ...states.map(inState),
      // handled by somebody who is field staff today
      { ...inState('handled'), handledBy: ['field'] },
      { state: 'closed' },
      ...(['filed', 'dispatched'] as const).flatMap((state) => [
        { ...inState(state), pending: 'hold' as const },
        { ...inState(state), onHold: true, wasHeld: true },
        { ...inState(state), wasHeld: true, supervision: 2 },
      ]),
      ...[0, 1, 2].map((extensions) => ({
        ...inState('dispatched'),
        ...{ extensions, pending: 'extension' as const },
      })),
      { ...inState('dispatched'), extensions: 2 },
    ]
    const tries = situations.flatMap((changes) =>
      everybody.flatMap((person) =>
        names.flatMap((name) =>
          [true, false]
            .filter((choice) => choice || ['verify', 'decide_extension'].includes(name))
            .map((choice): Try => {
              const of = newCase(kinds[0]!, changes.state !== 'verifying', changes)
              return { of, person, name, fields: fieldsFor(name, of.model, choice) }
            }),
        ),
      ),
    )
    await store(tries.map(({ of }) => of))
    const receipts = await send(tries)
    const isUnknown = tries.map(({ of, person }) => !sees(of.model, person))
    expect(receipts.map(({ error }) => error?.code === 'unknown_incident')).toEqual(isUnknown)
    const wrong = tries.map((one, index) => judge(one, receipts[index]!))
    expect(wrong.filter((text) => text !== null)).toEqual([])
    const rows = await stored(tries.map(({ of }) => of))
    for (const one of tries) expect(rows.get(one.of.id), line(one)).toEqual(expectedRow(one.of))
    expect(receipts.filter(({ outcome }) => outcome === 'applied').length).toBeGreaterThan(150)
  },
  patientTest(120_000),
)

it(
  'random sequences by everybody go as the model goes',
  async () => {
    const step = fc.record({
      // mostly a step that the model takes, and mostly one that moves on
      aim: fc.constantFrom('move', 'move', 'any', 'any', 'blind' as const),
      pick: fc.nat(),
      who: fc.constantFrom(...everybody),
      name: fc.constantFrom(...names),
      choice: fc.boolean(),
      drops: fc.integer({ min: 0, max: 9 }),
      isStale: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
    })
    const sequence = fc.record({
      kind: fc.constantFrom(...kinds),
      isTrusted: fc.boolean(),
      steps: fc.array(step, { minLength: 12, maxLength: 12 }),
    })
    const reached = new Set<string>()
    const taken = new Set<string>()

    const tryOf = (
      of: Case,
      {
        aim,
        pick,
        who,
        name,
        choice,
        drops,
        isStale,
      }: typeof step extends fc.Arbitrary<infer S> ? S : never,
    ): Try => {
      const options = everybody
        .flatMap((person) => names.map((option) => ({ person, name: option })))
        .filter((option) => {
          const next = after(
            of.model,
            option.person,
            option.name,
            fieldsFor(option.name, of.model, choice),
          )
          return next !== null && (aim !== 'move' || next.state !== of.model.state)
        })
      const chosen = aim === 'blind' ? undefined : options[pick % Math.max(options.length, 1)]
      const found = chosen ?? { person: who, name }
      const fields = fieldsFor(found.name, of.model, choice)
      const dropped =
        drops === 0
          ? Object.keys(fields)[pick % Math.max(1, Object.keys(fields).length)]
          : undefined
      const kept = Object.entries(fields).filter(([field]) => field !== dropped)
      return { of, ...found, fields: Object.fromEntries(kept), isStale }
    }

    await fc.assert(
      fc.asyncProperty(
        fc.array(sequence, { minLength: sequencesInGroup, maxLength: sequencesInGroup }),
        async (sequences) => {
          const cases = sequences.map(({ kind, isTrusted }) => newCase(kind, isTrusted))
          await store(cases)
          for (let n = 0; n < 12; n += 1) {
            const tries = cases.map((of, index) => tryOf(of, sequences[index]!.steps[n]!))
            const receipts = await send(tries)
            const wrong = tries.map((one, index) => judge(one, receipts[index]!))
            expect(wrong.filter((text) => text !== null)).toEqual([])
            const rows = await stored(cases)
            for (const one of tries) {
              expect(rows.get(one.of.id), line(one)).toEqual(expectedRow(one.of))
              reached.add(one.of.model.state)
            }
            receipts.forEach(
              ({ outcome }, index) => outcome === 'applied' && taken.add(tries[index]!.name),
            )
          }
        },
      ),
      { numRuns: runs, endOnFailure: true },
    )
    // chance decides which are missing; the enumeration has them all
    expect(reached.size).toBeGreaterThan(8)
    expect(taken.size).toBeGreaterThan(14)
  },
  patientTest(120_000 + runs * 40_000),
)
