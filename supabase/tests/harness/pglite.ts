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
import type { PGlite, Transaction } from '@electric-sql/pglite'
import { postgis } from '@electric-sql/pglite-postgis'
import { PgliteConnection } from '@supabase/lite/pglite'
import { packageVersion } from '../../server/backend/archive.ts'
import { installedPostgis } from '../../server/backend/postgis-bundle.ts'
import { valueParsers } from '../../server/backend/values.ts'
import { databaseError } from '../../server/backend/pglite-engine.ts'
import type { Database, SqlValue } from '../../server/base/database-types.ts'
import { readMigrations } from '../../server/owner/migrate.ts'
import type { Migration } from '../../server/schema/migration.ts'
import { projectRoot } from '../../server/base/settings.ts'
import { provision } from './system-schema.ts'
import { testDatabase } from './types.ts'
import type { TestDatabase } from './types.ts'

const cacheFolder = join(projectRoot, 'node_modules/.cache/wangge-tests')

/**
 * A PGlite in memory, unpacked from a migrated one that is kept until a migration changes. With other
 * migrations it is made from nothing.
 */
export async function openPgliteTestDatabase(migrations?: Migration[]): Promise<TestDatabase> {
  if (migrations) {
    const connection = connect()
    await connection.driver.waitReady
    const db = databaseOf(connection)
    await provision(db, connection, migrations)
    return testDatabase('pglite', db)
  }
  const template = await templateTar()
  const connection = connect(new Blob([new Uint8Array(template)]))
  await connection.driver.waitReady
  return testDatabase('pglite', databaseOf(connection))
}

function connect(loadDataDir?: Blob): PgliteConnection {
  return new PgliteConnection({
    pgliteOptions: {
      // a database in which PostGIS is installed needs no install scripts
      extensions: { postgis: loadDataDir ? installedPostgis() : postgis },
      parsers: valueParsers,
      ...(loadDataDir ? { loadDataDir } : {}),
    },
  })
}

async function templateTar(): Promise<Uint8Array> {
  const name = templateName()
  const path = join(cacheFolder, name)
  if (existsSync(path)) return readFileSync(path)
  const connection = connect()
  await connection.driver.waitReady
  const db = databaseOf(connection)
  await provision(db, connection)
  const tar = new Uint8Array(await (await connection.driver.dumpDataDir('none')).arrayBuffer())
  await db.close()
  mkdirSync(cacheFolder, { recursive: true })
  for (const file of readdirSync(cacheFolder)) {
    // what other processes are writing of this very one stays
    if (!file.startsWith(name)) rmSync(join(cacheFolder, file), { force: true })
  }
  // test files build it side by side: whoever renames last wins, with the same content
  const unfinished = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`
  writeFileSync(unfinished, tar)
  renameSync(unfinished, path)
  return tar
}

function templateName(): string {
  const hash = createHash('sha256')
  for (const name of ['@electric-sql/pglite', '@electric-sql/pglite-postgis', '@supabase/lite']) {
    hash.update(`${name}@${packageVersion(name)}\n`)
  }
  for (const { version, name, sql } of readMigrations()) hash.update(`${version}_${name}\n${sql}\n`)
  for (const file of ['system-schema.ts', 'pglite.ts', '../../server/backend/provision.ts']) {
    hash.update(readFileSync(new URL(file, import.meta.url)))
  }
  return `${hash.digest('hex').slice(0, 16)}.tar`
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
