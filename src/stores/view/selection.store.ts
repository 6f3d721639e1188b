import { defineStore } from 'pinia'
import { ref, shallowRef, watch } from 'vue'
import { useSessionStore } from '../session.store.ts'

/** What is pointed at or held on to, shared by map, list and charts: area codes and incident ids. */
export const useSelectionStore = defineStore('selection', () => {
  const session = useSessionStore()
  const hoveredArea = ref<string | null>(null)
  const pinnedArea = ref<string | null>(null)
  const hoveredIncident = ref<string | null>(null)
  /** Lives in the URL as `incident=<uuid>`. */
  const pinnedIncident = ref<string | null>(null)
  /** Places of incidents already known, so that a pin can be drawn before the detail arrives. */
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
  function clear(): void {
    hoverArea(null)
    pinArea(null)
    hoverIncident(null)
    pinIncident(null)
  }

  // Another person must not inherit what the last one held on to.
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
    hoverArea,
    pinArea,
    hoverIncident,
    pinIncident,
    clear,
  }
})
