import { AppError, isAbort, toAppError } from '@/data/errors.ts'
import type { IncidentMonths, IncidentsRepo, MonthInfo } from '@/data/incidents.repo.ts'
import { report } from '@/data/problems.ts'
import type { MonthCache } from './month-cache.ts'
import type { PackedMonth } from '@/domain/answers/columns.ts'
import type { LocalMonth } from '@/domain/vocabulary.ts'
import type { RemoteColumnsEngine } from './engine-call.ts'

export interface LoadProgress {
  loadedMonths: number
  totalMonths: number
  loadedIncidents: number
  totalIncidents: number
}

export interface LoaderParts {
  repo: Pick<IncidentsRepo, 'months' | 'columns' | 'changes'>
  cache: MonthCache
  /** For a start without a network. It never throws. */
  keptListing: KeptListing
  engine: Pick<RemoteColumnsEngine, 'put' | 'clear'>
  /** Instance, user and scope; keys the cache. */
  scope: string
  scopeKey: string
  /** Renews an expired session around a call. */
  guard: <T>(call: () => Promise<T>) => Promise<T>
  /** Called before the first month arrives: the default period needs the listing. */
  onMonths: (months: readonly MonthInfo[], asOf: string) => void | Promise<void>
  /** The server's clock, when it answered. */
  onNow: (now: string) => void
  onProgress: (progress: LoadProgress) => void
  /** Called before months that may name new areas. */
  onAreas: (revision: string) => Promise<void>
  /** The server holds changes back since then; null for none. */
  onWaiting: (since: string | null) => void
  onScopeChanged: () => void
}

export interface KeptListing {
  read(): Promise<IncidentMonths | null>
  write(listing: IncidentMonths): void
}

/** Bounds of one call; the server allows 120 months. */
const maxBatchMonths = 24
const maxBatchIncidents = 75_000
/** Of the first call: figures soon, then the rest. */
const firstBatchIncidents = 20_000
/** Calls under way: one is packed by the server while another is unpacked here. */
const callsAtOnce = 2

/** Loads one scope's columns, newest month first. */
export class ColumnsLoader {
  readonly #parts: LoaderParts
  #months = new Map<LocalMonth, MonthInfo>()
  #loaded = new Map<LocalMonth, number>()
  #cursor: string | null = null
  /** The months that are written to the cache last. */
  #writing: Promise<unknown> = Promise.resolve()

  constructor(parts: LoaderParts) {
    this.#parts = parts
  }

  /** From which month on all are loaded; null when none is missing, or the newest. */
  get loadedFrom(): LocalMonth | null {
    if (this.#loaded.size >= this.#months.size) return null
    const newestFirst = [...this.#months.keys()].sort().reverse()
    const missing = newestFirst.findIndex((month) => !this.#loaded.has(month))
    return newestFirst[missing - 1] ?? null
  }

  /**
   * Loads the missing months; call again after a failure.
   * @throws AppError; AbortError
   */
  async load(signal: AbortSignal): Promise<void> {
    const { engine, onMonths } = this.#parts
    const listing = await this.#listing(signal)
    const months = [...listing.months].sort((a, b) => (a.month < b.month ? 1 : -1))
    const gone = [...this.#loaded.keys()].filter((m) => !months.some((one) => one.month === m))
    const stale = months.filter((one) => this.#months.get(one.month)?.revision !== one.revision)
    for (const month of [...gone, ...stale.map((one) => one.month)]) this.#loaded.delete(month)
    this.#months = new Map(months.map((one) => [one.month, one]))
    if (gone.length) await engine.put([], gone)
    await onMonths(months, listing.asOf)

    const missing = months.filter((one) => !this.#loaded.has(one.month))
    await this.#takeAll(batches(missing, firstBatchIncidents), signal)
    // Set last: after a failed load a newer cursor would skip changes.
    this.#cursor = listing.cursor
    await this.#writing
    await this.#tidyCache()
  }

  /** Newest first, a few at once: the months of ten million incidents are 180 MB of text. */
  async #takeAll(all: readonly MonthInfo[][], signal: AbortSignal): Promise<void> {
    const waiting = all.values()
    const failures: unknown[] = []
    const takeInTurn = async (): Promise<void> => {
      for (const batch of waiting) {
        if (failures.length > 0) return
        await this.#take(batch, signal).catch((error: unknown) => failures.push(error))
      }
    }
    await Promise.all(Array.from({ length: callsAtOnce }, takeInTurn))
    if (failures.length > 0) throw failures[0]
  }

  /** From the cache, else from the server. */
  async #take(batch: readonly MonthInfo[], signal: AbortSignal): Promise<void> {
    const cached = await this.#readCache(batch)
    signal.throwIfAborted()
    const known = batch.flatMap((one) => cached.get(one.month) ?? [])
    if (!(await this.#takeCached(known))) for (const one of known) cached.delete(one.month)
    const wanted = batch.filter((one) => !cached.has(one.month)).map((one) => one.month)
    if (wanted.length) await this.#fetch(wanted, signal)
  }

  /**
   * Calls `onMonths` even without changes, for the new `asOf`.
   * @returns true when anything changed
   * @throws AppError; AbortError
   */
  async poll(signal: AbortSignal): Promise<boolean> {
    const { repo, guard, scopeKey, onMonths, onNow, onAreas, onWaiting, onScopeChanged } =
      this.#parts
    const cursor = this.#cursor
    if (cursor === null) {
      await this.load(signal)
      return true
    }
    const changes = await guard(() => repo.changes(cursor, signal))
    if (changes.scopeKey !== scopeKey) {
      onScopeChanged()
      return false
    }
    onNow(changes.now)
    onWaiting(changes.waiting?.since ?? null)
    await onAreas(changes.areasRevision)
    if (changes.reset) {
      await this.reset()
      await this.load(signal)
      return true
    }
    for (const batch of batches(changes.months.map((month) => this.#info(month)))) {
      await this.#fetch(
        batch.map((one) => one.month),
        signal,
      )
    }
    await this.#writing
    this.#cursor = changes.cursor
    const listing = [...this.#months.values()].sort((a, b) => (a.month < b.month ? 1 : -1))
    await onMonths(listing, changes.asOf)
    if (changes.months.length > 0)
      this.#parts.keptListing.write({ cursor: changes.cursor, asOf: changes.asOf, months: listing })
    return changes.months.length > 0
  }

  async #listing(signal: AbortSignal): Promise<IncidentMonths> {
    const { repo, guard, keptListing, onNow } = this.#parts
    try {
      const listing = await guard(() => repo.months(signal))
      keptListing.write(listing)
      if (listing.now) onNow(listing.now)
      return listing
    } catch (error) {
      const isOffline = error instanceof AppError && error.kind === 'offline'
      const kept = isOffline && this.#months.size === 0 ? await keptListing.read() : null
      signal.throwIfAborted()
      if (!kept) throw error
      return kept
    }
  }

  async reset(): Promise<void> {
    this.#months.clear()
    this.#loaded.clear()
    this.#cursor = null
    await this.#parts.engine.clear()
  }

  /** Months missing from the answer are empty and are removed. */
  async #fetch(asked: readonly LocalMonth[], signal: AbortSignal): Promise<void> {
    const { repo, guard } = this.#parts
    const arrived = await guard(() => repo.columns(asked, signal))
    signal.throwIfAborted()
    const gone = asked.filter((month) => !arrived.some((packed) => packed.month === month))
    try {
      await this.#parts.engine.put(arrived, gone)
    } catch (error) {
      throw new AppError('server', toAppError(error).message, { code: 'bad_answer', cause: error })
    }
    for (const month of gone) {
      this.#months.delete(month)
      this.#loaded.delete(month)
    }
    this.#arrived(arrived)
    // The next months need not wait for the disk, but no more than one batch does.
    const before = this.#writing
    this.#writing = before.then(() => this.#writeCache(arrived)).catch(() => undefined)
    await before
  }

  /** False when the kept months are damaged. */
  async #takeCached(known: readonly PackedMonth[]): Promise<boolean> {
    if (known.length === 0) return true
    const taken = await this.#try(async () => {
      await this.#parts.engine.put(known, [])
      return true
    })
    if (taken) this.#arrived(known)
    return taken ?? false
  }

  #arrived(months: readonly PackedMonth[]): void {
    for (const { month, count, revision } of months) {
      // A month may be newer than its entry in the listing.
      this.#months.set(month, { month, count, revision })
      this.#loaded.set(month, count)
    }
    this.#parts.onProgress(this.#progress())
  }

  #progress(): LoadProgress {
    const total = [...this.#months.values()]
    return {
      loadedMonths: this.#loaded.size,
      totalMonths: total.length,
      loadedIncidents: [...this.#loaded.values()].reduce((sum, count) => sum + count, 0),
      totalIncidents: total.reduce((sum, one) => sum + one.count, 0),
    }
  }

  #info(month: LocalMonth): MonthInfo {
    return this.#months.get(month) ?? { month, count: 0, revision: '' }
  }

  // The cache only saves transfers, so its errors are not fatal.
  async #readCache(missing: readonly MonthInfo[]): Promise<Map<LocalMonth, PackedMonth>> {
    const wanted = new Map(missing.map((one) => [one.month, one.revision]))
    const months = await this.#try(() => this.#parts.cache.read(this.#parts.scope, wanted))
    return new Map(months?.map((packed) => [packed.month, packed]))
  }

  async #writeCache(months: readonly PackedMonth[]): Promise<void> {
    if (months.length) await this.#try(() => this.#parts.cache.write(this.#parts.scope, months))
  }

  async #tidyCache(): Promise<void> {
    await this.#try(() => this.#parts.cache.erase(this.#parts.scope))
  }

  async #try<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (isAbort(error)) throw error
      report('kept', error)
      return null
    }
  }
}

function batches(months: readonly MonthInfo[], first = maxBatchIncidents): MonthInfo[][] {
  const answer: MonthInfo[][] = []
  let batch: MonthInfo[] = []
  let incidents = 0
  for (const month of months) {
    const most = answer.length === 0 ? first : maxBatchIncidents
    if (batch.length && (batch.length === maxBatchMonths || incidents + month.count > most)) {
      answer.push(batch)
      batch = []
      incidents = 0
    }
    batch.push(month)
    incidents += month.count
  }
  if (batch.length) answer.push(batch)
  return answer
}
