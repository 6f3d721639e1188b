import {
  computed,
  inject,
  provide,
  shallowRef,
  type ComputedRef,
  type InjectionKey,
  type Ref,
} from 'vue'
import {
  repeatMethods,
  repeatRadii,
  repeatTimes,
  usualRepeats,
  type RepeatedPlace,
  type RepeatMethod,
  type RepeatPlaces,
} from '@/domain/answers/repeat-places.ts'
import { hotColdColor } from '@/map/ramps.ts'
import type { MapTheme, PlaceMarks } from '@/map/types.ts'
import { isOfFinding, type FindingKey } from '@/domain/answers/finding-marks.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useFindingMarks } from '@/stores/outbox/use-finding-marks.ts'
import { useAreaScope } from '@/parts/filter/use-area-scope.ts'
import { useAreaShapes } from '@/stores/use-area-shapes.ts'
import { useMapLayer } from '../use-map-layer.ts'
import { useSlowAnswer, type SlowWork } from '@/stores/use-slow-answer.ts'
import { useQueryChoice } from '@/stores/view/use-query-choice.ts'
import { placeClasses, type PlaceClass } from './place-classes.ts'
import type { HotspotContext } from './use-hotspots.ts'

export interface RepeatPlacesContext {
  /** In the URL. */
  method: Ref<RepeatMethod>
  /** Metres and times as text; in the URL. */
  radius: Ref<string>
  times: Ref<string>
  /** Null while loading, and while the map shows something else. */
  found: Readonly<Ref<RepeatPlaces | null>>
  work: SlowWork
  /** Without those put aside. */
  list: ComputedRef<readonly RepeatedPlace[]>
  classes: ComputedRef<readonly PlaceClass[]>
  keyOf: (place: RepeatedPlace) => FindingKey
  isChosen: (place: RepeatedPlace) => boolean
  choose: (place: RepeatedPlace) => void
  chooseAt: (place: number) => void
  colorOf: (theme: MapTheme, at: number) => string
  marksIn: (theme: MapTheme) => PlaceMarks | null
}

const key: InjectionKey<RepeatPlacesContext> = Symbol('repeat places')

export function useRepeatPlaces(): RepeatPlacesContext {
  const context = inject(key)
  if (!context) throw new Error('useRepeatPlaces() outside of a map page')
  return context
}

/** Asks only while the question is chosen. */
export function provideRepeatPlaces({ view, lastDay }: HotspotContext): void {
  const layer = useMapLayer()
  const isOn = computed(() => layer.value === 'hotspots' && view.value === 'places')
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const { marks } = useFindingMarks()
  const method = useQueryChoice<RepeatMethod>(
    'places',
    () => repeatMethods,
    () => usualRepeats.method,
  )
  const radius = useNumberChoice('radius', repeatRadii, usualRepeats.radiusMetres)
  const times = useNumberChoice('times', repeatTimes, usualRepeats.times)
  // Places are named by the smallest areas, at whatever zoom: they stay the same on the way there.
  const level = useAreaShapes(
    () => (isOn.value ? (areas.levels.at(-1) ?? null) : null),
    useAreaScope(),
  )
  const { answer, ...work } = useSlowAnswer('repeatPlaces', () =>
    isOn.value && level.value && lastDay.value
      ? {
          ...{ level: level.value, lastDay: lastDay.value, method: method.value },
          radiusMetres: Number(radius.value) as (typeof repeatRadii)[number],
          times: Number(times.value) as (typeof repeatTimes)[number],
        }
      : null,
  )
  const found = computed(() => (isOn.value ? answer.value : null))
  const keyOf = ({ area, category }: RepeatedPlace): FindingKey => ({
    areaCode: (area === null ? undefined : areas.byIdx(area))?.code ?? '',
    categoryCode: categories.byIdx(category)?.code ?? '',
  })
  const list = computed(() =>
    (found.value?.list ?? []).filter(
      (place) => !marks.value.dismissals.some(isOfFinding(keyOf(place))),
    ),
  )
  const classes = computed(() =>
    found.value ? placeClasses(list.value, found.value.options.times) : [],
  )
  // By its spot: a new answer about the same place is not the same object.
  const chosen = shallowRef<string | null>(null)
  const nameOf = ({ category, lngLat }: RepeatedPlace): string => `${category} ${lngLat.join()}`
  const isChosen = (place: RepeatedPlace): boolean => nameOf(place) === chosen.value
  const choose = (place: RepeatedPlace): void => void (chosen.value = nameOf(place))
  const colorOf = (theme: MapTheme, at: number): string =>
    hotColdColor(theme, (at + 1) / classes.value.length)

  provide(key, {
    ...{ method, radius, times, found, work, list, classes, keyOf, isChosen, choose, colorOf },
    chooseAt(at) {
      const place = list.value[at]
      if (place) choose(place)
    },
    marksIn(theme) {
      if (!found.value) return null
      return {
        list: marksOf(theme),
        chosen: list.value.findIndex(isChosen),
      }
    },
  })

  // The same list for the same places: a choice draws no shape anew.
  const light = computed(() => draw('light'))
  const dark = computed(() => draw('dark'))
  const marksOf = (theme: MapTheme): PlaceMarks['list'] =>
    theme === 'dark' ? dark.value : light.value
  const draw = (theme: MapTheme): PlaceMarks['list'] =>
    list.value.map(({ lngLat, count, hull }) => ({
      ...{ lngLat, count, hull },
      color: colorOf(
        theme,
        classes.value.findLastIndex(({ from }) => count >= from),
      ),
    }))
}

function useNumberChoice(name: string, choices: readonly number[], usual: number): Ref<string> {
  const texts = choices.map(String)
  return useQueryChoice<string>(
    name,
    () => texts,
    () => String(usual),
  )
}
