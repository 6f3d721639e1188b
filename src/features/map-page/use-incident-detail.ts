import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { incidentsRepo, type IncidentDetail } from '@/data/incidents.repo.ts'
import { retryWhenBack } from '@/stores/retry-when-back.ts'
import { useSessionStore } from '@/stores/session.store.ts'

export interface IncidentDetailState {
  /** Of the incident asked for last; null while it loads, when it is missing, or on an error. */
  detail: Readonly<ShallowRef<IncidentDetail | null>>
  busy: Readonly<Ref<boolean>>
  /** True when there is no such incident, or the person may not see it. */
  missing: Readonly<Ref<boolean>>
  error: Readonly<ShallowRef<AppError | null>>
  reload(): Promise<void>
}

/**
 * One incident with its log; follows `id` and drops answers about another one.
 *
 * @param revision changes whenever the data did; what is shown stays until the new answer comes
 */
export function useIncidentDetail(
  id: () => string | null,
  revision: () => unknown,
): IncidentDetailState {
  const session = useSessionStore()
  const detail = shallowRef<IncidentDetail | null>(null)
  const busy = ref(false)
  const missing = ref(false)
  const error = shallowRef<AppError | null>(null)
  let controller: AbortController | null = null

  async function reload(): Promise<void> {
    controller?.abort()
    const wanted = id()
    const { backend } = session
    if (wanted === null || !backend) return
    const own = new AbortController()
    controller = own
    busy.value = true
    error.value = null
    try {
      const found = await session.guard(() => incidentsRepo(backend).detail(wanted, own.signal))
      if (own.signal.aborted) return
      detail.value = found
      missing.value = found === null
    } catch (failure) {
      if (own.signal.aborted || isAbort(failure)) return
      error.value = toAppError(failure)
    } finally {
      if (controller === own) busy.value = false
    }
  }

  watch(
    id,
    () => {
      detail.value = null
      missing.value = false
      error.value = null
      void reload()
    },
    { immediate: true },
  )
  watch(revision, () => void reload())
  retryWhenBack(() => error.value, () => void reload())
  onScopeDispose(() => controller?.abort())

  return { detail, busy, missing, error, reload }
}
