import type { Database } from '../base/database-types.ts'
import { readEndedSessions } from '../owner/sessions.ts'

/** Between reads of ends by other processes. */
const keptMs = 2_000
/** Longer than an access token holds. */
const rememberedMs = 2 * 3_600_000

/** Access tokens outlive their sessions by up to an hour. */
export class EndedSessions {
  #database: () => Database
  #now: () => number
  #noted = new Map<string, number>()
  #read: { at: number; ids: Promise<Set<string>> } | null = null

  constructor(database: () => Database, now = (): number => Date.now()) {
    this.#database = database
    this.#now = now
  }

  /** The database knows these ends already. */
  note(ids: readonly string[]): void {
    const now = this.#now()
    for (const [id, at] of this.#noted) {
      // Oldest first.
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
      // The next caller reads again.
      read.ids.catch(() => {
        if (this.#read === read) this.#read = null
      })
    }
    return (await this.#read.ids).has(id) || this.#noted.has(id)
  }
}
