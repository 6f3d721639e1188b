import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { report } from '@/data/problems.ts'
import type { Outbox } from '@/sync/index.ts'
import { useOutboxStore } from './outbox.store.ts'
import { useUnsavedStore } from './unsaved.store.ts'

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
  /** Whose it is: what is saved while their session ends still goes to them. */
  let own: Outbox | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let unsaved: { key: string; value: T } | null = null
  let saving: Promise<void> = Promise.resolve()

  const textOf = (some: T): string => JSON.stringify(some)

  async function write(outbox: Outbox, { key: at, value: changed }: { key: string; value: T }) {
    // Plain data: proxies cannot be stored.
    const text = textOf(changed)
    await outbox.kv.set(at, text === textOf(empty()) ? undefined : JSON.parse(text))
  }
  /** Resolves once the disk has it. @throws OutboxError; it is tried again with the next change */
  function save(): Promise<void> {
    clearTimeout(timer)
    const [changed, outbox] = [unsaved, own]
    if (!changed || !outbox) return saving
    unsaved = null
    saving = saving
      .catch(() => undefined)
      .then(() => write(outbox, changed))
      .catch((failure: unknown) => {
        unsaved ??= changed
        throw failure
      })
    saving.catch((failure: unknown) => report('draft', failure))
    return saving
  }
  const trySave = (): void => void save().catch(() => undefined)

  /** Shows what was kept, or nothing: no change of the person's. */
  let isShowing = false
  function show(some: T): void {
    isShowing = true
    value.value = some
    isShowing = false
  }

  // Another key, or another person's outbox: what was in hand goes where it belongs first.
  watch(
    [key, () => store.outbox],
    async ([wanted, outbox], [before]) => {
      if (before !== undefined && before !== wanted) {
        trySave()
        unsaved = null
        show(empty())
      }
      ready.value = false
      if (!outbox) return
      own = outbox
      // Typed before the outbox was open.
      if (unsaved) {
        trySave()
        ready.value = true
        return
      }
      try {
        const kept = await outbox.kv.get<T>(wanted)
        if (key() !== wanted || unsaved) return
        if (kept !== undefined) show(kept)
      } catch (failure) {
        report('draft', failure)
      } finally {
        if (key() === wanted) ready.value = true
      }
    },
    { immediate: true },
  )
  watch(
    value,
    (now) => {
      if (isShowing || (!ready.value && textOf(now) === textOf(empty()))) return
      unsaved = { key: key(), value: now }
      clearTimeout(timer)
      timer = setTimeout(trySave, saveDelayMs)
    },
    // Whoever leaves the page in this very moment has typed it already.
    { deep: true, flush: 'sync' },
  )

  const onHide = (): void => {
    if (document.visibilityState === 'hidden') trySave()
  }
  document.addEventListener('visibilitychange', onHide)
  window.addEventListener('pagehide', trySave)
  const stopAsking = useUnsavedStore().onLeave(save)
  onScopeDispose(() => {
    trySave()
    stopAsking()
    document.removeEventListener('visibilitychange', onHide)
    window.removeEventListener('pagehide', trySave)
  })
  return { value, ready }
}
