import * as v from 'valibot'
import { stepFieldsOf, stepPhotos } from '../../workflow/step-values.ts'
import { defineCommandType, type Fact } from '../command-type.ts'
import { maxPhotos } from '../report-rules.ts'
import { deviceAt, uuid } from '../shapes.ts'

/** The fields beside the frame are rows of the workflow; photos among them are lists of PhotoRef. */
const payload = v.looseObject({
  incidentId: uuid,
  /** The version the person saw; a newer one is a `conflict`. */
  baseVersion: v.number(),
  name: v.string(),
  deviceAt,
})
export type TransitionPayload = v.InferOutput<typeof payload>

export const transition = defineCommandType({
  payload,
  // Rows limit each text; the forms know them from the server.
  maxTexts: {},
  maxPhotos,
  makesIncident: false,
  answersQuestion: false,
  draftKind: null,
  edit: { form: 'step' },
  conflictForm: 'step',
  title: ({ name, note }) => ({
    categoryCode: null,
    lon: null,
    lat: null,
    text: typeof note === 'string' ? note : '',
    addressLabel: '',
    transition: name,
  }),
  facts: ({ name, deviceAt: at, ...rest }) => [
    { name: 'transition', as: 'step', transition: name },
    ...stepFieldsOf(rest)
      .filter(([, value]) => !Array.isArray(value))
      .map(([field, value]): Fact => ({ name: field, as: 'step-field', transition: name, value })),
    ...(at ? [{ name: 'deviceAt', as: 'instant', at } as const] : []),
  ],
  photos: stepPhotos,
})
