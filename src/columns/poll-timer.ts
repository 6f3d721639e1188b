interface PollOptions {
  /** Resolves when done; a rejection makes the pauses longer. */
  poll: () => Promise<unknown>
  intervalMs?: number
  /** The longest pause after repeated failures. */
  maxMs?: number
  /** The page; for tests another target. */
  page?: EventTarget & { visibilityState: string }
  network?: EventTarget
}

/**
 * Polls while the tab is visible: at once when it becomes visible again or the network comes back,
 * else after `intervalMs`, doubled with every failure in a row. Never two at a time.
 * @returns how to stop
 */
export function startPolling(options: PollOptions): () => void {
  const { poll, intervalMs = 20_000, maxMs = 300_000, page = document, network = window } = options
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let running = false
  let stopped = false

  const schedule = () => {
    clearTimeout(timer)
    if (stopped || page.visibilityState !== 'visible') return
    timer = setTimeout(run, Math.min(maxMs, intervalMs * 2 ** failures))
  }
  const run = async () => {
    clearTimeout(timer)
    if (running || stopped || page.visibilityState !== 'visible') return
    running = true
    try {
      await poll()
      failures = 0
    } catch {
      // The poll itself keeps its error for the page to show; here it only stretches the pause.
      failures++
    } finally {
      running = false
      schedule()
    }
  }
  const wake = () => void run()

  page.addEventListener('visibilitychange', wake)
  network.addEventListener('online', wake)
  schedule()
  return () => {
    stopped = true
    clearTimeout(timer)
    page.removeEventListener('visibilitychange', wake)
    network.removeEventListener('online', wake)
  }
}
