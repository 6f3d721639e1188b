import * as v from 'valibot'
import { defineCommandType } from '../command-type.ts'
import { maxPhotos } from '../report-rules.ts'
import { factsOf, titleOf } from '../said.ts'
import { deviceAt, photoRef, uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

export const addPhoto = defineCommandType({
  payload: v.object({
    incidentId: uuid,
    photos: v.array(photoRef),
    note: v.optional(v.string()),
    deviceAt,
  }),
  maxTexts: { note: textLimits.note },
  maxPhotos,
  makesIncident: false,
  answersQuestion: true,
  draftKind: 'photos',
  edit: {
    form: 'note',
    note: ({ note = '' }) => note,
    withNote: (payload, note) => ({ ...payload, note }),
  },
  conflictForm: null,
  title: titleOf,
  facts: (payload) => factsOf(payload),
  photos: (payload) => payload.photos,
})
