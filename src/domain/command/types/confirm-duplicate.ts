import * as v from 'valibot'
import { formOf } from '../report-form.ts'
import { defineCommandType } from '../command-type.ts'
import { maxPhotos } from '../report-rules.ts'
import { factsOf, titleOf } from '../said.ts'
import { deviceAt, photos, position, uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'
import { newUuid } from '../uuid.ts'

export const confirmDuplicate = defineCommandType({
  payload: v.object({
    incidentId: uuid,
    ...position,
    note: v.optional(v.string()),
    photos,
    deviceAt,
  }),
  maxTexts: { note: textLimits.note },
  maxPhotos,
  makesIncident: false,
  answersQuestion: true,
  draftKind: 'confirm',
  edit: {
    form: 'capture',
    draft: ({ note, ...payload }, { incidentId, draftId, answers }) => ({
      id: draftId ?? newUuid(),
      kind: 'confirm',
      form: {
        ...formOf({ ...payload, description: note }),
        ...answers,
        confirmsIncidentId: incidentId,
      },
    }),
  },
  conflictForm: null,
  title: titleOf,
  facts: (payload) => factsOf(payload),
  photos: (payload) => payload.photos ?? [],
})
