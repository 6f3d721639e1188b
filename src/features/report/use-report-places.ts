import { computed, onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { latestWins } from '@/columns/latest-wins.ts'
import type { AnswerOf, OptionsOf, QuestionName } from '@/columns/questions/index.ts'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import type { FindingKey } from '@/domain/answers/finding-marks.ts'
import { usualJudging } from '@/domain/answers/hotspots.ts'
import { usualRepeats } from '@/domain/answers/repeat-places.ts'
import { isWithin, type Area } from '@/domain/city/area.ts'
import { emptyFilter } from '@/domain/filter/filter.ts'
import { judgedLevel, placeFigures, type PlaceAnswers } from '@/domain/report/places.ts'
import type { Period } from '@/domain/time/period.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useFindingMarks } from '@/stores/outbox/use-finding-marks.ts'
import { useAreaShapes } from '@/stores/use-area-shapes.ts'
import type { ReportContents } from './use-report-answers.ts'

interface Asked {
  contents: ReportContents
  level: AreaLevel
  /** Names repeat places, as on the map. */
  smallest: AreaLevel
}

/** Findings and repeat places of a report, by the map's own questions, once the rest is there. */
export function useReportPlaces(contents: Readonly<Ref<ReportContents | null>>) {
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const columns = useColumnsStore()
  const { marks, error: marksError } = useFindingMarks()
  const answers = shallowRef<(PlaceAnswers & { of: ReportContents }) | null>(null)
  const error = shallowRef<AppError | null>(null)

  const level = computed(() =>
    contents.value ? judgedLevel(contents.value.area, areas.list, areas.levels) : null,
  )
  const smallest = computed(() => (level.value ? (areas.levels.at(-1) ?? null) : null))
  const isVisible = useAreaScope()
  const judgedShapes = useAreaShapes(level, isVisible)
  const smallestShapes = useAreaShapes(
    () => (smallest.value === level.value ? null : smallest.value),
    isVisible,
  )
  const hasShapes = computed(
    () =>
      judgedShapes.value === level.value &&
      (smallest.value === level.value || smallestShapes.value === smallest.value),
  )

  const gather = latestWins(async (asked: Asked) => {
    try {
      const found = await gathered(asked)
      error.value = null
      return found
    } catch (failure) {
      if (!isAbort(failure)) error.value = toAppError(failure)
      return null
    }
  })
  watch(
    [contents, level, hasShapes],
    async ([own, judged, isSent]) => {
      columns.drop('repeatPlaces')
      if (!own || !judged || !isSent) return
      answers.value =
        (await gather({ contents: own, level: judged, smallest: smallest.value! })) ?? answers.value
    },
    { immediate: true },
  )
  onScopeDispose(() => columns.drop('repeatPlaces'))

  async function gathered({ contents: of, level: judged, smallest: finest }: Asked) {
    const { days } = of.days
    const ask = async <N extends QuestionName>(
      name: N,
      options: OptionsOf<N>,
      period: Period,
    ): Promise<AnswerOf<N>> => {
      const filter = { ...emptyFilter(), ...{ period, areas: [of.area.code] } }
      const answer = await columns.ask(name, options, filter)
      if (answer === null) throw columns.error ?? new DOMException('', 'AbortError')
      return answer
    }
    const { to: lastDay } = days
    const judging = { ...usualJudging, method: 'chance', window: null, lastDay } as const
    const [findings, hotspots, repeats] = await Promise.all([
      ask('findings', { level: judged, lastDay }, days),
      ask('hotspots', { ...judging, level: judged }, days),
      ask('repeatPlaces', { ...usualRepeats, level: finest, lastDay }, null),
    ])
    return { of, level: judged, findings, hotspots, repeats }
  }

  const keyOf = ({ area, category }: { area: number | null; category: number }): FindingKey => ({
    areaCode: (area === null ? undefined : areas.byIdx(area))?.code ?? '',
    categoryCode: categories.byIdx(category)?.code ?? '',
  })
  const isInside = (within: Area) => (idx: number) => {
    const found = areas.byIdx(idx)
    return found !== undefined && isWithin(found, within)
  }
  /** Null while something is missing, those put aside among it. */
  const current = computed(() =>
    answers.value?.of === contents.value && (marks.value.asOf || marksError.value)
      ? answers.value
      : null,
  )
  const figures = computed(
    () =>
      current.value &&
      placeFigures(current.value, marks.value.dismissals, keyOf, isInside(current.value.of.area)),
  )
  /** An area without any below has no places to tell of. */
  const isSettled = computed(
    () =>
      figures.value !== null || error.value !== null || (contents.value !== null && !level.value),
  )
  const hotspots = computed(() => current.value?.hotspots ?? null)
  return { figures, hotspots, level, error, isSettled, isInside }
}
