import { describe, expect, it } from 'vitest'
import type { ItemState } from '@/sync/index.ts'
import { countOf, firstSegment, segments, statesOf } from './segments.ts'

const none: Record<ItemState, number> = {
  draft: 0,
  queued: 0,
  sending: 0,
  received: 0,
  conflict: 0,
  rejected: 0,
  replaced: 0,
}

describe('segments', () => {
  it('hold every state exactly once', () => {
    const states = Object.keys(none) as ItemState[]
    for (const state of states) {
      const counts = { ...none, [state]: 3 }
      const holding = segments.filter((segment) => countOf(segment, counts) > 0)
      expect([state, holding.length]).toEqual([state, 1])
    }
    expect(segments.flatMap((segment) => statesOf[segment])).toHaveLength(states.length - 1)
  })

  it('open with what needs the person most', () => {
    expect(firstSegment(none)).toBe('sent')
    expect(firstSegment({ ...none, draft: 1 })).toBe('drafts')
    expect(firstSegment({ ...none, draft: 1, queued: 1 })).toBe('waiting')
    expect(firstSegment({ ...none, draft: 1, sending: 1, conflict: 1 })).toBe('needs-you')
  })
})
