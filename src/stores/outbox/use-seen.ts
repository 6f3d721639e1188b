import { report } from '@/data/problems.ts'
import { useSessionStore } from '../session.store.ts'
import { useOutboxStore } from './outbox.store.ts'

interface Seen<T> {
  scope: string | null
  value: T
}

/**
 * A value kept for offline reading in its scope; erased at sign-out. A failing disk is only
 * reported.
 */
export function useSeen<T>(name: string) {
  const session = useSessionStore()
  const outboxStore = useOutboxStore()
  const key = `seen:${name}`

  async function read(): Promise<T | null> {
    try {
      const found = await (await outboxStore.whenOpen()).kv.get<Seen<T>>(key)
      return found && found.scope === session.scope ? found.value : null
    } catch (failure) {
      report('kept', failure)
      return null
    }
  }

  async function write(value: T): Promise<void> {
    const { scope } = session
    try {
      const { kv } = await outboxStore.whenOpen()
      if (scope === session.scope) await kv.set(key, { scope, value } satisfies Seen<T>)
    } catch (failure) {
      report('kept', failure)
    }
  }

  return { read, write }
}
