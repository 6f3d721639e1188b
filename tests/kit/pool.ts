export interface Job {
  name: string
  /** `core` computes all the time; `wait` leaves its core idle for half of it or more. */
  kind: 'core' | 'wait'
  /** Names of the jobs that must have ended before. */
  after?: readonly string[]
  run: () => Promise<void>
}

/**
 * Runs all jobs, those named first as early as possible.
 * @param places how many of each kind run at once
 */
export async function runPool(
  jobs: readonly Job[],
  places: Record<Job['kind'], number>,
): Promise<void> {
  const waiting = [...jobs]
  const ended = new Set<string>()
  const free = { ...places }
  const running = new Set<Promise<void>>()
  while (waiting.length > 0 || running.size > 0) {
    const isReady = ({ kind, after = [] }: Job): boolean =>
      free[kind] > 0 && after.every((name) => ended.has(name))
    const at = waiting.findIndex(isReady)
    const [job] = at < 0 ? [] : waiting.splice(at, 1)
    if (!job) {
      if (running.size === 0)
        throw new Error(`never ready: ${waiting.map(({ name }) => name).join(', ')}`)
      await Promise.race(running)
      continue
    }
    free[job.kind]--
    const run = job.run().finally(() => {
      free[job.kind]++
      ended.add(job.name)
      running.delete(run)
    })
    running.add(run)
  }
}
