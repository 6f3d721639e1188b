import { bigAt } from './photo-bytes.ts'
import { JpegBits, type HuffmanCodes } from './jpeg-bits.ts'

interface Component {
  id: number
  /** Sampling factors. */
  h: number
  v: number
  /** Blocks that hold samples. */
  columns: number
  rows: number
  /** Blocks of a row, with those that fill the last unit. */
  stride: number
  /** Bit k of `low` and `high`: coefficient k is not zero. Only of progressive pictures. */
  low: Uint32Array
  high: Uint32Array
}

interface ScanComponent extends Component {
  dc: HuffmanCodes | undefined
  ac: HuffmanCodes | undefined
}

interface Pass {
  bits: JpegBits
  /** First and last coefficient, in zigzag order. */
  first: number
  last: number
  isRefining: boolean
  /** Blocks that end at once. */
  endRun: number
}

/** Refuses endless scans that cost a reader more than their sender. Encoders write about ten. */
const maxPasses = 64

/**
 * Walks the blocks of a picture without decoding them, to find where the coded data end: more
 * bytes have room for text. Source: ITU-T T.81, F.2 (sequential) and G.2 (progressive).
 */
export class JpegScans {
  readonly #components: Component[] = []
  readonly #isProgressive: boolean
  #unitColumns = 0
  #unitRows = 0
  #passes = 0

  /** @param at start of the frame's segment */
  constructor(bytes: Uint8Array, at: number) {
    this.#isProgressive = bytes[at + 1] === 0xc2
    const height = bigAt(bytes, at + 5, 2)
    const width = bigAt(bytes, at + 7, 2)
    const factors = Array.from({ length: bytes[at + 9]! }, (_, n) => {
      const id = bytes[at + 10 + 3 * n]!
      const sampling = bytes[at + 11 + 3 * n]!
      return { id, h: sampling >> 4, v: sampling & 15 }
    })
    const maxH = Math.max(...factors.map(({ h }) => h))
    const maxV = Math.max(...factors.map(({ v }) => v))
    this.#unitColumns = Math.ceil(width / (8 * maxH))
    this.#unitRows = Math.ceil(height / (8 * maxV))
    for (const { id, h, v } of factors) {
      const stride = this.#unitColumns * h
      const blocks = this.#isProgressive ? stride * this.#unitRows * v : 0
      this.#components.push({
        id,
        h,
        v,
        columns: Math.ceil(Math.ceil((width * h) / maxH) / 8),
        rows: Math.ceil(Math.ceil((height * v) / maxV) / 8),
        stride,
        low: new Uint32Array(blocks),
        high: new Uint32Array(blocks),
      })
    }
  }

  /** Whether each component has sampling factors of 1 to 4. */
  static hasFactors(bytes: Uint8Array, at: number): boolean {
    return Array.from({ length: bytes[at + 9]! }, (_, n) => bytes[at + 11 + 3 * n]!).every(
      (sampling) =>
        sampling >> 4 >= 1 && sampling >> 4 <= 4 && [1, 2, 3, 4].includes(sampling & 15),
    )
  }

  /**
   * The end of the coded data of the scan whose segment starts at `at`; null when they are damaged.
   * @param codesOf by table class (0 DC, 1 AC) and id
   */
  end(
    bytes: Uint8Array,
    at: number,
    restartInterval: number,
    codesOf: (tableClass: number, id: number) => HuffmanCodes | undefined,
  ): number | null {
    const count = bytes[at + 4]!
    const after = at + 5 + 2 * count
    const pass: Pass = {
      bits: new JpegBits(bytes, after + 3),
      first: bytes[after]!,
      last: bytes[after + 1]!,
      isRefining: bytes[after + 2]! >> 4 > 0,
      endRun: 0,
    }
    const components: ScanComponent[] = []
    for (let n = 0; n < count; n++) {
      const component = this.#components.find(({ id }) => id === bytes[at + 5 + 2 * n])
      const tables = bytes[at + 6 + 2 * n]!
      if (!component) return null
      components.push({ ...component, dc: codesOf(0, tables >> 4), ac: codesOf(1, tables & 15) })
    }
    if (count < 1 || count > 4 || pass.last > 63 || ++this.#passes > maxPasses) return null
    if (this.#isProgressive && pass.first > 0 && (count > 1 || pass.last < pass.first)) return null
    return this.#walk(components, pass, restartInterval) ? pass.bits.end() : null
  }

  #walk(components: readonly ScanComponent[], pass: Pass, restartInterval: number): boolean {
    const [only] = components
    const isAlone = components.length === 1 && only !== undefined
    const columns = isAlone ? only.columns : this.#unitColumns
    const units = columns * (isAlone ? only.rows : this.#unitRows)
    for (let unit = 0; unit < units; unit++) {
      if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
        if (!pass.bits.restart()) return false
        pass.endRun = 0
      }
      const column = unit % columns
      const row = (unit - column) / columns
      if (isAlone) {
        if (!this.#block(only, row * only.stride + column, pass)) return false
      } else {
        for (const component of components) {
          const { h, v, stride } = component
          for (let n = 0; n < h * v; n++) {
            const index = (row * v + Math.floor(n / h)) * stride + column * h + (n % h)
            if (!this.#block(component, index, pass)) return false
          }
        }
      }
      if (pass.bits.isPastEnd) return false
    }
    return true
  }

  #block(component: ScanComponent, index: number, pass: Pass): boolean {
    if (!this.#isProgressive) return takeDc(component, pass) && takeCoefficients(component, pass)
    if (pass.first > 0)
      return pass.isRefining
        ? refineCoefficients(component, index, pass)
        : takeFirstCoefficients(component, index, pass)
    if (!pass.isRefining) return takeDc(component, pass)
    pass.bits.take(1)
    return true
  }
}

function takeDc({ dc }: ScanComponent, { bits }: Pass): boolean {
  const size = dc ? bits.symbol(dc) : -1
  if (size < 0 || size > 16) return false
  bits.skip(size)
  return true
}

function takeCoefficients({ ac }: ScanComponent, { bits }: Pass): boolean {
  if (!ac) return false
  for (let k = 1; k <= 63; k++) {
    const symbol = bits.symbol(ac)
    if (symbol < 0) return false
    const size = symbol & 15
    if (size === 0 && symbol !== 0xf0) return true
    k += symbol >> 4
    if (k > 63) return false
    bits.take(size)
  }
  return true
}

function takeFirstCoefficients(component: ScanComponent, index: number, pass: Pass): boolean {
  const { bits, first, last } = pass
  if (pass.endRun > 0) {
    pass.endRun--
    return true
  }
  if (!component.ac) return false
  for (let k = first; k <= last; k++) {
    const symbol = bits.symbol(component.ac)
    if (symbol < 0) return false
    const [run, size] = [symbol >> 4, symbol & 15]
    if (size === 0 && run < 15) {
      pass.endRun = (1 << run) - 1 + bits.take(run)
      return true
    }
    k += run
    if (k > last) return false
    bits.take(size)
    if (size > 0) setCoefficient(component, index, k)
  }
  return true
}

function refineCoefficients(component: ScanComponent, index: number, pass: Pass): boolean {
  const { bits, last } = pass
  let k = pass.first
  if (pass.endRun === 0) {
    if (!component.ac) return false
    for (; k <= last; k++) {
      const symbol = bits.symbol(component.ac)
      if (symbol < 0) return false
      let run = symbol >> 4
      const size = symbol & 15
      if (size > 1) return false
      if (size === 0 && run < 15) {
        pass.endRun = (1 << run) + bits.take(run)
        break
      }
      bits.take(size)
      for (; k <= last; k++) {
        if (hasCoefficient(component, index, k)) bits.take(1)
        else if (--run < 0) break
      }
      if (size > 0) {
        if (k > last) return false
        setCoefficient(component, index, k)
      }
    }
  }
  if (pass.endRun > 0) {
    pass.endRun--
    bits.skip(countCoefficients(component, index, k, last))
  }
  return true
}

function setCoefficient({ low, high }: Component, index: number, k: number): void {
  if (k < 32) low[index]! |= 1 << k
  else high[index]! |= 1 << (k - 32)
}

function hasCoefficient({ low, high }: Component, index: number, k: number): boolean {
  return k < 32 ? ((low[index]! >>> k) & 1) === 1 : ((high[index]! >>> (k - 32)) & 1) === 1
}

function countCoefficients(component: Component, index: number, from: number, to: number): number {
  if (component.low[index] === 0 && component.high[index] === 0) return 0
  let count = 0
  for (let k = from; k <= to; k++) if (hasCoefficient(component, index, k)) count++
  return count
}
