import { defineStore } from 'pinia'
import { ref, shallowRef, watch } from 'vue'
import { RatingLoader } from '@/columns/rating-loader.ts'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { ratingsRepo } from '@/data/ratings.repo.ts'
import { useColumnsStore } from './columns.store.ts'
import { useSessionStore } from './session.store.ts'

/** Loads ratings into the columns' worker, once a page asks for them, and keeps up with its polls. */
export const useRatingsStore = defineStore('ratings', () => {
  const columns = useColumnsStore()
  const session = useSessionStore()
  /** Set by the first page that counts ratings. */
  const isWanted = ref(false)
  /** Incremented when ratings changed; 0 before the first answer. */
  const revision = shallowRef(0)
  /** The last refresh failed; the next poll tries again. */
  const error = shallowRef<AppError | null>(null)

  let loader: RatingLoader | null = null
  let controller: AbortController | null = null
  let running: Promise<void> | null = null

  function start(): void {
    controller?.abort()
    controller = null
    loader = null
    running = null
    revision.value = 0
    error.value = null
    if (!isWanted.value || !session.scope || !session.backend) return
    controller = new AbortController()
    loader = new RatingLoader({
      repo: ratingsRepo(session.backend),
      engine: { putRatings: columns.putRatings },
      guard: session.guard,
    })
    void refresh()
  }

  function refresh(): Promise<void> {
    const [current, { signal } = { signal: null }] = [loader, controller ?? undefined]
    if (running || !current || !signal) return running ?? Promise.resolve()
    const mine = (async () => {
      try {
        const hasChanged = await current.refresh(signal)
        if (loader !== current) return
        if (hasChanged) revision.value++
        error.value = null
      } catch (failure) {
        if (loader === current && !isAbort(failure)) error.value = toAppError(failure)
      } finally {
        if (loader === current) running = null
      }
    })()
    running = mine
    return mine
  }

  // A new worker knows nothing; it starts with each scope.
  watch([isWanted, () => session.scope, () => columns.engineRevision], start)
  watch(
    () => columns.answers,
    () => void refresh(),
  )
  return { isWanted, revision, error }
})
