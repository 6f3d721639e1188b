import type { Database } from '../base/database-types.ts'

export interface ResumeTimerOptions {
  database(): Pick<Database, 'query'>
  /** Something was resumed. */
  onResumed(): void
  onFailed(error: Error): void
}

export interface ResumeTimer {
  /** A hold may have changed: looks within a second. */
  noteChange(): void
  stop(): Promise<void>
}

const soonMs = 1_000
/** Another process may change holds too. */
const maxWaitMs = 60_000

/** Resumes what is held until an instant, at that instant, although nobody sends a command. */
export function startResumeTimer({
  database,
  onResumed,
  onFailed,
}: ResumeTimerOptions): ResumeTimer {
  let timer: NodeJS.Timeout | undefined
  let fallsAt = Infinity
  let underWay: Promise<void> | null = null
  let isStopped = false

  /** Only an earlier look replaces the one that waits. */
  function lookIn(waitMs: number): void {
    const at = performance.now() + waitMs
    if (isStopped || at >= fallsAt) return
    clearTimeout(timer)
    fallsAt = at
    timer = setTimeout(look, waitMs)
    timer.unref()
  }
  function look(): void {
    fallsAt = Infinity
    underWay = resumeDue()
      .catch((error: unknown) => {
        onFailed(error instanceof Error ? error : new Error(String(error)))
        return maxWaitMs
      })
      .then(lookIn)
  }
  /** Returns milliseconds to the next look. */
  async function resumeDue(): Promise<number> {
    const [resumed] = await database().query<{ n: number }>(
      `select case when exists (
         select from public.incidents i where i.on_hold and i.hold_until <= clock_timestamp())
       then private.resume_due(clock_timestamp()) else 0 end as n`,
    )
    if (Number(resumed?.n) > 0) onResumed()
    const [next] = await database().query<{ wait: number | null }>(
      `select (extract(epoch from min(i.hold_until) - clock_timestamp()) * 1000)::float8 as wait
       from public.incidents i where i.on_hold`,
    )
    return Math.min(maxWaitMs, Math.max(0, Math.ceil(next?.wait ?? maxWaitMs)))
  }

  lookIn(0)
  return {
    noteChange: () => lookIn(soonMs),
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await underWay
    },
  }
}
