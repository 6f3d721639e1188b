import type { MyDay, OwnIncident } from '@/data/field.repo.ts'
import { commandTypes } from '@/domain/command/types/index.ts'
import { localDayOf } from '@/domain/time/calendar.ts'
import { distanceMeters } from '@/domain/place/distance.ts'
import { isOpenStage, type LngLat, type LocalDay } from '@/domain/vocabulary.ts'
import type { ItemSummary } from '@/sync/index.ts'

/** The server's answer, with the device time of its arrival. */
export interface KeptDay {
  day: MyDay
  fetchedAt: string
}

/** By incident: `at` of the last change that the person dismissed. */
export type SeenChanges = Record<string, string>

export type Returned =
  | { kind: 'conflict' | 'refused'; key: string; at: string; item: ItemSummary }
  | { kind: 'asked' | 'withdrawn' | 'changed'; key: string; at: string; incident: OwnIncident }

/** Incidents answered after the fetch, including unsent answers. */
function answered(kept: KeptDay, items: readonly ItemSummary[]): Set<string> {
  return new Set(
    items
      .filter(({ type, state }) => commandTypes[type].answersQuestion && state !== 'rejected')
      .filter(({ receivedAt }) => receivedAt === null || receivedAt > kept.fetchedAt)
      .map(({ incidentId }) => incidentId),
  )
}

/**
 * Returned items: conflicts and refusals, questions, withdrawn reports, changes; newest first in
 * each.
 * @param items unsent and recently received items
 */
export function returnedOf(
  kept: KeptDay | null,
  items: readonly ItemSummary[],
  seen: SeenChanges,
): Returned[] {
  const found: Returned[] = items.flatMap((item): Returned[] =>
    item.state === 'conflict' || item.state === 'rejected'
      ? [
          {
            kind: item.state === 'conflict' ? 'conflict' : 'refused',
            key: item.id,
            at: item.at,
            item,
          },
        ]
      : [],
  )
  const done = kept ? answered(kept, items) : new Set<string>()
  for (const incident of kept?.day.own ?? []) {
    const { id, asked, last, stage } = incident
    if (asked) {
      if (!done.has(id)) found.push({ kind: 'asked', key: id, at: asked.at, incident })
    } else if (last && !last.byMe && !((seen[id] ?? '') >= last.at)) {
      const kind = stage === 'rejected' ? 'withdrawn' : 'changed'
      found.push({ kind, key: id, at: last.at, incident })
    }
  }
  const order: Returned['kind'][] = ['conflict', 'refused', 'asked', 'withdrawn', 'changed']
  return found.sort(
    (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || (a.at < b.at ? 1 : -1),
  )
}

export interface OpenOwn {
  key: string
  incidentId: string
  categoryCode: string | null
  /** Null without a pin. */
  lngLat: LngLat | null
  text: string
  areaCode: string | null
  reportedAt: string
  distanceMeters: number | null
  /** Null before receipt. */
  incident: OwnIncident | null
  state: ReportState
}
export type ReportState = 'queued' | 'sending' | 'conflict' | 'rejected' | 'received'

const placeOf = ({ lon, lat }: { lon: number | null; lat: number | null }): LngLat | null =>
  lon === null || lat === null ? null : [lon, lat]

/** Open reports, nearest first; newest first without a position. */
export function openOwn(
  kept: KeptDay | null,
  items: readonly ItemSummary[],
  here: LngLat | null,
): OpenOwn[] {
  const arrived = new Set(kept?.day.own.map(({ id }) => id))
  const onDevice = reportsOf(items)
    .filter(({ item, state }) => state !== 'received' && !arrived.has(item.incidentId))
    .map(({ item, state }) => ({
      key: item.id,
      incidentId: item.incidentId,
      categoryCode: item.categoryCode,
      lngLat: placeOf(item),
      text: item.text || item.addressLabel,
      areaCode: null,
      reportedAt: item.at,
      incident: null,
      state,
    }))
  const own = (kept?.day.own ?? [])
    .filter(({ stage }) => isOpenStage(stage))
    .map((incident) => ({
      key: incident.id,
      incidentId: incident.id,
      categoryCode: incident.categoryCode,
      lngLat: placeOf(incident),
      text: incident.description || incident.addressLabel,
      areaCode: incident.areaCode,
      reportedAt: incident.reportedAt,
      incident,
      state: 'received' as const,
    }))
  return [...onDevice, ...own]
    .map((row) => ({
      ...row,
      distanceMeters: here && row.lngLat ? distanceMeters(here, row.lngLat) : null,
    }))
    .sort(
      (a, b) =>
        (a.distanceMeters ?? Infinity) - (b.distanceMeters ?? Infinity) ||
        Date.parse(b.reportedAt) - Date.parse(a.reportedAt),
    )
}

const reportsOf = (items: readonly ItemSummary[]): { item: ItemSummary; state: ReportState }[] =>
  items.flatMap((item) =>
    commandTypes[item.type].makesIncident && item.state !== 'replaced'
      ? [{ item, state: item.state }]
      : [],
  )

export interface TodaysPin {
  key: string
  incidentId: string
  categoryCode: string | null
  lngLat: LngLat | null
  reportedAt: string
  state: ReportState
}

/** Whose day it is: the city's. */
interface CityDay {
  today: LocalDay
  timeZone: string
  /** The server's clock less the device's. */
  skewMs: number
}

/** Newest first. Times of the device are set right by the server's clock. */
export function todaysPins(
  kept: KeptDay | null,
  items: readonly ItemSummary[],
  { today, timeZone, skewMs }: CityDay,
): TodaysPin[] {
  const isToday = (at: string): boolean => localDayOf(at, timeZone) === today
  const sent = (kept?.day.own ?? []).map((incident) => ({
    key: incident.id,
    incidentId: incident.id,
    categoryCode: incident.categoryCode,
    lngLat: placeOf(incident),
    reportedAt: incident.reportedAt,
    state: 'received' as const,
  }))
  const known = new Set(sent.map(({ key }) => key))
  const onDevice = reportsOf(items)
    .filter(({ item }) => !known.has(item.incidentId))
    .map(({ item, state }) => ({
      key: item.id,
      incidentId: item.incidentId,
      categoryCode: item.categoryCode,
      lngLat: placeOf(item),
      reportedAt: new Date(Date.parse(item.at) + skewMs).toISOString(),
      state,
    }))
  return [...onDevice, ...sent]
    .filter(({ reportedAt }) => isToday(reportedAt))
    .sort((a, b) => Date.parse(b.reportedAt) - Date.parse(a.reportedAt))
}
