import { DatabaseError } from '../base/database-types.ts'
import type { OwnerTransaction } from './engine.ts'

/** An open transaction of PGlite holds up everybody. */
const idleMs = 60_000

/** Rolls the transaction back after a minute without a call. */
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
