import { useEventListener } from '@vueuse/core'
import { onScopeDispose } from 'vue'
import { useUnsavedStore } from './unsaved.store.ts'

/**
 * When a form saves itself: a moment after a change, when its page is hidden, left or replaced by a
 * new version, and when the form goes. Saves run one after the other.
 * @param save writes what is not saved yet
 */
export function useAutosave(save: () => Promise<unknown>, delayMs: number) {
  let timer: ReturnType<typeof setTimeout> | undefined
  let last: Promise<void> = Promise.resolve()
  /** A failure is the form's own to report. */
  const now = (): void => void save().catch(() => undefined)
  const cancel = (): void => clearTimeout(timer)

  function later(): void {
    cancel()
    timer = setTimeout(now, delayMs)
  }
  /** Runs `work` after the saves before it, whether or not they failed. */
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
