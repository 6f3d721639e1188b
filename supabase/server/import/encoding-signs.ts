/** Bytes looked at: text that is not ASCII comes early, or the file has next to none. */
const lookedAt = 4_000_000
/** Of the bytes above ASCII that must stand in pairs of GB 2312. */
const surelyPaired = 0.95

const singleByte = /^(windows-125\d|latin1|iso-8859-\d+|us-ascii|ascii|cp125\d|macintosh)$/

/**
 * Tells an encoding that reads any bytes and so refuses none: GBK read as windows-1252, UTF-8 read
 * as GBK or windows-1252.
 */
export class EncodingSigns {
  readonly #encoding: string
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true })
  #isUtf8 = true
  #seen = 0
  /** Bytes above ASCII, and those of them in a pair of GB 2312. */
  #high = 0
  #paired = 0
  #lead = 0

  constructor(encoding: string) {
    this.#encoding = encoding
  }

  look(chunk: Uint8Array): void {
    if (this.#encoding.startsWith('utf') || this.#seen > lookedAt) return
    this.#seen += chunk.length
    for (const byte of chunk) {
      if (byte >= 0x80) this.#high += 1
      const isLead = this.#lead === 0 && byte >= 0xb0 && byte <= 0xf7
      const isPunctuation = this.#lead === 0 && (byte === 0xa1 || byte === 0xa3)
      if (this.#lead > 0 && byte >= 0xa1 && byte <= 0xfe) this.#paired += 2
      this.#lead = isLead || isPunctuation ? byte : 0
    }
    if (!this.#isUtf8) return
    try {
      this.#utf8.decode(chunk, { stream: true })
    } catch {
      this.#isUtf8 = false
    }
  }

  /** Null when nothing speaks against the named encoding. */
  verdict(): { name: string; encoding: string } | null {
    if (this.#encoding.startsWith('utf') || this.#high < 4) return null
    if (this.#isUtf8) return { name: 'UTF-8', encoding: 'utf-8' }
    const isPaired = this.#paired >= surelyPaired * this.#high
    return isPaired && singleByte.test(this.#encoding) ? { name: 'GBK', encoding: 'gb18030' } : null
  }
}
