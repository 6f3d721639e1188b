import { defineStore } from 'pinia'
import { bookSchema, workflowRepo } from '@/data/workflow.repo.ts'
import {
  fieldOf,
  stateOf,
  transitionOf,
  type FilingCondition,
  type WorkflowBook,
  type WorkflowField,
  type WorkflowState,
  type WorkflowTransition,
} from '@/domain/workflow/workflow.ts'
import { useReference } from './use-reference.ts'

/** The city's workflows and filing conditions, kept on the device. They only name things here. */
export const useWorkflowStore = defineStore('workflow', () => {
  const {
    value: book,
    error,
    loaded,
    load,
  } = useReference<WorkflowBook>({
    name: 'workflow',
    schema: bookSchema,
    empty: { workflows: [], conditions: [] },
    fetch: (backend, signal) => workflowRepo(backend).book(signal),
  })

  /** @param workflow the incident's; null where only the command is known */
  const state = (workflow: string | null, code: string): WorkflowState | undefined =>
    stateOf(book.value, workflow, code)
  const transition = (workflow: string | null, name: string): WorkflowTransition | undefined =>
    transitionOf(book.value, workflow, name)
  const field = (
    workflow: string | null,
    transitionName: string,
    name: string,
  ): WorkflowField | undefined => fieldOf(book.value, workflow, transitionName, name)
  const condition = (code: string): FilingCondition | undefined =>
    book.value.conditions.find((one) => one.code === code)
  const milestone = (code: string): FilingCondition['milestones'][number] | undefined =>
    book.value.conditions.flatMap(({ milestones }) => milestones).find((one) => one.code === code)
  const conditionsOf = (categoryCode: string): readonly FilingCondition[] =>
    book.value.conditions.filter((one) => one.categoryCode === categoryCode)

  return { book, loaded, error, load, state, transition, field, condition, milestone, conditionsOf }
})
