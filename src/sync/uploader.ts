import type { AppError } from '@/data/errors.ts'
import { backOffMs, type ItemWaits, type Wait } from './back-off.ts'
import type { ItemRow, OutboxDatabase } from './database.ts'
import { UploadPace } from './pace.ts'
import { pickToUpload } from './pick.ts'
import type { Transport } from './types.ts'
import { uploadPhotosOf } from './upload.ts'

export interface UploaderOutside {
  db: OutboxDatabase
  transport: Transport
  now: () => number
  random: () => number
  /** Aborts with a TimeoutError after so long. */
  timeout: (millis: number) => AbortSignal
  /** Called when items changed their state. */
  onChange: () => void
}

interface UploaderOptions {
  outside: UploaderOutside
  waits: ItemWaits
  /** Takes care of a failure that has nothing to do with photos; false for any other. */
  isForAll: (failure: AppError) => boolean
  /** A round has ended. */
  onEnd: () => void
}

/**
 * Brings the photos of what is queued to the server, beside the sending, so that a slow photo holds
 * up no report. One round at a time; a round in which nothing went through delays the next.
 */
export class Uploader {
  readonly pace = new UploadPace()
  #options: UploaderOptions
  #round: Promise<void> | null = null
  /** The device's storage failed under it. */
  #fault: { error: unknown } | null = null
  /** Rounds in a row in which nothing went through. */
  #failures = 0
  #backOff = { until: 0, reason: '' }

  constructor(options: UploaderOptions) {
    this.#options = options
  }

  /** The round under way, which never fails. */
  get round(): Promise<void> | null {
    return this.#round
  }

  /** What all photos wait for. */
  get backOff(): Pick<Wait, 'until' | 'reason'> {
    return this.#backOff
  }

  endWaiting(): void {
    this.#backOff.until = 0
  }

  /** Begins a round where there is something to upload. @throws what the round before met in storage */
  async begin(at: number, signal: AbortSignal): Promise<void> {
    const { outside, waits, onEnd } = this.#options
    if (this.#fault) {
      const { error } = this.#fault
      this.#fault = null
      throw error
    }
    if (this.#round || this.#backOff.until > at) return
    const items = await pickToUpload(outside.db, waits, at)
    if (items.length === 0) return
    this.#round = this.#upload(items, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.#fault = { error }
      })
      .finally(() => {
        this.#round = null
        onEnd()
      })
  }

  async #upload(items: readonly ItemRow[], signal: AbortSignal): Promise<void> {
    const { outside, waits, isForAll } = this.#options
    const { now, random, onChange } = outside
    const { settled, failures } = await uploadPhotosOf(items, {
      ...outside,
      pace: this.pace,
      signal,
      onUploaded: onChange,
    })
    const own = new Map([...failures].filter(([, failure]) => !isForAll(failure)))
    for (const { id, photoHashes } of items) {
      const failure = photoHashes.map((hash) => own.get(hash)).find(Boolean)
      if (failure) waits.delay(id, failure.kind, now(), random())
    }
    const [first] = own.values()
    if (settled > 0 || !first) this.#failures = 0
    else {
      const millis = backOffMs(++this.#failures, random(), first.kind)
      this.#backOff = { until: now() + millis, reason: first.kind }
    }
    onChange()
  }
}
