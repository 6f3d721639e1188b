import { shallowRef, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import type { FieldTask } from '@/data/field.repo.ts'
import { nameIn, type OfferedTransition } from '@/domain/workflow/workflow.ts'
import { useSteps, type Steps } from '@/parts/incident/use-steps.ts'
import { useStepsStore } from '@/stores/outbox/steps.store.ts'
import { useWorkflowStore } from '@/stores/workflow.store.ts'

interface AskedStep {
  name: string
  label: string
  rows: readonly FieldTask[]
}

export interface TaskSteps {
  /** The step whose form is open. */
  asked: Readonly<Ref<AskedStep | null>>
  steps: Steps
  ask(name: string, row: FieldTask): void
  take(
    transition: OfferedTransition,
    fields: Record<string, unknown>,
    queued: () => void,
  ): Promise<void>
  close(): void
}

/**
 * The form of a task's step, from the tap until the step is queued. An undone step opens it again.
 * @param rowOf a listed task, also one whose step is under way
 */
export function useTaskSteps(rowOf: (id: string) => FieldTask | undefined): TaskSteps {
  const { locale } = useI18n()
  const workflow = useWorkflowStore()
  const store = useStepsStore()
  const steps = useSteps()
  const asked = shallowRef<AskedStep | null>(null)

  function ask(name: string, row: FieldTask): void {
    const found = workflow.transition(row.workflowCode, name)
    asked.value = { name, label: found ? nameIn(locale.value, found) : name, rows: [row] }
  }
  const close = (): void => {
    asked.value = null
  }
  const take: TaskSteps['take'] = async (transition, fields, queued) => {
    const [row] = asked.value?.rows ?? []
    if (!row || !(await steps.take(row, transition, fields))) return
    queued()
    close()
  }
  watch(
    () => store.givenBack,
    (back) => {
      const row = back ? rowOf(back.incidentId) : undefined
      if (!back || !row) return
      store.givenBack = null
      ask(back.name, row)
    },
  )
  return { asked, steps, ask, take, close }
}
