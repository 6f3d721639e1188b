import type { CommandType, Draft, DraftKind } from '@/domain/command/command.ts'
import type { ItemState, ItemSummary, QueueState } from '@/sync/index.ts'

/** The outbox in four parts, as a person thinks of them. */
export const segments = ['drafts', 'waiting', 'needs-you', 'sent'] as const
export type Segment = (typeof segments)[number]

/** Which states of the queue a part holds; drafts are not in the queue. */
export const statesOf: Record<Segment, readonly QueueState[]> = {
  drafts: [],
  waiting: ['queued', 'sending'],
  'needs-you': ['conflict', 'rejected'],
  sent: ['received', 'replaced'],
}

export const countOf = (segment: Segment, counts: Readonly<Record<ItemState, number>>): number =>
  segment === 'drafts'
    ? counts.draft
    : statesOf[segment].reduce((sum, state) => sum + counts[state], 0)

/** The part to open with: what needs the person, else what waits, else drafts, else what was sent. */
export function firstSegment(counts: Readonly<Record<ItemState, number>>): Segment {
  const inOrder: Segment[] = ['needs-you', 'waiting', 'drafts']
  return inOrder.find((segment) => countOf(segment, counts) > 0) ?? 'sent'
}

export const isSegment = (value: unknown): value is Segment =>
  segments.some((segment) => segment === value)

/** What a draft becomes when it is sent. */
export const commandTypeOf: Record<DraftKind, CommandType> = {
  report: 'report_incident',
  confirm: 'confirm_duplicate',
  photos: 'add_photo',
}

/** A line of the list: something queued, or a draft. */
export type OutboxLine =
  | { kind: 'item'; id: string; item: ItemSummary }
  | { kind: 'draft'; id: string; draft: Draft }
