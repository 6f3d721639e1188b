/**
 * Tables have room for text, so an unused table counts as metadata. Source: ITU-T T.81, B.2.4 and
 * table B.4, B.5.
 */
import { bigAt } from './photo-bytes.ts'
import { huffmanCodes, type HuffmanCodes } from './jpeg-bits.ts'

interface Table {
  isUsed: boolean
  codes: HuffmanCodes | null
  /** Its segment's start, in bytes. */
  segment: number
}

const [quantisation, huffman, restartInterval] = [0xdb, 0xc4, 0xdd]

export class JpegTables {
  #tables = new Map<string, Table>()
  /** By component id. */
  #quantisationOf = new Map<number, number>()
  #isProgressive = false
  #restartInterval = 0
  /** Starts of segments with a used or an unused table. */
  #used = new Set<number>()
  #unused = new Set<number>()

  /** False when not well formed. */
  define(bytes: Uint8Array, at: number, end: number): boolean {
    const marker = bytes[at + 1]
    if (marker === restartInterval) {
      this.#restartInterval = bigAt(bytes, at + 4, 2)
      return end - at === 6
    }
    let next = at + 4
    while (next < end) {
      const id = bytes[next]!
      const size =
        marker === quantisation
          ? 1 + (id >> 4 === 0 ? 64 : 128)
          : marker === huffman
            ? huffmanSize(bytes, next, end)
            : null
      if (size === null || (id & 0x0f) > 3 || id >> 4 > 1 || next + size > end) return false
      if (marker === quantisation) this.#set(`q${id & 0x0f}`, at, null)
      else this.#set(`h${id}`, at, codesAt(bytes, next, size))
      next += size
    }
    return end > at + 4
  }

  frame(bytes: Uint8Array, at: number): void {
    this.#isProgressive = bytes[at + 1] === 0xc2
    for (let n = 0; n < bytes[at + 9]!; n++) {
      this.#quantisationOf.set(bytes[at + 10 + 3 * n]!, bytes[at + 12 + 3 * n]!)
    }
  }

  /** Units between two restarts; 0 for none. */
  get restartInterval(): number {
    return this.#restartInterval
  }

  /** Of table class 0 (DC) or 1 (AC). */
  codes(tableClass: number, id: number): HuffmanCodes | undefined {
    return this.#tables.get(`h${(tableClass << 4) | id}`)?.codes ?? undefined
  }

  /** Marks the scan's tables. */
  scan(bytes: Uint8Array, at: number): void {
    const components = bytes[at + 4]!
    const [first, , approximation] = bytes.subarray(
      at + 5 + 2 * components,
      at + 8 + 2 * components,
    )
    const isFirstPass = approximation! >> 4 === 0
    for (let n = 0; n < components; n++) {
      const component = bytes[at + 5 + 2 * n]!
      const tables = bytes[at + 6 + 2 * n]!
      this.#use(`q${this.#quantisationOf.get(component)}`)
      // progressive scans hold either DC or AC coefficients; refined DC bits are not Huffman coded
      if (!this.#isProgressive || (first === 0 && isFirstPass)) this.#use(`h${tables >> 4}`)
      if (!this.#isProgressive || first! > 0) this.#use(`h${0x10 | (tables & 0x0f)}`)
    }
  }

  /** `unusedSegments` hold no used table. */
  end(): { hasUnused: boolean; unusedSegments: Set<number> } {
    for (const table of this.#tables.values()) this.#close(table)
    const unusedSegments = new Set([...this.#unused].filter((segment) => !this.#used.has(segment)))
    return { hasUnused: this.#unused.size > 0, unusedSegments }
  }

  #set(key: string, segment: number, codes: HuffmanCodes | null): void {
    const before = this.#tables.get(key)
    if (before) this.#close(before)
    this.#tables.set(key, { isUsed: false, segment, codes })
  }

  #use(key: string): void {
    const table = this.#tables.get(key)
    if (table) table.isUsed = true
  }

  #close({ isUsed, segment }: Table): void {
    ;(isUsed ? this.#used : this.#unused).add(segment)
  }
}

const codesAt = (bytes: Uint8Array, at: number, size: number): HuffmanCodes =>
  huffmanCodes(bytes.subarray(at + 1, at + 17), bytes.subarray(at + 17, at + size))

/** Null for too many codes, or for a repeated symbol, which only text has. */
function huffmanSize(bytes: Uint8Array, at: number, end: number): number | null {
  if (at + 17 > end) return null
  let symbols = 0
  let room = 1
  for (let length = 1; length <= 16; length++) {
    const count = bytes[at + length]!
    room = room * 2 - count
    if (room < 0) return null
    symbols += count
  }
  const list = bytes.subarray(at + 17, at + 17 + symbols)
  return symbols > 0 && symbols <= 256 && new Set(list).size === symbols ? 17 + symbols : null
}
