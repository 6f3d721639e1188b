import * as v from 'valibot'
import { hotspotValues } from '../../answers/hotspots.ts'
import { defineCommandType, type Fact } from '../command-type.ts'
import { uuid } from '../shapes.ts'
import { textLimits } from '../text-limits.ts'

/** `areaCode` and `categoryCode` name the finding; `facts` are its figures. */
export const makeFollowUp = defineCommandType({
  payload: v.object({
    id: uuid,
    areaCode: v.string(),
    categoryCode: v.string(),
    /** Missing: for the area's field staff. */
    departmentCode: v.optional(v.string()),
    note: v.string(),
    dueDay: v.optional(v.string()),
    facts: v.object({
      method: v.picklist(hotspotValues),
      observed: v.number(),
      expected: v.number(),
      ratio: v.number(),
      from: v.optional(v.string()),
      to: v.optional(v.string()),
    }),
  }),
  maxTexts: { note: textLimits.note },
  maxPhotos: 0,
  makesIncident: false,
  answersQuestion: false,
  draftKind: null,
  edit: { form: 'note', note: ({ note }) => note, withNote: (all, note) => ({ ...all, note }) },
  conflictForm: null,
  title: ({ categoryCode, note }) => ({
    ...{ categoryCode, lon: null, lat: null },
    ...{ text: note, addressLabel: '' },
  }),
  facts: ({ areaCode, categoryCode, departmentCode, note, dueDay, facts }): Fact[] => [
    { name: 'areaCode', as: 'area', code: areaCode },
    { name: 'categoryCode', as: 'category', code: categoryCode },
    ...(departmentCode
      ? [{ name: 'departmentCode', as: 'department', code: departmentCode } as const]
      : []),
    { name: 'note', as: 'text', text: note },
    ...(dueDay ? [{ name: 'dueDay', as: 'day', day: dueDay } as const] : []),
    { name: 'ratio', as: 'decimal', value: facts.ratio },
  ],
  photos: () => [],
  finding: ({ facts, departmentCode = null, dueDay = null, ...mark }) => ({
    kind: 'follow-up',
    id: mark.id,
    mark: {
      ...mark,
      departmentCode,
      dueDay,
      facts: { ...facts, from: facts.from ?? null, to: facts.to ?? null },
    },
  }),
})
