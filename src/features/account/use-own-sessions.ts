import { onMounted, onScopeDispose, shallowRef } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import type { OwnSession } from '@/data/session.repo.ts'
import { useSessionStore } from '@/stores/session.store.ts'

export function useOwnSessions() {
  const session = useSessionStore()
  const rows = shallowRef<readonly OwnSession[] | null>(null)
  const loadError = shallowRef<AppError | null>(null)
  const error = shallowRef<AppError | null>(null)
  /** Session id, or `others`. */
  const ending = shallowRef<string | null>(null)
  const leaving = new AbortController()
  onScopeDispose(() => leaving.abort())

  async function load(): Promise<void> {
    if (session.config?.tier === 'supabase') return
    try {
      rows.value = await session.ownSessions(leaving.signal)
      loadError.value = null
    } catch (failure) {
      if (!isAbort(failure)) loadError.value = toAppError(failure)
    }
  }
  onMounted(load)

  /** True on success. */
  async function attempt(name: string, work: () => Promise<void>): Promise<boolean> {
    ending.value = name
    error.value = null
    try {
      await work()
      return true
    } catch (failure) {
      error.value = toAppError(failure)
      return false
    } finally {
      ending.value = null
    }
  }

  async function end(id: string): Promise<boolean> {
    const isEnded = await attempt(id, () => session.endSession(id))
    if (isEnded) rows.value = rows.value?.filter((row) => row.id !== id) ?? null
    return isEnded
  }

  async function endOthers(): Promise<boolean> {
    const isEnded = await attempt('others', () => session.endOtherSessions())
    if (isEnded) rows.value = rows.value?.filter(({ isThis }) => isThis) ?? null
    return isEnded
  }

  return { rows, loadError, error, ending, load, end, endOthers }
}
