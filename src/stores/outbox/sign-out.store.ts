import { defineStore } from 'pinia'
import { ref } from 'vue'
import { useOutboxStore } from './outbox.store.ts'
import { useSessionStore } from '../session.store.ts'
import { useUnsavedStore } from './unsaved.store.ts'
import { report } from '@/data/problems.ts'

/**
 * The one way out: nobody leaves with unsent work on the device without having been told, and
 * without a file of it in hand.
 */
export const useSignOutStore = defineStore('sign-out', () => {
  const session = useSessionStore()
  const outbox = useOutboxStore()
  const unsaved = useUnsavedStore()
  /** How much is unsent, while the person is being asked; null when nobody is asked. */
  const asking = ref<number | null>(null)
  const failed = ref(false)

  /** Signs out, or asks first when there is unsent work. */
  async function ask(): Promise<void> {
    failed.value = false
    try {
      await unsaved.saveAll()
      // What cannot be opened cannot be counted either; the last count then stands for it.
      const isShut = outbox.phase === 'failed'
      const count = isShut ? await session.keptUnsent() : await (await outbox.whenOpen()).unsent()
      failed.value = isShut && count > 0
      if (count > 0) asking.value = count
      else await leave()
    } catch (error) {
      report('outbox-read', error)
      failed.value = true
      asking.value = outbox.unsent
    }
  }

  const stay = (): void => void (asking.value = null)

  /** Everything unsent as a file, whose name says whose and when. @throws OutboxError */
  async function exportFile(): Promise<{ file: Blob; name: string }> {
    if (outbox.phase === 'failed') await outbox.reopen()
    const file = await (await outbox.whenOpen()).exportFile()
    const day = new Date().toISOString().slice(0, 16).replaceAll(':', '-')
    return { file, name: `wangge-unsent-${day}.json` }
  }

  /** Signs out, whatever is unsent: it stays in this account's own store for its next sign-in. */
  async function leave(): Promise<void> {
    asking.value = null
    try {
      await outbox.outbox?.eraseSeen()
    } catch (error) {
      // Nobody is kept here because a disk fails; the next person has a store of their own.
      report('kept', error)
    }
    await session.signOut()
  }

  return { asking, failed, ask, stay, exportFile, leave }
})
