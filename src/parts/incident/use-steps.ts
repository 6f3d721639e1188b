import { useToast } from '@nuxt/ui/composables'
import { nextTick, ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { report } from '@/data/problems.ts'
import { nameIn, type OfferedTransition } from '@/domain/workflow/workflow.ts'
import { undoMs, useStepsStore } from '@/stores/outbox/steps.store.ts'
import { useSelectionStore } from '@/stores/view/selection.store.ts'

export interface Steps {
  busy: Readonly<Ref<boolean>>
  /** The last step was not stored. */
  failed: Readonly<Ref<boolean>>
  /** Resolves to true once stored on the device. A step that can be undone says so for ten seconds. */
  take(
    incident: { id: string; version: number },
    transition: OfferedTransition,
    fields: Record<string, unknown>,
  ): Promise<boolean>
  undo(itemId: string): Promise<void>
}

/** Takes steps of any incident through the outbox. */
export function useSteps(): Steps {
  const store = useStepsStore()
  const toast = useToast()
  const selection = useSelectionStore()
  const router = useRouter()
  const { t, locale } = useI18n()
  const busy = ref(false)
  const failed = ref(false)

  /** Shows the incident whose form has nobody to open it. */
  async function showGivenBack(): Promise<void> {
    await nextTick()
    const id = store.givenBack?.incidentId
    if (id === undefined) return
    if (selection.hosts > 0) selection.pinIncident(id)
    else await router.push({ name: 'incident', params: { id } })
  }

  async function undo(itemId: string): Promise<void> {
    try {
      const isBack = await store.undo(itemId)
      if (isBack) await showGivenBack()
      toast.add({
        title: isBack ? t('step.undone') : t('step.too-late'),
        icon: isBack ? 'lucide:undo-2' : 'lucide:circle-alert',
        color: isBack ? 'neutral' : 'warning',
      })
    } catch (failure) {
      report('outbox-write', failure)
      toast.add({ title: t('step.not-undone'), icon: 'lucide:circle-alert', color: 'error' })
    }
  }

  const take: Steps['take'] = async (incident, transition, fields) => {
    busy.value = true
    failed.value = false
    const { name, canUndo } = transition
    try {
      const { id } = await store.take({ incident, name, canUndo, fields })
      toast.add({
        title: t('step.kept', { step: nameIn(locale.value, transition) }),
        icon: 'lucide:check',
        color: 'success',
        ...(canUndo && {
          duration: undoMs,
          actions: [
            {
              label: t('step.undo'),
              icon: 'lucide:undo-2',
              color: 'neutral',
              variant: 'outline',
              onClick: () => void undo(id),
            },
          ],
        }),
      })
      return true
    } catch (failure) {
      report('outbox-write', failure)
      failed.value = true
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, failed, take, undo }
}
