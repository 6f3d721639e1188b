/** By then the session was renewed, which the database knows. */
const rememberedMs = 2 * 3_600_000

/** The database sees only hourly renewals. */
export class LastUses {
  #uses = new Map<string, number>()
  #now: () => number

  constructor(now = (): number => Date.now()) {
    this.#now = now
  }

  note(sessionId: string): void {
    const id = sessionId.toLowerCase()
    const now = this.#now()
    // Set anew to keep the oldest first.
    this.#uses.delete(id)
    this.#uses.set(id, now)
    for (const [old, at] of this.#uses) {
      if (now - at < rememberedMs) break
      this.#uses.delete(old)
    }
  }

  of(sessionId: string): string | null {
    const at = this.#uses.get(sessionId.toLowerCase())
    return at === undefined ? null : new Date(at).toISOString()
  }
}
