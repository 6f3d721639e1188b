import { onScopeDispose, shallowRef } from 'vue'
import { isAbort } from '@/data/errors.ts'
import { fieldRepo, type OpenIncident } from '@/data/field.repo.ts'
import { useOutboxStore } from '@/stores/outbox.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'

const keptAs = 'seen:open-incidents'
const pageRows = 500
/** Newest first; what is older than the newest 5,000 open ones is rarely reported again. */
const mostPages = 10

interface Kept {
  scope: string
  at: string
  rows: OpenIncident[]
}

/**
 * The open incidents of one's areas, to tell whether a report is a second one: what the device
 * keeps at once, the server's as soon as it answers.
 */
export function useOpenIncidents() {
  const session = useSessionStore()
  const outboxStore = useOutboxStore()
  const rows = shallowRef<readonly OpenIncident[]>([])
  const controller = new AbortController()
  onScopeDispose(() => controller.abort())

  async function fetchAll(): Promise<OpenIncident[]> {
    const repo = fieldRepo(session.backend!)
    const all: OpenIncident[] = []
    let after: unknown = null
    for (let page = 0; page < mostPages; page++) {
      const { rows: found, next } = await session.guard(() =>
        repo.openIncidents(after, pageRows, controller.signal),
      )
      all.push(...found)
      if (next === null || next === undefined) break
      after = next
    }
    return all
  }

  async function load(): Promise<void> {
    const { scope } = session
    if (!scope) return
    try {
      const { kv } = await outboxStore.whenOpen()
      const kept = await kv.get<Kept>(keptAs)
      if (kept?.scope === scope) rows.value = kept.rows
      const found = await fetchAll()
      rows.value = found
      await kv.set(keptAs, { scope, at: new Date().toISOString(), rows: found } satisfies Kept)
    } catch (error) {
      // Without a network what is kept has to do; nobody is kept from reporting.
      if (!isAbort(error)) console.warn('open incidents could not be fetched:', error)
    }
  }
  void load()
  return { rows }
}
