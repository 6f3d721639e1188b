import { watch } from 'vue'
import type { RouteLocationNormalized, Router } from 'vue-router'
import { decodeFilter, encodeFilter, filterKeys } from '@/domain/filter/filter-url.ts'
import { pages } from '@/domain/pages.ts'
import { useFilterStore } from './filter.store.ts'
import { queryWriter, type QueryPatch } from './query-writer.ts'
import { useSelectionStore } from './selection.store.ts'

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Syncs filter and pinned incident with the URL, both ways. Filtered pages share the filter. Call
 * once, after Pinia is installed.
 */
export function bindFilterToRouter(router: Router): void {
  const filter = useFilterStore()
  const selection = useSelectionStore()
  const writer = queryWriter(router)
  const paths = new Set(pages.filter((page) => page.isFiltered).map(({ path }) => path))
  const isFiltered = (path: string): boolean => paths.has(path)
  const current = (): QueryPatch => {
    const encoded = encodeFilter(filter.filter, filter.drill, filter.against)
    return Object.fromEntries(filterKeys.map((key) => [key, encoded[key] ?? null]))
  }

  router.beforeEach((to) => {
    const carries = filterKeys.some((key) => to.query[key] !== undefined)
    if (!isFiltered(to.path) || carries || !filter.periodKnown) return true
    const given = Object.entries(current()).filter(([, value]) => value !== null)
    return { ...to, query: { ...to.query, ...Object.fromEntries(given) } }
  })

  router.afterEach((to, _from, failure) => {
    if (!failure && isFiltered(to.path) && !writer.wrote(to.fullPath)) read(to)
  })

  function read(to: RouteLocationNormalized): void {
    const decoded = decodeFilter(to.query)
    const known = current()
    const wanted = encodeFilter(decoded.filter, decoded.drill, decoded.against)
    const same = filterKeys.every((key) => (wanted[key] ?? null) === known[key])
    if (!(same && decoded.periodGiven && filter.periodKnown)) filter.applyUrl(decoded)
    const incident = to.query.incident
    selection.pinIncident(
      typeof incident === 'string' && uuidPattern.test(incident) ? incident : null,
    )
  }

  watch(
    [() => filter.filter, () => filter.drill, () => filter.against, () => filter.periodKnown],
    () => {
      if (filter.periodKnown && isFiltered(router.currentRoute.value.path))
        writer.patch(current(), filter.historyMode())
    },
  )
  watch(
    () => selection.pinnedIncident,
    (incident, before) => {
      if (!isFiltered(router.currentRoute.value.path)) return
      // Opening and closing add history steps; moving between incidents does not.
      writer.patch({ incident }, incident && before ? 'replace' : 'push')
    },
  )
}
