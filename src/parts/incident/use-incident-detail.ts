import { computed, type ComputedRef, type Ref } from 'vue'
import type { AppError } from '@/data/errors.ts'
import { incidentsRepo, type IncidentDetail } from '@/data/incidents.repo.ts'
import { useKeptDetailsStore } from '@/stores/outbox/kept-details.store.ts'
import { useServerQuery } from '@/stores/server-query.ts'

export interface IncidentDetailState {
  /** Null while it loads, when it is missing, or on an error. */
  detail: ComputedRef<IncidentDetail | null>
  busy: ComputedRef<boolean>
  /** True when there is no such incident, or the person may not see it. */
  missing: ComputedRef<boolean>
  error: Readonly<Ref<AppError | null>>
  /** Device instant of `detail` when it is not the server's present answer, else null. */
  staleSince: ComputedRef<string | null>
  reload(): Promise<void>
}

interface Shown {
  detail: IncidentDetail | null
  /** Device instant at which the server was asked. */
  at: string
  isKept: boolean
}

/** After this time without an answer, the device's copy is shown. */
const patienceMs = 1500

/**
 * One incident with its log; the device's copy where the server cannot be reached.
 * @param revision a change asks again
 */
export function useIncidentDetail(
  id: () => string | null,
  revision: () => unknown,
): IncidentDetailState {
  const keptDetails = useKeptDetailsStore()
  const { data, busy, error, reload } = useServerQuery<Shown>(
    () => {
      const wanted = id()
      if (wanted === null) return null
      return {
        key: ['incident', wanted],
        async ask({ call, signal, shown, show }) {
          const showKept = async (): Promise<void> => {
            const kept = shown() ? null : await keptDetails.read(wanted)
            if (kept && !shown()) show({ ...kept, isKept: true })
          }
          const timer = setTimeout(() => void showKept(), patienceMs)
          const at = new Date().toISOString()
          try {
            const detail = await call((backend) => incidentsRepo(backend).detail(wanted, signal))
            void keptDetails.keep(wanted, detail, at)
            return { detail, at, isKept: false }
          } catch (failure) {
            if (!signal.aborted) await showKept()
            throw failure
          } finally {
            clearTimeout(timer)
          }
        },
      }
    },
    { revision },
  )

  const detail = computed(() => data.value?.detail ?? null)
  return {
    detail,
    busy,
    missing: computed(() => data.value?.detail === null),
    error,
    staleSince: computed(() => {
      const shown = data.value
      return shown?.detail && (shown.isKept || error.value) ? shown.at : null
    }),
    reload,
  }
}
