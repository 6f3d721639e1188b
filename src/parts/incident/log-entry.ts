import type { IncidentLogEntry } from '@/data/incidents.repo.ts'
import type { LngLat } from '@/domain/vocabulary.ts'

/** Shows a place as one field and omits the area. */
export type CorrectedField =
  | { name: 'categoryCode'; before: string; after: string }
  | { name: 'addressLabel' | 'description'; before: string; after: string }
  | { name: 'severity'; before: number; after: number }
  | { name: 'place'; before: LngLat; after: LngLat }

type Pairs = Partial<Record<string, [unknown, unknown]>>

/**
 * Changes in reading order, without malformed ones.
 * @param near the incident's place: a pin moved due north has no longitudes in its entry
 */
export function correctedFields(
  entry: Pick<IncidentLogEntry, 'data'>,
  near: LngLat,
): CorrectedField[] {
  const pairs = pairsOf(entry.data?.['changes'])
  const fields: CorrectedField[] = []
  const category = pairs.categoryCode
  if (category && areStrings(category))
    fields.push({ name: 'categoryCode', before: category[0], after: category[1] })
  const { severity } = pairs
  if (severity && areNumbers(severity))
    fields.push({ name: 'severity', before: severity[0], after: severity[1] })
  const lons = pairs.lon && areNumbers(pairs.lon) ? pairs.lon : null
  const lats = pairs.lat && areNumbers(pairs.lat) ? pairs.lat : null
  if (lons || lats) {
    const [west, east] = lons ?? [near[0], near[0]]
    const [south, north] = lats ?? [near[1], near[1]]
    fields.push({ name: 'place', before: [west, south], after: [east, north] })
  }
  for (const name of ['addressLabel', 'description'] as const) {
    const pair = pairs[name]
    if (pair && areStrings(pair)) fields.push({ name, before: pair[0], after: pair[1] })
  }
  return fields
}

function pairsOf(value: unknown): Pairs {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter(([, pair]) => Array.isArray(pair) && pair.length === 2),
  ) as Pairs
}
const areStrings = (pair: [unknown, unknown]): pair is [string, string] =>
  pair.every((one) => typeof one === 'string')
const areNumbers = (pair: [unknown, unknown]): pair is [number, number] =>
  pair.every((one) => typeof one === 'number' && Number.isFinite(one))

export function photosOfEntry(entry: Pick<IncidentLogEntry, 'data'>): string[] {
  const photos = entry.data?.['photos']
  return Array.isArray(photos) ? photos.filter((hash) => typeof hash === 'string') : []
}
