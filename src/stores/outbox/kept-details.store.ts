import { defineStore } from 'pinia'
import { isAbort } from '@/data/errors.ts'
import type { OwnIncident } from '@/data/field.repo.ts'
import { incidentsRepo, isDetail, type IncidentDetail } from '@/data/incidents.repo.ts'
import { report } from '@/data/problems.ts'
import { isOpenStage } from '@/domain/vocabulary.ts'
import { useSessionStore } from '../session.store.ts'
import { useKeptSet } from './kept-set.ts'

export interface KeptDetail {
  detail: IncidentDetail
  /** Device instant of the request. */
  at: string
}

interface Entry {
  id: string
  /** Changes with the incident. */
  mark: string
}

/** Incidents; a few kilobytes each. */
const maxKept = 200
const maxOwn = 100

/**
 * Incident details for offline reading: the person's open ones and those opened last. Erased at
 * sign-out.
 */
export const useKeptDetailsStore = defineStore('kept-details', () => {
  const session = useSessionStore()
  const { keyOf, change, write } = useKeptSet<Entry>('detail')

  /** Waits for running writes. */
  async function read(id: string): Promise<KeptDetail | null> {
    let found: KeptDetail | null = null
    await change(async (kv, { entries }) => {
      if (!entries.some((entry) => entry.id === id)) return
      const kept = await kv.get<KeptDetail>(keyOf(id))
      if (kept && isDetail(kept.detail)) found = kept
    })
    return found
  }

  /** Null (not visible) removes the kept detail. */
  const keep = (id: string, detail: IncidentDetail | null, at: string): Promise<void> =>
    change(async (kv, index) => {
      const others = index.entries.filter((entry) => entry.id !== id)
      const entries = detail ? [{ id, mark: markOf(detail) }, ...others] : others
      await write(kv, index, entries.slice(0, maxKept))
      if (detail) await kv.set(keyOf(id), { detail, at } satisfies KeptDetail)
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
