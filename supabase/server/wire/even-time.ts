/** Several password checks on a slow machine. */
const minMs = 500
/** Factor over the slowest recent check. */
const margin = 1.25
const remembered = 20

/** Gives password refusals one duration: a faster answer would reveal an unknown account. */
export class EvenTime {
  #recentMs: number[] = []
  #now: () => number
  #sleep: (ms: number) => Promise<void>

  constructor(
    now: () => number = () => performance.now(),
    sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  ) {
    this.#now = now
    this.#sleep = sleep
  }

  /** Delays answers that fail `isGood`. */
  async answer<T>(check: () => Promise<T>, isGood: (answer: T) => boolean): Promise<T> {
    const began = this.#now()
    const answer = await check()
    const tookMs = this.#now() - began
    this.#recentMs = [tookMs, ...this.#recentMs].slice(0, remembered)
    if (isGood(answer)) return answer
    const slowestMs = Math.max(...this.#recentMs)
    await this.#sleep(Math.max(minMs, slowestMs * margin) - tookMs)
    return answer
  }
}
