interface WaitOptions {
  signal?: AbortSignal
  /** Its `online` event ends the wait early. */
  network?: EventTarget
}

/** Ends early when the network returns. @throws the reason of `signal` */
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
