/** What a person asks the city to change, as it is queued on the device and sent. */

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

/** How a pin came to lie where it lies. */
export type PlacedBy = 'gps' | 'hand' | 'photo'

interface Evidence {
  photos?: PhotoRef[]
  /** The device's clock, an instant with offset: kept and shown, never trusted for order. */
  deviceAt?: string
}
interface Position {
  lon: number
  lat: number
  accuracyMeters?: number
}
/** The fields of an incident that its reporter may correct; a place changes as a pair. */
export interface IncidentChanges {
  categoryCode?: string
  lon?: number
  lat?: number
  description?: string
  severity?: number
  addressLabel?: string
}

export interface CommandPayloads {
  report_incident: Evidence &
    Position & {
      /** A UUID made on the device. */
      incidentId: string
      categoryCode: string
      description?: string
      /** 1 to 4. */
      severity?: number
      addressLabel?: string
      placedBy?: PlacedBy
    }
  /** `asks`: a grid manager asks the reporter for more. */
  add_note: { incidentId: string; note: string; asks?: boolean; deviceAt?: string }
  add_photo: Evidence & { incidentId: string; photos: PhotoRef[]; note?: string }
  /** What was seen is the incident already there: adds to it, makes no new one. */
  confirm_duplicate: Evidence & Position & { incidentId: string; note?: string }
  correct_incident: {
    incidentId: string
    /** The version the person looked at; a newer one at the server is a conflict. */
    baseVersion: number
    changes: IncidentChanges
    deviceAt?: string
  }
}
export type CommandType = keyof CommandPayloads
export const commandTypes = [
  'report_incident',
  'add_note',
  'add_photo',
  'confirm_duplicate',
  'correct_incident',
] as const satisfies readonly CommandType[]

/** A command before it has an id: what pages hand to the outbox. */
export type NewCommand = {
  [T in CommandType]: { type: T; payload: CommandPayloads[T] }
}[CommandType]

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

/** The incident at the server, sent along with a conflict. */
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

/** What a person filled in so far; nulls are not filled in yet. */
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
  /** The incident already there that this one turned out to be. */
  confirmsIncidentId: string | null
  /** The person has looked at a pin whose position is poor. Stays on the device. */
  isPinChecked?: boolean
  /** Open incidents nearby that the person said it is not. Stays on the device. */
  notTheseIds?: string[]
}

/**
 * Which command a draft becomes: a report, a confirmation, or photos for the incident that
 * `form.confirmsIncidentId` names.
 */
export type DraftKind = 'report' | 'confirm' | 'photos'

/** What is in the making; survives everything the device survives. */
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

/** The photos a command carries. */
export const photosOf = (command: NewCommand): PhotoRef[] =>
  'photos' in command.payload ? (command.payload.photos ?? []) : []

/**
 * The text of a payload. NUL and lone surrogates, which no keyboard makes and no database takes, are
 * replaced, so that they cannot cost a report.
 */
export function payloadText(payload: NewCommand['payload']): string {
  return JSON.stringify(payload, (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value,
  )
}
