import { useEventListener, useThrottleFn } from '@vueuse/core'
import { onScopeDispose, shallowRef, watch } from 'vue'
import { isAbort } from '@/data/errors.ts'
import { fieldRepo, type OpenIncident } from '@/data/field.repo.ts'
import { report } from '@/data/problems.ts'
import { useOutboxStore } from '@/stores/outbox/outbox.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'

const keptAs = 'seen:open-incidents'
const pageRows = 500
/** Newest first; what is older than the newest 5,000 open ones is rarely reported again. */
const maxPages = 10
/** A queue that drains brings a receipt every moment. */
const restMs = 15_000

interface Kept {
  scope: string
  at: string
  rows: readonly OpenIncident[]
}

/**
 * The open incidents of one's areas, to tell whether a report is a second one: what the device
 * keeps at once, the server's as soon as it answers, and again whenever there is reason to think
 * that it knows more.
 */
export function useOpenIncidents() {
  const session = useSessionStore()
  const outboxStore = useOutboxStore()
  const rows = shallowRef<readonly OpenIncident[]>([])
  let controller: AbortController | null = null
  onScopeDispose(() => controller?.abort())

  /** Page by page; what was not fetched again stays as it was until all are there. */
  async function fetchAll(signal: AbortSignal): Promise<void> {
    const repo = fieldRepo(session.backend!)
    const all: OpenIncident[] = []
    let after: unknown = null
    for (let page = 0; page < maxPages; page++) {
      const { rows: found, next } = await session.guard(() =>
        repo.openIncidents(after, pageRows, signal),
      )
      signal.throwIfAborted()
      all.push(...found)
      if (next === null || next === undefined) break
      const fetched = new Set(all.map(({ id }) => id))
      rows.value = [...all, ...rows.value.filter(({ id }) => !fetched.has(id))]
      after = next
    }
    rows.value = all
  }

  async function load(): Promise<void> {
    const { scope } = session
    if (!scope) return
    controller?.abort()
    const own = new AbortController()
    controller = own
    const { kv } = await outboxStore.whenOpen()
    if (rows.value.length === 0) {
      const kept = await kv.get<Kept>(keptAs)
      if (kept?.scope === scope) rows.value = kept.rows
    }
    try {
      await fetchAll(own.signal)
    } finally {
      if (!own.signal.aborted && rows.value.length > 0) {
        const kept: Kept = { scope, at: new Date().toISOString(), rows: rows.value }
        await kv.set(keptAs, kept)
      }
    }
  }
  /** Without a network what is kept has to do; nobody is kept from reporting. */
  const refresh = (): void =>
    void load().catch((error: unknown) => {
      if (!isAbort(error)) report('incidents', error)
    })

  refresh()
  useEventListener(globalThis, 'online', refresh)
  const soon = useThrottleFn(refresh, restMs, true)
  watch(
    () => outboxStore.counts.received,
    (now, before) => now > before && void soon(),
  )
  return { rows, refresh }
}
