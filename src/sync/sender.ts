import { receiptsFrom } from '@/data/commands.repo.ts'
import { AppError } from '@/data/errors.ts'
import { report } from '@/data/problems.ts'
import { backOffMs, held, ItemWaits } from './back-off.ts'
import type { ItemRow, OutboxDatabase } from './database.ts'
import { failureOf, untilAborted } from './failure.ts'
import { callMs } from './pace.ts'
import { giveBack, maxCommands, pickSendable, take, type Taken } from './pick.ts'
import { counts } from './pages.ts'
import { requeueSending } from './queue.ts'
import { Source } from './readable.ts'
import { settle, type Judged } from './settle.ts'
import type { SendStatus } from './types.ts'
import { Uploader, type UploaderOutside } from './uploader.ts'
import { verdictOf } from './verdict.ts'
import { Wakeable } from './wakeable.ts'

export interface SenderOutside extends UploaderOutside {
  userId: string
  sleep: (millis: number, signal: AbortSignal) => Promise<void>
  locks: Pick<LockManager, 'request'>
}

/** An answer is good for so long: then the network may have gone. Milliseconds. */
const heardMs = 10_000
const knockMs = 15_000

interface Ended {
  taken: ItemRow[]
  judged: Judged[]
  failure: AppError | null
  wasQuick: boolean
}

const lockName = ({ name }: OutboxDatabase): string => `${name}-sender`

/** Queues again the items of a killed page. */
export const requeueAbandoned = async ({
  db,
  locks,
}: Pick<SenderOutside, 'db' | 'locks'>): Promise<void> =>
  locks.request(lockName(db), { ifAvailable: true }, async (lock) => {
    if (lock) await requeueSending(db)
  })

/**
 * One sender per device and account. It may be killed at any time: the database holds every step.
 */
export class Sender {
  readonly status = new Source<SendStatus>({ kind: 'idle' })
  #outside: SenderOutside
  #waits = new ItemWaits()
  #running: { controller: AbortController; done: Promise<void> } | null = null
  #pause: Wakeable
  /** Consecutive. */
  #failures = 0
  /** Failed calls halve it, to isolate the faulty command. */
  #limit = maxCommands
  #sent = 0
  /** Device milliseconds; `sendNow` ends it. */
  #backOff = { until: 0, reason: '' }
  /** From Retry-After; `sendNow` does not end it. */
  #closedUntil = 0
  #needsSignIn = false
  /** When the server last answered anything; device milliseconds. */
  #heardAt = -Infinity
  #uploader: Uploader

  constructor(outside: SenderOutside) {
    this.#outside = outside
    this.#pause = new Wakeable(outside.sleep)
    this.#uploader = new Uploader({
      outside,
      waits: this.#waits,
      isForAll: (failure) => this.#isForAll(failure),
      onEnd: () => this.#pause.wake('change'),
    })
  }

  start(): void {
    if (this.#running) return
    const controller = new AbortController()
    const done = this.#run(controller.signal)
    this.#running = { controller, done }
  }

  async stop(): Promise<void> {
    const running = this.#running
    if (!running) return
    running.controller.abort()
    await running.done
    if (this.#running === running) this.#running = null
    this.status.set({ kind: 'idle' })
  }

  wake(): void {
    this.#pause.wake('change')
  }

  /** Resolves when nothing more can be sent. */
  async sendNow(): Promise<void> {
    if (!this.#running) return
    this.#waits.endAll()
    this.#backOff.until = 0
    this.#uploader.endWaiting()
    await this.#pause.nextRest(() => this.#pause.wake('ask'))
  }

  resume(userId: string): void {
    if (userId !== this.#outside.userId || !this.#needsSignIn) return
    this.#needsSignIn = false
    this.#pause.wake('ask')
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { locks, db } = this.#outside
    const work = async (): Promise<void> => {
      this.status.set({ kind: 'idle' })
      while (!signal.aborted) {
        try {
          await requeueSending(db)
          await this.#work(signal)
        } catch (error) {
          // Device storage failed; try again.
          if (signal.aborted) return
          report('outbox-read', error)
          await this.#waitUntil(this.#fail('storage'), 'storage', signal)
        }
      }
    }
    const workToTheEnd = async (): Promise<void> => {
      await work()
      // Keeps the lock until uploads end.
      await this.#uploader.round
    }
    try {
      const isMine = await locks.request(lockName(db), { ifAvailable: true }, async (lock) => {
        if (lock) await workToTheEnd()
        return lock !== null
      })
      if (isMine || signal.aborted) return
      this.status.set({ kind: 'stopped-elsewhere' })
      await locks.request(lockName(db), { signal }, workToTheEnd)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      this.#pause.close()
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { db, now } = this.#outside
    while (!signal.aborted) {
      const blockedUntil = Math.max(this.#closedUntil, this.#backOff.until)
      if (this.#needsSignIn) {
        this.status.set({ kind: 'needs-sign-in' })
        await this.#pause.rest(Infinity, signal, ['ask'])
      } else if (blockedUntil > now()) {
        await this.#waitUntil(blockedUntil, this.#backOff.reason, signal)
      } else {
        const at = now()
        await this.#uploader.begin(at, signal)
        const sendable = await pickSendable(db, this.#limit, this.#waits, at)
        if (sendable.length > 0) await this.#send(sendable, signal)
        else await this.#restUntilDue(at, signal)
      }
    }
  }

  async #send(rows: readonly ItemRow[], signal: AbortSignal): Promise<void> {
    const { db, userId, onChange } = this.#outside
    await this.#showProgress()
    if (!(await this.#isThere(signal))) return
    const first = await take(db, rows, userId)
    if (first.taken.length === 0) return
    onChange()
    let settled: Promise<void> = Promise.resolve()
    for (let call: Taken | null = first; call;) {
      const [ended, ahead]: [Ended, Taken | null] = await Promise.all([
        this.#ask(call, signal),
        this.#takeAhead(call),
      ])
      await settled
      // Written down while the next call is under way.
      settled = this.#settle(ended, signal)
      settled.catch(() => undefined)
      call = this.#conclude(ended, signal) ? ahead : null
      if (call) this.#showSent()
      else if (ahead) await giveBack(db, ahead)
    }
    await settled
  }

  async #ask({ taken, commands, bytes }: Taken, signal: AbortSignal): Promise<Ended> {
    const { transport, now, timeout } = this.#outside
    const millis = callMs(taken.length, bytes)
    const began = now()
    const limited = AbortSignal.any([signal, timeout(millis)])
    let judged: Judged[] = taken.map((item) => ({ item, verdict: { kind: 'nothing' } }))
    let failure: AppError | null = null
    try {
      const sentAt = new Date(began).toISOString()
      const stamped = commands.map((command) => ({ ...command, sentAt }))
      const answer = await untilAborted(transport.applyCommands(stamped, limited), limited)
      judged = judge(taken, answer)
      if (judged.every(({ verdict }) => verdict.kind === 'nothing'))
        failure = new AppError('offline', 'no receipt in the answer', { code: 'bad_answer' })
    } catch (error) {
      failure = failureOf(error)
    }
    if (failure?.kind === 'offline' && failure.code !== 'bad_answer') this.#heardAt = -Infinity
    else this.#heardAt = now()
    return { taken, judged, failure, wasQuick: now() - began < millis / 4 }
  }

  /** Only behind a full call: the link is good, and more than a call waits. */
  async #takeAhead({ taken }: Taken): Promise<Taken | null> {
    const { db, userId, now } = this.#outside
    if (taken.length < maxCommands) return null
    const rows = await pickSendable(db, this.#limit, this.#waits, now())
    const ahead = await take(db, rows, userId)
    return ahead.taken.length > 0 ? ahead : null
  }

  async #settle({ judged, failure }: Ended, signal: AbortSignal): Promise<void> {
    const { db, now, onChange } = this.#outside
    const reason = failure ? (failure.code ?? failure.kind) : 'missing_receipt'
    await settle(db, judged, now(), signal.aborted ? null : { code: reason })
    onChange()
  }

  /**
   * Asks before a command leaves: without a network it stays one that never left, which can be taken
   * back.
   */
  async #isThere(signal: AbortSignal): Promise<boolean> {
    const { transport, now, timeout } = this.#outside
    const age = now() - this.#heardAt
    const isOffline = globalThis.navigator?.onLine === false
    if (!isOffline && age >= 0 && age < heardMs) return true
    const limited = AbortSignal.any([signal, timeout(knockMs)])
    try {
      await untilAborted(transport.knock(limited), limited)
      this.#heardAt = now()
      return true
    } catch (error) {
      if (!signal.aborted && !this.#isForAll(failureOf(error))) this.#fail('offline')
      return false
    }
  }

  /** Draws the conclusions; false when the next call must wait. */
  #conclude({ taken, judged, failure, wasQuick }: Ended, signal: AbortSignal): boolean {
    if (signal.aborted) return false
    if (failure) this.#callFailed(taken, failure)
    else this.#callAnswered(judged, wasQuick)
    return failure === null && !this.#needsSignIn
  }

  #callAnswered(judged: readonly Judged[], wasQuick: boolean): void {
    const { now, random } = this.#outside
    this.#failures = 0
    this.#backOff = { until: 0, reason: '' }
    // A double batch must fit the same time.
    if (wasQuick) this.#limit = Math.min(maxCommands, this.#limit * 2)
    // Another person's session: wait for the right person.
    if (judged.some(({ verdict }) => verdict.kind === 'wrong-actor')) this.#needsSignIn = true
    for (const { item, verdict } of judged) {
      if (verdict.kind === 'nothing') this.#waits.delay(item.id, 'missing_receipt', now(), random())
      else if (verdict.kind === 'missing-photos')
        this.#waits.delay(item.id, 'missing_photos', now(), random())
      else this.#waits.forget(item.id)
      if (verdict.kind === 'received') this.#sent++
    }
  }

  #callFailed(taken: readonly ItemRow[], failure: AppError): void {
    const { now, random } = this.#outside
    const [only] = taken
    // The server answered: one command may be at fault.
    const mayBePoisoned = failure.kind !== 'offline' || failure.code === 'bad_answer'
    if (this.#isForAll(failure)) return
    if (failure.code === 'timeout') {
      this.#limit = Math.max(1, Math.floor(taken.length / 2))
      this.#uploader.pace.slowDown()
    }
    if (mayBePoisoned && taken.length === 1 && only) {
      const wasAlone = this.#waits.goesAlone(only.id)
      this.#waits.delay(only.id, failure.kind, now(), random())
      this.#waits.setAlone(only.id)
      if (wasAlone) return
    } else if (mayBePoisoned) this.#limit = Math.max(1, Math.floor(taken.length / 2))
    this.#fail(failure.kind)
  }

  /** False for failures of a single command. */
  #isForAll(failure: AppError): boolean {
    const { now } = this.#outside
    if (failure.kind === 'unauthorized') {
      this.#needsSignIn = true
      return true
    }
    const isFull = failure.code === 'server_disk_full'
    if (failure.kind !== 'rate-limited' && !isFull) return false
    this.#fail(isFull ? 'server_disk_full' : failure.kind)
    this.#closedUntil = now() + (failure.retryAfterSeconds ?? 0) * 1000
    return true
  }

  #fail(reason: string): number {
    const { now, random } = this.#outside
    this.#failures++
    this.#backOff = { until: now() + backOffMs(this.#failures, random(), reason), reason }
    return this.#backOff.until
  }

  /** Uses `at`, not now: items due in between would be missed. */
  async #restUntilDue(at: number, signal: AbortSignal): Promise<void> {
    const { db } = this.#outside
    if (this.#uploader.round) {
      await this.#showProgress()
      return this.#pause.rest(Infinity, signal, ['ask', 'change'], { whileBusy: true })
    }
    this.#sent = 0
    const withPhotos = await db.inState('photos').count()
    const isAnythingLeft = withPhotos > 0 || (await db.inState('queued').count()) > 0
    const waits = [this.#waits.next(at), withPhotos > 0 ? this.#uploader.backOff : null]
    const [wait] = waits
      .filter((one) => one !== null && one.until > at)
      .sort((a, b) => a!.until - b!.until)
    if (wait?.reason === held) {
      this.status.set({ kind: 'idle' })
      await this.#pause.rest(wait.until - this.#outside.now(), signal, ['ask', 'change'])
    } else if (wait && isAnythingLeft)
      await this.#waitUntil(wait.until, wait.reason, signal, ['ask', 'change'])
    else {
      this.status.set({ kind: 'idle' })
      await this.#pause.rest(Infinity, signal, ['ask', 'change'])
    }
  }

  async #waitUntil(
    until: number,
    reason: string,
    signal: AbortSignal,
    endedBy: readonly ('ask' | 'change')[] = ['ask'],
  ): Promise<void> {
    const isOffline = reason === 'offline'
    this.status.set(isOffline ? { kind: 'no-network', until } : { kind: 'waiting', until, reason })
    await this.#pause.rest(until - this.#outside.now(), signal, endedBy)
  }

  /** Without asking the database, which is busy. */
  #showSent(): void {
    const { value } = this.status
    if (value.kind !== 'sending') return
    this.status.set({ ...value, done: this.#sent, total: Math.max(value.total, this.#sent) })
  }

  async #showProgress(): Promise<void> {
    const { db } = this.#outside
    const { queued } = await counts(db)
    this.status.set({ kind: 'sending', done: this.#sent, total: this.#sent + queued })
  }
}

function judge(taken: readonly ItemRow[], answer: unknown): Judged[] {
  const byId = Map.groupBy(receiptsFrom(answer), ({ id }) => id)
  return taken.map((item) => ({ item, verdict: verdictOf(item, byId.get(item.id) ?? []) }))
}
