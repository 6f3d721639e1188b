import { sessionEnds } from '../owner/people.ts'
import type { Database } from '../base/database-types.ts'
import type { Caller } from '../wire/token.ts'

/** The longest an ended session stays usable. */
const keptMs = 2_000

/**
 * Sessions that a command ended. Their tokens stay valid by signature for up to an hour. The ends are
 * read from the database every two seconds, once for all callers.
 */
export class EndedSessions {
  #database: () => Database
  #now: () => number
  #ends: { at: number; byUser: Promise<Map<string, number>> } | null = null

  constructor(database: () => Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  /** True for a token that was signed before its owner's sessions were ended. */
  async includes({ userId, issuedAt }: Caller): Promise<boolean> {
    const now = this.#now()
    if (!this.#ends || now - this.#ends.at > keptMs) {
      const ends = { at: now, byUser: sessionEnds(this.#database()) }
      this.#ends = ends
      // a failed read is asked again by the next caller
      ends.byUser.catch(() => {
        if (this.#ends === ends) this.#ends = null
      })
    }
    return issuedAt < ((await this.#ends.byUser).get(userId) ?? 0)
  }
}
