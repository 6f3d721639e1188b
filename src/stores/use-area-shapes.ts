import { onScopeDispose, shallowRef, toValue, watch, type MaybeRefOrGetter, type Ref } from 'vue'
import { levelShapes, type AreaShape } from '@/columns/level-shapes.ts'
import { isAbort } from '@/data/errors.ts'
import { report } from '@/data/problems.ts'
import type { AreaFeatures } from '@/data/areas.repo.ts'
import type { Area } from '@/domain/city/area.ts'
import type { AreaLevel } from '@/domain/vocabulary.ts'
import { squareKm } from '@/geo/square-km.ts'
import { useAreasStore } from './areas.store.ts'
import { useColumnsStore } from './columns.store.ts'

/**
 * Sends the shapes of a level to the worker. Holds the level once they are there; null before.
 * @param isVisible areas that the person sees: only they are compared
 */
export function useAreaShapes(
  level: MaybeRefOrGetter<AreaLevel | null>,
  isVisible: (area: Area) => boolean,
): Readonly<Ref<AreaLevel | null>> {
  const areas = useAreasStore()
  const columns = useColumnsStore()
  const sent = shallowRef<AreaLevel | null>(null)
  let isWanted = true
  watch(
    [() => toValue(level), () => areas.list, () => columns.engineRevision],
    async ([wanted, list]) => {
      sent.value = null
      if (!wanted) return
      try {
        const features = await areas.features(wanted)
        const isStill = () => isWanted && toValue(level) === wanted && areas.list === list
        if (!isStill()) return
        const shapes = levelShapes(shapesOf(features, list.filter(isVisible)))
        if ((await columns.sendShapes(wanted, shapes)) && isStill()) sent.value = wanted
      } catch (error) {
        // The map says that boundaries did not load.
        if (!isAbort(error)) report('map', error)
      }
    },
    { immediate: true },
  )
  onScopeDispose(() => (isWanted = false))
  return sent
}

function shapesOf({ features }: AreaFeatures, visible: readonly Area[]): AreaShape[] {
  const byIdx = new Map(visible.map((area) => [area.idx, area]))
  return features.flatMap(({ id, geometry }) => {
    const area = byIdx.get(Number(id))
    if (!area) return []
    const { idx, households } = area
    return [{ idx, geometry, squareKm: squareKm(geometry), households: households ?? 0 }]
  })
}
