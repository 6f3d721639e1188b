import type { Readable } from './types.ts'

/** A listener that throws does not stop the others. */
export class Source<T> implements Readable<T> {
  #value: T
  #listeners = new Set<(value: T) => void>()

  constructor(value: T) {
    this.#value = value
  }
  get value(): T {
    return this.#value
  }
  set(value: T): void {
    if (JSON.stringify(value) === JSON.stringify(this.#value)) return
    this.#value = value
    for (const listener of this.#listeners) queueMicrotask(() => listener(value))
  }
  subscribe(listener: (value: T) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
