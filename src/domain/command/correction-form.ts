import { characterCount, textLimits } from './text-limits.ts'
import type { IncidentChanges } from './types/correct-incident.ts'

export interface CorrectionForm {
  categoryCode: string
  /** 1 to 4. */
  severity: number
  /** Degrees, WGS 84. */
  lon: number
  lat: number
  addressLabel: string
  description: string
}

export function changesOf(before: CorrectionForm, after: CorrectionForm): IncidentChanges {
  const changes: IncidentChanges = {}
  if (after.categoryCode !== before.categoryCode) changes.categoryCode = after.categoryCode
  if (after.severity !== before.severity) changes.severity = after.severity
  if (after.lon !== before.lon || after.lat !== before.lat) {
    changes.lon = after.lon
    changes.lat = after.lat
  }
  if (after.addressLabel !== before.addressLabel) changes.addressLabel = after.addressLabel
  if (after.description !== before.description) changes.description = after.description
  return changes
}

export interface CorrectionIssues {
  description?: 'missing' | 'too-long'
  addressLabel?: 'too-long'
}

export function correctionIssues(
  form: CorrectionForm,
  requiresDescription: boolean,
): CorrectionIssues {
  const issues: CorrectionIssues = {}
  if (characterCount(form.description) > textLimits.description) issues.description = 'too-long'
  else if (requiresDescription && form.description.trim() === '') issues.description = 'missing'
  if (characterCount(form.addressLabel) > textLimits.addressLabel) issues.addressLabel = 'too-long'
  return issues
}
