/** Milliseconds a refusal takes at least: some times what a password check takes on a slow machine. */
const minMs = 500
/** Refusals take this much longer than the slowest check lately. */
const margin = 1.25
/** Checks that are remembered. */
const remembered = 20

/**
 * Gives refusals of passwords one duration, so that an unknown account, whose password is not
 * checked at all, cannot be told from a known one.
 */
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

  /** Runs `check`; an answer that `isGood` refuses comes when all refusals come. */
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
