import type { IncidentsRepo } from '@/data/incidents.repo.ts'
import { servedKey, type ServedParts } from '@/domain/filter/filter.ts'
import type { RemoteColumnsEngine } from './engine-call.ts'
import { maxAnswered } from './max-answered.ts'

export interface AnsweredLoaderParts {
  repo: Pick<IncidentsRepo, 'answered'>
  engine: Pick<RemoteColumnsEngine, 'putAnswered'>
  /** Renews an expired session around a call. */
  guard: <T>(call: () => Promise<T>) => Promise<T>
}

/** Loads into a worker the incidents of those parts of a filter that columns alone cannot tell. */
export class AnsweredLoader {
  readonly #parts: AnsweredLoaderParts
  /** Promises of the revisions that the worker holds or is about to get, the latest last. */
  readonly #loading = new Map<string, Promise<string>>()

  constructor(parts: AnsweredLoaderParts) {
    this.#parts = parts
  }

  /** Resolves once the worker holds them. @throws AppError; AbortError */
  async ensure(parts: ServedParts, signal: AbortSignal): Promise<void> {
    const key = servedKey(parts)
    const loading = this.#loading.get(key) ?? this.#load(parts, signal)
    this.#loading.delete(key)
    this.#loading.set(key, loading)
    for (const old of [...this.#loading.keys()].slice(0, -maxAnswered)) this.#loading.delete(old)
    try {
      await loading
    } catch (error) {
      this.#loading.delete(key)
      throw error
    }
  }

  /**
   * Loads these again and forgets all others.
   * @returns true when they changed
   * @throws AppError; AbortError
   */
  async refresh(parts: ServedParts | null, signal: AbortSignal): Promise<boolean> {
    const key = parts && servedKey(parts)
    const before = key && this.#loading.get(key)
    for (const known of this.#loading.keys()) if (known !== key) this.#loading.delete(known)
    if (!parts || !key || !before) return false
    const revision = await before
    const now = this.#load(parts, signal)
    this.#loading.set(key, now)
    try {
      return (await now) !== revision
    } catch (error) {
      this.#loading.delete(key)
      throw error
    }
  }

  async #load(parts: ServedParts, signal: AbortSignal): Promise<string> {
    const { repo, engine, guard } = this.#parts
    const months = await guard(() => repo.answered(parts, signal))
    signal.throwIfAborted()
    await engine.putAnswered(servedKey(parts), months)
    return months.map(({ month, revision }) => `${month}:${revision}`).join(' ')
  }
}
