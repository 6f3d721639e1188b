import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { MemoryFS, PGlite } from '@electric-sql/pglite'
import type { Transaction } from '@electric-sql/pglite'
import { postgis } from '@electric-sql/pglite-postgis'
import { PgliteConnection } from '@supabase/lite/pglite'
import { packageVersion } from '../../server/backend/archive.ts'
import { entriesOf, installedPostgis } from '../../server/backend/postgis-bundle.ts'
import { valueParsers } from '../../server/backend/values.ts'
import { databaseError } from '../../server/backend/pglite-engine.ts'
import type { Database, SqlValue } from '../../server/base/database-types.ts'
import { readMigrations } from '../../server/owner/migrate.ts'
import type { Migration } from '../../server/schema/migration.ts'
import { projectRoot } from '../../server/base/settings.ts'
import { provisionOurs, provisionSystem } from './system-schema.ts'
import { testDatabase } from './types.ts'
import type { TestDatabase } from './types.ts'

const cacheFolder = join(projectRoot, 'node_modules/.cache/wangge-tests')
/** Of PGlite in its own files. */
const dataFolder = '/pglite/data'

/**
 * A PGlite in memory, unpacked from a migrated one that is kept until a migration changes. Other
 * migrations run on a kept one that holds PostGIS and the system schema.
 */
export async function openPgliteTestDatabase(migrations?: Migration[]): Promise<TestDatabase> {
  const connection = connect(migrations ? await baseTar(hashOfBase()) : await templateTar())
  await connection.driver.waitReady
  const db = databaseOf(connection)
  if (migrations) await provisionOurs(db, migrations)
  return testDatabase('pglite', db)
}

function connect(tar?: Uint8Array): PgliteConnection {
  return new PgliteConnection({
    pgliteOptions: {
      // a database in which PostGIS is installed needs no install scripts
      extensions: { postgis: tar ? installedPostgis() : postgis },
      parsers: valueParsers,
      // 128 MB by default, which it fills with zeros: a fifth of an open's CPU time
      startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=32MB'],
      ...(tar ? { fs: new FilledMemory(tar) } : {}),
    },
  })
}

/** Files in memory, a dump's from the start; `loadDataDir` takes twice the CPU time for the same. */
class FilledMemory extends MemoryFS {
  readonly #tar: Uint8Array
  constructor(tar: Uint8Array) {
    super()
    this.#tar = tar
  }

  override async initialSyncFs(): Promise<void> {
    const { FS } = this.pg!.Module
    for (const { name, bytes } of entriesOf(this.#tar)) {
      const path = `${dataFolder}${name}`
      const content = contentOf(bytes)
      // read for this database alone, and so not copied
      if (content) FS.writeFile(path, content, { canOwn: true })
      else FS.mkdirTree(path)
    }
  }
}

/** The migrated database, made on one that holds PostGIS and the system schema already. */
async function templateTar(): Promise<Uint8Array> {
  const base = hashOfBase()
  const whole = createHash('sha256').update(base)
  for (const { version, name, sql } of readMigrations())
    whole.update(`${version}_${name}\n${sql}\n`)
  return keptTar('template', whole.digest('hex'), async () => {
    const connection = connect(await baseTar(base))
    await connection.driver.waitReady
    await provisionOurs(databaseOf(connection))
    return connection
  })
}

const baseTar = (hash: string): Promise<Uint8Array> =>
  keptTar('base', hash, async () => {
    const empty = connect()
    await empty.driver.waitReady
    const db = databaseOf(empty)
    await db.exec('create schema extensions; create extension postgis with schema extensions')
    await provisionSystem(db, empty)
    return empty
  })

/** Of an entry of a tar with its header; null for a folder. */
function contentOf(entry: Uint8Array): Uint8Array | null {
  const header = Buffer.from(entry.subarray(0, 512)).toString('latin1')
  const size = Number.parseInt(header.slice(124, 136), 8) || 0
  return header[156] === '5' ? null : entry.subarray(512, 512 + size)
}

/** A dumped database, made once for what its hash stands for. */
async function keptTar(
  kind: string,
  hash: string,
  make: () => Promise<PgliteConnection>,
): Promise<Uint8Array> {
  const name = `${kind}-${hash.slice(0, 16)}.tar`
  const path = join(cacheFolder, name)
  if (existsSync(path)) return readFileSync(path)
  const connection = await make()
  const tar = new Uint8Array(await (await connection.driver.dumpDataDir('none')).arrayBuffer())
  await connection.close()
  mkdirSync(cacheFolder, { recursive: true })
  for (const file of readdirSync(cacheFolder)) {
    // what other processes are writing of this very one stays
    if (file.startsWith(`${kind}-`) && !file.startsWith(name))
      rmSync(join(cacheFolder, file), { force: true })
  }
  // test files build it side by side: whoever renames last wins, with the same content
  const unfinished = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`
  writeFileSync(unfinished, tar)
  renameSync(unfinished, path)
  return tar
}

function hashOfBase(): string {
  const hash = createHash('sha256')
  for (const name of ['@electric-sql/pglite', '@electric-sql/pglite-postgis', '@supabase/lite']) {
    hash.update(`${name}@${packageVersion(name)}\n`)
  }
  for (const file of ['system-schema.ts', 'pglite.ts', '../../server/backend/provision.ts']) {
    hash.update(readFileSync(new URL(file, import.meta.url)))
  }
  return hash.digest('hex')
}

function databaseOf(connection: PgliteConnection): Database {
  const pg = connection.driver
  return {
    query: <T>(sql: string, params: readonly SqlValue[] = []) => query<T>(pg, sql, params),
    exec: (sql) => exec(pg, sql),
    transaction: (fn) =>
      pg.transaction((tx) =>
        fn({
          query: <T>(sql: string, params: readonly SqlValue[] = []) => query<T>(tx, sql, params),
          exec: (sql) => exec(tx, sql),
          transaction: () => Promise.reject(new Error('Transactions do not nest.')),
          close: async () => undefined,
        }),
      ),
    close: () => connection.close(),
  }
}

async function query<T>(
  pg: PGlite | Transaction,
  sql: string,
  params: readonly SqlValue[],
): Promise<T[]> {
  try {
    return (await pg.query<T>(sql, [...params])).rows
  } catch (error) {
    throw databaseError(error)
  }
}

async function exec(pg: PGlite | Transaction, sql: string): Promise<void> {
  try {
    await pg.exec(sql)
  } catch (error) {
    throw databaseError(error)
  }
}
