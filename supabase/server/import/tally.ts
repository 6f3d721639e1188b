import { RejectedRows } from './rejected-rows.ts'
import type { ImportReport } from './report.ts'

/** Doubts named in the report; all are counted. */
const doubtsNamed = 1_000

export interface BatchResult {
  stored: number
  unchanged: number
  updated: number
  byLevel: Record<string, number>
  rejected: {
    line: number
    id: string
    field: string | null
    reason: string
    detail: string | null
  }[]
}

interface RowFault {
  field: string | null
  reason: string
  detail: string | null
}

/** Totals named in the report. */
const totalsNamed = 10

/** Counts an import of incidents. Keeps no row: a file may have millions. */
export class Tally {
  read = 0
  /** Lines of batches sent but not yet answered. */
  readonly underWay = new Set<readonly [first: number, last: number]>()
  stored = 0
  updated = 0
  unchanged = 0
  readonly rejected: RejectedRows
  readonly doubts: ImportReport['doubts'] = { counts: {}, items: [] }
  readonly byLevel: Record<string, number> = {}
  readonly #skipped = { skipped: 0, totals: [] as number[] }

  /** @param rejectedFile where a long list of rejected rows goes. */
  constructor(rejectedFile: string | null = null) {
    this.rejected = new RejectedRows(rejectedFile)
  }

  /** Counts a row that is not stored, with all its faults. */
  reject(line: number, id: string | null, faults: readonly RowFault[]): void {
    this.rejected.add(faults.map((fault) => ({ at: line, id: id || null, ...fault })))
  }

  doubt(line: number, id: string, field: string, reason: string, detail: string | null): void {
    const { counts, items } = this.doubts
    counts[reason] = (counts[reason] ?? 0) + 1
    if (items.length < doubtsNamed) items.push({ at: line, id, field, reason, detail })
  }

  /** Rows that are no incidents: they do not count as read. */
  skip(why: 'skipped' | 'total', line: number): void {
    const { totals } = this.#skipped
    if (why === 'skipped') this.#skipped.skipped += 1
    else if (totals.length < totalsNamed) totals.push(line)
  }

  skippedNotes(): string[] {
    const { skipped, totals } = this.#skipped
    return [
      ...(skipped > 0 ? [`${skipped} rows were passed over, as the mapping says`] : []),
      ...(totals.length > 0 ? [`totals were passed over on line ${totals.join(', ')}`] : []),
    ]
  }

  add(result: BatchResult): void {
    this.stored += result.stored
    this.updated += result.updated
    this.unchanged += result.unchanged
    for (const [level, count] of Object.entries(result.byLevel)) {
      this.byLevel[level] = (this.byLevel[level] ?? 0) + count
    }
    for (const [line, faults] of Map.groupBy(result.rejected, (fault) => fault.line)) {
      const id = faults[0]?.id ?? null
      this.reject(
        line,
        id,
        faults.map(({ field, reason, detail }) => ({ field, reason, detail })),
      )
    }
  }
}
