import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Extension } from '@electric-sql/pglite'
import { postgis } from '@electric-sql/pglite-postgis'
import { writeDurably } from '../base/files.ts'
import { cacheFolder, packageVersion } from './archive.ts'

const block = 512

/**
 * The library and PROJ's data, without install scripts, hardly compressed: reading the rest is half
 * of a start. Without a cache the whole bundle serves.
 */
export function installedPostgis(): Extension {
  const lean = join(cacheFolder, `postgis-${packageVersion('@electric-sql/pglite-postgis')}.tar.gz`)
  return {
    ...postgis,
    async setup(pg, options) {
      const whole = await postgis.setup(pg, options)
      if (!whole.bundlePath) return whole
      try {
        if (!existsSync(lean)) makeLean(fileURLToPath(whole.bundlePath), lean)
        return { ...whole, bundlePath: pathToFileURL(lean) }
      } catch {
        return whole
      }
    },
  }
}

function makeLean(source: string, target: string): void {
  const tar = gunzipSync(readFileSync(source))
  const kept = entriesOf(tar).filter(({ name }) => isNeeded(name))
  const lean = Buffer.concat([...kept.map(({ bytes }) => bytes), Buffer.alloc(2 * block)])
  mkdirSync(cacheFolder, { recursive: true })
  writeDurably(target, gzipSync(lean, { level: 0 }))
}

const isNeeded = (name: string): boolean =>
  name.endsWith('/postgis-3.so') ||
  name.endsWith('/postgis.control') ||
  name.includes('share/proj/')

/** With header and padding. */
export function entriesOf(tar: Uint8Array): { name: string; bytes: Uint8Array }[] {
  const entries: { name: string; bytes: Uint8Array }[] = []
  const text = (start: number, length: number): string =>
    Buffer.from(tar.subarray(start, start + length))
      .toString('latin1')
      .split('\0')[0] ?? ''
  for (let at = 0; at + block <= tar.length && tar[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12).trim(), 8) || 0
    const end = at + block + Math.ceil(size / block) * block
    const prefix = text(at + 345, 155)
    entries.push({
      name: prefix ? `${prefix}/${text(at, 100)}` : text(at, 100),
      bytes: tar.subarray(at, end),
    })
    at = end
  }
  return entries
}
