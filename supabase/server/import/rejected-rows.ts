import { appendFileSync, writeFileSync } from 'node:fs'
import { faultTableHeader, faultTableRows } from './fault-table.ts'
import { countReasons } from './report.ts'
import type { ReportItem } from './report.ts'

/** Faults named in the report; all are counted. */
export const faultsNamed = 1_000
/** Faults written to the file at once. */
const writtenAtOnce = 500

/** Counts the faults of rejected rows. The report names the first ones; with more, a CSV has all. */
export class RejectedRows {
  readonly items: ReportItem[] = []
  /** Rows with at least one fault. */
  rows = 0
  readonly #path: string | null
  readonly #counts: Record<string, number> = {}
  #waiting: ReportItem[] = []
  #isOpen = false

  /** @param path of the CSV; without one the further faults are only counted. */
  constructor(path: string | null) {
    this.#path = path
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#counts
  }

  /** The CSV, when there are faults that the report does not name. */
  get file(): string | null {
    return this.#isOpen ? this.#path : null
  }

  /** All faults of one row. @throws when the file cannot be written. */
  add(faults: readonly ReportItem[]): void {
    this.rows += 1
    for (const [reason, count] of Object.entries(countReasons(faults)))
      this.#counts[reason] = (this.#counts[reason] ?? 0) + count
    for (const fault of faults) {
      if (this.#isOpen) this.#waiting.push(fault)
      else if (this.items.length < faultsNamed) this.items.push(fault)
      else this.#open(fault)
    }
    if (this.#waiting.length >= writtenAtOnce) this.close()
  }

  /** Writes what waits. */
  close(): void {
    if (this.#path === null || this.#waiting.length === 0) return
    appendFileSync(this.#path, faultTableRows(this.#waiting, 'rejected'))
    this.#waiting = []
  }

  #open(fault: ReportItem): void {
    if (this.#path === null) return
    writeFileSync(this.#path, faultTableHeader())
    this.#isOpen = true
    this.#waiting = [...this.items, fault]
  }
}
