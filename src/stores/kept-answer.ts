import { computed, shallowRef, watch, type ComputedRef, type ShallowRef } from 'vue'
import type { ServerAnswer } from './server-query.ts'
import { useSessionStore } from './session.store.ts'

interface KeptAnswer<T> {
  /** The newest answer, or the former one until the next comes. An error without an answer, or another scope, empties it. */
  kept: Readonly<ShallowRef<T | null>>
  /** The answer belongs to the former question. */
  isFormer: ComputedRef<boolean>
}

/** Keeps the former question's answer on the page while the next is asked. */
export function useKeptAnswer<T>({ data, error }: ServerAnswer<T>): KeptAnswer<T> {
  const session = useSessionStore()
  const kept: ShallowRef<T | null> = shallowRef(data.value)
  watch(
    [data, error] as const,
    ([answer, failure]) => {
      if (answer !== null || failure !== null) kept.value = answer
    },
    { flush: 'sync' },
  )
  watch(
    () => session.scope,
    () => (kept.value = null),
    { flush: 'sync' },
  )
  return { kept, isFormer: computed(() => data.value === null && kept.value !== null) }
}
