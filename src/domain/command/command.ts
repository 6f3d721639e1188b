import type { PhotoMediaType } from '../photo/photo-bytes.ts'

/** A photo as commands name it; the file itself travels before the command. */
export interface PhotoRef {
  /** SHA-256 of the file's bytes, 64 lower-case hex digits. */
  hash: string
  mediaType: PhotoMediaType
  /** Size of the file, at most 5,242,880. */
  bytes: number
  /** Pixels, at most 2,048. */
  width: number
  height: number
  /** Instant with offset, and place in WGS 84 degrees, from the camera's EXIF. */
  takenAt?: string
  lon?: number
  lat?: number
}

/** What placed a pin: the device, the person, or a photo's EXIF. */
export const placings = ['gps', 'hand', 'photo'] as const
export type PlacedBy = (typeof placings)[number]

/** A command as it travels; `payload` is JSON in a string, over whose UTF-8 bytes `hash` is made. */
export interface WireCommand {
  id: string
  actor: string
  type: string
  /** Instant with offset, the device's. */
  at: string
  payload: string
  replaces?: string
}

/** The server's row of the incident, sent with a conflict. */
export interface ServerIncident {
  version: number
  categoryCode: string
  lon: number
  lat: number
  description: string
  severity: number
  addressLabel: string
  areaCode: string
  stage: string
  /** Null for an incident without a history. */
  changedAt: string | null
  changedBy: string | null
}

/** Why a command did not go through; `code` keys the text that people read. */
export interface CommandError {
  code: string
  field?: string
  detail?: string
  /** With code `conflict`. */
  server?: ServerIncident
}

/** The server's proof for one command. */
export interface Receipt {
  id: string
  outcome: 'applied' | 'replayed' | 'conflict' | 'rejected'
  /** SHA-256 of the payload it recorded; null when it recorded nothing. */
  hash: string | null
  incidentId: string | null
  version: number | null
  error: CommandError | null
  /** Photos the command names whose checked file the server does not hold. */
  missingPhotos: string[]
}

/** The report form; null: not filled in yet. */
export interface CaptureForm {
  categoryCode: string | null
  lon: number | null
  lat: number | null
  accuracyMeters: number | null
  placedBy: PlacedBy | null
  description: string
  severity: number | null
  addressLabel: string
  areaCode: string | null
  /** The existing incident that the person recognised. */
  confirmsIncidentId: string | null
  /** The person has looked at a pin whose position is poor. Stays on the device. */
  isPinChecked?: boolean
  /** Open incidents nearby that the person said it is not. Stays on the device. */
  notTheseIds?: string[]
}

/** `photos`: for the incident that `form.confirmsIncidentId` names. */
export const draftKinds = ['report', 'confirm', 'photos'] as const
export type DraftKind = (typeof draftKinds)[number]

/** A form in hand, kept on the device. */
export interface Draft {
  /** Of a report, the future incident's id. */
  id: string
  kind: DraftKind
  form: CaptureForm
  photoHashes: string[]
  /** Device instant. */
  updatedAt: string
  /** The refused command whose corrected copy this is. */
  replaces?: string
}

/**
 * The text of a payload. NUL and lone surrogates are replaced: no database takes them, and they would
 * cost the report.
 */
export function payloadText(payload: object): string {
  return JSON.stringify(payload, (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value,
  )
}
