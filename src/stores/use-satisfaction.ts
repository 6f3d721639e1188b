import { computed, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import { latestWins } from '@/columns/latest-wins.ts'
import type { AnswerOf, OptionsOf } from '@/columns/questions/index.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import { useAreasStore } from './areas.store.ts'
import { useColumnsStore } from './columns.store.ts'
import { useRatingsStore } from './ratings.store.ts'
import { useFilterStore } from './view/filter.store.ts'

type RatingQuestion = 'satisfaction' | 'fairRanking' | 'ratingTrend'

/**
 * Residents' answers; loads the ratings on first use. Null before the first answer, without options,
 * or with nothing loaded.
 * @param filter instead of the filter in force; its areas and categories count
 */
export function useRatingAnswer<N extends RatingQuestion>(
  name: N,
  options: MaybeRefOrGetter<OptionsOf<N> | null>,
  filter?: MaybeRefOrGetter<IncidentFilter>,
): Readonly<ShallowRef<AnswerOf<N> | null>> {
  const columns = useColumnsStore()
  const ratings = useRatingsStore()
  const areas = useAreasStore()
  const inForce = useFilterStore()
  ratings.isWanted = true
  const answer: ShallowRef<AnswerOf<N> | null> = shallowRef(null)
  const ask = latestWins((asked: OptionsOf<N>) => columns.ask(name, asked, toValue(filter)))
  // Computed: a new projection of the incidents, of which ratings do not hang, asks nothing again.
  const wanted = computed(() => toValue(options))
  const isLoaded = computed(() => columns.projection !== null)
  const narrowed = computed(() => toValue(filter) ?? inForce.effective)
  watch(
    [wanted, narrowed, () => ratings.revision, isLoaded, () => areas.list] as const,
    async ([asked, , revision, isReady]) => {
      if (asked === null || revision === 0 || !isReady) answer.value = null
      else answer.value = (await ask(asked as OptionsOf<N>)) ?? answer.value
    },
    { immediate: true },
  )
  return answer
}

/** The three rates by area, category, month and department; see {@link useRatingAnswer}. */
export const useSatisfaction = (
  options: MaybeRefOrGetter<OptionsOf<'satisfaction'> | null>,
  filter?: MaybeRefOrGetter<IncidentFilter>,
): Readonly<ShallowRef<AnswerOf<'satisfaction'> | null>> =>
  useRatingAnswer('satisfaction', options, filter)
