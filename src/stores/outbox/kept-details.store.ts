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
  /** Device instant of the request. */
  at: string
}

/** Newest first; `mark` changes with the incident. */
interface Index {
  scope: string
  entries: { id: string; mark: string }[]
}

const indexKey = 'seen:details'
const keyOf = (id: string): string => `seen:detail:${id}`
/** Incidents; a few kilobytes each. */
const maxKept = 200
const maxOwn = 100

/**
 * Incident details for offline reading: the person's open ones and those opened last. Erased at
 * sign-out.
 */
export const useKeptDetailsStore = defineStore('kept-details', () => {
  const session = useSessionStore()
  const outboxStore = useOutboxStore()
  let last: Promise<unknown> = Promise.resolve()

  /** One index change at a time; a failing disk is only reported. */
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
    // The scope changed, so these may no longer be visible.
    for (const { id } of found?.entries ?? []) await kv.set(keyOf(id), undefined)
    return { scope, entries: [] }
  }

  /** Waits for running writes. */
  async function read(id: string): Promise<KeptDetail | null> {
    let found: KeptDetail | null = null
    await change(async ({ kv }, { entries }) => {
      if (!entries.some((entry) => entry.id === id)) return
      const kept = await kv.get<KeptDetail>(keyOf(id))
      if (kept && isDetail(kept.detail)) found = kept
    })
    return found
  }

  /** Null (not visible) removes the kept detail. */
  const keep = (id: string, detail: IncidentDetail | null, at: string): Promise<void> =>
    change(async ({ kv }, { scope, entries: before }) => {
      const others = before.filter((entry) => entry.id !== id)
      const entries = detail ? [{ id, mark: markOf(detail) }, ...others] : others
      // Write the index first: a detail missing from it would never be deleted.
      await kv.set(indexKey, { scope, entries: entries.slice(0, maxKept) } satisfies Index)
      await kv.set(keyOf(id), detail ? ({ detail, at } satisfies KeptDetail) : undefined)
      for (const { id: old } of entries.slice(maxKept)) await kv.set(keyOf(old), undefined)
    })

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
      // The next call continues.
      if (!isAbort(failure)) report('kept', failure)
    }
  }

  return { read, keep, keepOwn }
})

const markOf = ({ incident, log }: IncidentDetail): string =>
  [incident.version, incident.stage, log.at(-1)?.at].join('|')
const markOfOwn = ({ version, stage, last }: OwnIncident): string =>
  [version, stage, last?.at].join('|')
