import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useChartLook } from '@/charts/use-chart-look.ts'
import { fairRankingView } from '@/charts/views/fair-ranking.ts'
import { funnelView } from '@/charts/views/funnel.ts'
import { heatTableView } from '@/charts/views/heat-table.ts'
import {
  answersToJudge,
  type CategoryTable,
  type FairRanking,
  type SatisfactionRate,
} from '@/domain/answers/satisfaction.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useCounted } from '@/ui/use-counted.ts'
import { useFormat } from '@/ui/use-format.ts'

interface Asked {
  rate: Readonly<Ref<SatisfactionRate>>
  areaLevel: Readonly<Ref<AreaLevel>>
  isAdjusted: Readonly<Ref<boolean>>
  fair: Readonly<Ref<FairRanking | null>>
  /** Narrows to an area. */
  drillInto: (code: string) => void
}

/** Above this share of the standard's weight an adjusted share lacks too much to go unsaid. */
const muchMissing = 0.2

const codeOf = ({ code }: { code: string }): string => code

/** Areas compared fairly, and by category. A click narrows the shared filter. */
export function useComparisonCharts({ rate, areaLevel, isAdjusted, fair, drillInto }: Asked) {
  const { t, locale } = useI18n()
  const counted = useCounted()
  const look = useChartLook()
  const format = useFormat()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const filter = useFilterStore()
  const measure = computed(() =>
    isAdjusted.value
      ? t('satisfaction.adjustedName', { name: t(`satisfaction.rate.${rate.value}`) })
      : t(`satisfaction.rate.${rate.value}`),
  )
  const levelName = (level: AreaLevel): string => t(`domain.level.${level}`)
  const percent = (share: number): string => format.value.percent(share)
  const nameOf = (idx: number): string => areas.byIdx(idx)?.name ?? String(idx)

  /** As text: a filter that changes elsewhere draws nothing anew. */
  const chosen = computed(() => JSON.stringify(filter.filter.areas))
  const ranked = computed(() => {
    const codes = new Set(JSON.parse(chosen.value) as string[])
    return (
      fair.value?.ranked.flatMap((entry) => {
        const area = areas.byIdx(entry.idx)
        if (!area) return []
        return [{ ...entry, key: area.code, name: area.name, selected: codes.has(area.code) }]
      }) ?? null
    )
  })
  const ranking = computed(() => {
    const view = fairRankingView(
      {
        fileName: 'satisfaction-ranking',
        title: t('satisfaction.ranking', {
          name: measure.value,
          level: levelName(areaLevel.value),
        }),
        measure: measure.value,
        entries: ranked.value,
        tooFew: fair.value?.tooFew.map(nameOf) ?? [],
        least: answersToJudge.least,
        narrow: drillInto,
      },
      look.value,
    )
    const lacking = (ranked.value ?? []).filter(({ missingWeight }) => missingWeight > muchMissing)
    if (!isAdjusted.value) return view
    const note = t('satisfaction.adjusted', { note: view.note })
    return {
      ...view,
      note: lacking.length
        ? counted('satisfaction.lacking', { count: lacking.length }, { note })
        : note,
    }
  })
  const funnel = computed(() => {
    const { n = 0, count = 0, dispersion = 1, steps = [] } = fair.value ?? {}
    return funnelView(
      {
        fileName: 'satisfaction-funnel',
        title: t('satisfaction.funnel', { name: measure.value, level: levelName(areaLevel.value) }),
        measure: measure.value,
        entries: ranked.value?.map((one) => ({ ...one, n: one.size, value: one.share })) ?? null,
        steps,
        target: n === 0 ? 0 : count / n,
        isWidened: dispersion > 1,
        format: percent,
        narrow: drillInto,
      },
      look.value,
    )
  })

  const heat = computed(() => {
    const table = fair.value?.table
    const rows = (table?.categories ?? []).map((idx) => categories.byIdx(idx))
    const others = table?.others ?? 0
    return heatTableView(
      {
        fileName: 'satisfaction-table',
        title: t('satisfaction.table', {
          name: t(`satisfaction.rate.${rate.value}`),
          level: levelName(table?.areaLevel ?? areaLevel.value),
        }),
        measure: t(`satisfaction.rate.${rate.value}`),
        categories: [
          ...rows.map((one) => (one ? categories.nameOf(one, locale.value) : '')),
          t('satisfaction.allCategories'),
        ],
        areas: [
          ...(table?.areas.map(nameOf) ?? []),
          counted('satisfaction.otherAreas', { count: others }),
          t('satisfaction.allAreas'),
        ],
        cells:
          table?.cells.map(({ count, n }) => ({
            value: n < answersToJudge.least ? null : count / n,
            n,
          })) ?? null,
        format: percent,
        narrow: (row, column) => {
          const category = rows[row]
          if (category) filter.setCategories([category.code])
          if (table) filter.setAreas(codesIn(table, column))
        },
      },
      look.value,
    )
  })
  /** Of a column: its area, all areas of the level without a column, or none for all areas. */
  function codesIn({ areaLevel: level, areas: shown }: CategoryTable, column: number): string[] {
    const own = shown[column]
    if (own !== undefined) return areas.list.filter(({ idx }) => idx === own).map(codeOf)
    if (column > shown.length) return []
    const within = areas.byCode(filter.drill ?? '')?.path ?? ''
    return areas.list
      .filter((one) => one.level === level && one.path.startsWith(within))
      .filter(({ idx }) => !shown.includes(idx))
      .map(codeOf)
  }
  return { ranking, funnel, heat, measure }
}
