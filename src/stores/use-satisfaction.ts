import { computed, shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import { latestWins } from '@/columns/latest-wins.ts'
import type { AnswerOf, OptionsOf } from '@/columns/questions/index.ts'
import { emptyFilter, type IncidentFilter } from '@/domain/filter/filter.ts'
import { useAreasStore } from './areas.store.ts'
import { useColumnsStore } from './columns.store.ts'
import { useRatingsStore } from './ratings.store.ts'
import { useFilterStore } from './view/filter.store.ts'

type RatingQuestion = 'satisfaction' | 'fairRanking' | 'ratingTrend'

interface Wanted<N extends RatingQuestion> {
  asked: OptionsOf<N>
  narrowed: IncidentFilter
}

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
  const ask = latestWins(({ asked, narrowed }: Wanted<N>) => columns.ask(name, asked, narrowed))
  // As text: equal questions ask nothing. Ratings hang neither on a new projection of the incidents nor
  // on parts of the filter that are about reports.
  const wanted = computed(() => {
    const asked = toValue(options)
    if (asked === null || columns.projection === null) return null
    const { areas: within, categories } = toValue(filter) ?? inForce.effective
    const narrowed = { ...emptyFilter(), areas: within, categories }
    return JSON.stringify({ asked, narrowed } satisfies Wanted<N>)
  })
  watch(
    [wanted, () => ratings.revision, () => areas.list] as const,
    async ([text, revision]) => {
      if (text === null || revision === 0) answer.value = null
      else answer.value = (await ask(JSON.parse(text) as Wanted<N>)) ?? answer.value
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
