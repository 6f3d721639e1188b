import type { ImportReport, ReportItem } from './report.ts'

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

/** Counts an import of incidents. */
export class Tally {
  read = 0
  /** Lines sent but not yet answered. */
  underWay: readonly [first: number, last: number] | null = null
  stored = 0
  updated = 0
  unchanged = 0
  readonly rejectedLines = new Set<number>()
  readonly items: ReportItem[] = []
  readonly doubts: ImportReport['doubts'] = { counts: {}, items: [] }
  readonly byLevel: Record<string, number> = {}
  readonly #skipped = { skipped: 0, total: [] as number[] }

  reject(
    line: number,
    id: string | null,
    field: string | null,
    reason: string,
    detail: string | null,
  ): void {
    this.rejectedLines.add(line)
    this.items.push({ at: line, id: id || null, field, reason, detail })
  }

  doubt(line: number, id: string, field: string, reason: string, detail: string | null): void {
    const { counts, items } = this.doubts
    counts[reason] = (counts[reason] ?? 0) + 1
    if (items.length < doubtsNamed) items.push({ at: line, id, field, reason, detail })
  }

  /** Rows that are no incidents: they do not count as read. */
  skip(why: 'skipped' | 'total', line: number): void {
    if (why === 'total') this.#skipped.total.push(line)
    else this.#skipped.skipped += 1
  }

  skippedNotes(): string[] {
    const { skipped, total } = this.#skipped
    return [
      ...(skipped > 0 ? [`${skipped} rows were passed over, as the mapping says`] : []),
      ...(total.length > 0
        ? [`totals were passed over on line ${total.slice(0, 10).join(', ')}`]
        : []),
    ]
  }

  add(result: BatchResult): void {
    this.stored += result.stored
    this.updated += result.updated
    this.unchanged += result.unchanged
    for (const [level, count] of Object.entries(result.byLevel)) {
      this.byLevel[level] = (this.byLevel[level] ?? 0) + count
    }
    for (const { line, id, field, reason, detail } of result.rejected) {
      this.reject(line, id, field, reason, detail)
    }
  }
}
