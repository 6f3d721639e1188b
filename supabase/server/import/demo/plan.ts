/**
 * Which steps the demo's script takes on which incidents: every state of the workflows is reached by commands that
 * people could have sent. The same cases, cast, seed and instant give the same steps.
 */
import { createHash } from 'node:crypto'
import { seededRandom } from '../../base/seeded-random.ts'
import type { SeededRandom } from '../../base/seeded-random.ts'
import type { Side } from './scenes.ts'

export interface DemoCase {
  id: string
  category: string
  /** Whether its workflow has a state in which it is being verified. */
  isVerified: boolean
  department: string
  reportedAtMs: number
  /** In the areas of the demo's field worker. */
  isNear: boolean
  /** Of its category, in their order. */
  conditions: readonly { code: string; needsPhotos: boolean }[]
}

/** User ids. */
export interface DemoCast {
  dispatcher: string
  leader: string
  fieldCrew: string
  /** By department. */
  crews: Readonly<Record<string, string>>
  /** The demo accounts that get work; missing on a Supabase. */
  fieldWorker: string | null
  handler: { id: string; department: string } | null
}

/** The photo's facts as a command tells them. */
export type PhotoOf = (owner: string, category: string, side: Side, variant: number) => object

export interface DemoStep {
  id: string
  actor: string
  /** ISO 8601. */
  at: string
  type: 'transition'
  payload: Record<string, unknown>
}

/** Each names where its case ends; those of a row follow on each other again and again. */
const endings = [
  'handled',
  'dispatched',
  'waiting',
  'verifying',
  'dispatched',
  'verified',
  'rework',
  'dispatched',
  'filed',
  'returned',
  'dispatched',
  'extension',
  'held',
  'dispatched',
  'hold_asked',
  'refuted',
  'dispatched',
  'escalated',
  'handled',
  'dispatched',
] as const
type Ending = (typeof endings)[number]

/** For workflows that verify nothing. */
const withoutVerification: Partial<Record<Ending, Ending>> = {
  verifying: 'filed',
  verified: 'filed',
  refuted: 'filed',
}

const [minuteMs, hourMs, dayMs] = [60_000, 3_600_000, 86_400_000]
/** Dispatches lie evenly in these days: with five working days to handle some are overdue, most are not. */
const dispatchDays = 8.5
const goldenRatio = (Math.sqrt(5) - 1) / 2
/** Pictures of one scene. */
const variants = 2

const notes = {
  verified: ['Seen on site, as reported. 现场属实。', 'Confirmed, photo taken. 已核实并拍照。'],
  refuted: ['Nothing found at this place. 现场未发现。'],
  return: ['Private ground, not ours. 属私有用地，非本部门职责。'],
  extension: ['Spare part on order. 配件已订购，尚未到货。'],
  hold: ['Waits for the utility works nearby. 待周边管线施工结束。'],
  handled: ['Done. 已处置完毕。', 'Crew was on site, put right. 已到场处置。'],
  failed: ['Part of it is still there. 尚有残留，未处置到位。'],
  escalate: ['Residents complain again; report progress. 群众反复反映，请报进展。'],
} as const

/** Milliseconds before now, and how the case went; earlier steps first. */
interface Moment {
  agoMs: number
  actor: string
  name: string
  fields?: Record<string, unknown>
}

/** A UUID of version 8 from a text. */
export function uuidOf(text: string): string {
  const h = createHash('sha256').update(text).digest('hex')
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-8${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20, 32)}`
}

/** A whole number of 32 bits from a text. */
export function seedOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0)
}

export interface DemoPlan {
  /** When each case is taken up: its clock starts there, not when it was reported long ago. */
  starts: { id: string; at: string }[]
  steps: DemoStep[]
}

export function planSteps(
  cases: readonly DemoCase[],
  cast: DemoCast,
  photoOf: PhotoOf,
  { nowMs, seed }: { nowMs: number; seed: string },
): DemoPlan {
  // both lists go through all endings, so that a field worker of one area finds each too
  const ended = [true, false].flatMap((isNear) =>
    withEndings(cases.filter((one) => one.isNear === isNear)),
  )
  let dispatched = 0
  const starts: DemoPlan['starts'] = []
  const steps = ended.flatMap(({ one, ending }) => {
    const random = seededRandom(seedOf(`${seed} ${one.id}`))
    // multiples of the golden ratio lie evenly, in any part of the list
    const spread = ending === 'dispatched' ? (dispatched++ * goldenRatio) % 1 : 0
    const ageMs = nowMs - one.reportedAtMs
    const moments = fitted(momentsOf(one, ending, cast, photoOf, random, nowMs, spread), ageMs)
    // one in eight waited too long
    const waitedMs = random.whole(3, 12) * minuteMs * (random() < 0.125 ? 6 : 1)
    const startMs = Math.min(ageMs, (moments[0]?.agoMs ?? 0) + waitedMs)
    starts.push({ id: one.id, at: new Date(nowMs - startMs).toISOString() })
    return stepsOf(one, moments, nowMs, seed)
  })
  // steps of one instant keep their order
  return { starts, steps: steps.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)) }
}

/** The newest wait, since theirs is the shortest time without a step; all others take turns. */
function withEndings(cases: readonly DemoCase[]): { one: DemoCase; ending: Ending }[] {
  const turns = cases.map((_, turn) => endings[turn % endings.length]!)
  const newest = [...cases].sort(
    (a, b) => b.reportedAtMs - a.reportedAtMs || (a.id < b.id ? -1 : 1),
  )
  const waiting = newest.slice(0, turns.filter((ending) => ending === 'waiting').length)
  const others = newest.slice(waiting.length).sort((a, b) => (a.id < b.id ? -1 : 1))
  const moving = turns.filter((ending) => ending !== 'waiting')
  return [
    ...waiting.map((one) => ({ one, ending: 'waiting' as const })),
    ...others.map((one, n) => {
      const wanted = moving[n]!
      return { one, ending: (one.isVerified ? undefined : withoutVerification[wanted]) ?? wanted }
    }),
  ]
}

function momentsOf(
  one: DemoCase,
  ending: Ending,
  cast: DemoCast,
  photoOf: PhotoOf,
  random: SeededRandom,
  nowMs: number,
  spread: number,
): Moment[] {
  const minutes = (least: number, most: number) => random.whole(least, most) * minuteMs
  const hours = (least: number, most: number) => (least + random() * (most - least)) * hourMs
  const soonMs = minutes(1, 11)
  // limits of the first steps are minutes: more than half are in time when the demo begins
  const isFresh = random() < 0.6
  const justNow = (least: number, most: number) => (isFresh ? soonMs : hours(least, most))
  const crew = cast.crews[one.department]!
  const condition = random.pick(one.conditions)
  const variant = random.whole(1, variants)
  const photos = (owner: string, side: Side) =>
    condition.needsPhotos ? { photos: [photoOf(owner, one.category, side, variant)] } : {}
  const isOwn = cast.handler?.department === one.department && random() < 0.5
  const worker = (one.isNear && cast.fieldWorker) || cast.fieldCrew
  const later = (ms: number) => new Date(nowMs + ms).toISOString()

  const assign = (agoMs: number): Moment => ({
    agoMs,
    actor: cast.dispatcher,
    name: 'assign',
    fields: { assignee: worker },
  })
  const verify = (agoMs: number, isTrue = true): Moment => ({
    agoMs,
    actor: cast.fieldCrew,
    name: 'verify',
    fields: {
      isTrue,
      note: random.pick(isTrue ? notes.verified : notes.refuted),
      ...photos(cast.fieldCrew, isTrue ? 'before' : 'after'),
    },
  })
  const file = (agoMs: number): Moment[] => [
    ...(one.isVerified ? [verify(agoMs + minutes(4, 13))] : []),
    { agoMs, actor: cast.dispatcher, name: 'file', fields: { condition: condition.code } },
  ]
  const dispatch = (agoMs: number): Moment[] => [
    ...file(agoMs + minutes(3, 14)),
    {
      agoMs,
      actor: cast.dispatcher,
      name: 'dispatch',
      fields: {
        department: one.department,
        ...(isOwn && cast.handler ? { handler: cast.handler.id } : {}),
      },
    },
  ]
  const by = (actor: string, agoMs: number, name: string, fields: Record<string, unknown>) => ({
    agoMs,
    actor,
    name,
    fields,
  })
  const handle = (agoMs: number): Moment =>
    by(crew, agoMs, 'handle', { note: random.pick(notes.handled), ...photos(crew, 'after') })
  const askHold = (agoMs: number, untilMs: number): Moment =>
    by(crew, agoMs, 'request_hold', { until: later(untilMs), note: notes.hold[0] })

  switch (ending) {
    case 'waiting':
      return []
    case 'verifying':
      return [assign(isFresh ? minutes(2, 20) : hours(5, 60))]
    case 'verified':
    case 'refuted': {
      const agoMs = justNow(3, 70)
      const seen = verify(agoMs, ending === 'verified')
      return one.isNear ? [assign(agoMs + minutes(8, 20)), seen] : [seen]
    }
    case 'filed':
      return file(justNow(2, 40))
    case 'returned': {
      const agoMs = justNow(2, 40)
      return [
        ...dispatch(agoMs + hours(6, 60)),
        by(crew, agoMs, 'return', { note: notes.return[0] }),
      ]
    }
    case 'dispatched':
      return dispatch((0.1 + spread * dispatchDays) * dayMs)
    case 'extension': {
      // within the shortest limit
      const agoMs = hours(1, 20)
      return [
        ...dispatch(agoMs + hours(0.2, 0.4)),
        by(crew, agoMs, 'request_extension', { note: notes.extension[0] }),
      ]
    }
    case 'hold_asked':
      return [...dispatch(hours(30, 90)), askHold(hours(1, 20), random.whole(5, 20) * dayMs)]
    case 'held': {
      const agoMs = hours(40, 80)
      const until = random.whole(8, 40) * dayMs
      return [
        ...dispatch(hours(90, 150)),
        askHold(agoMs, until),
        by(cast.leader, agoMs - hours(2, 10), 'hold', { until: later(until) }),
      ]
    }
    case 'handled': {
      const agoMs = isFresh ? minutes(10, 170) : hours(20, 80)
      const done = [...dispatch(agoMs + hours(10, 60)), handle(agoMs)]
      return one.isNear ? [...done, assign(agoMs / 2)] : done
    }
    case 'rework': {
      const agoMs = hours(2, 40)
      const handledMs = agoMs + hours(5, 20)
      return [
        ...dispatch(handledMs + hours(20, 60)),
        handle(handledMs),
        by(cast.fieldCrew, agoMs, 'check_fail', {
          note: notes.failed[0],
          ...photos(cast.fieldCrew, 'before'),
        }),
      ]
    }
    case 'escalated':
      return [
        ...dispatch(hours(70, 200)),
        by(cast.leader, hours(4, 40), 'escalate', {
          kind: random.pick(['timeout', 'leader', 'important']),
          level: random.whole(1, 3),
          replyBy: later(random.whole(4, 60) * hourMs),
          note: notes.escalate[0],
        }),
      ]
  }
}

/** Compresses the moments into the time since the report; the order stays. */
function fitted(moments: readonly Moment[], ageMs: number): Moment[] {
  const first = moments[0]?.agoMs ?? 0
  const mostMs = Math.max(0, ageMs - minuteMs)
  return moments.map((moment) =>
    first <= mostMs ? moment : { ...moment, agoMs: (moment.agoMs / first) * mostMs },
  )
}

function stepsOf(
  one: DemoCase,
  moments: readonly Moment[],
  nowMs: number,
  seed: string,
): DemoStep[] {
  return moments.map(({ agoMs, actor, name, fields }, n) => ({
    id: uuidOf(`${seed} ${one.id} ${n}`),
    actor,
    at: new Date(nowMs - agoMs).toISOString(),
    type: 'transition',
    payload: { incidentId: one.id, name, ...fields },
  }))
}
