import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'

/**
 * What a person meant, written down before the outbox hears of it, by code that shares nothing with
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
}

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

  read(): Intent[] {
    return readFileSync(this.path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Intent)
  }

  close(): void {
    closeSync(this.#file)
  }
}

export const sha256Hex = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex')
