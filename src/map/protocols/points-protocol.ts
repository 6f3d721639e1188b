import type { PointsSource } from '../types.ts'
import { incidentTile } from './incident-tile.ts'

export const pointsScheme = 'wangge-points'
/** About 100 kB each at the cap. */
const cachedTiles = 192

interface CutTile {
  data: ArrayBuffer
  coveredBy: Map<string, string>
  shown: number
  total: number
  hidden: number
}
type TileTotals = Pick<CutTile, 'shown' | 'total' | 'hidden'>

/** Numbers are never reused: a late request cannot reach a newer filter. */
const feeds = new Map<number, PointFeed>()
let nextFeed = 1

/** Least recently used, by `key/z/x/y`. */
export class TileCache {
  #tiles = new Map<string, CutTile>()

  get(name: string): CutTile | undefined {
    const tile = this.#tiles.get(name)
    if (tile) {
      this.#tiles.delete(name)
      this.#tiles.set(name, tile)
    }
    return tile
  }

  set(name: string, tile: CutTile): void {
    this.#tiles.set(name, tile)
    for (const oldest of this.#tiles.keys()) {
      if (this.#tiles.size <= cachedTiles) break
      this.#tiles.delete(oldest)
    }
  }
}

/** Tiles of one filter. */
export class PointFeed {
  readonly number = nextFeed++
  readonly #source: PointsSource
  readonly #cache: TileCache
  readonly #closed = new AbortController()
  readonly #onError: (error: unknown) => void
  readonly #totals = new Map<string, TileTotals>()
  readonly #coveredBy = new Map<string, string>()

  constructor(source: PointsSource, cache: TileCache, onError: (error: unknown) => void) {
    this.#source = source
    this.#cache = cache
    this.#onError = onError
    feeds.set(this.number, this)
  }

  get url(): string {
    return `${pointsScheme}://${this.number}/{z}/{x}/{y}`
  }

  close(): void {
    feeds.delete(this.number)
    this.#closed.abort()
  }

  /** Undefined until loaded. */
  totals(z: number, x: number, y: number): TileTotals | undefined {
    return this.#totals.get(`${z}/${x}/${y}`)
  }

  /** Id of the point drawn for an incident. */
  drawnId(id: string): string {
    return this.#coveredBy.get(id) ?? id
  }

  /** @throws AbortError when aborted or closed, and errors of `load` */
  async tile(z: number, x: number, y: number, aborted: AbortSignal): Promise<ArrayBuffer> {
    const place = `${z}/${x}/${y}`
    const name = `${this.#source.key}/${place}`
    const signal = AbortSignal.any([aborted, this.#closed.signal])
    let cut = this.#cache.get(name)
    if (!cut) {
      try {
        const tile = await this.#source.load(z, x, y, signal)
        cut = { ...incidentTile(tile), shown: tile.shown, total: tile.total, hidden: tile.hidden }
      } catch (error) {
        if (!signal.aborted) this.#onError(error)
        throw error
      }
      // `load` may ignore its signal: drop the old filter's tile.
      signal.throwIfAborted()
      this.#cache.set(name, cut)
    }
    const { shown, total, hidden } = cut
    this.#totals.set(place, { shown, total, hidden })
    for (const [below, top] of cut.coveredBy) this.#coveredBy.set(below, top)
    // MapLibre transfers the buffer, which would empty the cached one.
    return cut.data.slice(0)
  }
}

/** @throws AbortError for a closed feed */
export async function loadPointTile(
  url: string,
  signal: AbortSignal,
): Promise<{ data: ArrayBuffer }> {
  const numbers = url
    .slice(pointsScheme.length + 3)
    .split('/')
    .map(Number)
  const [number = NaN, z = NaN, x = NaN, y = NaN] = numbers
  const feed = feeds.get(number)
  if (!feed) throw new DOMException('These points are no longer wanted', 'AbortError')
  return { data: await feed.tile(z, x, y, signal) }
}
