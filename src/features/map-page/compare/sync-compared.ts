import { computed, watch, type Ref } from 'vue'
import { report } from '@/data/problems.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import type { Period } from '@/domain/time/period.ts'
import type { AreaValues, MapEngine, PointsSource } from '@/map/types.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'

export interface ComparedState {
  /** Days on the left; null closes the second map. */
  period: Readonly<Ref<NonNullable<Period> | null>>
  /** Null draws outlines alone, as while the counts load. */
  areaValues: Readonly<Ref<AreaValues | null>>
  divider: Readonly<Ref<number>>
  /** The device has no room for a second map. */
  onFailure: () => void
}

/** Tells the engine what the left side shows. */
export function syncCompared(
  engine: Readonly<Ref<MapEngine | null>>,
  {
    period,
    areaValues,
    divider,
    onFailure,
    pointsOf,
  }: ComparedState & { pointsOf: (wanted: IncidentFilter) => PointsSource | null },
): void {
  const filter = useFilterStore()
  const points = computed(() =>
    period.value ? pointsOf({ ...filter.effective, period: period.value }) : null,
  )
  watch([engine, divider], ([made, share]) => made?.setDivider(share), { immediate: true })
  watch(
    [engine, period, areaValues, points],
    ([made, days, values, source]) => {
      try {
        made?.setCompared(days && { areaValues: values, points: source })
      } catch (error) {
        report('map', error)
        onFailure()
      }
    },
    { immediate: true },
  )
}
