import { computed } from 'vue'
import type { ImportDesk } from './use-import-desk.ts'
import type { MappingDraft } from './use-mapping-draft.ts'

/** How far the last work on the file came, and what may follow it. */
export function useDeskWork({ state }: ImportDesk, { wish }: MappingDraft) {
  const job = computed(() => state.value?.job ?? null)
  const file = computed(() => state.value?.file ?? null)
  /** Of the work's report. */
  const summary = computed(
    () => state.value?.reports.find(({ name }) => name === job.value?.report) ?? null,
  )
  /** Changed since its check, a wish is checked again before it is stored. The server remembers it. */
  const isChecked = computed(() => {
    if (!wish.value || !job.value?.endedAt) return false
    const { step, wish: asked, isCutShort, isStopped, error } = job.value
    if (step !== 'check' && step !== 'store') return false
    if (isCutShort || isStopped || error) return false
    return JSON.stringify({ ...wish.value, step }) === JSON.stringify(asked)
  })
  /** Whether work ended before it was done. A fault of the file itself is told by its words alone. */
  const isUnfinished = computed(() => {
    if (!job.value?.endedAt || file.value?.isBasemap) return false
    const { step, isCutShort, isStopped, error } = job.value
    const isLost = summary.value?.isLost ?? !error
    if (summary.value && !isLost && summary.value.brokenOff === null) return false
    if (step === 'store') return isStopped || isCutShort || isLost || !error
    return isCutShort && (step === 'look' || step === 'check')
  })
  return {
    ...{ job, file, summary, isChecked, isUnfinished },
    /** Whether nothing is known of the file yet. */
    isUnseen: computed(
      () => !job.value || (job.value.isCutShort && file.value?.isBasemap && !job.value.basemap),
    ),
    isStored: computed(
      () => job.value?.step === 'store' && job.value.endedAt !== null && !isUnfinished.value,
    ),
    /** Name of the report of the last check or import of this file. */
    result: computed(() =>
      job.value?.endedAt && summary.value && !summary.value.isLost ? job.value.report : null,
    ),
  }
}
