import type { Draft } from '@/domain/command/command.ts'
import type { ItemState, ItemSummary, QueueState } from '@/sync/index.ts'

export const segments = ['drafts', 'waiting', 'needs-you', 'sent'] as const
export type Segment = (typeof segments)[number]

/** Drafts have no queue state. */
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

export function firstSegment(counts: Readonly<Record<ItemState, number>>): Segment {
  const inOrder: Segment[] = ['needs-you', 'waiting', 'drafts']
  return inOrder.find((segment) => countOf(segment, counts) > 0) ?? 'sent'
}

export const isSegment = (value: unknown): value is Segment =>
  segments.some((segment) => segment === value)

export type OutboxLine =
  | { kind: 'item'; id: string; item: ItemSummary }
  | { kind: 'draft'; id: string; draft: Draft }
