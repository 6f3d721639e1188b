import type { PhotoMediaType } from '../photo/photo-bytes.ts'

/** A photo in a payload; the file is uploaded before the command. */
export interface PhotoRef {
  /** SHA-256 of the file's bytes, 64 lower-case hex digits. */
  hash: string
  mediaType: PhotoMediaType
  /** Size of the file, at most 5,242,880. */
  bytes: number
  /** Pixels, at most 2,048. */
  width: number
  height: number
  /** From EXIF: instant with offset, place in WGS 84 degrees. */
  takenAt?: string
  lon?: number
  lat?: number
}

/** What placed a pin: the device, the person, or a photo's EXIF. */
export const placings = ['gps', 'hand', 'photo'] as const
export type PlacedBy = (typeof placings)[number]

/** A command on the wire. `payload` is JSON text; `hash` covers its UTF-8 bytes. */
export interface WireCommand {
  id: string
  actor: string
  type: string
  /** Device instant with offset. */
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
  /** Missing in conflicts kept by an older version. */
  reportedBy?: string | null
  /** Null for an incident without a history. */
  changedAt: string | null
  changedBy: string | null
}

/** Why a command was refused; `code` keys the text that people read. */
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
  /** SHA-256 of the recorded payload; null when nothing was recorded. */
  hash: string | null
  incidentId: string | null
  version: number | null
  error: CommandError | null
  /** Hashes of photos whose checked file the server lacks. */
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
  /** The person has looked at an inaccurate pin. Stays on the device. */
  isPinChecked?: boolean
  /** Nearby open incidents that the person ruled out. Stays on the device. */
  notTheseIds?: string[]
}

/** `photos`: for the incident that `form.confirmsIncidentId` names. */
export const draftKinds = ['report', 'confirm', 'photos'] as const
export type DraftKind = (typeof draftKinds)[number]

/** A form in hand, kept on the device. */
export interface Draft {
  /** A report's future incident. */
  id: string
  kind: DraftKind
  form: CaptureForm
  photoHashes: string[]
  /** Device instant. */
  updatedAt: string
  /** The refused command that it corrects. */
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
