/** Pairs of areas that touch, with the length of boundary they share. */
export class LinkSet {
  size = 0
  private readonly n: number
  /** Smaller area · n + larger area, −1 where free. */
  private keys = new Float64Array(1024).fill(-1)
  private shared = new Float64Array(1024)

  /** @param n number of areas, at most 2²⁶ */
  constructor(n: number) {
    this.n = n
  }

  /** @param length metres; 0 for a touch in a point, Infinity for an edge that is the same in both */
  add(a: number, b: number, length: number): void {
    const key = a < b ? a * this.n + b : b * this.n + a
    const place = this.placeOf(key)
    if (this.keys[place] === key) {
      this.shared[place]! += length
      return
    }
    this.keys[place] = key
    this.shared[place] = length
    if (++this.size * 2 > this.keys.length) this.grow()
  }

  /** The shared length; −1 where the areas do not touch. */
  sharedOf(a: number, b: number): number {
    const key = a < b ? a * this.n + b : b * this.n + a
    const place = this.placeOf(key)
    return this.keys[place] === key ? this.shared[place]! : -1
  }

  /** The pairs that share at least `minShared` metres. */
  pairs(minShared: number): { first: Uint32Array<ArrayBuffer>; second: Uint32Array<ArrayBuffer> } {
    const first = new Uint32Array(this.size)
    const second = new Uint32Array(this.size)
    let count = 0
    for (const [place, key] of this.keys.entries()) {
      if (key < 0 || this.shared[place]! < minShared) continue
      first[count] = Math.floor(key / this.n)
      second[count++] = key % this.n
    }
    return { first: first.subarray(0, count), second: second.subarray(0, count) }
  }

  private placeOf(key: number): number {
    const mask = this.keys.length - 1
    const low = key >>> 0
    const high = Math.floor(key / 2 ** 32)
    let place = (Math.imul(low ^ Math.imul(high, 0x27d4eb2f), 0x9e3779b1) >>> 7) & mask
    while (this.keys[place] !== key && this.keys[place] !== -1) place = (place + 1) & mask
    return place
  }

  private grow(): void {
    const { keys, shared } = this
    this.keys = new Float64Array(2 * keys.length).fill(-1)
    this.shared = new Float64Array(2 * keys.length)
    for (const [old, key] of keys.entries()) {
      if (key < 0) continue
      const place = this.placeOf(key)
      this.keys[place] = key
      this.shared[place] = shared[old]!
    }
  }
}
