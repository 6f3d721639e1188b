import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { incidentsRepo, type IncidentDetail } from '@/data/incidents.repo.ts'
import { useKeptDetailsStore } from '@/stores/outbox/kept-details.store.ts'
import { retryWhenBack } from '@/stores/retry-when-back.ts'
import { useSessionStore } from '@/stores/session.store.ts'

export interface IncidentDetailState {
  /** Of the incident asked for last; null while it loads, when it is missing, or on an error. */
  detail: Readonly<ShallowRef<IncidentDetail | null>>
  busy: Readonly<Ref<boolean>>
  /** True when there is no such incident, or the person may not see it. */
  missing: Readonly<Ref<boolean>>
  error: Readonly<ShallowRef<AppError | null>>
  /** Device instant of what is shown when it is not the server's present answer, else null. */
  staleSince: Readonly<Ref<string | null>>
  reload(): Promise<void>
}

/** A network that hesitates longer than this does not keep anybody from what the device has. */
const patienceMs = 1500

/**
 * One incident with its log, from the device where the server cannot be reached; follows `id` and drops answers about another one.
 *
 * @param revision changes whenever the data did; what is shown stays until the new answer comes
 */
export function useIncidentDetail(
  id: () => string | null,
  revision: () => unknown,
): IncidentDetailState {
  const session = useSessionStore()
  const keptDetails = useKeptDetailsStore()
  const detail = shallowRef<IncidentDetail | null>(null)
  const busy = ref(false)
  const missing = ref(false)
  const error = shallowRef<AppError | null>(null)
  const staleSince = ref<string | null>(null)
  let shownAt: string | null = null
  let controller: AbortController | null = null

  async function showKept(wanted: string, { signal }: AbortController): Promise<void> {
    const kept = detail.value ? null : await keptDetails.read(wanted)
    if (signal.aborted || !kept || detail.value) return
    detail.value = kept.detail
    shownAt = kept.at
    staleSince.value = kept.at
  }

  async function reload(): Promise<void> {
    controller?.abort()
    const wanted = id()
    const { backend } = session
    if (wanted === null || !backend) return
    const own = new AbortController()
    controller = own
    busy.value = true
    error.value = null
    const at = new Date().toISOString()
    const timer = setTimeout(() => void showKept(wanted, own), patienceMs)
    try {
      const found = await session.guard(() => incidentsRepo(backend).detail(wanted, own.signal))
      if (own.signal.aborted) return
      detail.value = found
      missing.value = found === null
      shownAt = at
      staleSince.value = null
      void keptDetails.keep(wanted, found, at)
    } catch (failure) {
      if (own.signal.aborted || isAbort(failure)) return
      await showKept(wanted, own)
      if (own.signal.aborted) return
      error.value = toAppError(failure)
      staleSince.value = detail.value && shownAt
    } finally {
      clearTimeout(timer)
      if (controller === own) busy.value = false
    }
  }

  watch(
    id,
    () => {
      detail.value = null
      missing.value = false
      error.value = null
      staleSince.value = null
      void reload()
    },
    { immediate: true },
  )
  watch(revision, () => void reload())
  retryWhenBack(
    () => error.value,
    () => void reload(),
  )
  onScopeDispose(() => controller?.abort())

  return { detail, busy, missing, error, staleSince, reload }
}
