import { pinOf, usualSeverity } from './report-form.ts'
import type { CaptureForm, PhotoRef } from './command.ts'
import type { CommandPayloads, NewCommand } from './types/index.ts'

interface CaptureContents {
  form: CaptureForm
  /** Made on the device. */
  incidentId: string
  photos: PhotoRef[]
  /** Instant with offset. */
  deviceAt: string
}

/** @throws RangeError without pin or category; see `captureIssues` */
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
