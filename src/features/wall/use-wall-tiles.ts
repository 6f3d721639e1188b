import { computed, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import type { ChartView } from '@/charts/chart-view.ts'
import { useChartLook } from '@/charts/use-chart-look.ts'
import { areaRankingView } from '@/charts/views/area-ranking.ts'
import { monthFlowView } from '@/charts/views/month-flow.ts'
import { xmrView } from '@/charts/views/xmr.ts'
import { classBreaks, classOf } from '@/domain/answers/class-breaks.ts'
import {
  answersToJudge,
  goodAnswers,
  responseOf,
  satisfactionRates,
} from '@/domain/answers/satisfaction.ts'
import { judgedShare, judgedTrend } from '@/domain/answers/satisfaction-judged.ts'
import { measures } from '@/domain/measure/index.ts'
import { countFigures, rankAreas } from '@/domain/measure/rank.ts'
import { monthOfDay } from '@/domain/time/calendar.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import type { TileRoom, WallTile } from '@/domain/wall/wall-plan.ts'
import { comparedParent } from '@/parts/filter/compared-parent.ts'
import { useAreaCounts } from '@/parts/filter/use-area-choice.ts'
import { outlinesOf, type Outlines } from '@/stores/area-outlines.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useAnswer } from '@/stores/use-answer.ts'
import { useSatisfaction } from '@/stores/use-satisfaction.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import type { AreaShape } from '@/ui/AreaShapes.vue'
import { useCounted } from '@/ui/use-counted.ts'
import { useFormat } from '@/ui/use-format.ts'
import type { WallFigure } from './WallFigures.vue'

const shades = 5
/** More bars would be too thin to read from afar. */
const mostBars: Record<TileRoom, number> = { whole: 9, tall: 11, quarter: 5, sixth: 5 }
const trendMonths = 24
const nobodyClicks = (): void => {}

export type TileContent =
  | { kind: 'figures'; figures: WallFigure[] }
  | { kind: 'chart'; view: ChartView }
  | { kind: 'map'; shapes: AreaShape[]; shades: number; lows: string[] }

/** Everything the wall can show, from the same views and answers as the pages. */
export function useWallTiles(roomFor: (tile: WallTile) => TileRoom) {
  const { t } = useI18n()
  const counted = useCounted()
  const look = useChartLook()
  const format = useFormat()
  const session = useSessionStore()
  const areas = useAreasStore()
  const columns = useColumnsStore()
  const filter = useFilterStore()
  const counts = useAreaCounts()

  const parent = computed(() =>
    comparedParent(
      areas.list,
      null,
      session.memberships.map((one) => one.areaPath),
    ),
  )
  const compared = computed(() => (parent.value ? areas.children(parent.value.code) : []))
  const areaLevel = computed<AreaLevel>(() => compared.value[0]?.level ?? 'grid')

  const ranked = computed(() => {
    const found = counts.value
    return found && rankAreas(compared.value, (area) => countFigures(found, area), measures.count)
  })
  const ranking = computed(() =>
    areaRankingView(
      {
        areas:
          ranked.value
            ?.slice(0, mostBars[roomFor('ranking')])
            .map(({ area: { code, name }, count, open, overdue }) => ({
              ...{ key: code, name, count, open, overdue, selected: false },
            })) ?? null,
        level: t(`domain.level.${areaLevel.value}`),
        narrow: nobodyClicks,
      },
      look.value,
    ),
  )
  const isTight = (tile: WallTile): boolean => ['quarter', 'sixth'].includes(roomFor(tile))
  const trend = computed(() =>
    monthFlowView(
      {
        months: columns.projection?.months ?? null,
        ...{ isPartial: columns.partial, withoutBacklog: isTight('trend') },
        narrow: nobodyClicks,
      },
      look.value,
    ),
  )

  const outlines = shallowRef<Outlines>(new Map())
  watch(
    [areaLevel, () => areas.list, () => outlines.value.size === 0 && columns.answers],
    async ([level, list]) => {
      if (list.length === 0) return
      const found = await areas.features(level).catch(() => null)
      // Areas of another level may have come first; a poll asks again.
      if (!found || level !== areaLevel.value) return
      outlines.value = outlinesOf(found)
    },
    { immediate: true },
  )
  const map = computed(() => {
    const rows = ranked.value ?? []
    const values = rows.map(({ open }) => open)
    const breaks = classBreaks(values, shades)
    return {
      lows: values.length > 0 ? [Math.min(...values), ...breaks].map(format.value.count) : [],
      shades: breaks.length + 1,
      shapes: rows.map(({ area: { code, name }, open }) => ({
        ...{ code, name, outline: outlines.value.get(code) ?? null },
        ...{ shade: classOf(open, breaks), figure: format.value.count(open) },
      })),
    }
  })

  const closing = useAnswer('closing', () => ({ withinDays: 7, areaLevel: areaLevel.value }))
  const openFigures = computed((): WallFigure[] => {
    const { projection } = columns
    const figure = (value: number | undefined): string | null =>
      value === undefined ? null : format.value.count(value)
    const overdue = ranked.value?.reduce((sum, one) => sum + one.overdue, 0)
    const inTime = closing.value?.within.share
    return [
      { key: 'open', label: t('charts.open'), value: figure(projection?.open) },
      {
        ...{ key: 'overdue', label: t('charts.overdueNow'), value: figure(overdue) },
        tone: overdue ? 'text-error' : 'text-success',
      },
      { key: 'received', label: t('charts.received'), value: figure(projection?.total) },
      {
        key: 'in-time',
        label: counted('overview.inTime', { count: 7 }),
        value: inTime === undefined || inTime === null ? null : format.value.percent(inTime),
      },
    ]
  })

  const months = computed(() => {
    const { period } = filter.filter
    return period && { from: monthOfDay(period.from), to: monthOfDay(period.to) }
  })
  const answers = useSatisfaction(() =>
    filter.periodKnown && parent.value ? { months: months.value } : null,
  )
  const rates = computed(() =>
    satisfactionRates.map((rate): WallFigure => {
      const label = t(`satisfaction.rate.${rate}`)
      if (!answers.value) return { key: rate, label, value: null }
      const { share, low, high, count, n } = judgedShare(goodAnswers(answers.value.all, rate))
      if (share === null || n < answersToJudge.least)
        return { key: rate, label, value: '–', hints: [t('satisfaction.tooFew')] }
      const { percent } = format.value
      const key = isTight('rates') ? 'wall.interval' : 'satisfaction.interval'
      const interval = t(key, { low: percent(low!), high: percent(high!) })
      const of = counted('satisfaction.of', { done: count, count: n })
      const { called, answered } = responseOf(answers.value.all)
      // in little room those who answered stand beside those called, without their share
      if (isTight('rates')) {
        const asked = counted('wall.answersOfCalled', { done: answered, count: called })
        return { key: rate, label, value: percent(share), hints: [asked, interval] }
      }
      const level = called === 0 ? '–' : percent(answered / called)
      const response = t('wall.response', { level, name: format.value.count(called) })
      return { key: rate, label, value: percent(share), hints: [of, interval, response] }
    }),
  )
  const ever = useSatisfaction(() => (parent.value ? { months: null } : null))
  const satisfied = computed(() => {
    const known = (ever.value?.months ?? [])
      .map((one) => ({ month: one.month, ...goodAnswers(one, 'satisfied') }))
      .filter(({ n }) => n >= answersToJudge.least)
      .slice(-trendMonths)
    const chart = judgedTrend(known)
    const points = known.map(({ month, count, n }, at) => ({
      label: month,
      ...{ value: count / n, n, cause: chart.causes[at] ?? null },
    }))
    return xmrView(
      {
        ...{ fileName: 'wall-satisfied', title: t('wall.tile.satisfied') },
        measure: t('satisfaction.rate.satisfied'),
        ...{ points: ever.value && points, limits: chart.limits },
        ...{ target: null, assurance: null, format: format.value.percent, narrow: nobodyClicks },
      },
      look.value,
    )
  })

  const contents = computed((): Record<WallTile, TileContent> => ({
    open: { kind: 'figures', figures: openFigures.value },
    map: { kind: 'map', ...map.value },
    trend: { kind: 'chart', view: trend.value },
    ranking: { kind: 'chart', view: ranking.value },
    rates: { kind: 'figures', figures: rates.value },
    satisfied: { kind: 'chart', view: satisfied.value },
  }))
  return { contents, parent, hasGenerated: computed(() => (answers.value?.all.generated ?? 0) > 0) }
}
