import { onScopeDispose, ref } from 'vue'

/** Waits before a lost map is drawn again; after the last one the person is asked. Milliseconds. */
const againMs = [500, 2_000, 8_000]
/** A map that has lived so long was drawn well: the count begins anew. */
const steadyMs = 30_000

/** `lost`: drawn again by itself. `missing`: the device cannot draw maps now. */
export type GraphicsState = 'drawn' | 'lost' | 'missing'

/**
 * Says that the device took a map's graphics away, and has the map drawn again.
 * @param draw called when the state is `drawn` again
 */
export function useGraphics(draw: () => void = () => {}) {
  const state = ref<GraphicsState>('drawn')
  let tries = 0
  let drawnAt = Date.now()
  let timer: ReturnType<typeof setTimeout> | undefined

  function again(): void {
    state.value = 'drawn'
    drawnAt = Date.now()
    draw()
  }
  function lose(): void {
    if (Date.now() - drawnAt > steadyMs) tries = 0
    const wait = againMs[tries++]
    clearTimeout(timer)
    state.value = wait === undefined ? 'missing' : 'lost'
    if (wait !== undefined) timer = setTimeout(again, wait)
  }
  onScopeDispose(() => clearTimeout(timer))

  return {
    state,
    lose,
    /** Drawing failed: at once when it never worked, else after the remaining tries. */
    fail(): void {
      if (tries === 0) state.value = 'missing'
      else lose()
    },
    /** By the person. */
    retry(): void {
      tries = 0
      clearTimeout(timer)
      again()
    },
  }
}
