import { readonly, shallowRef, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import type { AnswerOf, OptionsOf } from '@/columns/questions/index.ts'
import type { SlowQuestion } from '@/columns/slow-questions.ts'
import { useAnswer, type AnswerOptions } from './use-answer.ts'
import { useFilterStore } from './view/filter.store.ts'

/** How far a question is, and the way to stop it. */
export interface SlowWork {
  /** Of the work, 0 to 1; null while nothing takes long. */
  share: Readonly<Ref<number | null>>
  isStopped: Readonly<Ref<boolean>>
  stop: () => void
  again: () => void
}

export interface SlowAnswer<N extends SlowQuestion> extends SlowWork {
  answer: Readonly<Ref<AnswerOf<N> | null>>
}

/** As `useAnswer`, for a question that a person may stop. Other options or another filter begin anew. */
export function useSlowAnswer<N extends SlowQuestion>(
  name: N,
  options: MaybeRefOrGetter<OptionsOf<N> | null>,
  { isLive = false }: Pick<AnswerOptions, 'isLive'> = {},
): SlowAnswer<N> {
  const filter = useFilterStore()
  const share = shallowRef<number | null>(null)
  const isStopped = shallowRef(false)
  const again = (): void => void (isStopped.value = false)
  const answer = useAnswer(name, () => (isStopped.value ? null : toValue(options)), {
    isLive,
    onShare: (done) => (share.value = done),
  })
  // By its text: options are made anew whenever something they read changes.
  watch(() => JSON.stringify([toValue(options), filter.live]), again)
  return {
    answer,
    share: readonly(share),
    isStopped: readonly(isStopped),
    stop: () => (isStopped.value = true),
    again,
  }
}
