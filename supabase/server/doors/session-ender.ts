import type { Database } from '../base/database-types.ts'
import type { Journal } from '../journal/journal.ts'
import { endSessions } from '../owner/sessions.ts'
import type { Ending } from '../owner/sessions.ts'
import type { Caller } from '../wire/token.ts'
import type { EndedSessions } from './ended-sessions.ts'

export interface SessionEnderOptions {
  /** With the owner's rights. */
  database(): Database
  /** Null on one's own Postgres, which keeps its own log. */
  journal: Pick<Journal, 'append'> | null
  endedSessions: Pick<EndedSessions, 'note'>
  onChange(): void
}

/** In the database, at this door at once, and in the journal. */
export class SessionEnder {
  #options: SessionEnderOptions

  constructor(options: SessionEnderOptions) {
    this.#options = options
  }

  /** Resolves once no power cut can revive them. */
  async end(userId: Caller['userId'], ending: Ending): Promise<number> {
    const ids = await endSessions(this.#options.database(), userId, ending)
    await this.note(userId, ids)
    return ids.length
  }

  /** For sessions that the database has ended already. */
  async note(userId: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return
    const { journal, endedSessions, onChange } = this.#options
    endedSessions.note(ids)
    const received = new Date().toISOString()
    const settled = await journal?.append({
      user: userId,
      body: '',
      received,
      endedSessions: [...ids],
    })
    settled?.()
    onChange()
  }
}
