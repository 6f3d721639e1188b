import type { Snapshot } from '../journal/snapshot-files.ts'

export interface SnapshotTimerOptions {
  /** Milliseconds between looks; 0: never. */
  everyMs: number
  /**
   * Milliseconds without an unjournaled change (default 10 s); at most three times as long after
   * the first one.
   */
  quietMs?: number
  take(): Promise<Snapshot>
  onFailed(error: Error): void
}

export interface SnapshotTimer {
  noteChange(): void
  /** People, passwords or imports, which no journal holds. */
  noteUnjournaledChange(): void
  /** After the one under way. */
  take(): Promise<Snapshot>
  stop(): Promise<void>
}

export function startSnapshotTimer(options: SnapshotTimerOptions): SnapshotTimer {
  // Changes shortly before the last stop may be in no snapshot.
  let isChanged = true
  let underWay: Promise<unknown> | null = null

  async function takeAfter(before: Promise<unknown> | null): Promise<Snapshot> {
    await before?.catch(() => undefined)
    // Cleared first: a change during the copy may miss it.
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
