import {
  answersToJudge,
  type FairRanking,
  type FairRankingEntry,
  type FairRankingOptions,
  type Response,
  type SatisfactionRate,
} from '../../domain/answers/satisfaction.ts'
import { areaLevels } from '../../domain/vocabulary.ts'
import { directRate } from '../../stats/direct-rate.ts'
import { funnelZone, overdispersion, shareFunnel, shareScores } from '../../stats/funnel.ts'
import { rankShares } from '../../stats/rank-shares.ts'
import { bytesWith } from '../count/answer-sums.ts'
import { areaSlots } from '../count/area-slots.ts'
import type { FilteredRows } from '../count/filtered-rows.ts'
import { ratingSpans } from '../count/rating-spans.ts'
import { categoryTable, type TableCount } from './category-table.ts'
import type { Question, QuestionWorld } from './question.ts'

const maxSteps = 60

/** One area, as it is ranked. */
interface Ranked {
  idx: number
  /** Good answers and answers. */
  count: number
  n: number
  /** Of which the interval and the comparison know: the same, or as few as the adjusted share is worth. */
  as: { count: number; n: number }
  /** Null: as counted. */
  adjusted: Pick<FairRankingEntry, 'share' | 'low' | 'high'> | null
  missingWeight: number
  isHidden: boolean
}

/** Areas of one level compared by one rate; exempt closings do not count. */
export const fairRanking: Question<FairRankingOptions, FairRanking> = (rows, world, options) => {
  const { places, calls } = countPlaces(rows, world, options)
  const level = world.areas.filter((area) => area.level === options.areaLevel)
  const slots = areaSlots(
    world.areas,
    level.map(({ idx }) => idx),
  )
  const strata = new Map<number, TableCount[]>()
  for (const place of places) {
    const slot = slots[place.area]!
    if (slot < 0) continue
    const { idx } = level[slot]!
    const own = strata.get(idx)
    if (own) own.push(place)
    else strata.set(idx, [place])
  }
  const called = new Map<number, Response>()
  for (const [area, own] of calls) {
    const slot = slots[area]!
    if (slot < 0) continue
    const { idx } = level[slot]!
    const before = called.get(idx)
    called.set(idx, {
      called: (before?.called ?? 0) + own.called,
      answered: (before?.answered ?? 0) + own.answered,
    })
  }
  const standard = sumBy([...strata.values()].flat())
  const known = [...strata].map(([idx, own]) =>
    rankedOf(idx, own, options.isAdjusted ? standard : null),
  )
  const [count, n] = [sum(known.map((one) => one.count)), sum(known.map((one) => one.n))]
  const target = n === 0 ? 0 : count / n
  const judgeable = known.filter(({ isHidden }) => !isHidden)
  const [counts, ns] = [judgeable.map(({ as }) => as.count), judgeable.map(({ as }) => as.n)]
  const { ranked, tooFew } = rankShares(counts, ns, { least: answersToJudge.least })
  const judged = ranked.map(({ index }) => index)
  const dispersion = overdispersion(
    shareScores(
      judged.map((index) => counts[index]!),
      judged.map((index) => ns[index]!),
      target,
    ),
  )
  const largest = Math.max(answersToJudge.firm, ...ns)
  const above = areaLevels.slice(0, areaLevels.indexOf(options.areaLevel)).toReversed()
  return {
    ...{ options, count, n, dispersion },
    ranked: ranked.map(({ index, share, low, high, ...one }) => {
      const { as, adjusted, ...own } = judgeable[index]!
      const shown = adjusted ?? { share: share!, low: low!, high: high! }
      return {
        ...{
          idx: own.idx,
          count: own.count,
          n: own.n,
          size: as.n,
          missingWeight: own.missingWeight,
        },
        ...(called.get(own.idx) ?? { called: 0, answered: 0 }),
        ...{ ...shown, shrunken: one.shrunken, group: one.group, best: one.best, worst: one.worst },
        zone: funnelZone(shown.share, shareFunnel(as.n, target, dispersion)),
      }
    }),
    tooFew: [
      ...tooFew.map((index) => judgeable[index]!.idx),
      ...known.filter(({ isHidden }) => isHidden).map(({ idx }) => idx),
    ],
    steps: funnelSizes(largest).map((size) => ({
      n: size,
      ...shareFunnel(size, target, dispersion),
    })),
    table: categoryTable(places, world, [options.areaLevel, ...above]),
  }
}

/** Bytes of the answers to one question, and of the good ones: see `goodAnswers`. */
const countedBytes = (rate: SatisfactionRate): Uint8Array =>
  bytesWith((answer) => answer[rate] !== null)
const goodBytes = (rate: SatisfactionRate): Uint8Array =>
  bytesWith((answer) =>
    rate === 'satisfied' ? (answer.satisfied ?? 0) >= 4 : answer[rate] === true,
  )

const categorySlots = 256
const [calledSlot, answeredSlot] = [2 * categorySlots, 2 * categorySlots + 1]

/** Bytes of calls that are over, and of those that brought an answer. */
const calledBytes = bytesWith(({ outcome }) => outcome !== 'waiting')
const answeredBytes = bytesWith(({ outcome }) => outcome === 'reached')
const noBytes = new Uint8Array(256)

/** Good answers by deepest area and leaf category, without places that have no answers; and calls by area. */
function countPlaces(
  rows: FilteredRows,
  world: QuestionWorld,
  options: FairRankingOptions,
): { places: TableCount[]; calls: Map<number, Response> } {
  const { area: failsByArea, category: failsByCategory } = rows.rules
  const [isCounted, isGood] = [countedBytes(options.rate), goodBytes(options.rate)]
  // By area: answers by category, then the good ones, then calls.
  const byArea = new Map<number, Uint32Array>()
  const countsOf = (area: number): Uint32Array => {
    let counts = byArea.get(area)
    if (!counts) byArea.set(area, (counts = new Uint32Array(answeredSlot + 1)))
    return counts
  }
  for (const { run, columns, from, to } of ratingSpans(world.ratings, options)) {
    if (run.isExempt) continue
    const { area, category, answer } = columns
    const isCall = run.way === 'callback'
    const [isCalled, isAnswered] = isCall ? [calledBytes, answeredBytes] : [noBytes, noBytes]
    // Rows of an area stand together within a day.
    for (let row = from; row < to;) {
      const place = area[row]!
      if (failsByArea[place] !== 0) {
        row++
        continue
      }
      const counts = countsOf(place)
      for (; row < to && area[row] === place; row++) {
        const [kind, byte] = [category[row]!, answer[row]!]
        if (failsByCategory[kind] !== 0) continue
        counts[kind]! += isCounted[byte]!
        counts[categorySlots + kind]! += isGood[byte]!
        counts[calledSlot]! += isCalled[byte]!
        counts[answeredSlot]! += isAnswered[byte]!
      }
    }
  }
  const calls = new Map(
    [...byArea].map(([area, counts]) => [
      area,
      { called: counts[calledSlot]!, answered: counts[answeredSlot]! },
    ]),
  )
  const places = [...byArea].flatMap(([area, counts]) => {
    const own: TableCount[] = []
    for (let category = 0; category < categorySlots; category++) {
      const n = counts[category]!
      if (n > 0) own.push({ area, category, count: counts[categorySlots + category]!, n })
    }
    return own
  })
  return { places, calls }
}

/** By `Category.idx`. */
function sumBy(places: readonly TableCount[]): Map<number, { count: number; n: number }> {
  const sums = new Map<number, { count: number; n: number }>()
  for (const { category, count, n } of places) {
    const before = sums.get(category) ?? { count: 0, n: 0 }
    sums.set(category, { count: before.count + count, n: before.n + n })
  }
  return sums
}

/**
 * An adjusted share is compared as a sample of p(1 − p)/variance answers, at most as many as there are:
 * so uncertain is it.
 * @param standard the mix of all areas; null: as counted
 */
function rankedOf(
  idx: number,
  places: readonly TableCount[],
  standard: ReturnType<typeof sumBy> | null,
): Ranked {
  const [count, n] = [sum(places.map((one) => one.count)), sum(places.map((one) => one.n))]
  const plain = { idx, count, n, as: { count, n }, adjusted: null, missingWeight: 0 }
  if (!standard || n < answersToJudge.least) return { ...plain, isHidden: false }
  const own = sumBy(places)
  const strata = [...standard.keys()]
  const { rate, variance, low, high, missingWeight } = directRate(
    strata.map((key) => own.get(key)?.count ?? 0),
    strata.map((key) => own.get(key)?.n ?? 0),
    strata.map((key) => standard.get(key)!.n),
    { kind: 'share' },
  )
  if (rate === null || low === null || high === null) return { ...plain, isHidden: true }
  const worth = variance ? Math.floor((rate * (1 - rate)) / variance) : n
  const size = Math.min(n, Math.max(1, worth))
  return {
    ...{ idx, count, n, missingWeight, isHidden: false },
    as: { count: Math.round(rate * size), n: size },
    adjusted: { share: rate, low, high },
  }
}

/** From the fewest that are judged to the largest, closer together where limits are steep. */
function funnelSizes(largest: number): number[] {
  const { least } = answersToJudge
  const sizes = Array.from({ length: maxSteps + 1 }, (_, i) =>
    Math.round(least * (largest / least) ** (i / maxSteps)),
  )
  return [...new Set(sizes)]
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0)
