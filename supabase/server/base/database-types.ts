/** Pass JSON as text: `$1::text::jsonb` with `JSON.stringify(value)` works on every driver. */
export type SqlValue = string | number | boolean | null | readonly SqlValue[]

/**
 * SQL with the schema owner's rights, never for outside requests. Returns bigint and numeric as
 * number where exact (else text), dates and times as text.
 */
export interface Database {
  /** Whether others use it meanwhile, so that long statements hold up their calls. */
  isShared?: boolean
  /** @throws DatabaseError */
  query<T = Record<string, unknown>>(sql: string, params?: readonly SqlValue[]): Promise<T[]>
  /** Several statements in one implicit transaction. */
  exec(sql: string): Promise<void>
  /** On the embedded tier everyone else waits: keep it short and use only `tx`. */
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
