import type { CorrectionForm } from '@/domain/command/correction-form.ts'
import { usualSeverity } from '@/domain/command/report-form.ts'
import { commandTypes, draftOf, type CommandType } from '@/domain/command/types/index.ts'
import type { Outbox } from '@/sync/index.ts'

/**
 * An incident as its report says that still waits on this device, as a draft or to be sent; null without
 * one, or while its draft lacks category or place.
 */
export async function waitingReport(
  outbox: Pick<Outbox, 'loadDraft' | 'ofIncident'>,
  incidentId: string,
): Promise<CorrectionForm | null> {
  const draft = await outbox.loadDraft(incidentId)
  if (draft) return formOf(draft.form)
  const item = (await outbox.ofIncident(incidentId)).find(isReport)
  const report = item?.command && draftOf(item.command, { incidentId, draftId: null })
  return report ? formOf(report.form) : null
}

/**
 * Id of that report, as a draft or to be sent; null without one. While there is one, the server does not have
 * the incident.
 */
export async function waitingReportId(
  outbox: Pick<Outbox, 'loadDraft' | 'ofIncident'>,
  incidentId: string,
): Promise<string | null> {
  const draft = await outbox.loadDraft(incidentId)
  if (draft) return draft.id
  const items = await outbox.ofIncident(incidentId)
  return items.find((item) => isReport(item) && !item.applied)?.id ?? null
}

const isReport = ({ type }: { type: CommandType }): boolean => commandTypes[type].makesIncident

interface Said {
  categoryCode?: string | null
  severity?: number | null
  lon: number | null
  lat: number | null
  addressLabel?: string
  description?: string
}
function formOf({ categoryCode, severity, lon, lat, ...words }: Said): CorrectionForm | null {
  if (!categoryCode || lon === null || lat === null) return null
  const { addressLabel = '', description = '' } = words
  return { categoryCode, severity: severity ?? usualSeverity, lon, lat, addressLabel, description }
}
