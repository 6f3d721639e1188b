import { VectorTile } from '@mapbox/vector-tile'
import { PbfReader } from 'pbf'
import type { LngLat } from '../vocabulary.ts'
import type { StreetLine } from './near-streets.ts'

export interface TileAddress {
  z: number
  x: number
  y: number
}

/** Fine enough for the names of small streets. */
const finest = 15

/** The finest tile of an archive that holds the place. */
export function tileAt([lng, lat]: LngLat, maxZoom: number): TileAddress {
  const z = Math.min(finest, maxZoom)
  const size = 2 ** z
  const sine = Math.sin((lat * Math.PI) / 180)
  return {
    z,
    x: Math.floor(((lng + 180) / 360) * size),
    y: Math.floor((0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * size),
  }
}

/** Rails, ferries and paths in parks are roads to the basemap, and no address to people. */
const kinds = new Set(['highway', 'major_road', 'minor_road'])

/** The named streets of a tile of the basemap (Protomaps' layer `roads`). */
export function streetsOfTile(data: Uint8Array, { z, x, y }: TileAddress): StreetLine[] {
  const roads = new VectorTile(new PbfReader(data)).layers['roads']
  const lines: StreetLine[] = []
  for (let i = 0; i < (roads?.length ?? 0); i++) {
    const feature = roads!.feature(i)
    const { name, kind } = feature.properties
    if (typeof name !== 'string' || name === '' || !kinds.has(String(kind))) continue
    const { geometry } = feature.toGeoJSON(x, y, z)
    if (geometry.type === 'LineString')
      lines.push({ name, points: geometry.coordinates as unknown as LngLat[] })
    else if (geometry.type === 'MultiLineString')
      for (const points of geometry.coordinates)
        lines.push({ name, points: points as unknown as LngLat[] })
  }
  return lines
}
