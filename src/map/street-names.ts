import { PMTiles } from 'pmtiles'
import { nearStreets, type NearStreets } from '@/domain/place/near-streets.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import { ArchiveSource } from './protocols/archive-protocol.ts'
import { keptArchives } from './protocols/kept-archives.ts'

const archives = new Map<string, { generation: number; archive: PMTiles }>()

function archiveAt(url: string): PMTiles {
  const { generation } = keptArchives
  const known = archives.get(url)
  if (known?.generation === generation) return known.archive
  const archive = new PMTiles(new ArchiveSource(url))
  archives.set(url, { generation, archive })
  return archive
}

/**
 * The streets at a place by the basemap's own tiles: from the device's copy where it is kept, else by the
 * server's. Null without a basemap, a tile, or a street close by.
 * @param url of the PMTiles file
 */
export async function streetsAt(
  url: string,
  place: LngLat,
  signal?: AbortSignal,
): Promise<NearStreets | null> {
  const archive = archiveAt(url)
  const { maxZoom } = await archive.getHeader()
  // The reader of tiles is large, and few pages name places.
  const { streetsOfTile, tileAt } = await import('@/domain/place/street-tile.ts')
  const tile = tileAt(place, maxZoom)
  const found = await archive.getZxy(tile.z, tile.x, tile.y, signal)
  return found ? nearStreets(streetsOfTile(new Uint8Array(found.data), tile), place) : null
}
