/** Counts the answers each person has open, so that unread ones cannot pile up in memory. */
export class OpenAnswers {
  #open = new Map<string, number>()
  #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** @returns how to give the place back (once), or null when the person has too many open */
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
