import * as v from 'valibot'
import { formOf } from '../report-form.ts'
import { defineCommandType } from '../command-type.ts'
import { maxPhotos } from '../report-rules.ts'
import { factsOf, titleOf } from '../said.ts'
import { deviceAt, photos, placedBy, position, uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

export const reportIncident = defineCommandType({
  payload: v.object({
    /** Made on the device. */
    incidentId: uuid,
    categoryCode: v.string(),
    ...position,
    placedBy: v.optional(placedBy),
    description: v.optional(v.string()),
    /** 1 to 4. */
    severity: v.optional(v.number()),
    addressLabel: v.optional(v.string()),
    photos,
    deviceAt,
  }),
  maxTexts: { description: textLimits.description, addressLabel: textLimits.addressLabel },
  maxPhotos,
  makesIncident: true,
  answersQuestion: false,
  draftKind: 'report',
  edit: {
    form: 'capture',
    draft: (payload, { incidentId, answers }) => ({
      id: incidentId,
      kind: 'report',
      form: { ...formOf(payload), ...answers },
    }),
  },
  conflictForm: null,
  title: titleOf,
  facts: (payload) => factsOf(payload),
  photos: (payload) => payload.photos ?? [],
})
