import type { Snapshot } from './snapshots.ts'

export interface SnapshotTimerOptions {
  /** Milliseconds between two looks whether something changed; 0 never looks. */
  everyMilliseconds: number
  take(): Promise<Snapshot>
  /** An automatic snapshot failed; it is tried again at the next look. */
  onFailed(error: Error): void
}

/** Takes snapshots of a database that changed, one at a time. */
export interface SnapshotTimer {
  /** Something may have changed since the last snapshot. */
  noteChange(): void
  /** Takes one now, after the one under way. Rejects when it cannot be taken. */
  take(): Promise<Snapshot>
  /** Looks no more; resolves once no snapshot is under way. */
  stop(): Promise<void>
}

export function startSnapshotTimer(options: SnapshotTimerOptions): SnapshotTimer {
  // what changed shortly before the last stop may be in no snapshot yet
  let isChanged = true
  let underWay: Promise<unknown> | null = null

  async function takeAfter(before: Promise<unknown> | null): Promise<Snapshot> {
    await before?.catch(() => undefined)
    // cleared first: a change while the database is copied may miss this copy
    isChanged = false
    try {
      return await options.take()
    } catch (error) {
      isChanged = true
      throw error
    }
  }
  function take(): Promise<Snapshot> {
    const taking = takeAfter(underWay).finally(() => {
      if (underWay === taking) underWay = null
    })
    underWay = taking
    return taking
  }

  const { everyMilliseconds } = options
  const timer =
    everyMilliseconds > 0
      ? setInterval(() => {
          if (isChanged && !underWay) take().catch(options.onFailed)
        }, everyMilliseconds)
      : undefined
  return {
    noteChange() {
      isChanged = true
    },
    take,
    async stop() {
      clearInterval(timer)
      await underWay?.catch(() => undefined)
    },
  }
}
