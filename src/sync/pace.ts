/**
 * How long a call of commands may take, in milliseconds. One that runs out of time is sent again with
 * half as many; what is alone cannot be halved and gets what a kilobyte a second needs.
 */
export const callMs = (commands: number, bytes: number): number =>
  commands > 1 ? 90_000 : 90_000 + bytes

const minMs = 60_000
/** 16 kB/s, before a photo has shown that it needs longer. */
const bytesPerMillisecond = 16
const maxDoublings = 3

/**
 * What the way to the server has shown that it carries. A photo cannot be halved: every time it runs
 * out of time it gets twice as much, up to eight times, and until the way is quick again photos go
 * one by one instead of sharing it.
 */
export class UploadPace {
  #isSlow = false
  #timeouts = new Map<string, number>()

  get atOnce(): number {
    return this.#isSlow ? 1 : 3
  }

  /** How long a photo of so many bytes may take, in milliseconds. */
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
