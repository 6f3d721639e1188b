import type { Snapshot } from '../journal/snapshot-files.ts'

export interface SnapshotTimerOptions {
  /** Milliseconds between two looks whether something changed; 0 never looks. */
  everyMs: number
  /**
   * How long after the last change that no journal holds a snapshot is taken, at the latest three
   * times as long after the first; default: 10 s.
   */
  quietMs?: number
  take(): Promise<Snapshot>
  /** An automatic snapshot failed; it is tried again at the next look. */
  onFailed(error: Error): void
}

/** Takes snapshots of a database that changed, one at a time. */
export interface SnapshotTimer {
  /** Something may have changed since the last snapshot. */
  noteChange(): void
  /** Something may have changed that no journal holds: people, passwords, imports. */
  noteUnjournaledChange(): void
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

  const { everyMs } = options
  const quiet = Math.min(options.quietMs ?? 10_000, everyMs)
  const takeChanged = () => {
    if (isChanged) take().catch(options.onFailed)
  }
  const timer =
    everyMs > 0
      ? setInterval(() => {
          if (!underWay) takeChanged()
        }, everyMs)
      : undefined
  let soon: { timer: NodeJS.Timeout; latest: number } | null = null
  return {
    noteChange() {
      isChanged = true
    },
    noteUnjournaledChange() {
      isChanged = true
      if (everyMs === 0) return
      const now = performance.now()
      const latest = soon?.latest ?? now + 3 * quiet
      clearTimeout(soon?.timer)
      const wait = Math.max(0, Math.min(quiet, latest - now))
      soon = {
        latest,
        timer: setTimeout(() => {
          soon = null
          takeChanged()
        }, wait),
      }
    },
    take,
    async stop() {
      clearInterval(timer)
      clearTimeout(soon?.timer)
      await underWay?.catch(() => undefined)
    },
  }
}
