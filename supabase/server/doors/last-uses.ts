/** Milliseconds a use is remembered: by then the session was renewed, and the database knows that. */
const rememberedMs = 2 * 3_600_000

/** When sessions were last used, since this server started. Their renewals come only once an hour. */
export class LastUses {
  #uses = new Map<string, number>()
  #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  note(sessionId: string): void {
    const id = sessionId.toLowerCase()
    const now = this.#now()
    // set anew, so that the oldest come first
    this.#uses.delete(id)
    this.#uses.set(id, now)
    for (const [old, at] of this.#uses) {
      if (now - at < rememberedMs) break
      this.#uses.delete(old)
    }
  }

  /** An instant, or null. */
  of(sessionId: string): string | null {
    const at = this.#uses.get(sessionId.toLowerCase())
    return at === undefined ? null : new Date(at).toISOString()
  }
}
