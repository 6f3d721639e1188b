/**
 * Time limit in milliseconds. Timed-out batches are halved; a single command gets time for 1 kB/s.
 */
export const callMs = (commands: number, bytes: number): number =>
  commands > 1 ? 90_000 : 90_000 + bytes

const minMs = 60_000
/** 16 kB/s, until a photo times out. */
const bytesPerMillisecond = 16
const maxDoublings = 3

/**
 * Learns the link's speed. A timed-out photo gets twice the time, up to eight times; photos go one
 * by one until one is quick again.
 */
export class UploadPace {
  #isSlow = false
  #timeouts = new Map<string, number>()

  get atOnce(): number {
    return this.#isSlow ? 1 : 3
  }

  /** Time limit in milliseconds. */
  millis(hash: string, bytes: number): number {
    return ordinaryMs(bytes) * 2 ** Math.min(maxDoublings, this.#timeouts.get(hash) ?? 0)
  }

  slowDown(): void {
    this.#isSlow = true
  }

  timedOut(hash: string): void {
    this.slowDown()
    this.#timeouts.set(hash, (this.#timeouts.get(hash) ?? 0) + 1)
  }

  arrived(hash: string, bytes: number, tookMs: number): void {
    this.#timeouts.delete(hash)
    if (tookMs < ordinaryMs(bytes) / 4) this.#isSlow = false
  }
}

const ordinaryMs = (bytes: number): number => Math.ceil(minMs + bytes / bytesPerMillisecond)
