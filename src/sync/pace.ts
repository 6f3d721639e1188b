/** Milliseconds. A single command gets time for 1 kB/s. */
export const callMs = (commands: number, bytes: number): number =>
  commands > 1 ? 90_000 : 90_000 + bytes

const minMs = 60_000
/** 16 kB/s. */
const bytesPerMillisecond = 16
const maxDoublings = 3

/**
 * Each timeout doubles a photo's time, up to eight times. Photos then go one by one until one is
 * quick.
 */
export class UploadPace {
  #isSlow = false
  #timeouts = new Map<string, number>()

  get atOnce(): number {
    return this.#isSlow ? 1 : 3
  }

  /** Milliseconds. */
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
