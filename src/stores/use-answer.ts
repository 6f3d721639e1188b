import {
  onScopeDispose,
  shallowRef,
  toValue,
  watch,
  type MaybeRefOrGetter,
  type ShallowRef,
} from 'vue'
import { latestWins } from '@/columns/latest-wins.ts'
import type { AnswerOf, OptionsOf, QuestionName } from '@/columns/questions/index.ts'
import { useColumnsStore } from './columns.store.ts'

/**
 * Asked again after each projection or option change. Null before the first answer, without
 * options, or with nothing loaded.
 */
export function useAnswer<N extends QuestionName>(
  name: N,
  options: MaybeRefOrGetter<OptionsOf<N> | null>,
): Readonly<ShallowRef<AnswerOf<N> | null>> {
  const columns = useColumnsStore()
  const answer: ShallowRef<AnswerOf<N> | null> = shallowRef(null)
  let isWanted = true
  const ask = latestWins(async (asked: OptionsOf<N>) =>
    isWanted ? columns.ask(name, asked) : null,
  )

  // After the projection: people wait for it, and the worker answers in order.
  watch(
    [() => toValue(options), () => columns.projection],
    async ([asked, projection]) => {
      isWanted = asked !== null && projection !== null
      if (!isWanted) answer.value = null
      else {
        const found = await ask(asked as OptionsOf<N>)
        if (found && isWanted) answer.value = found
      }
    },
    { immediate: true },
  )
  onScopeDispose(() => (isWanted = false))
  return answer
}
