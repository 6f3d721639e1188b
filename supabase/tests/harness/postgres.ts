import { randomBytes } from 'node:crypto'
import { PostgresConnection } from '@supabase/lite/postgres'
import postgres from 'postgres'
import { databaseError, runTransaction } from '../../server/backend/pglite-engine.ts'
import { valueParsers } from '../../server/backend/values.ts'
import type { Database, SqlValue } from '../../server/base/database-types.ts'
import { findPostgres, startCluster } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { provision } from './system-schema.ts'
import { testDatabase } from './types.ts'
import type { TestDatabase } from './types.ts'

/**
 * A database of its own on `TEST_DATABASE_URL` (a superuser's), else on a cluster started for it
 * and gone with it. Throws when there is no Postgres; ask `missingPostgres()` before.
 */
export async function openPostgresTestDatabase(): Promise<TestDatabase> {
  const cluster = await clusterToUse()
  const name = `wangge_test_${randomBytes(6).toString('hex')}`
  const admin = connect(cluster.url)
  await admin.unsafe(
    `create database ${name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`,
  )
  const url = new URL(cluster.url)
  url.pathname = name
  const pool = connect(url.href)
  const connection = new PostgresConnection({
    url: url.href,
    postgresOptions: { max: 1, onnotice: () => undefined },
  })
  const db = databaseOf(pool, async () => {
    await pool.end({ timeout: 5 })
    await admin.unsafe(`drop database ${name} with (force)`)
    await admin.end({ timeout: 5 })
    await cluster.stop()
  })
  try {
    await provision(db, connection)
  } catch (error) {
    await db.close()
    throw error
  } finally {
    await connection.close()
  }
  return testDatabase('postgres', db)
}

/** Why no native Postgres can be used here; null when one can. */
export function missingPostgres(): string | null {
  if (process.env.TEST_DATABASE_URL) return null
  const found = findPostgres()
  return 'reason' in found ? found.reason : null
}

async function clusterToUse(): Promise<Cluster> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return { url: given, stop: async () => undefined }
  const found = findPostgres()
  if ('reason' in found) throw new Error(`No native Postgres: ${found.reason}`)
  return startCluster(found.bin)
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

function databaseOf(pool: postgres.Sql, close: () => Promise<void>): Database {
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
            await session.unsafe(commit ? 'commit' : 'rollback')
            session.release()
          },
        }
      }, fn),
    close,
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
