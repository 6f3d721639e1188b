/**
 * Pass JSON as text: `$1::text::jsonb` with `JSON.stringify(value)` works on every driver and over
 * the socket.
 */
export type SqlValue = string | number | boolean | null | readonly SqlValue[]

/**
 * SQL with the schema owner's rights, never for outside requests. On all tiers bigint and numeric
 * come as number where exact (else text), dates and times as text, json parsed.
 */
export interface Database {
  /** Runs one statement. Throws `DatabaseError`. */
  query<T = Record<string, unknown>>(sql: string, params?: readonly SqlValue[]): Promise<T[]>
  /** Runs statements without parameters in one implicit transaction. */
  exec(sql: string): Promise<void>
  /**
   * Rolls back when `fn` throws or this process dies. On the embedded tier everyone else waits:
   * keep it short and use only `tx`.
   */
  transaction<T>(fn: (tx: Database) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** `code` is the SQLSTATE. */
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
