import { computed } from 'vue'
import type { Area } from '@/domain/city/area.ts'
import { useSessionStore } from '@/stores/session.store.ts'

/** Department members may see all areas. */
export function useAreaScope(): (area: Area) => boolean {
  const session = useSessionStore()
  const paths = computed(() =>
    session.memberships.some(({ role }) => role === 'handler')
      ? null
      : session.memberships.map(({ areaPath }) => areaPath),
  )
  return (area) => paths.value === null || paths.value.some((path) => area.path.startsWith(path))
}
