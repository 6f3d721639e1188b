import * as v from 'valibot'
import { defineCommandType } from '../command-type.ts'
import { factsOf, titleOf } from '../said.ts'
import { deviceAt, uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

/** A place changes as a pair. */
const changes = v.object({
  categoryCode: v.optional(v.string()),
  lon: v.optional(v.number()),
  lat: v.optional(v.number()),
  description: v.optional(v.string()),
  severity: v.optional(v.number()),
  addressLabel: v.optional(v.string()),
})
export type IncidentChanges = v.InferOutput<typeof changes>

const payload = v.object({
  incidentId: uuid,
  /** The version the person saw; a newer one is a `conflict`. */
  baseVersion: v.number(),
  changes,
  deviceAt,
})
export type Correction = v.InferOutput<typeof payload>

export const correctIncident = defineCommandType({
  payload,
  maxTexts: { description: textLimits.description, addressLabel: textLimits.addressLabel },
  maxPhotos: 0,
  makesIncident: false,
  answersQuestion: false,
  draftKind: null,
  edit: { form: 'correction' },
  conflictForm: 'merge',
  title: (correction) => titleOf(correction.changes),
  facts: ({ changes: changed, deviceAt: at }) =>
    factsOf({ ...changed, deviceAt: at }, { withEmptied: true }),
  photos: () => [],
})
