import type { RatingsRepo } from '@/data/ratings.repo.ts'
import type { LocalMonth } from '@/domain/vocabulary.ts'
import type { RemoteColumnsEngine } from './engine-call.ts'

export interface RatingLoaderParts {
  repo: Pick<RatingsRepo, 'months' | 'columns'>
  engine: Pick<RemoteColumnsEngine, 'putRatings'>
  /** Renews an expired session around a call. */
  guard: <T>(call: () => Promise<T>) => Promise<T>
}

/** The server's limit for one call. */
const maxMonths = 120

/** Loads one scope's ratings into one worker. They are few: four bytes for each closing asked about. */
export class RatingLoader {
  readonly #parts: RatingLoaderParts
  readonly #revisions = new Map<LocalMonth, string>()
  #cursor: string | null = null

  constructor(parts: RatingLoaderParts) {
    this.#parts = parts
  }

  /**
   * Loads all months first, then those that changed; call again after a failure.
   * @returns true when anything changed
   * @throws AppError; AbortError
   */
  async refresh(signal: AbortSignal): Promise<boolean> {
    const { repo, engine, guard } = this.#parts
    const listing = await guard(() => repo.months(this.#cursor, signal))
    const isFirst = this.#cursor === null
    if (listing.reset) {
      const listed = new Set(listing.months.map(({ month }) => month))
      const gone = [...this.#revisions.keys()].filter((month) => !listed.has(month))
      await engine.putRatings([], gone)
      for (const month of gone) this.#revisions.delete(month)
    }
    const stale = listing.months.filter(
      ({ month, revision }) => this.#revisions.get(month) !== revision,
    )
    for (let at = 0; at < stale.length; at += maxMonths) {
      const wanted = stale.slice(at, at + maxMonths).map(({ month }) => month)
      const arrived = await guard(() => repo.columns(wanted, signal))
      signal.throwIfAborted()
      await engine.putRatings(arrived, [])
      for (const { month, revision } of arrived) this.#revisions.set(month, revision)
    }
    // Set last: after a failure a newer cursor would skip changes.
    this.#cursor = listing.cursor
    return isFirst || listing.reset || stale.length > 0
  }
}
