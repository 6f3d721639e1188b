import * as v from 'valibot'
import { defineCommandType, type Fact } from '../command-type.ts'
import { deviceAt, uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

/** Answers of a resident at a call-back. `closing` says which closing of the incident they are about. */
export const rate = defineCommandType({
  payload: v.object({
    incidentId: uuid,
    closing: v.number(),
    /** Missing answers: the resident did not say. */
    responded: v.optional(v.boolean()),
    solved: v.optional(v.boolean()),
    /** 1 to 5. */
    satisfied: v.optional(v.number()),
    why: v.optional(v.string()),
    deviceAt,
    /** Random number of the device, see `DeviceStore.deviceId`. */
    deviceId: v.optional(uuid),
  }),
  maxTexts: { why: textLimits.words },
  maxPhotos: 0,
  makesIncident: false,
  answersQuestion: false,
  answersCall: true,
  draftKind: null,
  edit: { form: 'note', note: ({ why }) => why ?? '', withNote: (all, why) => ({ ...all, why }) },
  conflictForm: null,
  title: ({ why }) => ({
    ...{ categoryCode: null, lon: null, lat: null },
    ...{ text: why ?? '', addressLabel: '' },
  }),
  facts: ({ responded, solved, satisfied, why, deviceAt: at, deviceId }): Fact[] => [
    ...yesOrNo('responded', responded),
    ...yesOrNo('solved', solved),
    ...(satisfied === undefined
      ? []
      : [{ name: 'satisfied', as: 'decimal', value: satisfied } as const]),
    ...(why ? [{ name: 'why', as: 'text', text: why } as const] : []),
    ...(at ? [{ name: 'deviceAt', as: 'instant', at } as const] : []),
    ...(deviceId ? [{ name: 'deviceId', as: 'text', text: deviceId } as const] : []),
  ],
  photos: () => [],
})

const yesOrNo = (name: string, said: boolean | undefined): Fact[] =>
  said === undefined ? [] : [{ name, as: 'word', word: said ? 'yes' : 'no' }]
