import { report } from '@/data/problems.ts'
import { ref, watch, type Ref } from 'vue'
import type { Outbox } from '@/sync/index.ts'
import { useOutboxStore } from './outbox.store.ts'
import { useAutosave } from './use-autosave.ts'

const saveDelayMs = 300

/**
 * Unfinished input, kept per person under `key`. Before `ready`, a change by hand wins over the
 * stored value.
 */
export function useKept<T>(
  key: () => string,
  empty: () => T,
): { value: Ref<T>; ready: Ref<boolean> } {
  const store = useOutboxStore()
  const value = ref(empty()) as Ref<T>
  const ready = ref(false)
  /** The person's outbox, still used while their session ends. */
  let own: Outbox | null = null
  let unsaved: { key: string; value: T } | null = null
  const autosave = useAutosave(save, saveDelayMs)

  const textOf = (some: T): string => JSON.stringify(some)

  async function write(outbox: Outbox, { key: at, value: changed }: { key: string; value: T }) {
    // Proxies cannot be stored.
    const text = textOf(changed)
    await outbox.kv.set(at, text === textOf(empty()) ? undefined : JSON.parse(text))
  }
  /** Resolves once stored. @throws OutboxError; the next change retries */
  function save(): Promise<void> {
    autosave.cancel()
    const [changed, outbox] = [unsaved, own]
    if (!changed || !outbox) return autosave.last()
    unsaved = null
    return autosave.inTurn(() =>
      write(outbox, changed).catch((failure: unknown) => {
        unsaved ??= changed
        report('kept', failure)
        throw failure
      }),
    )
  }

  /** Showing a stored value is not a change by the person. */
  let isShowing = false
  function show(some: T): void {
    isShowing = true
    value.value = some
    isShowing = false
  }

  // Save the present value under its own key first.
  watch(
    [key, () => store.outbox],
    async ([wanted, outbox], [before]) => {
      if (before !== undefined && before !== wanted) {
        autosave.now()
        unsaved = null
        show(empty())
      }
      ready.value = false
      if (!outbox) return
      own = outbox
      // Typed before the outbox was open.
      if (unsaved) {
        autosave.now()
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
      autosave.later()
    },
    // Sync: the person may leave right after a change.
    { deep: true, flush: 'sync' },
  )

  return { value, ready }
}
