import type { PostgresConnection } from '@supabase/lite/postgres'
import type { RequestConnection } from './request-connection.ts'
import type { Database, SqlValue } from '../base/database-types.ts'

export interface OwnerTransaction {
  query(sql: string, params: readonly SqlValue[]): Promise<Record<string, unknown>[]>
  exec(sql: string): Promise<void>
  end(commit: boolean): Promise<void>
}

/** PGlite in this thread, or a Postgres over the network. */
export interface Engine {
  tier: 'embedded' | 'postgres'
  /** The database was made just now. */
  fresh: boolean
  owner: Database
  begin(): Promise<OwnerTransaction>
  /** Acts as `wangge_api` after `useApiLogin`. */
  connection: RequestConnection
  /** For lite's system schema. */
  asOwnerConnection<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T>
  useApiLogin(): Promise<void>
  /** Later starts may load less. */
  schemaIsCurrent(): void
  /** On PGlite alone in the one session. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  /** Writes and reads, with nothing in between on PGlite. Throws when the write was dropped. */
  canary(): Promise<string>
  /** Null where the database has its own backups. */
  dump(): Promise<Uint8Array | null>
  close(): Promise<void>
}
