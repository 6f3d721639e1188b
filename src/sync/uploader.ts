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
  timeout: (millis: number) => AbortSignal
  onChange: () => void
}

interface UploaderOptions {
  outside: UploaderOutside
  waits: ItemWaits
  /** False for failures of a single photo. */
  isForAll: (failure: AppError) => boolean
  onEnd: () => void
}

/** Runs beside the sender: slow photos delay no report. One round at a time. */
export class Uploader {
  readonly pace = new UploadPace()
  #options: UploaderOptions
  #round: Promise<void> | null = null
  /** Storage failure, thrown by the next `begin`. */
  #fault: { error: unknown } | null = null
  /** Consecutive. */
  #failures = 0
  #backOff = { until: 0, reason: '' }

  constructor(options: UploaderOptions) {
    this.#options = options
  }

  /** Never rejects. */
  get round(): Promise<void> | null {
    return this.#round
  }

  /** Applies to all photos. */
  get backOff(): Pick<Wait, 'until' | 'reason'> {
    return this.#backOff
  }

  endWaiting(): void {
    this.#backOff.until = 0
  }

  /** @throws the last round's storage failure */
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
