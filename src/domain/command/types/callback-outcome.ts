import * as v from 'valibot'
import { defineCommandType, type Fact } from '../command-type.ts'
import { deviceAt, uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

/** A call-back without answers. */
export const callbackOutcome = defineCommandType({
  payload: v.object({
    incidentId: uuid,
    closing: v.number(),
    outcome: v.picklist(['refused', 'not_reached']),
    note: v.optional(v.string()),
    deviceAt,
  }),
  maxTexts: { note: textLimits.words },
  maxPhotos: 0,
  makesIncident: false,
  answersQuestion: false,
  answersCall: true,
  draftKind: null,
  edit: {
    form: 'note',
    note: ({ note }) => note ?? '',
    withNote: (all, note) => ({ ...all, note }),
  },
  conflictForm: null,
  title: ({ note }) => ({
    ...{ categoryCode: null, lon: null, lat: null },
    ...{ text: note ?? '', addressLabel: '' },
  }),
  facts: ({ outcome, note, deviceAt: at }): Fact[] => [
    { name: 'outcome', as: 'word', word: outcome },
    ...(note ? [{ name: 'note', as: 'text', text: note } as const] : []),
    ...(at ? [{ name: 'deviceAt', as: 'instant', at } as const] : []),
  ],
  photos: () => [],
})
