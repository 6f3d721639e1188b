/** Unread answers must not fill memory. */
export class OpenAnswers {
  #open = new Map<string, number>()
  #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** @returns a function that frees the place, or null */
  take(person: string): (() => void) | null {
    const open = this.#open.get(person) ?? 0
    if (open >= this.#max) return null
    this.#open.set(person, open + 1)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const left = (this.#open.get(person) ?? 1) - 1
      if (left > 0) this.#open.set(person, left)
      else this.#open.delete(person)
    }
  }
}
