import { shallowRef, toValue, watch, type MaybeRefOrGetter, type ShallowRef } from 'vue'
import { latestWins } from '@/columns/latest-wins.ts'
import type { Satisfaction, SatisfactionOptions } from '@/domain/answers/satisfaction.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import { useColumnsStore } from './columns.store.ts'
import { useRatingsStore } from './ratings.store.ts'

/**
 * What residents answered; loads the ratings on first use. Null before the first answer, or with
 * nothing loaded.
 * @param filter instead of the filter in force; its areas and categories count
 */
export function useSatisfaction(
  options: MaybeRefOrGetter<SatisfactionOptions>,
  filter?: IncidentFilter,
): Readonly<ShallowRef<Satisfaction | null>> {
  const columns = useColumnsStore()
  const ratings = useRatingsStore()
  ratings.isWanted = true
  const answer: ShallowRef<Satisfaction | null> = shallowRef(null)
  const ask = latestWins((asked: SatisfactionOptions) => columns.ask('satisfaction', asked, filter))
  watch(
    [() => toValue(options), () => ratings.revision, () => columns.projection],
    async ([asked, revision, projection]) => {
      if (revision === 0 || projection === null) answer.value = null
      else answer.value = (await ask(asked)) ?? answer.value
    },
    { immediate: true },
  )
  return answer
}
