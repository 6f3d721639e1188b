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
  let latest: Promise<void> = Promise.resolve()
  let isDisposed = false
  onScopeDispose(() => (isDisposed = true))

  /** Resolves once no older items are shown: with a later reading where one overtook this. */
  function reload(): Promise<void> {
    latest = readOnce(++turn)
    return latest
  }
  async function readOnce(mine: number): Promise<void> {
    const { outbox } = store
    if (!outbox) {
      items.value = empty
      loaded.value = false
      return
    }
    try {
      const found = await read(outbox)
      if (isDisposed) return
      if (mine !== turn) return await latest
      items.value = found
      loaded.value = true
    } catch (failure) {
      // The store closes with the session; the page keeps its last items.
      if (!isDisposed && mine === turn) report('outbox-read', failure)
    }
  }

  const soon = useThrottleFn(reload, 500, true)
  watch(() => store.revision, soon)
  watch([() => store.outbox, inputs], () => void reload(), { immediate: true })
  return { items, loaded, reload }
}
