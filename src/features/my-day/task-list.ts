import type { FieldTask, FieldTasks } from '@/data/field.repo.ts'
import { distanceMeters } from '@/domain/place/distance.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import type { ItemSummary } from '@/sync/index.ts'

/** The server's answer, with the device time of its request. */
export interface KeptTasks {
  tasks: FieldTasks
  fetchedAt: string
}

export interface ListedTask {
  row: FieldTask
  /** Null without a position. */
  distanceMeters: number | null
  /** A step of this device that was not taken: a person decides about it first. */
  stuck: ItemSummary | null
}

export interface TaskList {
  tasks: ListedTask[]
  /** Steps for listed incidents that wait to be sent, oldest first. */
  waiting: ItemSummary[]
}

/**
 * Tasks nearest first; without a position the clock that ends first. A task leaves with the step
 * taken for it, and returns when the step was undone or refused.
 * @param items unsent and recently received items
 */
export function taskList(
  kept: KeptTasks | null,
  items: readonly ItemSummary[],
  here: LngLat | null,
): TaskList {
  const byIncident = Map.groupBy(
    items.filter(({ transition }) => transition !== undefined),
    ({ incidentId }) => incidentId,
  )
  const tasks: ListedTask[] = []
  const waiting: ItemSummary[] = []
  for (const row of kept?.tasks.rows ?? []) {
    const steps = byIncident.get(row.id) ?? []
    const unsent = steps.filter(({ state }) => state === 'queued' || state === 'sending')
    waiting.push(...unsent)
    if (unsent.length > 0 || steps.some((step) => isNewer(step, kept!.fetchedAt))) continue
    tasks.push({
      row,
      distanceMeters: here && distanceMeters(here, [row.lon, row.lat]),
      stuck: steps.find(({ state }) => state === 'rejected' || state === 'conflict') ?? null,
    })
  }
  return { tasks: tasks.sort(inOrder), waiting: waiting.sort((a, b) => (a.at < b.at ? -1 : 1)) }
}

/** The answer asked for before the step's receipt may still list its incident. */
const isNewer = ({ state, receivedAt }: ItemSummary, fetchedAt: string): boolean =>
  state === 'received' && receivedAt !== null && receivedAt > fetchedAt

const dueMs = ({ row }: ListedTask): number =>
  row.dueAt === null ? Infinity : Date.parse(row.dueAt)
function inOrder(a: ListedTask, b: ListedTask): number {
  const [far, near] = [a.distanceMeters ?? Infinity, b.distanceMeters ?? Infinity]
  if (far !== near) return far - near
  const [late, early] = [dueMs(a), dueMs(b)]
  if (late !== early) return late - early
  return a.row.id < b.row.id ? -1 : 1
}
