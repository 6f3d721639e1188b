export interface Migration {
  /** The 14 digits of the file name. */
  version: string
  name: string
  sql: string
}
