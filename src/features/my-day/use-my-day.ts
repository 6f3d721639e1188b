import { useEventListener, useIntervalFn } from '@vueuse/core'
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { fieldRepo } from '@/data/field.repo.ts'
import { report } from '@/data/problems.ts'
import { useKeptDetailsStore } from '@/stores/outbox/kept-details.store.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import type { KeptDay } from './my-day-lists.ts'

const keptKey = 'seen:my-day'
const days = 14
const refreshMs = 60_000

export interface MyDayState {
  /** The last answer, this session's or one kept from before; null when there never was one. */
  kept: Readonly<ShallowRef<KeptDay | null>>
  busy: Readonly<Ref<boolean>>
  /** Why the last try brought nothing new; what is shown stays. */
  error: Readonly<ShallowRef<AppError | null>>
  reload(): Promise<void>
}

/** The person's own reports: from the device at once, from the server as soon as it answers. */
export function useMyDay(): MyDayState {
  const session = useSessionStore()
  const outboxStore = useOutboxStore()
  const keptDetails = useKeptDetailsStore()
  const kept = shallowRef<KeptDay | null>(null)
  const busy = ref(false)
  const error = shallowRef<AppError | null>(null)
  let controller: AbortController | null = null
  const left = new AbortController()

  async function reload(): Promise<void> {
    const { backend } = session
    if (!backend) return
    controller?.abort()
    const own = new AbortController()
    controller = own
    busy.value = true
    try {
      const fetchedAt = new Date().toISOString()
      const day = await session.guard(() => fieldRepo(backend).myDay(days, own.signal))
      if (own.signal.aborted) return
      kept.value = { day, fetchedAt }
      error.value = null
      void keptDetails.keepOwn(day.own, left.signal)
    } catch (failure) {
      if (!own.signal.aborted && !isAbort(failure)) error.value = toAppError(failure)
    } finally {
      if (controller === own) busy.value = false
    }
  }

  // The outbox may open before the answer comes or after it.
  watch(
    [() => outboxStore.outbox, kept],
    async ([outbox, day]) => {
      try {
        if (day) return void (await outbox?.kv.set(keptKey, day))
        const found = await outbox?.kv.get<KeptDay>(keptKey)
        if (found && !kept.value) kept.value = found
      } catch (failure) {
        report('kept', failure)
      }
    },
    { immediate: true },
  )
  void reload()
  // A receipt changes what the server says.
  watch(
    () => outboxStore.counts.received,
    (now, before) => now > before && void reload(),
  )
  useIntervalFn(() => document.visibilityState === 'visible' && void reload(), refreshMs)
  useEventListener(globalThis, 'online', () => void reload())
  useEventListener(document, 'visibilitychange', () => {
    if (document.visibilityState === 'visible') void reload()
  })
  onScopeDispose(() => {
    controller?.abort()
    left.abort()
  })

  return { kept, busy, error, reload }
}
