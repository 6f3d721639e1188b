import { ref, shallowRef } from 'vue'
import { AppError, codeOf } from '@/data/errors.ts'
import { report } from '@/data/problems.ts'
import type { PhotoRef } from '@/domain/command/command.ts'
import type { NewCommand } from '@/domain/command/types/index.ts'
import type { QueuedItem } from '@/sync/index.ts'
import type { DraftInHand } from './use-draft.ts'
import { useOwnOutbox } from './use-own-outbox.ts'
import type { PhotoFiles } from './use-photo-files.ts'

/** Texts in `capture.send.failed`. */
export type SendFailure = 'full' | 'photos' | 'refused' | 'sent' | 'other'

/** Queues a finished form and removes its draft in one step, with all photos or not at all. */
export function useDraftSend(
  draft: DraftInHand,
  photos: PhotoFiles,
  commandOf: (photos: PhotoRef[]) => NewCommand,
) {
  const ownOutbox = useOwnOutbox()
  const isSending = ref(false)
  const sent = shallowRef<QueuedItem | null>(null)
  /** The draft still exists. */
  const failure = ref<SendFailure | null>(null)

  async function send(): Promise<boolean> {
    if (isSending.value) return false
    isSending.value = true
    failure.value = null
    try {
      const refused = photos.refused.value.length
      await photos.settled()
      // The person expected this photo to be sent.
      if (photos.refused.value.length > refused)
        throw new AppError('invalid', 'a photo was refused', { code: 'photo_refused' })
      const outbox = await ownOutbox()
      const enqueue = async (from: Awaited<ReturnType<DraftInHand['seal']>>) =>
        outbox.enqueue(commandOf(await photos.photoRefs()), {
          ...from,
          ...(draft.replaces.value && { replaces: draft.replaces.value }),
        })
      sent.value = await enqueue(await draft.seal()).catch(async (error: unknown) => {
        if (codeOf(error) !== 'changed_elsewhere') throw error
        // The other tab's changes stay a draft.
        return enqueue(await draft.sealApart())
      })
      return true
    } catch (error) {
      draft.unseal()
      report('outbox-write', error)
      failure.value = failureOf(error)
      return false
    } finally {
      isSending.value = false
    }
  }
  return { isSending, sent, failure, send }
}

function failureOf(error: unknown): SendFailure {
  const code = codeOf(error)
  if (code === 'storage_full') return 'full'
  if (code === 'photo_missing') return 'photos'
  if (code === 'photo_refused') return 'refused'
  return code === 'already_sent' ? 'sent' : 'other'
}
