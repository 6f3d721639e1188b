import * as v from 'valibot'
import { defineCommandType } from '../command-type.ts'
import { factsOf, titleOf } from '../said.ts'
import { uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

export const finishFollowUp = defineCommandType({
  payload: v.object({ id: uuid, note: v.string() }),
  maxTexts: { note: textLimits.note },
  maxPhotos: 0,
  makesIncident: false,
  answersQuestion: false,
  draftKind: null,
  edit: { form: 'note', note: ({ note }) => note, withNote: (all, note) => ({ ...all, note }) },
  conflictForm: null,
  title: titleOf,
  facts: (payload) => factsOf(payload),
  photos: () => [],
  finding: ({ id }) => ({ kind: 'finished', id }),
})
