import { computed, inject, provide, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { cellShapes, roundUp, type CellShape } from '@/domain/answers/cell-grid.ts'
import type { Findings } from '@/domain/answers/findings.ts'
import type { HotspotCells } from '@/domain/answers/hotspot-cells.ts'
import type { Hotspots, JudgeOptions } from '@/domain/answers/hotspots.ts'
import { compareWindow } from '@/domain/time/compare-window.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import type { AreaLevel, LocalDay } from '@/domain/vocabulary.ts'
import { hotColdColor } from '@/map/ramps.ts'
import type { AreaValues, CellValues, MapTheme } from '@/map/types.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { useAnswer } from '@/stores/use-answer.ts'
import { useSlowAnswer, type SlowWork } from '@/stores/use-slow-answer.ts'
import { useAreaShapes } from '@/stores/use-area-shapes.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { queryWriter } from '@/stores/view/query-writer.ts'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'
import { useJudgeChoices, type JudgeChoices } from './use-judge-choices.ts'
import {
  hotspotClasses,
  hotspotViews,
  methodOf,
  shownClass,
  strengthOf,
  type HotspotClass,
  type HotspotView,
  type JudgedView,
} from './hotspot-views.ts'

export const hotspotUnits = ['area', ...cellShapes] as const
export type HotspotUnit = (typeof hotspotUnits)[number]

export interface HotspotContext {
  /** In the URL. */
  view: Ref<HotspotView>
  /** The view, or the usual one while places are shown. */
  judged: ComputedRef<JudgedView>
  /** Areas or cells; in the URL. */
  unit: Ref<HotspotUnit>
  /** Null: the usual one; in the URL. */
  cellMetres: Ref<number | null>
  choices: JudgeChoices
  /** Null while loading, and while the map shows something else. */
  found: Readonly<Ref<Hotspots | null>>
  /** Likewise, and with areas as the unit. */
  cells: Readonly<Ref<HotspotCells | null>>
  /** Of `found` or of `cells`: shuffling takes long. */
  work: ComputedRef<SlowWork>
  findings: Readonly<Ref<Findings | null>>
  /** Of the areas compared; null until their shapes are known. */
  level: ComputedRef<AreaLevel | null>
  /** Of the filter's period or of the data; null while loading. */
  lastDay: ComputedRef<LocalDay | null>
  /** Empty while loading. */
  classes: ComputedRef<HotspotClass[]>
  colorOf: (theme: MapTheme, code: number) => string
  valuesIn: (theme: MapTheme) => AreaValues | null
  cellValuesIn: (theme: MapTheme) => CellValues | null
}

const key: InjectionKey<HotspotContext> = Symbol('hotspots')

export function useHotspots(): HotspotContext {
  const context = inject(key)
  if (!context) throw new Error('useHotspots() outside of a map page')
  return context
}

/** Asks only while `isOn`. */
export function provideHotspots(
  level: Readonly<Ref<AreaLevel | null>>,
  isOn: Readonly<Ref<boolean>>,
): HotspotContext {
  const filter = useFilterStore()
  const isVisible = useAreaScope()
  const view = useQueryChoice<HotspotView>(
    'hotspots',
    () => hotspotViews,
    () => 'chance',
  )
  const judged = computed<JudgedView>(() => (view.value === 'places' ? 'chance' : view.value))
  const isJudging = computed(() => view.value !== 'places')
  const unit = useQueryChoice<HotspotUnit>(
    'unit',
    () => hotspotUnits,
    () => 'area',
  )
  const choices = useJudgeChoices()
  const shape = computed<CellShape | null>(() => (unit.value === 'area' ? null : unit.value))
  const cellMetres = useCellMetres()
  const shapes = useAreaShapes(() => (isOn.value ? level.value : null), isVisible)
  const lastDayOf = ({ period }: IncidentFilter): LocalDay | null => {
    const { span } = filter
    if (!span) return null
    return period && period.to < span.lastDay ? period.to : span.lastDay
  }
  const lastDay = computed(() => lastDayOf(filter.effective))
  const window = computed(() => {
    if (methodOf[judged.value] !== 'change' || !filter.span) return null
    const found = compareWindow(filter.live.period, 'period_before', filter.span)
    return typeof found === 'string' ? null : found
  })
  const judgedBy = computed<JudgeOptions | null>(() => {
    const liveDay = lastDayOf(filter.live)
    if (!liveDay || !isJudging.value) return null
    return {
      method: methodOf[judged.value],
      test: choices.test.value,
      correction: choices.correction.value,
      rates: choices.rates.value,
      window: window.value,
      lastDay: liveDay,
    }
  })
  const { answer: found, ...areaWork } = useSlowAnswer(
    'hotspots',
    () =>
      shapes.value && judgedBy.value && !shape.value
        ? { ...judgedBy.value, level: shapes.value }
        : null,
    { isLive: true },
  )
  const findings = useAnswer('findings', () =>
    shapes.value && lastDay.value && isJudging.value
      ? { level: shapes.value, lastDay: lastDay.value }
      : null,
  )
  const { answer: cells, ...cellWork } = useSlowAnswer(
    'hotspotCells',
    () =>
      shapes.value && judgedBy.value && shape.value
        ? {
            ...judgedBy.value,
            shape: shape.value,
            widthMetres: cellMetres.value,
            level: shapes.value,
          }
        : null,
    { isLive: true },
  )
  /** Drops an answer that was asked for the view before. */
  const isCurrent = (answer: Hotspots | HotspotCells | null): boolean =>
    isJudging.value && answer?.options.method === methodOf[judged.value]
  const currentCells = computed(() =>
    cells.value?.options.shape === shape.value && isCurrent(cells.value) ? cells.value : null,
  )
  const current = computed(() => (!shape.value && isCurrent(found.value) ? found.value : null))
  const classes = computed(() => {
    const answer = current.value ?? currentCells.value
    return answer ? hotspotClasses(judged.value, answer) : []
  })
  const colorOf = (theme: MapTheme, code: number): string =>
    hotColdColor(theme, strengthOf(judged.value, code))

  const context: HotspotContext = {
    view,
    judged,
    unit,
    cellMetres,
    choices,
    found: current,
    cells: currentCells,
    work: computed(() => (shape.value ? cellWork : areaWork)),
    findings,
    level: computed(() => shapes.value),
    lastDay,
    classes,
    colorOf,
    valuesIn(theme) {
      const { value: answer } = current
      if (!answer || answer.obstacle) return null
      const place = new Map(classes.value.map(({ code }, n) => [code, n]))
      const length = answer.areas.reduce((most, idx) => Math.max(most, idx + 1), 0)
      const byArea = new Int16Array(length).fill(-1)
      answer.areas.forEach((idx, i) => {
        byArea[idx] = place.get(shownClass(judged.value, answer.classes[i]!))!
      })
      return { classes: byArea, colors: classes.value.map(({ code }) => colorOf(theme, code)) }
    },
    cellValuesIn(theme) {
      const { value: answer } = currentCells
      if (!answer || answer.obstacle) return null
      const place = new Map(classes.value.map(({ code }, n) => [code, n]))
      return {
        grid: answer.grid,
        cells: answer.cells,
        classes: Int16Array.from(answer.classes, (code) =>
          place.get(shownClass(judged.value, code))!,
        ),
        colors: classes.value.map(({ code }) => colorOf(theme, code)),
      }
    },
  }
  provide(key, context)
  return context
}

const maxCellMetres = 10_000

/** `cell=` in the URL: a round width in metres. */
function useCellMetres(): Ref<number | null> {
  const route = useRoute()
  const writer = queryWriter(useRouter())
  return computed({
    get: () => {
      const metres = Number(route.query['cell'])
      return metres >= 1 && metres <= maxCellMetres ? roundUp(metres) : null
    },
    set: (next) => writer.patch({ cell: next === null ? null : String(next) }, 'replace'),
  })
}
