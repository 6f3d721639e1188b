import * as v from 'valibot'
import { defineCommandType } from '../command-type.ts'
import { titleOf } from '../said.ts'
import { uuid } from '../shapes.ts'

/** Takes back that a finding is not of interest. */
export const restoreFinding = defineCommandType({
  payload: v.object({ id: uuid }),
  maxTexts: {},
  maxPhotos: 0,
  makesIncident: false,
  answersQuestion: false,
  draftKind: null,
  edit: { form: 'none' },
  conflictForm: null,
  title: () => titleOf({}),
  facts: () => [],
  photos: () => [],
  finding: ({ id }) => ({ kind: 'restored', id }),
})
