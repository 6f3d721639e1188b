import type { PostgresConnection } from '@supabase/lite/postgres'
import type { Database, SqlValue } from '../base/database-types.ts'

/** The owner's transaction, open across messages. */
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
  /** For lite. After `useApiLogin` it acts as `wangge_api`, never as the owner. */
  connection: PostgresConnection
  /** Lends the owner's connection, for lite's system schema. */
  asOwnerConnection<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T>
  /** Gives up the owner's rights on `connection`. */
  useApiLogin(): Promise<void>
  /** Every migration is in; later starts may load less. */
  schemaIsCurrent(): void
  /** Runs a request of lite; on PGlite alone in the one session. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  /** Tar of the database folder; null where the database has its own backups. */
  dump(): Promise<Uint8Array | null>
  close(): Promise<void>
}
