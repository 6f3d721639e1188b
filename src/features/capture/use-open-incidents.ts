import { useThrottleFn } from '@vueuse/core'
import { computed, watch } from 'vue'
import { fieldRepo, type OpenIncident } from '@/data/field.repo.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useSeen } from '@/stores/outbox/use-seen.ts'
import { useServerQuery } from '@/stores/server-query.ts'

const pageRows = 500
/** Only the newest 5,000: older ones are rarely reported again. */
const maxPages = 10
/** A sending queue can bring receipts continuously. */
const restMs = 15_000

/** Open incidents in the person's areas: first the device's copy, then the server's. */
export function useOpenIncidents() {
  const outboxStore = useOutboxStore()
  const seen = useSeen<readonly OpenIncident[]>('open-incidents')
  const { data, reload } = useServerQuery<readonly OpenIncident[]>(
    () => ({
      key: ['open-incidents'],
      async ask({ call, signal, shown, show }) {
        const kept = shown() ? null : await seen.read()
        if (kept) show(kept)
        const all: OpenIncident[] = []
        let after: unknown = null
        try {
          for (let page = 0; page < maxPages; page++) {
            const { rows, next } = await call((backend) =>
              fieldRepo(backend).openIncidents(after, pageRows, signal),
            )
            all.push(...rows)
            after = next ?? null
            if (after === null) break
            // Keeps old rows until all pages arrive.
            const fetched = new Set(all.map(({ id }) => id))
            show([...all, ...(shown() ?? []).filter(({ id }) => !fetched.has(id))])
          }
          show(all)
          return all
        } finally {
          const rows = shown()
          if (!signal.aborted && rows) await seen.write(rows)
        }
      },
    }),
    { refetchOnReconnect: true },
  )

  const soon = useThrottleFn(reload, restMs, true)
  watch(
    () => outboxStore.counts.received,
    (now, before) => now > before && void soon(),
  )
  return { rows: computed(() => data.value ?? []), refresh: () => void reload() }
}
