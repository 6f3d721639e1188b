/**
 * Shares the database between persons: a few calls under way each, the rest in one line a person.
 * The next call is of the person who has used the least time lately, so a long line of one person
 * delays nobody else. Source: start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996), with the
 * measured time of each finished call as its length.
 */
export interface FairQueueOptions {
  /** Calls under way of all persons together. */
  maxUnderWay: number
  /** Calls under way of one person. */
  maxPerPerson: number
  /** Calls of one person that may wait. */
  maxWaitingPerPerson: number
  /** Milliseconds. A call that would wait longer than this is refused at once. */
  maxWaitMs: number
  /** Milliseconds, monotonic. */
  now?: () => number
}

/** Thrown instead of waiting; `seconds` is when another try has a chance. */
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
  /** Milliseconds the oldest waiting call has waited; 0 when none waits. */
  longestWaitMs: number
}

interface Call {
  start(): void
  since: number
}

interface Person {
  waiting: Call[]
  underWay: number
  /** Virtual time at which this person's next call starts, in milliseconds of service. */
  virtualMs: number
}

/** A new call is guessed to take this long until some have been measured. */
const firstGuessMs = 20
/** Past so many persons, idle accounts that owe nothing are dropped. */
const maxRemembered = 1_000
/** Weight of the newest call in the running mean of their lengths. */
const newestWeight = 0.1

export class FairQueue {
  #options: FairQueueOptions
  #now: () => number
  #persons = new Map<string, Person>()
  #underWay = 0
  /** Virtual start of the call that began last: a newcomer's line begins here. */
  #virtualMs = 0
  #meanMs = firstGuessMs

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
   * Runs `work` when it is this person's turn and resolves with its result.
   *
   * @param person a user id, or an address for calls without one
   * @param signal aborted: the call leaves the line; one under way goes on
   * @throws TooBusy at once, when the person's line is full or the wait would be too long
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

  #line(person: string): Person {
    const known = this.#persons.get(person)
    if (known) return known
    if (this.#persons.size >= maxRemembered) this.#sweep()
    const line: Person = { waiting: [], underWay: 0, virtualMs: this.#virtualMs }
    this.#persons.set(person, line)
    return line
  }

  /** Seconds to wait before another try, or null when the call may wait here. */
  #refusal(line: Person): number | null {
    const ahead = line.waiting.length + line.underWay
    if (ahead < this.#options.maxPerPerson) return null
    // each person with calls waiting gets an equal share of the calls under way
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
      // time not used while idle is not saved up
      next.virtualMs = Math.max(next.virtualMs, this.#virtualMs)
      this.#virtualMs = next.virtualMs
      // charged in advance, so that several calls of one person do not start on the same account
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
  }

  /** An idle person's account is kept only while it is ahead of the others. */
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
