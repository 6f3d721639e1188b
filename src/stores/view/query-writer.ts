import { isNavigationFailure, NavigationFailureType } from 'vue-router'
import type { LocationQueryValue, Router } from 'vue-router'

export type HistoryMode = 'push' | 'replace'
/** Null removes the key. */
export type QueryPatch = Record<string, string | null>

export interface QueryWriter {
  /** Pending patches are merged and written together. */
  patch(values: QueryPatch, mode: HistoryMode): void
  /** True during this writer's own navigation. */
  wrote(fullPath: string): boolean
}

const writers = new WeakMap<Router, QueryWriter>()

/**
 * The only writer of the query. Two parallel navigations would undo each other's changes, and one of its own would
 * end another that still waits for its page: it comes after those.
 */
export function queryWriter(router: Router): QueryWriter {
  const known = writers.get(router)
  if (known) return known
  const writer = createWriter(router)
  writers.set(router, writer)
  return writer
}

function createWriter(router: Router): QueryWriter {
  let waiting: { values: QueryPatch; mode: HistoryMode; path: string } | null = null
  let flushing = false
  let written: string | null = null
  /** A navigation of somebody else is under way. */
  let isLeaving = false
  let goOn = () => {}

  router.beforeEach((to) => {
    if (to.fullPath !== written) isLeaving = true
  })
  const end = () => {
    isLeaving = false
    goOn()
  }
  router.afterEach((_to, _from, failure) => {
    // a cancelled one has made way for another
    if (!isNavigationFailure(failure, NavigationFailureType.cancelled)) end()
  })
  router.onError(end)

  const flush = async () => {
    flushing = true
    // a navigation that begins now reaches its guards some microtasks later
    await new Promise((resolve) => setTimeout(resolve))
    while (waiting) {
      if (isLeaving) {
        await new Promise<void>((resolve) => (goOn = resolve))
        continue
      }
      const { values, mode, path } = waiting
      waiting = null
      const { currentRoute } = router
      if (currentRoute.value.path !== path) continue
      const query: Record<string, LocationQueryValue | LocationQueryValue[]> = {
        ...currentRoute.value.query,
      }
      for (const [key, value] of Object.entries(values)) {
        if (value === null) delete query[key]
        else query[key] = value
      }
      const target = { path, query, hash: currentRoute.value.hash }
      const { fullPath } = router.resolve(target)
      if (fullPath === currentRoute.value.fullPath) continue
      written = fullPath
      await router[mode](target)
      // Reset after the hooks: the same address later means back or forward.
      written = null
    }
    flushing = false
  }

  return {
    patch(values, mode) {
      const path = router.currentRoute.value.path
      const before: typeof waiting = waiting?.path === path ? waiting : null
      waiting = {
        values: { ...before?.values, ...values },
        // A pending push wins, so its step stays in the history.
        mode: before?.mode === 'push' ? 'push' : mode,
        path,
      }
      if (!flushing) void flush()
    },
    wrote: (fullPath) => fullPath === written,
  }
}
