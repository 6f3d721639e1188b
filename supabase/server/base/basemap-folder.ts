import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'

/** The city's own basemap lies beside its database. */
export const basemapFolder = (dataDir: string): string => join(dataDir, 'basemap')

/** File of a basemap's address on this server: the city's own, or one that comes with the app. */
export function basemapFile(dataDir: string, url: string): string {
  const own = join(basemapFolder(dataDir), basename(url))
  return existsSync(own) ? own : join('public', url)
}
