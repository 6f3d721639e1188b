import { DatabaseError } from '../base/database-types.ts'
import type { OwnerTransaction } from './engine.ts'

/** On PGlite nobody else is served while a transaction is open: a command that was suspended must not
 * keep everybody out. */
const idleMs = 60_000

/** The same transaction, rolled back once nothing was asked of it for a minute. */
export function endWhenIdle(
  transaction: OwnerTransaction,
  milliseconds = idleMs,
): OwnerTransaction {
  let isOver = false
  let timer: NodeJS.Timeout
  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      isOver = true
      transaction.end(false).catch(() => undefined)
    }, milliseconds)
  }
  async function busy<T>(work: () => Promise<T>): Promise<T> {
    if (isOver) throw new DatabaseError('The transaction stood idle and was rolled back.', '25P03')
    clearTimeout(timer)
    try {
      return await work()
    } finally {
      wait()
    }
  }
  wait()
  return {
    query: (sql, params) => busy(() => transaction.query(sql, params)),
    exec: (sql) => busy(() => transaction.exec(sql)),
    async end(commit) {
      if (isOver && !commit) return
      await busy(() => transaction.end(commit)).finally(() => {
        isOver = true
        clearTimeout(timer)
      })
    },
  }
}
