import { open, type FileHandle } from 'node:fs/promises'
import { PMTiles } from 'pmtiles'
import { crossing, nearStreets } from '../../../../src/domain/place/near-streets.ts'
import type { StreetLine } from '../../../../src/domain/place/near-streets.ts'
import { streetsOfTile, tileAt } from '../../../../src/domain/place/street-tile.ts'
import type { LngLat } from '../../../../src/domain/vocabulary.ts'
import { ArchiveFile } from '../../base/archive-file.ts'

/** Names places by the streets of the city's own basemap, without the net. */
export class StreetLabels {
  readonly #file: FileHandle
  readonly #archive: PMTiles
  readonly #tiles = new Map<string, StreetLine[]>()

  private constructor(path: string, file: FileHandle) {
    this.#file = file
    this.#archive = new PMTiles(new ArchiveFile(path, file))
  }

  /** Null when there is no such file. */
  static async open(path: string): Promise<StreetLabels | null> {
    try {
      return new StreetLabels(path, await open(path))
    } catch {
      return null
    }
  }

  /** `Valencia Street / 18th Street`; empty without a street close by. @throws for a damaged archive */
  async labelAt(place: LngLat): Promise<string> {
    const { maxZoom } = await this.#archive.getHeader()
    const tile = tileAt(place, maxZoom)
    const key = `${tile.x}/${tile.y}`
    let lines = this.#tiles.get(key)
    if (!lines) {
      const found = await this.#archive.getZxy(tile.z, tile.x, tile.y)
      lines = found ? streetsOfTile(new Uint8Array(found.data), tile) : []
      this.#tiles.set(key, lines)
    }
    const near = nearStreets(lines, place)
    return near ? crossing(near) : ''
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
