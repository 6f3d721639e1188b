import type { LocationQueryValue, Router } from 'vue-router'

export type HistoryMode = 'push' | 'replace'
/** New values by key; null removes the key. */
export type QueryPatch = Record<string, string | null>

export interface QueryWriter {
  /** Merges into the page's query, at the latest in the next microtask; several patches become one. */
  patch(values: QueryPatch, mode: HistoryMode): void
  /** True when a navigation is one of this writer's own, whose state came from us. */
  wrote(fullPath: string): boolean
}

const writers = new WeakMap<Router, QueryWriter>()

/**
 * The one writer of the query. Navigations take a moment, and each starts from the query it sees:
 * two writers at the same time would undo each other.
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

  const flush = async () => {
    flushing = true
    await Promise.resolve()
    while (waiting) {
      const { values, mode, path } = waiting
      waiting = null
      const { currentRoute } = router
      // The person has left the page meanwhile: its query is nobody's business any more.
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
      // The hooks have run; the same address met again later is somebody going back or forward.
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
        // A step somebody may want to go back to is never lost in a replacement.
        mode: before?.mode === 'push' ? 'push' : mode,
        path,
      }
      if (!flushing) void flush()
    },
    wrote: (fullPath) => fullPath === written,
  }
}
