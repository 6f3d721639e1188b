import type { MyDay, OwnIncident } from '@/data/field.repo.ts'
import { commandTypes } from '@/domain/command/types/index.ts'
import { localDayOf } from '@/domain/time/calendar.ts'
import { distanceMeters } from '@/domain/place/distance.ts'
import { isOpenStage, type LngLat, type LocalDay } from '@/domain/vocabulary.ts'
import type { ItemSummary } from '@/sync/index.ts'

/** The server's answer and when this device got it (device clock). */
export interface KeptDay {
  day: MyDay
  fetchedAt: string
}

/** `at` of the last change by others that the person has put aside, by incident. */
export type SeenChanges = Record<string, string>

/** Something that came back and wants to be looked at. */
export type Returned =
  | { kind: 'conflict' | 'refused'; key: string; at: string; item: ItemSummary }
  | { kind: 'asked' | 'withdrawn' | 'changed'; key: string; at: string; incident: OwnIncident }

/** Incidents to which the person has answered after the day was fetched, sent already or not. */
function answered(kept: KeptDay, items: readonly ItemSummary[]): Set<string> {
  return new Set(
    items
      .filter(({ type, state }) => commandTypes[type].answersQuestion && state !== 'rejected')
      .filter(({ receivedAt }) => receivedAt === null || receivedAt > kept.fetchedAt)
      .map(({ incidentId }) => incidentId),
  )
}

/**
 * What came back, most pressing first: what this device could not get through, then what others
 * asked for, then reports that were not taken up, then what others changed; newest first in each.
 *
 * @param items unsent ones, and those received of late
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

/** One's own open report, at the server or still on this device. */
export interface OpenOwn {
  key: string
  incidentId: string
  categoryCode: string | null
  /** Null for a report whose pin is missing. */
  lngLat: LngLat | null
  text: string
  areaCode: string | null
  reportedAt: string
  /** Null where the device or the place is not known. */
  distanceMeters: number | null
  /** Null while it is only on this device. */
  incident: OwnIncident | null
  state: ReportState
}
/** Where a report is on its way to the server. */
export type ReportState = 'queued' | 'sending' | 'conflict' | 'rejected' | 'received'

const placeOf = ({ lon, lat }: { lon: number | null; lat: number | null }): LngLat | null =>
  lon === null || lat === null ? null : [lon, lat]

/** Open reports, nearest first; by time, newest first, where there is no position. */
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

/** Reports among the items, each with its state. */
const reportsOf = (items: readonly ItemSummary[]): { item: ItemSummary; state: ReportState }[] =>
  items.flatMap((item) =>
    commandTypes[item.type].makesIncident && item.state !== 'replaced'
      ? [{ item, state: item.state }]
      : [],
  )

/** A report of today, for map and list. */
export interface TodaysPin {
  key: string
  incidentId: string
  categoryCode: string | null
  lngLat: LngLat | null
  reportedAt: string
  state: ReportState
}

/** What was reported today, newest first. */
export function todaysPins(
  kept: KeptDay | null,
  items: readonly ItemSummary[],
  today: LocalDay,
  timeZone: string,
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
      reportedAt: item.at,
      state,
    }))
  return [...onDevice, ...sent]
    .filter(({ reportedAt }) => isToday(reportedAt))
    .sort((a, b) => Date.parse(b.reportedAt) - Date.parse(a.reportedAt))
}
