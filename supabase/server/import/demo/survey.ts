/**
 * Waves of a survey for the demo: what residents of each community might have answered, every half year. All of it
 * is generated and marked. The same communities, months and seed give the same figures.
 */
import { seededRandom } from '../../base/seeded-random.ts'
import type { SurveyPayload } from '../../../../src/domain/survey/survey-payload.ts'
import { seedOf } from './plan.ts'

interface Item {
  code: string
  nameZh: string
  nameEn: string
  categoryCode: string | null
  sense: 'happiness' | 'gain' | 'security' | null
  /** Share satisfied at first, and what each wave adds. */
  base: number
  trend: number
  /** Share that names it among the most important. */
  important: number
}

const items: readonly Item[] = [
  sense('happiness', '幸福感', 'Happiness', 0.74, 0.01),
  sense('gain', '获得感', 'Sense of gain', 0.66, 0.015),
  sense('security', '安全感', 'Security', 0.62, -0.01),
  topic('cleanliness', '市容环境', 'Clean streets', 'dirty_environment', 0.48, 0.02, 0.44),
  topic('facilities', '公共设施', 'Public facilities', 'aging_facility', 0.55, 0.005, 0.3),
  topic('parking', '停车秩序', 'Parking', 'illegal_parking', 0.41, 0, 0.27),
  topic(
    'construction',
    '违法建设治理',
    'Illegal construction',
    'illegal_construction',
    0.63,
    0.01,
    0.08,
  ),
  topic('response', '诉求响应', 'Response to requests', null, 0.58, 0.03, 0.22),
  topic('parks', '公园绿地', 'Parks and green', null, 0.79, 0, 0.12),
]

function sense(
  code: 'happiness' | 'gain' | 'security',
  nameZh: string,
  nameEn: string,
  base: number,
  trend: number,
): Item {
  return { code, nameZh, nameEn, categoryCode: null, sense: code, base, trend, important: 0 }
}
function topic(
  code: string,
  nameZh: string,
  nameEn: string,
  categoryCode: string | null,
  base: number,
  trend: number,
  important: number,
): Item {
  return { code, nameZh, nameEn, categoryCode, sense: null, base, trend, important }
}

/** Of a wave in a community, at most. */
const mostAnswers = 60
/** Values of the answers 1 to 5 within satisfied and not. */
const [good, poor] = [
  [4, 4, 4, 5, 5],
  [1, 2, 2, 3, 3, 3],
] as const

interface Counts {
  n: number
  sum: number
  squares: number
  satisfied: number
  dissatisfied: number
  named: number
}
const nothing = (): Counts => ({
  ...{ n: 0, sum: 0, squares: 0, satisfied: 0, dissatisfied: 0, named: 0 },
})

/** @param months of the waves as YYYY-MM, the oldest first */
export function planSurvey(
  communities: readonly string[],
  months: readonly string[],
  { seed, cityCode }: { seed: string; cityCode: string },
): SurveyPayload {
  const rows: SurveyPayload['rows'] = {
    ...{ line: [], area: [], month: [], item: [], n: [], mean: [], sd: [] },
    ...{ satisfied: [], dissatisfied: [], important: [] },
  }
  const put = (area: string, month: string, item: Item, counts: Counts): void => {
    const { n, sum, squares, satisfied, dissatisfied, named } = counts
    rows.line.push(rows.line.length + 1)
    rows.area.push(area)
    rows.month.push(month)
    rows.item.push(item.code)
    rows.n.push(n)
    rows.mean.push(n === 0 ? null : sum / n)
    rows.sd.push(n < 2 ? null : Math.sqrt(Math.max(0, (squares - sum ** 2 / n) / (n - 1))))
    rows.satisfied.push(n === 0 ? null : satisfied / n)
    rows.dissatisfied.push(n === 0 ? null : dissatisfied / n)
    rows.important.push(n === 0 || item.sense ? null : named / n)
  }
  for (const [wave, month] of months.entries())
    for (const item of items) {
      const city = nothing()
      for (const community of communities) {
        const lean = (seededRandom(seedOf(`${seed} lean ${community}`))() - 0.5) * 0.24
        const random = seededRandom(seedOf(`${seed} survey ${community} ${item.code} ${month}`))
        const chance = Math.min(0.96, Math.max(0.04, item.base + item.trend * wave + lean))
        const own = nothing()
        const answers = random.whole(8, mostAnswers)
        for (let i = 0; i < answers; i++) {
          const isGood = random() < chance
          const value = random.pick(isGood ? good : poor)
          own.n++
          own.sum += value
          own.squares += value ** 2
          own.satisfied += isGood ? 1 : 0
          own.dissatisfied += value <= 2 ? 1 : 0
          own.named += random() < item.important ? 1 : 0
        }
        put(community, month, item, own)
        for (const key of Object.keys(city) as (keyof Counts)[]) city[key] += own[key]
      }
      put(cityCode, month, item, city)
    }
  return {
    survey: { code: 'demo_residents', nameZh: '居民感受调查', nameEn: 'Residents’ survey' },
    file: 'generated',
    items: items.map(({ code, nameZh, nameEn, categoryCode, sense }) => ({
      ...{ code, nameZh, nameEn, categoryCode, sense, least: 1, most: 5 },
    })),
    rows,
  }
}
