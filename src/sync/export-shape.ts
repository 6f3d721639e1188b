import * as v from 'valibot'
import { commandTypes } from '@/domain/command/command.ts'
import { photoMediaTypes } from '@/domain/photo/photo-bytes.ts'

const uuid = v.pipe(v.string(), v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/))
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const number = v.nullable(v.number())

/** Of a file that claims to be an export; its parts are checked one by one, each at its own cost. */
export const exportSchema = v.object({
  format: v.literal('wangge-outbox'),
  version: v.literal(1),
  instanceId: v.string(),
  userId: v.string(),
  drafts: v.array(v.unknown()),
  items: v.array(v.unknown()),
  photos: v.array(v.unknown()),
})

export const itemSchema = v.object({
  id: uuid,
  at: v.string(),
  type: v.picklist(commandTypes),
  hash,
  replaces: v.nullable(uuid),
  draftId: v.nullable(v.string()),
  state: v.picklist(['queued', 'conflict', 'rejected']),
  error: v.nullable(v.looseObject({ code: v.string() })),
  isRecorded: v.boolean(),
  applied: v.boolean(),
  payload: v.string(),
})

export const payloadSchema = v.looseObject({ incidentId: uuid })

export const draftSchema = v.object({
  id: uuid,
  kind: v.picklist(['report', 'confirm', 'photos']),
  form: v.looseObject({
    categoryCode: v.nullable(v.string()),
    lon: number,
    lat: number,
    accuracyMeters: number,
    placedBy: v.nullable(v.picklist(['gps', 'hand', 'photo'])),
    description: v.string(),
    severity: number,
    addressLabel: v.string(),
    areaCode: v.nullable(v.string()),
    confirmsIncidentId: v.nullable(v.string()),
  }),
  photoHashes: v.array(hash),
  updatedAt: v.string(),
  replaces: v.optional(v.string()),
})

export const photoSchema = v.object({
  hash,
  mediaType: v.picklist(photoMediaTypes),
  width: v.number(),
  height: v.number(),
  takenAt: v.optional(v.string()),
  lon: v.optional(v.number()),
  lat: v.optional(v.number()),
  base64: v.string(),
  thumbnailBase64: v.optional(v.string()),
})
