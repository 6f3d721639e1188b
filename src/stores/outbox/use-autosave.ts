import { useEventListener } from '@vueuse/core'
import { onScopeDispose } from 'vue'
import { useUnsavedStore } from './unsaved.store.ts'

/**
 * Saves a form after a delay, when its page is hidden or left, and on dispose. Saves run one after
 * another.
 */
export function useAutosave(save: () => Promise<unknown>, delayMs: number) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let last: Promise<void> = Promise.resolve()
  /** The form reports its own failures. */
  const now = (): void => void save().catch(() => undefined)
  const cancel = (): void => clearTimeout(timer)

  function later(): void {
    cancel()
    timer = setTimeout(now, delayMs)
  }
  /** Runs `work` after earlier saves, even failed ones. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    last = last.catch(() => undefined).then(work)
    last.catch(() => undefined)
    return last
  }

  useEventListener(document, 'visibilitychange', () => {
    if (document.visibilityState === 'hidden') now()
  })
  useEventListener(window, 'pagehide', now)
  const stopAsking = useUnsavedStore().onLeave(save)
  onScopeDispose(() => {
    now()
    stopAsking()
  })
  return { now, later, cancel, inTurn, last: () => last }
}
