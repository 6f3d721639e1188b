import { pinOf, usualSeverity } from './report-form.ts'
import type { CaptureForm, PhotoRef } from './command.ts'
import type { CommandPayloads, NewCommand } from './types/index.ts'

interface CaptureContents {
  form: CaptureForm
  /** A UUID made on the device. */
  incidentId: string
  photos: PhotoRef[]
  /** When it was sent off, an instant with offset. */
  deviceAt: string
}

/**
 * The command a filled-in form stands for: a new incident, or what was seen added to the one there.
 * @throws RangeError for a form without pin or category, which `captureIssues` does not let through
 */
export function captureCommand({
  form,
  incidentId,
  photos,
  deviceAt,
}: CaptureContents): NewCommand {
  const pin = pinOf(form)
  if (!pin) throw new RangeError('a capture without a pin')
  const common = {
    lon: pin[0],
    lat: pin[1],
    deviceAt,
    ...(photos.length > 0 && { photos }),
    ...(form.accuracyMeters !== null && {
      accuracyMeters: Math.min(100_000, Math.max(0, Math.round(form.accuracyMeters))),
    }),
  }
  const text = form.description.trim()
  if (form.confirmsIncidentId !== null) {
    const payload: CommandPayloads['confirm_duplicate'] = {
      incidentId: form.confirmsIncidentId,
      ...common,
      ...(text && { note: text }),
    }
    return { type: 'confirm_duplicate', payload }
  }
  if (form.categoryCode === null) throw new RangeError('a report without a category')
  const payload: CommandPayloads['report_incident'] = {
    incidentId,
    categoryCode: form.categoryCode,
    ...common,
    severity: form.severity ?? usualSeverity,
    ...(text && { description: text }),
    ...(form.addressLabel && { addressLabel: form.addressLabel }),
    ...(form.placedBy && { placedBy: form.placedBy }),
  }
  return { type: 'report_incident', payload }
}
