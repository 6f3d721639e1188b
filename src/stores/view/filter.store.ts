import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import {
  emptyFilter,
  type AnswerFilter,
  type HandlingFilter,
  type IncidentFilter,
  type QuantisedPoint,
} from '@/domain/filter/filter.ts'
import { dueChoices, type DueChoice } from '@/domain/filter/due.ts'
import type { FilterChip, FilterPart } from '@/domain/filter/filter-chip.ts'
import type { Against, DecodedFilter, FilterKey } from '@/domain/filter/filter-url.ts'
import {
  defaultPeriod,
  presetOf,
  presetPeriod,
  type DataSpan,
  type Period,
  type PeriodPreset,
} from '@/domain/time/period.ts'
import { stages, type BoundingBox, type Stage } from '@/domain/vocabulary.ts'

export interface ChangeOptions {
  /** True during a drag, which becomes one history step. */
  transient?: boolean
}

/**
 * Shared by map, charts, list and statistics. Replaced, never mutated, so that watchers see every
 * change.
 */
export const useFilterStore = defineStore('filter', () => {
  const filter = shallowRef<IncidentFilter>(emptyFilter())
  /** `in=` in the URL. */
  const drill = ref<string | null>(null)
  /** `vs=` in the URL: narrows nothing, figures say the change. */
  const against = ref<Against | null>(null)
  /** False until the URL or the default gave a period; nothing is projected before. */
  const periodKnown = ref(false)
  const span = shallowRef<DataSpan | null>(null)
  /** Query parameters not understood. */
  const ignored = shallowRef<FilterKey[]>([])
  let historyMode: 'push' | 'replace' = 'replace'
  let dragging = false
  let spanKnown = false

  /** Narrowed to the drilled area if no area is chosen. */
  const effective = computed<IncidentFilter>(() =>
    filter.value.areas.length === 0 && drill.value
      ? { ...filter.value, areas: [drill.value] }
      : filter.value,
  )
  /** A period in motion, which the map alone shows: all other views wait until it rests. */
  const preview = shallowRef<Period>(null)
  const live = computed<IncidentFilter>(() =>
    preview.value ? { ...effective.value, period: preview.value } : effective.value,
  )
  const preset = computed<PeriodPreset | null>(() =>
    span.value ? presetOf(filter.value.period, span.value) : null,
  )
  const isDefaultPeriod = computed(() => {
    const usual = defaultPeriod(span.value)
    const { period } = filter.value
    return usual?.from === period?.from && usual?.to === period?.to
  })
  const isEmpty = computed(() => activeChips.value.length === 0)

  const activeChips = computed<FilterChip[]>(() => {
    const { period, areas, categories, stages: chosen } = filter.value
    const { openOnly, onHoldOnly, due, bbox, exceptPoints, answers } = filter.value
    const { handling, openLonger } = filter.value
    const chips: FilterChip[] = []
    if (periodKnown.value && !isDefaultPeriod.value)
      chips.push({ part: 'period', key: 'period', period, preset: preset.value })
    for (const code of areas) chips.push({ part: 'areas', key: `area:${code}`, code })
    for (const code of categories) chips.push({ part: 'categories', key: `category:${code}`, code })
    for (const stage of chosen) chips.push({ part: 'stages', key: `stage:${stage}`, stage })
    if (openOnly) chips.push({ part: 'openOnly', key: 'openOnly' })
    if (onHoldOnly) chips.push({ part: 'onHoldOnly', key: 'onHoldOnly' })
    for (const one of due) chips.push({ part: 'due', key: `due:${one}`, due: one })
    if (bbox) chips.push({ part: 'bbox', key: 'bbox' })
    if (exceptPoints.length > 0)
      chips.push({ part: 'exceptPoints', key: 'exceptPoints', points: exceptPoints.length })
    if (answers) chips.push({ part: 'answers', key: 'answers', answers })
    if (handling) chips.push({ part: 'handling', key: 'handling', handling })
    if (openLonger !== null)
      chips.push({ part: 'openLonger', key: 'openLonger', hours: openLonger })
    return chips
  })

  function change(patch: Partial<IncidentFilter>, { transient = false }: ChangeOptions = {}): void {
    // A drag's first move is pushed, so the state before it stays in history.
    historyMode = dragging ? 'replace' : 'push'
    dragging = transient
    preview.value = null
    filter.value = { ...filter.value, ...patch }
  }

  const toggled = <T>(list: readonly T[], item: T): T[] =>
    list.includes(item) ? list.filter((one) => one !== item) : [...list, item]
  const inOrder = (chosen: readonly Stage[]): Stage[] =>
    stages.filter((stage) => chosen.includes(stage))

  /** Both ends inclusive, swapped if reversed; null is all time. */
  function setPeriod(period: Period, options?: ChangeOptions): void {
    const ordered =
      period && period.from > period.to ? { from: period.to, to: period.from } : period
    periodKnown.value = true
    change({ period: ordered }, options)
  }
  /** Ends with the next change of the filter. */
  const setPreview = (period: NonNullable<Period>): void => void (preview.value = period)
  function setPreset(name: PeriodPreset): void {
    if (span.value) setPeriod(presetPeriod(name, span.value))
  }
  function setAreas(areas: readonly string[], options?: ChangeOptions): void {
    change({ areas: [...new Set(areas)] }, options)
  }
  const toggleArea = (code: string): void => change({ areas: toggled(filter.value.areas, code) })
  function setCategories(categories: readonly string[], options?: ChangeOptions): void {
    change({ categories: [...new Set(categories)] }, options)
  }
  const toggleCategory = (code: string): void =>
    change({ categories: toggled(filter.value.categories, code) })
  const setStages = (chosen: readonly Stage[]): void => change({ stages: inOrder(chosen) })
  const toggleStage = (stage: Stage): void =>
    change({ stages: inOrder(toggled(filter.value.stages, stage)) })
  const setOpenOnly = (openOnly: boolean): void => change({ openOnly })
  const setOnHoldOnly = (onHoldOnly: boolean): void => change({ onHoldOnly })
  const toggleDue = (choice: DueChoice): void => {
    const chosen = toggled(filter.value.due, choice)
    change({ due: dueChoices.filter((one) => chosen.includes(one)) })
  }
  /** Rounded as in the URL (about a metre), so that a link gives the same counts. */
  function setBbox(bbox: BoundingBox | null, options?: ChangeOptions): void {
    const round = (value: number) => Math.round(value * 1e5) / 1e5
    change(
      { bbox: bbox && [round(bbox[0]), round(bbox[1]), round(bbox[2]), round(bbox[3])] },
      options,
    )
  }
  const setExceptPoints = (points: readonly QuantisedPoint[]): void =>
    change({ exceptPoints: [...points] })
  const setAnswers = (answers: AnswerFilter | null): void => change({ answers })
  const setHandling = (handling: HandlingFilter | null): void => change({ handling })
  /** Whole hours. */
  const setOpenLonger = (openLonger: number | null): void => change({ openLonger })
  function setDrill(code: string | null): void {
    historyMode = 'push'
    dragging = false
    drill.value = code
  }

  function setAgainst(choice: Against | null): void {
    historyMode = 'push'
    dragging = false
    against.value = choice
  }

  function clear(part?: FilterPart): void {
    const start: IncidentFilter = { ...emptyFilter(), period: defaultPeriod(span.value) }
    change(part ? { [part]: start[part] } : start)
  }
  function removeChip(chip: FilterChip): void {
    if (chip.part === 'areas') toggleArea(chip.code)
    else if (chip.part === 'categories') toggleCategory(chip.code)
    else if (chip.part === 'stages') toggleStage(chip.stage)
    else if (chip.part === 'due') toggleDue(chip.due)
    else clear(chip.part)
  }

  /** A missing period becomes the default. */
  function applyUrl(decoded: DecodedFilter): void {
    preview.value = null
    dragging = false
    historyMode = 'replace'
    drill.value = decoded.drill
    against.value = decoded.against
    ignored.value = decoded.ignored
    const usePeriod = decoded.periodGiven || !spanKnown
    periodKnown.value = decoded.periodGiven || spanKnown
    filter.value = usePeriod
      ? decoded.filter
      : { ...decoded.filter, period: defaultPeriod(span.value) }
  }

  /** Also sets the default period if none is known. */
  function setSpan(known: DataSpan | null): void {
    const before = span.value
    const unchanged =
      spanKnown &&
      before?.firstMonth === known?.firstMonth &&
      before?.lastMonth === known?.lastMonth &&
      before?.lastDay === known?.lastDay &&
      before?.defaultFrom === known?.defaultFrom
    if (unchanged) return
    spanKnown = true
    span.value = known
    if (periodKnown.value) return
    periodKnown.value = true
    historyMode = 'replace'
    filter.value = { ...filter.value, period: defaultPeriod(known) }
  }

  function reset(): void {
    preview.value = null
    dragging = false
    spanKnown = false
    historyMode = 'replace'
    span.value = null
    periodKnown.value = false
    ignored.value = []
    drill.value = null
    against.value = null
    filter.value = emptyFilter()
  }

  return {
    filter,
    drill,
    against,
    effective,
    preview,
    live,
    periodKnown,
    span,
    preset,
    isDefaultPeriod,
    ignored,
    isEmpty,
    activeChips,
    setPeriod,
    setPreview,
    setPreset,
    setAreas,
    toggleArea,
    setCategories,
    toggleCategory,
    setStages,
    toggleStage,
    setOpenOnly,
    setOnHoldOnly,
    toggleDue,
    setBbox,
    setExceptPoints,
    setAnswers,
    setHandling,
    setOpenLonger,
    setDrill,
    setAgainst,
    clear,
    removeChip,
    applyUrl,
    setSpan,
    reset,
    historyMode: () => historyMode,
  }
})
