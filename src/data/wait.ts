interface WaitOptions {
  signal?: AbortSignal
  /** Whose `online` event ends the wait early: the window, where there is one. */
  network?: EventTarget
}

/** Waits, but not past the moment the network comes back. @throws what `signal` aborts with */
export function wait(millis: number, options: WaitOptions = {}): Promise<void> {
  const { signal, network = globalThis.window } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const end = (settle: () => void) => () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      network?.removeEventListener('online', wake)
      settle()
    }
    const wake = end(resolve)
    const abort = end(() => reject(signal?.reason))
    const timer = setTimeout(wake, millis)
    signal?.addEventListener('abort', abort)
    network?.addEventListener('online', wake)
  })
}
