import { watch, type Ref } from 'vue'
import type { RouteLocationNormalizedLoaded, Router } from 'vue-router'
import type { MapView, ReportedView } from '@/map/types.ts'
import { queryWriter } from '@/stores/view/query-writer.ts'
import { decodeView, encodeView } from './view-url.ts'

export interface ViewInUrl {
  start: MapView | null
  /** Writes the map's view to the URL without a history entry. */
  follow(view: Readonly<Ref<ReportedView | null>>): void
}

/** Keeps the map's view in the URL (`at=zoom/lat/lng`). */
export function useViewInUrl(router: Router, route: RouteLocationNormalizedLoaded): ViewInUrl {
  const writer = queryWriter(router)
  const { at } = route.query
  return {
    start: decodeView(typeof at === 'string' ? at : null),
    follow: (view) =>
      watch(view, (next, before) => {
        if (!next || !before) return
        // Resizing alone does not change the view.
        const at = encodeView(next)
        if (at !== encodeView(before)) writer.patch({ at }, 'replace')
      }),
  }
}
