import { useSessionStorage } from '@vueuse/core'
import { computed, type ComputedRef } from 'vue'
import { incidentsRepo } from '@/data/incidents.repo.ts'
import { commandTypes } from '@/domain/command/types/index.ts'
import type { BoundingBox } from '@/domain/vocabulary.ts'
import { useOutboxItems } from '@/stores/outbox/use-outbox-items.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import type { ItemSummary } from '@/sync/index.ts'

/** An older report is not looked for any more. */
const recentMs = 10 * 60_000
/** Degrees, about two metres. */
const reach = 2e-5

/** The newest report that this device sent in the last minutes; null for none. */
export const newestReport = (
  items: readonly ItemSummary[],
  deviceNow: number,
): ItemSummary | null =>
  items.find(
    ({ type, receivedAt }) =>
      commandTypes[type].makesIncident &&
      receivedAt !== null &&
      Math.abs(deviceNow - Date.parse(receivedAt)) < recentMs,
  ) ?? null

/** The part of a filter's box around a place; null where the place lies outside. */
export function boxAround(
  { lon, lat }: { lon: number; lat: number },
  within: BoundingBox | null,
): BoundingBox | null {
  const [west, south, east, north] = within ?? [-180, -90, 180, 90]
  if (lon < west || lon > east || lat < south || lat > north) return null
  return [
    Math.max(west, lon - reach),
    Math.max(south, lat - reach),
    Math.min(east, lon + reach),
    Math.min(north, lat + reach),
  ]
}

/**
 * The person's own new report that the filter leaves out, as the server counts it; null while it is
 * in, or not known.
 */
export function useOutsideReport(): {
  report: ComputedRef<ItemSummary | null>
  dismiss: (report: ItemSummary) => void
} {
  const filter = useFilterStore()
  const dismissed = useSessionStorage<string[]>('wangge.outside-reports', [])
  const { items } = useOutboxItems<ItemSummary[]>(
    (outbox) => outbox.page({ states: ['received'], limit: 20 }),
    [],
  )
  const newest = computed(() => {
    const found = newestReport(items.value, Date.now())
    return found && !dismissed.value.includes(found.id) ? found : null
  })
  const { data } = useServerQuery<{ id: string; isInside: boolean }>(() => {
    const found = newest.value
    if (!found || found.lon === null || found.lat === null || !filter.periodKnown) return null
    const { effective } = filter
    const box = boxAround({ lon: found.lon, lat: found.lat }, effective.bbox)
    return {
      key: ['own-report', found.id, effective],
      async ask({ call, signal }) {
        if (!box) return { id: found.id, isInside: false }
        const { rows } = await call((backend) =>
          incidentsRepo(backend).list(
            { filter: { ...effective, bbox: box }, sort: 'reported_desc', limit: 100 },
            signal,
          ),
        )
        return { id: found.id, isInside: rows.some(({ id }) => id === found.incidentId) }
      },
    }
  })
  const report = computed(() =>
    newest.value && data.value?.id === newest.value.id && !data.value.isInside
      ? newest.value
      : null,
  )
  return {
    report,
    dismiss: ({ id }) => void (dismissed.value = [...dismissed.value.slice(-20), id]),
  }
}
