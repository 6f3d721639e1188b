import type { Outbox } from '@/sync/index.ts'
import { useOutboxStore } from './outbox.store.ts'

/**
 * The outbox of whoever is here when a form is opened. What the form saves late goes there, also
 * while their session is ending, and never into the next person's.
 * @returns how to get it; fails as `whenOpen` does, and may be asked again then
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
