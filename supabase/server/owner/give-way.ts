import type { Database } from '../base/database-types.ts'
import type { FairQueue } from '../wire/fair-queue.ts'

/** Else commands would stand still beside a server that is never idle. */
const mostWaitMs = 200

/**
 * A database whose calls begin while nobody is served. A person's request asks it several times: without this, each
 * time another batch of an import would come before.
 */
export function givingWay(db: Database, queue: Pick<FairQueue, 'whenIdle'>): Database {
  const inTurn =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      await queue.whenIdle(mostWaitMs)
      return call(...args)
    }
  return {
    ...db,
    query: inTurn(db.query) as Database['query'],
    exec: inTurn(db.exec),
    transaction: inTurn(db.transaction) as Database['transaction'],
  }
}
