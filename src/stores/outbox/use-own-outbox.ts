import type { Outbox } from '@/sync/index.ts'
import { useOutboxStore } from './outbox.store.ts'

/**
 * The outbox of the person who opened the form. Late saves never reach the next person's.
 * @returns a getter; call it again after a failure
 */
export function useOwnOutbox(): () => Promise<Outbox> {
  const store = useOutboxStore()
  let own: Promise<Outbox> | null = null
  const ask = (): Promise<Outbox> => {
    if (own) return own
    const asked = store.whenOpen()
    own = asked
    asked.catch(() => (own = null))
    return asked
  }
  ask().catch(() => undefined)
  return ask
}
