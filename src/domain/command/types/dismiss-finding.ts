import * as v from 'valibot'
import { defineCommandType, type Fact } from '../command-type.ts'
import { uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

/** A finding is not of interest. */
export const dismissFinding = defineCommandType({
  payload: v.object({
    id: uuid,
    areaCode: v.string(),
    categoryCode: v.string(),
    reason: v.string(),
    /** Included; missing: for good. */
    untilDay: v.optional(v.string()),
  }),
  maxTexts: { reason: textLimits.note },
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
  title: ({ categoryCode, reason }) => ({
    ...{ categoryCode, lon: null, lat: null },
    ...{ text: reason, addressLabel: '' },
  }),
  facts: ({ areaCode, categoryCode, reason, untilDay }): Fact[] => [
    { name: 'areaCode', as: 'area', code: areaCode },
    { name: 'categoryCode', as: 'category', code: categoryCode },
    { name: 'reason', as: 'text', text: reason },
    ...(untilDay ? [{ name: 'untilDay', as: 'day', day: untilDay } as const] : []),
  ],
  photos: () => [],
  finding: ({ untilDay = null, ...mark }) => ({
    kind: 'dismissal',
    id: mark.id,
    mark: { ...mark, untilDay },
  }),
})
