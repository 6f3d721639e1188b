import {
  answersToJudge,
  goodAnswers,
  noAskCounts,
  type AskCounts,
  type FairRanking,
  type FairRankingOptions,
} from '../../domain/answers/satisfaction.ts'
import { funnelZone, overdispersion, shareFunnel, shareScores } from '../../stats/funnel.ts'
import { rankShares } from '../../stats/rank-shares.ts'
import { areaSlots } from '../count/area-slots.ts'
import { addRating, forEachRating } from './satisfaction.ts'
import type { Question } from './question.ts'

const maxCategories = 12
const maxAreas = 12
const maxSteps = 60

/** Areas of one level compared by one rate; exempt closings do not count. */
export const fairRanking: Question<FairRankingOptions, FairRanking> = (rows, world, options) => {
  const level = world.areas.filter((area) => area.level === options.areaLevel)
  const slots = areaSlots(
    world.areas,
    level.map(({ idx }) => idx),
  )
  const byArea = new Map<number, AskCounts>()
  const byCategory = new Map<number, AskCounts>()
  const byBoth = new Map<string, AskCounts>()
  forEachRating(rows, world, options, ({ area, category, answer, run }) => {
    const slot = slots[area]!
    if (run.isExempt || slot < 0) return
    const { idx } = level[slot]!
    for (const counts of [
      countsOf(byArea, idx),
      countsOf(byCategory, category),
      countsOf(byBoth, `${category}/${idx}`),
    ])
      addRating(counts, answer, run)
  })
  const good = (counts: AskCounts | undefined): { count: number; n: number } =>
    counts ? goodAnswers(counts, options.rate) : { count: 0, n: 0 }
  const known = [...byArea]
    .map(([idx, counts]) => ({ idx, ...good(counts) }))
    .filter(({ n }) => n > 0)
  const counts = known.map((one) => one.count)
  const ns = known.map(({ n }) => n)
  const [count, n] = [sum(counts), sum(ns)]
  const target = n === 0 ? 0 : count / n
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
  return {
    ...{ options, count, n, dispersion },
    ranked: ranked.map(({ index, count: yes, n: of, ...one }) => ({
      ...{ idx: known[index]!.idx, count: yes, n: of, shrunken: one.shrunken },
      ...{ share: one.share!, low: one.low!, high: one.high! },
      ...{ group: one.group, best: one.best, worst: one.worst },
      zone: funnelZone(one.share!, shareFunnel(of, target, dispersion)),
    })),
    tooFew: tooFew.map((index) => known[index]!.idx),
    steps: funnelSizes(largest).map((size) => ({
      n: size,
      ...shareFunnel(size, target, dispersion),
    })),
    table: tableOf(byCategory, known, (key) => good(byBoth.get(key)), good),
  }
}

function countsOf<Key>(byKey: Map<Key, AskCounts>, key: Key): AskCounts {
  let found = byKey.get(key)
  if (!found) byKey.set(key, (found = noAskCounts()))
  return found
}

/** From the fewest that are judged to the largest, closer together where limits are steep. */
function funnelSizes(largest: number): number[] {
  const { least } = answersToJudge
  const sizes = Array.from({ length: maxSteps + 1 }, (_, i) =>
    Math.round(least * (largest / least) ** (i / maxSteps)),
  )
  return [...new Set(sizes)]
}

function tableOf(
  byCategory: ReadonlyMap<number, AskCounts>,
  known: readonly { idx: number; n: number }[],
  cell: (key: string) => { count: number; n: number },
  good: (counts: AskCounts) => { count: number; n: number },
): FairRanking['table'] {
  const mostAnswered = (list: readonly { idx: number; n: number }[], most: number): number[] =>
    list
      .filter(({ n }) => n > 0)
      .toSorted((a, b) => b.n - a.n || a.idx - b.idx)
      .slice(0, most)
      .map(({ idx }) => idx)
  const areas = mostAnswered(known, maxAreas)
  const categories = mostAnswered(
    [...byCategory].map(([idx, counts]) => ({ idx, n: good(counts).n })),
    maxCategories,
  )
  const cells = categories.flatMap((category) => areas.map((area) => cell(`${category}/${area}`)))
  return { categories, areas, cells }
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0)
