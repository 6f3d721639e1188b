import {
  computed,
  onScopeDispose,
  shallowRef,
  toValue,
  watch,
  type MaybeRefOrGetter,
  type ShallowRef,
} from 'vue'
import { latestWins } from '@/columns/latest-wins.ts'
import { isSlow } from '@/columns/slow-questions.ts'
import type { AnswerOf, OptionsOf, QuestionName } from '@/columns/questions/index.ts'
import { useColumnsStore } from './columns.store.ts'
import { useFilterStore } from './view/filter.store.ts'

export interface AnswerOptions {
  /** Follows a period in motion; for what the map shows. */
  isLive?: boolean
  /** Told while the answer takes long: the share that is done, and null at its end. */
  onShare?: (done: number | null) => void
}

/**
 * Asked again after each projection or option change, slow questions not before all months are
 * there. Null before the first answer, without options, or with nothing loaded.
 */
export function useAnswer<N extends QuestionName>(
  name: N,
  options: MaybeRefOrGetter<OptionsOf<N> | null>,
  { isLive = false, onShare }: AnswerOptions = {},
): Readonly<ShallowRef<AnswerOf<N> | null>> {
  const columns = useColumnsStore()
  const filter = useFilterStore()
  const answer: ShallowRef<AnswerOf<N> | null> = shallowRef(null)
  let isWanted = true
  const dropEarlier = (): void => {
    if (isSlow(name)) columns.drop(name)
  }
  const ask = latestWins(async (asked: OptionsOf<N>) => {
    if (!isWanted) return null
    try {
      return await columns.ask(name, asked, isLive ? filter.live : filter.effective, onShare)
    } finally {
      onShare?.(null)
    }
  })

  // As text: a source of a watch is read again with every other one, and equal options ask nothing.
  const wanted = computed(() => JSON.stringify(toValue(options)))
  // After the projection: people wait for it, and the worker answers in order.
  watch(
    [wanted, () => (isLive ? columns.live : columns.projection)],
    async ([text, projection]) => {
      const asked = JSON.parse(text) as OptionsOf<N> | null
      isWanted = asked !== null && projection !== null
      dropEarlier()
      if (!isWanted) answer.value = null
      // Each month that arrives would begin it anew. The end of the load asks.
      else if (!isSlow(name) || columns.status !== 'loading') {
        const found = await ask(asked as OptionsOf<N>)
        if (found && isWanted) answer.value = found
      }
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    isWanted = false
    dropEarlier()
  })
  return answer
}
