import { commandTypes } from '@/domain/command/types/index.ts'
import type { CallbackRow, CallbackSheet } from '@/data/ratings.repo.ts'
import type { ItemSummary } from '@/sync/index.ts'

export interface KeptSheet {
  sheet: CallbackSheet
  /** Device instant of the request. */
  fetchedAt: string
}

/** A call to make. `stuck`: what was said before was refused, and lies in the outbox. */
export interface Call {
  row: CallbackRow
  stuck: ItemSummary | null
}

export interface CallList {
  calls: Call[]
  /** Answered on this device, and not proved to be at the server. */
  waiting: ItemSummary[]
}

export const callStates = ['conflict', 'rejected', 'queued', 'sending', 'received'] as const

/**
 * Calls without those that this device has answered since, and without closings whose time to ask
 * has passed.
 * @param now the server's clock, epoch milliseconds
 */
export function callList(
  kept: KeptSheet | null,
  items: readonly ItemSummary[],
  now: number,
): CallList {
  const answers = items.filter(({ type }) => commandTypes[type].answersCall)
  const isUnderway = ({ state }: ItemSummary): boolean => state === 'queued' || state === 'sending'
  const isStuck = ({ state }: ItemSummary): boolean => state === 'rejected' || state === 'conflict'
  // received after the sheet was asked for: it still lists them
  const isNewer = ({ state, at }: ItemSummary): boolean =>
    state === 'received' && kept !== null && at >= kept.fetchedAt
  const done = new Set(
    answers.filter((item) => isUnderway(item) || isNewer(item)).map((item) => item.incidentId),
  )
  const stuck = new Map(answers.filter(isStuck).map((item) => [item.incidentId, item]))
  const rows = kept?.sheet.rows ?? []
  return {
    calls: rows
      .filter(({ incidentId, until }) => !done.has(incidentId) && now < Date.parse(until))
      .map((row) => ({ row, stuck: stuck.get(row.incidentId) ?? null })),
    waiting: answers.filter(isUnderway),
  }
}
