import { computed, ref, watch, type ComputedRef } from 'vue'
import type { AppError } from '@/data/errors.ts'
import type { PhotoAddress } from '@/data/photos.repo.ts'
import type { WorkRow } from '@/data/work.repo.ts'
import { offeredByBook, type OfferedTransition } from '@/domain/workflow/workflow.ts'
import { useWorkflowStore } from '@/stores/workflow.store.ts'
import { firstPhotoOf } from './first-photo.ts'
import { useIncidentDetail } from './use-incident-detail.ts'

/** A row whose step is asked for; `photo` where the list knows the first one. */
export type StepRow = WorkRow & { photo?: PhotoAddress | null }

export interface OfferedStep {
  /** Null while loading, when gone or failed. */
  transition: ComputedRef<OfferedTransition | null>
  /** The server offers the step no longer. */
  isGone: ComputedRef<boolean>
  /** From what the device keeps: the server decides when the step arrives. */
  isKept: ComputedRef<boolean>
  firstPhoto: ComputedRef<PhotoAddress | null>
  error: ComputedRef<AppError | null>
  reload(): Promise<void>
}

/** After this wait, the device's own workflow serves. */
const patienceMs = 2000

/**
 * One step of a row as the server offers it. Without an answer the kept detail of the same version
 * serves, then the kept workflow.
 */
export function useOfferedStep(row: () => StepRow | null, name: () => string | null): OfferedStep {
  const workflow = useWorkflowStore()
  const state = useIncidentDetail(
    () => row()?.id ?? null,
    () => row()?.version,
  )
  const isLate = ref(false)
  watch(
    () => row()?.id,
    (id, _, onCleanup) => {
      isLate.value = false
      if (id === undefined) return
      const timer = setTimeout(() => (isLate.value = true), patienceMs)
      onCleanup(() => clearTimeout(timer))
    },
    { immediate: true },
  )

  /** An older one was kept, or shown, before the row was. */
  const detail = computed(() => {
    const [asked, found] = [row(), state.detail.value]
    const isOf = asked && found && found.incident.id === asked.id
    return isOf && found.incident.version >= asked.version ? found : null
  })
  const isSure = computed(
    () => state.missing.value || (detail.value !== null && state.staleSince.value === null),
  )
  const ofDetail = computed(
    () => detail.value?.transitions?.find((one) => one.name === name()) ?? null,
  )
  const isOffline = computed(() => state.error.value?.kind === 'offline')
  const ofBook = computed(() => {
    const [asked, step] = [row(), name()]
    if (!asked || step === null || !(isLate.value || isOffline.value)) return null
    return offeredByBook(workflow.book, asked, step)
  })
  const transition = computed(
    () => ofDetail.value ?? (isSure.value || !row() ? null : ofBook.value),
  )
  return {
    transition,
    isGone: computed(() => isSure.value && ofDetail.value === null),
    isKept: computed(() => transition.value !== null && !isSure.value),
    firstPhoto: computed(() => firstPhotoOf(detail.value?.photos ?? []) ?? row()?.photo ?? null),
    error: computed(() => (transition.value ? null : state.error.value)),
    reload: state.reload,
  }
}
