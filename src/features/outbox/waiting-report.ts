import type { CorrectionForm } from '@/domain/command/correction-form.ts'
import { usualSeverity } from '@/domain/command/report-form.ts'
import { commandTypes, draftOf } from '@/domain/command/types/index.ts'
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
  for (const item of await outbox.ofIncident(incidentId)) {
    if (!item.command || !commandTypes[item.type].makesIncident) continue
    const report = draftOf(item.command, { incidentId, draftId: null })
    if (report) return formOf(report.form)
  }
  return null
}

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
