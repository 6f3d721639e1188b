/** A batch is one transaction and one request. */
const firstRows = { alone: 1_000, shared: 50 }
const leastRows = 20
const mostRows = { alone: 6_000, shared: 2_000 }
/** How long the database may take for a batch: beside others it holds up their calls. */
const wantedMs = { alone: 750, shared: 15 }
/** Of JSON, after which a batch is sent early. */
const mostCharacters = 3_000_000

/** Sizes batches by the time that the last one took. */
export class BatchSize {
  readonly #wantedMs: number
  readonly #mostRows: number
  #rows: number

  /** @param isShared whether others use the database meanwhile. */
  constructor(isShared: boolean) {
    const kind = isShared ? 'shared' : 'alone'
    this.#wantedMs = wantedMs[kind]
    this.#mostRows = mostRows[kind]
    this.#rows = firstRows[kind]
  }

  isFull(rows: number, characters: number): boolean {
    return rows >= this.#rows || characters >= mostCharacters
  }

  /** At most doubles or halves: one slow batch says little. */
  took(rows: number, milliseconds: number): void {
    if (rows === 0) return
    const wanted = (rows * this.#wantedMs) / Math.max(1, milliseconds)
    const near = Math.min(2 * this.#rows, Math.max(this.#rows / 2, wanted))
    this.#rows = Math.round(Math.min(this.#mostRows, Math.max(leastRows, near)))
  }
}
