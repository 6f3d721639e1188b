import type { ItemSummary } from '@/sync/index.ts'

/** Met by everything that waits, and said by the line above the list. */
const saidForAll = new Set(['offline', 'timeout', 'unauthorized'])

/** Why the last try of an item that still waits failed, as a locale key; null when none did. */
export function lastTryKey(item: ItemSummary, isKnown: (key: string) => boolean): string | null {
  if (item.state !== 'queued' || !item.error) return null
  const key = `receipt.try.${item.error.code}`
  return isKnown(key) ? key : 'receipt.try.other'
}

/** True when the item waits for a reason of its own. */
export const isOwnReason = ({ error }: ItemSummary): boolean =>
  error !== null && !saidForAll.has(error.code)
