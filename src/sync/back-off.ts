const baseMs = 1000
const maxMs = 5 * 60_000
/** Short: the network may just have returned. */
const maxOfflineMs = 30_000
/** Guards against short random draws. */
const minMs = 200

/** Exponential, full jitter. `tries` counts from 1; `random` from 0 up to 1. */
export function backOffMs(tries: number, random: number, reason: string): number {
  const most = reason === 'offline' ? maxOfflineMs : maxMs
  return Math.max(minMs, random * Math.min(most, baseMs * 2 ** (tries - 1)))
}

export const held = 'held'

export interface Wait {
  tries: number
  until: number
  reason: string
}

/** A failing item does not delay the others. */
export class ItemWaits {
  #waits = new Map<string, Wait>()
  #alone = new Set<string>()

  delay(id: string, reason: string, now: number, random: number): void {
    const tries = (this.#waits.get(id)?.tries ?? 0) + 1
    this.#waits.set(id, { tries, reason, until: now + backOffMs(tries, random, reason) })
  }

  /** No failure: the person may still take it back. */
  hold(id: string, until: number): void {
    this.#waits.set(id, { tries: 0, reason: held, until })
  }

  isWaiting(id: string, now: number): boolean {
    const wait = this.#waits.get(id)
    return wait !== undefined && wait.until > now
  }

  /** The item shares no call again. */
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

  /** Next due wait. */
  next(now: number): Wait | null {
    let first: Wait | null = null
    for (const wait of this.#waits.values())
      if (wait.until > now && (!first || wait.until < first.until)) first = wait
    return first
  }

  /** Keeps the failure counts. */
  endAll(): void {
    for (const wait of this.#waits.values()) wait.until = 0
  }
}
