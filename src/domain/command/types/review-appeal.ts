import * as v from 'valibot'
import { defineCommandType, type Fact } from '../command-type.ts'
import { deviceAt, uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

/** One of the two reviews of an appeal. */
export const reviewAppeal = defineCommandType({
  payload: v.object({
    incidentId: uuid,
    closing: v.number(),
    review: v.picklist(['first', 'second']),
    isGranted: v.boolean(),
    note: v.string(),
    deviceAt,
  }),
  maxTexts: { note: textLimits.words },
  maxPhotos: 0,
  makesIncident: false,
  answersQuestion: false,
  draftKind: null,
  edit: { form: 'note', note: ({ note }) => note, withNote: (all, note) => ({ ...all, note }) },
  conflictForm: null,
  title: ({ note }) => ({
    ...{ categoryCode: null, lon: null, lat: null },
    ...{ text: note, addressLabel: '' },
  }),
  facts: ({ review, isGranted, note, deviceAt: at }): Fact[] => [
    { name: 'review', as: 'word', word: review },
    { name: 'isGranted', as: 'word', word: isGranted ? 'yes' : 'no' },
    { name: 'note', as: 'text', text: note },
    ...(at ? [{ name: 'deviceAt', as: 'instant', at } as const] : []),
  ],
  photos: () => [],
})
