import { useToast } from '@nuxt/ui/composables'
import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { report } from '@/data/problems.ts'
import type { NewCommand } from '@/domain/command/types/index.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'

/** Sends what a person decides about a closing; `send` resolves to true once stored on the device. */
export function useFeedbackCommand(): {
  busy: Readonly<Ref<boolean>>
  failed: Ref<boolean>
  send(command: NewCommand): Promise<boolean>
} {
  const outboxStore = useOutboxStore()
  const toast = useToast()
  const { t } = useI18n()
  const busy = ref(false)
  const failed = ref(false)

  async function send(command: NewCommand): Promise<boolean> {
    busy.value = true
    failed.value = false
    try {
      await (await outboxStore.whenOpen()).enqueue(command)
      toast.add({ title: t('feedback.sent'), icon: 'lucide:check', color: 'success' })
      return true
    } catch (failure) {
      report('outbox-write', failure)
      failed.value = true
      return false
    } finally {
      busy.value = false
    }
  }
  return { busy, failed, send }
}
