import * as v from 'valibot'
import { defineCommandType } from '../command-type.ts'
import { factsOf, titleOf } from '../said.ts'
import { deviceAt, uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

/** Decides that an incident stays closed though the resident says that it is not solved. */
export const keepClosed = defineCommandType({
  payload: v.object({ incidentId: uuid, closing: v.number(), note: v.string(), deviceAt }),
  maxTexts: { note: textLimits.words },
  maxPhotos: 0,
  makesIncident: false,
  answersQuestion: false,
  draftKind: null,
  edit: { form: 'note', note: ({ note }) => note, withNote: (all, note) => ({ ...all, note }) },
  conflictForm: null,
  title: titleOf,
  facts: (payload) => factsOf(payload),
  photos: () => [],
})
