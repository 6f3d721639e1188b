import type { Database } from '../../server/base/database-types.ts'

export type DatabaseKind = 'pglite' | 'postgres'

/** A migrated, empty database of its own, with the owner's rights unless acting as somebody. */
export interface TestDatabase extends Database {
  kind: DatabaseKind
  /** Runs `fn` in one transaction as a signed-in user, the way lite and PostgREST set it up. */
  asUser<T>(userId: string, fn: (tx: Database) => Promise<T>): Promise<T>
  /** The same for somebody who is not signed in. */
  asAnon<T>(fn: (tx: Database) => Promise<T>): Promise<T>
}

/** Sets who is asking until the end of the transaction. */
export async function actAs(tx: Database, userId: string | null): Promise<void> {
  const role = userId === null ? 'anon' : 'authenticated'
  await tx.query(
    `select set_config('request.jwt.claim.sub', $1, true),
            set_config('request.jwt.claim.role', $2, true),
            set_config('request.jwt.claims', $3, true),
            set_config('role', $2, true)`,
    [userId ?? '', role, JSON.stringify(userId === null ? { role } : { sub: userId, role })],
  )
}

/** Adds the acting-as functions to an owner's handle. */
export function testDatabase(kind: DatabaseKind, db: Database): TestDatabase {
  const acting = <T>(userId: string | null, fn: (tx: Database) => Promise<T>) =>
    db.transaction(async (tx) => {
      await actAs(tx, userId)
      return fn(tx)
    })
  return {
    ...db,
    kind,
    asUser: (userId, fn) => acting(userId, fn),
    asAnon: (fn) => acting(null, fn),
  }
}
