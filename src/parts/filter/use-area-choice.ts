import { computed, type ComputedRef } from 'vue'
import { isWithin, type Area } from '@/domain/city/area.ts'
import type { AreaCounts } from '@/domain/measure/rank.ts'
import { rollUp } from '@/domain/city/roll-up.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useSelectionStore } from '@/stores/view/selection.store.ts'
import { toggleAreaCode } from './area-selection.ts'

export interface AreaChoice {
  /** From the top to the drilled area. */
  breadcrumb: ComputedRef<Area[]>
  toggleArea(code: string): void
  /** Instead of all others; the only one chosen is let go. */
  chooseArea(code: string): void
  /** Null returns to the city. */
  drillInto(code: string | null): void
  canDrill(code: string): boolean
}

/** Changes the shared filter. Holds no state. */
export function useAreaChoice(): AreaChoice {
  const areas = useAreasStore()
  const filter = useFilterStore()
  const selection = useSelectionStore()

  const breadcrumb = computed(() => (filter.drill === null ? [] : areas.ancestry(filter.drill)))

  function drillInto(code: string | null): void {
    filter.setAreas([])
    filter.setDrill(code !== null && areas.byCode(code)?.parentCode === null ? null : code)
    selection.pinArea(code)
  }

  function toggleArea(code: string): void {
    const drilled = filter.drill === null ? undefined : areas.byCode(filter.drill)
    const area = areas.byCode(code)
    if (!area) return
    // An area outside the drilled one ends the drilling.
    if (drilled && !isWithin(area, drilled)) filter.setDrill(null)
    filter.setAreas(toggleAreaCode(filter.filter.areas, code, areas.byCode))
    selection.pinArea(filter.filter.areas.includes(code) ? code : null)
  }

  function chooseArea(code: string): void {
    if (filter.filter.areas.length <= 1 && filter.filter.areas[0] === code) return toggleArea(code)
    const area = areas.byCode(code)
    if (!area) return
    const drilled = filter.drill === null ? undefined : areas.byCode(filter.drill)
    if (drilled && !isWithin(area, drilled)) filter.setDrill(null)
    filter.setAreas([code])
    selection.pinArea(code)
  }

  return {
    breadcrumb,
    toggleArea,
    chooseArea,
    drillInto,
    canDrill: (code) => areas.children(code).length > 0,
  }
}

/** Null while loading. @param isLive follows a period in motion */
export function useAreaCounts(isLive = false): ComputedRef<AreaCounts | null> {
  const areas = useAreasStore()
  const columns = useColumnsStore()
  return computed(() => {
    const projection = isLive ? columns.live : columns.projection
    if (!projection) return null
    const { byArea, openByArea, dueByArea } = projection
    return {
      count: rollUp(byArea, areas.list),
      open: rollUp(openByArea, areas.list),
      overdue: rollUp(dueByArea.overdue, areas.list),
      within_day: rollUp(dueByArea.within_day, areas.list),
    }
  })
}
