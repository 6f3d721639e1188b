import { useIntervalFn } from '@vueuse/core'
import { computed, ref, watch, type Ref } from 'vue'

/** Shows views in turn. A key's step starts the time anew. */
export function useRotation(count: Readonly<Ref<number>>, everySeconds: Readonly<Ref<number>>) {
  const at = ref(0)
  const isPaused = ref(false)
  const move = (step: number): void => {
    at.value = count.value === 0 ? 0 : (at.value + step + count.value) % count.value
  }
  const everyMs = computed(() => everySeconds.value * 1000)
  const { pause, resume } = useIntervalFn(() => move(1), everyMs)
  watch(isPaused, (paused) => (paused ? pause() : resume()))
  watch(count, () => (at.value = 0))

  function step(by: number): void {
    move(by)
    pause()
    if (!isPaused.value) resume()
  }
  return { at, isPaused, step, toggle: () => void (isPaused.value = !isPaused.value) }
}
