import * as v from 'valibot'
import { defineCommandType, type Fact } from '../command-type.ts'
import { deviceAt, uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

/** A department says that a closing should not count against it. */
export const appeal = defineCommandType({
  payload: v.object({ incidentId: uuid, closing: v.number(), reason: v.string(), deviceAt }),
  maxTexts: { reason: textLimits.words },
  maxPhotos: 0,
  makesIncident: false,
  answersQuestion: false,
  draftKind: null,
  edit: {
    form: 'note',
    note: ({ reason }) => reason,
    withNote: (all, reason) => ({ ...all, reason }),
  },
  conflictForm: null,
  title: ({ reason }) => ({
    ...{ categoryCode: null, lon: null, lat: null },
    ...{ text: reason, addressLabel: '' },
  }),
  facts: ({ reason, deviceAt: at }): Fact[] => [
    { name: 'reason', as: 'text', text: reason },
    ...(at ? [{ name: 'deviceAt', as: 'instant', at } as const] : []),
  ],
  photos: () => [],
})
