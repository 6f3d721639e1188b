import { useThrottleFn } from '@vueuse/core'
import { onScopeDispose, shallowRef, watch, type ShallowRef } from 'vue'
import { report } from '@/data/problems.ts'
import type { Outbox } from '@/sync/index.ts'
import { useOutboxStore } from './outbox.store.ts'

/**
 * Repeats `read` at most twice a second when the outbox changes, and at once when `inputs` change.
 */
export function useOutboxItems<T>(
  read: (outbox: Outbox) => Promise<T>,
  empty: T,
  inputs: () => unknown = () => null,
): {
  items: Readonly<ShallowRef<T>>
  loaded: Readonly<ShallowRef<boolean>>
  reload(): Promise<void>
} {
  const store = useOutboxStore()
  const items = shallowRef(empty)
  const loaded = shallowRef(false)
  let turn = 0
  onScopeDispose(() => turn++)

  async function reload(): Promise<void> {
    const mine = ++turn
    const { outbox } = store
    if (!outbox) {
      items.value = empty
      loaded.value = false
      return
    }
    try {
      const found = await read(outbox)
      if (mine !== turn) return
      items.value = found
      loaded.value = true
    } catch (failure) {
      // The store closes with the session; the page keeps its last items.
      if (mine === turn) report('outbox-read', failure)
    }
  }

  const soon = useThrottleFn(reload, 500, true)
  watch(() => store.revision, soon)
  watch([() => store.outbox, inputs], () => void reload(), { immediate: true })
  return { items, loaded, reload }
}
