import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '../base/database-types.ts'
import { makeFolder, writeDurably } from '../base/files.ts'
import type { KeptReportRow, ReadableReports } from '../doors/reports.ts'
import type { ReportWish } from './print-report.ts'

export interface KeptReport extends Omit<KeptReportRow, 'sent' | 'recipients'> {
  /** Addresses that have it. */
  sentTo: string[]
}

/** `reports/` of the data folder: the PDFs, and `kept.json` with what is known about each. */
export class KeptReports implements ReadableReports {
  readonly #folder: string
  readonly #database: () => Database
  readonly #recipients: readonly string[]

  constructor(dataDir: string, database: () => Database, recipients: readonly string[]) {
    this.#folder = join(dataDir, 'reports')
    this.#database = database
    this.#recipients = recipients
  }

  all(): KeptReport[] {
    const path = join(this.#folder, 'kept.json')
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as KeptReport[]) : []
  }

  find({ period, area, language }: ReportWish): KeptReport | null {
    const name = nameOf({ period, area, language })
    return this.all().find((one) => one.name === name) ?? null
  }

  /** The file first: what the list names is there. */
  keep(wish: ReportWish, pdf: Uint8Array, madeAt: Date): void {
    makeFolder(this.#folder)
    const { period, area, language } = wish
    const name = nameOf(wish)
    writeDurably(join(this.#folder, name), pdf, 0o600)
    const report: KeptReport = {
      ...{ name, period, areaCode: area.code, areaName: area.name, language },
      ...{ madeAt: madeAt.toISOString(), bytes: pdf.length, sentTo: [] },
    }
    this.#write([...this.all().filter((one) => one.name !== name), report])
  }

  noteSent(name: string, address: string): void {
    this.#write(
      this.all().map((one) =>
        one.name === name ? { ...one, sentTo: [...one.sentTo, address] } : one,
      ),
    )
  }

  bytes(name: string): Promise<Uint8Array> {
    return readFile(join(this.#folder, name))
  }

  /** Newest first. */
  async list(userId: string): Promise<KeptReportRow[]> {
    const led = await this.#ledAreas(userId)
    return this.all()
      .filter(({ areaCode }) => led.has(areaCode))
      .toSorted((a, b) => b.period.localeCompare(a.period) || a.name.localeCompare(b.name))
      .map(({ sentTo, ...row }) => ({
        ...row,
        sent: this.#recipients.filter((one) => sentTo.includes(one)).length,
        recipients: this.#recipients.length,
      }))
  }

  async read(userId: string, name: string): Promise<Uint8Array | null> {
    // A name of the list alone leads to a file.
    const report = this.all().find((one) => one.name === name)
    if (!report || !(await this.#ledAreas(userId)).has(report.areaCode)) return null
    return this.bytes(report.name)
  }

  async #ledAreas(userId: string): Promise<Set<string>> {
    const codes = [...new Set(this.all().map(({ areaCode }) => areaCode))]
    if (codes.length === 0) return new Set()
    const rows = await this.#database().query<{ code: string }>(
      `select a.code from public.areas a
        where a.code = any($2::text[]) and exists (
          select 1 from public.memberships m join public.areas own on own.code = m.area_code
           where m.user_id = $1::uuid and m.role in ('leader', 'grid_manager', 'admin')
             and m.valid_from <= now() and (m.valid_to is null or m.valid_to > now())
             and starts_with(a.path, own.path))`,
      [userId, codes],
    )
    return new Set(rows.map(({ code }) => code))
  }

  #write(reports: readonly KeptReport[]): void {
    writeDurably(join(this.#folder, 'kept.json'), JSON.stringify(reports, null, 2), 0o600)
  }
}

/** Two areas whose codes differ in other signs alone do not share a file. */
const nameOf = ({ period, area, language }: ReportWish): string =>
  `${period}_${encodeURIComponent(area.code).replaceAll('%', '~')}_${language}.pdf`
