import { defineStore } from 'pinia'
import { isAbort } from '@/data/errors.ts'
import type { OwnIncident } from '@/data/field.repo.ts'
import { incidentsRepo, isDetail, type IncidentDetail } from '@/data/incidents.repo.ts'
import { report } from '@/data/problems.ts'
import { isOpenStage } from '@/domain/vocabulary.ts'
import type { Outbox } from '@/sync/index.ts'
import { useOutboxStore } from './outbox.store.ts'
import { useSessionStore } from '../session.store.ts'

export interface KeptDetail {
  detail: IncidentDetail
  /** Device instant at which the server was asked. */
  at: string
}

/** Newest first; `mark` changes with the incident. */
interface Index {
  scope: string
  entries: { id: string; mark: string }[]
}

const indexKey = 'seen:details'
const keyOf = (id: string): string => `seen:detail:${id}`
/** A few kilobytes each: a worker's own and those looked at of late. */
const maxKept = 200
const maxOwn = 100

/**
 * Details of incidents on this device, for when there is no network: of one's own open ones and of
 * those opened last. Beside the outbox of their reader, for the scope they were read in, erased
 * when they sign out.
 */
export const useKeptDetailsStore = defineStore('kept-details', () => {
  const session = useSessionStore()
  const outboxStore = useOutboxStore()
  let last: Promise<unknown> = Promise.resolve()

  /** One change of the index at a time. A disk that keeps nothing is no reason to fail. */
  function change(work: (outbox: Outbox, index: Index) => Promise<void>): Promise<void> {
    const { scope } = session
    const done = last.then(async () => {
      try {
        const outbox = await outboxStore.whenOpen()
        if (!scope || scope !== session.scope) return
        await work(outbox, await indexOf(outbox, scope))
      } catch (failure) {
        report('kept', failure)
      }
    })
    last = done
    return done
  }

  async function indexOf({ kv }: Outbox, scope: string): Promise<Index> {
    const found = await kv.get<Index>(indexKey)
    if (found?.scope === scope) return found
    // Of another scope: what one may see has changed since.
    for (const { id } of found?.entries ?? []) await kv.set(keyOf(id), undefined)
    return { scope, entries: [] }
  }

  /** Null where the device has none; waits for what is being kept. */
  async function read(id: string): Promise<KeptDetail | null> {
    let found: KeptDetail | null = null
    await change(async ({ kv }, { entries }) => {
      if (!entries.some((entry) => entry.id === id)) return
      const kept = await kv.get<KeptDetail>(keyOf(id))
      if (kept && isDetail(kept.detail)) found = kept
    })
    return found
  }

  /** Keeps an answer of the server's; null, that there is none to be seen, forgets the one before. */
  const keep = (id: string, detail: IncidentDetail | null, at: string): Promise<void> =>
    change(async ({ kv }, { scope, entries: before }) => {
      const others = before.filter((entry) => entry.id !== id)
      const entries = detail ? [{ id, mark: markOf(detail) }, ...others] : others
      // The index first: what it does not name would stay for ever.
      await kv.set(indexKey, { scope, entries: entries.slice(0, maxKept) } satisfies Index)
      await kv.set(keyOf(id), detail ? ({ detail, at } satisfies KeptDetail) : undefined)
      for (const { id: old } of entries.slice(maxKept)) await kv.set(keyOf(old), undefined)
    })

  /** Fetches, one after the other, the details of one's own open ones that changed since. */
  async function keepOwn(own: readonly OwnIncident[], signal: AbortSignal): Promise<void> {
    const { backend, scope } = session
    if (!backend) return
    let marks = new Map<string, string>()
    await change(async (_, { entries }) => {
      marks = new Map(entries.map(({ id, mark }) => [id, mark]))
    })
    const due = own
      .filter(({ stage }) => isOpenStage(stage))
      .slice(0, maxOwn)
      .filter((incident) => marks.get(incident.id) !== markOfOwn(incident))
    try {
      for (const { id } of due) {
        const at = new Date().toISOString()
        const detail = await session.guard(() => incidentsRepo(backend).detail(id, signal))
        if (signal.aborted || scope !== session.scope) return
        await keep(id, detail, at)
      }
    } catch (failure) {
      // The next look at the day goes on with the rest.
      if (!isAbort(failure)) report('kept', failure)
    }
  }

  return { read, keep, keepOwn }
})

const markOf = ({ incident, log }: IncidentDetail): string =>
  [incident.version, incident.stage, log.at(-1)?.at].join('|')
const markOfOwn = ({ version, stage, last }: OwnIncident): string =>
  [version, stage, last?.at].join('|')
