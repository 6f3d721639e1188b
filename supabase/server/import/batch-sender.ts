import type { Database } from '../base/database-types.ts'
import { RestingIndexes } from '../owner/resting-indexes.ts'
import { BatchSize } from './batch-size.ts'
import type { ImportRow } from './incident-row.ts'
import type { StreetLabels } from './place/street-labels.ts'
import { bodyOf, sendBatch } from './store-incidents.ts'
import type { StoreOptions } from './store-incidents.ts'
import type { Tally } from './tally.ts'

interface SendOptions extends StoreOptions {
  onProgress?: (state: { read: number; stored: number; rejected: number }) => void
  /** Told before each index that is made at the end. */
  onIndexes?: () => void
  /** Ends the sending before the next batch. */
  signal?: AbortSignal
}

/** Stores rows in batches, one after the other; the next rows are read while the database stores a batch. */
export class BatchSender {
  readonly #db: Database
  readonly #options: SendOptions
  readonly #tally: Tally
  readonly #streets: StreetLabels | null
  readonly #size: BatchSize
  /** Null where others read, or updates need them. */
  readonly #indexes: RestingIndexes | null
  #rows: ImportRow[] = []
  #characters = 0
  /** Never rejects: the fault waits in `#fault`. */
  #underWay: Promise<void> = Promise.resolve()
  #fault: { error: unknown } | null = null

  constructor(db: Database, options: SendOptions, tally: Tally, streets: StreetLabels | null) {
    this.#db = db
    this.#options = options
    this.#tally = tally
    this.#streets = streets
    const isShared = db.isShared === true
    this.#size = new BatchSize(isShared)
    const mayRest = !isShared && !options.update && !options.checkOnly
    this.#indexes = mayRest ? new RestingIndexes(db) : null
  }

  /** @throws what storing an earlier batch has thrown. */
  async add(row: ImportRow): Promise<void> {
    this.#rows.push(row)
    this.#characters += row.description.length + row.address.length + 400
    if (this.#size.isFull(this.#rows.length, this.#characters)) await this.#send()
  }

  /** Waits until everything is stored. @throws what storing has thrown. */
  async end(): Promise<void> {
    await this.#send()
    await this.#underWay
    if (this.#fault) throw this.#fault.error
  }

  /** Waits for the batch under way, however it ends, and makes the indexes again that rest. */
  async close(): Promise<void> {
    await this.#underWay
    await this.#indexes?.end(() => this.#options.onIndexes?.())
  }

  async #send(): Promise<void> {
    this.#options.signal?.throwIfAborted()
    const rows = this.#rows
    this.#rows = []
    this.#characters = 0
    await nameStreets(rows, this.#streets)
    // written while the database is at work, so that it waits for nothing between two batches
    const body = bodyOf(rows)
    await this.#underWay
    if (this.#fault) throw this.#fault.error
    this.#underWay = this.#store(rows, body).catch((error: unknown) => {
      this.#fault = { error }
    })
  }

  async #store(rows: ImportRow[], body: string): Promise<void> {
    const began = performance.now()
    await sendBatch(this.#db, rows, body, this.#options, this.#tally)
    this.#size.took(rows.length, performance.now() - began)
    const { read, stored, rejected } = this.#tally
    await this.#indexes?.note(stored)
    this.#options.onProgress?.({ read, stored, rejected: rejected.rows })
  }
}

/** Rows without an address get the streets of their place. Their hash stays: the source has no address. */
async function nameStreets(rows: ImportRow[], streets: StreetLabels | null): Promise<void> {
  if (!streets) return
  for (const row of rows)
    if (row.address === '') row.address = await streets.labelAt([row.lon, row.lat])
}
