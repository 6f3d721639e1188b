interface PollOptions {
  /** A rejection doubles the next pause. */
  poll: () => Promise<unknown>
  intervalMs?: number
  maxMs?: number
  page?: EventTarget & { visibilityState: string }
  network?: EventTarget
}

/**
 * Polls while the tab is visible, and at once when it becomes visible or the network returns.
 * Never runs two polls at a time.
 * @returns stops polling
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
      // The poll reports its own error.
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
