import type { OpenIncident } from '@/data/field.repo.ts'
import { commandTypes } from '@/domain/command/types/index.ts'
import type { ItemSummary } from '@/sync/index.ts'

/** An open incident, or a report that still waits on this device. */
export interface NearReport extends OpenIncident {
  isWaiting: boolean
}

/**
 * The server's open incidents, each marked when this device waits for its receipt, and the reports
 * that the server does not list yet.
 * @param items queued or being sent
 */
export function withWaiting(
  rows: readonly OpenIncident[],
  items: readonly ItemSummary[],
): NearReport[] {
  const waiting = new Map(
    items
      .filter(({ type }) => commandTypes[type].makesIncident)
      .map((item) => [item.incidentId, item]),
  )
  const listed = new Set(rows.map(({ id }) => id))
  const own = [...waiting.values()].flatMap((item): NearReport[] =>
    listed.has(item.incidentId) || item.lon === null || item.lat === null || !item.categoryCode
      ? []
      : [
          {
            id: item.incidentId,
            version: 1,
            categoryCode: item.categoryCode,
            lon: item.lon,
            lat: item.lat,
            areaCode: '',
            stage: 'reported',
            description: item.text,
            addressLabel: item.addressLabel,
            reportedAt: item.at,
            reportedByMe: true,
            photo: null,
            isWaiting: true,
          },
        ],
  )
  return [...own, ...rows.map((row) => ({ ...row, isWaiting: waiting.has(row.id) }))]
}
