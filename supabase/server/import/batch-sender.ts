import type { Database } from '../base/database-types.ts'
import { RestingIndexes } from '../owner/resting-indexes.ts'
import { BatchSize } from './batch-size.ts'
import type { ImportRow } from './incident-row.ts'
import type { StreetLabels } from './place/street-labels.ts'
import { newBatch, sendBatch } from './store-incidents.ts'
import type { Batch, StoreOptions } from './store-incidents.ts'
import type { Tally } from './tally.ts'

interface SendOptions extends StoreOptions {
  onProgress?: (state: { read: number; stored: number; rejected: number }) => void
  /** Told before each index that is made at the end. */
  onIndexes?: () => void
  /** Ends the sending before the next batch. */
  signal?: AbortSignal
}

/**
 * Batches under way at the same time, where nobody else wants the database: while one writes its rows, the next is
 * read and placed; and PGlite finds its next work without a way to the file's reader.
 */
const mostUnderWay = 2

/** Stores rows in batches; the next rows are read while the database stores them. */
export class BatchSender {
  readonly #db: Database
  readonly #options: SendOptions
  readonly #tally: Tally
  readonly #streets: StreetLabels | null
  readonly #rowsAbout: number | null
  readonly #size: BatchSize
  /** Null where others read, or updates need them. */
  readonly #indexes: RestingIndexes | null
  readonly #isAlone: boolean
  /** The first goes alone: after it indexes may rest. */
  #mostUnderWay = 1
  #rows: ImportRow[] = []
  #characters = 0
  /** They never reject: the fault waits in `#fault`. */
  readonly #underWay = new Set<Promise<void>>()
  #fault: { error: unknown } | null = null

  /** @param rowsAbout of the file, null when that is not known. */
  constructor(
    db: Database,
    options: SendOptions,
    tally: Tally,
    streets: StreetLabels | null,
    rowsAbout: number | null,
  ) {
    this.#rowsAbout = rowsAbout
    this.#db = db
    this.#options = options
    this.#tally = tally
    this.#streets = streets
    const isShared = db.isShared === true
    this.#size = new BatchSize(isShared)
    this.#isAlone = !isShared && !options.update && !options.checkOnly
    this.#indexes = this.#isAlone ? new RestingIndexes(db, options.mapping.source) : null
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
    await this.#fewerThan(1)
  }

  /** Waits for the batches under way, however they end, and makes the indexes again that rest. */
  async close(): Promise<void> {
    await Promise.all(this.#underWay)
    await this.#indexes?.end(() => this.#options.onIndexes?.())
  }

  async #send(): Promise<void> {
    this.#options.signal?.throwIfAborted()
    // written while the database is at work, so that it waits for nothing between two batches
    const batch = await this.#take()
    await this.#fewerThan(this.#mostUnderWay)
    const storing = this.#store(batch)
      .catch((error: unknown) => {
        this.#fault ??= { error }
      })
      .finally(() => this.#underWay.delete(storing))
    this.#underWay.add(storing)
  }

  async #take(): Promise<Batch> {
    const rows = this.#rows
    this.#rows = []
    this.#characters = 0
    await nameStreets(rows, this.#streets)
    return newBatch(rows)
  }

  /** Waits until fewer batches than `most` are under way. @throws what storing has thrown. */
  async #fewerThan(most: number): Promise<void> {
    while (this.#underWay.size >= most && !this.#fault) await Promise.race(this.#underWay)
    if (this.#fault) throw this.#fault.error
  }

  async #store(batch: Batch): Promise<void> {
    const took = await sendBatch(this.#db, batch, this.#options, this.#tally)
    if (took !== null) this.#size.took(batch.rows, took)
    const { read, stored, rejected } = this.#tally
    const settled = stored + this.#tally.updated + this.#tally.unchanged + rejected.rows
    await this.#indexes?.note(stored, ((this.#rowsAbout ?? 0) * stored) / Math.max(1, settled))
    if (this.#isAlone) this.#mostUnderWay = mostUnderWay
    this.#options.onProgress?.({ read, stored, rejected: rejected.rows })
  }
}

/** Rows without an address get the streets of their place. Their hash stays: the source has no address. */
async function nameStreets(rows: ImportRow[], streets: StreetLabels | null): Promise<void> {
  if (!streets) return
  for (const row of rows)
    if (row.address === '') row.address = await streets.labelAt([row.lon, row.lat])
}
