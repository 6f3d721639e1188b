import { PMTiles } from 'pmtiles'
import { nearStreets, type NearStreets, type StreetLine } from '@/domain/place/near-streets.ts'
import type { LngLat } from '@/domain/vocabulary.ts'
import { ArchiveSource } from './protocols/archive-protocol.ts'
import { keptArchives } from './protocols/kept-archives.ts'

/** Fine enough for names of small streets. */
const finest = 15
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
  [lng, lat]: LngLat,
  signal?: AbortSignal,
): Promise<NearStreets | null> {
  const archive = archiveAt(url)
  const { maxZoom } = await archive.getHeader()
  const zoom = Math.min(finest, maxZoom)
  const size = 2 ** zoom
  const sine = Math.sin((lat * Math.PI) / 180)
  const x = Math.floor(((lng + 180) / 360) * size)
  const y = Math.floor((0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * size)
  const tile = await archive.getZxy(zoom, x, y, signal)
  if (!tile) return null
  const [{ VectorTile }, { PbfReader }] = await Promise.all([
    import('@mapbox/vector-tile'),
    import('pbf'),
  ])
  const roads = new VectorTile(new PbfReader(new Uint8Array(tile.data))).layers['roads']
  const lines: StreetLine[] = []
  for (let i = 0; i < (roads?.length ?? 0); i++) {
    const feature = roads!.feature(i)
    const { name } = feature.properties
    if (typeof name !== 'string' || name === '') continue
    const { geometry } = feature.toGeoJSON(x, y, zoom)
    if (geometry.type === 'LineString')
      lines.push({ name, points: geometry.coordinates as LngLat[] })
    else if (geometry.type === 'MultiLineString')
      for (const points of geometry.coordinates) lines.push({ name, points: points as LngLat[] })
  }
  return nearStreets(lines, [lng, lat])
}
