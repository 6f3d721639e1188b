import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { writeDurably } from '../base/files.ts'
import type { Migration } from '../schema/migration.ts'
import { projectRoot } from '../base/settings.ts'

/** May be deleted at any time. */
export const cacheFolder = join(projectRoot, 'node_modules/.cache/wangge')

/** The name is a hash of what shapes the empty database. */
export function archivePath(migrations: Migration[]): string {
  const hash = createHash('sha256')
  for (const name of ['@electric-sql/pglite', '@electric-sql/pglite-postgis', '@supabase/lite']) {
    hash.update(`${name}@${packageVersion(name)}\n`)
  }
  for (const file of ['provision.ts', 'run-backend.ts']) {
    hash.update(readFileSync(new URL(file, import.meta.url)))
  }
  for (const { version, name, sql } of migrations) hash.update(`${version}_${name}\n${sql}\n`)
  return join(cacheFolder, `database-${hash.digest('hex').slice(0, 16)}.tar.zst`)
}

export function findArchive(path: string): string | null {
  return existsSync(path) ? path : null
}

/** A cache: a failed write harms nothing. */
export function saveArchive(path: string, tar: Uint8Array): void {
  try {
    mkdirSync(cacheFolder, { recursive: true })
    for (const file of readdirSync(cacheFolder)) {
      if (file.startsWith('database-')) rmSync(join(cacheFolder, file), { force: true })
    }
    writeDurably(path, zstdCompressSync(tar))
  } catch (error) {
    console.warn(`The prepared database could not be kept: ${(error as Error).message}`)
  }
}

export function packageVersion(name: string): string {
  const path = join(projectRoot, 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
