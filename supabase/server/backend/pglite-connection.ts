import type { PGlite } from '@electric-sql/pglite'
import { PostgresConnection } from '@supabase/lite/postgres'
import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from 'kysely'
import type { DatabaseConnection, Driver } from 'kysely'

/**
 * lite's own connection unpacks unused extensions and lets requests interleave in transactions; its
 * Postgres connection over our session does not.
 */
export function connectionTo(pg: PGlite): PostgresConnection {
  const connection = new PostgresConnection({ url: 'postgres://pglite.invalid/postgres' })
  const session: DatabaseConnection = {
    async executeQuery(compiled) {
      const result = await pg.query(compiled.sql, [...compiled.parameters])
      return {
        rows: result.rows as never[],
        ...(typeof result.affectedRows === 'number'
          ? { numAffectedRows: BigInt(result.affectedRows) }
          : {}),
      }
    },
    async *streamQuery() {
      throw new Error('PGlite does not stream.')
    },
  }
  const run = (sql: string) => session.executeQuery(CompiledQuery.raw(sql))
  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: async () => session,
    beginTransaction: async () => void (await run('begin')),
    commitTransaction: async () => void (await run('commit')),
    rollbackTransaction: async () => void (await run('rollback')),
    releaseConnection: async () => undefined,
    destroy: async () => undefined,
  }
  connection.kysely = new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
  // Several statements need the simple protocol.
  connection.exec = (async (sql: string) => ({
    rows: (await pg.exec(sql))[0]?.rows ?? [],
  })) as PostgresConnection['exec']
  return connection
}
