import { computed, inject, provide, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import type { Findings } from '@/domain/answers/findings.ts'
import type { Hotspots } from '@/domain/answers/hotspots.ts'
import { compareWindow } from '@/domain/time/compare-window.ts'
import type { AreaLevel, LocalDay } from '@/domain/vocabulary.ts'
import { hotColdColor } from '@/map/ramps.ts'
import type { AreaValues, MapTheme } from '@/map/types.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { useAnswer } from '@/stores/use-answer.ts'
import { useAreaShapes } from '@/stores/use-area-shapes.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'
import {
  hotspotClasses,
  hotspotViews,
  methodOf,
  shownClass,
  strengthOf,
  type HotspotClass,
  type HotspotView,
} from './hotspot-views.ts'

export interface HotspotContext {
  /** In the URL. */
  view: Ref<HotspotView>
  /** Null while loading, and while the map shows something else. */
  found: Readonly<Ref<Hotspots | null>>
  findings: Readonly<Ref<Findings | null>>
  /** Of the filter's period or of the data; null while loading. */
  lastDay: ComputedRef<LocalDay | null>
  /** Empty while loading. */
  classes: ComputedRef<HotspotClass[]>
  colorOf: (theme: MapTheme, code: number) => string
  valuesIn: (theme: MapTheme) => AreaValues | null
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
  const shapes = useAreaShapes(() => (isOn.value ? level.value : null), isVisible)
  const lastDay = computed(() => {
    const { span } = filter
    if (!span) return null
    const to = filter.effective.period?.to
    return to && to < span.lastDay ? to : span.lastDay
  })
  const window = computed(() => {
    if (methodOf[view.value] !== 'change' || !filter.span) return null
    const found = compareWindow(filter.effective.period, 'period_before', filter.span)
    return typeof found === 'string' ? null : found
  })
  const found = useAnswer('hotspots', () =>
    shapes.value && lastDay.value
      ? {
          method: methodOf[view.value],
          level: shapes.value,
          window: window.value,
          lastDay: lastDay.value,
        }
      : null,
  )
  const findings = useAnswer('findings', () =>
    shapes.value && lastDay.value ? { level: shapes.value, lastDay: lastDay.value } : null,
  )
  /** An answer to the view before is none. */
  const current = computed(() => {
    const { value: answer } = found
    return answer && answer.options.method === methodOf[view.value] ? answer : null
  })
  const classes = computed(() => (current.value ? hotspotClasses(view.value, current.value) : []))
  const colorOf = (theme: MapTheme, code: number): string =>
    hotColdColor(theme, strengthOf(view.value, code))

  const context: HotspotContext = {
    view,
    found: current,
    findings,
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
        byArea[idx] = place.get(shownClass(view.value, answer.classes[i]!))!
      })
      return { classes: byArea, colors: classes.value.map(({ code }) => colorOf(theme, code)) }
    },
  }
  provide(key, context)
  return context
}
