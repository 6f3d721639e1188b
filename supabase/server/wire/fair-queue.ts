/**
 * The next call belongs to the person who used the least time lately. Source: start-time fair
 * queueing (Goyal, Vin, Cheng, SIGCOMM 1996), with measured times as lengths.
 */
export interface FairQueueOptions {
  maxUnderWay: number
  maxPerPerson: number
  maxWaitingPerPerson: number
  /** A call with a longer expected wait is refused. */
  maxWaitMs: number
  /** Monotonic. */
  now?: () => number
}

/** Retry after `seconds`. */
export class TooBusy extends Error {
  readonly seconds: number

  constructor(seconds: number) {
    super(`Too many calls wait already. Try again in ${seconds} s.`)
    this.name = 'TooBusy'
    this.seconds = seconds
  }
}

export interface QueueState {
  underWay: number
  waiting: number
  /** Of the oldest waiting call. */
  longestWaitMs: number
}

interface Call {
  start(): void
  since: number
}

interface Person {
  waiting: Call[]
  underWay: number
  /** Virtual start of the next call, in milliseconds of service. */
  virtualMs: number
}

/** Assumed before any call is measured. */
const firstGuessMs = 20
/** Above this, idle persons who owe no time are dropped. */
const maxRemembered = 1_000
/** In the mean length. */
const newestWeight = 0.1

export class FairQueue {
  #options: FairQueueOptions
  #now: () => number
  #persons = new Map<string, Person>()
  #underWay = 0
  /** Virtual start of the last started call. New persons start here. */
  #virtualMs = 0
  #meanMs = firstGuessMs
  /** Who waits for the queue to be empty. */
  #resting = new Set<() => void>()

  constructor(options: FairQueueOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  get state(): QueueState {
    let waiting = 0
    let oldest = Number.POSITIVE_INFINITY
    for (const person of this.#persons.values()) {
      waiting += person.waiting.length
      oldest = Math.min(oldest, person.waiting[0]?.since ?? oldest)
    }
    return {
      underWay: this.#underWay,
      waiting,
      longestWaitMs: waiting === 0 ? 0 : this.#now() - oldest,
    }
  }

  /**
   * Runs `work` at the person's turn.
   *
   * @param person a user id, or an address
   * @param signal removes a waiting call, not a running one
   * @throws TooBusy at once, when the line is full or the wait too long
   */
  async run<T>(person: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const line = this.#line(person)
    const seconds = this.#refusal(line)
    if (seconds !== null) {
      this.#forget(person, line)
      throw new TooBusy(seconds)
    }
    await this.#turn(person, line, signal)
    const began = this.#now()
    try {
      return await work()
    } finally {
      this.#settle(person, line, this.#now() - began)
    }
  }

  /** Resolves as soon as no call is under way or waits, at the latest after `mostMs`. */
  whenIdle(mostMs: number): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const rest = (): void => {
        clearTimeout(timer)
        this.#resting.delete(rest)
        resolve()
      }
      const timer = setTimeout(rest, mostMs)
      this.#resting.add(rest)
    })
  }

  #line(person: string): Person {
    const known = this.#persons.get(person)
    if (known) return known
    if (this.#persons.size >= maxRemembered) this.#sweep()
    const line: Person = { waiting: [], underWay: 0, virtualMs: this.#virtualMs }
    this.#persons.set(person, line)
    return line
  }

  /** Null when the call may wait. */
  #refusal(line: Person): number | null {
    const ahead = line.waiting.length + line.underWay
    if (ahead < this.#options.maxPerPerson) return null
    let sharing = 1
    for (const other of this.#persons.values()) {
      if (other !== line && other.waiting.length + other.underWay > 0) sharing++
    }
    const atOnce = Math.min(
      this.#options.maxPerPerson,
      Math.max(1, this.#options.maxUnderWay / sharing),
    )
    const waitMs =
      (ahead * this.#meanMs * Math.max(1, sharing / this.#options.maxUnderWay)) / atOnce
    const isFull = line.waiting.length >= this.#options.maxWaitingPerPerson
    if (!isFull && waitMs <= this.#options.maxWaitMs) return null
    return Math.max(1, Math.ceil(waitMs / 1000))
  }

  #turn(person: string, line: Person, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const call: Call = {
        since: this.#now(),
        start: () => {
          signal?.removeEventListener('abort', leave)
          resolve()
        },
      }
      const leave = (): void => {
        const place = line.waiting.indexOf(call)
        if (place < 0) return
        line.waiting.splice(place, 1)
        this.#forget(person, line)
        reject(signal?.reason)
      }
      if (signal?.aborted) {
        this.#forget(person, line)
        reject(signal.reason)
        return
      }
      signal?.addEventListener('abort', leave, { once: true })
      line.waiting.push(call)
      this.#startNext()
    })
  }

  #startNext(): void {
    while (this.#underWay < this.#options.maxUnderWay) {
      let next: Person | null = null
      for (const line of this.#persons.values()) {
        if (line.waiting.length === 0 || line.underWay >= this.#options.maxPerPerson) continue
        if (next === null || line.virtualMs < next.virtualMs) next = line
      }
      const call = next?.waiting.shift()
      if (!next || !call) return
      // Time unused while idle is not saved up.
      next.virtualMs = Math.max(next.virtualMs, this.#virtualMs)
      this.#virtualMs = next.virtualMs
      // Charged in advance: else a person's calls would start together.
      next.virtualMs += this.#meanMs
      next.underWay++
      this.#underWay++
      call.start()
    }
  }

  #settle(person: string, line: Person, tookMs: number): void {
    line.virtualMs += tookMs - this.#meanMs
    this.#meanMs += (tookMs - this.#meanMs) * newestWeight
    line.underWay--
    this.#underWay--
    this.#forget(person, line)
    this.#startNext()
    if (this.#underWay === 0) for (const rest of this.#resting) rest()
  }

  #forget(person: string, line: Person): void {
    if (line.waiting.length > 0 || line.underWay > 0) return
    if (this.#underWay === 0) this.#sweep()
    else if (line.virtualMs <= this.#virtualMs) this.#persons.delete(person)
  }

  #sweep(): void {
    const isIdle = this.#underWay === 0
    for (const [key, { waiting, underWay, virtualMs }] of this.#persons) {
      if (waiting.length > 0 || underWay > 0) continue
      if (isIdle || virtualMs <= this.#virtualMs) this.#persons.delete(key)
    }
  }
}
