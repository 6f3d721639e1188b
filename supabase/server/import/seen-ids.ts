import { hash } from 'node:crypto'

/** Three words of SHA-256 and the line. */
const wordsEach = 4
const firstSlots = 1 << 15

/** Four bytes of a digest, one a character. */
const wordOf = (digest: string, at: number): number =>
  (digest.charCodeAt(at) |
    (digest.charCodeAt(at + 1) << 8) |
    (digest.charCodeAt(at + 2) << 16) |
    (digest.charCodeAt(at + 3) << 24)) >>>
  0

/**
 * The ids of a file with their first lines, in 16 bytes each: a million strings would take a hundred megabytes.
 * 96 bits of SHA-256 stand for an id.
 */
export class SeenIds {
  #slots = firstSlots
  #table = new Uint32Array(firstSlots * wordsEach)
  #count = 0

  /** Notes the id of a line from 1 on. @returns the line that had it before, null without one. */
  note(id: string, line: number): number | null {
    if (this.#count * 4 >= this.#slots * 3) this.#grow()
    const digest = hash('sha256', id, 'binary')
    const [a, b, c] = [wordOf(digest, 0), wordOf(digest, 4), wordOf(digest, 8)]
    const at = this.#find(a, b, c)
    const before = this.#table[at + 3] ?? 0
    if (before !== 0) return before
    this.#put(at, a, b, c, line)
    this.#count += 1
    return null
  }

  /** The place of the id, or the free one where it belongs. */
  #find(a: number, b: number, c: number): number {
    const table = this.#table
    const mask = this.#slots - 1
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const at = slot * wordsEach
      if (table[at + 3] === 0) return at
      if (table[at] === a && table[at + 1] === b && table[at + 2] === c) return at
    }
  }

  #grow(): void {
    const old = this.#table
    this.#slots *= 2
    this.#table = new Uint32Array(this.#slots * wordsEach)
    for (let from = 0; from < old.length; from += wordsEach) {
      const [a = 0, b = 0, c = 0, line = 0] = [
        old[from],
        old[from + 1],
        old[from + 2],
        old[from + 3],
      ]
      if (line !== 0) this.#put(this.#find(a, b, c), a, b, c, line)
    }
  }

  #put(at: number, a: number, b: number, c: number, line: number): void {
    const table = this.#table
    table[at] = a
    table[at + 1] = b
    table[at + 2] = c
    table[at + 3] = line
  }
}
