import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface EnginePackages {
  pglite: string
  postgis: string
}

export const engineInUse: EnginePackages = {
  pglite: '@electric-sql/pglite',
  postgis: '@electric-sql/pglite-postgis',
}

export function majorOfFolder(dataDir: string): number | null {
  const path = join(dataDir, 'pg', 'PG_VERSION')
  return existsSync(path) ? Number.parseInt(readFileSync(path, 'utf8'), 10) : null
}

/** Read from the code of a PGlite package. */
export function majorOfEngine(pglite: string = engineInUse.pglite): number {
  const code = join(dirname(fileURLToPath(import.meta.resolve(pglite))), 'pglite.wasm')
  const version = /PostgreSQL (\d+)\.\d/.exec(readFileSync(code, 'latin1'))?.[1]
  if (!version) throw new Error(`${code} does not name its version of Postgres.`)
  return Number(version)
}
