/**
 * Call-backs and ratings of the demo: draws of every week of two years, and what residents might have
 * answered. Closings and their times are real; everything here is generated and marked. The same closings, cast,
 * seed and instant give the same answers.
 *
 * The first year is there to compare with: people were a little less satisfied. In the second year, of the
 * communities one is small and had bad luck (13 answers, 12 satisfied), one looks coached (all answers
 * equal), one swings more than chance from week to week, and one improves. The one that swings is the
 * largest: only there a week has enough answers to be judged.
 */
import { createHash } from 'node:crypto'
import { seededRandom } from '../../base/seeded-random.ts'
import type { SeededRandom } from '../../base/seeded-random.ts'
import { seedOf, uuidOf } from './plan.ts'

export interface DemoClosing {
  id: string
  /** Which closing of the incident, from 1. */
  closing: number
  community: string
  department: string
  closedAtMs: number
  /** In the areas of the demo's field worker. */
  isNear: boolean
}

/** User ids. */
export interface RatingCast {
  /** Draws, and reviews appeals first. */
  manager: string
  leader: string
  caller: string
  /** The demo account that gets the calls nearby; null on a Supabase. */
  nearCaller: string | null
  /** By department. */
  crews: Readonly<Record<string, string>>
}

interface Draw {
  id: string
  areaCode: string
  fromDay: string
  toDay: string
  wanted: number
  poolCount: number
  seed: string
  lastScore: string
  by: string
  at: string
}
interface Row {
  drawId: string
  n: number
  incidentId: string
  caller: string
  outcome: 'reached' | 'refused' | 'not_reached' | null
  attempts: number
  responded?: boolean
  solved?: boolean
  satisfied?: number
  words?: string
  /** A person is asked whether to reopen, until then. */
  decideBy?: string
  at: string
}
interface Appeal {
  incidentId: string
  reason: string
  by: string
  first: string
  second: string
  note: string
  at: string
}
export interface RatingPlan {
  draws: Draw[]
  rows: Row[]
  appeals: Appeal[]
}

export const ratedWeeks = 104
/** The communities' stories are told in the last ones. */
const storyWeeks = 52
const firstStoryWeek = ratedWeeks - storyWeeks
/** Share by which the first year's satisfaction is lower. */
const earlierLack = 0.13
const dayMs = 86_400_000
const weekMs = 7 * dayMs
/** Of the closings of a week, and at most; of the last week some are left to draw. */
const [drawnShare, lastShare] = [0.8, 0.5]
const mostDrawn = 200
const unluckyAnswers = 13
/** Answers of a community from which it can be told to be coached. */
const coachedAnswers = 30
/** Nearly everybody there answers, as where few answers would tell no story. */
const coachedShare = 0.9
const reachedShares: Readonly<Record<Kind, number>> = {
  ...{ usual: 0.62, unlucky: 0.62 },
  ...{ coached: coachedShare, swinging: 0.97, improving: coachedShare },
}
/** Of the community that improves: before, and once it has, after so many weeks of the second year. */
const [unimproved, improved, improvedAfter] = [0.5, 0.95, 26]
const appealsMade = 3
const undecidedWeeks = 6

const words = {
  glad: [
    'Fixed the same day, thank you. 当天就处理好了，谢谢。',
    'Friendly crew. 工作人员态度很好。',
  ],
  middle: [
    'Done, but it took long. 处理了，就是时间有点长。',
    'Nobody told me it was done. 没人告诉我处理完了。',
  ],
  sorry: ['It is still there. 问题还在，没有解决。', 'Came back after two days. 过两天又出现了。'],
} as const

type Kind = 'usual' | 'unlucky' | 'coached' | 'swinging' | 'improving'

/** A drawn closing, before the call. */
interface Drawn {
  closing: DemoClosing
  draw: Draw
  n: number
  /** 0 is the oldest. */
  week: number
}

/** @param options.areaCode of the whole city */
export function planRatings(
  closings: readonly DemoClosing[],
  cast: RatingCast,
  options: { nowMs: number; seed: string; areaCode: string },
): RatingPlan {
  const drawn = drawWeeks(closings, cast, options)
  const kinds = kindsOf(drawn)
  const made = new Map<string, number>()
  const rows = drawn.map((one) => {
    const { community } = one.closing
    const own = kinds.get(community) ?? 'usual'
    // the one that improves was worse before
    const kind = one.week < firstStoryWeek && own !== 'improving' ? 'usual' : own
    const answered = made.get(community) ?? 0
    const random = seededRandom(seedOf(`${options.seed} rating ${one.closing.id}`))
    const row = rowOf(one, kind, answered, cast, random, options.nowMs)
    if (row.outcome === 'reached' && one.week >= firstStoryWeek) made.set(community, answered + 1)
    return row
  })
  const draws = [...new Map(drawn.map(({ draw }) => [draw.id, draw])).values()]
  return { draws, rows, appeals: appealsOf(drawn, rows, kinds, cast) }
}

function drawWeeks(
  closings: readonly DemoClosing[],
  cast: RatingCast,
  { nowMs, seed, areaCode }: { nowMs: number; seed: string; areaCode: string },
): Drawn[] {
  const drawn: Drawn[] = []
  for (let week = 0; week < ratedWeeks; week++) {
    const endMs = nowMs - (ratedWeeks - 1 - week) * weekMs
    const pool = closings.filter(
      ({ closedAtMs }) => closedAtMs >= endMs - weekMs && closedAtMs < endMs,
    )
    if (pool.length === 0) continue
    const id = uuidOf(`${seed} draw ${week}`)
    const drawSeed = createHash('sha256').update(`${seed} ${id}`).digest('hex')
    // as private.draw_score
    const scoreOf = (one: DemoClosing): string =>
      createHash('sha256').update(`${drawSeed} ${one.id} ${one.closing}`).digest('hex')
    const taken = pool
      .map((closing) => ({ closing, score: scoreOf(closing) }))
      .sort((a, b) => (a.score < b.score ? -1 : 1))
      .slice(
        0,
        Math.min(
          mostDrawn,
          Math.ceil(pool.length * (week === ratedWeeks - 1 ? lastShare : drawnShare)),
        ),
      )
    const draw: Draw = {
      ...{ id, areaCode, wanted: taken.length, poolCount: pool.length, seed: drawSeed },
      fromDay: new Date(endMs - weekMs).toISOString().slice(0, 10),
      toDay: new Date(endMs).toISOString().slice(0, 10),
      lastScore: taken.at(-1)!.score,
      by: cast.manager,
      at: new Date(endMs).toISOString(),
    }
    drawn.push(...taken.map(({ closing }, at) => ({ closing, draw, n: at + 1, week })))
  }
  return drawn
}

/** The four communities with a story; in the last two weeks calls still wait. */
function kindsOf(drawn: readonly Drawn[]): Map<string, Kind> {
  const counts = new Map<string, number>()
  for (const { closing, week } of drawn)
    if (week >= firstStoryWeek && week < ratedWeeks - 2)
      counts.set(closing.community, (counts.get(closing.community) ?? 0) + 1)
  const bySize = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  const small = bySize.filter(([, count]) => count >= unluckyAnswers).at(-1)?.[0]
  // the largest has weeks with enough answers, the next one months; the coached one is the smallest with enough
  const [swinging, improving] = [bySize[0]?.[0], bySize[1]?.[0]]
  const coached = bySize.findLast(
    ([code, count]) =>
      ![swinging, improving, small].includes(code) && count >= coachedAnswers / coachedShare + 8,
  )?.[0]
  const kinds = new Map<string, Kind>()
  if (swinging) kinds.set(swinging, 'swinging')
  if (improving) kinds.set(improving, 'improving')
  if (coached) kinds.set(coached, 'coached')
  if (small) kinds.set(small, 'unlucky')
  return kinds
}

/** Number of the week that began on a Monday, as the page's weeks. The city's clock is half a day off at most. */
const mondayOf = (ms: number): number => Math.floor((ms / dayMs + 3) / 7)

/** The chance that an answer is 4 or 5. */
function satisfiedShare({ closing, week }: Drawn, kind: Kind): number {
  if (kind === 'swinging') return mondayOf(closing.closedAtMs) % 2 === 0 ? 0.98 : 0.6
  if (kind === 'improving') {
    const done = Math.min(1, Math.max(0, week - firstStoryWeek) / improvedAfter)
    return unimproved + (improved - unimproved) * done
  }
  // some communities are a little better than others
  return (
    0.8 -
    (week < firstStoryWeek ? earlierLack : 0) +
    ((seedOf(closing.community) % 100) / 100) * 0.12
  )
}

function rowOf(
  one: Drawn,
  kind: Kind,
  answered: number,
  cast: RatingCast,
  random: SeededRandom,
  nowMs: number,
): Row {
  const { closing, draw, n, week } = one
  const caller = (closing.isNear && cast.nearCaller) || cast.caller
  const drawnAtMs = Date.parse(draw.at)
  const atMs = Math.min(nowMs, drawnAtMs + (0.2 + random() * 4) * dayMs)
  const base = { drawId: draw.id, n, incidentId: closing.id, caller }
  const waits: Row = { ...base, outcome: null, attempts: 0, at: draw.at }
  if (week >= ratedWeeks - 2 && (week === ratedWeeks - 1 || random() < 0.5)) return waits
  const at = new Date(atMs).toISOString()
  const luck = random()
  const isUnlucky = kind === 'unlucky'
  const reachedShare = reachedShares[kind]
  const isReached = isUnlucky ? answered < unluckyAnswers : luck < reachedShare
  if (!isReached) {
    const outcome = luck < reachedShare + 0.08 && !isUnlucky ? 'refused' : 'not_reached'
    return { ...base, outcome, attempts: outcome === 'refused' ? 1 : random.whole(1, 3), at }
  }
  const reached = { ...base, outcome: 'reached' as const, attempts: random.whole(1, 2), at }
  if (kind === 'coached') return { ...reached, responded: true, solved: true, satisfied: 5 }
  const isSatisfied = isUnlucky ? answered !== 4 : random() < satisfiedShare(one, kind)
  const satisfied = isSatisfied ? random.whole(4, 5) : isUnlucky ? 1 : random.whole(1, 3)
  const isSolved = isSatisfied ? random() < 0.97 : random() < 0.35
  const said = words[satisfied >= 4 ? 'glad' : satisfied === 3 ? 'middle' : 'sorry']
  return {
    ...reached,
    satisfied,
    ...(random() < 0.96 && { solved: isSolved }),
    ...(random() < 0.97 && { responded: isSatisfied ? random() < 0.98 : random() < 0.8 }),
    ...(random() < (isSatisfied ? 0.1 : 0.5) && { words: random.pick(said) }),
    // managers of today decide on the latest ones
    ...(nowMs - drawnAtMs < undecidedWeeks * weekMs && {
      decideBy: new Date(nowMs + (random() * 6 - 2) * dayMs).toISOString(),
    }),
  }
}

/** Some unhappy answers were appealed, reviewed twice and granted. */
function appealsOf(
  drawn: readonly Drawn[],
  rows: readonly Row[],
  kinds: ReadonlyMap<string, Kind>,
  cast: RatingCast,
): Appeal[] {
  const unhappy = drawn.flatMap(({ closing, week }, at) => {
    const row = rows[at]!
    const crew = cast.crews[closing.department]
    return crew &&
      !kinds.has(closing.community) &&
      week >= firstStoryWeek &&
      week < ratedWeeks - 6 &&
      (row.satisfied ?? 5) < 3
      ? [{ row, crew }]
      : []
  })
  return unhappy.slice(-appealsMade).map(({ row, crew }) => ({
    incidentId: row.incidentId,
    reason: 'Belongs to another owner. 属其他权属单位。',
    by: crew,
    first: cast.manager,
    second: cast.leader,
    note: 'True. 情况属实。',
    at: new Date(Date.parse(row.at) + 2 * dayMs).toISOString(),
  }))
}
