import { useTimeoutFn } from '@vueuse/core'
import { watch } from 'vue'
import { useColumnsStore } from './columns.store.ts'
import { useOutboxStore } from './outbox/outbox.store.ts'

/** An open transaction of somebody else may hide a change for a moment. */
const againMs = 1500

/**
 * Asks for changes when the server has received something of this device: totals and colours then
 * follow one's own work as soon as the list does, and not with the next poll.
 */
export function useOwnArrivals(): void {
  const columns = useColumnsStore()
  const outbox = useOutboxStore()
  const refresh = (): Promise<void> => columns.refresh().catch(() => undefined)
  const { start } = useTimeoutFn(() => void refresh(), againMs, { immediate: false })
  watch(
    () => outbox.arrivals,
    async () => {
      const before = columns.revision
      await refresh()
      if (columns.revision === before) start()
    },
  )
}
