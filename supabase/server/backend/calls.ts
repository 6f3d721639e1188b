import { DatabaseError } from '../base/database-types.ts'
import type { BackendCall, BackendEvent } from './messages.ts'

/** A device gives a request up long before. */
const requestPatienceMs = 120_000
/** Long enough to build an index over a city. */
const ownerPatienceMs = 15 * 60_000

interface OpenCall {
  call: BackendCall
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** Oldest first, as the worker takes them. */
export class OpenCalls {
  #open = new Map<number, OpenCall>()
  #lastId = 0
  /** Milliseconds of `performance.now()`. */
  #movedAt = 0

  add(open: OpenCall, now = performance.now()): number {
    if (this.#open.size === 0) this.#movedAt = now
    this.#lastId += 1
    this.#open.set(this.#lastId, open)
    return this.#lastId
  }

  settle(event: Extract<BackendEvent, { id: number }>, now = performance.now()): void {
    const open = this.#open.get(event.id)
    this.#open.delete(event.id)
    this.#movedAt = now
    if (event.event === 'reply') open?.resolve(event.value)
    else open?.reject(new DatabaseError(event.message, event.code, event.detail))
  }

  rejectAll(error: Error): void {
    for (const { reject } of this.#open.values()) reject(error)
    this.#open.clear()
  }

  /** Counts the call under way only: a long queue that moves is not dead. */
  isStuck(now = performance.now()): boolean {
    if (this.#open.size === 0) return false
    const calls = [...this.#open.values()].map(({ call }) => call)
    const running = calls.find((call) => 'tx' in call && call.tx !== null) ?? calls[0]!
    const isRequest = ['fetch', 'months', 'columns', 'canary'].includes(running.op)
    const patience = isRequest ? requestPatienceMs : ownerPatienceMs
    return now - this.#movedAt > patience
  }
}
