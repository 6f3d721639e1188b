import { describe, expect, it } from 'vitest'
import type { ItemSummary } from '@/sync/index.ts'
import { boxAround, newestReport } from './use-outside-report.ts'

const noon = Date.parse('2026-03-02T12:00:00Z')
const item = (id: string, more: Partial<ItemSummary>): ItemSummary =>
  ({ id, type: 'report_incident', receivedAt: '2026-03-02T11:59:00Z', ...more }) as ItemSummary

describe('newestReport', () => {
  it('is the first report of the last minutes: no note, and nothing of this morning', () => {
    const note = item('note', { type: 'add_note' })
    const old = item('old', { receivedAt: '2026-03-02T08:00:00Z' })
    expect(newestReport([note, item('a', {}), item('b', {})], noon)?.id).toBe('a')
    expect(newestReport([note, old], noon)).toBeNull()
  })
})

describe('boxAround', () => {
  it('stays within the filter’s box, and is nothing for a place outside', () => {
    const box = boxAround({ lon: 10, lat: 20 }, null)!
    expect(box[0] < 10 && box[2] > 10 && box[1] < 20 && box[3] > 20).toBe(true)
    expect(boxAround({ lon: 10, lat: 20 }, [10, 19, 11, 21])![0]).toBe(10)
    expect(boxAround({ lon: 9.99, lat: 20 }, [10, 19, 11, 21])).toBeNull()
  })
})
