import { computed } from 'vue'
import type { ReportSummary } from '@/data/imports.repo.ts'
import type { ImportDesk } from './use-import-desk.ts'
import type { MappingDraft } from './use-mapping-draft.ts'

/** `import.hindrance.<name>` words them. */
export type Hindrance = 'checkFirst' | 'stored' | 'allRefused' | 'nothingNew' | 'brokenOff'

/** What a check found against storing. Areas without news may still end others, or widen the city's box. */
export function hindranceOf(check: ReportSummary): Hindrance | null {
  const { isCheck, brokenOff, stored, updated, unchanged, rejected, kind } = check
  if (!isCheck) return null
  if (brokenOff !== null) return 'brokenOff'
  if (stored + updated > 0) return null
  if (unchanged === 0) return rejected > 0 ? 'allRefused' : 'nothingNew'
  return kind === 'areas' ? null : 'nothingNew'
}

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
  const isStored = computed(
    () => job.value?.step === 'store' && job.value.endedAt !== null && !isUnfinished.value,
  )
  /** Why nothing can be stored now; null when it can. */
  const hindrance = computed<Hindrance | null>(() => {
    if (!wish.value) return null
    if (isStored.value && isChecked.value) return 'stored'
    if (!isChecked.value) return 'checkFirst'
    return summary.value && hindranceOf(summary.value)
  })
  return {
    ...{ job, file, summary, isChecked, isUnfinished, hindrance },
    /** Whether nothing is known of the file yet. */
    isUnseen: computed(
      () => !job.value || (job.value.isCutShort && file.value?.isBasemap && !job.value.basemap),
    ),
    /** Name of the report of the last check or import of this file. */
    result: computed(() =>
      job.value?.endedAt && summary.value && !summary.value.isLost ? job.value.report : null,
    ),
  }
}
export type DeskWork = ReturnType<typeof useDeskWork>
