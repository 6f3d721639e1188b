import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

/**
 * Intents of people, written down before the outbox hears of it, by code that shares nothing with
 * the outbox: `token` stands in the text people typed, so that the same intent stored under two
 * command ids is found too.
 */
export interface Intent {
  token: string
  actor: string
  type: string
  incidentId: string
  /** SHA-256 of each photo's bytes, lower-case hex. */
  photoHashes: string[]
  /** `hashOfContent` of what the person entered. */
  contentHash: string
}

export interface Content {
  text: string
  /** Of a report. */
  report?: { categoryCode: string; severity: number; lon: number; lat: number }
}

/** One hash over what was entered, whoever holds it: field by field, in an order of its own. */
export const hashOfContent = ({ text, report }: Content): string =>
  sha256Hex(
    JSON.stringify([
      text,
      report && [report.categoryCode, report.severity, report.lon, report.lat],
    ]),
  )

/** Intents in a file of their own, synced line by line. */
export class Ledger {
  readonly path: string
  #file: number

  constructor(path: string) {
    this.path = path
    this.#file = openSync(path, 'a')
  }

  write(intent: Intent): void {
    writeSync(this.#file, `${JSON.stringify(intent)}\n`)
    fsyncSync(this.#file)
  }

  /** Every intent once, as it was meant last. */
  read(): Intent[] {
    const lines = readFileSync(this.path, 'utf8').split('\n').filter(Boolean)
    const intents = lines.map((line) => JSON.parse(line) as Intent)
    return [...new Map(intents.map((intent) => [intent.token, intent])).values()]
  }

  close(): void {
    closeSync(this.#file)
  }
}

export const sha256Hex = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex')
