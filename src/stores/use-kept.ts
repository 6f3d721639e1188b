import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { useOutboxStore } from './outbox.store.ts'

const saveDelayMs = 300

/**
 * Something half done that must survive a reload: kept beside the outbox, under the person's own
 * account. Follows `key`; what equals `empty` is kept as nothing. `ready` once it has been read:
 * before that a change by hand wins over what was kept.
 */
export function useKept<T>(
  key: () => string,
  empty: () => T,
): { value: Ref<T>; ready: Ref<boolean> } {
  const store = useOutboxStore()
  const value = ref(empty()) as Ref<T>
  const ready = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let unsaved: { key: string; value: T } | null = null

  async function save(): Promise<void> {
    clearTimeout(timer)
    const [saving, { outbox }] = [unsaved, store]
    if (!saving || !outbox) return
    unsaved = null
    // Plain data: proxies cannot be stored.
    const plain: unknown = JSON.parse(JSON.stringify(saving.value))
    const isEmpty = JSON.stringify(plain) === JSON.stringify(empty())
    await outbox.kv.set(saving.key, isEmpty ? undefined : plain)
  }
  const trySave = (): void =>
    void save().catch((failure: unknown) => console.warn('not kept:', failure))

  // Another key, or another person's outbox: what was in hand goes where it belongs first.
  watch(
    [key, () => store.outbox],
    async ([wanted, outbox], [before]) => {
      if (before !== undefined && before !== wanted) {
        trySave()
        value.value = empty()
        unsaved = null
      }
      ready.value = false
      if (!outbox) return
      // Typed before the outbox was open.
      if (unsaved) {
        trySave()
        ready.value = true
        return
      }
      try {
        const kept = await outbox.kv.get<T>(wanted)
        if (key() !== wanted || unsaved) return
        if (kept !== undefined) value.value = kept
      } catch (failure) {
        console.warn('nothing kept:', failure)
      } finally {
        if (key() === wanted) ready.value = true
      }
    },
    { immediate: true },
  )
  watch(
    value,
    (now) => {
      if (!ready.value && JSON.stringify(now) === JSON.stringify(empty())) return
      unsaved = { key: key(), value: now }
      clearTimeout(timer)
      timer = setTimeout(trySave, saveDelayMs)
    },
    { deep: true },
  )
  onScopeDispose(trySave)
  return { value, ready }
}
