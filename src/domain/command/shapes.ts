import * as v from 'valibot'
import { photoMediaTypes } from '../photo/photo-bytes.ts'
import { placings } from './command.ts'

export const uuid = v.pipe(v.string(), v.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/))
export const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
export const placedBy = v.picklist(placings)

/** WGS 84 degrees. */
export const position = {
  lon: v.number(),
  lat: v.number(),
  accuracyMeters: v.optional(v.number()),
}
/** Shown, never trusted for order. */
export const deviceAt = v.optional(v.string())

export const photoRef = v.object({
  hash: sha256,
  mediaType: v.picklist(photoMediaTypes),
  bytes: v.number(),
  width: v.number(),
  height: v.number(),
  takenAt: v.optional(v.string()),
  lon: v.optional(v.number()),
  lat: v.optional(v.number()),
})
export const photos = v.optional(v.array(photoRef))
