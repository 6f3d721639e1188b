import { defineStore } from 'pinia'
import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import { useSessionStore } from '../session.store.ts'

/** Area codes and incident ids, shared by map, list and charts. */
export const useSelectionStore = defineStore('selection', () => {
  const session = useSessionStore()
  const hoveredArea = ref<string | null>(null)
  const pinnedArea = ref<string | null>(null)
  const hoveredIncident = ref<string | null>(null)
  /** In the URL as `incident=<uuid>`. */
  const pinnedIncident = ref<string | null>(null)
  /** Views that show the pinned incident beside themselves. */
  const hosts = ref(0)
  /** Draws a pin before the detail arrives. */
  const hoveredPlace = shallowRef<readonly [lng: number, lat: number] | null>(null)

  function hoverArea(code: string | null): void {
    hoveredArea.value = code
  }
  function pinArea(code: string | null): void {
    pinnedArea.value = code
  }
  function hoverIncident(
    id: string | null,
    place: readonly [lng: number, lat: number] | null = null,
  ): void {
    hoveredIncident.value = id
    hoveredPlace.value = id ? place : null
  }
  function pinIncident(id: string | null): void {
    pinnedIncident.value = id
  }
  /** Until the scope of the caller ends. */
  function hostPinned(): void {
    hosts.value++
    onScopeDispose(() => hosts.value--)
  }
  function clear(): void {
    hoverArea(null)
    pinArea(null)
    hoverIncident(null)
    pinIncident(null)
  }

  // The next person must not see this selection.
  watch(
    () => session.scope,
    (_, before) => before && clear(),
    { flush: 'sync' },
  )

  return {
    hoveredArea,
    pinnedArea,
    hoveredIncident,
    hoveredPlace,
    pinnedIncident,
    hosts,
    hoverArea,
    pinArea,
    hoverIncident,
    pinIncident,
    hostPinned,
    clear,
  }
})
