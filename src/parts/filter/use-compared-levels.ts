import { computed } from 'vue'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { comparedParent } from './compared-parent.ts'

/** The area whose parts are compared, and the levels below it, the highest first. */
export function useComparedLevels() {
  const session = useSessionStore()
  const areas = useAreasStore()
  const filter = useFilterStore()

  const parent = computed(() =>
    comparedParent(
      areas.list,
      filter.drill,
      session.memberships.map((one) => one.areaPath),
    ),
  )
  const levels = computed(() => {
    const { value: top } = parent
    if (!top) return []
    const below = new Set(
      areas.list
        .filter(({ path }) => path !== top.path && path.startsWith(top.path))
        .map((area) => area.level),
    )
    return areas.levels.filter((one) => below.has(one))
  })
  return { parent, levels }
}
