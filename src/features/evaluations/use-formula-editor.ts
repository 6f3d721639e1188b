import { useToast } from '@nuxt/ui/composables'
import { computed, ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { checkFormula } from '@/domain/evaluation/check.ts'
import { compareRankings, type RankChange } from '@/domain/evaluation/compare-rankings.ts'
import { renameIn } from '@/domain/evaluation/names.ts'
import { useKept } from '@/stores/outbox/use-kept.ts'
import { useSetting } from '@/stores/use-setting.ts'
import type { Evaluations, ScoreRow } from './use-evaluations.ts'

interface FormulaDraft {
  baseVersion: number
  /** In the writer's words. */
  text: string
  reason: string
  fromDay: string
}

export interface NamedRankChange extends RankChange {
  name: string
}

/** The formula under edit. The draft is kept on the device until it is saved or dropped. */
export function useFormulaEditor(page: Evaluations) {
  const { t } = useI18n()
  const toast = useToast()
  const setting = useSetting()
  const { value: draft, ready } = useKept<FormulaDraft | null>(
    () => `evaluation-${page.board.value}`,
    () => null,
  )
  /** Words `evaluation.issue.<…>` of a saving that failed. */
  const issue = ref<'offline' | 'failed' | 'refused' | null>(null)

  const newest = computed(() => page.versions.value[0] ?? null)
  const isOpen = computed(() => draft.value !== null)
  const read = computed(() =>
    draft.value ? checkFormula(draft.value.text, page.words.value.known) : null,
  )
  const fault = computed(() => (read.value && 'fault' in read.value ? read.value.fault : null))
  const toStore = computed(() => draft.value && renameIn(draft.value.text, page.words.value.toKeys))
  const isChanged = computed(() => toStore.value !== newest.value?.formula)
  const isStale = computed(
    () => draft.value !== null && draft.value.baseVersion !== (newest.value?.version ?? 0),
  )

  /** By the text under edit; null while it cannot be read. */
  const tried = computed<ScoreRow[] | null>(() =>
    fault.value || toStore.value === null ? null : page.scoresBy(toStore.value),
  )
  const ranked = (rows: readonly ScoreRow[]) =>
    rows.map(({ key, score, rank }) => ({ key, score: rank && score }))
  const changes = computed<NamedRankChange[] | null>(() => {
    const after = tried.value
    if (!after) return null
    const names = new Map(after.map(({ key, name }) => [key, name]))
    return compareRankings(ranked(page.scores.value ?? []), ranked(after)).map((one) => ({
      ...one,
      name: names.get(one.key) ?? one.key,
    }))
  })

  function begin(formula = newest.value?.formula ?? ''): void {
    issue.value = null
    draft.value = {
      baseVersion: newest.value?.version ?? 0,
      text: renameIn(formula, page.words.value.fromKeys),
      reason: draft.value?.reason ?? '',
      fromDay: draft.value?.fromDay ?? page.firstDay.value ?? new Date().toISOString().slice(0, 10),
    }
  }
  function patch(part: Partial<FormulaDraft>): void {
    if (draft.value) draft.value = { ...draft.value, ...part }
  }
  function drop(): void {
    draft.value = null
    issue.value = null
  }

  const canSave = computed(
    () =>
      draft.value !== null &&
      fault.value === null &&
      isChanged.value &&
      !isStale.value &&
      draft.value.reason.trim() !== '' &&
      draft.value.fromDay !== '',
  )
  async function save(): Promise<void> {
    if (!draft.value || !canSave.value) return
    issue.value = null
    const { baseVersion, reason, fromDay } = draft.value
    const answer = await setting.send('save_evaluation', {
      ...{ board: page.board.value, baseVersion, formula: toStore.value, fromDay },
      reason: reason.trim(),
    })
    if (!answer) {
      issue.value = setting.error.value?.kind === 'offline' ? 'offline' : 'failed'
      return
    }
    if (answer.outcome === 'rejected') {
      issue.value = 'refused'
      return
    }
    await page.reload()
    if (answer.outcome === 'stale') return
    draft.value = null
    toast.add({ title: t('evaluation.saved'), icon: 'lucide:check', color: 'success' })
  }

  return {
    ...{ draft, ready, isOpen, fault, isChanged, isStale, changes, tried, canSave, issue },
    busy: setting.busy,
    ...{ begin, patch, save, drop },
    /** Goes on with the draft, over what was saved meanwhile. */
    keepMine: () => patch({ baseVersion: newest.value?.version ?? 0 }),
  }
}
export type FormulaEditor = ReturnType<typeof useFormulaEditor>
