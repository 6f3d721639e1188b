export type Wake = 'ask' | 'change'

/** A wake between rests ends the next one. */
export class Wakeable {
  #sleep: (millis: number, signal: AbortSignal) => Promise<void>
  #pending = new Set<Wake>()
  #resting: { endedBy: readonly Wake[]; end: () => void } | null = null
  #waiters = new Set<() => void>()
  #closed = false

  constructor(sleep: (millis: number, signal: AbortSignal) => Promise<void>) {
    this.#sleep = sleep
  }

  wake(wake: Wake): void {
    if (this.#resting?.endedBy.includes(wake)) this.#resting.end()
    else this.#pending.add(wake)
  }

  /** With `whileBusy`, `nextRest()` does not resolve: an upload is still running. */
  async rest(
    millis: number,
    signal: AbortSignal,
    endedBy: readonly Wake[],
    { whileBusy = false } = {},
  ): Promise<void> {
    const isWoken = endedBy.some((wake) => this.#pending.has(wake))
    for (const wake of endedBy) this.#pending.delete(wake)
    if (isWoken || signal.aborted) return
    if (!whileBusy) this.#endWaiting()
    const ended = new AbortController()
    this.#resting = { endedBy, end: () => ended.abort() }
    const either = AbortSignal.any([signal, ended.signal])
    await (millis === Infinity ? aborted(either) : this.#sleep(Math.max(0, millis), either))
    this.#resting = null
  }

  /** Calls `first`; resolves when the next rest begins. */
  nextRest(first: () => void): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      this.#waiters.add(resolve)
      first()
    })
  }

  close(): void {
    this.#closed = true
    this.#endWaiting()
  }

  #endWaiting(): void {
    for (const waiter of this.#waiters) waiter()
    this.#waiters.clear()
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** Resolves early on abort. */
export const sleep = (millis: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    // Timers hold 31 bits.
    const timer = setTimeout(end, Math.min(millis, 2 ** 31 - 1))
    signal.addEventListener('abort', end, { once: true })
  })
