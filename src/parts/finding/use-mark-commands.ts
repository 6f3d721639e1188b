import { useToast } from '@nuxt/ui/composables'
import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { report } from '@/data/problems.ts'
import type { NewCommand } from '@/domain/command/types/index.ts'
import { undoMs } from '@/stores/outbox/steps.store.ts'
import type { MarksHere } from '@/stores/outbox/use-finding-marks.ts'

export interface MarkCommands {
  busy: Readonly<Ref<boolean>>
  /** The last command was not stored. */
  failed: Ref<boolean>
  /**
   * Resolves to true once stored on the device; says so, with an undo for ten seconds.
   * @param onUndone opens the form again
   */
  send(command: NewCommand, kept: string, onUndone?: () => void): Promise<boolean>
}

/** Sends commands on findings. */
export function useMarkCommands({ send, undo }: Pick<MarksHere, 'send' | 'undo'>): MarkCommands {
  const toast = useToast()
  const { t } = useI18n()
  const busy = ref(false)
  const failed = ref(false)

  async function takeBack(id: string, onUndone: () => void): Promise<void> {
    try {
      const isBack = (await undo(id)) !== null
      if (isBack) onUndone()
      toast.add({
        title: isBack ? t('findings.undone') : t('step.too-late'),
        icon: isBack ? 'lucide:undo-2' : 'lucide:circle-alert',
        color: isBack ? 'neutral' : 'warning',
      })
    } catch (failure) {
      report('outbox-write', failure)
      toast.add({ title: t('step.not-undone'), icon: 'lucide:circle-alert', color: 'error' })
    }
  }

  return {
    busy,
    failed,
    async send(command, kept, onUndone = () => undefined) {
      busy.value = true
      failed.value = false
      try {
        const id = await send(command)
        toast.add({
          title: kept,
          icon: 'lucide:check',
          color: 'success',
          duration: undoMs,
          actions: [
            {
              label: t('step.undo'),
              icon: 'lucide:undo-2',
              color: 'neutral',
              variant: 'outline',
              onClick: () => void takeBack(id, onUndone),
            },
          ],
        })
        return true
      } catch (failure) {
        report('outbox-write', failure)
        failed.value = true
        return false
      } finally {
        busy.value = false
      }
    },
  }
}
