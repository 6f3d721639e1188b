import { report } from '@/data/problems.ts'
import { computed, onBeforeUnmount, onMounted, ref, shallowRef, useTemplateRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import type { CityConfig } from '@/domain/city/config.ts'
import { mapLook } from '@/map/messages.ts'
import type { MapLook } from '@/map/types.ts'
import { usePageTheme } from '@/stores/device/use-page-theme.ts'
import { useSessionStore } from '@/stores/session.store.ts'

interface SmallMap {
  setLook(look: MapLook): void
  destroy(): void
}

/**
 * A small map in the caller's element `container`, with the page's theme and language. `failed`
 * when the browser cannot draw it.
 */
export function useSmallMap<Made extends SmallMap>(
  create: (
    container: HTMLElement,
    base: { city: CityConfig; look: MapLook },
  ) => Made | Promise<Made>,
) {
  const { t, locale } = useI18n()
  const session = useSessionStore()
  const theme = usePageTheme()
  const look = computed(() => mapLook(theme.value, locale.value, t))
  const container = useTemplateRef<HTMLElement>('container')
  const map = shallowRef<Made | null>(null)
  const failed = ref(false)
  let isGone = false

  onMounted(async () => {
    const { config } = session
    if (!container.value || !config) return
    try {
      const base = { city: config.city, look: look.value }
      const made = await create(container.value, base)
      if (isGone) return made.destroy()
      if (look.value !== base.look) made.setLook(look.value)
      map.value = made
    } catch (error) {
      report('map', error)
      failed.value = true
    }
  })
  onBeforeUnmount(() => {
    isGone = true
    map.value?.destroy()
    map.value = null
  })
  watch(look, (next) => map.value?.setLook(next))
  return { map, failed }
}
