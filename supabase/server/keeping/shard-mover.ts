import { DatabaseError, type Database } from '../base/database-types.ts'
import { continueShardMove } from '../owner/shard-level.ts'

export interface ShardMoverOptions {
  database(): Pick<Database, 'query'>
  /** Keys have reached the new level. */
  onFinished(): void
  onFailed(error: Error): void
}

export interface ShardMover {
  /** A level may have been chosen. */
  noteChange(): void
  stop(): Promise<void>
}

const lockNotAvailable = '55P03'
/** Milliseconds. */
const quietMs = 500
const retryMs = 60_000
/** People are served between two batches for as long as one takes, and at least this. */
const leastRestMs = 20

/** Lets keys follow the shard level, batch by batch: after a choice, and after a start that finds a change half done. */
export function startShardMover({ database, onFinished, onFailed }: ShardMoverOptions): ShardMover {
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | null = null
  let isStopped = false
  /** Batches so far. */
  let done = 0

  function goOnIn(waitMs: number): void {
    clearTimeout(timer)
    if (!isStopped) timer = setTimeout(goOn, waitMs).unref()
  }
  function goOn(): void {
    underWay ??= moveBatch().finally(() => (underWay = null))
  }
  async function moveBatch(): Promise<void> {
    const began = performance.now()
    try {
      if (await continueShardMove(database())) {
        done += 1
        return goOnIn(Math.max(leastRestMs, performance.now() - began))
      }
      if (done > 0) onFinished()
      done = 0
    } catch (error) {
      if (error instanceof DatabaseError && error.code === lockNotAvailable) return goOnIn(quietMs)
      if (isStopped) return
      onFailed(error instanceof Error ? error : new Error(String(error)))
      goOnIn(retryMs)
    }
  }

  goOnIn(0)
  return {
    noteChange: () => goOnIn(quietMs),
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await underWay
    },
  }
}
