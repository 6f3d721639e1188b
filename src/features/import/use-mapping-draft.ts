import { computed, ref, shallowRef, watch } from 'vue'
import type { DeskState, Look } from '@/data/imports.repo.ts'
import { keepDraft, keptDraft } from './kept-draft.ts'
import type { ImportDesk } from './use-import-desk.ts'

/** As the importer names them. `mainCategory` is the first of two columns of categories. */
export const incidentFields = [
  ...(['id', 'reportedAt', 'lon', 'lat', 'category', 'mainCategory', 'closedAt'] as const),
  ...(['stage', 'department', 'description', 'address', 'severity', 'channel'] as const),
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
  coordinates?: string
  dateOrder?: string
  columns?: Columns
  categories?: Codes
  stages?: Codes
  departments?: Record<string, string>
}
export const areaOptions = [
  ...(['parentByOverlap', 'allowOverlap', 'dissolve', 'replaceBox', 'closeMissing'] as const),
] as const
export type AreaOption = (typeof areaOptions)[number]
/** They change more of the city than the file's areas, so no saved mapping brings them. */
const onceOnly: readonly AreaOption[] = ['replaceBox', 'closeMissing']
/** How the areas of a file are read. */
interface AreasDraft
  extends
    Partial<Record<(typeof areaFields)[number], string>>,
    Partial<Record<AreaOption, boolean>> {
  level?: string
  crs?: string
}
export type KeptMapping = DeskState['mappings'][number]

const without = <T extends object>(all: T, key: string): T =>
  Object.fromEntries(Object.entries(all).filter(([name]) => name !== key)) as T

const proposedAreas = ({ level, areas, parentByOverlap }: Look): AreasDraft => ({
  ...(level ? { level } : {}),
  ...Object.fromEntries(Object.entries(areas ?? {}).map(([field, { column }]) => [field, column])),
  ...(parentByOverlap ? { parentByOverlap } : {}),
})

/** The mapping in hand: what the look proposed, what a person changed, and what follows from it. */
export function useMappingDraft(desk: ImportDesk) {
  const look = shallowRef<Look | null>(null)
  /** Start of the look that was taken over. */
  let seen = ''
  const draft = ref<Draft>({})
  const areas = ref<AreasDraft>({})
  const encoding = ref<string | null>(null)
  const update = ref(false)
  /** Of the saved mapping in use. */
  const savedName = ref<string | null>(null)

  /** A page that opens while a file is checked or stored goes on from what was asked for. */
  function takeAsked(asked: Record<string, unknown>): void {
    if (asked['mapping']) draft.value = asked['mapping'] as Draft
    if (asked['areas']) areas.value = asked['areas'] as AreasDraft
    if (typeof asked['encoding'] === 'string') encoding.value = asked['encoding']
    update.value = asked['update'] === true
  }
  function takeLook(next: Look): void {
    const isSame = look.value?.header.join('\n') === next.header.join('\n')
    look.value = next
    encoding.value = next.encoding
    if (next.mapping) draft.value = next.mapping
    if (next.kind !== 'areas') return
    const { crs = next.settings.coordinates } = areas.value
    areas.value = { ...(isSame ? areas.value : proposedAreas(next)), ...(crs ? { crs } : {}) }
  }
  const tag = (): string =>
    [desk.state.value?.file?.at, look.value?.layer, look.value?.encoding].join(' ')
  watch([draft, areas, update], () => {
    if (look.value)
      keepDraft({ of: tag(), draft: draft.value, areas: areas.value, update: update.value })
  })
  watch(
    () => desk.state.value?.job ?? null,
    (job) => {
      // later work tells the same look again: changes made since stay
      if (!job?.look || (job.step !== 'look' && look.value) || seen === job.startedAt) return
      const isNewPage = look.value === null
      seen = job.startedAt
      takeLook(job.look)
      if (job.step !== 'look') takeAsked(job.wish)
      const kept = isNewPage ? keptDraft(tag()) : null
      if (!kept) return
      draft.value = kept.draft as Draft
      areas.value = kept.areas as AreasDraft
      update.value = kept.update
    },
    { immediate: true },
  )
  watch(
    () => desk.state.value?.file?.at,
    (at, before) => {
      if (at === before || before === undefined) return
      look.value = null
      draft.value = {}
      areas.value = {}
      update.value = false
      savedName.value = null
    },
    { flush: 'sync' },
  )

  const categories = (): string[] => [draft.value.columns?.category ?? []].flat()
  function columnOf(field: Field): string | undefined {
    if (look.value?.kind === 'areas') return areas.value[field as (typeof areaFields)[number]]
    if (field === 'category') return categories().at(-1)
    if (field === 'mainCategory') return categories().length > 1 ? categories()[0] : undefined
    return [draft.value.columns?.[field] ?? []].flat()[0]
  }
  /** The proposal's, while the column is the proposed one. */
  const confidenceOf = (field: Field): string | null => {
    const proposed = (look.value?.incidents ?? look.value?.areas)?.[field]
    return proposed?.column === columnOf(field) ? (proposed?.confidence ?? null) : null
  }

  /** The branch stands before the leaf; columns between them, from a saved mapping, stay. */
  function withCategory(field: 'category' | 'mainCategory', column: string | undefined): string[] {
    const others = categories().slice(1, -1)
    const [main, leaf] = [columnOf('mainCategory'), columnOf('category')]
    const pair = field === 'category' ? [main, ...others, column] : [column, ...others, leaf]
    return [...new Set(pair.filter((name) => name !== undefined))]
  }
  async function choose(field: Field, column: string | undefined): Promise<void> {
    if (look.value?.kind === 'areas') {
      areas.value = { ...areas.value, [field]: column }
      return
    }
    const isCategory = field === 'category' || field === 'mainCategory'
    const key = isCategory ? 'category' : field
    const list = isCategory ? withCategory(field, column) : column ? [column] : []
    const others = without(draft.value.columns ?? {}, key)
    const columns =
      list.length > 0 ? { ...others, [key]: list.length > 1 ? list : list[0]! } : others
    draft.value = { ...draft.value, columns }
    // values, places and dates are the importer's to judge
    if (['lon', 'lat', 'category', 'stage', 'department', 'reportedAt'].includes(key))
      await lookAgain()
  }
  /** A layer or an encoding makes another file of it: the mapping begins anew. */
  function lookAgain(change: { encoding?: string; layer?: string } = {}): Promise<boolean> {
    const isOther = Boolean(change.layer ?? change.encoding)
    const { crs } = areas.value
    const mapping =
      look.value?.kind === 'areas' ? (crs ? { coordinates: crs } : undefined) : draft.value
    const isWhole = look.value?.kind === 'areas' || (!isOther && draft.value.columns)
    return desk.start({
      step: 'look',
      ...fileParts(change),
      ...(isWhole && mapping ? { mapping } : {}),
    })
  }
  const fileParts = (change: { encoding?: string; layer?: string } = {}) => {
    const layer = change.layer ?? look.value?.layer
    const code = change.encoding ?? encoding.value
    return { ...(layer ? { layer } : {}), ...(code ? { encoding: code } : {}) }
  }
  const coordinates = computed(() =>
    look.value?.kind === 'areas' ? areas.value.crs : draft.value.coordinates,
  )
  /** @param system none: as the file says */
  function setCoordinates(system: string | undefined): Promise<boolean> {
    if (look.value?.kind === 'areas') areas.value = { ...areas.value, crs: system }
    else draft.value = { ...draft.value, coordinates: system }
    return lookAgain()
  }

  /** @param order none: the year first, or as the file's dates say */
  function setDateOrder(order: string | undefined): Promise<boolean> {
    draft.value = { ...draft.value, dateOrder: order }
    return lookAgain()
  }

  const mapOf = (kind: ValueKind): Record<string, string> | undefined => {
    const { categories: codes, stages, departments } = draft.value
    return { category: codes?.map, stage: stages?.map, department: departments }[kind]
  }
  /** Of several columns of categories, the longest known beginning counts, as the importer reads. */
  function codeOf(kind: ValueKind, value: string): string | undefined {
    const map = mapOf(kind)
    if (kind !== 'category' || categories().length < 2) return map?.[value]
    const parts = value.split(' / ')
    return parts.map((_, at) => map?.[parts.slice(0, parts.length - at).join(' / ')]).find(Boolean)
  }
  function setCode(kind: ValueKind, value: string, code: string | undefined): void {
    const others = without(mapOf(kind) ?? {}, value)
    const map = code ? { ...others, [value]: code } : others
    const { categories: codes, stages } = draft.value
    if (kind === 'department') draft.value = { ...draft.value, departments: map }
    else if (kind === 'stage') draft.value = { ...draft.value, stages: { ...stages, map } }
    else draft.value = { ...draft.value, categories: { ...codes, map } }
  }
  function setOtherwise(kind: 'category' | 'stage', code: string | undefined): void {
    const key = kind === 'stage' ? 'stages' : 'categories'
    const others = without(draft.value[key] ?? {}, 'otherwise')
    draft.value = { ...draft.value, [key]: code ? { ...others, otherwise: code } : others }
  }

  const missing = computed<Field[]>(() => {
    const fields: readonly Field[] = look.value?.kind === 'areas' ? areaFields : incidentFields
    return fields.filter((field) => isNeeded(field) && !columnOf(field))
  })
  /** Without a column of categories all rows need one. */
  const needsCategory = computed(
    () =>
      look.value?.kind === 'incidents' &&
      !columnOf('category') &&
      !draft.value.categories?.otherwise,
  )
  const needsLevel = computed(() => look.value?.kind === 'areas' && !areas.value.level)
  /** Of areas, without what is not chosen and what the level has no use for. */
  const areasWish = computed(() => {
    const isCity = areas.value.level === 'city'
    const idle = isCity ? ['parent', 'parentByOverlap'] : ['replaceBox']
    return Object.fromEntries(
      Object.entries(areas.value).filter(([key, value]) => value && !idle.includes(key)),
    )
  })
  /** Null while something needed is missing. */
  const wish = computed<object | null>(() => {
    if (!look.value || missing.value.length > 0 || needsCategory.value || needsLevel.value)
      return null
    if (look.value.kind === 'areas')
      return { kind: 'areas', ...fileParts(), areas: areasWish.value }
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
        const columns =
          kind === 'areas' ? areaFields.map((field) => mapping[field]) : mapping['columns']
        const names = Object.values(columns ?? {}).flatMap((name) => name ?? []) as string[]
        return names.length > 0 && names.every((name) => header.has(name))
      })
      .toSorted((a, b) => Number(isSame(b)) - Number(isSame(a)))
  })
  async function take(saved: KeptMapping): Promise<void> {
    savedName.value = saved.name
    if (saved.kind === 'areas') areas.value = saved.mapping
    else draft.value = saved.mapping
    await lookAgain()
  }
  async function save(name: string): Promise<boolean> {
    const kind = look.value?.kind
    const lasting = onceOnly.reduce<AreasDraft>((all, key) => without(all, key), areas.value)
    const mapping = kind === 'areas' ? lasting : draft.value
    const isKept = await desk.keepMapping({
      ...{ name, kind, mapping, columns: look.value?.header ?? [] },
    })
    if (isKept) savedName.value = name
    return isKept
  }

  return {
    ...{
      look,
      draft,
      areas,
      encoding,
      update,
      savedName,
      missing,
      needsCategory,
      needsLevel,
      wish,
    },
    ...{ fitting, columnOf, confidenceOf, choose, lookAgain, codeOf, setCode, setOtherwise },
    ...{ coordinates, setCoordinates, setDateOrder, take, save },
  }
}
export type MappingDraft = ReturnType<typeof useMappingDraft>
