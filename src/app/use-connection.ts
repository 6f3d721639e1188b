import { useIntervalFn, useOnline } from '@vueuse/core'
import { computed, ref, watch } from 'vue'
import { isServerThere } from '@/data/config.ts'

const retryMs = 10_000

/**
 * Whether the server is reachable. The browser's "online" is not trusted: the network may lack a
 * route.
 */
export function useConnection() {
  const browserOnline = useOnline()
  const isReachable = ref(true)
  const isChecking = ref(false)

  async function check(): Promise<void> {
    isChecking.value = true
    isReachable.value = await isServerThere()
    isChecking.value = false
  }

  const isOffline = computed(() => !browserOnline.value || !isReachable.value)
  const { pause, resume } = useIntervalFn(check, retryMs, { immediate: false })
  watch(isReachable, (reachable) => (reachable ? pause() : resume()))
  watch(browserOnline, (online) => {
    if (online) void check()
  })
  return { isOffline, isChecking, check }
}
