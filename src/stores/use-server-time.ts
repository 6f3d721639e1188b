import { useIntervalFn } from '@vueuse/core'
import { computed, shallowRef, watch, type ComputedRef } from 'vue'
import { localDayOf } from '@/domain/time/calendar.ts'
import type { LocalDay } from '@/domain/vocabulary.ts'
import { useSessionStore } from './session.store.ts'

const tickMs = 30_000

/**
 * The time by the server's clock, twice a minute and when an answer shows that the device's clock
 * runs differently; the day is the city's.
 * @param keptSkewMs from a kept answer, until the server has answered this page
 */
export function useServerTime(keptSkewMs: () => number | null = () => null): {
  now: ComputedRef<Date>
  deviceNow: ComputedRef<Date>
  /** The server's clock less the device's, milliseconds. */
  skewMs: ComputedRef<number>
  today: ComputedRef<LocalDay>
} {
  const session = useSessionStore()
  const ticked = shallowRef(Date.now())
  const measuredMs = shallowRef<number | null>(null)
  const tick = (): void => {
    ticked.value = Date.now()
    measuredMs.value = session.backend?.clock.skewMs() ?? null
  }
  useIntervalFn(tick, tickMs)
  watch(
    () => session.backend,
    (backend, _, onCleanup) => {
      tick()
      if (backend) onCleanup(backend.clock.onChange(tick))
    },
    { immediate: true },
  )
  const skewMs = computed(() => measuredMs.value ?? keptSkewMs() ?? 0)
  const deviceNow = computed(() => new Date(ticked.value))
  const now = computed(() => new Date(ticked.value + skewMs.value))
  const today = computed(() =>
    localDayOf(now.value.toISOString(), session.config?.city.timeZone ?? 'UTC'),
  )
  return { now, deviceNow, skewMs, today }
}
