import type { PhotoMediaType } from '../photo/photo-bytes.ts'

/** Upload the file before sending the command. */
export interface PhotoRef {
  /** SHA-256 in hex. */
  hash: string
  mediaType: PhotoMediaType
  bytes: number
  /** Pixels. */
  width: number
  height: number
  /** From EXIF: instant with offset, WGS 84 degrees. */
  takenAt?: string
  lon?: number
  lat?: number
}

export const placings = ['gps', 'hand', 'photo'] as const
export type PlacedBy = (typeof placings)[number]

/** `payload` is JSON text; `hash` covers its UTF-8 bytes. */
export interface WireCommand {
  id: string
  actor: string
  type: string
  /** Device instant with offset. */
  at: string
  payload: string
  replaces?: string
  /** Device instant of the call: by it the server measures the device's clock. */
  sentAt?: string
}

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
  /** The workflow's own stage. Missing in conflicts kept by an older version. */
  state?: string
  /** Missing in conflicts kept by an older version. */
  reportedBy?: string | null
  /** Null without a history. */
  changedAt: string | null
  changedBy: string | null
}

/** `code` keys the text that people read. */
export interface CommandError {
  code: string
  field?: string
  detail?: string
  /** With code `conflict`. */
  server?: ServerIncident
}

export interface Receipt {
  id: string
  outcome: 'applied' | 'replayed' | 'conflict' | 'rejected'
  /** Null when nothing was recorded. */
  hash: string | null
  incidentId: string | null
  version: number | null
  /** The incident's; null when nothing was applied. */
  caseNumber: string | null
  error: CommandError | null
  /** Hashes of photos without a checked file on the server. */
  missingPhotos: string[]
}

/** Null: not filled in yet. */
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
  confirmsIncidentId: string | null
  /** The person has looked at an inaccurate pin. Stays on the device. */
  isPinChecked?: boolean
  /** Incidents that the person ruled out. Stays on the device. */
  notTheseIds?: string[]
}

/** `photos` adds to the incident `form.confirmsIncidentId`. */
export const draftKinds = ['report', 'confirm', 'photos'] as const
export type DraftKind = (typeof draftKinds)[number]

export interface Draft {
  /** A report's future incident. */
  id: string
  kind: DraftKind
  form: CaptureForm
  photoHashes: string[]
  updatedAt: string
  /** The refused command that it corrects. */
  replaces?: string
}

/** Replaces NUL and lone surrogates: no database accepts them. */
export function payloadText(payload: object): string {
  return JSON.stringify(payload, (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value,
  )
}
