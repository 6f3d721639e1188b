import * as v from 'valibot'
import { roles, stages } from '@/domain/vocabulary.ts'
import { fieldKinds, limitUnits, tones, type WorkflowBook } from '@/domain/workflow/workflow.ts'
import { callRpc, type Backend } from './client.ts'

const named = { nameZh: v.string(), nameEn: v.string() }
const fieldEntries = {
  name: v.string(),
  kind: v.picklist(fieldKinds),
  isRequired: v.boolean(),
  choices: v.nullable(v.array(v.string())),
  choiceNames: v.optional(v.array(v.object({ code: v.string(), ...named }))),
  least: v.nullable(v.number()),
  most: v.nullable(v.number()),
  labelZh: v.string(),
  labelEn: v.string(),
}

/** One of `incident_detail().transitions`. */
export const offeredSchema = v.object({
  name: v.string(),
  ...named,
  tone: v.picklist(tones),
  canUndo: v.boolean(),
  fields: v.array(
    v.object({
      ...fieldEntries,
      // Missing in what older versions kept.
      proposed: v.nullish(v.string()),
      proposedByRule: v.nullish(v.number()),
    }),
  ),
})

const limitEntries = {
  amount: v.number(),
  unit: v.picklist(limitUnits),
  dayRule: v.picklist(['hours', 'end_of_day']),
}
/** Missing in what older versions kept. */
const limits = v.optional(v.array(v.object({ clock: v.string(), ...limitEntries })))

/** As kept on the device. */
export const bookSchema = v.object({
  workflows: v.array(
    v.object({
      code: v.string(),
      ...named,
      firstState: v.string(),
      limits,
      stages: v.array(
        v.object({
          code: v.string(),
          stage: v.picklist(stages),
          clock: v.optional(v.nullable(v.string())),
          ...named,
        }),
      ),
      transitions: v.array(
        v.object({
          name: v.string(),
          from: v.string(),
          to: v.nullable(v.string()),
          roles: v.array(v.picklist([...roles, 'reporter'])),
          tone: v.picklist(tones),
          canUndo: v.boolean(),
          ...named,
        }),
      ),
      fields: v.array(
        v.object({
          ...fieldEntries,
          transition: v.string(),
          // Missing in what older versions kept.
          requiredWhen: v.optional(v.nullable(v.string()), null),
        }),
      ),
    }),
  ),
  conditions: v.array(
    v.object({
      code: v.string(),
      categoryCode: v.string(),
      ...named,
      closingZh: v.string(),
      closingEn: v.string(),
      departmentCode: v.nullable(v.string()),
      needsAfterPhotos: v.optional(v.boolean(), false),
      allowsSelfHandling: v.optional(v.boolean()),
      limits,
      milestones: v.optional(
        v.array(
          v.object({ code: v.string(), ...named, ...v.partial(v.object(limitEntries)).entries }),
        ),
        [],
      ),
    }),
  ),
})

const personSchema = v.object({ id: v.string(), name: v.string() })
export type AssignablePerson = v.InferOutput<typeof personSchema>

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const workflowRepo = (backend: Backend) => ({
  book: (signal?: AbortSignal): Promise<WorkflowBook> =>
    callRpc<WorkflowBook>(backend, 'workflow_list', {}, bookSchema, signal),

  /** @param department null: whom an `assignee` of this incident may be */
  assignablePeople: (
    incidentId: string,
    department: string | null,
    signal?: AbortSignal,
  ): Promise<AssignablePerson[]> =>
    callRpc(
      backend,
      'assignable_people',
      { p_incident: incidentId, p_department: department },
      v.array(personSchema),
      signal,
    ),
})
