import { computed, type ComputedRef } from 'vue'
import { workRepo } from '@/data/work.repo.ts'
import type { Proposal } from '@/domain/workflow/proposals.ts'
import type { OfferedTransition } from '@/domain/workflow/workflow.ts'
import { useServerQuery } from '@/stores/server-query.ts'
import type { StepRow } from './use-offered-step.ts'

/** Incidents that take one step together. */
export interface ManyIncidents {
  rows: readonly StepRow[]
  /** By incident; null where the server did not answer. */
  proposals: ReadonlyMap<string, Proposal> | null
}

/** Asked for in one question. */
const maxIncidents = 1000

/** Departments and handlers proposed for each of several incidents, in one answer. */
export function useProposals(
  rows: () => readonly StepRow[],
  transition: ComputedRef<OfferedTransition | null>,
): {
  /** Null for one incident. */
  many: ComputedRef<ManyIncidents | null>
  isPending: ComputedRef<boolean>
} {
  const isAsked = computed(
    () =>
      rows().length > 1 &&
      (transition.value?.fields.some(({ kind }) => kind === 'department') ?? false),
  )
  const { data, error } = useServerQuery<readonly Proposal[]>(() => {
    if (!isAsked.value) return null
    const ids = rows()
      .slice(0, maxIncidents)
      .map(({ id }) => id)
    return {
      key: ['proposals', ids],
      ask: ({ call, signal }) => call((backend) => workRepo(backend).proposals(ids, signal)),
    }
  })
  const proposals = computed(
    () => data.value && isAsked.value && new Map(data.value.map((one) => [one.id, one])),
  )
  return {
    many: computed(() =>
      rows().length > 1 ? { rows: rows(), proposals: proposals.value || null } : null,
    ),
    isPending: computed(() => isAsked.value && !data.value && !error.value),
  }
}
