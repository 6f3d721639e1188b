import { report } from '@/data/problems.ts'
import type { Outbox } from '@/sync/index.ts'
import { useSessionStore } from '../session.store.ts'
import { useOutboxStore } from './outbox.store.ts'

/** Newest first. */
export interface KeptIndex<Entry> {
  scope: string
  entries: Entry[]
}

export interface KeptSet<Entry> {
  keyOf(id: string): string
  /** One change of the index at a time, after those begun before. A failing disk is only reported. */
  change(work: (kv: Outbox['kv'], index: KeptIndex<Entry>) => Promise<void>): Promise<void>
  /** Resolves after the index is stored and the values left out of it are erased. */
  write(kv: Outbox['kv'], index: KeptIndex<Entry>, entries: readonly Entry[]): Promise<void>
}

/** Values of one scope beside the outbox, under `seen:<name>:<id>`; erased at sign-out. */
export function useKeptSet<Entry extends { id: string }>(name: string): KeptSet<Entry> {
  const session = useSessionStore()
  const outboxStore = useOutboxStore()
  const indexKey = `seen:${name}s`
  const keyOf = (id: string): string => `seen:${name}:${id}`
  let last: Promise<unknown> = Promise.resolve()

  async function indexOf({ kv }: Outbox, scope: string): Promise<KeptIndex<Entry>> {
    const found = await kv.get<KeptIndex<Entry>>(indexKey)
    if (found?.scope === scope) return found
    // The scope changed, so these may no longer be visible.
    for (const { id } of found?.entries ?? []) await kv.set(keyOf(id), undefined)
    return { scope, entries: [] }
  }

  const change: KeptSet<Entry>['change'] = (work) => {
    const { scope } = session
    const done = last.then(async () => {
      try {
        const outbox = await outboxStore.whenOpen()
        if (!scope || scope !== session.scope) return
        await work(outbox.kv, await indexOf(outbox, scope))
      } catch (failure) {
        report('kept', failure)
      }
    })
    last = done
    return done
  }

  const write: KeptSet<Entry>['write'] = async (kv, { scope, entries: before }, entries) => {
    // The index comes first: a value missing from it would never be erased.
    await kv.set(indexKey, { scope, entries: [...entries] } satisfies KeptIndex<Entry>)
    const ids = new Set(entries.map(({ id }) => id))
    for (const { id } of before) if (!ids.has(id)) await kv.set(keyOf(id), undefined)
  }

  return { keyOf, change, write }
}
