import type { ItemSummary } from '@/sync/index.ts'

/** The line above the list shows these once for all items. */
const saidForAll = new Set(['offline', 'timeout', 'unauthorized', 'server_disk_full'])

/** Locale key of a waiting item's last failure, else null. */
export function lastTryKey(item: ItemSummary, isKnown: (key: string) => boolean): string | null {
  if (item.state !== 'queued' || !item.error) return null
  const key = `receipt.try.${item.error.code}`
  return isKnown(key) ? key : 'receipt.try.other'
}

export const isOwnReason = ({ error }: ItemSummary): boolean =>
  error !== null && !saidForAll.has(error.code)
