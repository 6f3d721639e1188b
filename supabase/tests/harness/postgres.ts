import { randomBytes } from 'node:crypto'
import { PostgresConnection } from '@supabase/lite/postgres'
import postgres from 'postgres'
import { databaseError, runTransaction } from '../../server/backend/pglite-engine.ts'
import { valueParsers } from '../../server/backend/values.ts'
import type { Database, SqlValue } from '../../server/base/database-types.ts'
import type { Migration } from '../../server/schema/migration.ts'
import { findPostgres, startCluster } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { provision } from './system-schema.ts'
import { testDatabase } from './types.ts'
import type { TestDatabase } from './types.ts'

const template = 'wangge_template'

/**
 * A database of its own: on `TEST_DATABASE_URL` (a superuser's); else on the Postgres of this worker,
 * as a copy of a database migrated once; else on one started for it and gone with it. Throws when
 * there is no Postgres; ask `missingPostgres()` before.
 */
export async function openPostgresTestDatabase(migrations?: Migration[]): Promise<TestDatabase> {
  const cluster = await clusterToUse()
  const admin = connect(cluster.url)
  const name = `wangge_test_${randomBytes(6).toString('hex')}`
  const db = databaseOf(connect(urlOf(cluster, name)), async (pool) => {
    await pool.end({ timeout: 5 })
    await admin.unsafe(`drop database if exists ${name} with (force)`)
    await admin.end({ timeout: 5 })
    await cluster.stop()
  })
  try {
    if (cluster.isOfWorker && !migrations) {
      await prepareTemplate(cluster, admin)
      await admin.unsafe(`create database ${name} template ${template}`)
    } else {
      await createDatabase(admin, name)
      await provisionOver(db, urlOf(cluster, name), migrations)
    }
  } catch (error) {
    await db.close()
    throw error
  }
  return testDatabase('postgres', db)
}

async function prepareTemplate(cluster: Cluster, admin: postgres.Sql): Promise<void> {
  const [known] = await admin`select 1 from pg_database where datname = ${template}`
  if (known) return
  // only a whole template gets its name
  const unfinished = `${template}_unfinished`
  await admin.unsafe(`drop database if exists ${unfinished} with (force)`)
  await createDatabase(admin, unfinished)
  const pool = connect(urlOf(cluster, unfinished))
  try {
    await provisionOver(
      databaseOf(pool, async () => undefined),
      urlOf(cluster, unfinished),
    )
  } finally {
    await pool.end({ timeout: 5 })
  }
  await admin.unsafe(`alter database ${unfinished} rename to ${template}`)
}

const createDatabase = (admin: postgres.Sql, name: string) =>
  admin.unsafe(
    `create database ${name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`,
  )

async function provisionOver(db: Database, url: string, migrations?: Migration[]): Promise<void> {
  const connection = new PostgresConnection({
    url,
    postgresOptions: { max: 1, onnotice: () => undefined },
  })
  try {
    await provision(db, connection, migrations)
  } finally {
    await connection.close()
  }
}

function urlOf(cluster: Cluster, name: string): string {
  const url = new URL(cluster.url)
  url.pathname = name
  return url.href
}

/** Why no native Postgres can be used here; null when one can. */
export function missingPostgres(): string | null {
  if (process.env.TEST_DATABASE_URL) return null
  const found = findPostgres()
  return 'reason' in found ? found.reason : null
}

async function clusterToUse(): Promise<Cluster & { isOfWorker: boolean }> {
  const stop = async (): Promise<void> => undefined
  const given = process.env.TEST_DATABASE_URL
  if (given) return { url: given, stop, isOfWorker: false }
  const ofWorkers = process.env.WANGGE_TEST_CLUSTERS?.split(' ') ?? []
  const own = ofWorkers[Number(process.env.VITEST_POOL_ID) - 1]
  if (own) return { url: own, stop, isOfWorker: true }
  const found = findPostgres()
  if ('reason' in found) throw new Error(`No native Postgres: ${found.reason}`)
  return { ...(await startCluster(found.bin)), isOfWorker: false }
}

function connect(url: string): postgres.Sql {
  return postgres(url, {
    max: 4,
    onnotice: () => undefined,
    connection: { TimeZone: 'UTC' },
    types: Object.fromEntries(
      Object.entries(valueParsers).map(([type, parse]) => [
        `oid${type}`,
        { to: Number(type), from: [Number(type)], serialize: String, parse },
      ]),
    ) as Record<string, postgres.PostgresType>,
  })
}

function databaseOf(pool: postgres.Sql, close: (pool: postgres.Sql) => Promise<void>): Database {
  return {
    query: <T>(sql: string, params: readonly SqlValue[] = []) => query<T>(pool, sql, params),
    exec: (sql) => exec(pool, sql),
    transaction: (fn) =>
      runTransaction(async () => {
        const session = await pool.reserve()
        await session.unsafe('begin')
        return {
          query: (sql, params) => query(session, sql, params),
          exec: (sql) => exec(session, sql),
          async end(commit) {
            try {
              await query(session, commit ? 'commit' : 'rollback', [])
            } finally {
              session.release()
            }
          },
        }
      }, fn),
    close: () => close(pool),
  }
}

async function query<T>(
  session: postgres.Sql,
  sql: string,
  params: readonly SqlValue[],
): Promise<T[]> {
  try {
    const rows = await session.unsafe(sql, params as postgres.ParameterOrJSON<never>[])
    return [...rows] as unknown as T[]
  } catch (error) {
    throw databaseError(error)
  }
}

async function exec(session: postgres.Sql, sql: string): Promise<void> {
  try {
    await session.unsafe(sql).simple()
  } catch (error) {
    throw databaseError(error)
  }
}
