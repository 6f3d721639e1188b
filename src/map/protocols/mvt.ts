/**
 * For Mapbox Vector Tile 2.1
 * (https://github.com/mapbox/vector-tile-spec/tree/master/2.1). Properties are strings or unsigned
 * integers.
 */
export interface PointLayer {
  name: string
  /** Tile units per side. */
  extent: number
  /** In tile units. */
  x: ArrayLike<number>
  y: ArrayLike<number>
  properties: readonly Record<string, string | number>[]
}

const utf8 = new TextEncoder()

export function encodePointTile(layer: PointLayer): ArrayBuffer {
  const body = new ProtoWriter()
  const keys = new Map<string, number>()
  const values = new Map<string | number, number>()
  body.uintField(15, 2)
  body.stringField(1, layer.name)
  for (const [i, properties] of layer.properties.entries()) {
    const tags: number[] = []
    for (const [key, value] of Object.entries(properties))
      tags.push(indexIn(keys, key), indexIn(values, value))
    const feature = new ProtoWriter()
    feature.packedField(2, tags)
    feature.uintField(3, 1)
    // One MoveTo, zigzag coordinates.
    feature.packedField(4, [9, zigzag(layer.x[i]!), zigzag(layer.y[i]!)])
    body.bytesField(2, feature.bytes())
  }
  for (const key of keys.keys()) body.stringField(3, key)
  for (const value of values.keys()) {
    const written = new ProtoWriter()
    if (typeof value === 'string') written.stringField(1, value)
    else written.uintField(5, value)
    body.bytesField(4, written.bytes())
  }
  body.uintField(5, layer.extent)
  const tile = new ProtoWriter()
  tile.bytesField(3, body.bytes())
  return tile.bytes().slice().buffer
}

function indexIn<T>(table: Map<T, number>, value: T): number {
  const known = table.get(value)
  if (known !== undefined) return known
  table.set(value, table.size)
  return table.size - 1
}

const zigzag = (value: number): number => ((value << 1) ^ (value >> 31)) >>> 0

/** Values are unsigned, below 2^32. */
class ProtoWriter {
  #buffer = new Uint8Array(256)
  #length = 0

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#length)
  }

  uintField(field: number, value: number): void {
    this.#varint(field << 3)
    this.#varint(value)
  }

  stringField(field: number, text: string): void {
    this.bytesField(field, utf8.encode(text))
  }

  bytesField(field: number, bytes: Uint8Array): void {
    this.#varint((field << 3) | 2)
    this.#varint(bytes.length)
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
  }

  packedField(field: number, values: readonly number[]): void {
    const packed = new ProtoWriter()
    for (const value of values) packed.#varint(value)
    this.bytesField(field, packed.bytes())
  }

  #varint(value: number): void {
    this.#reserve(5)
    let rest = value
    while (rest > 127) {
      this.#buffer[this.#length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#buffer[this.#length++] = rest
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return
    const grown = new Uint8Array(Math.max(this.#buffer.length * 2, this.#length + more))
    grown.set(this.#buffer)
    this.#buffer = grown
  }
}
