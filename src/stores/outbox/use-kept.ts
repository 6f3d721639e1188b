import { report } from '@/data/problems.ts'
import { ref, watch, type Ref } from 'vue'
import type { Outbox } from '@/sync/index.ts'
import { useOutboxStore } from './outbox.store.ts'
import { useAutosave } from './use-autosave.ts'

const saveDelayMs = 300

/**
 * A half-done value that survives a reload, kept beside the outbox under the person's account. It
 * follows `key`; a value equal to `empty` is deleted. `ready` once the kept value was read: before
 * that, a change by hand wins over it.
 */
export function useKept<T>(
  key: () => string,
  empty: () => T,
): { value: Ref<T>; ready: Ref<boolean> } {
  const store = useOutboxStore()
  const value = ref(empty()) as Ref<T>
  const ready = ref(false)
  /** The outbox of the value's person: a save while their session ends still goes there. */
  let own: Outbox | null = null
  let unsaved: { key: string; value: T } | null = null
  const autosave = useAutosave(save, saveDelayMs)

  const textOf = (some: T): string => JSON.stringify(some)

  async function write(outbox: Outbox, { key: at, value: changed }: { key: string; value: T }) {
    // Plain data: proxies cannot be stored.
    const text = textOf(changed)
    await outbox.kv.set(at, text === textOf(empty()) ? undefined : JSON.parse(text))
  }
  /** Resolves once the disk has it. @throws OutboxError; it is tried again with the next change */
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

  /** Shows a kept or empty value; that is no change by the person. */
  let isShowing = false
  function show(some: T): void {
    isShowing = true
    value.value = some
    isShowing = false
  }

  // Before another key or another person's outbox, the present value is saved where it belongs.
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
    // A person may leave the page at the moment of a change.
    { deep: true, flush: 'sync' },
  )

  return { value, ready }
}
