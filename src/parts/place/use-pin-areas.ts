import { computed, shallowRef, watch, type ComputedRef } from 'vue'
import { report } from '@/data/problems.ts'
import type { Area } from '@/domain/city/area.ts'
import { isWithin } from '@/domain/city/area.ts'
import { findArea, findNeighbour, indexAreas, type AreaIndex } from '@/geo/area-index.ts'
import { areaLabel } from '@/domain/city/area-label.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** So near to a border the other side helps to find the place. */
const nearMeters = 120

export interface PinArea {
  area: Area
  label: string
  /** Name of the neighbouring area one level up, when its border is near. */
  near: string | null
  /** True within the areas of the person's own memberships. */
  isOwn: boolean
}

/** Finds the area under a pin on the device itself, from the areas it keeps. */
export function usePinAreas(pin: ComputedRef<LngLat | null>) {
  const areas = useAreasStore()
  const session = useSessionStore()
  const index = shallowRef<AreaIndex | null>(null)

  async function load(): Promise<void> {
    const { levels } = areas
    if (levels.length === 0) return
    try {
      const collections = await Promise.all(levels.map((level) => areas.features(level)))
      index.value = indexAreas(collections.flatMap(({ features }) => features))
    } catch (error) {
      // Without them the server finds the area; the page only cannot name it.
      report('areas', error)
    }
  }
  watch(() => areas.list, load, { immediate: true })

  const found = computed(() => (index.value && pin.value ? findArea(index.value, pin.value) : null))
  const pinArea = computed<PinArea | null>(() => {
    const code = found.value?.properties.code
    const area = code === undefined ? undefined : areas.byCode(code)
    if (!area || !pin.value || !index.value) return null
    const ancestry = areas.ancestry(area.code)
    const above = ancestry.at(-2)
    const neighbour =
      above && above.level !== 'city'
        ? findNeighbour(index.value, pin.value, {
            level: above.level,
            code: above.code,
            withinMeters: nearMeters,
          })
        : null
    return {
      area,
      label: areaLabel(ancestry),
      near: neighbour?.shape.properties.name ?? null,
      isOwn: session.memberships.some(({ areaPath }) => isWithin(area, { path: areaPath })),
    }
  })
  /** Null while it cannot be told. */
  const isInsideCity = computed(() => (index.value && pin.value ? found.value !== null : null))
  return { pinArea, isInsideCity }
}
