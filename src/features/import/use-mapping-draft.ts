import { computed, ref, shallowRef, watch } from 'vue'
import type { DeskState, Look } from '@/data/imports.repo.ts'
import type { ImportDesk } from './use-import-desk.ts'

/** As the importer names them; `*` are needed. */
export const incidentFields = [
  ...(['id', 'reportedAt', 'lon', 'lat', 'category', 'closedAt', 'stage', 'department'] as const),
  ...(['description', 'address', 'severity', 'channel'] as const),
] as const
export const areaFields = ['code', 'name', 'parent', 'households'] as const
export type Field = (typeof incidentFields)[number] | (typeof areaFields)[number]
const needed: readonly Field[] = ['id', 'reportedAt', 'lon', 'lat', 'code', 'name']
export const isNeeded = (field: Field): boolean => needed.includes(field)
export type ValueKind = 'category' | 'stage' | 'department'

type Columns = Partial<Record<Field, string | string[]>>
interface Codes {
  map?: Record<string, string>
  otherwise?: string
}
/** The parts of the importer's mapping that the page shows; others are kept as they are. */
interface Draft extends Record<string, unknown> {
  source?: string
  columns?: Columns
  categories?: Codes
  stages?: Codes
  departments?: Record<string, string>
}
/** How the areas of a file are read. */
interface AreasDraft extends Partial<Record<(typeof areaFields)[number], string>> {
  level?: string
}
export type KeptMapping = DeskState['mappings'][number]

const firstOf = (column: string | string[] | undefined): string | undefined =>
  [column ?? []].flat()[0]

const without = <T extends object>(all: T, key: string): T =>
  Object.fromEntries(Object.entries(all).filter(([name]) => name !== key)) as T

/** The mapping in hand: what the look proposed, what a person changed, and what follows from it. */
export function useMappingDraft(desk: ImportDesk) {
  const look = shallowRef<Look | null>(null)
  /** Start of the look that was taken over. */
  let seen = ''
  const draft = ref<Draft>({})
  const areas = ref<AreasDraft>({})
  const encoding = ref<string | null>(null)
  const update = ref(false)
  const overlap = ref(false)
  /** Of the saved mapping in use. */
  const savedName = ref<string | null>(null)

  watch(
    () => desk.state.value?.job ?? null,
    (job) => {
      const next = job?.look
      // later work tells the same look again: changes made since stay
      if (!next || (job.step !== 'look' && look.value) || seen === job.startedAt) return
      seen = job.startedAt
      look.value = next
      encoding.value = next.encoding
      if (next.mapping) draft.value = next.mapping
      if (next.kind === 'areas')
        areas.value = {
          level: areas.value.level ?? next.level ?? 'grid',
          ...Object.fromEntries(
            Object.entries(next.areas ?? {}).map(([field, { column }]) => [field, column]),
          ),
        }
    },
    { immediate: true },
  )
  watch(
    () => desk.state.value?.file?.name,
    (name) => {
      if (name) return
      look.value = null
      draft.value = {}
      areas.value = {}
      savedName.value = null
    },
  )

  const columnOf = (field: Field): string | undefined =>
    look.value?.kind === 'areas'
      ? areas.value[field as keyof AreasDraft]
      : firstOf(draft.value.columns?.[field])
  /** The proposal's, while the column is the proposed one. */
  const confidenceOf = (field: Field): string | null => {
    const proposed = (look.value?.incidents ?? look.value?.areas)?.[field]
    return proposed?.column === columnOf(field) ? (proposed?.confidence ?? null) : null
  }

  async function choose(field: Field, column: string | undefined): Promise<void> {
    if (look.value?.kind === 'areas') {
      areas.value = { ...areas.value, [field]: column }
      return
    }
    const others = without(draft.value.columns ?? {}, field)
    draft.value = { ...draft.value, columns: column ? { ...others, [field]: column } : others }
    // values, places and dates are the importer's to judge
    if (['lon', 'lat', 'category', 'stage', 'department', 'reportedAt'].includes(field))
      await lookAgain()
  }
  /** A layer or an encoding makes another file of it: the mapping begins anew. */
  const lookAgain = (change: { encoding?: string; layer?: string } = {}): Promise<boolean> =>
    desk.start({
      step: 'look',
      ...fileParts(change),
      ...(change.layer || change.encoding || !draft.value.columns ? {} : { mapping: draft.value }),
    })
  const fileParts = (change: { encoding?: string; layer?: string } = {}) => {
    const layer = change.layer ?? look.value?.layer
    const code = change.encoding ?? encoding.value
    return { ...(layer ? { layer } : {}), ...(code ? { encoding: code } : {}) }
  }

  const codeOf = (kind: ValueKind, value: string): string | undefined => {
    const { categories, stages, departments } = draft.value
    return { category: categories?.map, stage: stages?.map, department: departments }[kind]?.[value]
  }
  function setCode(kind: ValueKind, value: string, code: string | undefined): void {
    const changed = (map: Record<string, string> = {}): Record<string, string> => {
      const others = without(map, value)
      return code ? { ...others, [value]: code } : others
    }
    const { categories, stages, departments } = draft.value
    if (kind === 'department') draft.value = { ...draft.value, departments: changed(departments) }
    else if (kind === 'stage')
      draft.value = { ...draft.value, stages: { ...stages, map: changed(stages?.map) } }
    else
      draft.value = {
        ...draft.value,
        categories: { ...categories, map: changed(categories?.map) },
      }
  }
  function setOtherwise(kind: 'category' | 'stage', code: string | undefined): void {
    const key = kind === 'stage' ? 'stages' : 'categories'
    const others = without(draft.value[key] ?? {}, 'otherwise')
    draft.value = { ...draft.value, [key]: code ? { ...others, otherwise: code } : others }
  }

  const missing = computed<Field[]>(() => {
    const fields = look.value?.kind === 'areas' ? areaFields : incidentFields
    return fields.filter((field) => isNeeded(field) && !columnOf(field))
  })
  /** Without a column of categories all rows need one. */
  const needsCategory = computed(
    () =>
      look.value?.kind === 'incidents' &&
      !columnOf('category') &&
      !draft.value.categories?.otherwise,
  )
  /** Null while something needed is missing. */
  const wish = computed<object | null>(() => {
    if (!look.value || missing.value.length > 0 || needsCategory.value) return null
    if (look.value.kind === 'areas') {
      const chosen = Object.fromEntries(
        Object.entries(areas.value).filter(([, value]) => value !== undefined && value !== ''),
      )
      return {
        ...{ kind: 'areas', ...fileParts() },
        areas: { ...chosen, ...(overlap.value ? { allowOverlap: true } : {}) },
      }
    }
    return {
      ...{ kind: 'incidents', mapping: draft.value, ...fileParts() },
      ...(update.value ? { update: true } : {}),
    }
  })

  /** Saved mappings whose columns the file has; those of the very same columns first. */
  const fitting = computed<KeptMapping[]>(() => {
    const header = new Set(look.value?.header ?? [])
    const isSame = (one: KeptMapping): boolean =>
      one.columns.length === header.size && one.columns.every((name) => header.has(name))
    return (desk.state.value?.mappings ?? [])
      .filter(({ kind, mapping }) => {
        if (kind !== look.value?.kind) return false
        const columns = (kind === 'areas' ? mapping : (mapping['columns'] ?? {})) as object
        const names = Object.entries(columns).flatMap(([key, name]) =>
          key === 'level' ? [] : [name].flat(),
        ) as string[]
        return names.length > 0 && names.every((name) => header.has(name))
      })
      .toSorted((a, b) => Number(isSame(b)) - Number(isSame(a)))
  })
  async function take(saved: KeptMapping): Promise<void> {
    savedName.value = saved.name
    if (saved.kind === 'areas') areas.value = saved.mapping
    else {
      draft.value = saved.mapping
      await lookAgain()
    }
  }
  async function save(name: string): Promise<boolean> {
    const kind = look.value?.kind
    const mapping = kind === 'areas' ? areas.value : draft.value
    const isKept = await desk.keepMapping({
      ...{ name, kind, mapping, columns: look.value?.header ?? [] },
    })
    if (isKept) savedName.value = name
    return isKept
  }

  return {
    ...{ look, draft, areas, encoding, update, overlap, savedName, missing, needsCategory, wish },
    ...{ fitting, columnOf, confidenceOf, choose, lookAgain, codeOf, setCode, setOtherwise },
    ...{ take, save },
  }
}
export type MappingDraft = ReturnType<typeof useMappingDraft>
