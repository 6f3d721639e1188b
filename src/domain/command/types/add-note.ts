import * as v from 'valibot'
import { defineCommandType } from '../command-type.ts'
import { factsOf, titleOf } from '../said.ts'
import { deviceAt, uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

export const addNote = defineCommandType({
  payload: v.object({
    incidentId: uuid,
    note: v.string(),
    /** A grid manager asks the reporter for more. */
    asks: v.optional(v.boolean()),
    deviceAt,
  }),
  maxTexts: { note: textLimits.note },
  maxPhotos: 0,
  makesIncident: false,
  answersQuestion: true,
  draftKind: null,
  edit: {
    form: 'note',
    note: ({ note }) => note,
    withNote: (payload, note) => ({ ...payload, note }),
  },
  conflictForm: null,
  title: titleOf,
  facts: (payload) => factsOf(payload),
  photos: () => [],
})
