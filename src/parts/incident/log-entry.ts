import type { IncidentLogEntry, IncidentPhoto } from '@/data/incidents.repo.ts'
import type { LngLat } from '@/domain/vocabulary.ts'

/** Shows a place as one field; of areas the codes. */
export type CorrectedField =
  | { name: 'categoryCode'; before: string; after: string }
  | { name: 'addressLabel' | 'description'; before: string; after: string }
  | { name: 'severity'; before: number; after: number }
  | { name: 'place'; before: LngLat; after: LngLat }
  | { name: 'areaCode'; before: string; after: string }

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
  const area = entry.data?.['areaCode']
  if (Array.isArray(area) && area.length === 2 && areStrings(area as [unknown, unknown]))
    fields.push({ name: 'areaCode', before: String(area[0]), after: String(area[1]) })
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

/**
 * Metres to which the incident's place is known: the fix that the report was placed by. Null once a
 * person has put the pin, or where no accuracy was sent.
 */
export function placeAccuracy(
  log: readonly Pick<IncidentLogEntry, 'kind' | 'data'>[],
): number | null {
  const placed = log.findLast(({ kind, data }) => {
    const { lon, lat } = pairsOf(data?.['changes'])
    return kind === 'reported' || (kind === 'corrected' && (lon ?? lat) !== undefined)
  })
  const { accuracyMeters, placedBy } = placed?.data ?? {}
  return placed?.kind === 'reported' && placedBy === 'gps' && typeof accuracyMeters === 'number'
    ? accuracyMeters
    : null
}

export function photosOfEntry(entry: Pick<IncidentLogEntry, 'data'>): string[] {
  const photos = entry.data?.['photos']
  return Array.isArray(photos) ? photos.filter((hash) => typeof hash === 'string') : []
}

/** A step as the log has it. */
export interface LoggedStep {
  name: string
  /** States of the workflow; equal when the step stays. */
  from: string
  to: string
  /** The other fields, photos and note left out. */
  fields: [name: string, value: unknown][]
}

/** The log's kind, not the command's type. */
const stepKind = 'transition'
const frame = new Set(['name', 'from', 'to', 'photos', 'deviceAt', 'deviceClockSuspect'])

export function loggedStep({
  kind,
  data,
}: Pick<IncidentLogEntry, 'kind' | 'data'>): LoggedStep | null {
  const { name, from, to } = data ?? {}
  if (kind !== stepKind || typeof name !== 'string') return null
  const state = (value: unknown): string => (typeof value === 'string' ? value : '')
  const fields = Object.entries(data ?? {}).filter(([field]) => !frame.has(field))
  return { name, from: state(from), to: state(to), fields }
}

/** Kinds that leave the incident's version as it is, as in private.server_side. */
const withoutVersion = new Set([
  ...['note', 'noted', 'asked', 'photo', 'confirmed'],
  ...['called', 'rated', 'kept_closed', 'appealed', 'appeal_reviewed'],
])

/** The last changes, oldest first: one for each version. */
export const lastChanges = <T extends Pick<IncidentLogEntry, 'kind'>>(
  log: readonly T[],
  versions: number,
): T[] => log.filter(({ kind }) => !withoutVersion.has(kind)).slice(-Math.max(1, versions))

/**
 * Photos of the report, or of the first entry with some before the last handling, against those of that handling; null
 * where a side has none.
 */
export function beforeAndAfter(
  log: readonly Pick<IncidentLogEntry, 'kind' | 'data' | 'stageTo' | 'stageFrom'>[],
  photos: readonly IncidentPhoto[],
): { before: IncidentPhoto[]; after: IncidentPhoto[] } | null {
  const shown = (hashes: readonly string[]): IncidentPhoto[] =>
    hashes.flatMap((hash) => photos.find((photo) => photo.hash === hash) ?? [])
  const handled = log.findLast(
    (entry) =>
      entry.stageTo === 'handled' &&
      entry.stageFrom !== 'handled' &&
      photosOfEntry(entry).length > 0,
  )
  // an imported report has no photos: who verified it took the first
  const reported = log.find((entry) => photosOfEntry(entry).length > 0)
  if (!handled || !reported || reported === handled) return null
  const [before, after] = [shown(photosOfEntry(reported)), shown(photosOfEntry(handled))]
  return before.length > 0 && after.length > 0 ? { before, after } : null
}

/** From here on the difference between device and server is worth a word. */
export const farMinutes = 5

interface DeviceTime {
  at: string
  /** How much later the server had it; negative where the device's time lies ahead. */
  minutesLate: number
  isFar: boolean
  /** By which the device's clock ran behind the server's when it sent; null where not measured. */
  minutesBehind: number | null
  /** Whether the clock itself must be doubted; a clear one only waited for a network. */
  isDoubtful: boolean
  /** The device's time set right by the server's clock. */
  rightAt: string
}

/** The device's time of an entry. */
export function deviceTime({
  at,
  data,
  deviceSkewSeconds,
}: Pick<IncidentLogEntry, 'at' | 'data' | 'deviceSkewSeconds'>): DeviceTime | null {
  const device = data?.['deviceAt']
  if (typeof device !== 'string' || Number.isNaN(Date.parse(device))) return null
  const minutesLate = Math.round((Date.parse(at) - Date.parse(device)) / 60_000)
  const skew = deviceSkewSeconds ?? null
  const minutesBehind = skew === null ? null : Math.round(skew / 60)
  const isOff = minutesBehind !== null && Math.abs(minutesBehind) >= farMinutes
  const rightMs = Date.parse(device) + (isOff ? skew! * 1000 : 0)
  // without a measure, only a time to come contradicts itself
  const isDoubtful = isOff || minutesLate <= -farMinutes || data?.['deviceClockSuspect'] === true
  return {
    at: device,
    minutesLate,
    isFar: Math.abs(minutesLate) >= farMinutes,
    minutesBehind,
    isDoubtful,
    rightAt: new Date(rightMs).toISOString(),
  }
}

/** The other incident that an entry about a family names. */
export function linkedIncident({
  kind,
  data,
}: Pick<IncidentLogEntry, 'kind' | 'data'>): string | null {
  if (!kind.startsWith('parent_')) return null
  const id = data?.['into'] ?? data?.['parent']
  return typeof id === 'string' ? id : null
}
