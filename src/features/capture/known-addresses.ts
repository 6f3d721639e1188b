import type { LngLat } from '@/domain/vocabulary.ts'

export interface KnownAddress {
  label: string
  /** Of the newest report there. */
  lngLat: LngLat
}

const most = 4
const plain = (text: string): string => text.normalize('NFKC').toLowerCase()

/** Addresses of reports, newest first, that hold every word of the text; each once. */
export function knownAddresses(
  reports: readonly { addressLabel: string; lon: number; lat: number }[],
  text: string,
): KnownAddress[] {
  const words = plain(text)
    .split(/[\s,;&、，]+/u)
    .filter(Boolean)
  const found = new Map<string, LngLat>()
  for (const { addressLabel: label, lon, lat } of reports)
    if (label && !found.has(label) && words.every((word) => plain(label).includes(word)))
      found.set(label, [lon, lat])
  return [...found].slice(0, most).map(([label, lngLat]) => ({ label, lngLat }))
}
