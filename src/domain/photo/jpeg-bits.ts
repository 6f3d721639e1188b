/** Codes of up to 8 bits are looked up at once. */
const lookupBits = 8

/** Canonical Huffman codes. Source: ITU-T T.81, C.2 and F.2.2.3. */
export interface HuffmanCodes {
  /** Symbol × 16 + length, by the next 8 bits; 0 for a longer code. */
  short: Uint16Array
  /** One past the last code of each length, shifted to 16 bits. */
  limit: Int32Array
  /** Index of a length's first symbol, minus its first code. */
  offset: Int32Array
  symbols: Uint8Array
}

/** `counts` are the numbers of codes of 1 to 16 bits; checked before. */
export function huffmanCodes(counts: Uint8Array, symbols: Uint8Array): HuffmanCodes {
  const short = new Uint16Array(1 << lookupBits)
  const limit = new Int32Array(17)
  const offset = new Int32Array(17)
  let code = 0
  let index = 0
  for (let length = 1; length <= 16; length++) {
    offset[length] = index - code
    for (let n = 0; n < counts[length - 1]!; n++, code++, index++) {
      if (length > lookupBits) continue
      const first = code << (lookupBits - length)
      short.fill(symbols[index]! * 16 + length, first, first + (1 << (lookupBits - length)))
    }
    limit[length] = code << (16 - length)
    code <<= 1
  }
  return { short, limit, offset, symbols }
}

/** Reads a scan's coded data bit by bit. Bits after the data's end are 1, and `isPastEnd` tells. */
export class JpegBits {
  readonly #bytes: Uint8Array
  #at: number
  #bits = 0
  #count = 0
  /** Bits of `#bits` from after the end. */
  #made = 0

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  get isPastEnd(): boolean {
    return this.#count < this.#made
  }

  /** `count` is 0 to 16. */
  take(count: number): number {
    if (this.#count < count) this.#fill()
    this.#count -= count
    return (this.#bits >>> this.#count) & ((1 << count) - 1)
  }

  skip(count: number): void {
    for (let left = count; left > 0; left -= 16) this.take(Math.min(16, left))
  }

  /** −1 for no code. */
  symbol({ short, limit, offset, symbols }: HuffmanCodes): number {
    if (this.#count < 16) this.#fill()
    const next = (this.#bits >>> (this.#count - 16)) & 0xffff
    const found = short[next >>> (16 - lookupBits)]!
    if (found > 0) {
      this.#count -= found & 15
      return found >> 4
    }
    for (let length = lookupBits + 1; length <= 16; length++) {
      if (next >= limit[length]!) continue
      this.#count -= length
      return symbols[(next >>> (16 - length)) + offset[length]!] ?? -1
    }
    return -1
  }

  /** Passes the rest of the byte and a restart marker; false without one. */
  restart(): boolean {
    this.#at = this.end()
    while (this.#bytes[this.#at] === 0xff && this.#bytes[this.#at + 1] === 0xff) this.#at++
    const marker = this.#bytes[this.#at + 1] ?? 0
    if (this.#bytes[this.#at] !== 0xff || marker < 0xd0 || marker > 0xd7) return false
    this.#at += 2
    this.#bits = this.#count = this.#made = 0
    return true
  }

  /** The first byte that no bit was taken of. */
  end(): number {
    let at = this.#at
    for (let whole = (this.#count - this.#made) >> 3; whole > 0; whole--) {
      at -= this.#bytes[at - 1] === 0 && this.#bytes[at - 2] === 0xff ? 2 : 1
    }
    return at
  }

  #fill(): void {
    while (this.#count <= 16) {
      const byte = this.#bytes[this.#at] ?? 0xff
      const isEnd = byte === 0xff && this.#bytes[this.#at + 1] !== 0
      if (isEnd) this.#made += 8
      else this.#at += byte === 0xff ? 2 : 1
      this.#bits = (this.#bits << 8) | byte
      this.#count += 8
    }
  }
}
