import { computed, type ComputedRef, type Ref } from 'vue'
import type { AppError } from '@/data/errors.ts'
import { incidentsRepo, type IncidentDetail, type MovedIncident } from '@/data/incidents.repo.ts'
import { useKeptDetailsStore } from '@/stores/outbox/kept-details.store.ts'
import { useServerQuery } from '@/stores/server-query.ts'

export interface IncidentDetailState {
  /** Null while loading, missing or failed. */
  detail: ComputedRef<IncidentDetail | null>
  busy: ComputedRef<boolean>
  /** The incident does not exist, or the person may not see it. */
  missing: ComputedRef<boolean>
  /** Where a missing one went that the person saw before. */
  moved: ComputedRef<MovedIncident | null>
  error: Readonly<Ref<AppError | null>>
  /** Device time of the request that `detail` answers. */
  askedAt: ComputedRef<string | null>
  /** Device time of an old `detail`; null when it is current. */
  staleSince: ComputedRef<string | null>
  reload(): Promise<void>
}

interface Shown {
  detail: IncidentDetail | null
  moved?: MovedIncident | null
  /** Device time of the request. */
  at: string
  isKept: boolean
}

const isUuid = (id: string): boolean => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)
const noDetail = (): Shown => ({ detail: null, at: new Date().toISOString(), isKept: false })

/** After this wait, shows the device's copy. */
const patienceMs = 1500

/**
 * One incident with its log, or the device's copy when the server is unreachable.
 * @param revision a change reloads
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
      // The server would call it malformed.
      if (!isUuid(wanted))
        return { key: ['incident', wanted], ask: () => Promise.resolve(noDetail()) }
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
            const moved = detail
              ? null
              : await call((backend) => incidentsRepo(backend).moved(wanted, signal))
            return { detail, moved, at, isKept: false }
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
    moved: computed(() => data.value?.moved ?? null),
    error,
    askedAt: computed(() => data.value?.at ?? null),
    staleSince: computed(() => {
      const shown = data.value
      return shown?.detail && (shown.isKept || error.value) ? shown.at : null
    }),
    reload,
  }
}
