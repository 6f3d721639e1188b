import type { PostgresConnection } from '@supabase/lite/postgres'
import type { Database, SqlValue } from '../base/database-types.ts'

/** A transaction with the owner's rights, held open across messages. */
export interface OwnerTransaction {
  query(sql: string, params: readonly SqlValue[]): Promise<Record<string, unknown>[]>
  exec(sql: string): Promise<void>
  end(commit: boolean): Promise<void>
}

/** The database under lite: PGlite in this thread, or a Postgres reached over the network. */
export interface Engine {
  tier: 'embedded' | 'postgres'
  /** True when the database was made just now. */
  fresh: boolean
  owner: Database
  begin(): Promise<OwnerTransaction>
  /** What lite talks to. It acts as `wangge_api`, never as the owner, once `useApiLogin` ran. */
  connection: PostgresConnection
  /** Lends a connection of the owner's, for lite to make its system schema with. */
  asOwnerConnection<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T>
  /** Gives up the owner's rights for everything that goes through `connection`. */
  useApiLogin(): Promise<void>
  /** Told once every migration is in; a later start may then load less. */
  schemaIsCurrent(): void
  /** Runs a request of lite; on PGlite nothing else touches the one session meanwhile. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
  /** The whole database as a tar of its folder; null where the database has its own backups. */
  dump(): Promise<Uint8Array | null>
  close(): Promise<void>
}
