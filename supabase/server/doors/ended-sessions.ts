import type { Database } from '../base/database-types.ts'
import { readEndedSessions } from '../owner/sessions.ts'

/** Milliseconds between two reads of the ends that other processes have noted. */
const keptMs = 2_000
/** Milliseconds for which an end is remembered: longer than an access token holds. */
const rememberedMs = 2 * 3_600_000

/**
 * Sessions that were ended. Their access tokens stay valid by signature for up to an hour. Ends by
 * this server count at once; ends by a command are read every two seconds, once for all callers.
 */
export class EndedSessions {
  #database: () => Database
  #now: () => number
  #noted = new Map<string, number>()
  #read: { at: number; ids: Promise<Set<string>> } | null = null

  constructor(database: () => Database, now: () => number = Date.now) {
    this.#database = database
    this.#now = now
  }

  /** Counts sessions as ended from now on; the caller has noted that in the database. */
  note(ids: readonly string[]): void {
    const now = this.#now()
    for (const [id, at] of this.#noted) {
      // the oldest come first
      if (now - at < rememberedMs) break
      this.#noted.delete(id)
    }
    for (const id of ids) this.#noted.set(id, now)
  }

  async includes(sessionId: string): Promise<boolean> {
    const id = sessionId.toLowerCase()
    const now = this.#now()
    if (!this.#read || now - this.#read.at > keptMs) {
      const read = { at: now, ids: readEndedSessions(this.#database()) }
      this.#read = read
      // a failed read is asked again by the next caller
      read.ids.catch(() => {
        if (this.#read === read) this.#read = null
      })
    }
    return (await this.#read.ids).has(id) || this.#noted.has(id)
  }
}
