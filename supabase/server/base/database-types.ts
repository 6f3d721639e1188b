/**
 * A parameter of a statement. JSON travels as text: write `$1::text::jsonb` and pass
 * `JSON.stringify(value)`, which means the same on every driver and over the socket.
 */
export type SqlValue = string | number | boolean | null | readonly SqlValue[]

/**
 * SQL with the rights of the schema's owner: for migrations, imports and commands, never for a
 * request from outside. Values come back the same from every tier: bigint as number where that is
 * exact (else as text), numeric alike, date and time types as text, json parsed.
 */
export interface Database {
  /** Runs one statement and gives its rows. Throws `DatabaseError` with the server's SQLSTATE. */
  query<T = Record<string, unknown>>(sql: string, params?: readonly SqlValue[]): Promise<T[]>
  /** Runs any number of statements without parameters (one implicit transaction). */
  exec(sql: string): Promise<void>
  /**
   * Runs `fn` in one transaction: committed when it resolves, rolled back when it throws or when
   * this process dies. On the embedded tier everyone else waits meanwhile, so keep it short and use
   * only the database handed to `fn`.
   */
  transaction<T>(fn: (tx: Database) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** What the database refused, with its SQLSTATE. */
export class DatabaseError extends Error {
  readonly code: string
  readonly detail: string | undefined

  constructor(message: string, code: string, detail?: string) {
    super(message)
    this.name = 'DatabaseError'
    this.code = code
    this.detail = detail
  }
}
