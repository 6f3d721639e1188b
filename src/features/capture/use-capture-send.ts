import { ref, shallowRef } from 'vue'
import { captureCommand } from '@/domain/capture-command.ts'
import { useOutboxStore } from '@/stores/outbox.store.ts'
import type { QueuedItem } from '@/sync/index.ts'
import type { CaptureDraft } from './use-capture-draft.ts'
import type { PhotoFiles } from '@/stores/use-photo-files.ts'

/** Takes a finished form into the queue, in one step with taking its draft out. */
export function useCaptureSend(draft: CaptureDraft, photos: PhotoFiles) {
  const outboxStore = useOutboxStore()
  const isSending = ref(false)
  /** What was sent off last; null while a form is in hand. */
  const sent = shallowRef<QueuedItem | null>(null)
  /** Code of what went wrong; the draft is still there then. */
  const failure = ref<string | null>(null)

  async function send(): Promise<boolean> {
    if (isSending.value) return false
    isSending.value = true
    failure.value = null
    try {
      await photos.settled()
      await draft.seal()
      const outbox = await outboxStore.whenOpen()
      const command = captureCommand({
        form: draft.form,
        incidentId: draft.id.value,
        photos: photos.photoRefs(),
        deviceAt: new Date().toISOString(),
      })
      sent.value = await outbox.enqueue(command, {
        fromDraft: draft.id.value,
        ...(draft.replaces.value && { replaces: draft.replaces.value }),
      })
      return true
    } catch (error) {
      draft.unseal()
      console.warn('a report could not be queued:', error)
      const { code } = error as { code?: unknown }
      failure.value = typeof code === 'string' ? code : 'other'
      return false
    } finally {
      isSending.value = false
    }
  }
  return { isSending, sent, failure, send }
}
