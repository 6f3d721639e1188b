/** A token bucket per key: `capacity` at once, refilled at `perSecond`. */
export class RateLimit {
  #buckets = new Map<string, { tokens: number; at: number }>()
  #capacity: number
  #perSecond: number
  #now: () => number

  constructor(capacity: number, perSecond: number, now = (): number => Date.now()) {
    this.#capacity = capacity
    this.#perSecond = perSecond
    this.#now = now
  }

  get size(): number {
    return this.#buckets.size
  }

  /** Returns 0, or the whole seconds to wait. */
  take(key: string, tokens = 1): number {
    const bucket = this.#bucket(key)
    if (bucket.tokens < tokens) {
      return Math.max(1, Math.ceil((tokens - bucket.tokens) / this.#perSecond))
    }
    bucket.tokens -= tokens
    return 0
  }

  refund(key: string): void {
    this.#bucket(key).tokens += 1
  }

  #bucket(key: string): { tokens: number; at: number } {
    const now = this.#now()
    const bucket = this.#buckets.get(key) ?? { tokens: this.#capacity, at: now }
    const refilled = bucket.tokens + ((now - bucket.at) / 1000) * this.#perSecond
    bucket.tokens = Math.min(this.#capacity, refilled)
    bucket.at = now
    // last in the map's order, so that the least recently used go first
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > 10_000) this.#forgetFull(now)
    return bucket
  }

  #forgetFull(now: number): void {
    const secondsToFull = this.#capacity / this.#perSecond
    for (const [key, { at }] of this.#buckets) {
      if ((now - at) / 1000 > secondsToFull) this.#buckets.delete(key)
    }
    // against attacks with ever new keys
    for (const key of this.#buckets.keys()) {
      if (this.#buckets.size <= 5_000) break
      this.#buckets.delete(key)
    }
  }
}
