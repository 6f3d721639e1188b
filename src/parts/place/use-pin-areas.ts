import { computed, shallowRef, watch, type ComputedRef } from 'vue'
import { report } from '@/data/problems.ts'
import type { Area } from '@/domain/city/area.ts'
import { isWithin } from '@/domain/city/area.ts'
import {
  findArea,
  findNeighbour,
  findNeighbours,
  indexAreas,
  type AreaIndex,
} from '@/geo/area-index.ts'
import { areaLabel } from '@/domain/city/area-label.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** Within this distance of a border, the neighbour's name helps. */
const nearMeters = 120

export interface PinArea {
  area: Area
  label: string
  /** Neighbouring area one level up, when near. */
  near: string | null
  /** True within the membership areas. */
  isOwn: boolean
}

/** More names say no more than that the place is vague. */
const maxAlso = 3

/**
 * Finds the area under a pin on the device itself, from the areas it keeps.
 * @param accuracyMeters within which the place may lie as well; null where not known
 */
export function usePinAreas(
  pin: ComputedRef<LngLat | null>,
  accuracyMeters: () => number | null = () => null,
) {
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
      // Without areas on the device, the server finds the area.
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
  /** Names of areas beside the found one that the accuracy allows, nearest first. */
  const alsoWithin = computed<string[]>(() => {
    const withinMeters = accuracyMeters()
    if (!found.value || !pin.value || !index.value || !withinMeters) return []
    const { level, code } = found.value.properties
    return findNeighbours(index.value, pin.value, { level, code, withinMeters })
      .slice(0, maxAlso)
      .map(({ shape }) => shape.properties.name)
  })
  /** Null while unknown. */
  const isInsideCity = computed(() => (index.value && pin.value ? found.value !== null : null))
  return { pinArea, alsoWithin, isInsideCity }
}
