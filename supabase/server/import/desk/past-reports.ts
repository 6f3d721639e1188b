import { createReadStream, existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { faultTableHeader, faultTableRows } from '../fault-table.ts'
import { detailWords, noteWords } from '../note-words.ts'
import { reasons } from '../reasons.ts'
import { onlyChecked } from '../report.ts'
import type { ImportReport, ReportItem } from '../report.ts'

export interface ReportSummary {
  name: string
  kind: ImportReport['kind'] | null
  file: string
  startedAt: string | null
  finishedAt: string
  isCheck: boolean
  read: number
  stored: number
  updated: number
  unchanged: number
  rejected: number
  doubts: number
  brokenOff: string | null
  /** Whether the import ended without a report: its process or the machine was stopped. */
  isLost: boolean
}

/** Newest first, on the page. */
const listed = 30
/** Rows named in an answer; the CSV names all. */
const itemsInAnswer = 200

const sum = (counts: Record<string, number>): number =>
  Object.values(counts).reduce((all, one) => all + one, 0)

function summaryOf(name: string, at: Date, report: ImportReport | null): ReportSummary {
  const { kind = null, file = name, startedAt = null, brokenOff = null } = report ?? {}
  const { read = 0, stored = 0, updated = 0, unchanged = 0, rejected = 0 } = report ?? {}
  return {
    ...{ name, kind, startedAt, brokenOff, read, stored, updated, unchanged, rejected },
    // the command names a path
    file: basename(file),
    finishedAt: report?.finishedAt ?? at.toISOString(),
    isCheck: report?.warnings.includes(onlyChecked) ?? false,
    doubts: sum(report?.doubts.counts ?? {}),
    isLost: report === null,
  }
}

const words = (counts: Record<string, number>) =>
  Object.entries(counts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => ({
      ...{ reason, count },
      en: reasons[reason]?.en ?? reason,
      zh: reasons[reason]?.zh ?? reason,
    }))

const itemWords = (item: ReportItem) => ({
  ...item,
  detail: item.detail === null ? null : detailWords(item.detail),
})

/** The reports in `imports/` of the data folder, of this server's imports and of the command's. */
export class PastReports {
  readonly #folder: string
  readonly #known = new Map<string, { changedMs: number; summary: ReportSummary }>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => [])
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5))
  }

  async #read(name: string): Promise<ImportReport | null> {
    const text = await readFile(join(this.#folder, `${name}.json`), 'utf8').catch(() => '')
    try {
      return JSON.parse(text) as ImportReport
    } catch {
      return null
    }
  }

  /** @param running name of the report that is being written. */
  async list(running: string | null): Promise<ReportSummary[]> {
    const names = (await this.#names()).filter((name) => name !== running)
    const found = await Promise.all(
      names.map(async (name) => {
        const info = await stat(join(this.#folder, `${name}.json`)).catch(() => null)
        return info ? [{ name, at: info.mtime }] : []
      }),
    )
    const newest = found.flat().toSorted((a, b) => b.at.getTime() - a.at.getTime())
    return Promise.all(newest.slice(0, listed).map(({ name, at }) => this.#summary(name, at)))
  }

  async #summary(name: string, at: Date): Promise<ReportSummary> {
    const known = this.#known.get(name)
    if (known?.changedMs === at.getTime()) return known.summary
    const summary = summaryOf(name, at, await this.#read(name))
    this.#known.set(name, { changedMs: at.getTime(), summary })
    return summary
  }

  /** Null for a name that the folder does not hold: the name is compared, never joined. */
  async find(name: string): Promise<ImportReport | null> {
    return (await this.#names()).includes(name) ? this.#read(name) : null
  }

  async answer(name: string): Promise<object | null> {
    const report = await this.find(name)
    if (!report) return null
    const { reasons: counts, items, doubts, warnings, byLevel } = report
    return {
      summary: summaryOf(name, new Date(report.finishedAt), report),
      reasons: words(counts),
      doubts: words(doubts.counts),
      items: items.slice(0, itemsInAnswer).map(itemWords),
      doubtItems: doubts.items.slice(0, itemsInAnswer).map(itemWords),
      // the report itself names the first thousand
      itemCount: sum(counts),
      warnings: warnings.filter((text) => text !== onlyChecked).map(noteWords),
      brokenOff: report.brokenOff === null ? null : noteWords(report.brokenOff),
      byLevel,
    }
  }

  /** All rejected rows, of which the report itself names the first ones only, then the doubtful ones. */
  async csv(name: string): Promise<ReadableStream | null> {
    const report = await this.find(name)
    if (!report) return null
    const whole = join(this.#folder, `${name}.rejected.csv`)
    async function* parts(): AsyncGenerator<string | Uint8Array> {
      if (report!.rejectedFile && existsSync(whole)) yield* createReadStream(whole)
      else yield faultTableHeader() + faultTableRows(report!.items, 'rejected')
      yield faultTableRows(report!.doubts.items, 'doubtful')
    }
    return Readable.toWeb(Readable.from(parts(), { objectMode: false })) as ReadableStream
  }
}
