import type { Stage } from '../../../../src/domain/vocabulary.ts'
import type { DraftMapping } from '../draft-mapping.ts'
import type { LookedValues, ProposedIncidents, ValueKind } from './propose-mapping.ts'

/** Of rows without a closing time whose stage nothing tells. */
const unsaidStage: Stage = 'dispatched'

/** Two columns of categories become one list, the branch first. */
export function columnsOf(incidents: ProposedIncidents): NonNullable<DraftMapping['columns']> {
  const { mainCategory, category, ...others } = incidents
  const categories = [mainCategory, category].flatMap((one) => (one ? [one.column] : []))
  return {
    ...Object.fromEntries(Object.entries(others).map(([field, { column }]) => [field, column])),
    ...(categories.length > 1
      ? { category: categories }
      : categories[0]
        ? { category: categories[0] }
        : {}),
  }
}

/** The mapping that the proposal makes. A meaning that a person chose for a value stays. */
export function proposeDraft(
  columns: NonNullable<DraftMapping['columns']>,
  values: LookedValues,
  draft: DraftMapping,
): DraftMapping {
  const meant = (kind: ValueKind): Record<string, string> =>
    Object.fromEntries(
      (values[kind] ?? []).flatMap(({ value, code }) => (code === null ? [] : [[value, code]])),
    )
  const stages = meant('stage') as Record<string, Stage>
  return {
    ...draft,
    columns,
    categories: {
      ...draft.categories,
      map: { ...meant('category'), ...draft.categories?.map },
    },
    stages: {
      otherwise: unsaidStage,
      ...draft.stages,
      map: { ...stages, ...draft.stages?.map },
    },
    departments: { ...meant('department'), ...draft.departments },
  }
}
