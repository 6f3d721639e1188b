import { defineStore } from 'pinia'
import { ref } from 'vue'
import { useOutboxStore } from './outbox.store.ts'
import { useSessionStore } from '../session.store.ts'
import { useUnsavedStore } from './unsaved.store.ts'
import { report } from '@/data/problems.ts'

/** Warns of unsent work before signing out. */
export const useSignOutStore = defineStore('sign-out', () => {
  const session = useSessionStore()
  const outbox = useOutboxStore()
  const unsaved = useUnsavedStore()
  /** Count of unsent items while asking. */
  const asking = ref<number | null>(null)
  const failed = ref(false)

  async function ask(): Promise<void> {
    failed.value = false
    try {
      await unsaved.saveAll()
      // If the outbox cannot be opened, use the last known count.
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

  /** @throws OutboxError */
  async function exportFile(): Promise<{ file: Blob; name: string }> {
    if (outbox.phase === 'failed') await outbox.reopen()
    const file = await (await outbox.whenOpen()).exportFile()
    const day = new Date().toISOString().slice(0, 16).replaceAll(':', '-')
    return { file, name: `wangge-unsent-${day}.json` }
  }

  /** Unsent items stay for this account's next sign-in. */
  async function leave(): Promise<void> {
    asking.value = null
    try {
      await outbox.outbox?.eraseSeen()
    } catch (error) {
      // A failing disk must not prevent sign-out; each person has a separate store.
      report('kept', error)
    }
    await session.signOut()
  }

  return { asking, failed, ask, stay, exportFile, leave }
})
