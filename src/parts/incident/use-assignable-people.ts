import { computed, type ComputedRef, type Ref } from 'vue'
import type { AppError } from '@/data/errors.ts'
import { workflowRepo, type AssignablePerson } from '@/data/workflow.repo.ts'
import { useServerQuery } from '@/stores/server-query.ts'

/**
 * Whom a step of the incident may name.
 * @param asked null for nobody yet; `department` null as for an assignee
 */
export function useAssignablePeople(
  asked: () => { incidentId: string; department: string | null } | null,
): {
  people: ComputedRef<readonly AssignablePerson[]>
  busy: ComputedRef<boolean>
  error: Readonly<Ref<AppError | null>>
} {
  const { data, busy, error } = useServerQuery<readonly AssignablePerson[]>(() => {
    const wanted = asked()
    return (
      wanted && {
        key: ['assignable-people', wanted.incidentId, wanted.department],
        ask: ({ call, signal }) =>
          call((backend) =>
            workflowRepo(backend).assignablePeople(wanted.incidentId, wanted.department, signal),
          ),
      }
    )
  })
  return { people: computed(() => data.value ?? []), busy, error }
}
