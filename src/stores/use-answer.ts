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
 * The answer to a question about the incidents that pass the filter. It is asked again after every
 * projection and with other options; the last answer stays until the next one is there. Null before
 * the first answer, without options, and when nothing is loaded.
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

  // The projection comes first: it is what people wait for, and the worker answers in order.
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
