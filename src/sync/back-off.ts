const baseMs = 1000
const maxMs = 5 * 60_000
/** Without a network nobody is spared by waiting, and a person who just got one is watching. */
const maxOfflineMs = 30_000
/** Even the luckiest draw does not hammer the server. */
const minMs = 200

/**
 * Exponential back-off with full jitter, at most 5 minutes, or 30 seconds for the reason `offline`.
 * `tries` counts from 1; `random` from 0 up to 1.
 */
export function backOffMs(tries: number, random: number, reason: string): number {
  const most = reason === 'offline' ? maxOfflineMs : maxMs
  return Math.max(minMs, random * Math.min(most, baseMs * 2 ** (tries - 1)))
}

export interface Wait {
  tries: number
  until: number
  reason: string
}

/** Items that wait on their own, so that one that fails never holds up the others. */
export class ItemWaits {
  #waits = new Map<string, Wait>()
  #alone = new Set<string>()

  delay(id: string, reason: string, now: number, random: number): void {
    const tries = (this.#waits.get(id)?.tries ?? 0) + 1
    this.#waits.set(id, { tries, reason, until: now + backOffMs(tries, random, reason) })
  }

  isWaiting(id: string, now: number): boolean {
    const wait = this.#waits.get(id)
    return wait !== undefined && wait.until > now
  }

  /** An item that failed a call all by itself is not put into one with others again. */
  setAlone(id: string): void {
    this.#alone.add(id)
  }
  goesAlone(id: string): boolean {
    return this.#alone.has(id)
  }

  forget(id: string): void {
    this.#waits.delete(id)
    this.#alone.delete(id)
  }

  /** The next one to come due; null when none waits. */
  next(now: number): Wait | null {
    let first: Wait | null = null
    for (const wait of this.#waits.values())
      if (wait.until > now && (!first || wait.until < first.until)) first = wait
    return first
  }

  /** All may be tried now; how often they failed stays known. */
  endAll(): void {
    for (const wait of this.#waits.values()) wait.until = 0
  }
}
