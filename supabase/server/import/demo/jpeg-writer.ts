/**
 * A baseline JPEG without subsampling. Source: ITU-T T.81; its annex K gives the Huffman tables and the
 * quantisation at quality 50.
 */

/** RGB, three bytes a pixel, rows from the top. */
export interface Raster {
  width: number
  height: number
  pixels: Uint8Array
}

// prettier-ignore
const zigzag = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21,
  28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61,
  54, 47, 55, 62, 63,
]
// prettier-ignore
const brightness = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
]
// prettier-ignore
const colour = [
  17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
  99, 99, 99, ...Array<number>(32).fill(99),
]
/** Half of the quantisation of quality 50: flat pictures with sharp edges stay small. */
const scale = 0.5

interface HuffmanTable {
  /** Codes of each length from 1 to 16. */
  counts: readonly number[]
  values: readonly number[]
}
const steps: HuffmanTable = {
  counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
}
// prettier-ignore
const runs: HuffmanTable = {
  counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
  values: [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71, 0x14,
    0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72, 0x82, 0x09,
    0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a,
    0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65,
    0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88,
    0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9,
    0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca,
    0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea,
    0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
  ],
}
const endOfBlock = 0x00
const sixteenZeros = 0xf0

/** By value: code and its length in bits. */
function codesOf({ counts, values }: HuffmanTable): [code: number, bits: number][] {
  const codes: [number, number][] = []
  let [code, at] = [0, 0]
  counts.forEach((count, index) => {
    for (let n = 0; n < count; n++) codes[values[at++]!] = [code++, index + 1]
    code <<= 1
  })
  return codes
}
const stepCodes = codesOf(steps)
const runCodes = codesOf(runs)

/** Cosines of the transform, with its factors: `cosines[frequency * 8 + place]`. */
const cosines = Float64Array.from({ length: 64 }, (_, i) => {
  const [frequency, place] = [i >> 3, i & 7]
  const factor = frequency === 0 ? Math.SQRT1_2 : 1
  return (factor / 2) * Math.cos(((2 * place + 1) * frequency * Math.PI) / 16)
})

class BitWriter {
  readonly bytes: number[] = []
  #held = 0
  #count = 0

  write(value: number, bits: number): void {
    this.#held = (this.#held << bits) | value
    this.#count += bits
    while (this.#count >= 8) {
      this.#count -= 8
      const byte = (this.#held >> this.#count) & 255
      this.bytes.push(byte)
      // a byte of ones would begin a marker
      if (byte === 255) this.bytes.push(0)
    }
    this.#held &= (1 << this.#count) - 1
  }

  /** Fills the last byte with ones. */
  end(): void {
    if (this.#count > 0) this.write((1 << (8 - this.#count)) - 1, 8 - this.#count)
  }
}

const bitLength = (value: number): number => 32 - Math.clz32(Math.abs(value))
/** Negative numbers are written as one's complement. */
const magnitude = (value: number, bits: number): number =>
  value < 0 ? value + (1 << bits) - 1 : value

/** Between the two passes of a transform. */
const rows = new Float64Array(64)

/** Writes 64 quantised coefficients in natural order. */
function transform(samples: Float64Array, divisors: readonly number[], into: Int32Array): void {
  for (let y = 0; y < 8; y++)
    for (let u = 0; u < 8; u++) {
      let sum = 0
      for (let x = 0; x < 8; x++) sum += samples[y * 8 + x]! * cosines[u * 8 + x]!
      rows[y * 8 + u] = sum
    }
  for (let v = 0; v < 8; v++)
    for (let u = 0; u < 8; u++) {
      let sum = 0
      for (let y = 0; y < 8; y++) sum += rows[y * 8 + u]! * cosines[v * 8 + y]!
      into[v * 8 + u] = Math.round(sum / divisors[v * 8 + u]!)
    }
}

function isFlat(samples: Float64Array): boolean {
  for (let i = 1; i < 64; i++) if (samples[i] !== samples[0]) return false
  return true
}

/** Writes a block and returns its first coefficient. */
function writeBlock(out: BitWriter, block: Int32Array, before: number): number {
  const step = block[0]! - before
  const stepBits = bitLength(step)
  out.write(...stepCodes[stepBits]!)
  if (stepBits > 0) out.write(magnitude(step, stepBits), stepBits)
  let zeros = 0
  let last = 63
  while (last > 0 && block[zigzag[last]!] === 0) last--
  for (let i = 1; i <= last; i++) {
    const value = block[zigzag[i]!]!
    if (value === 0) {
      zeros++
      continue
    }
    for (; zeros >= 16; zeros -= 16) out.write(...runCodes[sixteenZeros]!)
    const bits = bitLength(value)
    out.write(...runCodes[zeros * 16 + bits]!)
    out.write(magnitude(value, bits), bits)
    zeros = 0
  }
  if (last < 63) out.write(...runCodes[endOfBlock]!)
  return block[0]!
}

/** Brightness and two differences of colour around zero (JFIF 1.02), three planes. */
function planesOf({ pixels }: Raster): Float64Array[] {
  const size = pixels.length / 3
  const light = new Float64Array(size)
  const blue = new Float64Array(size)
  const red = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const r = pixels[i * 3]!
    const g = pixels[i * 3 + 1]!
    const b = pixels[i * 3 + 2]!
    light[i] = 0.299 * r + 0.587 * g + 0.114 * b - 128
    blue[i] = -0.168736 * r - 0.331264 * g + 0.5 * b
    red[i] = 0.5 * r - 0.418688 * g - 0.081312 * b
  }
  return [light, blue, red]
}

function segment(marker: number, content: readonly number[]): number[] {
  const length = content.length + 2
  return [0xff, marker, length >> 8, length & 255, ...content]
}

/** @param raster with sides that are multiples of 8 */
export function jpegOf(raster: Raster): Uint8Array<ArrayBuffer> {
  const { width, height } = raster
  if (width % 8 !== 0 || height % 8 !== 0) throw new RangeError('sides are multiples of 8 pixels')
  const divisors = [brightness, colour].map((table) =>
    table.map((value) => Math.max(1, Math.round(value * scale))),
  )
  const planes = planesOf(raster)
  const out = new BitWriter()
  const before = [0, 0, 0]
  const samples = new Float64Array(64)
  const block = new Int32Array(64)
  for (let top = 0; top < height; top += 8)
    for (let left = 0; left < width; left += 8)
      planes.forEach((plane, n) => {
        for (let y = 0; y < 8; y++)
          for (let x = 0; x < 8; x++) samples[y * 8 + x] = plane[(top + y) * width + left + x]!
        const table = divisors[n === 0 ? 0 : 1]!
        if (isFlat(samples)) {
          block.fill(0)
          block[0] = Math.round((samples[0]! * 8) / table[0]!)
        } else transform(samples, table, block)
        before[n] = writeBlock(out, block, before[n]!)
      })
  out.end()
  const huffman = (id: number, table: HuffmanTable) =>
    segment(0xc4, [id, ...table.counts, ...table.values])
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...segment(0xe0, [...new TextEncoder().encode('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    ...divisors.flatMap((table, id) => segment(0xdb, [id, ...zigzag.map((i) => table[i]!)])),
    ...segment(0xc0, [
      ...[8, height >> 8, height & 255, width >> 8, width & 255, 3],
      ...[1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1],
    ]),
    ...huffman(0x00, steps),
    ...huffman(0x10, runs),
    ...segment(0xda, [3, 1, 0, 2, 0, 3, 0, 0, 63, 0]),
    ...out.bytes,
    ...[0xff, 0xd9],
  ])
}
