import type { OfferedField } from './workflow.ts'
import type { StepValues } from './step-values.ts'

/** Department and handler that the dispatch rules propose for one incident. */
export interface Proposal {
  id: string
  /** Null: nothing is proposed. */
  department: string | null
  handler: string | null
  handlerName: string | null
}

/** Stands in a form for each incident's own proposal. No code and no id looks like it. */
export const asProposed = '*'

/** Under this key a form keeps the department of incidents without a proposal. */
export const restKey = (department: string): string => `${department} ${asProposed}`

export type PayloadOf = (incidentId: string) => Record<string, unknown> | null

/**
 * The payload of each incident of a batch: `asProposed` becomes its own proposal. Null for an
 * incident that waits for a choice, because nothing is proposed for it.
 * @param payload of the form, with `asProposed` where it was chosen
 */
export function payloadOfEach(
  fields: readonly OfferedField[],
  values: StepValues,
  payload: Readonly<Record<string, unknown>>,
  proposals: ReadonlyMap<string, Proposal>,
): PayloadOf {
  const nameOf = (kind: OfferedField['kind']) => fields.find((field) => field.kind === kind)?.name
  const [department, handler] = [nameOf('department'), nameOf('handler')]
  return (incidentId) => {
    const proposal = proposals.get(incidentId)
    const own = { ...payload }
    if (department !== undefined && own[department] === asProposed) {
      const code = proposal?.department ?? values[restKey(department)]
      if (code === undefined) return null
      own[department] = code
    }
    if (handler !== undefined && own[handler] === asProposed) {
      delete own[handler]
      if (proposal?.handler) own[handler] = proposal.handler
    }
    return own
  }
}

/** How many incidents share each value, the most frequent first; null comes last. */
export function countOfEach<T>(values: readonly (T | null)[]): [value: T | null, count: number][] {
  const counts = new Map<T | null, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(
    ([a, one], [b, other]) => Number(a === null) - Number(b === null) || other - one,
  )
}
