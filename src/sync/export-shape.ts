import * as v from 'valibot'
import { draftKinds } from '@/domain/command/command.ts'
import { placedBy, sha256 as hash, uuid } from '@/domain/command/shapes.ts'
import { commandTypeNames } from '@/domain/command/types/index.ts'
import { photoMediaTypes } from '@/domain/photo/photo-bytes.ts'

const number = v.nullable(v.number())

/** Parts are checked one by one. */
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
  type: v.picklist(commandTypeNames),
  hash,
  replaces: v.nullable(uuid),
  draftId: v.nullable(v.string()),
  state: v.picklist(['queued', 'conflict', 'rejected', 'recalled']),
  error: v.nullable(v.looseObject({ code: v.string() })),
  isRecorded: v.boolean(),
  applied: v.boolean(),
  payload: v.string(),
})

export const draftSchema = v.object({
  id: uuid,
  kind: v.picklist(draftKinds),
  form: v.looseObject({
    categoryCode: v.nullable(v.string()),
    lon: number,
    lat: number,
    accuracyMeters: number,
    placedBy: v.nullable(placedBy),
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
