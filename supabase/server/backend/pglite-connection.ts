import type { PGlite } from '@electric-sql/pglite'
import { RequestConnection } from './request-connection.ts'

/**
 * lite's own connection unpacks unused extensions and lets requests interleave in transactions; its
 * Postgres connection over our session does not.
 */
export function connectionTo(pg: PGlite): RequestConnection {
  const session = {
    async run(sql: string, params: readonly unknown[]) {
      // Without parameters the simple protocol does it by two messages instead of six.
      const result = params.length > 0 ? await pg.query(sql, [...params]) : (await pg.exec(sql))[0]
      const { rows = [], affectedRows } = result ?? {}
      return {
        rows,
        ...(typeof affectedRows === 'number' ? { numAffectedRows: BigInt(affectedRows) } : {}),
      }
    },
    release: () => undefined,
  }
  const connection = new RequestConnection(
    { url: 'postgres://pglite.invalid/postgres' },
    () => async () => session,
  )
  // Several statements need the simple protocol.
  connection.exec = (async (sql: string) => ({
    rows: (await pg.exec(sql))[0]?.rows ?? [],
  })) as RequestConnection['exec']
  return connection
}
