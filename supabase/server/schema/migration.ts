/** One file of `supabase/migrations`. */
export interface Migration {
  /** The 14 digits a file's name begins with. */
  version: string
  name: string
  sql: string
}
