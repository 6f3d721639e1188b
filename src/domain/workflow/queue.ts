import { isOpenStage, stages } from '../vocabulary.ts'

/** In the order of their tabs; the server says which ones a person has. */
export const queues = [
  'to_verify',
  'to_file',
  'to_dispatch',
  'to_check',
  'mine',
  'returned_to_me',
  'department',
  'escalated',
  'overdue',
  'requests',
  'holds',
  'open',
] as const
export type Queue = (typeof queues)[number]

export interface QueueCount {
  queue: Queue
  /** `maxCount` for more. */
  count: number
}

/** The server counts no further. */
export const maxCount = 1000

/** Queues that share no incident; together they are the person's work. */
const waiting: ReadonlySet<Queue> = new Set([
  'to_verify',
  'to_file',
  'to_dispatch',
  'to_check',
  'department',
  'requests',
])

/** Incidents that wait for the person, at most `maxCount`. */
export const waitingCount = (counts: readonly QueueCount[]): number =>
  Math.min(
    maxCount,
    counts.reduce((sum, { queue, count }) => sum + (waiting.has(queue) ? count : 0), 0),
  )

/** Fits a badge: "999+" beyond. */
export const badgeText = (count: number): string => (count >= maxCount ? '999+' : String(count))

/** Columns of the board. */
export const boardStages = stages.filter(isOpenStage)
