import { isPoor } from '../place/device-fix.ts'
import { pinOf } from './report-form.ts'
import type { CaptureForm } from './command.ts'
import { characterCount, textLimits } from './text-limits.ts'

export const maxPhotos = 10

export type CaptureField = 'photos' | 'place' | 'category' | 'duplicates' | 'description'
/** Locale keys. */
export type CaptureIssues = Partial<Record<CaptureField, string>>

export interface CaptureSurroundings {
  requiresDescription: boolean
  /** Null without areas on this device. */
  isInsideCity: boolean | null
  /** Offered incidents without an answer. */
  openOffers: number
  photoCount: number
}

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

export const needsLook = ({ placedBy, accuracyMeters, isPinChecked }: CaptureForm): boolean =>
  placedBy === 'gps' && accuracyMeters !== null && isPoor(accuracyMeters) && !isPinChecked
