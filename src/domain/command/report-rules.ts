import { isPoor } from '../place/device-fix.ts'
import { pinOf } from './report-form.ts'
import type { CaptureForm } from './command.ts'
import { characterCount, textLimits } from './text-limits.ts'

export const maxPhotos = 10

export type CaptureField = 'photos' | 'place' | 'category' | 'duplicates' | 'description'
/** By field, the locale key of what is wrong with it. */
export type CaptureIssues = Partial<Record<CaptureField, string>>

export interface CaptureSurroundings {
  requiresDescription: boolean
  /** Null while the areas are not on this device: then only the server can tell. */
  isInsideCity: boolean | null
  /** Open incidents nearby that were offered and not answered. */
  openOffers: number
  photoCount: number
}

/** What keeps a form from being sent. Empty when nothing does. */
export function captureIssues(form: CaptureForm, around: CaptureSurroundings): CaptureIssues {
  const issues: CaptureIssues = {}
  const isConfirming = form.confirmsIncidentId !== null
  if (around.photoCount > maxPhotos) issues.photos = 'capture.error.too-many-photos'
  if (pinOf(form) === null) issues.place = 'capture.error.no-place'
  else if (around.isInsideCity === false) issues.place = 'capture.error.outside-city'
  else if (needsLook(form)) issues.place = 'capture.error.check-pin'
  if (characterCount(form.description) > textLimits.description)
    issues.description = 'capture.error.description-long'
  if (isConfirming) return issues
  if (form.categoryCode === null) issues.category = 'capture.error.no-category'
  if (around.openOffers > 0) issues.duplicates = 'capture.error.unanswered-offers'
  if (around.requiresDescription && form.description.trim() === '')
    issues.description = 'capture.error.description-required'
  return issues
}

/** True for a pin on a poor position that nobody has looked at yet. */
export const needsLook = ({ placedBy, accuracyMeters, isPinChecked }: CaptureForm): boolean =>
  placedBy === 'gps' && accuracyMeters !== null && isPoor(accuracyMeters) && !isPinChecked
