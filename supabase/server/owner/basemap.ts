import { createHash } from 'node:crypto'
import { createReadStream, readdirSync, renameSync, rmSync } from 'node:fs'
import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { PMTiles, TileType } from 'pmtiles'
import { tileAt } from '../../../src/domain/place/street-tile.ts'
import type { BoundingBox } from '../../../src/domain/vocabulary.ts'
import { ArchiveFile } from '../base/archive-file.ts'
import { basemapFolder } from '../base/basemap-folder.ts'
import type { Database } from '../base/database-types.ts'
import { messageOf, ServerError } from '../base/errors.ts'
import { makeFolder, syncFolder } from '../base/files.ts'

/** Layers that the map's style draws; other schemas of tiles would show an empty land. */
const neededLayers = ['earth', 'water', 'roads'] as const
/** Streets of a neighbourhood begin here. */
const leastZoom = 12

export interface BasemapFacts {
  /** West, south, east, north in degrees. */
  box: BoundingBox
  maxZoom: number
  /** Share of the city's box that the archive covers, 0 to 1. */
  covered: number
  /** As text; empty where the archive names none. */
  attribution: string
}

/** Reads the archive against the city's box. @throws ServerError with the reason why it cannot serve */
export async function readBasemap(path: string, city: BoundingBox): Promise<BasemapFacts> {
  const file = await open(path).catch((error: unknown) => {
    throw new ServerError(`${path} cannot be read: ${messageOf(error)}`)
  })
  try {
    return await factsOf(new PMTiles(new ArchiveFile(path, file)), path, city)
  } catch (error) {
    if (error instanceof ServerError) throw error
    throw new ServerError(`${path} is no whole PMTiles archive: ${messageOf(error)}`)
  } finally {
    await file.close()
  }
}

async function factsOf(archive: PMTiles, path: string, city: BoundingBox): Promise<BasemapFacts> {
  const header = await archive.getHeader()
  if (header.tileType !== TileType.Mvt)
    throw new ServerError(`${path} holds pictures or other tiles; wanted are vector tiles (MVT).`)
  const { vector_layers: layers = [], attribution = '' } = ((await archive.getMetadata()) ??
    {}) as {
    vector_layers?: { id: string }[]
    attribution?: string
  }
  const names = layers.map(({ id }) => id)
  const missing = neededLayers.filter((name) => !names.includes(name))
  if (missing.length > 0)
    throw new ServerError(
      `${path} has no layer ${missing.join(', ')}: wanted is the schema of Protomaps' basemap. ` +
        `It has ${names.join(', ') || 'no layers'}.`,
    )
  if (header.maxZoom < leastZoom)
    throw new ServerError(
      `${path} ends at zoom ${header.maxZoom}; streets need ${leastZoom}, better 14 or 15.`,
    )
  const box: BoundingBox = [header.minLon, header.minLat, header.maxLon, header.maxLat]
  const covered = coveredShare(box, city)
  if (covered === 0)
    throw new ServerError(
      `${path} covers ${box.join(', ')}, which the city's box ${city.join(', ')} does not touch.`,
    )
  // a tile that can be read, where the city is
  const middle = tileAt(middleOf(box, city), header.maxZoom)
  if (!(await archive.getZxy(middle.z, middle.x, middle.y)))
    throw new ServerError(`${path} has no tile in the middle of the city.`)
  return { box, maxZoom: header.maxZoom, covered, attribution: plainText(attribution) }
}

function overlap(one: BoundingBox, other: BoundingBox): BoundingBox {
  return [
    Math.max(one[0], other[0]),
    Math.max(one[1], other[1]),
    Math.min(one[2], other[2]),
    Math.min(one[3], other[3]),
  ]
}
function coveredShare(box: BoundingBox, city: BoundingBox): number {
  const [west, south, east, north] = overlap(box, city)
  if (west >= east || south >= north) return 0
  return ((east - west) * (north - south)) / ((city[2] - city[0]) * (city[3] - city[1]))
}
function middleOf(box: BoundingBox, city: BoundingBox): [number, number] {
  const [west, south, east, north] = overlap(box, city)
  return [(west + east) / 2, (south + north) / 2]
}

/** The map shows text: links of an archive lose their tags. */
const plainText = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&copy;', '©')
    .replaceAll('&amp;', '&')
    .trim()

/** Copies the archive into the data folder and shows it to everybody; the one before is removed. */
export async function storeBasemap(
  db: Database,
  options: { dataDir: string; path: string; attribution: string },
): Promise<string> {
  const folder = basemapFolder(options.dataDir)
  makeFolder(folder)
  // A new address for new contents: devices keep archives by their address.
  const name = `${await hashOf(options.path)}.pmtiles`
  const target = join(folder, name)
  const unfinished = `${target}.tmp`
  try {
    await copyFile(options.path, unfinished)
    const file = await open(unfinished, 'r+')
    await file.sync()
    await file.close()
    renameSync(unfinished, target)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
  syncFolder(folder)
  const url = `/basemap/${name}`
  await db.query('update public.city_settings set basemap_url = $1, basemap_attribution = $2', [
    url,
    options.attribution,
  ])
  removeOthers(folder, name)
  return url
}

export async function removeBasemap(db: Database, dataDir: string): Promise<void> {
  await db.query('update public.city_settings set basemap_url = null, basemap_attribution = null')
  removeOthers(basemapFolder(dataDir), null)
}

function removeOthers(folder: string, kept: string | null): void {
  makeFolder(folder)
  for (const name of readdirSync(folder)) if (name !== kept) rmSync(join(folder, name))
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const part of createReadStream(path)) hash.update(part as Buffer)
  return hash.digest('hex').slice(0, 16)
}
