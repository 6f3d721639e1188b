import { hash } from 'node:crypto'

/** Two words of SHA-256 and the line. */
const wordsEach = 3
const firstSlots = 40_000
/** Of the slots. */
const mostTaken = 0.8
/** Old and new table are held together while it grows. */
const growth = 1.4

/** Four bytes of a digest, one a character. */
const wordOf = (digest: string, at: number): number =>
  (digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24)) >>>
  0

/**
 * The ids of a file with their first lines, in about 18 bytes each: a million strings would take a hundred megabytes.
 * 64 bits of SHA-256 stand for an id: one file of a million in 37 million has two that are taken for the same, and its
 * report names both lines.
 */
export class SeenIds {
  #slots = firstSlots
  #table = new Uint32Array(firstSlots * wordsEach)
  #count = 0

  /** Notes the id of a line from 1 on. @returns the line that had it before, null without one. */
  note(id: string, line: number): number | null {
    if (this.#count >= this.#slots * mostTaken) this.#grow()
    const digest = hash('sha256', id, 'binary')
    const [a, b] = [wordOf(digest, 0), wordOf(digest, 4)]
    const at = this.#find(a, b)
    const before = this.#table[at + 2] ?? 0
    if (before !== 0) return before
    this.#put(at, a, b, line)
    this.#count += 1
    return null
  }

  /** The place of the id, or the free one where it belongs. */
  #find(a: number, b: number): number {
    const table = this.#table
    const end = this.#slots * wordsEach
    for (
      let at = Math.floor((a / 2 ** 32) * this.#slots) * wordsEach;
      ;
      at = at + wordsEach < end ? at + wordsEach : 0
    ) {
      if (table[at + 2] === 0) return at
      if (table[at] === a && table[at + 1] === b) return at
    }
  }

  #grow(): void {
    const old = this.#table
    this.#slots = Math.ceil(this.#slots * growth)
    this.#table = new Uint32Array(this.#slots * wordsEach)
    for (let from = 0; from < old.length; from += wordsEach) {
      const [a = 0, b = 0, line = 0] = [old[from], old[from + 1], old[from + 2]]
      if (line !== 0) this.#put(this.#find(a, b), a, b, line)
    }
  }

  #put(at: number, a: number, b: number, line: number): void {
    const table = this.#table
    table[at] = a
    table[at + 1] = b
    table[at + 2] = line
  }
}
