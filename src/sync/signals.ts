export type Signal = 'changed' | 'send-now'

/** Reaches all tabs of this outbox. */
export class Signals {
  #channel: BroadcastChannel | null
  #listeners = new Set<(signal: Signal) => void>()

  constructor(name: string) {
    this.#channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(name)
    if (!this.#channel) return
    this.#channel.onmessage = ({ data }: MessageEvent<Signal>) => this.#tell(data)
    // An open channel keeps Node alive.
    ;(this.#channel as { unref?: () => void }).unref?.()
  }

  send(signal: Signal): void {
    this.#channel?.postMessage(signal)
    this.#tell(signal)
  }

  subscribe(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#listeners.clear()
    this.#channel?.close()
    this.#channel = null
  }

  #tell(signal: Signal): void {
    for (const listener of this.#listeners) listener(signal)
  }
}
