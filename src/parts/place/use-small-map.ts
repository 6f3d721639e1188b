import { report } from '@/data/problems.ts'
import { computed, onBeforeUnmount, shallowRef, useTemplateRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import type { CityConfig } from '@/domain/city/config.ts'
import { mapLook } from '@/map/messages.ts'
import type { MapLook } from '@/map/types.ts'
import { usePageTheme } from '@/stores/device/use-page-theme.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useGraphics } from './use-graphics.ts'

interface SmallMap {
  setLook(look: MapLook): void
  destroy(): void
}

/**
 * A small map in the caller's element `container`, with the page's theme and language. `failed`
 * when the browser cannot draw it; `isLost` while it is about to be drawn again.
 */
export function useSmallMap<Made extends SmallMap>(
  create: (
    container: HTMLElement,
    base: { city: CityConfig; look: MapLook; onLost: () => void },
  ) => Made | Promise<Made>,
) {
  const { t, locale } = useI18n()
  const session = useSessionStore()
  const theme = usePageTheme()
  const look = computed(() => mapLook(theme.value, locale.value, t))
  const container = useTemplateRef<HTMLElement>('container')
  const map = shallowRef<Made | null>(null)
  const graphics = useGraphics(() => void draw())
  let isGone = false

  async function draw(): Promise<void> {
    const { config } = session
    const { value: element } = container
    if (!element || !config || map.value) return
    let made: Made | null = null
    const onLost = (): void => {
      const gone = made
      if (isGone || !gone || map.value !== gone) return
      map.value = null
      // MapLibre is still telling its listeners.
      queueMicrotask(() => gone.destroy())
      graphics.lose()
    }
    try {
      const base = { city: config.city, look: look.value, onLost }
      made = await create(element, base)
      if (isGone || container.value !== element) return made.destroy()
      if (look.value !== base.look) made.setLook(look.value)
      map.value = made
    } catch (error) {
      report('map', error)
      graphics.fail()
    }
  }
  watch(container, (element) => element && void draw(), { immediate: true, flush: 'post' })
  onBeforeUnmount(() => {
    isGone = true
    map.value?.destroy()
    map.value = null
  })
  watch(look, (next) => map.value?.setLook(next))
  return {
    map,
    failed: computed(() => graphics.state.value === 'missing'),
    isLost: computed(() => graphics.state.value === 'lost'),
    retry: graphics.retry,
  }
}
