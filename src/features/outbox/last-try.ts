import type { ItemSummary } from '@/sync/index.ts'

/** The line above the list tells these once for all items. */
const saidForAll = new Set(['offline', 'timeout', 'unauthorized', 'server_disk_full'])

/** Locale key for the failed last try of a waiting item, else null. */
export function lastTryKey(item: ItemSummary, isKnown: (key: string) => boolean): string | null {
  if (item.state !== 'queued' || !item.error) return null
  const key = `receipt.try.${item.error.code}`
  return isKnown(key) ? key : 'receipt.try.other'
}

/** True when the reason concerns this item alone. */
export const isOwnReason = ({ error }: ItemSummary): boolean =>
  error !== null && !saidForAll.has(error.code)
